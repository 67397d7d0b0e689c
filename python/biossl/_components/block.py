"""Kinds of block written in Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from .component import Component, described
from .retelling import retold


class Block(Component):
    """One stage of the encoder. Maps are (C, H, W), activities (N, C, H, W). Layers are made in `start`; a checkpoint
    keeps them. Images come in groups of any size, so nothing of an image is kept in the object between forward and
    backward: forward returns what learning needs."""

    _kind: ClassVar[str] = "block"
    _register: ClassVar[str] = "register_block"

    #: (C, H, W) of the output; `start` sets it unless it is that of the input.
    output_map: tuple[int, int, int] | None = None
    #: The maps, of one image, that forward returns behind the output for learning.
    kept: Sequence[tuple[int, int, int]] = ()
    #: Whether an image's output depends on the other images of the batch.
    needs_whole_batch: bool = False

    def start(self, setup: Any) -> None:
        """Called once. setup: map (C, H, W) of the input; setup.convolution(channels, inputs=map, name, activation,
        bias, kernel, stride, padding), which makes a layer with output_map, forward(pre), backward(pre, post, error,
        sends) and learn(options); setup.parameters(count), numbers with values and learn(update, options)."""

    def forward(self, x: np.ndarray, training: bool) -> Any:
        """The output, or (output, kept, …) with the maps that learning needs."""
        raise NotImplementedError(f"{type(self).__name__} has no method forward(self, x, training)")

    def backward(self, step: Any, sends: bool) -> Any:
        """Takes the error of the output to the block's layers, and if it sends, over their feedback paths to the input,
        whose error it returns. step: input, output, kept, error. Comes before learn, with the same rows."""
        raise NotImplementedError(f"{type(self).__name__} has no method backward(self, step, sends)")

    def learn(self, step: Any, options: Any) -> None:
        """The layers learn; options is handed on to them."""

    def describe(self) -> str:
        """In a few words, for a table."""
        return self._name

    def _begin(self, setup: Any) -> tuple[tuple[int, int, int], list[tuple[int, int, int]], bool]:
        with retold:
            self.start(setup)
        output = setup.map if self.output_map is None else self.output_map
        kept = [self._extents(it, "a map in kept", "(C, H, W)") for it in self.kept]
        return self._extents(output, "output_map", "(C, H, W)"), kept, bool(self.needs_whole_batch)

    def _forward(self, x: np.ndarray, training: bool) -> list[Any]:
        with retold:
            made = self.forward(x, training)
        parts = made if isinstance(made, (tuple, list)) else [made]
        if len(parts) != 1 + len(self.kept):
            kept = "".join(", kept" for _ in self.kept)
            raise self._refusal(
                f"forward returned {described(made)} where {f'(output{kept})' if kept else 'the output'} belongs"
            )
        return [self._activity(part, "forward") for part in parts]

    def _backward(self, step: Any, sends: bool) -> Any:
        with retold:
            sent = self.backward(step, sends)
        return self._activity(sent, "backward") if sends else None

    def _description(self) -> str:
        return str(self.describe())
