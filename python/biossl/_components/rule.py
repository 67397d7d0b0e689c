"""Learning rules written in Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from .._arguments import as_whole, shown
from .component import Component, described
from .retelling import retold


class LearningRule(Component):
    """Decides which block learns, when, and from which error. `start` makes the parts that the rule works with, `step`
    sets them to work. What a step makes layers learn is applied together at its end. The state of the parts is kept
    with the rule's own. A rule lives no longer than the training that it belongs to."""

    _kind: ClassVar[str] = "learning rule"
    _register: ClassVar[str] = "register_rule"
    _taken: ClassVar[tuple[str, ...]] = ("kind", "feedback")

    #: False: nothing learns; neither loss nor feedback path matters.
    learns: bool = True
    #: False: errors cross no layer of the encoder, so its feedback path is not used.
    sends_errors: bool = True
    #: Whether it takes batches in micro-batches, as block_range and layerwise of its setup do.
    micro_batches: bool = False

    def start(self, setup: Any) -> None:
        """Called once. setup: batch (the largest number of pairs), epochs, seed, depth, micro_batch, and what parts are
        made of: block_range, layerwise, direct_feedback, slow_copy, encoder_pass, convolutions, head, loss,
        own_head."""
        raise NotImplementedError(f"{type(self).__name__} has no method start(self, setup)")

    def step(self, images: Any, context: Any) -> Any:
        """One batch: who learns, from what. images: a `Tensor` of 2B images, rows 0 .. B-1 view 0, the rest view 1.
        context: epoch, batch, learning_rate. Returns the loss of the batch, or (loss, active): active is the number of
        rows of view 1 whose error is not zero, at most B."""
        raise NotImplementedError(f"{type(self).__name__} has no method step(self, images, context)")

    def total_epochs(self) -> int:
        """Epochs of the whole run; by default the recipe's."""
        return self._epochs

    def schedule_epochs(self) -> int:
        """Epochs that a learning-rate schedule spans, before it starts again."""
        return self._whole(self.total_epochs(), "total_epochs", 1)

    def stage(self, epoch: int) -> str:
        """What learns in an epoch, for the reader: "block 1 of 0-4"."""
        return ""

    def measured_blocks(self, epoch: int) -> Sequence[int]:
        """The blocks whose health is measured after an epoch; none: all with a head."""
        return ()

    def sample_epochs(self) -> Sequence[int]:
        """Epochs whose first steps are one of each kind of step that the rule takes, for timing."""
        return (0,)

    @classmethod
    def _traits(cls) -> dict[str, Any]:
        return {"learns": bool(cls.learns), "sends_errors": bool(cls.sends_errors)}

    def _begin(self, setup: Any) -> None:
        if setup.micro_batch and not self.micro_batches:
            raise ValueError(f"micro_batch = {setup.micro_batch}: this rule takes whole batches; leave it at 0")
        self._epochs = setup.epochs
        with retold:
            self.start(setup)

    def _step(self, images: Any, context: Any) -> tuple[float, float]:
        with retold:
            made = self.step(images, context)
        pair = made if isinstance(made, (tuple, list)) else (made, len(images) // 2)
        if len(pair) != 2 or any(it is None for it in pair):
            raise self._refusal(f"step returned {described(made)} where the loss, or (loss, active), belongs")
        return self._number(pair[0], "the loss"), self._active(pair[1], len(images) // 2)

    def _active(self, made: Any, most: int) -> float:
        active = self._number(made, "the number of active rows")
        if not 0 <= active <= most:
            raise self._refusal(f"step returned {active:g} as the number of active rows; a batch has {most} pairs")
        return active

    def _measured_blocks(self, epoch: int) -> list[int]:
        return self._whole_numbers(self.measured_blocks(epoch), "measured_blocks")

    def _sample_epochs(self) -> list[int]:
        return self._whole_numbers(self.sample_epochs(), "sample_epochs")

    def _whole_numbers(self, made: Any, method: str) -> list[int]:
        try:
            return [as_whole(number, method) for number in made]
        except TypeError:
            raise self._refusal(f"{method} returned {shown(made)} where a list of whole numbers belongs") from None
