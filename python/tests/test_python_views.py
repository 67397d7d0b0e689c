import numpy as np
import pytest
from components import goes_on, trainer

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


WRONG = {
    "bytes as numbers": (
        lambda images, rng: images * 1.0,
        r"goes from 0 to 2\d\d where uint8, or real numbers in \[0,1\].*255",
    ),
    "overshoot": (lambda images, rng: images / 250, r"goes from 0 to 1\.02 where .*; cut them off by numpy\.clip"),
    "negative": (lambda images, rng: images / 255 - 0.5, r"goes from -0\.5 to 0\.5 where"),
    "not finite": (lambda images, rng: np.where(images > 9, np.nan, 0.5), "NaN or infinite"),
    "another shape": (lambda images, rng: images[:, :3], r"made views \(20, 3, 16, 3\) where \(20, 16, 16, 3\) belong"),
    "another type": (
        lambda images, rng: images.astype(int),
        r"ndarray \(20, 16, 16, 3\) of int64 where uint8, or real",
    ),
    "nothing": (lambda images, rng: None, "what the function returned is None where an array"),
    "three": (lambda images, rng: (images, images, images), "a tuple of 3 where one view, or a pair of them"),
    "a wrong second": (lambda images, rng: (images, images * 2.0), r"goes from \d+ to \d+ where"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_views_must_be(name, small, images):
    function, told = WRONG[name]
    one = trainer(own(small), images=images, views=function)
    with pytest.raises(ValueError, match=r"^\[python_function\] [^\n]*" + told):
        one.step()


def test_rounding_is_no_fault(small, images):
    one = trainer(own(small), images=images, views=lambda images, rng: images / 255 * (1 + 1e-7) - 1e-8)
    assert np.isfinite(one.step())


def test_scaled_views_have_the_range_of_their_plan(small, images):
    @biossl.register("scaled", "zero mean, and a deviation of a quarter", replace=True)
    class Scaled(biossl.Views):
        factor: float = 4

        def plan(self, image):
            return biossl.ViewPlan(image, mean=0.5, deviation=0.25)

        def make(self, images, view, rng):
            return (images / 255 - 0.5) * self.factor

        def show(self, images):
            return (images / 255 - 0.5) * 4

    assert np.isfinite(trainer(own(small), images=images, views=Scaled()).step())
    with pytest.raises(ValueError, match=r"\[scaled\] what make returned goes from -4 to 4 .* numbers in \[-2,2\]"):
        trainer(own(small), images=images, views=Scaled(factor=8)).step()


#: what a plan says beside its image, and what is told
PLANS = [
    ({"grid": (0, 0)}, "the rows of plan = 0; a whole number from 1 on"),
    ({"grid": (1, -1)}, "the columns of plan = -1; a whole number from 1 on"),
    ({"grid": (2**40, 2**40)}, "the rows of plan = 1099511627776; a whole number up to 65536"),
    ({"grid": (1.5, 2)}, r"the rows of plan = 1\.5; a whole number is"),
    ({"grid": (65536, 65536)}, r"plan returned 2 views of 65536x65536 images \(16, 16, 3\), more than 2\^40 numbers"),
    ({"grid": 4}, r"the grid of plan is 4 where \(rows, columns\) belongs"),
    ({"grid": (1, 2, 3)}, r"the grid of plan is a tuple of 3 where"),
    ({"image": (2**40, 2**40, 3)}, r"plan returned 2 views of 1x1 images \(1099511627776, "),
    ({"views": 0}, "the views of plan = 0; a whole number from 1 on"),
    ({"views": 2**70}, "the views of plan = 1180591620717411303424; a whole number up to 65536"),
    ({"mean": float("nan")}, "plan returned mean = nan, deviation = 1; they must be finite"),
    ({"mean": None}, "the mean of plan is None where"),
    ({"deviation": float("inf")}, "plan returned mean = 0, deviation = inf; they must be finite"),
    ({"deviation": 0}, "plan returned mean = 0, deviation = 0; .* deviation positive"),
    ({"square": 17}, "the square of plan = 17; a whole number up to 16"),
]


@pytest.mark.parametrize(("said", "told"), PLANS)
def test_what_a_plan_must_be(said, told, small, images):
    @biossl.register("planned", "with a plan of any kind", replace=True)
    class Planned(biossl.Views):
        def plan(self, image):
            return biossl.ViewPlan(image)._replace(**said)

        def make(self, images, view, rng):
            return images

        show = make

    with pytest.raises(ValueError, match=r"^([^\n]*: )?\[planned\] " + told):
        trainer(own(small), {"views.kind": "planned"}, images=images)


def test_a_square_that_the_grid_is_cut_from(small, tmp_path):
    @biossl.register("ninths", "nine patches of a square in the middle", replace=True)
    class Ninths(biossl.Views):
        side: int = 12

        def plan(self, image):
            patch = self.side // 3
            return biossl.ViewPlan((patch, patch, image[2]), np.array([3, 3]), 1, square=self.side)

        def show(self, images):
            patch, first = self.side // 3, (images.shape[1] - self.side) // 2
            middle = images[:, first : first + self.side, first : first + self.side]
            tiles = middle.reshape(len(images), 3, patch, 3, patch, -1).swapaxes(2, 3)
            return tiles.reshape(-1, patch, patch, images.shape[3])

        def make(self, images, view, rng):
            return self.show(images)

    changes = {
        "views": {"kind": "ninths"},
        "loss": {"kind": "hinge_patches", "steps": 1},
        "train.epochs": 1,
        "probe": {"augment": True, "padding": 1, "epochs": 1},
    }
    run = biossl.run(small, set=changes, out=tmp_path / "run", progress=False)
    assert 0 <= run.accuracy <= 1


def test_arrays_that_are_no_views(small, images):
    first = images.astype(np.float32) / 255
    for wrong, told in [
        ((255 * first, first), r"view 0 goes from 0 to 255 where .* divide by 255"),
        ((first, np.where(first > 0.5, np.nan, first)), "view 1 holds NaN"),
        ((first[:, :8], first[:, :8]), r"view 0 is of images \(8, 16, 3\), the images are \(16, 16, 3\)"),
        ((first,), r"views = .*two arrays or a biossl\.Views is expected"),
        (3, r"views = 3; .*two arrays or a biossl\.Views is expected"),
    ]:
        with pytest.raises((ValueError, TypeError), match=told):
            trainer(own(small), images=images, views=wrong)


def test_two_lambdas_are_two_kinds(small, images):
    plain = trainer(own(small), images=images, views=lambda images, rng: images)
    other = trainer(own(small), images=images, views=lambda images, rng: 255 - images)
    np.testing.assert_allclose(plain.next_views(), 1 - other.next_views(), atol=1e-6)


def brighter(by):
    def views(images, rng):
        return np.clip(images / 255 + by, 0, 1)

    return views


def test_two_closures_are_two_functions(small, images):
    plain, bright = (trainer(own(small), images=images, views=brighter(by)) for by in (0, 1))
    assert plain.next_views().min() < 0.1 and bright.next_views().min() == 1
    assert plain.recipe.to_toml() != bright.recipe.to_toml()


def test_a_run_goes_on_with_the_same_function_only(small, images, tmp_path):
    changes = {"train.epochs": 1}
    first = biossl.pretrain(images, own(small), changes, tmp_path / "run", views=brighter(0.1), progress=False)
    changes["train.epochs"] = 2
    told = r"views\.function = .*go on with the same views, or start .* its weights: set=.\"train\.from\": \".*run\"."
    for other in (brighter(0.2), lambda images, rng: images):
        with pytest.raises(ValueError, match=told):
            biossl.pretrain(images, None, changes, first.path, views=other, resume=True, progress=False)
    with pytest.raises(ValueError, match="hand them over again"):
        biossl.pretrain(images, None, changes, first.path, resume=True, progress=False)
    rest = biossl.pretrain(images, None, changes, first.path, views=brighter(0.1), resume=True, progress=False)
    whole = biossl.pretrain(images, own(small), views=brighter(0.1), progress=False)
    np.testing.assert_array_equal(rest.metrics["loss"], whole.metrics["loss"])
    later = {"train.from": str(first.path)}
    assert np.isfinite(
        biossl.pretrain(images, own(small), later, views=brighter(0.2), progress=False).metrics["loss"]
    ).all()


def test_a_run_goes_on_with_the_same_arrays_only(small, images, tmp_path):
    run = biossl.pretrain(
        images, own(small), {"train.epochs": 1}, tmp_path / "run", views=(images, images), progress=False
    )
    for views, told in (((images, 255 - images), r"views\.arrays = .*the same views"), (None, "hand them over again")):
        with pytest.raises(ValueError, match=told):
            biossl.pretrain(images, None, {"train.epochs": 2}, run.path, views=views, resume=True, progress=False)
    with pytest.raises(ValueError, match=r"data\.memory\.name = .*the same images"):
        biossl.pretrain(
            255 - images, None, {"train.epochs": 2}, run.path, views=(images, images), resume=True, progress=False
        )


def test_a_checkpoint_goes_on_with_the_same_function_only(small, images, tmp_path):
    first = trainer(own(small), images=images, views=brighter(0.1))
    first.step()
    first.save(tmp_path / "one.safetensors")
    with pytest.raises(ValueError, match="go on with the same views"):
        trainer(own(small), images=images, views=brighter(0.2), resume=tmp_path / "one.safetensors")
    rest = trainer(own(small), images=images, views=brighter(0.1), resume=tmp_path / "one.safetensors")
    assert rest.step() == first.step()


def test_views_and_another_kind_of_them_contradict_each_other(images, small):
    for changes in ({"views.kind": "crops"}, {"views": {"kind": "crops"}}):
        with pytest.raises(ValueError, match=r'views= and set=\{"views\.kind": "crops"\} contradict each other'):
            biossl.pretrain(images, small, changes, views=lambda images, rng: images, progress=False)


def test_a_pair_in_place_of_one_view(small):
    @biossl.register("paired", "both views at once", replace=True)
    class Paired(biossl.Views):
        def make(self, images, view, rng):
            return images, images

    with pytest.raises(
        ValueError, match=r"^\[paired\] what make returned is a tuple of 2 where an array \(N, H, W, C\)"
    ):
        trainer(small, {"views.kind": "paired"}).next_views()
