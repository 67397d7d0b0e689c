"""The page: one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.resources import files

from .engine import Engine
from .groups import group_runs
from .markup import Markup, element, join, void
from .missing import Missing, missing_part
from .registry import Report, Section, sections, warn
from .run_files import RunFiles

__all__ = ["LARGEST_PAGE", "build_page"]

LARGEST_PAGE = 3_000_000  # bytes

import_module(".sections", __package__)  # they register themselves


def _draw(section: Section, report: Report) -> Markup | None:
    try:
        content = section.draw(report)
    except Missing as missing:
        content = missing_part(missing)
    except Exception as fault:  # a section of somebody else's must not take the page along
        told = f"The section {section.title} failed: {type(fault).__name__}: {fault}"
        warn(told)
        content = element("p", told, class_="warning")
    if content is None:
        return None
    return element("section", element("h2", section.title), content, id=section.anchor)


def _title(report: Report) -> str:
    names = list(dict.fromkeys(group.first.title for group in report.groups))
    if len(names) > 3:
        return f"{len(report.groups)} recipes"
    if len(names) == 1 and 1 < len(report.groups) <= 3:
        return f"{names[0]}: {' beside '.join(group.label for group in report.groups)}"
    return " beside ".join(names)


def _subtitle(report: Report) -> str:
    if len(report.groups) == 1:
        run = report.groups[0].first
        learnt = "arrays" if run.of_arrays else run.setting("data.pretrain", "unknown data")
        judged = f"judged on {run.setting('data.probe', 'unknown data')}" if run.is_probed else "not judged yet"
        rule = f"{run.setting('rule.kind', 'unknown rule')}, {run.setting('loss.kind', 'unknown loss')}"
        seeds = report.groups[0].seeds
        return f"{rule} · learnt from {learnt}, {judged} · {'seeds' if ',' in seeds else 'seed'} {seeds}"
    return f"{len(report.runs)} runs of {len(report.groups)} recipes, side by side"


def _faults(report: Report) -> Markup | None:
    lines = [fault for run in report.runs for fault in run.faults]
    lines += [f"{run.path} failed last time: {run.failure}" for run in report.runs if run.failure]
    if not lines:
        return None
    return element("ul", *(element("li", line) for line in lines), class_="warning")


def _page(report: Report, drawn: list[tuple[Section, Markup]]) -> Markup:
    title = _title(report)
    links = [element("li", element("a", section.title, href=f"#{section.anchor}")) for section, _ in drawn]
    head = element(
        "head",
        void("meta", charset="utf-8"),
        void("meta", name="viewport", content="width=device-width, initial-scale=1"),
        void("meta", name="color-scheme", content="light dark"),
        element("title", f"{title} – biossl"),
        element("style", Markup(files(__package__).joinpath("page.css").read_text(encoding="utf-8"))),
    )
    body = element(
        "body",
        element("a", "To the results", href="#content", class_="skip"),
        element("header", element("h1", title), element("p", _subtitle(report), class_="subtitle")),
        element("nav", element("ul", *links), aria_label="Sections"),
        element("main", _faults(report), *(content for _, content in drawn), id="content"),
        element("footer", "Made by biossl report. This page is one file and asks no network for anything."),
    )
    return join([Markup("<!DOCTYPE html>\n"), element("html", head, body, lang="en"), "\n"])


def build_page(runs: Sequence[RunFiles], engine: Engine) -> str:
    """The page of one run or several. It is smaller than LARGEST_PAGE: pictures are left out where they are too many,
    and the page says so."""
    report = Report(group_runs(runs), engine)
    drawn = [(section, content) for section in sections() if (content := _draw(section, report)) is not None]
    page = _page(report, drawn)
    while len(page.encode()) > LARGEST_PAGE:
        place = max(range(len(drawn)), key=lambda index: len(drawn[index][1]))
        section = drawn[place][0]
        left_out = Missing(
            f"Left out: with it the page would be larger than {LARGEST_PAGE / 1e6:g} MB. Report fewer runs."
        )
        drawn[place] = (
            section,
            element("section", element("h2", section.title), missing_part(left_out), id=section.anchor),
        )
        page = _page(report, drawn)
    return page
