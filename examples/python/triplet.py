"""A loss of one's own: nearer than another, instead of nearer than a threshold."""

import numpy as np

import biossl


@biossl.register("triplet_python", "each view nearer to its own memory than to the one before it, by a margin")
class Triplet(biossl.Loss):
    """L = sum_i [margin + d(i,i) - d(i-1,i)]+, i = 1 .. B-1, with d(i,j) = sum_k |a_ik - b_jk| of memory a and current
    view b. The error of an active b_i is sign(b_i - a_i) - sign(b_i - a_{i-1}): additions and comparisons only."""

    margin: float = biossl.option(1.0, "by how much a view's own memory must be nearer than the one before it")

    stops_gradient = True

    def __post_init__(self):
        if self.margin <= 0:
            raise ValueError(f"margin = {self.margin} must be positive")

    def evaluate(self, a, b, context):
        own, other = b[1:] - a[1:], b[1:] - a[:-1]
        excess = self.margin + abs(own).sum(axis=1, dtype=float) - abs(other).sum(axis=1, dtype=float)
        error = np.zeros_like(b)
        error[1:] = (np.sign(own) - np.sign(other)) * (excess > 0)[:, np.newaxis]
        return np.maximum(excess, 0).sum(), None, error
