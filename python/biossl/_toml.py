"""Python values as TOML, for recipes that are dicts and for changes of single keys."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence

from ._arguments import as_text

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+\Z")


def value(it) -> str:
    """One value as TOML: true, 3, 0.5, "text", [..], {..}."""
    if isinstance(it, str):
        as_text(it, "a text of a recipe")
        return json.dumps(it, ensure_ascii=False).replace("\x7f", "\\u007F")
    if isinstance(it, Mapping):
        return "{" + ", ".join(f"{key(name)} = {value(inner)}" for name, inner in it.items()) + "}"
    if hasattr(it, "dtype") and hasattr(it, "tolist"):  # an array or a number of NumPy, or of PyTorch
        return value(it.tolist())
    if isinstance(it, bool):
        return "true" if it else "false"
    if hasattr(it, "__index__"):
        return str(it.__index__())
    if isinstance(it, float) or hasattr(it, "__float__"):
        number = float(it)
        if not math.isfinite(number):
            return "nan" if math.isnan(number) else "inf" if number > 0 else "-inf"
        return repr(number)
    if isinstance(it, Sequence) and not isinstance(it, (bytes, bytearray, memoryview)):
        return "[" + ", ".join(value(inner) for inner in it) + "]"
    if hasattr(it, "__fspath__"):
        return value(it.__fspath__())
    raise TypeError(f"a recipe holds booleans, numbers, texts, lists and dicts, not {type(it).__name__}")


def entries(recipe: Mapping, section: str = "") -> Iterator[tuple[str, str]]:
    """The values of a dict of dicts as TOML, each with its dotted key."""
    for name, it in recipe.items():
        if not isinstance(name, str):
            raise TypeError(f"{name!r} is no key of a recipe; a text is expected")
        as_text(name, "a key of a recipe")
        if isinstance(it, Mapping):
            yield from entries(it, f"{section}{name}.")
            continue
        try:
            yield section + name, value(it)
        except TypeError as fault:
            raise TypeError(f"{section}{name}: {fault}") from None


def key(name: str) -> str:
    """A key, in quotes where TOML asks for them. Dots stay as they are: they lead into sections."""
    return ".".join(part if _BARE_KEY.match(part) else value(part) for part in name.split("."))


def document(recipe: Mapping) -> str:
    """A dict of dicts as a TOML document, one dotted key a line."""
    return "".join(f"{key(name)} = {it}\n" for name, it in entries(recipe))
