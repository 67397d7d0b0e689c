"""Components written in Python where activities and errors are bfloat16, which NumPy has not."""

import numpy as np
import pytest
from components import example, goes_on, needs_cpp, trainer
from test_python_feedback import PATHS
from test_python_layers import KINDS, clapp_plus
from test_python_layers import job as with_block
from test_python_rules import RULES
from test_python_rules import job as of_rule

import biossl

HALF = {"train.precision": "bfloat16"}
LOSSES = ("triplet", "vicreg", "lpl")


@pytest.fixture(autouse=True, scope="module")
def processor():
    from conftest import SMALL

    try:
        trainer(SMALL, HALF)
    except biossl.BadInput as told:
        pytest.skip(str(told))


#: How far updates may be apart, as a share of their norm. Most are equal; these keep in float32 what C++ rounds, and
#: bfloat16 is up to 0.18 from float32 itself.
APART = {"batch_norm": 0.08, "clapp_plus": 0.08}


def agree(one, other, apart=0.005, steps=3):
    """Two trainers take the same steps, up to rounding."""
    losses = [[it.step() for _ in range(steps)] for it in (one, other)]
    np.testing.assert_allclose(losses[0], losses[1], rtol=2e-3)
    updates = {name: layer.update for name, layer in other.layers.items()}
    assert any(update.any() for update in updates.values())
    for name, layer in one.layers.items():
        assert np.linalg.norm(layer.update - updates[name]) <= apart * np.linalg.norm(updates[name]), name


def both(small, name):
    """(recipe, changes) with the example in Python and in C++."""
    example(name)
    for kind in (f"{name}_python", name):
        if name in RULES:
            needs_cpp("rule.kind", name)
            yield of_rule(small, name), {"rule.kind": kind, **RULES[name]}
        elif name in KINDS:
            needs_cpp("network.blocks.kind", name)
            yield with_block(small, kind, KINDS[name]), {"loss.kind": "nt_xent"}
        elif name in PATHS:
            needs_cpp("rule.feedback", name)
            yield small, {"rule.feedback": kind, "loss.kind": "nt_xent", **PATHS[name]}
        elif name in LOSSES:
            needs_cpp("loss.kind", name)
            yield small, {"loss.kind": kind}
        else:
            example("clapp_plus_head")
            needs_cpp("network.head.kind", name)
            yield small, clapp_plus(kind)


@pytest.mark.parametrize("name", [*RULES, *KINDS, *PATHS, *LOSSES, "clapp_plus"])
def test_an_example_equals_that_in_cpp(name, small):
    one, other = (trainer(recipe, {**changes, **HALF}) for recipe, changes in both(small, name))
    agree(one, other, APART.get(name, 0.005))


@pytest.mark.parametrize("name", [*RULES, *KINDS, *PATHS, *LOSSES, "clapp_plus"])
def test_a_run_goes_on(name, small, tmp_path):
    recipe, changes = next(both(small, name))
    goes_on(recipe, {**changes, **HALF}, tmp_path, steps=(1, 2))


def test_end_to_end_by_hand(small):
    changes = {"loss.kind": "nt_xent", **HALF}
    agree(trainer(small, {**changes, "rule.kind": "by_hand"}), trainer(small, changes))


@biossl.register("in_arrays", "end to end, every activity and error by way of an array")
class InArrays(biossl.LearningRule):
    def start(self, setup):
        self.depth = setup.depth
        self.encoder, self.head, self.loss = setup.encoder_pass(), setup.head(), setup.loss()

    def step(self, images, context):
        self.encoder.run(images)
        embeddings = self.head.forward(np.array(self.encoder.output(self.depth - 1)))
        errors, loss, active = self.loss.evaluate(embeddings.numpy().astype(np.float64), context)
        error = self.head.backward(errors.numpy(), context.learning_rate)
        for block in reversed(range(self.depth)):
            error = self.encoder.backward(block, np.array(error), context.learning_rate, sends=block > 0)
        return loss, active


