import pickle

import numpy as np
import pytest

import biossl
from biossl.progress import Silent

RECIPE = {
    "views": {"kind": "deform"},
    "network": {"blocks": [{"channels": 8, "pool": 2, "activation": "relu"}]},
    "train": {"epochs": 1, "batch": 25, "precision": "float32"},
}


def test_own_images(images):
    run = biossl.pretrain(images, RECIPE, progress=False)
    assert run.encoder(images).shape == (50, 8, 8, 8)
    path = run.path
    assert path.exists()
    del run
    assert not path.exists()


def test_a_temporary_run_travels_in_a_pickle(images):
    run = biossl.pretrain(images, RECIPE, progress=False)
    run.recipe, run.encoder, run.summary
    content = pickle.dumps(run)
    expected, loss, path = run.encoder(images), run.metrics["loss"], run.path
    del run
    copy = pickle.loads(content)
    assert copy.path != path and copy.path.exists()
    np.testing.assert_array_equal(copy.encoder(images), expected)
    np.testing.assert_array_equal(copy.metrics["loss"], loss)
    where = copy.path
    del copy
    assert not where.exists()


def test_a_run_of_arrays_is_described_without_them(images, tmp_path):
    run = biossl.pretrain(images[:, :12], RECIPE, out=tmp_path / "run", progress=False)
    assert "on images of 12x16x3" in biossl.describe(run.path)
    unknown = {"data.memory.height": 0, "data.memory.width": 0, "data.memory.channels": 0}
    with pytest.raises(biossl.BadInput, match="arrays in the memory of another program or Python session"):
        biossl.describe(run.path, unknown)


def test_going_on_needs_a_directory(images):
    with pytest.raises(ValueError, match="out="):
        biossl.pretrain(images, RECIPE, resume=True, progress=False)


def test_numbers_and_grey(images):
    grey = images[..., 0]
    run = biossl.pretrain(grey, RECIPE, progress=False)
    other = biossl.pretrain((grey / 255).astype(np.float32), RECIPE, progress=False)
    np.testing.assert_array_equal(run.encoder(grey), other.encoder(grey))


def test_a_run_directory_and_going_on(images, tmp_path):
    first = biossl.pretrain(images, RECIPE, out=tmp_path / "run", progress=False)
    more = biossl.pretrain(images, RECIPE, {"train.epochs": 2}, out=tmp_path / "run", resume=True, progress=False)
    once = biossl.pretrain(images, RECIPE, {"train.epochs": 2}, progress=False)
    assert first.path == more.path
    np.testing.assert_array_equal(more.encoder(images), once.encoder(images))


def test_labels(images):
    supervised = {
        **RECIPE,
        "loss": {"kind": "cross_entropy"},
        "network": {**RECIPE["network"], "head": {"features": 2}},
    }
    names = np.array(["cat", "dog"])[np.arange(50) % 2]
    run = biossl.pretrain(images, supervised, labels=names, progress=False)
    assert np.isfinite(run.metrics["loss"]).all()
    with pytest.raises(ValueError, match="label"):
        biossl.pretrain(images, supervised, progress=False)
    with pytest.raises(ValueError, match=r"\(50,\)"):
        biossl.pretrain(images, supervised, labels=names[:3], progress=False)


def test_images_that_are_none():
    with pytest.raises(ValueError, match="no images"):
        biossl.pretrain(np.zeros((0, 8, 8, 3), np.uint8), RECIPE, progress=False)
    with pytest.raises(ValueError, match=r"\(N, H, W, C\)"):
        biossl.pretrain(np.zeros((8, 8), np.uint8), RECIPE, progress=False)


def test_without_images_the_recipe_names_them(small, tmp_path):
    run = biossl.pretrain(recipe=small, out=tmp_path / "run", progress=False)
    assert len(run.metrics["loss"]) == 2


def test_an_interrupt_without_a_directory_names_no_checkpoint(images):
    class Interrupter(Silent):
        def epoch(self, metrics, epochs):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match="nothing is kept"):
        biossl.pretrain(images, RECIPE, {"train.epochs": 3}, progress=Interrupter())


def test_a_trainer_of_own_images_has_the_recipe_of_pretrain(images):
    with pytest.raises(ValueError, match=r"recipe 'quick'.*train\.batch"):
        biossl.Trainer(images=images, progress=False)
