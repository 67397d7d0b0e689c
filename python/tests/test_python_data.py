import numpy as np
import pytest
from components import example, needs_cpp, trainer

import biossl


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


BROKEN = {
    "images": (r"images is ndarray \(60, 16, 16, 3\) of float32 where uint8 images \(N, H, W, C\)"),
    "shape": (r"image_shape is \(16, 16\) where without `images`, \(H, W, C\) belongs"),
    "labels": (r"labels is ndarray \(7,\) of int64 where one number for each of 60 images belongs"),
    "words": (r"labels is a list of 60 where an array of real numbers belongs"),
    "fetch": (r"what fetch returned is None where an array of real numbers belongs"),
    "rows": (r"fetched images \(1, 16, 16, 3\) where \(\d+, 16, 16, 3\) belong"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_what_a_data_set_must_be(fault, small):
    @biossl.register("broken_set", "of the wrong kind", replace=True)
    class Broken(biossl.Dataset):
        side = 16
        fault: str = ""

        def load(self, split, request):
            self.image_shape = (16, 16) if self.fault == "shape" else (16, 16, 3)
            self.labels = {"labels": np.arange(7), "words": ["a"] * 60}.get(self.fault)
            if self.fault == "images":
                self.images = np.zeros((60, 16, 16, 3), np.float32)

        def __len__(self):
            return 60

        def fetch(self, rows):
            return None if self.fault == "fetch" else np.zeros((1, 16, 16, 3), np.uint8)

    changes = {"data.pretrain": "broken_set", "data.broken_set.fault": fault, "views.kind": "identity"}
    with pytest.raises(ValueError, match=r"\[broken_set\] " + BROKEN[fault]):
        trainer(small, changes).step()


def labelled(small, labels, class_names=(), targets=None):
    @biossl.register("labelled_set", "images with these labels", replace=True)
    class Labelled(biossl.Dataset):
        side = 16

        def load(self, split, request):
            self.images = np.random.default_rng(0).integers(0, 256, (60, 16, 16, 3), np.uint8)
            self.labels, self.class_names = labels, class_names

        def targets(self):
            return targets or {}

    return {"data.pretrain": "labelled_set", "data.probe": "labelled_set", "views.kind": "identity"}


@pytest.mark.parametrize(("last", "classes"), [(1000, 2), (2_000_000_000, 2), (10**15, 2), (5000, 60)])
def test_labels_of_which_most_are_absent(last, classes, small):
    labels = np.arange(60) % classes
    labels[-1] = last
    present = min(classes + 1, 60)
    told = rf"\[labelled_set\] labels go to {last}, and only {present} classes occur; [^\n]*return_inverse"
    with pytest.raises(ValueError, match=told):
        trainer(small, labelled(small, labels))


def test_some_classes_may_be_absent(small):
    trainer(small, labelled(small, np.arange(60) % 2 * 999))
    trainer(small, labelled(small, np.arange(60) % 2 * 1999, [str(i) for i in range(2000)]))


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_targets_are_finite(wrong, small, tmp_path):
    changes = labelled(small, np.arange(60) % 2, targets={"x": np.where(np.arange(60) == 7, wrong, 1.0)})
    with pytest.raises(ValueError, match=r"^\[labelled_set\] the target 'x' holds NaN or infinite numbers; leave"):
        biossl.run(small, set={**changes, "probe.targets": True}, out=tmp_path / "run", progress=False)


def in_clips(small, clips):
    @biossl.register("clips_set", "frames of these clips", replace=True)
    class InClips(biossl.Dataset):
        side = 16

        def load(self, split, request):
            self.images = np.random.default_rng(0).integers(0, 256, (60, 16, 16, 3), np.uint8)
            self.clips = clips

    return trainer(small, {"data.pretrain": "clips_set", "views.kind": "frames"})


def test_clips_have_any_whole_numbers(small):
    known = in_clips(small, np.arange(60) // 5)
    views = known.next_views()
    for clips in (10**12 - 7 * (np.arange(60) // 5), np.arange(60, dtype=np.uint64) // np.uint64(5), [3] * 60):
        one = in_clips(small, clips)
        assert np.array_equal(one.next_views(), views) == (len(set(clips)) == 12)


@pytest.mark.parametrize(
    ("clips", "told"),
    [
        (np.arange(60) / 5, "clips are whole numbers, one for each image"),
        (np.arange(60) // 5 % 6, "clip 0 comes back at image 30; the frames of a clip lie one after another"),
        (np.arange(7), r"clips is ndarray \(7,\) of int64 where one number for each of 60 images belongs"),
    ],
)
def test_what_clips_must_be(clips, told, small):
    with pytest.raises(ValueError, match=r"\[clips_set\] " + told):
        in_clips(small, clips)
