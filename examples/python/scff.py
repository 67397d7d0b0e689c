"""A rule with a goodness in place of a loss: self-contrastive forward-forward, 2025."""

import numpy as np

import biossl


@biossl.register("scff_python", "self-contrastive forward-forward: an image beside itself against beside another")
class Scff(biossl.LearningRule):
    """Each convolution sees an image beside itself, a = 2 W x, and beside another, a = W x + W x'. With G = mean_c
    relu(a)^2:
    L = mean softplus(th1 - G_pos) + mean softplus(G_neg - th2) + sparsity mean_n |G_pos,n|, the norm over positions."""

    positive_threshold: float = biossl.option(0.0, "goodness of an image beside itself is to be above it")
    negative_threshold: float = biossl.option(1.0, "goodness of two images is to be below it")
    sparsity: float = biossl.option(1e-3, "weight of the norm of the positive goodness")

    abbreviation = "SCFF"
    sends_errors = False
    plausibility = biossl.Plausibility(plain_arithmetic=False)

    def start(self, setup):
        self.seed, self.encoder = setup.seed, setup.convolutions()

    def step(self, images, context):
        pairs, loss = len(images) // 2, 0.0
        random = biossl.Random(self.seed, "scff.shift", context.epoch, context.batch)
        by = 1 if pairs < 2 else 1 + random.below(pairs - 1)
        self.encoder.run(images)
        for layer in self.encoder.layers:
            x = layer.input.numpy()
            beside = np.concatenate([2 * x, x + np.roll(x, -by, axis=0)])
            its_loss, error = self.errors(np.maximum(layer.drive(beside).numpy(), 0))
            layer.learn(beside, error, context.learning_rate)
            loss += its_loss
        return loss

    def errors(self, a):
        """The loss of responses relu(a), positive ones first, and its derivatives by a."""
        good = np.split(np.square(a).mean(axis=1, keepdims=True), 2)
        norm = np.sqrt(np.square(good[0]).sum(axis=(1, 2, 3), keepdims=True) + 1e-12)
        over = [self.positive_threshold - good[0], good[1] - self.negative_threshold]
        share = 1 / good[0].size
        loss = share * sum(np.logaddexp(0, it).sum() for it in over) + self.sparsity * norm.mean()
        slope = [share / (1 + np.exp(-it)) for it in over]
        slope[0] = self.sparsity / len(norm) * good[0] / norm - slope[0]
        return loss, 2 / a.shape[1] * a * np.concatenate(slope)
