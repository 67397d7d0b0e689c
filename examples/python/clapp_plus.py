"""A loss for a head of one's own: CLAPP++, Wu et al. 2026, under the head of clapp_plus_head.py and the rule
"local"."""

import numpy as np

import biossl


@biossl.register("clapp_plus_python", "the block's output matches its prediction from the context (Wu et al. 2026)")
class ClappPlus(biossl.Loss):
    """With s(i, j) = <z_i, B c_j> over the rows of the batch, both views, and j another image, one cyclic shift for
    all:
    L = mean [1 - (s(i, i) - s(i, j))]+"""

    head = "clapp_plus_python"
    abbreviation = "CLAPP++"
    plausibility = biossl.Plausibility(recent_activity=False, plain_arithmetic=False)

    def start(self, setup):
        self.seed, self.block = setup.seed, setup.block

    def evaluate(self, a, b, context):
        pairs, size = len(a), a.shape[1] // 2
        random = biossl.Random(self.seed, "clapp_plus.negatives", context.epoch, context.batch, self.block)
        by = 0 if pairs < 2 else 1 + random.below(pairs - 1)
        both = np.stack([a, b])  # (view, image, z and B c)
        z, p = both[..., :size], both[..., size:]
        apart = np.roll(p, -by, axis=1) - p
        score = np.maximum(1 + (z * apart).sum(axis=2), 0)
        share = (score > 0).astype(z.dtype)[..., np.newaxis] / (-2 * pairs)
        d_matched = z * share  # of B c_i in s(i, i); of B c_j in s(i, j) it is the opposite
        errors = np.concatenate([-apart * share, d_matched - np.roll(d_matched, by, axis=1)], axis=2)
        return score.sum() / (2 * pairs), *errors
