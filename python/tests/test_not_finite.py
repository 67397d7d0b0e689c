"""Numbers that are not finite end a step, and the message names what made them."""

import numpy as np
import pytest
from components import trainer

import biossl


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_weights_are_not_set_to_such_numbers(wrong, small):
    one = trainer(small, {"rule.feedback": "fixed_random"})
    layer = one.layers["blocks.1"]
    for what in ("weight", "feedback", "bias"):
        before = getattr(layer, what).copy()
        with pytest.raises(ValueError, match=rf"\[blocks\.1\.{what}\] holds NaN or infinite numbers"):
            setattr(layer, what, np.full_like(before, wrong))
        np.testing.assert_array_equal(getattr(layer, what), before)
    layer.writable_weight()[0, 0, 0, 0] = wrong
    with pytest.raises(ValueError, match=r"\[blocks\.1\.weight\] holds NaN"):
        layer.changed()


@pytest.mark.parametrize("loss", ["nt_xent", "contrastive_hinge"])
def test_a_step_names_the_weights(loss, small, tmp_path):
    one = trainer(small, {"loss.kind": loss})
    one.step()
    one.layers["blocks.1"].writable_weight()[0, 0, 0, 0] = np.nan
    told = r"^the weights \(blocks\.1\.weight\) were not finite before epoch 1 of 2, batch 2; set finite ones$"
    for _ in range(2):
        with pytest.raises(RuntimeError, match=told):
            one.step()
    with pytest.raises(RuntimeError, match=r"is not written: the weights are not finite \(blocks\.1\.weight\)"):
        one.save(tmp_path / "no.safetensors")
    assert not (tmp_path / "no.safetensors").exists()


#: what evaluate returns of a, b and the number of the batch
LOSSES = {
    "loss": (lambda a, b, batch: (np.nan if batch else 1.0, a, b), "made a loss of nan of finite embeddings"),
    "error": (
        lambda a, b, batch: (1.0, a, np.where(b > b.max() - batch, np.inf, b)),
        "made errors with NaN or infinite",
    ),
}


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("rule", ["e2e", "local", "calls_a_range"])
def test_a_loss_names_itself(name, rule, small):
    function, told = LOSSES[name]

    @biossl.register("not_finite", "of the second batch", replace=True)
    class NotFinite(biossl.Loss):
        def evaluate(self, a, b, context):
            return function(a, b, context.batch)

    @biossl.register("calls_a_range", "end to end", replace=True)
    class CallsARange(biossl.LearningRule):
        def start(self, setup):
            self.range = setup.block_range()

        def step(self, images, context):
            return self.range.step(images, context)

    one = trainer(small, {"loss.kind": "not_finite", "rule.kind": rule})
    one.step()
    with pytest.raises(RuntimeError, match=rf"^\[not_finite\] {told}.* in epoch 1, batch 2$"):
        one.step()


def test_a_network_that_has_diverged_is_not_blamed_on_its_loss(small):
    @biossl.register("squares", "grows with the embeddings", replace=True)
    class Squares(biossl.Loss):
        def evaluate(self, a, b, context):
            return np.square(a - b).sum(), 2 * (a - b), 2 * (b - a)

    one = trainer(small, {"loss.kind": "squares", "train.optimizer": "sgd", "train.learning_rate": 1e30})
    with pytest.raises(RuntimeError, match=r"no longer finite in epoch 1 of 2, batch \d+; try a lower"):
        for _ in range(4):
            one.step()


def test_a_rule_names_itself(small):
    @biossl.register("no_number", "loses its loss", replace=True)
    class NoNumber(biossl.LearningRule):
        def start(self, setup):
            self.range = setup.block_range()

        def step(self, images, context):
            loss, active = self.range.step(images, context)
            return (np.nan if context.batch else loss), active

    one = trainer(small, {"rule.kind": "no_number"})
    one.step()
    with pytest.raises(
        RuntimeError, match=r"\[no_number\] step returned a loss of nan in epoch 1, batch 2, which none"
    ):
        one.step()


