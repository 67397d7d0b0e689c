import copy

import numpy as np
import pytest
from components import agree, example, goes_on, needs_cpp, trainer

import biossl

KINDS = {"residual": {"channels": 12, "stride": 2}, "batch_norm": {}}


def job(small, kind, options):
    recipe = copy.deepcopy(small)
    recipe["network"]["blocks"].insert(1, {"kind": kind, **options})
    return recipe


@pytest.mark.parametrize("name", KINDS)
def test_a_block_equals_that_in_cpp(name, small):
    needs_cpp("network.blocks.kind", name)
    example(name)
    one, other = (trainer(job(small, kind, KINDS[name]), {"loss.kind": "nt_xent"}) for kind in (f"{name}_python", name))
    assert set(one.layers) == set(other.layers)
    agree(one, other)


@pytest.mark.parametrize("name", KINDS)
def test_a_run_with_a_block_goes_on(name, small, tmp_path):
    example(name)
    goes_on(job(small, f"{name}_python", KINDS[name]), {"loss.kind": "nt_xent"}, tmp_path)


def clapp_plus(kind):
    return {"loss.kind": kind, "network.head.kind": kind, "network.head.tiles": 2, "rule.kind": "local"}


def test_a_head_equals_that_in_cpp(small):
    needs_cpp("network.head.kind", "clapp_plus")
    example("clapp_plus"), example("clapp_plus_head")
    one, other = (trainer(small, clapp_plus(kind)) for kind in ("clapp_plus_python", "clapp_plus"))
    assert set(one.layers) == set(other.layers)
    agree(one, other)


def test_a_run_with_a_head_goes_on(small, tmp_path):
    example("clapp_plus"), example("clapp_plus_head")
    goes_on(small, clapp_plus("clapp_plus_python"), tmp_path)


def test_an_observer_sees_what_watches_see(small):
    class Instrument(biossl.Observer):
        def __init__(self):
            self.seen = {}

        def update_computed(self, layer, activity, error_in, update):
            self.seen.setdefault(layer, []).append((activity, error_in, update))

        def error_sent(self, layer, error_in, error_out):
            self.seen.setdefault(f"{layer} sent", []).append((error_in, error_out))

    one, instrument = trainer(small, {"loss.kind": "nt_xent"}), Instrument()
    watched = {what: one.watch("blocks.1", what) for what in ("activity", "error_in", "error_out", "update")}
    stop = one.observe(instrument)
    one.step()
    activity, error_in, update = instrument.seen["blocks.1"][0]
    np.testing.assert_array_equal(activity, watched["activity"].arrays[0])
    np.testing.assert_array_equal(error_in, watched["error_in"].arrays[0])
    np.testing.assert_array_equal(update, watched["update"].arrays[0])
    np.testing.assert_array_equal(instrument.seen["blocks.1 sent"][0][1], watched["error_out"].arrays[0])
    assert "blocks.0 sent" not in instrument.seen
    stop()
    one.step()
    assert len(instrument.seen["blocks.1"]) == 1
    with pytest.raises(TypeError, match="Observer"):
        one.observe(print)


@biossl.register("counting", "counts its batches in whole numbers")
class Counting(biossl.Block):
    def start(self, setup):
        self.batches, self.seen = np.zeros(1, np.int32), np.zeros(1, np.uint8)

    def forward(self, x, training):
        self.batches += training
        self.seen[:] = 1
        return x

    def backward(self, step, sends):
        return step.error

    def state(self):
        return {"batches": self.batches, "seen": self.seen}


def test_whole_numbers_are_a_state_too(small, tmp_path):
    recipe = job(small, "counting", {})
    stepped = trainer(recipe, {})
    assert np.isfinite(stepped.step())
    stepped.save(tmp_path / "one.safetensors")
    goes_on(recipe, {}, tmp_path)


def test_whole_numbers_are_copied_into_a_slow_network(small):
    example("byol")
    changes = {"rule.kind": "byol_python", "loss.kind": "nt_xent", "network.head.kind": "mlp"}
    stepped = trainer(job(small, "counting", {}), changes)
    assert np.isfinite([stepped.step() for _ in range(2)]).all()
