"""A trained network that turns images into numbers."""

from __future__ import annotations

import os

import numpy as np

from . import _images
from ._engine import core
from .progress import reporter

__all__ = ["Encoder"]


class Encoder:
    """The network of a run or a checkpoint, for reading.

    features = encoder(images)             # the last block's output, (N, C, H, W) float32
    features = encoder(images, block=0)    # another block's
    embeddings = encoder.embed(images)     # what the loss compared, (N, D)

    path: a run directory, whose newest checkpoint is read, or a checkpoint's file.
    precision: what is computed with, "float32" or "bfloat16" (faster where the processor has AVX-512 BF16).
    """

    def __init__(self, path: str | os.PathLike, precision: str = "float32", device: str = "cpu"):
        if precision not in ("float32", "bfloat16"):
            raise ValueError(f"precision = {precision!r}; use 'float32' or 'bfloat16'")
        self._core = core.Encoder(os.path.expanduser(os.fspath(path)), precision, device)
        self._arguments = (os.path.abspath(self._core.path), precision, device)

    @property
    def path(self) -> str:
        """The checkpoint's file."""
        return str(self._core.path)

    @property
    def epochs(self) -> int:
        """Epochs of training behind it."""
        return self._core.epochs

    @property
    def recipe(self):
        """The recipe that it was trained by."""
        return self._core.recipe

    @property
    def depth(self) -> int:
        """Number of blocks."""
        return self._core.depth

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(H, W, C) that the network sees."""
        return self._core.image_shape

    @property
    def layers(self) -> dict:
        """The layers by name, "blocks.0", …: weight, bias, feedback as arrays that share the network's memory."""
        return {layer.name: layer for layer in self._core.layers()}

    def output_shape(self, block: int | None = None) -> tuple[int, int, int]:
        """(C, H, W) of a block's output for one image; without a block, of the last one."""
        height, width, channels = self._core.output_shape(self._block(block))
        return channels, height, width

    def __call__(self, images, block: int | None = None, progress: bool = True) -> np.ndarray:
        """A block's output for each image, (N, C, H, W) float32; without a block, the last one's. Negative numbers count
        from the last.

        images: (N, H, W, C), or (N, H, W) without colours; uint8, or real numbers in [0,1]. Contiguous uint8 and float32
        arrays, and what DLPack hands over of such, are read in place. The result is an array with strides over
        memory in the order (N, H, W, C); numpy.ascontiguousarray copies it into the order of its axes.
        """
        return self._core.encode(_images.as_input(images), self._block(block), reporter(progress, lasting=False))

    def embed(self, images, progress: bool = True) -> np.ndarray:
        """The embeddings of the last head, (N, D) float32: what the loss compared in training."""
        if not self._core.has_head(self.depth - 1):
            raise ValueError("this checkpoint has no head on its last block; read a block's output: encoder(images)")
        return self._core.encode(_images.as_input(images), None, reporter(progress, lasting=False))

    def _block(self, block: int | None) -> int:
        index = self.depth - 1 if block is None else int(block)
        if not -self.depth <= index < self.depth:
            raise ValueError(f"there is no block {block}; the network has blocks 0 to {self.depth - 1}")
        return index % self.depth

    def __getstate__(self):
        return self._arguments

    def __setstate__(self, state):
        self.__init__(*state)

    def __repr__(self) -> str:
        return f"Encoder({self.path!r}: {self.depth} blocks, {self.epochs} epochs)"