def test_a_feedback_path_names_itself(small):
    @biossl.register("lost", "NaN after the first step", replace=True)
    class Lost(biossl.Feedback):
        def weights(self, W, steps):
            return np.where(W > W.max() - steps, np.nan, W)

    one = trainer(small, {"rule.feedback": "lost"})
    one.step()
    with pytest.raises(RuntimeError, match=r"\[lost\] weights returned NaN or infinite numbers as F after 1 steps"):
        one.step()


@pytest.mark.parametrize("method", ["forward", "backward"])
def test_a_head_names_itself(method, small):
    @biossl.register("lost_head", "makes NaN", replace=True)
    class LostHead(biossl.Head):
        def start(self, setup):
            self.features, self.layer = 4, setup.linear(4)

        def forward(self, activity, others):
            made = self.layer.forward(activity)
            return made.numpy() * np.nan if method == "forward" else made

        def backward(self, activity, errors, begin, end):
            self.errors = errors
            return self.layer.send_back(errors).numpy() * np.nan

        def learn(self, activity, begin, end, options):
            self.layer.learn(activity, self.errors, options)

    one = trainer(small, {"network.head.kind": "lost_head", "loss.kind": "nt_xent"})
    with pytest.raises(RuntimeError, match=rf"^\[lost_head\] {method} made NaN or infinite numbers of finite ones"):
        one.step()


@pytest.mark.parametrize("method", ["forward", "backward"])
def test_a_block_names_itself(method, small):
    @biossl.register("lost_block", "makes NaN", replace=True)
    class LostBlock(biossl.Block):
        def start(self, setup):
            self.output_map, self.kept = setup.map, [setup.map]

        def forward(self, x, training):
            return (x * np.nan if method == "forward" else x), x

        def backward(self, step, sends):
            return step.error * np.nan

    blocks = small["network"]["blocks"]
    recipe = {**small, "network": {"blocks": [blocks[0], {"kind": "lost_block"}, *blocks[1:]]}}
    with pytest.raises(RuntimeError, match=rf"^\[lost_block\] {method} made NaN or infinite numbers of finite ones"):
        trainer(recipe, {"loss.kind": "nt_xent"}).step()


@pytest.mark.parametrize("layer", ["head", "encoder"])
def test_a_rule_names_itself_by_what_it_hands_on(layer, small):
    @biossl.register("lost_errors", "end to end with NaN", replace=True)
    class LostErrors(biossl.LearningRule):
        def start(self, setup):
            self.last = setup.depth - 1
            self.encoder, self.head, self.loss = setup.encoder_pass(), setup.head(), setup.loss()

        def step(self, images, context):
            self.encoder.run(images)
            embeddings = self.head.forward(self.encoder.output(self.last))
            errors, loss, active = self.loss.evaluate(embeddings, context)
            if layer == "head":
                errors = errors.numpy() * np.nan
            error = self.head.backward(errors, context.learning_rate)
            self.encoder.backward(self.last, error.numpy() * np.nan, context.learning_rate)
            return loss, active

    told = "a head" if layer == "head" else "block 1"
    with pytest.raises(RuntimeError, match=rf"^\[lost_errors\] gave backward of {told} NaN or infinite numbers"):
        trainer(small, {"rule.kind": "lost_errors", "loss.kind": "nt_xent"}).step()


@pytest.mark.parametrize("which", ["pre", "error"])
def test_a_rule_of_convolutions_names_itself(which, small):
    @biossl.register("lost_learning", "learns NaN", replace=True)
    class LostLearning(biossl.LearningRule):
        sends_errors = False

        def start(self, setup):
            self.pass_ = setup.convolutions()

        def step(self, images, context):
            self.pass_.run(images)
            layer = self.pass_.layers[0]
            pre = layer.input.numpy()
            error = layer.drive(pre).numpy()
            given = {"pre": pre, "error": error}
            given[which] = given[which] * np.nan
            layer.learn(given["pre"], given["error"], context.learning_rate)
            return 0.0

    recipe = {**small, "network": {"blocks": [{"channels": 8, "activation": "relu"}]}}
    with pytest.raises(RuntimeError, match=r"^\[lost_learning\] gave learn of block 0 NaN or infinite numbers"):
        trainer(recipe, {"rule.kind": "lost_learning"}).step()
