"""A loss of biossl's own again, to compare with: the contrastive hinge of Tang, Yang & Amit 2022."""

import numpy as np

import biossl


@biossl.register("contrastive_hinge_python", "contrastive hinge loss with recent negatives, in NumPy")
class ContrastiveHinge(biossl.Loss):
    """With d(i,j) = sum_k |a_ik - b_jk|:
    L = sum_j [d(j,j) - (threshold - margin)]+ + weight sum_{k = 1 .. recent} [threshold + margin - d(j-k,j)]+"""

    recent: int = biossl.option(4, "how many images back a negative may lie")
    weight: float = biossl.option(0.2, "weight of a negative's term")
    threshold: float = biossl.option(2.0, "what separates near from far")
    margin: float = biossl.option(1.0, "distance from it that pairs are to keep")

    stops_gradient = True

    @property
    def memory_span(self):
        return self.recent

    def evaluate(self, a, b, context):
        losses, errors = np.zeros(len(b)), np.zeros_like(b)
        for back in range(min(self.recent + 1, len(b))):
            apart = b[back:] - a[: len(a) - back]
            distance = abs(apart).sum(axis=1)
            near = back == 0
            excess = distance - self.threshold + self.margin if near else self.threshold + self.margin - distance
            weight = 1 if near else -self.weight
            losses[back:] += abs(weight) * np.maximum(excess, 0)
            errors[back:] += np.sign(apart) * np.where(excess > 0, weight, 0).astype(b.dtype)[:, np.newaxis]
        return losses, None, errors
