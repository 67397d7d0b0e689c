"""Images as NumPy arrays, as the engine takes them."""

from __future__ import annotations

import numpy as np

__all__ = ["as_array", "as_bytes", "as_input", "as_labels"]


def as_array(it, what: str) -> np.ndarray:
    """Anything array-like on the host: NumPy's, or of whoever speaks DLPack (PyTorch, JAX, CuPy on the CPU)."""
    if isinstance(it, np.ndarray):
        return it
    if hasattr(it, "detach"):  # a PyTorch tensor that has a gradient refuses DLPack
        it = it.detach()
    if hasattr(it, "__dlpack__"):
        try:
            return np.from_dlpack(it)
        except (BufferError, RuntimeError, TypeError) as refused:
            raise ValueError(f"{what}: the array must be in the memory of the host ({refused})") from None
    return np.asarray(it)


def _with_channels(images: np.ndarray) -> np.ndarray:
    if images.ndim == 3:
        images = images[..., np.newaxis]
    if images.ndim != 4:
        raise ValueError(f"images must be (N, H, W, C), or (N, H, W) without colours, not {images.shape}")
    if 0 in images.shape[1:]:
        raise ValueError(f"images of shape {images.shape} have no pixels")
    return images


def as_bytes(images) -> np.ndarray:
    """(N, H, W, C) uint8, contiguous. Such an array is returned itself. Numbers in [0,1] become 0 .. 255, rounded."""
    images = _with_channels(as_array(images, "images"))
    if images.dtype == np.uint8:
        return np.ascontiguousarray(images)
    return np.ascontiguousarray(np.rint(_unit(images) * 255), dtype=np.uint8)


def as_input(images) -> np.ndarray:
    """(N, H, W, C), uint8 or float32 in [0,1], contiguous. Such an array is returned itself."""
    images = _with_channels(as_array(images, "images"))
    if images.dtype == np.uint8:
        return np.ascontiguousarray(images)
    return np.ascontiguousarray(_unit(images), dtype=np.float32)


def _unit(images: np.ndarray) -> np.ndarray:
    if not np.issubdtype(images.dtype, np.floating):
        raise ValueError(f"images must be uint8, or real numbers in [0,1], not {images.dtype}")
    if images.size:
        least, most = images.min(), images.max()
        if not (least >= 0 and most <= 1):
            hint = "; divide by 255" if 1 < most <= 255 and least >= 0 else ""
            raise ValueError(f"images of real numbers must lie in [0,1], these go from {least:g} to {most:g}{hint}")
    return images


def as_labels(labels, count: int) -> tuple[list[int], list[str]]:
    """Labels of any kind as numbers from 0 on, and the names of the classes, sorted."""
    labels = as_array(labels, "labels")
    if labels.shape == (count, 1):
        labels = labels[:, 0]
    if labels.shape != (count,):
        raise ValueError(f"labels must be ({count},), one for each image, not {labels.shape}")
    classes, numbers = np.unique(labels, return_inverse=True)
    return numbers.astype(np.int32).tolist(), [str(name) for name in classes]
