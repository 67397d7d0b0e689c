import _thread
import json
import os
import pickle
import threading
import time

import numpy as np
import pytest

import biossl
from biossl.progress import Silent


def test_results(trained):
    assert trained.summary["recipe"] == trained.recipe.name
    assert 0 <= trained.accuracy <= 1
    assert trained.metrics["epoch"].tolist() == [1, 2]
    assert trained.metrics["loss"].dtype == float and np.isfinite(trained.metrics["loss"]).all()
    assert trained.environment["threads"] == biossl.get_threads()


def test_the_same_seed_gives_the_same_bytes(trained, small, tmp_path):
    again = biossl.run(small, out=tmp_path / "again", progress=False)
    assert again.accuracy == trained.accuracy
    for one, other in zip(sorted(trained.path.glob("checkpoints/*")), sorted(again.path.glob("checkpoints/*"))):
        assert one.read_bytes() == other.read_bytes()


def test_a_run_says_in_a_line_what_it_is(trained):
    assert repr(trained).startswith(f"Run({str(trained.path)!r}: recipe, seed 1, 2 epochs, loss ")
    assert repr(trained).endswith(f"test accuracy {100 * trained.accuracy:.2f} %)")


def test_a_run_stands_for_its_directory(trained, small, tmp_path):
    assert biossl.Encoder(trained).path == trained.encoder.path
    assert biossl.load(trained).path == trained.path
    started = biossl.Trainer(small, set={"train.from": trained}, progress=False)
    weights = trained.encoder.layers["blocks.0"].weight
    np.testing.assert_array_equal(started.layers["blocks.0"].weight, weights)


def test_an_unknown_metric_is_told_with_the_nearest(trained):
    with pytest.raises(KeyError, match="there is no metric 'los'; did you mean 'loss'"):
        trained.metrics["los"]
    assert trained.metrics.get("los") is None


def test_a_run_without_a_probe_says_what_was_trained(small, trained, tmp_path):
    run = biossl.pretrain(recipe=small, out=tmp_path / "run", progress=False)
    its = run.summary
    for name in ("recipe", "seed", "uses_labels", "layers"):
        assert its[name] == trained.summary[name]
    assert its["pretrain"]["epochs"] == 2 and its["pretrain"]["images"] == 60
    assert its["pretrain"]["final_loss"] == run.metrics["loss"][-1]
    assert biossl.Encoder(its["checkpoint"]).epochs == 2
    assert "2 epochs, loss" in repr(run) and repr(run).endswith("not probed)")
    for ask in (lambda: its["probe"], lambda: run.accuracy):
        with pytest.raises((KeyError, biossl.BadInput), match="no probe has judged this run.*resume=True"):
            ask()
    probed = biossl.run(out=run.path, resume=True, progress=False)
    assert probed.accuracy == trained.accuracy


def test_a_run_that_has_not_begun_an_epoch_has_a_summary(trained, tmp_path):
    (tmp_path / "recipe.toml").write_bytes((trained.path / "recipe.toml").read_bytes())
    its = biossl.load(tmp_path).summary
    assert its["pretrain"]["epochs"] == 0 and its["pretrain"]["final_loss"] is None and its["checkpoint"] is None
    with pytest.raises(KeyError, match="there is no metric 'loss'; there are none yet"):
        biossl.load(tmp_path).metrics["loss"]
    assert "0 epochs, not probed" in repr(biossl.load(tmp_path))


def test_a_pickle_names_the_directory(trained, tmp_path, monkeypatch):
    monkeypatch.chdir(trained.path.parent)
    content = pickle.dumps(biossl.load(trained.path.name))
    monkeypatch.chdir(tmp_path)
    assert pickle.loads(content).accuracy == trained.accuracy


def test_load(trained):
    assert biossl.load(trained.path).accuracy == trained.accuracy
    with pytest.raises(biossl.BadInput, match="no run directory"):
        biossl.load(trained.path.parent)
    with pytest.raises(ValueError, match="Encoder"):
        biossl.load(next(trained.path.glob("checkpoints/*")))


def test_an_existing_directory_is_refused(trained, small):
    with pytest.raises(ValueError, match="resume"):
        biossl.run(small, out=trained.path, progress=False)


