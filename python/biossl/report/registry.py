"""The sections of the page. A section is a function that registers itself:

    from biossl.report import Markup, Missing, Report, element, section

    @section("What my instrument saw", order=115)
    def my_instrument(report: Report) -> Markup:
        values = ...
        if not values:
            raise Missing("No run has records of my instrument.", "biossl run RECIPE --set my.instrument=true")
        return element("p", values)

Text is escaped where it enters HTML (markup.py). A section that fails is told on the page and on stderr; the others
are written.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass

from . import arrays
from .engine import Engine
from .groups import Group
from .markup import Markup, element
from .missing import Missing
from .run_files import RunFiles

__all__ = ["Missing", "Report", "Section", "section", "sections"]


@dataclass
class Report:
    """What a section is handed."""

    groups: list[Group]
    engine: Engine

    @property
    def runs(self) -> list[RunFiles]:
        return [run for group in self.groups for run in group.runs]

    @property
    def pictured(self) -> list[Group]:
        """The groups whose pictures are shown: the page has a limit of size."""
        return self.groups[:4]

    @property
    def pictured_note(self) -> Markup | None:
        if len(self.pictured) == len(self.groups):
            return None
        return element("p", f"Of the first {len(self.pictured)} of {len(self.groups)} recipes.", class_="note")

    def command(self, *words: object) -> str:
        """A `biossl` command to paste into a shell, with --data where this report has it."""
        place = ["--data", self.engine.data] if self.engine.data else []
        return shlex.join(["biossl", *map(str, words), *place])

    def again(self, run: RunFiles) -> str:
        """What makes a run anew."""
        if run.of_arrays:
            return arrays.pretrain(run, f"{run.path}-again")
        return self.command("run", run.path / "recipe.toml", "--out", f"{run.path}-again")

    def untrained(self, what: str) -> Missing:
        """Something that training makes, of the first run, which has not got so far."""
        run = self.runs[0]
        if run.of_arrays:
            return arrays.missing(what, arrays.pretrain(run, str(run.path), resume=True))
        return Missing(what, self.command("run", "--resume", "--out", run.path))

    def unprobed(self, what: str, *options: str) -> Missing:
        """Something that a probe of the first run makes."""
        run = self.runs[0]
        if run.of_arrays:
            return arrays.missing(what, arrays.probe(run))
        return Missing(what, self.command("probe", run.path, *options))


@dataclass(frozen=True)
class Section:
    title: str
    order: int  #: place on the page; those of one order stand in alphabetical order
    draw: Callable[[Report], Markup | None]  #: None: there is nothing to say, and the section is left out

    @property
    def anchor(self) -> str:
        return "".join(c if c.isalnum() and c.isascii() else "-" for c in self.title.lower())


_sections: dict[str, Section] = {}


def section(title: str, order: int) -> Callable[[Callable[[Report], Markup | None]], Callable[[Report], Markup | None]]:
    """Registers a section. One of the same title is replaced, as when a notebook's cell runs again."""

    def register(draw: Callable[[Report], Markup | None]) -> Callable[[Report], Markup | None]:
        _sections[title] = Section(title, order, draw)
        return draw

    return register


def sections() -> list[Section]:
    """In the order of the page."""
    return sorted(_sections.values(), key=lambda one: (one.order, one.title))


def warn(line: str) -> None:
    print(f"biossl: {line}", file=sys.stderr)
