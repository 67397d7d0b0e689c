"""A feedback path of one's own: how exact must the way back be?"""

import biossl


@biossl.register("noisy_transpose_python", "the forward weights with fresh noise on them")
class NoisyTranspose(biossl.Feedback):
    """F = W + noise R, with R drawn anew after every step from the distribution that W was drawn from. noise = 0 is
    backpropagation bit for bit. Keyed by the step, the noise needs no place in a checkpoint."""

    noise: float = biossl.option(0.5, "root mean square of the noise, as a part of that of W at the start")

    plausibility = biossl.Plausibility(
        separate_weights=False, account="Errors descend over a noisy reading of the forward weights."
    )

    def __post_init__(self):
        if self.noise < 0:
            raise ValueError(f"noise = {self.noise} may not be negative")

    def start(self, W, random, bound):
        self.random, self.bound = random, bound

    def weights(self, W, steps):
        if self.noise == 0:
            return W
        return W + self.noise * self.random.of_epoch(steps).uniform(W.shape, self.bound)
