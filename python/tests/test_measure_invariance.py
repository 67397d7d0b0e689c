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


def test_only_what_is_asked_for_varies(script):
    still = script.pairs(script.world_that_varies(), "moments")
    np.testing.assert_array_equal(still[0], still[1])
    everything = np.abs(np.diff(script.pairs({}, "moments"), axis=0)).mean()
    for keys in script.VARIED.values():
        views = script.pairs(script.world_that_varies(*keys), "moments")
        assert 0 < np.abs(np.diff(views, axis=0)).mean() < everything


def test_a_folder_without_runs_is_told(script, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["measure_invariance.py", str(tmp_path)])
    with pytest.raises(SystemExit):
        script.main()
    assert "biossl reproduce pairs --out" in capsys.readouterr().err
