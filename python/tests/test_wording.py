"""Messages of the engine are in the words of Python: its arguments, not the program's options."""

import re
import subprocess
import sys

import pytest

import biossl


def told(call, *args, **arguments):
    with pytest.raises((ValueError, RuntimeError)) as fault:
        call(*args, **arguments)
    message = str(fault.value)
    assert "\n" not in message and not re.search(r"--[a-z]", message), message
    return message


def test_a_change_of_a_recipe_is_named_as_it_is_written(small):
    assert 'set={"train.epoch": 5}' in told(biossl.recipe, small, {"train.epoch": 5})
    assert 'set={"loss.kind": "contrastive_hing"}' in told(biossl.recipe, small, {"loss.kind": "contrastive_hing"})
    assert 'set={"probe.pixel": True}' in told(biossl.recipe, small, {"probe.pixel": True})
    assert "seed=-1" in told(biossl.recipe, small, seed=-1)


def test_a_directory_that_is_taken(small, trained):
    message = told(biossl.run, small, out=trained.path, progress=False)
    assert message.endswith("choose another directory with out=, or go on with that run with resume=True")


def test_a_run_that_goes_on_otherwise(trained):
    message = told(biossl.run, out=trained.path, set={"train.batch": 10}, resume=True, progress=False)
    assert "choose another out=" in message


def test_data_that_is_nowhere(monkeypatch, tmp_path):
    monkeypatch.delenv("BIOSSL_DATA", raising=False)
    assert 'data="DIR"' in told(biossl.run, "quick", out=tmp_path / "run", progress=False)
    message = told(biossl.run, "quick", data=tmp_path, out=tmp_path / "run", progress=False)
    assert "`biossl data fetch cifar100` in a shell" in message


def test_a_device_that_is_not_there(small):
    assert 'device="cpu"' in told(biossl.Trainer, small, device="cuda")


def test_a_function_of_the_package_takes_the_place_of_a_command(small, images, tmp_path):
    core = biossl._engine.core
    for split in ("train", "test"):
        core.hold_images("unlabelled", split, images)
    probe = {"data.probe": "memory", "data.memory.name": "unlabelled", "data.probe_images": 40}
    message = told(biossl.run, small, set=probe, out=tmp_path / "run", progress=False)
    core.release_images("unlabelled")
    assert message.endswith("or use biossl.pretrain and the run's encoder")


def test_modules_that_are_commands_of_the_program_speak_as_it_does():
    speak = "from biossl._engine import core; core.speak_as_program()"
    code = f"{speak}; import biossl; biossl.recipe('demo', {{'train.epoch': 1}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "--set train.epoch=1" in done.stderr


def test_a_unit_for_each_class_is_told_as_a_change(images):
    labels = [i % 10 for i in range(len(images))]
    changes = {"loss.kind": "cross_entropy", "train.batch": 10}
    message = told(biossl.Trainer, images=images, labels=labels, set=changes, progress=False)
    assert message.endswith('use set={"network.head.features": 10}')
