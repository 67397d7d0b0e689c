"""A trained network that turns images into numbers."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from . import _images, recipes
from ._arguments import Layers, as_block, as_device, as_path, as_shape
from ._engine import core
from .progress import reporter

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from torch import nn

    from .torch import TorchEncoder

__all__ = ["Encoder"]


class Encoder:
    """The network of a run or a checkpoint, for reading.

        features = encoder(images)             # the last block's output, (N, C, H, W) float32
        features = encoder(images, block=0)    # another block's
        embeddings = encoder.embed(images)     # what the loss compared, (N, D)

    Args:
        path: A run directory, whose newest checkpoint is read, or a checkpoint's file.
        precision: What is computed with, "float32" or "bfloat16", which takes half the memory and is faster where
            "auto" would choose it: AMD with AVX-512 BF16, Intel with AMX.
        device: "cpu", "cuda", or "reference".
    """

    def __init__(self, path: str | os.PathLike, precision: str = "float32", device: str = "cpu"):
        if precision not in ("float32", "bfloat16"):
            raise ValueError(f"precision = {precision!r}; use 'float32' or 'bfloat16'")
        self._take(core.Encoder(as_path(path, "path"), precision, as_device(device)), precision, device)

    def _take(self, engine, precision: str, device: str) -> None:
        self._core = engine
        self._setting = (precision, device)
        self._path = os.path.abspath(engine.path) if os.fspath(engine.path) not in ("", ".") else ""
        self._epochs = engine.epochs

    @classmethod
    def untrained(
        cls,
        recipe: recipes.RecipeLike = "quick",
        set: Mapping | None = None,
        *,
        seed: int | None = None,
        image_shape: tuple[int, int, int] | None = None,
        device: str = "cpu",
    ) -> Encoder:
        """The network of a recipe with its starting weights, and the heads that its rule puts on it.

        image_shape: (H, W, C) of the images to learn from; None: those of the recipe's data set.
        """
        encoder = cls.__new__(cls)
        shape = () if image_shape is None else as_shape(image_shape, "image_shape")
        engine = core.Encoder(recipes.recipe(recipe, set, seed), shape, as_device(device))
        encoder._take(engine, "float32", device)
        return encoder

    @classmethod
    def from_torch(
        cls,
        module: nn.Module,
        recipe: recipes.RecipeLike,
        set: Mapping | None = None,
        *,
        seed: int | None = None,
        image_shape: tuple[int, int, int] | None = None,
        device: str = "cpu",
    ) -> Encoder:
        """The network of a recipe with the weights of a PyTorch module: the tensors of its state_dict(), in order, must
        have the shapes of those of `weights()`. A module without heads may lack theirs, which then start as drawn.

        recipe, set, seed, image_shape: as for `untrained`. Raises ValueError that names the first tensor which does not
        match. `save` writes a checkpoint, from which `train.from` starts a run.
        """
        from .torch import take_weights

        encoder = cls.untrained(recipe, set, seed=seed, image_shape=image_shape, device=device)
        take_weights(encoder, module)
        return encoder

    def to_torch(self, heads: bool = True) -> TorchEncoder:
        """The same network as a `torch.nn.Module`, with copies of the weights: see `biossl.torch.TorchEncoder`.

        heads: whether the heads come along. Raises ValueError that names a kind of block or head which is none of
        biossl's own.
        """
        from .torch import TorchEncoder

        return TorchEncoder(self.structure(), self.weights(), heads)

    @property
    def path(self) -> str:
        """The checkpoint's file; "" of a network that came from no file."""
        return self._path

    @property
    def epochs(self) -> int:
        """Epochs of training behind it."""
        return self._epochs

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
        return Layers(self._core.layers())

    def structure(self) -> dict:
        """What the network is made of, for those who build the same one elsewhere.

        image: (H, W, C). mean, std: the first block sees (x - mean) / std of numbers x in [0,1]. blocks, heads: a dict
        each, with name ("blocks.0"), kind and options (the keys of a recipe); of a block its output (C, H, W), of a
        head the block that it stands on, and the number of predictions that the loss asks for.
        """
        return self._core.structure()

    def weights(self) -> dict[str, np.ndarray]:
        """Copies of all weights by name, in PyTorch's layout: convolutions (O, I, K, K), linear layers over a map
        (O, C*H*W) in the order (C, H, W). Names and shapes are those of the checkpoint."""
        return {name: np.array(array, order="C").reshape(shape) for name, array, shape in self._core.weights()}

    def set_weights(self, weights: Mapping[str, np.ndarray]) -> None:
        """Copies weights into the network, under the names and in the shapes of `weights()`. ValueError for others."""
        if not isinstance(weights, Mapping):
            raise TypeError(f"weights of the type {type(weights).__name__}; a dict as weights() gives it is expected")
        shown = {name: (array.shape, shape) for name, array, shape in self._core.weights()}
        for name, values in weights.items():
            values = np.asarray(values)
            if name not in shown:
                raise ValueError(f"the network has no weights '{name}'{core.suggestion(str(name), list(shown))}")
            as_map, shape = shown[name]
            if values.shape != shape:
                raise ValueError(f"weights '{name}' have the shape {values.shape}, the network's have {shape}")
            if not np.isfinite(values).all():
                raise ValueError(f"weights '{name}' hold numbers that are NaN or infinite")
            self._core.set_weights(name, values.astype(np.float32).reshape(as_map))

    def save(self, path: str | os.PathLike) -> None:
        """Writes a checkpoint of the weights as they are now. `Encoder(path)` reads it, and a run starts from it with
        `set={"train.from": path}`; optimisers and feedback paths then start anew."""
        self._core.save(as_path(path, "path"))

    def output_shape(self, block: int | None = None) -> tuple[int, int, int]:
        """(C, H, W) of a block's output for one image; without a block, of the last one."""
        height, width, channels = self._core.output_shape(self._block(block))
        return channels, height, width

    def __call__(self, images: ArrayLike, block: int | None = None, progress: bool = True) -> np.ndarray:
        """A block's output for each image, (N, C, H, W) float32; without a block, the last one's. Negative numbers
        count from the last.

        Args:
            images: (N, H, W, C), or (N, H, W) without colours; uint8, or real numbers in [0,1]. Contiguous uint8 and
                float32 arrays, and what DLPack hands over of such, are read in place.
            block: Its number from 0, or from -1 down.
            progress: Shows it where it takes long.

        The result is an array with strides over memory in the order (N, H, W, C); numpy.ascontiguousarray copies it
        into the order of its axes.
        """
        return self._encode(images, self._block(block), progress)

    def embed(self, images: ArrayLike, progress: bool = True) -> np.ndarray:
        """The embeddings of the last head, (N, D) float32: what the loss compared in training."""
        if not self._core.has_head(self.depth - 1):
            raise ValueError("this checkpoint has no head on its last block; read a block's output: encoder(images)")
        return self._encode(images, None, progress)

    def _encode(self, images: ArrayLike, block: int | None, progress: bool) -> np.ndarray:
        pixels = _images.as_input(images, self.image_shape)
        return self._core.encode(pixels, block, reporter(progress, lasting=False))

    def _block(self, block: int | None) -> int:
        return as_block(block, self.depth)

    def __getstate__(self):
        with tempfile.TemporaryDirectory(prefix="biossl-") as folder:
            file = Path(folder) / "encoder.safetensors"
            self.save(file)
            weights = file.read_bytes()
        return {"checkpoint": weights, "setting": self._setting, "path": self._path, "epochs": self._epochs}

    def __setstate__(self, state):
        with tempfile.TemporaryDirectory(prefix="biossl-") as folder:
            file = Path(folder) / "encoder.safetensors"
            file.write_bytes(state["checkpoint"])
            self.__init__(file, *state["setting"])
        self._path, self._epochs = state["path"], state["epochs"]

    def __repr__(self) -> str:
        height, width, channels = self.image_shape
        images = f"images of {height}x{width}x{channels}"
        said = f"{self.recipe.name!r}: {self.depth} blocks, {images}, {self.epochs} epochs"
        return f"Encoder({said}, {self.path!r})" if self.path else f"Encoder({said})"