def test_progress_object(small, tmp_path):
    seen = []

    class Collector(Silent):
        def epoch(self, metrics, epochs):
            seen.append((metrics["epoch"], epochs))

    biossl.run(small, out=tmp_path / "run", progress=Collector())
    assert seen == [(1, 2), (2, 2)]


def test_an_error_of_the_progress_object_comes_through(small, tmp_path):
    class Broken(Silent):
        def epoch(self, metrics, epochs):
            raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        biossl.run(small, out=tmp_path / "run", progress=Broken())


def test_progress_lines(small, tmp_path, capsys):
    biossl.run(small, out=tmp_path / "run")
    assert "epoch 2/2" in capsys.readouterr().out


def test_an_interrupt_leaves_a_checkpoint_and_the_run_goes_on(small, tmp_path, trained):
    class Interrupter(Silent):
        def epoch(self, metrics, epochs):
            if metrics["epoch"] == 1:
                _thread.interrupt_main()
                time.sleep(0.2)  # the engine looks for signals some times a second

    out = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt, match="checkpoint"):
        biossl.run(small, out=out, progress=Interrupter())
    assert list(out.glob("checkpoints/*.safetensors"))
    finished = biossl.run(small, out=out, resume=True, progress=False)
    assert finished.accuracy == trained.accuracy
    assert finished.metrics["loss"].tolist() == trained.metrics["loss"].tolist()


def test_other_threads_run_meanwhile(small, tmp_path):
    counts = [0]
    stop = threading.Event()

    def count():
        while not stop.is_set():
            counts[0] += 1
            time.sleep(0.001)

    counter = threading.Thread(target=count)
    counter.start()
    biossl.run(small, out=tmp_path / "run", progress=False)
    stop.set()
    counter.join()
    assert counts[0] > 10


def test_damaged_files_are_told(trained, tmp_path):
    import shutil

    shutil.copytree(trained.path, tmp_path / "run")
    run = biossl.load(tmp_path / "run")
    (run.path / "summary.json").write_text("{")
    with pytest.raises(biossl.BadInput, match=r"summary\.json"):
        run.summary
    (run.path / "metrics.jsonl").write_text(json.dumps({"epoch": 1}) + "\nnonsense\n")
    with pytest.raises(biossl.BadInput, match="line 2"):
        run.metrics
    (run.path / "summary.json").unlink()
    with pytest.raises(biossl.BadInput, match="line 2"):
        run.metrics
    assert repr(run).startswith("Run(")


#: what stands in a file of a run, and what is told
BROKEN = [
    (b"\xff\xfe", "is no UTF-8 text"),
    (b"[" * 100_000, "is broken"),
    (b"[1]", "holds no object"),
    (b"1" * 5000, "is broken"),
]


@pytest.fixture
def copied(trained, tmp_path):
    for name in ("recipe.toml", "summary.json", "environment.json", "metrics.jsonl"):
        (tmp_path / name).write_bytes((trained.path / name).read_bytes())
    return biossl.load(tmp_path)


@pytest.mark.parametrize(("content", "told"), BROKEN)
def test_whatever_is_broken_is_told_with_its_file(content, told, copied):
    asked = {"summary.json": lambda: copied.summary, "environment.json": lambda: copied.environment}
    asked["metrics.jsonl"] = lambda: copied.metrics
    for name, ask in asked.items():
        (copied.path / name).write_bytes(content + b"\n")
        with pytest.raises(biossl.BadInput) as refused:
            ask()
        assert str(refused.value).startswith(f"{copied.path / name}: ") and told in str(refused.value)
    with pytest.raises(biossl.BadInput, match=r"summary\.json: "):
        copied.accuracy
    assert repr(copied) == f"Run({str(copied.path)!r})"


@pytest.mark.parametrize("content", ["{}", '{"probe": 5}', '{"probe": {"test_accuracy": "all"}}', '{"probe": {}}'])
def test_a_summary_without_its_accuracy_is_told(content, copied):
    (copied.path / "summary.json").write_text(content)
    with pytest.raises(biossl.BadInput, match=r"summary\.json: is damaged: it has no number probe\.test_accuracy"):
        copied.accuracy
    assert repr(copied) == f"Run({str(copied.path)!r})"


