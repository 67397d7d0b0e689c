"""What a section says in place of something that is not there."""

from __future__ import annotations

from .markup import Markup, command_line, element


class Missing(Exception):
    """Something that a section shows is not there. `command` makes it; "": nothing does."""

    def __init__(self, what: str, command: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.command = command


def missing_part(missing: Missing) -> Markup:
    command = command_line(missing.command) if missing.command else None
    return element("div", element("p", missing.what), command, class_="missing")
