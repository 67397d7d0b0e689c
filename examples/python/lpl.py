"""A local loss for the rule "local": latent predictive learning, Halvagal & Zenke 2023."""

import numpy as np

import biossl


@biossl.register("lpl_python", "views alike, variances kept up, covariances kept down (Halvagal & Zenke 2023)")
class Lpl(biossl.Loss):
    """On the pooled outputs z, z' of a block for the two views, D features, the two last terms averaged over views:
    L = mean (z - z')^2 + hebbian mean_i -log(var_i + epsilon) + decorrelation/(D^2 - D) sum_{i != j} cov_ij^2"""

    hebbian: float = biossl.option(1.0, "weight of the term that keeps variances up")
    decorrelation: float = biossl.option(10.0, "weight of the term that keeps covariances down")
    epsilon: float = biossl.option(1e-4, "added to a variance before its logarithm")

    head = "pooled"
    abbreviation = "LPL"
    plausibility = biossl.Plausibility(recent_activity=False, plain_arithmetic=False)

    def __post_init__(self):
        if self.epsilon <= 0:
            raise ValueError(f"epsilon = {self.epsilon} must be positive")

    def evaluate(self, a, b, context):
        if len(a) < 2:  # the short end of an epoch has no variance
            return 0.0, np.zeros_like(a), np.zeros_like(b)
        apart, (loss_a, error_a), (loss_b, error_b) = a - b, self.spread(a), self.spread(b)
        loss = np.square(apart).mean() + loss_a + loss_b
        return loss, 2 / a.size * apart + error_a, error_b - 2 / a.size * apart

    def spread(self, z):
        rows, features = z.shape
        hebbian, cross = self.hebbian / (2 * features), self.decorrelation / (2 * max(features * (features - 1), 1))
        centred = z - z.mean(axis=0)
        moments = centred.T @ centred / (rows - 1)
        variance = moments.diagonal() + self.epsilon
        np.fill_diagonal(moments, 0)
        slope = -2 * hebbian * np.diag(1 / variance) + 4 * cross * moments
        loss = -hebbian * np.log(variance).sum() + cross * np.square(moments).sum()
        return loss, centred @ slope.astype(z.dtype) / (rows - 1)
