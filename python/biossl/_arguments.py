"""What arguments may be: each is checked where it comes in, and a wrong one is told in one line."""

from __future__ import annotations

import operator
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ._engine import core

_LONGEST = 80  # characters of a value in a message
_OVERSHOOT = 0.15  # of numbers in [0,1], by interpolation


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


def as_text(value: Any, name: str) -> str:
    """A text that can be written as UTF-8."""
    if not isinstance(value, str):
        raise TypeError(f"{name} = {shown(value)}; a text is expected")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{name} = {shown(value)}; half a surrogate pair is no character, so leave it out") from None
    return value


def as_line(value: Any, name: str) -> str:
    """A text on one line, as what stands in a comment of a recipe must be: line breaks and control characters become
    spaces."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f]", " ", as_text(value, name)).split())


def span(least: float, most: float) -> str:
    """From where to where numbers go, with the digits by which they miss a bound."""
    return f"from {least:.8g} to {most:.8g}"


def into_unit(least: float, most: float) -> str:
    """What brings numbers that lie beside [0,1] into it. Resizing overshoots a little on either side."""
    if -_OVERSHOOT <= least and abs(most - 1) <= _OVERSHOOT:
        return "cut them off by numpy.clip(…, 0, 1)"
    return "divide by 255" if least >= 0 and 1 < most <= 255 else "scale them"


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
    if "\0" in os.fsdecode(value):
        raise ValueError(f"{name} = {shown(value)}; a path holds no zero character")
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


class Layers(Named):
    """The layers of a network by name. Their weights are set; they themselves stay."""

    def __init__(self, layers: Iterable[core.Layer]):
        super().__init__("layer", {layer.name: layer for layer in layers})

    def __setitem__(self, name: Any, value: Any) -> None:
        raise TypeError(f"a layer is not replaced; set its weights: layers[{name!r}].weight = array")
