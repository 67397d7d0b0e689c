"""A rule with a slow copy of the network: BYOL, Grill et al. 2020."""

import numpy as np

import biossl


class ToSlowNetwork(biossl.Loss):
    """Each view's embedding, through a predictor q, is to point where the slow network's embedding t of the other view
    points: L = 1/B sum over both views |q/|q| - t/|t||^2. The predictor learns while the loss is evaluated."""

    def evaluate(self, a, b, context):
        pairs = len(a)
        q = self.predictor.forward(np.concatenate([a, b])).numpy()
        t = np.roll(self.targets.numpy(), pairs, axis=0)
        norm = np.linalg.norm(q, axis=1, keepdims=True)
        q, t = q / norm, t / np.linalg.norm(t, axis=1, keepdims=True)
        error = 2 / pairs * (q - t)
        error = (error - q * (error * q).sum(axis=1, keepdims=True)) / norm
        sent = self.predictor.backward(error, context.learning_rate).numpy()
        return np.square(q - t).sum() / pairs, sent[:pairs], sent[pairs:]


@biossl.register("byol_python", "end to end towards a slow copy of the network, without negatives (Grill et al. 2020)")
class Byol(biossl.LearningRule):
    momentum: float = biossl.option(0.99, "the share of itself that the slow copy keeps in each step")
    hidden: int = biossl.option(128, "units of the predictor's hidden layer")

    abbreviation = "BYOL"
    plausibility = biossl.Plausibility(recent_activity=False, plain_arithmetic=False, local_to_blocks=False)

    def start(self, setup):
        self.loss = ToSlowNetwork()
        self.range, self.slow = setup.block_range(loss=self.loss), setup.slow_copy(self.momentum)
        size = setup.head().features
        self.loss.predictor = setup.own_head("predictor", "mlp", {"features": size, "hidden": self.hidden}, inputs=size)

    def step(self, images, context):
        self.loss.targets = self.slow.embeddings(images)
        done = self.range.step(images, context)
        self.slow.follow()
        return done
