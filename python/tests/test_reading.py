"""A network is read without what only training needs: classes that another program has registered."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
from components import trainer

import biossl

IMAGES = np.random.default_rng(7).integers(0, 256, (6, 16, 16, 3), np.uint8)


@biossl.register("own_loss", "squared distance")
class OwnLoss(biossl.Loss):
    head = "mlp"
    weight: float = biossl.option(0.5, "of the whole")

    def evaluate(self, a, b, context):
        return self.weight * np.square(a - b).sum(), 2 * self.weight * (a - b), 2 * self.weight * (b - a)


@biossl.register("own_rule", "end to end")
class OwnRule(biossl.LearningRule):
    def start(self, setup):
        self.range = setup.block_range()

    def step(self, images, context):
        return self.range.step(images, context)


@biossl.register("own_path", "backpropagation")
class OwnPath(biossl.Feedback):
    scale: float = 1.0

    def weights(self, W, steps):
        return self.scale * W


@biossl.register("own_images", "noise")
class OwnImages(biossl.Dataset):
    side = 16
    seed: int = 3

    def load(self, split, request):
        self.images = np.random.default_rng(self.seed).integers(0, 256, (60, 16, 16, 3), np.uint8)


@biossl.register("own_halves", "the upper half")
class OwnHalves(biossl.Views):
    def plan(self, image):
        return biossl.ViewPlan((image[0] // 2, *image[1:]))

    def make(self, images, view, rng):
        return images[:, : images.shape[1] // 2]

    def show(self, images):
        return images[:, : images.shape[1] // 2]


@biossl.register("own_head", "linear")
class OwnHead(biossl.Head):
    def start(self, setup):
        self.features, self.layer = 4, setup.linear(4)

    def forward(self, activity, others):
        return self.layer.forward(activity)

    def backward(self, activity, errors, begin, end):
        self.errors = errors
        return self.layer.send_back(errors)

    def learn(self, activity, begin, end, options):
        self.layer.learn(activity, self.errors, options)


ALL = {
    "loss.kind": "own_loss",
    "rule.kind": "own_rule",
    "rule.feedback": "own_path",
    "feedback.scale": 0.9,
    "data.pretrain": "own_images",
    "network.head.hidden": 5,
    "train.epochs": 1,
}


def mirrored(images, rng):
    return images[:, :, ::-1]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    from conftest import SMALL

    path = tmp_path_factory.mktemp("own") / "run"
    return biossl.pretrain(None, SMALL, ALL, path, views=mirrored, progress=False)


def elsewhere(code, folder, *words):
    """What another process prints, in which nothing is registered."""
    np.save(folder / "images.npy", IMAGES)
    lines = f"import sys, pickle, numpy as np, biossl\nimages = np.load({str(folder / 'images.npy')!r})\n{code}"
    done = subprocess.run([sys.executable, "-c", lines, *map(str, words)], capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_an_encoder_is_read(run, tmp_path):
    code = """
encoder = biossl.load(sys.argv[1]).encoder
again = pickle.loads(pickle.dumps(encoder))
encoder.save("saved.safetensors")
for it in (encoder, again, biossl.Encoder("saved.safetensors", precision="float32")):
    np.save("features.npy", it(images, progress=False))
    np.save("embeddings.npy", it.embed(images, progress=False))
    print(float(it(images, progress=False).sum()), it.embed(images, progress=False).shape)
"""
    told = elsewhere(code, tmp_path, run.path).splitlines()
    assert len(set(told)) == 1 and told[0].endswith("(6, 128)")
    np.testing.assert_array_equal(np.load(tmp_path / "features.npy"), run.encoder(IMAGES))
    np.testing.assert_array_equal(np.load(tmp_path / "embeddings.npy"), run.encoder.embed(IMAGES))


def test_the_recipe_is_shown_as_it_was(run, tmp_path):
    told = elsewhere("print(biossl.load(sys.argv[1]).recipe.to_toml())", tmp_path, run.path)
    assert "(Python class test_reading.OwnLoss)" in told
    (tmp_path / "shown.toml").write_text(told)
    assert biossl.recipe(tmp_path / "shown.toml").to_toml() == run.recipe.to_toml()


def test_training_asks_for_the_classes(run, tmp_path):
    code = """
for make in (lambda: biossl.pretrain(out=sys.argv[1], resume=True, progress=False),
             lambda: biossl.Trainer(biossl.load(sys.argv[1]).recipe, progress=False),
             lambda: biossl.Trainer(biossl.Encoder(sys.argv[1]).recipe, progress=False),
             lambda: biossl.describe(biossl.load(sys.argv[1]).recipe)):
    try:
        make()
    except ValueError as told:
        print(told)
