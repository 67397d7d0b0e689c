"""What instruments recorded that no other section shows."""

from __future__ import annotations

from ..groups import Group
from ..markup import Markup, element, format_number, join, key, spread, table
from ..registry import Report, section
from ..run_files import number
from .curves import epoch_curves, legend
from .health import record_curves

#: Numbers of metrics.jsonl that other sections show or that are no measurements.
_KNOWN = {
    "epoch",
    "loss",
    "loss_per_pair",
    "active_share",
    "learning_rate",
    "images",
    "seconds",
    "images_per_second",
    "health_seconds",
}
_PLACES = {"block", "layer", "images", "dimensions"}
MOST_CURVES = 24


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _curves(report: Report) -> list[Markup]:
    scalars = dict.fromkeys(
        name for run in report.runs for line in run.metrics for name in line.values if name not in _KNOWN
    )
    drawn = [epoch_curves(report, name, _title(name), "by epoch") for name in scalars]
    fields = dict.fromkeys(
        (record, name)
        for run in report.runs
        for line in run.metrics
        for record, entries in line.records.items()
        if record != "health"
        for entry in entries
        for name in entry
        if name not in _PLACES and number(entry[name]) is not None
    )
    drawn += [
        record_curves(report, record, name, f"{_title(record)}: {name.replace('_', ' ')}", "by epoch")
        for record, name in fields
    ]
    return [one for one in drawn if one is not None][:MOST_CURVES]


def _targets(report: Report) -> Markup | None:
    """R^2 of continuous targets, of the last block."""
    names = dict.fromkeys(name for run in report.runs if run.trained for name in run.trained[-1].targets)
    if not names:
        return None
    head: list[object] = ["target"]
    columns = []
    for group in report.groups:
        for kind, word in (("trained", "trained"), ("random", "random encoder")):
            found = [getattr(run, kind)[-1].targets for run in group.runs if getattr(run, kind)]
            head.append(word if len(report.groups) == 1 else key(group.index, f"{group.label}, {word}"))
            columns.append({name: spread([targets.get(name) for targets in found], digits=3) for name in names})
    rows = [[name.replace("_", " "), *(column[name] for column in columns)] for name in names]
    return table(head, rows, caption="Continuous targets read off the last block by ridge regression: R²")


def _layers(group: Group, titled: bool) -> Markup | None:
    layers = group.first.summary.get("layers")
    layers = [layer for layer in layers if isinstance(layer, dict)] if isinstance(layers, list) else []
    if not layers:
        return None
    rows = []
    for layer in layers:
        separate = layer.get("separate_weights") is True
        rows.append(
            [
                layer.get("layer", "–"),
                layer.get("feedback", "–"),
                "yes" if separate else "no",
                format_number(number(layer.get("errors_sent"))),
                format_number(number(layer.get("alignment")), 3),
            ]
        )
    caption = "Feedback paths as they were used" + (f": {group.label}" if titled else "")
    return table(["layer", "feedback", "separate weights", "errors sent", "alignment (cosine)"], rows, caption=caption)


@section("Instruments", order=110)
def instruments(report: Report) -> Markup | None:
    curves = _curves(report)
    parts: list[object] = [legend(report), element("div", *curves, class_="figures")] if curves else []
    several = len(report.groups) > 1
    layers = [one for one in (_layers(group, several) for group in report.pictured) if one is not None]
    if several and layers:
        layers = [element("details", element("summary", "Feedback paths"), *layers, report.pictured_note)]
    parts = [part for part in (*parts, _targets(report), *layers) if part is not None]
    return join(parts) if parts else None
