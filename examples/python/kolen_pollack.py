"""A feedback path that learns: Kolen & Pollack 1994; Akrout et al. 2019."""

import biossl


@biossl.register("kolen_pollack_python", "drawn once, then changed by the increments of W; both decay")
class KolenPollack(biossl.Feedback):
    """F starts independent of W and receives the increments of W; both decay:
    W <- W + increment - lambda W,  F <- F + increment - lambda F.  So F - W shrinks by 1 - lambda in every step."""

    decay: float = biossl.option(1e-3, "lambda: the share that W and F lose in each step, whatever the learning rate")

    abbreviation = "KP"
    plausibility = biossl.Plausibility(
        account="Errors descend over weights of their own that learn from the same activity and error."
    )

    def __post_init__(self):
        if not 0 <= self.decay < 1:
            raise ValueError(f"decay = {self.decay} must lie in [0, 1)")

    def start(self, W, random, bound):
        self.F = random.uniform(W.shape, bound)

    def weights(self, W, steps):
        return self.F

    def after_update(self, increment):
        self.F *= 1 - self.decay
        self.F += increment

    def state(self):
        return {"weight": self.F}
