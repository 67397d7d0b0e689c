"""What a component keeps for longer than its trainer lives is refused, not used."""

import copy
import gc

import numpy as np
import pytest
from components import trainer

import biossl

GONE = "lent for one training, or for one call"


def gone(*kept):
    """Every call raises, however often garbage is collected before it and after it."""
    for _ in range(3):
        gc.collect()
        for call in kept:
            with pytest.raises(RuntimeError, match=GONE):
                call()


def memory_of(array):
    """Reading it, and room for others to overwrite what was let go."""
    [np.full(1 << 12, 7, np.float32) for _ in range(200)]
    return array.copy()


def test_parts_of_a_rule(small):
    kept = []

    @biossl.register("keeps_parts", "hands its parts out", replace=True)
    class KeepsParts(biossl.LearningRule):
        def start(self, setup):
            self.setup, self.encoder, self.range = setup, setup.encoder_pass(), setup.block_range()
            self.head, self.loss, self.slow = setup.head(), setup.loss(), setup.slow_copy(0.9)
            self.convolutions = setup.convolutions()
            self.layers = self.convolutions.layers
            self.own = setup.own_head("own", "mlp", {"features": 4, "hidden": 4}, inputs=8)
            kept.append(self)

        def step(self, images, context):
            self.images, self.context = images, context
            self.encoder.run(images)
            self.convolutions.run(images)
            self.output, self.weight = self.encoder.output(1), self.layers[0].weight
            return self.range.step(images, context)

    recipe = copy.deepcopy(small)
    for block in recipe["network"]["blocks"]:
        block.update(pool=1)
    one = trainer(recipe, {"rule.kind": "keeps_parts"})
    one.step()
    rule = kept[-1]
    output, weight = np.array(rule.output), rule.weight.copy()
    errors = np.zeros((40, rule.head.features), np.float32)
    del one
    gone(
        lambda: rule.encoder.run(rule.images),
        lambda: rule.encoder.output(0),
        lambda: rule.encoder.backward(1, rule.output, 0.1),
        lambda: rule.range.step(rule.images, rule.context),
        lambda: rule.head.forward(rule.output),
        lambda: rule.head.backward(errors, 0.1),
        lambda: rule.own.forward(np.zeros((4, 8), np.float32)),
        lambda: rule.loss.evaluate(errors, rule.context),
        lambda: rule.slow.embeddings(rule.images),
        lambda: rule.slow.follow(),
        lambda: rule.convolutions.run(rule.images),
        lambda: rule.layers[0].drive(rule.images),
        lambda: rule.layers[0].weight,
        lambda: setattr(rule.layers[0], "weight", weight),
        lambda: rule.setup.depth,
        lambda: rule.setup.head(),
        lambda: rule.setup.encoder_pass(),
    )
    assert rule.setup.batch == 20 and rule.context.epoch == 0
    np.testing.assert_array_equal(memory_of(np.array(rule.output)), output)
    np.testing.assert_array_equal(memory_of(rule.weight), weight)


def test_parts_of_a_trial(small):
    """A recipe is tried on a network of its own before the trainer's; what it made is gone by then."""
    kept = []

    @biossl.register("keeps_the_first", "uses what the trial made", replace=True)
    class KeepsTheFirst(biossl.LearningRule):
        def start(self, setup):
            kept.append(setup.block_range())

        def step(self, images, context):
            return kept[0].step(images, context)

    biossl.describe(small, {"rule.kind": "keeps_the_first"})
    with pytest.raises(RuntimeError, match=GONE):
        trainer(small, {"rule.kind": "keeps_the_first"}).step()


def test_layers_of_heads_and_blocks(small):
    kept = {}

    @biossl.register("keeps_head", "hands its layer out", replace=True)
    class KeepsHead(biossl.Head):
        def start(self, setup):
            self.features, self.layer, self.setup = 4, setup.linear(4), setup
            kept["head"] = self

        def forward(self, activity, others):
            return self.layer.forward(activity)

        def backward(self, activity, errors, begin, end):
            self.errors, self.activity = errors, activity
            return self.layer.send_back(errors)

        def learn(self, activity, begin, end, options):
            self.rate, self.options = options.learning_rate, options
            self.layer.learn(activity, self.errors, options)

    @biossl.register("keeps_block", "hands its layers out", replace=True)
    class KeepsBlock(biossl.Block):
        def start(self, setup):
            self.layer, self.numbers, self.setup = setup.convolution(8), setup.parameters(3), setup
            self.values = self.numbers.values
            kept["block"] = self

        def forward(self, x, training):
            return self.layer.forward(x)

        def backward(self, step, sends):
            self.step = step
            return self.layer.backward(step.input, step.output, step.error, sends)

        def learn(self, step, options):
            self.layer.learn(options)

    recipe = copy.deepcopy(small)
    recipe["network"]["blocks"].insert(1, {"kind": "keeps_block"})
    one = trainer(recipe, {"network.head.kind": "keeps_head", "loss.kind": "nt_xent", "train.learning_rate": 0.25})
    one.step()
    head, block = kept["head"], kept["block"]
    gone(lambda: head.options.learning_rate, lambda: head.layer.learn(head.activity, head.errors, head.options))
    assert head.rate == 0.25
    seen, values = block.step.input.copy(), block.values.copy()
    one.step()
    del one
    gone(
        lambda: head.layer.forward(head.activity),
        lambda: head.layer.send_back(head.errors),
        lambda: head.setup.linear(3),
        lambda: block.layer.forward(seen),
        lambda: block.layer.output_map,
        lambda: block.layer.backward(seen, seen, seen),
        lambda: block.numbers.values,
        lambda: block.setup.convolution(3),
    )
    assert block.setup.map == (8, 8, 8)
    np.testing.assert_array_equal(memory_of(block.values), values)


def test_the_layer_of_a_feedback_path(small):
    kept = []

    @biossl.register("keeps_layer", "keeps what it is lent between two steps", replace=True)
    class KeepsLayer(biossl.Feedback):
        def weights(self, W, steps):
            return W

        def between_steps(self, layer, context):
            assert layer.drive(np.zeros((1, *layer.input_map), np.float32)).any() == 0
            kept.append(layer)

    one = trainer(small, {"rule.feedback": "keeps_layer"})
    one.step()
    gone(lambda: kept[0].input_map, lambda: kept[0].drive(np.zeros((1, 3, 16, 16), np.float32)))


def test_layers_of_a_trainer_keep_it(small):
    layer = trainer(small).layers["blocks.1"]
    before = layer.weight.copy()
    gc.collect()
    np.testing.assert_array_equal(memory_of(layer.weight), before)
    layer.weight = 2 * before
    np.testing.assert_array_equal(layer.weight, 2 * before)
