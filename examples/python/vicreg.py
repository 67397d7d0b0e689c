"""A loss of moments of the whole batch: VICReg, Bardes, Ponce & LeCun 2022. Under the head "mlp"."""

import numpy as np

import biossl


@biossl.register("vicreg_python", "views alike, features spread and uncorrelated (Bardes, Ponce & LeCun 2022)")
class Vicreg(biossl.Loss):
    """L = inv mean (z - z')^2 + sum_views [var/2D sum_i max(0, 1 - sqrt(var_i + 1e-4)) + cov/D sum_{i != j}
    cov_ij^2]"""

    invariance: float = biossl.option(25.0, "weight of the mean squared distance between the two views")
    variance: float = biossl.option(25.0, "weight of the hinge that keeps each feature's deviation above 1")
    covariance: float = biossl.option(1.0, "weight of the squared covariances of different features")

    head = "mlp"
    abbreviation = "VICReg"
    plausibility = biossl.Plausibility(recent_activity=False, plain_arithmetic=False)

    def evaluate(self, a, b, context):
        if len(a) < 2:  # the short end of an epoch has no variance
            return 0.0, np.zeros_like(a), np.zeros_like(b)
        share, apart = self.invariance / a.size, a - b
        (loss_a, error_a), (loss_b, error_b) = self.spread(a), self.spread(b)
        loss = share * np.square(apart).sum() + loss_a + loss_b
        return loss, 2 * share * apart + error_a, error_b - 2 * share * apart

    def spread(self, z):
        """The terms of one view, and their derivative."""
        rows, features = z.shape
        hinge, cross = self.variance / (2 * features), self.covariance / features
        centred = z - z.mean(axis=0)
        moments = centred.T @ centred / (rows - 1)
        deviation = np.sqrt(moments.diagonal() + 1e-4)
        np.fill_diagonal(moments, 0)
        slope = 2 * np.diag(-hinge / 2 * (deviation < 1) / deviation) + 4 * cross * moments
        loss = hinge * np.maximum(1 - deviation, 0).sum() + cross * np.square(moments).sum()
        return loss, centred @ slope.astype(z.dtype) / (rows - 1)
