"""The filters of the first layer as a picture."""

from __future__ import annotations

import numpy as np

from .tensors import Tensors

__all__ = ["MOST_FILTERS", "filter_sheet", "first_filters"]

MOST_FILTERS = 128
GAP = 4


def first_filters(tensors: Tensors) -> np.ndarray | None:
    """(O, I, H, W) of the lowest convolution; None where there is none."""
    for name in tensors.weights():
        if name.startswith("blocks.") and (weights := tensors.read(name)).ndim == 4 and weights.size:
            return weights
    return None


def filter_sheet(weights: np.ndarray) -> np.ndarray:
    """uint8 (H, W, 4): a tile a filter, scaled by its own largest weight, 0 as mid-grey. Three input channels are shown
    as colours, others by their mean."""
    weights = np.nan_to_num(np.asarray(weights[:MOST_FILTERS], dtype=float))
    colours = weights if weights.shape[1] == 3 else weights.mean(axis=1, keepdims=True).repeat(3, axis=1)
    largest = np.abs(colours).max(axis=(1, 2, 3), keepdims=True)
    shown = np.round(127.5 + 127.5 * colours / np.where(largest > 0, largest, 1)).astype(np.uint8)
    zoom = max(1, 24 // max(shown.shape[2:]))
    tiles = shown.transpose(0, 2, 3, 1).repeat(zoom, axis=1).repeat(zoom, axis=2)
    count, height, width = tiles.shape[:3]
    columns = 8 if count <= 32 else 16
    rows = -(-count // columns)
    sheet = np.zeros((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, 4), dtype=np.uint8)
    for index, tile in enumerate(tiles):
        y, x = index // columns * (height + GAP), index % columns * (width + GAP)
        sheet[y : y + height, x : x + width, :3] = tile
        sheet[y : y + height, x : x + width, 3] = 255
    return sheet
