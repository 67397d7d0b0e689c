"""What tests of components share: the examples, small jobs, numeric derivatives, stopping and going on."""

import copy
import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

import biossl

EXAMPLES = Path(__file__).parents[2] / "examples" / "python"


def example(name):
    """The module of examples/python/NAME.py, whose components are registered from then on."""
    path, module = EXAMPLES / f"{name}.py", f"examples_{name}"
    if module not in sys.modules:
        spec = importlib.util.spec_from_file_location(module, path)
        sys.modules[module] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[module])
    return sys.modules[module]


def has_component(key, name):
    return name in biossl.components(key)


def needs_cpp(key, name):
    """Skips unless the C++ example of this name is compiled in (-DBIOSSL_EXTENSIONS=examples)."""
    if not has_component(key, name):
        pytest.skip(f"the C++ example {name} is not compiled in")


def trainer(recipe, changes=None, **more):
    return biossl.Trainer(copy.deepcopy(recipe), set=changes, progress=False, **more)


def agree(one, other, steps=4, rtol=2e-4):
    """Two trainers take the same steps and end with the same weights and updates, up to rounding. Adam's weights do not
    show a constant factor of an update."""
    losses = [[it.step() for _ in range(steps)] for it in (one, other)]
    np.testing.assert_allclose(losses[0], losses[1], rtol=rtol, atol=1e-6)
    for name, layer in one.layers.items():
        weight = other.layers[name].weight
        np.testing.assert_allclose(layer.weight, weight, rtol=rtol, atol=rtol * abs(weight).max())
        update = other.layers[name].update
        assert np.linalg.norm(layer.update - update) <= 1e-3 * np.linalg.norm(update), name
    assert any(layer.update.any() for layer in other.layers.values())


def goes_on(recipe, changes, folder, steps=(2, 3)):
    """A run that stops and goes on equals one that never stopped, bit for bit."""
    whole, first = (trainer(recipe, changes) for _ in range(2))
    losses = [whole.step() for _ in range(sum(steps))]
    begun = [first.step() for _ in range(steps[0])]
    first.save(folder / "stopped.safetensors")
    rest = trainer(recipe, changes, resume=folder / "stopped.safetensors")
    np.testing.assert_array_equal(begun + [rest.step() for _ in range(steps[1])], losses)
    for name, layer in whole.layers.items():
        np.testing.assert_array_equal(rest.layers[name].weight, layer.weight)
        np.testing.assert_array_equal(rest.layers[name].feedback, layer.feedback)


class Context:
    """A StepContext as far as losses read it."""

    epoch = batch = block = earlier_pairs = 0
    learning_rate, labels = 0.1, None


class Setup:
    """A LossSetup."""

    seed, block, views, rows, columns = 3, 0, 2, 1, 1

    def __init__(self, batch, features):
        self.batch, self.features = batch, features


def check_derivative(loss, pairs=6, features=8, step=1e-6):
    """The errors of a loss against numeric derivatives, in float64."""
    rng = np.random.default_rng(5)
    embeddings = rng.normal(size=(2 * pairs, features))
    loss._begin(Setup(pairs, features))
    errors = np.zeros_like(embeddings)
    loss._evaluate(embeddings, errors, Context)
    first = pairs if loss.stops_gradient else 0
    numeric = np.zeros_like(embeddings)
    for place in np.ndindex(*embeddings[first:].shape):
        at = (place[0] + first, place[1])
        values = []
        for sign in (1, -1):
            moved = embeddings.copy()
            moved[at] += sign * step
            values.append(loss._evaluate(moved, np.zeros_like(embeddings), Context)[0])
        numeric[at] = (values[0] - values[1]) / (2 * step)
    np.testing.assert_allclose(errors[first:], numeric[first:], rtol=1e-4, atol=1e-5 * abs(numeric).max())
