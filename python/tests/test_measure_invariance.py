"""What scripts/measure_invariance.py makes of outputs whose shares are known."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "measure_invariance.py"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("measure_invariance", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def share_of(script, first, second):
    return script.share(lambda view, progress: view, np.stack([first, second]))


def test_the_share_is_that_of_all_pairs_one_by_one(script):
    numbers = np.random.default_rng(1)
    first = numbers.normal(size=(script.OBJECTS, 3))
    second = first + 0.3 * numbers.normal(size=first.shape)
    apart = np.square(first[:, None] - second).sum(axis=2)
    others = apart[~np.eye(script.OBJECTS, dtype=bool)]
    assert share_of(script, first, second) == pytest.approx(np.diag(apart).mean() / others.mean(), rel=1e-9)
    assert share_of(script, first, first) == 0


def test_only_what_is_not_held_differs(script):
    still = script.pairs(script.HELD, "moments")
    np.testing.assert_array_equal(still[0], still[1])
    for keys in script.VARIED.values():
        views = script.pairs(script.HELD | keys, "moments")
        assert (views[0] != views[1]).any()
    shone = script.pairs(script.HELD | {"brightness": 0.4}, "moments")
    assert np.abs(np.diff(shone, axis=0)).mean() < np.abs(np.diff(script.pairs({}, "moments"), axis=0)).mean()
