"""Heads written in Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from .component import Component
from .retelling import retold


class Head(Component):
    """Turns a block's output into the embeddings that a loss compares, and the error of the embeddings into the error
    of that output. Maps are (C, H, W), activities (N, C, H, W). Layers are made in `start`; a checkpoint keeps them."""

    _kind: ClassVar[str] = "head"
    _register: ClassVar[str] = "register_head"

    #: Numbers in an embedding; `start` may set it.
    features: int = 0
    #: False where an embedding is made of a pair of views, so that a single image has none.
    embeds_single_images: bool = True
    #: What it predicts, in place of making an embedding of each view: "a whole map from another"; "": nothing. If such
    #: a head has no options, a recipe that writes a linear head's is read with it too, and a note says that they
    #: change nothing.
    predicts: str = ""
    #: The other blocks whose outputs it reads; `start` may set it. No error returns to them. Needs the rule "local".
    reads_blocks: Sequence[int] = ()

    def start(self, setup: Any) -> None:
        """Called once. setup: map (C, H, W) of the block's output, block, maps (of all blocks), predictions, and
        setup.linear(outputs, inputs=map, bias=False), which makes a layer with forward, send_back and learn."""

    def forward(self, activity: np.ndarray, others: list[np.ndarray]) -> Any:
        """The embeddings (N, features) of a block's output. Rows 0 .. N/2-1 are view 0, the rest view 1. others: the
        outputs of reads_blocks."""
        raise NotImplementedError(f"{type(self).__name__} has no method forward(self, activity, others)")

    def backward(self, activity: np.ndarray, errors: np.ndarray, begin: int, end: int) -> Any:
        """The error (n, C, H, W) of n rows of the block's output, from the errors (n, features) of their embeddings,
        over the feedback paths of the head's layers. Comes before learn.

        activity: these n = end - begin rows alone. An array kept since forward has them at [begin:end], unless rows
            without an error have been left out since; what is worked out from this activity is right in either case.
        """
        raise NotImplementedError(f"{type(self).__name__} has no method backward(self, activity, errors, begin, end)")

    def learn(self, activity: np.ndarray, begin: int, end: int, options: Any) -> None:
        """The layers learn from these rows, which `backward` got; options is handed on to them."""

    def describe(self) -> str:
        """In a few words, for a table."""
        return self._name

    @classmethod
    def _traits(cls) -> dict[str, Any]:
        return {"predicts": cls.predicts}

    def _begin(self, setup: Any) -> tuple[int, bool, list[int]]:
        with retold:
            self.start(setup)
        if not isinstance(self.features, (int, np.integer)) or self.features < 1:
            raise self._refusal(f"features = {self.features!r}; start sets a whole number, at least 1")
        return int(self.features), bool(self.embeds_single_images), [int(block) for block in self.reads_blocks]

    def _forward(self, activity: np.ndarray, others: list[np.ndarray]) -> Any:
        with retold:
            made = self.forward(activity, others)
        return self._activity(made, "forward")

    def _backward(self, activity: np.ndarray, errors: np.ndarray, begin: int, end: int, sends: bool) -> Any:
        with retold:
            sent = self.backward(activity, errors, begin, end)
        return self._activity(sent, "backward") if sends else None

    def _description(self) -> str:
        return str(self.describe())
