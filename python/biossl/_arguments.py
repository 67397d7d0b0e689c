"""What arguments may be: each is checked where it comes in, and a wrong one is told in one line."""

from __future__ import annotations

import operator
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ._engine import core

_LONGEST = 80  # characters of a value in a message


def shown(value: Any) -> str:
    """A value as a message repeats it: on one line, and arrays by their shape."""
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"{type(value).__name__} {tuple(value.shape)} of {value.dtype}"
    text = " ".join(repr(value).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def as_whole(value: Any, name: str) -> int:
    """A whole number, Python's or NumPy's."""
    if not isinstance(value, bool):
        try:
            return operator.index(value)
        except TypeError:
            pass
    raise TypeError(f"{name} = {shown(value)}; a whole number is expected")


def as_shape(value: Any, name: str) -> tuple[int, int, int]:
    """(H, W, C) of images."""
    expected = f"{name} = {shown(value)}; (height, width, channels) is expected"
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise TypeError(expected)
    shape = tuple(as_whole(extent, name) for extent in value)
    if len(shape) != 3 or min(shape) < 1:
        raise ValueError(expected)
    return shape


def as_block(block: Any, depth: int) -> int:
    """The number of a block of a network of so many; None: the last one's. Negative numbers count from the last."""
    index = depth - 1 if block is None else as_whole(block, "block")
    if not -depth <= index < depth:
        raise ValueError(f"there is no block {index}; the network has blocks 0 to {depth - 1}")
    return index % depth


def as_path(value: Any, name: str) -> Path:
    """A path; ~ is the user's home."""
    if not isinstance(value, (str, os.PathLike)):
        raise TypeError(f"{name} = {shown(value)}; a path is expected")
    return Path(value).expanduser()


def as_folder(data: Any) -> Path | str:
    """Folder of the data sets: the argument's, else the environment's BIOSSL_DATA; "": none."""
    folder = os.environ.get("BIOSSL_DATA", "") if data is None else data
    return "" if isinstance(folder, str) and not folder else as_path(folder, "data")


def as_device(device: Any) -> str:
    if not isinstance(device, str):
        raise TypeError(f'device = {shown(device)}; "cpu", "cuda" or "reference" is expected')
    return device


def as_changes(set: Any) -> Mapping:
    """Changes of a recipe. None: no changes."""
    if set is None:
        return {}
    if not isinstance(set, Mapping):
        raise TypeError(f'set = {shown(set)}; a dict is expected, as set={{"train.epochs": 5}}')
    return set


class UnknownName(KeyError):
    """There is nothing of this name. The message names what there is."""

    def __str__(self) -> str:
        return str(self.args[0])


class Named(dict):
    """A dict that says what there is where a name is asked for that is not there. `what`: what the names are of."""

    what = "entry"

    def __init__(self, what: str, *args: Any, **more: Any):
        super().__init__(*args, **more)
        self.what = what

    def __missing__(self, name: Any) -> Any:
        known = core.suggestion(str(name), [str(it) for it in self]) if self else "; there are none yet"
        raise UnknownName(f"there is no {self.what} {name!r}{known}")

    def __reduce__(self):
        return Named, (self.what, dict(self))