def test_a_number_that_no_line_shows_is_no_fault_of_the_repr(copied):
    its = {**copied.summary, "probe": {"test_accuracy": 10**400}}
    (copied.path / "summary.json").write_text(json.dumps(its))
    assert repr(copied) == f"Run({str(copied.path)!r})"


def test_a_pipe_in_place_of_a_file_is_not_waited_for(copied):
    (copied.path / "summary.json").unlink()
    os.mkfifo(copied.path / "summary.json")
    with pytest.raises(biossl.BadInput, match=r"summary\.json: cannot be read \(it is no regular file\)"):
        copied.summary


def test_a_line_of_metrics_ends_at_a_line_feed_alone(copied):
    text = '{"epoch": 1, "stage": "a\u2028b\x85c"}\n{"epoch": 2, "stage": "\u2029"}\n'
    (copied.path / "metrics.jsonl").write_text(text, encoding="utf-8")
    assert copied.metrics["epoch"].tolist() == [1, 2]


def test_a_full_disk_or_no_permission_is_an_os_error(small):
    with pytest.raises(OSError):
        biossl.run(small, out="/proc/nobody/writes/here", progress=False)


def test_a_damaged_checkpoint_is_told_wherever_an_older_one_takes_its_place(small, tmp_path):
    run = biossl.pretrain(recipe=small, set={"train.checkpoint_every": 1}, out=tmp_path / "run", progress=False)
    newest = run.path / "checkpoints" / "epoch_0002.safetensors"
    newest.write_bytes(newest.read_bytes()[:-10])
    told = r"epoch_0002\.safetensors.*cut short; using epoch_0001\.safetensors instead"
    for read in (lambda: biossl.load(run.path).encoder, lambda: biossl.Encoder(run), lambda: run.summary):
        with pytest.warns(UserWarning, match=told):
            read()
    with pytest.warns(UserWarning, match=told):
        assert "1 epochs" in repr(run)


def test_no_run_is_begun_where_one_is_to_go_on(images, tmp_path):
    out = tmp_path / "typo"
    told = f"there is no run in {out} to go on with; leave resume=True out to start one"
    for begin in (lambda: biossl.pretrain(images, out=out, resume=True), lambda: biossl.run(out=out, resume=True)):
        with pytest.raises(biossl.BadInput) as refused:
            begin()
        assert str(refused.value) == told
    assert not out.exists()


@pytest.mark.parametrize("kept", [0, 0.5, 0.9])
def test_a_recipe_that_was_cut_short_is_not_shown_with_defaults(trained, tmp_path, kept):
    text = (trained.path / "recipe.toml").read_text()
    lines = text.splitlines(keepends=True)
    (tmp_path / "recipe.toml").write_text("".join(lines[: int(kept * text[: text.index("[probe]")].count("\n"))]))
    for read in (lambda: biossl.load(tmp_path).recipe, lambda: biossl.recipe(tmp_path)):
        with pytest.raises(biossl.BadInput, match=r"recipe\.toml: is damaged or cut short: it has no \["):
            read()


def test_a_recipe_whose_last_number_may_be_cut_is_not_read(trained, tmp_path):
    (tmp_path / "recipe.toml").write_text((trained.path / "recipe.toml").read_text().rstrip("\n"))
    with pytest.raises(biossl.BadInput, match="its last line has no end"):
        _ = biossl.load(tmp_path).recipe


def test_metrics_are_read_up_to_a_line_that_was_cut_short(trained, tmp_path):
    (tmp_path / "recipe.toml").write_bytes((trained.path / "recipe.toml").read_bytes())
    whole = (trained.path / "metrics.jsonl").read_text()
    (tmp_path / "metrics.jsonl").write_text(whole[:-20])
    with pytest.warns(UserWarning, match=r"metrics\.jsonl: line 2 is cut short and is left out"):
        assert biossl.load(tmp_path).metrics["epoch"].tolist() == [1]
    (tmp_path / "metrics.jsonl").write_text(whole + "[1]\n")
    with pytest.raises(biossl.BadInput, match="line 3 holds no object"):
        _ = biossl.load(tmp_path).metrics