"""
    told = elsewhere(code, tmp_path, run.path).splitlines()
    assert len(told) == 4
    for line in told:
        assert "import it first" in line and "Python class" in line


def test_the_program_probes_and_embeds(run, tmp_path):
    program = biossl.__path__[0] + "/bin/biossl"

    def call(*words):
        return subprocess.run([program, *map(str, words)], capture_output=True, text=True, cwd=tmp_path)

    done = call("probe", run.path, "--set", "probe.random_encoder=true", "--set", "probe.epochs=1")
    assert done.returncode == 0, done.stderr
    assert run.summary["probe"]["epochs"] == 1 and run.summary["uses_labels"] is False
    assert "(Python class test_reading.OwnRule)" in (run.path / "recipe.toml").read_text()
    for words in (["--out", "x.npy"], ["--layer", "embedding", "--out", "y.npy"]):
        done = call("embed", run.path, "--images", 40, *words)
        assert done.returncode == 0, done.stderr
    done = call("neighbours", run.path, "--dataset", "world", "--queries", 2, "--k", 2, "--out", "n.png")
    assert done.returncode == 0, done.stderr
    assert np.load(tmp_path / "x.npy").shape == (40, 16, 4, 4) and np.load(tmp_path / "y.npy").shape == (40, 128)
    done = call("embed", run.path, "--dataset", "own_images", "--split", "train", "--out", "z.npy")
    assert done.returncode == 3 and "there is no data set 'own_images' here" in done.stderr
    done = call("run", "--resume", "--out", run.path)
    assert done.returncode == 3 and "import it first" in done.stderr
    later = biossl.pretrain(None, None, {"train.epochs": 2}, run.path, views=mirrored, resume=True, progress=False)
    assert len(later.metrics["loss"]) == 2


def test_views_that_show_something_else_are_needed(small, tmp_path):
    one = trainer(small, {"views.kind": "own_halves"})
    one.save(tmp_path / "halves.safetensors")
    code = """
encoder = biossl.Encoder("halves.safetensors")
try:
    encoder(images, progress=False)
except ValueError as told:
    print(told)
"""
    told = elsewhere(code, tmp_path)
    assert "there is no kind of views 'own_halves' here, which is the Python class test_reading.OwnHalves" in told


def test_heads_are_needed(small, tmp_path):
    one = trainer(small, {"network.head.kind": "own_head", "loss.kind": "own_loss"})
    one.save(tmp_path / "head.safetensors")
    code = """
try:
    biossl.Encoder("head.safetensors")
except ValueError as told:
    print(told)
"""
    told = elsewhere(code, tmp_path)
    assert "there is no head 'own_head'" in told and "test_reading.OwnHead was registered: import it first" in told
    assert "OwnLoss" not in told


@pytest.mark.parametrize("head", ["mlp", "pooled", "none"])
def test_heads_without_a_weight_of_their_name(head, small, tmp_path):
    one = trainer(small, {"network.head.kind": head, "loss.kind": "nt_xent"})
    one.step()
    one.save(tmp_path / "head.safetensors")
    encoder = biossl.Encoder(tmp_path / "head.safetensors")
    assert len(encoder.embed(IMAGES, progress=False)) == 6
    again = pickle.loads(pickle.dumps(encoder))
    np.testing.assert_array_equal(again.embed(IMAGES, progress=False), encoder.embed(IMAGES, progress=False))


def test_options_may_have_changed_since(small, tmp_path):
    def define(**options):
        @biossl.register("changing_loss", "squared distance")
        class ChangingLoss(biossl.Loss):
            __annotations__ = {name: type(value) for name, value in options.items()}
            locals().update(options)

            def evaluate(self, a, b, context):
                return np.square(a - b).sum(), 2 * (a - b), 2 * (b - a)

    define(rate=0.5)
    run = biossl.pretrain(recipe={**small, "loss": {"kind": "changing_loss", "rate": 0.25}}, out=tmp_path / "run")
    features = run.encoder(IMAGES)
    define(speed=1)
    again = biossl.load(tmp_path / "run")
    np.testing.assert_array_equal(again.encoder(IMAGES), features)
    assert again.summary["pretrain"]["epochs"] == 2
    with pytest.raises(biossl.BadInput, match=r"\[changing_loss\] there is no key 'rate'; known are speed"):
        biossl.Trainer(again.recipe, progress=False)
