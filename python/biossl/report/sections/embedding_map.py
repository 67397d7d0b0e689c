"""Embeddings of test images in two dimensions."""

from __future__ import annotations

import numpy as np

from .. import arrays
from ..engine import EngineError
from ..figures import MUTED, drawing, figure, svg
from ..groups import Group
from ..markup import Markup, dot, element, join
from ..registry import Missing, Report, section

#: Of middle lightness, so that they are seen on light and on dark (after Okabe & Ito 2008).
COLOURS = ["#3b8fd9", "#e07b39", "#2ba88f", "#a77be0", "#c99a17", "#e0609f", "#7aa93c", "#8594a8", "#d9534f", "#21a5c4"]


def principal_components(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first two principal components (N, 2) of features (N, D), and the shares of variance that they explain."""
    centred = features.astype(float) - features.mean(axis=0, dtype=float)
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    points = np.zeros((len(features), 2))
    count = min(2, s.size)
    points[:, :count] = u[:, :count] * s[:count]
    shares = np.zeros(2)
    shares[:count] = (s**2 / max(float((s**2).sum()), np.finfo(float).tiny))[:count]
    return points, shares


def _scatter(axes, points: np.ndarray, labels: np.ndarray | None) -> None:
    style = {"s": 7, "alpha": 0.6, "linewidths": 0, "rasterized": True}
    if labels is None:
        axes.scatter(*points.T, color=COLOURS[0], **style)
        return
    others = labels >= len(COLOURS)
    axes.scatter(*points[others].T, color="#8594a8", **{**style, "alpha": 0.3})
    order = np.random.default_rng(0).permutation(np.flatnonzero(~others))  # no class lies over the others
    axes.scatter(*points[order].T, c=[COLOURS[label] for label in labels[order]], **style)


def _keys(labels: np.ndarray | None, names: list[str]) -> list[Markup]:
    shown = [] if labels is None else [int(label) for label in np.unique(labels) if label < len(COLOURS)]
    return [dot(COLOURS[label], names[label] if label < len(names) else f"class {label}") for label in shown]


def _of(report: Report, group: Group) -> Markup:
    features, labels = report.engine.embeddings(group.first)
    finite = np.isfinite(features).all(axis=1)
    features, labels = features[finite], labels[finite] if labels is not None else None
    if len(features) < 3:
        raise EngineError("there are fewer than three embeddings")
    points, shares = principal_components(features)
    with drawing(4.6, 3.8) as (canvas, axes):
        _scatter(axes, points, labels)
        axes.set_xlabel(f"component 1 ({100 * shares[0]:.0f} % of variance)", color=MUTED)
        axes.set_ylabel(f"component 2 ({100 * shares[1]:.0f} %)", color=MUTED)
        axes.set_xticklabels([])
        axes.set_yticklabels([])
        small = f"{len(features):,} test images, {features.shape[1]} dimensions"
        if labels is not None and labels.max(initial=0) >= len(COLOURS):
            small += f"; the first {len(COLOURS)} classes in colour, others in grey"
        caption = join([group.label, element("small", small)])
        return figure(
            svg(canvas, f"Map of embeddings: {group.label}"), caption, *_keys(labels, group.first.class_names)
        )


@section("Map of embeddings", order=100)
def embedding_map(report: Report) -> Markup:
    groups = [group for group in report.pictured if group.first.checkpoints]
    if not groups:
        raise Missing("The run directory holds no checkpoint. A run makes one:", report.again(report.runs[0]))
    groups = arrays.with_images(groups, arrays.embeddings, or_probed=True)
    drawn: list[Markup] = []
    fault: EngineError | None = None
    for group in groups:
        try:
            drawn.append(_of(report, group))
        except EngineError as unable:
            fault = unable
    if not drawn:
        raise Missing(f"Not made: {fault}.", report.command("report", *(run.path for run in report.runs)))
    lead = "The first two principal components of the head's embeddings."
    return join(
        [element("p", lead, class_="lead"), element("div", *drawn, class_="figures large"), report.pictured_note]
    )
