import numpy as np
import pytest
from components import example, goes_on, needs_cpp, trainer

import biossl


def flipped(images, rng):
    mirror = rng.random(len(images)) < 0.5
    return np.where(mirror[:, None, None, None], images[:, :, ::-1], images)


def own(small):
    return {key: value for key, value in small.items() if key in ("network", "train")}


def test_a_function_makes_views(small, images):
    one, other = (trainer(own(small), images=images, views=flipped) for _ in range(2))
    views = one.next_views()
    assert views.shape == (40, 3, 16, 16) and views.max() <= 1
    shown = images.transpose(0, 3, 1, 2) / np.float32(255)
    for view in views:
        distances = abs(shown - view).reshape(len(shown), -1).max(axis=1)
        mirrored = abs(shown[..., ::-1] - view).reshape(len(shown), -1).max(axis=1)
        assert min(distances.min(), mirrored.min()) < 1e-6
    assert not np.array_equal(views[:20], views[20:])
    assert list(one) == list(other)


def test_a_function_makes_a_pair(small, images):
    calls = []

    def pair(images, rng):
        calls.append(len(images))
        return images, 255 - images

    one = trainer(own(small), images=images, views=pair)
    views = one.next_views()
    np.testing.assert_allclose(views[:20], 1 - views[20:], atol=1e-6)
    assert len(calls) == 1


def test_arrays_of_views(small, images):
    first = images.astype(np.float32) / 255
    one = trainer(own(small), images=images, views=(first, 1 - first))
    views = one.next_views()
    np.testing.assert_allclose(views[:20], 1 - views[20:], atol=1e-6)
    run = biossl.pretrain(images, own(small), views=(first, first), progress=False)
    assert np.isfinite(run.metrics["loss"]).all()
    with pytest.raises(ValueError, match="49 views for 50 images"):
        trainer(own(small), images=images, views=(first[:49], first[:49]))
    with pytest.raises(ValueError, match="one shape"):
        trainer(own(small), images=images, views=(first, first[:3]))


def test_a_kind_of_views(small, images, tmp_path):
    @biossl.register("halves", "the upper and the lower half", replace=True)
    class Halves(biossl.Views):
        noise: float = 0

        def plan(self, image):
            height, width, channels = image
            return biossl.ViewPlan((height // 2, width, channels))

        def make(self, images, view, rng):
            half = images.shape[1] // 2
            return np.clip(images[:, view * half :][:, :half] / 255 + self.noise * rng.normal(size=1), 0, 1)

        def show(self, images):
            return images[:, : images.shape[1] // 2]

    changes = {"views.kind": "halves", "views.noise": 0.1}
    one = trainer(own(small), changes, images=images)
    assert one.next_views().shape == (40, 3, 8, 16)
    assert one(images, block=0).shape == (50, 8, 4, 8)
    same = trainer(own(small), images=images, views=Halves(noise=0.1))
    np.testing.assert_array_equal(same.next_views(), one.next_views())
    goes_on({**small, "views": {"kind": "halves", "noise": 0.1}}, {}, tmp_path)


def test_what_views_must_be(small, images):
    with pytest.raises(ValueError, match="made views"):
        trainer(own(small), images=images, views=lambda images, rng: images[:, :3]).step()
    with pytest.raises(ValueError, match="real numbers"):
        trainer(own(small), images=images, views=lambda images, rng: images.astype(int)).step()


def test_a_data_set_equals_that_in_cpp(small):
    needs_cpp("data.pretrain", "gratings")
    example("gratings")
    kinds = ("gratings_python", "gratings")
    one, other = (trainer(small, {"data.pretrain": kind, "views.kind": "identity"}) for kind in kinds)
    np.testing.assert_allclose(one.next_views(), other.next_views(), atol=1.5 / 255)
    with pytest.raises(ValueError, match=r"\[gratings_python\] orientations = 0"):
        trainer(small, {"data.pretrain": "gratings_python", "data.gratings_python.orientations": 0})


def test_a_data_set_that_is_fetched(small, tmp_path):
    all_images = np.random.default_rng(0).integers(0, 256, (60, 16, 16, 3), np.uint8)

    @biossl.register("fetched", "read batch by batch", replace=True)
    class Fetched(biossl.Dataset):
        side = 16
        resident: bool = False

        def load(self, split, request):
            if split == "test":
                raise biossl.MissingSplit("has no test images")
            self.image_shape, self.labels = (16, 16, 3), np.arange(60) % 3
            if self.resident:
                self.images = all_images

        def __len__(self):
            return 60

        def fetch(self, rows):
            return all_images[rows]

    changes = {"data.pretrain": "fetched", "views.kind": "identity"}
    one, other = (trainer(small, {**changes, "data.fetched.resident": kind}) for kind in (False, True))
    np.testing.assert_array_equal(one.next_views(), other.next_views())
    assert list(one) == list(other)


def test_an_exception_of_a_reading_thread(small):
    @biossl.register("torn", "cannot be read", replace=True)
    class Torn(biossl.Dataset):
        side = 16

        def load(self, split, request):
            self.image_shape = (16, 16, 3)

        def __len__(self):
            return 60

        def fetch(self, rows):
            raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        trainer(small, {"data.pretrain": "torn", "views.kind": "identity"}).step()


def test_two_lambdas_are_two_kinds(small, images):
    plain = trainer(own(small), images=images, views=lambda images, rng: images)
    other = trainer(own(small), images=images, views=lambda images, rng: 255 - images)
    np.testing.assert_allclose(plain.next_views(), 1 - other.next_views(), atol=1e-6)
