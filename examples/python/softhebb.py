"""A rule without loss and error: SoftHebb, Journe et al. 2023."""

import numpy as np

import biossl


@biossl.register("softhebb_python", "no error at all: Hebbian learning with a soft winner (Journe et al. 2023)")
class SoftHebb(biossl.LearningRule):
    """At every position u = W x and p = softmax over the channels of t u. The winner's y is its p, the others' is -p:
    dW_k = sum y_k (x - u_k W_k).  Take "sgd" without momentum; let "standardize" stand before each convolution."""

    sharpness: float = biossl.option(1.0, "t: p = softmax over the channels of t u")
    scale: float = biossl.option(25.0, "about the length of each unit's weights at the start, which are drawn normal")
    rate_power: float = biossl.option(0.5, "a unit's rate is | |W_k| - 1 | to this power, times the learning rate")

    abbreviation = "SoftHebb"
    sends_errors = False
    plausibility = biossl.Plausibility(plain_arithmetic=False)

    def start(self, setup):
        self.encoder = setup.convolutions()
        for layer in self.encoder.layers:
            spread = self.scale / np.sqrt(layer.weight[0].size)
            random = biossl.Random(setup.seed, "softhebb.start", layer.block)
            layer.weight = random.normal(layer.weight.shape, spread)

    def step(self, images, context):
        self.encoder.run(images)
        for layer in self.encoder.layers:
            u = layer.drive(layer.input).numpy()
            top = u.max(axis=1, keepdims=True)
            p = np.exp(self.sharpness * (u - top))
            p /= p.sum(axis=1, keepdims=True)
            y = np.where(u == top, p, -p)
            decay = np.einsum("nchw,nchw->c", u, y)
            layer.learn(layer.input, -y, context.learning_rate, unit_decay=decay, rate_power=self.rate_power)
        return 0.0
