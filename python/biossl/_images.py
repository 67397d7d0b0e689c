"""Images as NumPy arrays, as the engine takes them."""

from __future__ import annotations

import os
from collections.abc import Mapping

import numpy as np

from ._arguments import into_unit, shown, span
from ._engine import core

__all__ = ["as_array", "as_bytes", "as_input", "as_labels", "with_channels"]

_EXPECTED = "(N, H, W, C), or (N, H, W) without colours"
#: Numbers of colours that are common: a short axis of this length holds them.
_COLOURS = (1, 3, 4)
#: The most channels that the engine takes.
_MOST_CHANNELS = 16


def as_array(it, what: str) -> np.ndarray:
    """Anything array-like on the host: NumPy's, or of whoever speaks DLPack (PyTorch, JAX, CuPy on the CPU)."""
    if isinstance(it, np.ma.MaskedArray):
        raise ValueError(f"{what} are a masked array, and there is no way to leave pixels out; fill them: filled(0)")
    if isinstance(it, np.ndarray):
        return it
    if it is None or isinstance(it, (str, bytes, os.PathLike, Mapping, core.Recipe)):
        raise TypeError(f"{what} = {shown(it)}; an array is expected")
    if hasattr(it, "detach"):  # a PyTorch tensor that has a gradient refuses DLPack
        it = it.detach()
    if hasattr(it, "__dlpack__"):
        try:
            return np.from_dlpack(it)
        except (BufferError, RuntimeError, TypeError) as refused:
            raise ValueError(f"{what}: {_to_host(it)} ({refused})") from None
    try:
        return np.asarray(it)
    except ValueError:
        raise ValueError(f"{what} are no array: they differ in their shapes; bring them to one") from None


def _to_host(it) -> str:
    """What lets NumPy read an array of another package."""
    if getattr(getattr(it, "device", None), "type", "cpu") == "cpu" and hasattr(it, "layout"):  # PyTorch's
        if str(it.layout) != "torch.strided":
            return f"NumPy has no arrays of layout {it.layout}; use .to_dense()"
        return f"NumPy has no {it.dtype}; use .float()"
    return "the array must be in the memory of the host"


def _has_colours_last(shape: tuple[int, ...]) -> bool:
    """Whether a shape is one of (H, W, C), beyond reasonable doubt."""
    return shape[2] in _COLOURS and shape[1] > max(_COLOURS)


def _has_colours_second(shape: tuple[int, ...]) -> bool:
    """Whether a shape is one of (N, C, H, W), beyond reasonable doubt."""
    _, second, third, last = shape
    return second in _COLOURS and last > max(_COLOURS) and (last > _MOST_CHANNELS or third == last)


def with_channels(images: np.ndarray, known: tuple[int, ...] | None = None) -> np.ndarray:
    """(N, H, W, C). known: (H, W, C) that is expected, which decides where a shape could mean two things."""
    shape = images.shape
    if images.ndim == 3 and (*shape[1:], 1) != known and (shape == known or _has_colours_last(shape)):
        raise ValueError(
            f"images of shape {shape} look like one image (H, W, C), and (N, H, W, C) is expected; "
            "images[numpy.newaxis] makes a batch of it, images[..., numpy.newaxis] is (N, H, W) with its one colour"
        )
    if images.ndim == 3:
        images = images[..., np.newaxis]
    if images.ndim != 4:
        hint = "; images[numpy.newaxis] makes a batch of one" if images.ndim == 2 else ""
        raise ValueError(f"images must be {_EXPECTED}, not {shape}{hint}")
    if 0 in images.shape[1:]:
        raise ValueError(f"images of shape {shape} have no pixels")
    if images.shape[1:] != known and _has_colours_second(images.shape):
        raise ValueError(
            f"images of shape {shape} look like (N, C, H, W), and (N, H, W, C) is expected; "
            "images.transpose(0, 2, 3, 1) makes it of them"
        )
    return images


def as_bytes(images) -> np.ndarray:
    """(N, H, W, C) uint8, contiguous. Such an array is returned itself. Numbers in [0,1] become 0 .. 255, rounded."""
    images = with_channels(as_array(images, "images"))
    if images.dtype == np.uint8:
        return np.ascontiguousarray(images)
    return np.ascontiguousarray(np.rint(_unit(images) * 255), dtype=np.uint8)


def as_input(images, known: tuple[int, ...] | None = None) -> np.ndarray:
    """(N, H, W, C), uint8 or float32 in [0,1], contiguous. Such an array is returned itself.

    known: (H, W, C) that is expected; other shapes are not refused."""
    images = with_channels(as_array(images, "images"), known)
    if images.dtype == np.uint8:
        return np.ascontiguousarray(images)
    return np.ascontiguousarray(_unit(images), dtype=np.float32)


def _as_unit_hint(images: np.ndarray) -> str:
    """How numbers of another type become such that are taken."""
    if not (np.issubdtype(images.dtype, np.integer) or images.dtype == bool) or not images.size:
        return ""
    least, most = images.min(), images.max()
    if least >= 0 and most <= 1:
        return "; these are 0 and 1: images.astype(float)"
    if least >= 0 and most <= 255:
        return "; these lie in 0 to 255: images.astype(numpy.uint8)"
    return f"; these go from {least} to {most}: scale them"


def _unit(images: np.ndarray) -> np.ndarray:
    if not np.issubdtype(images.dtype, np.floating):
        raise ValueError(f"images must be uint8, or real numbers in [0,1], not {images.dtype}{_as_unit_hint(images)}")
    if images.size:
        least, most = images.min(), images.max()
        if not np.isfinite([least, most]).all():
            count = images.size - np.count_nonzero(np.isfinite(images))
            raise ValueError(f"images must be finite numbers, and {count} of {images.size} are NaN or infinite")
        if not (least >= 0 and most <= 1):
            gone = f"these go {span(least, most)}; {into_unit(least, most)}"
            raise ValueError(f"images of real numbers must lie in [0,1], {gone}")
    return images


def as_labels(labels, count: int) -> tuple[list[int], list[str]]:
    """Labels of any kind as numbers from 0 on, and the names of the classes, sorted."""
    labels = as_array(labels, "labels")
    if labels.shape == (count, 1):
        labels = labels[:, 0]
    if labels.shape != (count,):
        raise ValueError(f"labels must be ({count},), one for each image, not {labels.shape}")
    if np.issubdtype(labels.dtype, np.floating) and not np.isfinite(labels).all():
        raise ValueError("labels must be finite numbers, or names; some are NaN or infinite")
    classes, numbers = np.unique(labels, return_inverse=True)
    return numbers.astype(np.int32).tolist(), [str(name) for name in classes]
