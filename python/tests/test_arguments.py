"""A wrong argument is told in one line, which says what was given and what is expected."""

import pathlib

import numpy as np
import pytest

import biossl


def told(error, call, *args, **arguments):
    with pytest.raises(error) as fault:
        call(*args, **arguments)
    assert "\n" not in str(fault.value)
    return str(fault.value)


@pytest.mark.parametrize("threads", ["a", 1.5, True, None, [2]])
def test_threads_are_a_whole_number(threads):
    assert told(TypeError, biossl.set_threads, threads) == f"threads = {threads!r}; a whole number is expected"


@pytest.mark.parametrize("block", ["a", 1.5, True, np.array([0, 1])])
def test_a_block_is_a_whole_number(trained, images, block):
    for call in (trained.encoder, biossl.Trainer(trained.recipe, progress=False)):
        assert "a whole number is expected" in told(TypeError, call, images, block=block)
    assert "blocks 0 to 1" in told(ValueError, trained.encoder, images, block=2)
    np.testing.assert_array_equal(trained.encoder(images, block=np.int64(-1)), trained.encoder(images))


def test_places_are_paths(small, images):
    assert told(TypeError, biossl.run, small, out=5) == "out = 5; a path is expected"
    assert told(TypeError, biossl.run, small, data=5) == "data = 5; a path is expected"
    assert told(TypeError, biossl.pretrain, images, small, out=["here"]) == "out = ['here']; a path is expected"
    assert told(TypeError, biossl.Trainer, small, resume=True) == "resume = True; a path is expected"
    for call in (biossl.load, biossl.Encoder):
        assert told(TypeError, call, 5) == "path = 5; a path is expected"


def test_a_device_is_a_text(small, trained):
    for call, first in ((biossl.run, small), (biossl.Trainer, small), (biossl.Encoder, trained.path)):
        assert '"cpu", "cuda" or "reference" is expected' in told(TypeError, call, first, device=5)
    assert "known are cpu, cuda and reference" in told(ValueError, biossl.Trainer, small, device="gpu")


def test_progress_and_views(small, images, tmp_path):
    message = told(TypeError, biossl.run, small, out=tmp_path / "run", progress="yes")
    assert message == "progress = 'yes'; True, False or an object as biossl.progress.Silent is expected"
    assert not (tmp_path / "run").exists()
    assert "f(images, rng)" in told(TypeError, biossl.pretrain, images, small, views=5)


def test_arrays_in_other_places_are_shown_by_their_shape(images):
    shown = "ndarray (50, 16, 16, 3) of uint8"
    message = f"recipe = {shown}; a name, a path, TOML text or a dict is expected; images are given as images="
    for call in (biossl.run, biossl.Trainer, biossl.recipe):
        assert told(TypeError, call, images) == message
    assert told(TypeError, biossl.Encoder, images) == f"path = {shown}; a path is expected"
    assert told(TypeError, biossl.pretrain, {"train": {}}) == "images = {'train': {}}; an array is expected"
    assert told(TypeError, biossl.set_threads, "a" * 200) == f"threads = '{'a' * 79}…; a whole number is expected"


def test_texts_can_be_written(small, tmp_path):
    half = "half a surrogate pair is no character"
    assert half in told(ValueError, biossl.recipe, "\ud800")
    assert half in told(ValueError, biossl.recipe, "quick", {"loss.kind": "\ud800"})
    assert half in told(ValueError, biossl.recipe, "quick", {"\ud800": 1})
    message = told(ValueError, biossl.run, small, out=f"{tmp_path}/a\0b")
    assert message.endswith("a\\x00b'; a path holds no zero character")


def test_recipes_and_changes(images):
    for call in (biossl.describe, biossl.run, lambda recipe: biossl.pretrain(images, recipe)):
        assert told(TypeError, call, 5).startswith("recipe = 5; a name, a path")
    assert "a dict is expected" in told(TypeError, biossl.pretrain, images, set=["train.epochs=5"])
    assert "a dict is expected" in told(TypeError, biossl.Trainer, images=images, set=["train.epochs=5"])


#: What an array could be in place of images (N, H, W, C), and what is said of it.
WRONG = [
    (lambda x: x.astype(complex), ValueError, "not complex128"),
    (lambda x: np.ma.masked_array(x, x > 9), ValueError, r"masked array.*filled\(0\)"),
    (lambda x: x[0], ValueError, r"\(16, 16, 3\) look like one image.*images\[numpy\.newaxis\]"),
    (lambda x: x[0, ..., 0], ValueError, r"not \(16, 16\); images\[numpy\.newaxis\]"),
    (lambda x: x.transpose(0, 3, 1, 2), ValueError, r"\(N, C, H, W\).*images\.transpose\(0, 2, 3, 1\)"),
    (lambda x: x[:, :1].transpose(0, 3, 2, 1)[:, :, :8, :1].repeat(20, 3), ValueError, r"\(N, C, H, W\)"),
    (lambda x: x.astype(np.int64), ValueError, r"not int64; these lie in 0 to 255: images\.astype\(numpy\.uint8\)"),
    (lambda x: x.astype(np.int64) - 9, ValueError, "not int64; these go from -9 to 246"),
    (lambda x: x > 99, ValueError, r"not bool; these are 0 and 1: images\.astype\(float\)"),
    (lambda x: np.where(x > 250, np.nan, x / 255), ValueError, r"\d+ of 38400 are NaN or infinite"),
    (lambda x: np.full(x.shape, np.inf), ValueError, "38400 of 38400 are NaN or infinite"),
    (lambda x: x / 127.5 - 1, ValueError, r"from -1 to 1; scale them"),
    (lambda x: x / x.max() + 1e-7, ValueError, r"to 1\.0000001; cut them off by numpy\.clip\(…, 0, 1\)"),
    (lambda x: x / 255 * 1.1 - 0.05, ValueError, r"from -0\.05 to 1\.05; cut them off"),
    (lambda x: x / 1.0, ValueError, r"from 0 to 255; divide by 255"),
    (lambda x: [x[0], x[0, :9]], ValueError, "differ in their shapes"),
    (lambda x: "images.npy", TypeError, "images = 'images.npy'; an array is expected"),
    (lambda x: pathlib.Path("images.npy"), TypeError, "an array is expected"),
]


