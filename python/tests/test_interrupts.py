"""Ctrl-C in the midst of Python code that the engine calls."""

import _thread
import signal
import time

import numpy as np
import pytest
from components import example

import biossl

Hinge = example("contrastive_hinge").ContrastiveHinge


@pytest.fixture
def pressed(small):
    """f(at, times): the recipe, whose loss is interrupted in its call number `at` so many times."""

    @biossl.register("pressed", "the hinge, interrupted")
    class Pressed(Hinge):
        seen, at, times = 0, 0, 0

        def evaluate(self, a, b, context):
            kind = type(self)
            kind.seen += 1
            for _ in range(kind.times if kind.seen == kind.at else 0):
                _thread.interrupt_main()
                time.sleep(0.15)  # the engine tells of batches ten times a second
            return super().evaluate(a, b, context)

    def recipe(at, times):
        Pressed.seen, Pressed.at, Pressed.times = 0, at, times
        return {**small, "loss": {"kind": "pressed"}}

    return recipe


def test_the_step_ends_and_a_checkpoint_is_written(pressed, tmp_path):
    whole = biossl.pretrain(recipe=pressed(0, 0), out=tmp_path / "whole", progress=False)
    with pytest.raises(KeyboardInterrupt, match=r"epoch_0001_batch_000001\.safetensors holds everything"):
        biossl.pretrain(recipe=pressed(4, 1), out=tmp_path / "run", progress=False)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finished = biossl.pretrain(recipe=pressed(0, 0), out=tmp_path / "run", resume=True, progress=False)
    np.testing.assert_array_equal(finished.metrics["loss"], whole.metrics["loss"])


def test_a_second_time_stops_within_the_step(pressed, tmp_path):
    with pytest.raises(KeyboardInterrupt, match=r"stopped within a step; biossl\.pretrain\(out='.*run', resume=True\)"):
        biossl.pretrain(recipe=pressed(4, 2), out=tmp_path / "run", progress=False)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_in_the_last_step(pressed, tmp_path):
    with pytest.raises(KeyboardInterrupt, match="the run had ended by then"):
        biossl.pretrain(recipe=pressed(6, 1), out=tmp_path / "run", progress=False)
    assert len(biossl.load(tmp_path / "run").metrics["loss"]) == 2


def test_another_handler_is_left_alone(pressed, tmp_path):
    caught = []
    before = signal.signal(signal.SIGINT, lambda *_: caught.append(1))
    try:
        biossl.pretrain(recipe=pressed(2, 1), out=tmp_path / "run", progress=False)
    finally:
        signal.signal(signal.SIGINT, before)
    assert caught == [1]
