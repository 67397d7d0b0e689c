"""Whether embeddings still tell images apart."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from ..figures import curve, drawing, figure, svg
from ..groups import Band, Group, band
from ..markup import Markup, element, join, key
from ..registry import Missing, Report, section
from ..run_files import RunFiles, number
from .curves import breaks, legend

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


def highest_series(run: RunFiles, record: str, name: str) -> tuple[np.ndarray, np.ndarray]:
    """The same of the highest block that an epoch has a record of."""
    found: dict[int, float] = {}
    for line in run.metrics:
        for entry in line.records.get(record, []):
            if (value := number(entry.get(name))) is not None:
                found[line.epoch] = value
    return np.array(list(found), dtype=float), np.array(list(found.values()), dtype=float)


def _highest_band(group: Group, record: str, name: str) -> Band:
    return band([highest_series(run, record, name) for run in group.runs])


def _of_one_recipe(axes: Axes, group: Group, record: str, name: str) -> list[Markup]:
    """A colour a block."""
    found = places(group, record, name)
    for index, place in enumerate(found):
        curve(axes, index, band([record_series(run, record, name, place) for run in group.runs]))
    return [key(index, place_name(place)) for index, place in enumerate(found)] if len(found) > 1 else []


def record_curves(report: Report, record: str, name: str, title: str, unit: str) -> Markup | None:
    """A colour a block where one recipe is shown, else a colour a recipe, of the highest block that learnt."""
    if not any(places(group, record, name) for group in report.groups):
        return None
    alone = len(report.groups) == 1
    with drawing() as (canvas, axes):
        keys = _of_one_recipe(axes, report.groups[0], record, name) if alone else []
        for group in [] if alone else report.groups:
            curve(axes, group.index, _highest_band(group, record, name), breaks(group.first))
        if name in ("dead", "saturated"):
            axes.set_ylim(-0.004, max(0.1, axes.get_ylim()[1]))
        axes.set_xlabel("epoch")
        return figure(svg(canvas, f"{title} by epoch"), join([title, element("small", unit)]), *keys)


def _distances(report: Report) -> Markup | None:
    alone = len(report.groups) == 1
    if not any(places(group, "health", "negative_distance") for group in report.groups):
        return None
    with drawing() as (canvas, axes):
        for group in report.groups:
            for offset, name in enumerate(("positive_distance", "negative_distance")):
                colour, dashed = (offset, False) if alone else (group.index, offset == 1)
                curve(axes, colour, _highest_band(group, "health", name), breaks(group.first), dashed)
        axes.set_xlabel("epoch")
        axes.set_ylim(bottom=0)
        small = "L1, of an image's two views and of two images" + ("" if alone else " (dashed)")
        keys = [key(0, "positive pairs"), key(1, "negative pairs")] if alone else []
        caption = join(["Distances", element("small", small)])
        return figure(svg(canvas, "Distances of positive and negative pairs by epoch"), caption, *keys)


@section("Health of embeddings", order=40)
def health(report: Report) -> Markup:
    drawn = [record_curves(report, "health", *one) for one in _CURVES]
    drawn.insert(2, _distances(report))
    drawn = [one for one in drawn if one is not None]
    if not drawn:
        raise Missing("These runs have no records of health: they are of an older version, or nothing learns.")
    lead = _LEAD if len(report.groups) == 1 else f"{_LEAD} Shown is the highest block that learnt in an epoch."
    return join([element("p", lead, class_="lead"), legend(report), element("div", *drawn, class_="figures")])
