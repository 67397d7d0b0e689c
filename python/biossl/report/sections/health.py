"""Whether embeddings still tell images apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..figures import curve, drawing, figure, svg
from ..groups import Group, band
from ..markup import Markup, element, join, key
from ..registry import Missing, Report, section
from ..run_files import RunFiles, number

_LEAD = (
    "Measured at the end of every epoch on images in two views. A collapse shows as an effective rank near 1, "
    "a deviation near 0, or distances of positive and negative pairs that are equal."
)
_CURVES = [
    ("effective_rank", "Effective rank", "RankMe: how many dimensions embeddings use"),
    ("participation", "Participation ratio", "of the eigenvalues of the embeddings' covariance"),
    ("deviation", "Deviation", "over the images, mean over the dimensions"),
    ("dead", "Dead units", "share whose output is the same for all images"),
    ("saturated", "Saturated units", "share at a bound for nine of ten images"),
]


def record_series(run: RunFiles, record: str, name: str, place: Any) -> tuple[np.ndarray, np.ndarray]:
    """A number of the objects of a record that stand for one block or layer, by epoch."""
    found = []
    for line in run.metrics:
        for entry in line.records.get(record, []):
            value = number(entry.get(name))
            if place_of(entry) == place and value is not None:
                found.append((line.epoch, value))
    return np.array([e for e, _ in found], dtype=float), np.array([v for _, v in found], dtype=float)


def place_of(entry: dict[str, Any]) -> Any:
    """What an object of a record stands for: its layer, its block, or the whole."""
    layer = entry.get("layer")
    return layer if isinstance(layer, str) else number(entry.get("block"))


def place_name(place: Any) -> str:
    return f"block {place:g}" if isinstance(place, float) else str(place or "everything")


def places(group: Group, record: str, name: str) -> list[Any]:
    found = dict.fromkeys(
        place_of(entry)
        for run in group.runs
        for line in run.metrics
        for entry in line.records.get(record, [])
        if number(entry.get(name)) is not None
    )
    return sorted(found, key=lambda place: (isinstance(place, str), place if place is not None else -1))


def record_curves(report: Report, record: str, name: str, title: str, unit: str) -> Markup | None:
    """A colour a block where one recipe is shown, else a colour a recipe, of its last block."""
    alone = len(report.groups) == 1
    lines = [(group, place) for group in report.groups for place in (places(group, record, name) or [])[0 if alone else -1 :]]
    if not lines:
        return None
    with drawing() as (canvas, axes):
        keys = []
        for index, (group, place) in enumerate(lines):
            colour = index if alone else group.index
            curve(axes, colour, band([record_series(run, record, name, place) for run in group.runs]))
            keys.append(key(colour, place_name(place) if alone else group.label))
        if name in ("dead", "saturated"):
            axes.set_ylim(0, max(0.1, axes.get_ylim()[1]))
        axes.set_xlabel("epoch")
        small = unit if alone else f"{unit}; last block"
        return figure(svg(canvas, f"{title} by epoch"), join([title, element("small", small)]), *(keys if len(keys) > 1 else []))


def _distances(report: Report) -> Markup | None:
    with drawing() as (canvas, axes):
        keys = []
        for group in report.groups:
            found = places(group, "health", "negative_distance")
            if not found:
                continue
            alone = len(report.groups) == 1
            for offset, (name, word) in enumerate((("positive_distance", "positive"), ("negative_distance", "negative"))):
                colour = offset if alone else group.index
                line = band([record_series(run, "health", name, found[-1]) for run in group.runs])
                curve(axes, colour, line, dashed=offset == 1 and not alone)
                keys.append(key(colour, f"{word} pairs" if alone else f"{group.label}, {word}", dashed=offset == 1 and not alone))
        if not keys:
            return None
        axes.set_xlabel("epoch")
        axes.set_ylim(bottom=0)
        caption = join(["Distances", element("small", "L1, of the two views of an image and of two images; last block")])
        return figure(svg(canvas, "Distances of positive and negative pairs by epoch"), caption, *keys)


@section("Health of embeddings", order=40)
def health(report: Report) -> Markup:
    drawn = [record_curves(report, "health", *one) for one in _CURVES]
    drawn.insert(2, _distances(report))
    drawn = [one for one in drawn if one is not None]
    if not drawn:
        raise Missing("These runs have no records of health: they are of an older version, or nothing learns.")
    return join([element("p", _LEAD, class_="lead"), element("div", *drawn, class_="figures")])
