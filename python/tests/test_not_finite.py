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


def test_a_head_is_told_by_its_layer(small):
    @biossl.register("lost_head", "sends NaN", replace=True)
    class LostHead(biossl.Head):
        def start(self, setup):
            self.features, self.layer = 4, setup.linear(4)

        def forward(self, activity, others):
            return self.layer.forward(activity)

        def backward(self, activity, errors, begin, end):
            self.errors = errors
            return self.layer.send_back(errors).numpy() * np.nan

        def learn(self, activity, begin, end, options):
            self.layer.learn(activity, self.errors, options)

    one = trainer(small, {"network.head.kind": "lost_head", "loss.kind": "nt_xent"})
    with pytest.raises(
        RuntimeError, match=r"the weights \(blocks\.0\.weight\) are no longer finite in epoch 1 of 2, batch 1"
    ):
        one.step()
