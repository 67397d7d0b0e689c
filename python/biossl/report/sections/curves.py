"""Curves of pretraining: loss, share of active pairs, learning rate, speed."""

from __future__ import annotations

from ..figures import MUTED, curve, drawing, figure, svg
from ..groups import band
from ..markup import Markup, element, join, key
from ..registry import Report, section
from ..run_files import RunFiles

_CURVES = [
    ("loss_per_pair", "Loss", "mean over the pairs of an epoch"),
    ("active_share", "Active pairs", "share of views that still have an error"),
    ("learning_rate", "Learning rate", "in the last batch of an epoch"),
    ("images_per_second", "Speed", "pairs of views per second"),
]


def stage_starts(run: RunFiles) -> list[tuple[int, str]]:
    """The first epoch of every stage: rules that train one block after the other have several."""
    starts: list[tuple[int, str]] = []
    for line in run.metrics:
        if not starts or line.stage != starts[-1][1]:
            starts.append((line.epoch, line.stage))
    return starts


def breaks(run: RunFiles) -> list[float]:
    return [epoch for epoch, _ in stage_starts(run)[1:]]


def legend(report: Report) -> Markup | None:
    """The colours of several recipes, above the figures of a section."""
    if len(report.groups) == 1:
        return None
    return element("div", *(key(group.index, group.label) for group in report.groups), class_="legend above")


def _is_constant(report: Report, name: str) -> bool:
    values = {value for run in report.runs for value in run.series(name)[1].tolist()}
    return len(values) <= 1


def epoch_curves(report: Report, name: str, title: str, unit: str) -> Markup | None:
    """A curve by epoch of a number of metrics.jsonl, a colour a group; None where no run has it."""
    bands = [(group, band([run.series(name) for run in group.runs])) for group in report.groups]
    bands = [(group, line) for group, line in bands if len(line.epochs)]
    if not bands:
        return None
    with drawing() as (canvas, axes):
        for group, line in bands:
            curve(axes, group.index, line, breaks(group.first))
        if len(report.groups) == 1:
            for epoch in breaks(report.groups[0].first):
                axes.axvline(epoch - 0.5, color=MUTED, linewidth=0.7, linestyle=":")
        if name == "active_share":
            axes.set_ylim(min(0.98 * axes.get_ylim()[0], 0.9), 1.01)
        axes.set_xlabel("epoch")
        label = f"{title} by epoch; " + "; ".join(f"{group.label} ends at {line.mean[-1]:.4g}" for group, line in bands)
        return figure(svg(canvas, label), join([title, element("small", unit)]))


@section("Pretraining", order=30)
def curves(report: Report) -> Markup:
    drawn = [
        epoch_curves(report, *one)
        for one in _CURVES
        if not (one[0] == "learning_rate" and _is_constant(report, one[0]))
    ]
    drawn = [one for one in drawn if one is not None]
    if not drawn:
        raise report.untrained("No epoch has finished yet.")
    parts: list[object] = []
    if any(len(group.runs) > 1 for group in report.groups):
        parts.append(element("p", "Lines are means over seeds, bands one standard deviation.", class_="lead"))
    stages = [stage for _, stage in stage_starts(report.groups[0].first) if stage]
    if len(report.groups) == 1 and len(stages) > 1:
        parts.append(element("p", f"Dotted lines: the next stage begins ({', '.join(stages)}).", class_="lead"))
    return join([*parts, legend(report), element("div", *drawn, class_="figures")])
