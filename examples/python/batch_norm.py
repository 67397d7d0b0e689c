"""A kind of block that needs the whole batch: batch normalisation, Ioffe & Szegedy 2015."""

import numpy as np

import biossl


@biossl.register("batch_norm_python", "each channel standardised over the batch, then scaled and shifted")
class BatchNorm(biossl.Block):
    """Over all images and positions, channel by channel: n = (x - mean) / sqrt(var + epsilon), y = scale n + shift."""

    affine: bool = biossl.option(True, "whether each channel has a scale and a shift that learn")
    epsilon: float = biossl.option(1e-5, "added to a variance before its root divides")
    momentum: float = biossl.option(0.1, "the share of a batch in the running mean and variance")

    needs_whole_batch = True

    def start(self, setup):
        self.kept, self.learnt = [setup.map], setup.parameters(2 * setup.map[0])
        self.learnt.values[: setup.map[0]] = 1
        self.mean, self.var = np.zeros(setup.map[0], np.float32), np.ones(setup.map[0], np.float32)

    def forward(self, x, training):
        if training:
            self.batch_mean, self.batch_var = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))
        mean, var = (self.batch_mean, self.batch_var) if training else (self.mean, self.var)
        n = (x - wide(mean)) / np.sqrt(wide(var) + self.epsilon)
        scale, shift = np.split(self.learnt.values, 2)
        return wide(scale) * n + wide(shift), n

    def backward(self, step, sends):
        n, error = step.kept[0], step.error
        self.sums = np.concatenate([(error * n).sum(axis=(0, 2, 3)), error.sum(axis=(0, 2, 3))])
        products, errors = np.split(self.sums / (error.size // error.shape[1]), 2)
        rate = self.learnt.values[: len(errors)] / np.sqrt(self.batch_var + self.epsilon)
        return wide(rate) * (error - wide(errors) - n * wide(products)) if sends else None

    def learn(self, step, options):
        for running, now in ((self.mean, self.batch_mean), (self.var, self.batch_var)):
            running += self.momentum * (now - running)
        if self.affine:
            self.learnt.learn(self.sums, options)

    def state(self):
        return {"running_mean": self.mean, "running_var": self.var}


def wide(channels):
    return channels[:, np.newaxis, np.newaxis]
