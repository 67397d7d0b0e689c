"""The filters of the first layer."""

from __future__ import annotations

import numpy as np

from ..figures import figure, pixels
from ..groups import Group
from ..markup import Markup, element, join
from ..registry import Missing, Report, section
from ..run_files import RunError, RunFiles
from ..tensors import Tensors

MOST_FILTERS = 128
GAP = 2


def first_filters(run: RunFiles) -> np.ndarray | None:
    """(O, I, H, W) of the newest checkpoint's lowest convolution; None where there is none."""
    if not run.checkpoints:
        return None
    tensors = Tensors(run.checkpoints[-1])
    for name in tensors.weights():
        if name.startswith("blocks.") and len(weights := tensors.read(name)) and weights.ndim == 4:
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
    columns = min(16, count)
    rows = -(-count // columns)
    sheet = np.zeros((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, 4), dtype=np.uint8)
    for index, tile in enumerate(tiles):
        y, x = index // columns * (height + GAP), index % columns * (width + GAP)
        sheet[y : y + height, x : x + width, :3] = tile
        sheet[y : y + height, x : x + width, 3] = 255
    return sheet


def _of(group: Group) -> Markup | None:
    weights = first_filters(group.first)
    if weights is None:
        return None
    count, channels, height, width = weights.shape
    what = f"{group.label}, {group.first.checkpoints[-1].stem.replace('_', ' ')}"
    small = f"{min(count, MOST_FILTERS)} of {count} filters of {height}×{width}×{channels}"
    return figure(pixels(filter_sheet(weights), f"First-layer filters of {what}"), join([what, element("small", small)]))


@section("First-layer filters", order=70)
def filters(report: Report) -> Markup:
    drawn: list[Markup] = []
    for group in report.pictured:
        try:
            drawn += [one for one in [_of(group)] if one is not None]
        except RunError as fault:
            raise Missing(str(fault)) from fault
    if not drawn:
        raise Missing("The run directory holds no checkpoint with a convolution. A run makes one:", report.again(report.runs[0]))
    lead = "A tile is a filter: colours are its weights for red, green and blue, mid-grey is 0, each scaled by its largest weight."
    return join([element("p", lead, class_="lead"), element("div", *drawn, class_="figures")])
