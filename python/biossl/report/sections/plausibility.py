"""Which properties of plausibility the recipes keep."""

from __future__ import annotations

from ..engine import EngineError, Property
from ..markup import Markup, element, join, key, table
from ..registry import Missing, Report, section


def _verdict(found: Property, with_reason: bool) -> Markup:
    word = "kept" if found.kept else "broken"
    verdict = element("span", word, class_=word, title=found.why)
    return join([verdict, element("div", found.why, class_="note") if with_reason else None])


@section("Plausibility", order=120)
def plausibility(report: Report) -> Markup | None:
    described: list[list[Property]] = []
    try:
        described = [report.engine.describe(group.first).properties for group in report.groups]
    except EngineError as fault:
        raise Missing(f"Not made: {fault}.", report.command("describe", report.runs[0].path / "recipe.toml")) from fault
    learning = [(group, found) for group, found in zip(report.groups, described) if found]
    if not learning:
        return element("p", "Nothing learns, so there is nothing to judge.")
    head = ["property", *(key(group.index, group.label) if len(report.groups) > 1 else "" for group, _ in learning)]
    rows = []
    for number, found in enumerate(learning[0][1]):
        verdicts = [
            _verdict(properties[number], len(learning) <= 3) for _, properties in learning if number < len(properties)
        ]
        rows.append([f"{found.number} {found.what}", *verdicts])
    lead = (
        "The four properties of Tang, Yang & Amit (2022), from what the loss, the rule and the feedback path say of "
        "themselves."
    )
    return join([element("p", lead, class_="lead"), table(head, rows, numbers=False)])
