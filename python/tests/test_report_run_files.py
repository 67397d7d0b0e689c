import json
import os

import numpy as np
import pytest
from report_runs import make_run, metrics_line

from biossl.report import RunError, read_run
from biossl.report.run_files import flatten, number
from biossl.report.tensors import Tensors, leave_out_damaged


def test_a_whole_run_is_read(tmp_path):
    run = read_run(make_run(tmp_path / "run", seed=3))
    assert (run.title, run.seed, run.setting("rule.kind"), run.faults) == ("small", 3, "e2e", [])
    assert [line.epoch for line in run.metrics] == [1, 2, 3]
    assert run.series("loss_per_pair")[1].tolist() == [4.0, 3.5, 1 / 3 + 3]
    assert run.metrics[0].records["health"][0]["effective_rank"] == 6
    assert [probe.block for probe in run.trained] == [0, 1]
    assert run.trained[1].confusion.sum() == 30
    assert run.setting("no.such.key", 7) == 7


def test_what_is_missing_is_empty_and_no_fault(tmp_path):
    run = make_run(tmp_path / "run")
    for name in ("probe.json", "summary.json", "environment.json", "metrics.jsonl"):
        (run / name).unlink()
    read = read_run(run)
    assert (read.faults, read.metrics, read.trained, read.summary, read.chance) == ([], [], [], {}, None)


@pytest.mark.parametrize(
    "name, text, told",
    [
        ("summary.json", "{", "summary.json: is broken"),
        ("summary.json", "[1]", "summary.json: holds no object"),
        ("probe.json", "[" * 100_000, "probe.json: is broken"),
        ("environment.json", "\x00", "environment.json: is broken"),
        ("recipe.toml", "name = ", "recipe.toml: is broken"),
        ("recipe.toml", "", "recipe.toml: is damaged or cut short: it has no [data]"),
    ],
)
def test_a_broken_file_is_one_line(tmp_path, name, text, told):
    run = make_run(tmp_path / "run")
    (run / name).write_text(text)
    faults = read_run(run).faults
    assert len(faults) == 1 and told in faults[0] and "\n" not in faults[0]


def test_broken_lines_are_told_and_the_others_read(tmp_path):
    run = make_run(tmp_path / "run")
    lines = [
        json.dumps(metrics_line(1)),
        "{nonsense",
        '{"epoch": "two"}',
        "",
        "[]",
        json.dumps(metrics_line(2)),
        '{"epoch": 3, "lo',
    ]
    (run / "metrics.jsonl").write_text("\n".join(lines))
    read = read_run(run)
    assert [line.epoch for line in read.metrics] == [1, 2]
    assert [fault.split(": ")[1] for fault in read.faults] == [
        "line 2 is broken and is left out",
        "line 3 is broken and is left out",
        "line 5 is broken and is left out",
        "line 7 is cut short and is left out",
    ]


def test_values_of_other_types_are_left_out(tmp_path):
    run = make_run(tmp_path / "run")
    odd = {
        "epoch": 1,
        "loss_per_pair": "1",
        "active_share": True,
        "x": float("nan"),
        "big": 10**400,
        "health": [1],
        "stage": [5],
    }
    (run / "metrics.jsonl").write_text(json.dumps(odd))
    probe = {
        "class_names": 5,
        "trained": [{"block": 0, "test_accuracy": 0.5, "confusion": [[1, 2], [3]]}, 7, {"block": 1}],
    }
    (run / "probe.json").write_text(json.dumps(probe))
    read = read_run(run)
    assert read.metrics[0].values == {"epoch": 1.0} and read.metrics[0].records == {} and read.metrics[0].stage == ""
    assert len(read.trained) == 1 and read.trained[0].confusion is None and read.class_names == []


def test_counts_beyond_every_float_are_no_confusion_matrix(tmp_path):
    run = make_run(tmp_path / "run")
    probe = {"trained": [{"block": 0, "test_accuracy": 0.5, "confusion": [[10**400]]}]}
    (run / "probe.json").write_text(json.dumps(probe))
    assert read_run(run).trained[0].confusion is None


def test_a_pipe_in_place_of_a_file_is_told(tmp_path):
    run = make_run(tmp_path / "run")
    (run / "summary.json").unlink()
    os.mkfifo(run / "summary.json")
    assert read_run(run).faults == [f"{run / 'summary.json'}: cannot be read (it is no regular file)"]


def test_a_path_that_is_no_run_is_refused(tmp_path):
    for path, told in ((tmp_path / "none", "there is no such"), (tmp_path, "this is no run directory")):
        with pytest.raises(RunError, match=told):
            read_run(path)


def test_numbers_are_finite():
    assert [number(value) for value in (1, 2.5, True, None, "1", float("inf"), 10**400)] == [1.0, 2.5] + [None] * 5


def test_settings_have_dotted_keys():
    assert flatten({"a": 1, "b": {"c": [{"d": 2}, {"d": 3}], "e": [4]}}) == {
        "a": 1,
        "b.c.0.d": 2,
        "b.c.1.d": 3,
        "b.e": [4],
    }


def test_tensors_of_a_checkpoint(tmp_path):
    path = read_run(make_run(tmp_path / "run")).checkpoints[-1]
    tensors = Tensors(path)
    assert tensors.weights() == ["blocks.0.weight", "heads.1.weight"], "no state of the optimiser"
    assert tensors.read("blocks.0.weight").shape == (4, 3, 3, 3)
    np.testing.assert_allclose(tensors.read("blocks.0.weight").ravel()[[0, -1]], [-1, 1])
    with pytest.raises(RunError, match="blocks.7"):
        tensors.read("blocks.7")


@pytest.mark.parametrize("content", [b"", b"\xff" * 8, b"\x02" + b"\0" * 7 + b"[]", b"\x10" + b"\0" * 7 + b"{"])
def test_a_broken_checkpoint_is_one_line(tmp_path, content):
    path = tmp_path / "epoch_0001.safetensors"
    path.write_bytes(content)
    with pytest.raises(RunError, match="cannot be read as a checkpoint"):
        Tensors(path)


def test_a_pipe_called_like_a_checkpoint_is_not_waited_for(tmp_path):
    run = read_run(make_run(tmp_path / "run"))
    pipe = run.path / "checkpoints" / "epoch_0009.safetensors"
    os.mkfifo(pipe)
    with pytest.raises(RunError, match=r"cannot be read as a checkpoint \(it is no regular file\)"):
        Tensors(pipe)
    run.checkpoints.append(pipe)
    leave_out_damaged(run)
    assert run.checkpoints[-1].name == "epoch_0003.safetensors" and len(run.faults) == 1
    with pytest.raises(RunError, match="No such file"):
        Tensors(tmp_path / "none")


def test_a_tensor_beyond_the_file_is_refused(tmp_path):
    path = read_run(make_run(tmp_path / "run")).checkpoints[-1]
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(RunError, match="of the file"):
        Tensors(path).read("blocks.0.weight")


def test_a_changed_byte_of_a_checkpoint_is_seen(trained, tmp_path):
    whole = max(trained.path.glob("checkpoints/*.safetensors"))
    Tensors(whole).require_whole()
    changed = bytearray(whole.read_bytes())
    changed[-5] ^= 1
    (tmp_path / "changed.safetensors").write_bytes(changed)
    with pytest.raises(RunError, match="checksum"):
        Tensors(tmp_path / "changed.safetensors").require_whole()
