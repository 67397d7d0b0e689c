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

from .engine import Engine
from .groups import Group
from .markup import Markup, element
from .run_files import RunFiles

__all__ = ["Missing", "Report", "Section", "section", "sections"]


class Missing(Exception):
    """Something that a section shows is not there. `command` makes it; "": nothing does."""

    def __init__(self, what: str, command: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.command = command


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

    def again(self, run: RunFiles, *changes: str) -> str:
        """The command that makes a run anew, with changes."""
        options = [word for change in changes for word in ("--set", change)]
        return self.command("run", run.path / "recipe.toml", "--out", f"{run.path}-again", *options)


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
