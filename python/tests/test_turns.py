"""Threads that look at a network, or set something of it, while another one computes with it."""

import threading
import time

import numpy as np
import pytest
from components import trainer

import biossl
from biossl.progress import Silent

#: What looks at a layer, or sets something of it.
LOOKS = {
    "weight": lambda layer, weight: layer.weight.copy(),
    "bias": lambda layer, weight: layer.bias.copy(),
    "update": lambda layer, weight: layer.update.copy(),
    "feedback": lambda layer, weight: layer.feedback.copy(),
    "alignment": lambda layer, weight: layer.alignment,
    "steps": lambda layer, weight: layer.steps,
    "repr": lambda layer, weight: repr(layer),
    "weight=": lambda layer, weight: setattr(layer, "weight", weight),
    "bias=": lambda layer, weight: setattr(layer, "bias", np.zeros(16, np.float32)),
    "feedback=": lambda layer, weight: setattr(layer, "feedback", weight),
    "writable_weight": lambda layer, weight: layer.writable_weight(),
    "changed": lambda layer, weight: layer.changed(),
}


@pytest.fixture
def one(small):
    return trainer(small, {"rule.feedback": "fixed_random"})


@pytest.mark.parametrize("look", LOOKS)
def test_another_thread_waits_for_the_end_of_a_step(look, one):
    layer, order, is_inside = one.layers["blocks.1"], [], threading.Event()
    weight = layer.weight.copy()

    def watching(step, array):
        is_inside.set()
        time.sleep(0.2)
        order.append("seen")

    one.watch("blocks.0", "update", callback=watching)
    thread = threading.Thread(target=one.step)
    thread.start()
    is_inside.wait()
    LOOKS[look](layer, weight)
    order.append("done")
    thread.join()
    assert order == ["seen", "done"]


@pytest.mark.parametrize("look", LOOKS)
def test_what_a_step_calls_does_not_wait_for_its_end(look, one):
    layer, seen = one.layers["blocks.1"], []
    weight = layer.weight.copy()
    one.watch("blocks.0", "update", callback=lambda step, array: seen.append(LOOKS[look](layer, weight)))
    one.step()
    assert len(seen) == 1


def test_whoever_waits_comes_before_the_next_step(small):
    one = trainer(small, {"train.epochs": 100_000})
    layer, stopped = one.layers["blocks.1"], threading.Event()

    def train():
        while not stopped.is_set():
            one.step()

    thread = threading.Thread(target=train)
    thread.start()
    while one.steps == 0:
        time.sleep(0.001)
    passed = []
    for _ in range(20):
        before = one.steps
        assert layer.steps >= before
        passed.append(one.steps - before)
    stopped.set()
    thread.join()
    assert max(passed) <= 5


def test_an_array_is_made_before_the_network_is_asked_for(one):
    """Making it may need another thread, which takes a step."""
    layer = one.layers["blocks.1"]
    weight = layer.weight.copy()

    class Late:
        def __dlpack__(self, **options):
            if one.steps == 0:
                thread = threading.Thread(target=one.step)
                thread.start()
                thread.join()
            return weight.__dlpack__(**options)

        def __dlpack_device__(self):
            return weight.__dlpack_device__()

    layer.weight = Late()
    np.testing.assert_array_equal(layer.weight, weight)
    assert one.steps == 1


def test_a_thread_that_reads_images_ahead_is_refused(small):
    trainers = []

    @biossl.register("looks_at_the_network", "images that depend on what has been learnt", replace=True)
    class Looks(biossl.Dataset):
        side = 16

        def load(self, split, request):
            self.image_shape = (16, 16, 3)

        def __len__(self):
            return 60

        def fetch(self, rows):
            for one in trainers:
                _ = one.layers["blocks.1"].weight
            return np.zeros((len(rows), 16, 16, 3), np.uint8)

    trainers.append(trainer(small, {"data.pretrain": "looks_at_the_network", "views.kind": "identity"}))
    try:
        with pytest.raises(RuntimeError, match="a thread that reads images ahead cannot look at a network"):
            trainers[0].step()
    finally:
        trainers.clear()


def test_an_encoder_waits_as_a_trainer_does(trained, images):
    encoder = biossl.Encoder(trained.path)
    layer, order, is_inside = encoder.layers["blocks.0"], [], threading.Event()
    weight = layer.weight.copy()

    class Slow(Silent):
        def stage(self, name, done, total, text):
            is_inside.set()
            time.sleep(0.2)
            order.append("seen")

    for act in (encoder.weights, lambda: setattr(layer, "weight", weight)):
        order.clear(), is_inside.clear()
        thread = threading.Thread(target=encoder, args=(images, 1, Slow()))
        thread.start()
        is_inside.wait()
        act()
        order.append("done")
        thread.join()
        assert order == ["seen", "done"]