def test_what_goes_by_way_of_arrays_is_the_same(small):
    changes = {"loss.kind": "nt_xent", **HALF}
    one, other = (trainer(small, {**changes, "rule.kind": kind}) for kind in ("in_arrays", "by_hand"))
    assert [one.step() for _ in range(3)] == [other.step() for _ in range(3)]
    for name, layer in one.layers.items():
        np.testing.assert_array_equal(layer.weight, other.layers[name].weight)


def test_a_broadcast_goes_by_way_of_arrays(small):
    @biossl.register("broadcasts", "direct feedback through a function", replace=True)
    class Broadcasts(biossl.LearningRule):
        through: bool = True

        def start(self, setup):
            self.rule = setup.direct_feedback(self.same if self.through else None)

        def same(self, errors):
            assert errors.dtype == np.float32
            return errors.astype(np.float64)

        def step(self, images, context):
            return self.rule.step(images, context)

    changes = {"loss.kind": "nt_xent", "rule.kind": "broadcasts", **HALF}
    one, other = (trainer(small, {**changes, "rule.through": through}) for through in (True, False))
    assert [one.step() for _ in range(3)] == [other.step() for _ in range(3)]


def test_a_tensor_is_an_array(small):
    seen = {}

    @biossl.register("looks_at_half", "looks at what it gets", replace=True)
    class Looks(biossl.LearningRule):
        def start(self, setup):
            pass

        def step(self, images, context):
            seen.update(shape=images.shape, array=np.asarray(images).copy(), dlpack=np.from_dlpack(images).copy())
            seen["read_only"] = not images.numpy().flags.writeable
            other = images.copy()
            other.write(1 - images.numpy())
            seen["written"], seen["images"] = other.numpy().copy(), images.numpy().copy()
            return 0.0

    one = trainer(small, {"rule.kind": "looks_at_half", **HALF})
    views = one.next_views().copy()
    one.step()
    assert seen["shape"] == views.shape and seen["read_only"]
    for name in ("array", "dlpack", "images"):
        assert seen[name].dtype == np.float32
        np.testing.assert_array_equal(seen[name], views)
    np.testing.assert_allclose(seen["written"], 1 - views, atol=2**-8)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_views_and_instruments(dtype, small, images):
    def views(images, rng):
        return images if dtype == np.uint8 else (images / 255).astype(dtype)

    class Looks(biossl.Observer):
        seen = 0

        def update_computed(self, layer, activity, error_in, update):
            assert activity.dtype == error_in.dtype == update.dtype == np.float32
            self.seen += 1

    recipe = {key: small[key] for key in ("network", "train")}
    one = trainer(recipe, HALF, images=images, views=views)
    shown = images.transpose(0, 3, 1, 2) / np.float32(255)
    for view in one.next_views():
        assert abs(shown - view).reshape(len(shown), -1).max(axis=1).min() < 2**-8
    looks = Looks()
    one.observe(looks)
    recording = one.watch("blocks.1", "error_in")
    assert np.isfinite(one.step()) and looks.seen == len(one.layers) and recording.arrays[0].any()
    assert one(images, block=0).dtype == np.float32


def test_numbers_that_are_not_finite(small):
    @biossl.register("half_lost", "NaN", replace=True)
    class HalfLost(biossl.Loss):
        def evaluate(self, a, b, context):
            return 1.0, a, np.where(b == b.max(), np.inf, b)

    with pytest.raises(RuntimeError, match=r"\[half_lost\] made errors with NaN or infinite numbers"):
        trainer(small, {"loss.kind": "half_lost", **HALF}).step()
    one = trainer(small, HALF)
    one.layers["blocks.0"].writable_weight()[0] = np.nan
    with pytest.raises(RuntimeError, match=r"blocks\.0\.weight\) were not finite before epoch 1 of 2, batch 1"):
        one.step()
