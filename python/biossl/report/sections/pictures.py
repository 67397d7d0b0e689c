"""Contact sheets that the program makes: pairs of views, and nearest neighbours."""

from __future__ import annotations

from collections.abc import Callable

from .. import arrays
from ..engine import IMAGES, EngineError
from ..figures import figure, picture
from ..groups import Group
from ..markup import Markup, element, join
from ..registry import Missing, Report, section
from ..run_files import RunFiles


def _sheets(report: Report, groups: list[Group], make: Callable[[RunFiles], bytes], label: str, command: str) -> Markup:
    drawn: list[Markup] = []
    fault: EngineError | None = None
    for group in groups:
        try:
            sheet = picture(make(group.first), f"{label}: {group.label}")
        except EngineError as unable:
            fault = unable
            continue
        drawn.append(figure(sheet, group.label if len(groups) > 1 else "", wide=True) if len(groups) > 1 else sheet)
    if not drawn:
        raise Missing(f"Not made: {fault}.", command)
    return element("div", *drawn, class_="figures") if len(groups) > 1 else drawn[0]


def _of_one_kind(groups: list[Group]) -> list[Group]:
    """Groups whose data and views differ: equal ones have equal pairs."""
    seen: dict[str, Group] = {}
    for group in groups:
        parts = {key: value for key, value in group.settings.items() if key.split(".")[0] in ("data", "views")}
        seen.setdefault(repr(sorted(parts.items())), group)
    return list(seen.values())


def _report_command(report: Report) -> str:
    return report.command("report", *(run.path for run in report.runs)) + ("" if report.engine.data else " --data DIR")


@section("Pairs of views", order=80)
def view_pairs(report: Report) -> Markup:
    lead = "What the encoder learns from: an image a row, then pairs of its views."
    groups = _of_one_kind([group for group in report.pictured if group.first.recipe])
    if not groups:
        raise Missing("The run directory holds no recipe.toml.")
    groups = arrays.with_images(groups, arrays.next_views)
    sheets = _sheets(report, groups, report.engine.view_pairs, "Pairs of views", _report_command(report))
    return join([element("p", lead, class_="lead"), sheets, report.pictured_note])


@section("Nearest neighbours", order=90)
def neighbours(report: Report) -> Markup:
    lead = (
        f"Test images, and the images among the first {IMAGES:,} training images whose features of the last block are "
        "most alike by cosine similarity, the most similar first. No label decides anything."
    )
    groups = [group for group in report.pictured if group.first.checkpoints]
    if not groups:
        raise Missing("The run directory holds no checkpoint. A run makes one:", report.again(report.runs[0]))
    groups = arrays.with_images(groups, arrays.embeddings)
    sheets = _sheets(report, groups, report.engine.neighbours, "Nearest neighbours", _report_command(report))
    return join([element("p", lead, class_="lead"), sheets, report.pictured_note])