@pytest.mark.parametrize(("change", "error", "words"), WRONG)
def test_what_are_no_images(trained, images, change, error, words):
    for call in (
        trained.encoder,
        lambda wrong: biossl.pretrain(wrong, trained.recipe),
        lambda wrong: biossl.Trainer(trained.recipe, images=wrong),
        biossl.Trainer(trained.recipe, progress=False),
    ):
        with pytest.raises(error, match=words):
            call(change(images))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda x: x * 0, "go from 0 to 0, where 0 is black and 255 white"),
        (lambda x: np.full(x.shape, 0.5), "go from 0.5 to 0.5, where 0 is black and 1 white"),
        (lambda x: x / 255 / 255, "go from 0 to 0.00392157, where 0 is black and 1 white"),
        (lambda x: x // 128, "go from 0 to 1, where 0 is black and 255 white"),
    ],
)
def test_images_without_contrast_teach_nothing(trained, images, change, words):
    assert words in told(ValueError, biossl.pretrain, change(images), trained.recipe)
    assert trained.encoder(change(images)).shape == (50, 16, 4, 4)


def test_shapes_that_could_mean_two_things_follow_the_network():
    line = np.random.default_rng(2).random((6, 1, 8, 8))
    recipe = {"network": {"blocks": [{"channels": 4, "kernel": 1, "padding": 0}]}, "views": {"kind": "identity"}}
    encoder = biossl.Encoder.untrained(recipe, image_shape=(1, 8, 8))
    assert encoder(line).shape == (6, 4, 1, 8)
    assert "look like (N, C, H, W)" in told(ValueError, biossl.Trainer, recipe, images=line)
    thin = biossl.Encoder.untrained(recipe, image_shape=(8, 3, 1))
    assert thin(line[:, 0, :, :3]).shape == (6, 4, 8, 3)


def test_what_is_watched(small):
    trainer = biossl.Trainer(small, progress=False)
    assert told(TypeError, trainer.watch, 0, "update").startswith("layer = 0; the name of a layer")
    assert told(TypeError, trainer.watch, "blocks.0", "update", every="x") == "every = 'x'; a whole number is expected"
    assert "a function of (step, array)" in told(TypeError, trainer.watch, "blocks.0", "update", callback="x")
    assert "did you mean 'update'" in told(ValueError, trainer.watch, "blocks.0", "updat")
    assert "no biossl.Observer" in told(TypeError, trainer.observe, 5)


@pytest.mark.parametrize("name", ["weight", "bias", "feedback"])
def test_a_layer_takes_arrays(small, name):
    trainer = biossl.Trainer(small, set={"rule.feedback": "fixed_random"}, progress=False)
    layer = trainer.layers["blocks.1"]
    assert told(TypeError, setattr, layer, name, [1, 2]) == f"blocks.1.{name}: an array is expected"
    assert "where one of (16" in told(ValueError, setattr, layer, name, np.zeros(3))


def test_weights_are_a_dict_of_finite_arrays(small):
    encoder = biossl.Encoder.untrained(small)
    assert "a dict" in told(TypeError, encoder.set_weights, [1])
    assert "did you mean 'blocks.0.weight'" in told(ValueError, encoder.set_weights, {"blocks.0.weigth": 0})
    wrong = np.full((8, 3, 3, 3), np.nan)
    assert "NaN" in told(ValueError, encoder.set_weights, {"blocks.0.weight": wrong})


@pytest.mark.parametrize(("shape", "error"), [(16, TypeError), ("16", TypeError), ((16, 16), ValueError),
                                              ((0, 16, 3), ValueError), ((-1, 16, 3), ValueError)])  # fmt: skip
def test_the_shape_of_an_image(small, shape, error):
    message = told(error, biossl.Encoder.untrained, small, image_shape=shape)
    assert message == f"image_shape = {shape!r}; (height, width, channels) is expected"


def test_labels(images):
    assert "NaN" in told(ValueError, biossl.pretrain, images, "quick", labels=np.full(50, np.nan))
    assert told(TypeError, biossl.pretrain, images, "quick", labels="ab") == "labels = 'ab'; an array is expected"


def test_names_of_the_package_are_suggested():
    with pytest.raises(AttributeError) as fault:
        biossl.pretrian
    assert (fault.value.name, fault.value.obj) == ("pretrian", biossl)
