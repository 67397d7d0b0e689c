"""Feedback paths written in Python."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from .component import Component, described


class Feedback(Component):
    """The path that an error takes down across one layer: error of the inputs = F^T error of the outputs. Each layer
    has an object of its own. Weights are shown (O, I, K, K), of a linear layer (O, I); float32."""

    _kind: ClassVar[str] = "feedback path"
    _register: ClassVar[str] = "register_feedback"

    #: lambda: the share of themselves that W, its bias and F lose in each step. The optimiser takes it from W; a path
    #: with weights of its own takes it from F in `after_update`.
    decay: float = 0.0

    def start(self, W: np.ndarray, random: Any, bound: float) -> None:
        """Called once, before the first step. W: the forward weights as they start, read-only and live. random: the
        layer's own stream, a `biossl.Random`. bound: of the uniform distribution that W was drawn from."""

    def weights(self, W: np.ndarray, steps: int) -> np.ndarray:
        """F, of W's shape, for W as it is after so many steps. It follows from these and `state` alone: it may be
        asked for at any time, more than once or not at all. It is taken over once after each change."""
        raise NotImplementedError(f"{type(self).__name__} has no method weights(self, W, steps)")

    def after_update(self, increment: np.ndarray) -> None:
        """A path that has this method learns with W: W has become W + increment - decay W."""

    def between_steps(self, layer: Any, context: Any) -> None:
        """Called between two learning steps. layer.drive(pre) gives W pre, layer.correlate(pre, post) the sum of post
        (x) pre of W's shape; layer.input_map and layer.output_map are (C, H, W)."""

    def _properties(self) -> tuple[float, bool, bool]:
        return float(self.decay), self._overrides("after_update"), self._overrides("between_steps")

    def _weights(self, W: np.ndarray, steps: int) -> np.ndarray:
        F = self._activity(self.weights(W, steps), "weights")
        if F.shape != W.shape:
            raise self._refusal(f"weights returned {described(F)} where F of W's shape, {W.shape}, belongs")
        if not np.isfinite(F).all() and np.isfinite(W).all():
            raise RuntimeError(f"[{self._label()}] weights returned NaN or infinite numbers as F after {steps} steps")
        return F
