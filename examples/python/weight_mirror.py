"""A feedback path that learns between the steps: weight mirrors, Akrout et al. 2019."""

import biossl


@biossl.register("weight_mirror_python", "learns from noise between the steps to point along W (Akrout et al. 2019)")
class WeightMirror(biossl.Feedback):
    """Between two learning steps noise n, standard normal, drives the layer; its outputs y = W n say what W is:
    F <- F + eta mean(y (x) n) - lambda F,  the mean over samples and positions."""

    rate: float = biossl.option(0.02, "eta: step size of F; rate / mirror_decay is its scale beside W")
    mirror_decay: float = biossl.option(0.02, "lambda: the share of itself that F loses in each step")
    samples: int = biossl.option(50, "noise images after each learning step")

    abbreviation = "WM"
    plausibility = biossl.Plausibility(
        account="Errors descend over weights of their own that mirror what noise does in the layer."
    )

    def __post_init__(self):
        if not (self.rate >= 0 and 0 <= self.mirror_decay < 1 and self.samples >= 1):
            raise ValueError(f"rate = {self.rate}, mirror_decay = {self.mirror_decay}, samples = {self.samples}")

    def start(self, W, random, bound):
        self.random, self.F = random, random.uniform(W.shape, bound)

    def weights(self, W, steps):
        return self.F

    def between_steps(self, layer, context):
        noise = self.random.of_epoch((1 + context.epoch) << 16 ^ context.batch).normal((self.samples, *layer.input_map))
        seen = layer.correlate(noise, layer.drive(noise))
        terms = self.samples * layer.output_map[1] * layer.output_map[2]
        self.F *= 1 - self.mirror_decay
        self.F += self.rate / terms * seen

    def state(self):
        return {"weight": self.F}
