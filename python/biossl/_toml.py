"""Python values as TOML, for recipes that are dicts and for changes of single keys."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+\Z")


def value(it) -> str:
    """One value as TOML: true, 3, 0.5, "text", [..], {..}."""
    if isinstance(it, str):
        return json.dumps(it, ensure_ascii=False).replace("\x7f", "\\u007F")
    if isinstance(it, Mapping):
        return "{" + ", ".join(f"{key(name)} = {value(inner)}" for name, inner in it.items()) + "}"
    if isinstance(it, bool) or type(it).__name__ == "bool_":
        return "true" if it else "false"
    if hasattr(it, "__index__"):
        return str(it.__index__())
    if isinstance(it, float) or hasattr(it, "__float__"):
        number = float(it)
        if not math.isfinite(number):
            return "nan" if math.isnan(number) else "inf" if number > 0 else "-inf"
        return repr(number)
    if isinstance(it, Sequence):
        return "[" + ", ".join(value(inner) for inner in it) + "]"
    if hasattr(it, "__fspath__"):
        return value(it.__fspath__())
    raise TypeError(f"a recipe holds booleans, numbers, texts, lists and dicts, not {type(it).__name__}")


def key(name) -> str:
    """A key, in quotes where TOML asks for them. Dots stay as they are: they lead into sections."""
    if not isinstance(name, str):
        raise TypeError(f"a key of a recipe is a text, not {type(name).__name__}")
    return ".".join(part if _BARE_KEY.match(part) else value(part) for part in name.split("."))


def document(recipe: Mapping) -> str:
    """A dict of dicts as a TOML document, one dotted key a line."""
    lines: list[str] = []

    def add(prefix: str, section: Mapping) -> None:
        for name, inner in section.items():
            whole = prefix + key(name)
            if isinstance(inner, Mapping):
                add(whole + ".", inner)
            else:
                lines.append(f"{whole} = {value(inner)}")

    add("", recipe)
    return "\n".join(lines) + "\n"
