"""Losses written in Python."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from .._arguments import shown
from .component import Component, described


class Loss(Component):
    """A function of the embeddings of pairs of views that is to become small, and its derivative, the error.

    A class has `evaluate`, or `evaluate_patches` where it compares the patches of one image. Every head has a loss of
    its own. The constants below may be properties where they depend on the options.
    """

    _kind: ClassVar[str] = "loss"
    _register: ClassVar[str] = "register_loss"

    #: The kind of head that makes its embeddings, where the recipe names none.
    head: str = "linear"
    #: How many predictions it needs of a head that predicts several vectors from an output.
    predictions: int = 1
    #: Whether no error reaches view 0 (the gradient block): nothing is sent back for it.
    stops_gradient: bool = False
    #: Number of earlier images that a pair's error depends on; -1: the whole batch. With a number a batch may come in
    #: micro-batches; that needs stops_gradient, and `evaluate` returns one loss a pair.
    memory_span: int = -1
    #: Whether it reads context.labels: it is supervised.
    reads_labels: bool = False
    #: Whether an embedding needs one number for each class.
    one_output_per_class: bool = False
    #: False where the errors are not the derivative of the loss, as behind a stop-gradient.
    is_differentiable: bool = True

    def start(self, setup: Any) -> None:
        """Called once. setup: batch (the largest number of pairs B), features (D), seed, block, and of a loss that
        compares patches views, rows and columns."""

    def evaluate(self, a: np.ndarray, b: np.ndarray, context: Any) -> tuple[Any, Any, Any]:
        """The loss of B pairs and its derivatives by both views: (loss, error_a, error_b).

        a, b: (B, D) float32, the embeddings of view 0 and view 1; row i of both is a pair. They share the engine's
            memory until the end of the call and are read-only. B may be smaller than setup.batch.
        context: epoch, batch, learning_rate, block, and labels (B) if the loss reads them.

        loss: a number, the sum over the batch as the loss defines it, or one number a pair, (B), which is summed.
        error_a, error_b: (B, D), NumPy's or of whoever speaks DLPack. error_a is None where stops_gradient.
        """
        raise NotImplementedError(f"{type(self).__name__} has no method evaluate(self, a, b, context)")

    def evaluate_patches(self, patches: np.ndarray, context: Any) -> tuple[Any, Any]:
        """For a loss that compares patches: (loss, error) of (V, B, rows, columns, D), V views of B images, each cut
        into rows x columns patches. The error has the same shape."""
        raise NotImplementedError

    @classmethod
    def _traits(cls) -> dict[str, Any]:
        return {"compares_patches": cls._overrides("evaluate_patches")}

    def _begin(self, setup: Any) -> tuple:
        self._patches = (setup.views, setup.rows, setup.columns) if self._overrides("evaluate_patches") else None
        self.start(setup)
        self._stops = bool(self.stops_gradient)
        if not isinstance(self.head, str):
            raise self._refusal(f"head = {shown(self.head)}; the name of a kind of head is expected")
        return (
            self.head,
            self._whole(self.predictions, "predictions", 1),
            self._stops,
            self._whole(self.memory_span, "memory_span", -1),
            bool(self.reads_labels),
            bool(self.one_output_per_class),
            bool(self.is_differentiable),
        )

    def _evaluate(self, embeddings: np.ndarray, errors: np.ndarray, context: Any) -> tuple[float, float]:
        """Writes the errors; returns the loss and the number of rows of view 1 that have one."""
        if self._patches:
            return self._evaluate_patches(embeddings, errors, context)
        pairs, earlier = len(embeddings) // 2, context.earlier_pairs
        made = self.evaluate(embeddings[:pairs], embeddings[pairs:], context)
        loss, error_a, error_b = self._parts(made, "evaluate", "(loss, error_a, error_b)")
        if (error_a is None) != self._stops:
            raise self._refusal("evaluate returns None as error_a exactly where the loss says stops_gradient")
        if error_a is not None:
            self._put(errors[:pairs], error_a, "error_a")
        self._put(errors[pairs + earlier :], error_b, "error_b", earlier)
        total = self._sum(loss, pairs, earlier)
        self._require_finite(embeddings, errors[0 if error_a is not None else pairs + earlier :], total, context)
        return total, float(np.count_nonzero(errors[pairs + earlier :].any(axis=1)))

    def _evaluate_patches(self, embeddings: np.ndarray, errors: np.ndarray, context: Any) -> tuple[float, float]:
        views, rows, columns = self._patches
        shape = (views, -1, rows, columns, embeddings.shape[1])
        shown, patches = errors.reshape(shape), embeddings.reshape(shape)
        loss, error = self._parts(self.evaluate_patches(patches, context), "evaluate_patches", "(loss, error)")
        self._put(shown, error, "the error")
        total = self._sum(loss, patches.shape[1], 0)
        self._require_finite(embeddings, errors, total, context)
        return total, float(np.count_nonzero(shown[-1].any(axis=(1, 2, 3))))

    def _put(self, target: np.ndarray, made: Any, what: str, first: int = 0) -> None:
        error = self._numbers(made, what)
        shape = (first + len(target), *target.shape[1:])
        if error.shape != shape:
            raise self._refusal(f"{what} is {error.shape} where {shape} belongs")
        target[...] = error[first:]

    def _sum(self, made: Any, count: int, earlier: int) -> float:
        """The loss of a batch: a number, or the sum of one number a pair behind the earlier ones."""
        if earlier == 0 and isinstance(made, float):
            return made
        loss = self._numbers(made, "the loss")
        if loss.shape == (count,):
            return float(loss[earlier:].sum())
        if earlier > 0:
            raise self._refusal(f"a loss with a memory_span returns one loss a pair, ({count},), not {described(made)}")
        if loss.size != 1:
            raise self._refusal(f"the loss is {described(made)} where a number, or one a pair, ({count},), belongs")
        return float(loss.reshape(()))

    def _require_finite(self, embeddings: np.ndarray, errors: np.ndarray, loss: float, context: Any) -> None:
        """A network that has diverged is told elsewhere: here the embeddings are in order."""
        wrong = f"a loss of {loss}" if not math.isfinite(loss) else "errors with NaN or infinite numbers"
        if math.isfinite(loss) and np.isfinite(errors).all() or not np.isfinite(embeddings).all():
            return
        largest = np.abs(embeddings).max()
        raise self._not_finite(f"made {wrong} of finite embeddings (up to {largest:.3g})", context)
