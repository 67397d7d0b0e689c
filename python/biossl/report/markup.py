"""HTML in which nothing that was read from a file can be anything but text."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence

__all__ = [
    "Markup",
    "command_line",
    "dot",
    "element",
    "format_number",
    "join",
    "key",
    "percent",
    "spread",
    "table",
    "void",
    "without_empty",
]


class Markup(str):
    """HTML. A plain string is text, and is escaped where it enters HTML."""


def _escaped(content: object) -> str:
    """Text that HTML can hold: control characters have no meaning in it and become U+FFFD, halves of surrogate pairs,
    which no encoding has, question marks."""
    text = "".join(c if c >= " " or c in "\t\n" else "\N{REPLACEMENT CHARACTER}" for c in str(content))
    return html.escape(text.encode("utf-8", "replace").decode("utf-8"))


def to_markup(content: object) -> Markup:
    """HTML as it is, text escaped, None as nothing."""
    if isinstance(content, Markup):
        return content
    if content is None:
        return Markup("")
    return Markup(_escaped(content))


def join(parts: Iterable[object], between: str = "") -> Markup:
    return Markup(to_markup(between).join(to_markup(part) for part in parts))


def _attributes(attributes: dict[str, object]) -> str:
    named = ((name.rstrip("_").replace("_", "-"), value) for name, value in attributes.items() if value is not None)
    return "".join(f' {name}="{_escaped(value)}"' for name, value in named)


def element(tag: str, *content: object, **attributes: object) -> Markup:
    """<tag attributes>content</tag>. `class_` stands for class, `data_x` for data-x; None leaves an attribute out."""
    return Markup(f"<{tag}{_attributes(attributes)}>{join(content)}</{tag}>")


def void(tag: str, **attributes: object) -> Markup:
    """An element without content: img, meta."""
    return Markup(f"<{tag}{_attributes(attributes)}>")


def command_line(text: str) -> Markup:
    """A command to copy."""
    return element("pre", element("code", text), class_="command")


def key(index: int, name: str, dashed: bool = False) -> Markup:
    """An entry of a legend: the colour of series `index`."""
    kind = "key dashed" if dashed else "key"
    return element("span", name, class_=kind, style=f"--c:var(--s{index % 8})")


def dot(colour: str, name: str) -> Markup:
    """An entry of a legend of points."""
    return element("span", name, class_="key dot", style=f"--c:{colour}")


def without_empty(head: Sequence[object], rows: Sequence[Sequence[object]]) -> tuple[list[object], list[list[object]]]:
    """The columns of a table that hold something in some row."""
    there = [place for place in range(len(head)) if place == 0 or any(row[place] != "–" for row in rows)]
    return [head[place] for place in there], [[row[place] for place in there] for row in rows]


def table(
    head: Sequence[object],
    rows: Iterable[Sequence[object]],
    numbers: bool = True,
    caption: str = "",
    compact: bool = False,
) -> Markup:
    """A table whose first column names the rows. `numbers`: the other columns are aligned to the right."""
    kinds = " ".join(kind for kind, holds in (("numbers", numbers), ("compact", compact)) if holds)
    top = element("tr", *(element("th", cell, scope="col") for cell in head))
    body = [
        element("tr", element("th", row[0], scope="row"), *(element("td", cell) for cell in row[1:])) for row in rows
    ]
    content = [element("caption", caption)] if caption else []
    content += [element("thead", top), element("tbody", *body)]
    return element("div", element("table", *content, class_=kinds or None), class_="scroll", tabindex="0")


def format_number(value: float | None, digits: int = 4) -> str:
    """Significant digits, without an exponent where numbers are of everyday size; "–" for None."""
    if value is None or not math.isfinite(value):
        return "–"
    if value == int(value) and abs(value) < 1e7:
        return f"{int(value):,}"
    if 1000 <= abs(value) < 1e7:
        return f"{value:,.0f}"
    return f"{value:.{digits}g}"


def percent(value: float | None) -> str:
    """A fraction in percent: "46.15 %"."""
    return "–" if value is None or not math.isfinite(value) else f"{100 * value:.2f} %"


def spread(values: Sequence[float | None], scale: float = 1, digits: int = 2) -> str:
    """Mean and, of two values or more, standard deviation (n - 1): "46.15 ± 0.40"."""
    there = [scale * value for value in values if value is not None and math.isfinite(value)]
    if not there:
        return "–"
    mean = math.fsum(there) / len(there)
    if len(there) == 1:
        return f"{mean:.{digits}f}"
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in there) / (len(there) - 1))
    return f"{mean:.{digits}f} ± {deviation:.{digits}f}"
