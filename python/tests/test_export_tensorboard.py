import subprocess
import sys
import time

import numpy as np
import pytest
from report_runs import make_run, metrics_line

pytest.importorskip("tensorboard")

import json

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from biossl.export.__main__ import main
from biossl.export.tensorboard import histogram


@pytest.fixture(autouse=True)
def no_program(monkeypatch):
    monkeypatch.setenv("BIOSSL_PROGRAM", "/nonexistent")


def events_of(folder):
    events = EventAccumulator(str(folder))
    events.Reload()
    return events


def test_a_run_is_written(tmp_path, capsys):
    run = make_run(tmp_path / "run")
    assert main([str(run), "--tensorboard", str(tmp_path / "events")]) == 0
    events = events_of(tmp_path / "events" / "run")
    assert [point.step for point in events.Scalars("train/loss")] == [1, 2, 3]
    assert [point.value for point in events.Scalars("train/loss")] == pytest.approx([10, 5, 10 / 3])
    assert [point.value for point in events.Scalars("health/block 1/effective_rank")] == [4, 5, 6]
    assert [point.step for point in events.Scalars("probe/trained/test_accuracy by block")] == [0, 1]
    assert [point.step for point in events.Histograms("weights/blocks.0.weight")] == [3]
    assert events.Images("filters/first layer")[0].encoded_image_string.startswith(b"\x89PNG")
    assert "3 epochs, 1 checkpoints" in capsys.readouterr().out


def test_events_are_not_written_beside_others(tmp_path, capsys):
    run = make_run(tmp_path / "run")
    words = [str(run), "--tensorboard", str(tmp_path / "events")]
    assert [main(words), main(words)] == [0, 3]
    assert "holds events already" in capsys.readouterr().err


def test_faults_are_one_line(tmp_path, capsys):
    assert main([str(tmp_path / "none"), "--tensorboard", str(tmp_path / "events")]) == 3
    assert capsys.readouterr().err.count("\n") == 1
    with pytest.raises(SystemExit):
        main([str(tmp_path), "--onnx", "file", "--follow"])


def test_a_histogram_counts_the_finite_values():
    found = histogram(np.array([[0.0, 1.0, 1.0, np.nan, np.inf]]))
    assert (found.num, found.min, found.max, found.sum, sum(found.bucket)) == (3, 0, 1, 2, 3)
    assert histogram(np.array([np.nan])).num == 0


def test_a_run_is_followed_until_standard_input_ends(tmp_path):
    words = [
        sys.executable,
        "-m",
        "biossl.export",
        "--tensorboard",
        str(tmp_path / "events"),
        "--follow",
        "--",
        str(tmp_path / "run"),
    ]
    with subprocess.Popen(words, stdin=subprocess.PIPE) as process:
        run = make_run(tmp_path / "run", epochs=1)
        folder = tmp_path / "events" / "run"
        deadline = time.monotonic() + 60
        while not (folder.exists() and "scalars" in events_of(folder).Tags() and events_of(folder).Tags()["scalars"]):
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.1)
        with open(run / "metrics.jsonl", "a") as file:
            file.write(json.dumps(metrics_line(2)) + "\n")
        process.stdin.close()
        assert process.wait(60) == 0
    assert [point.step for point in events_of(folder).Scalars("train/loss")] == [1, 2]
