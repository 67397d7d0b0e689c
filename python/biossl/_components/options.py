"""The options of a component: the fields of its class."""

from __future__ import annotations

import dataclasses
import inspect
import typing
from typing import Annotated, Any, Union

Value = Union[bool, int, float, str]


def option(default: Value, comment: str = "") -> Any:
    """A field with its default and what `biossl list` says of it: ``margin: float = biossl.option(1.0, "…")``."""
    return dataclasses.field(default=default, metadata={"comment": comment})


def options_of(cls: type) -> list[tuple[str, Value, str]]:
    """(name, default, comment) of each field. TypeError unless every field has a default that a recipe can hold."""
    hints = _hints(cls)
    return [_option(cls, field, hints.get(field.name, field.type)) for field in dataclasses.fields(cls) if field.init]


def _hints(cls: type) -> dict[str, Any]:
    try:
        return typing.get_type_hints(cls, include_extras=True)
    except (NameError, AttributeError, TypeError):  # of a class in a function, say, whose names are not to be had here
        return {}


def _option(cls: type, field: dataclasses.Field, hint: Any) -> tuple[str, Value, str]:
    where = f"{cls.__name__}.{field.name}"
    comment = field.metadata.get("comment", "")
    if typing.get_origin(hint) is Annotated:
        hint, *notes = typing.get_args(hint)
        comment = comment or next((note for note in notes if isinstance(note, str)), "")
    default = field.default
    if default is dataclasses.MISSING:
        raise TypeError(f"{where}: an option needs a default")
    if isinstance(default, int) and not isinstance(default, bool) and _is_float(hint):
        default = float(default)
    if not isinstance(default, (bool, int, float, str)):
        raise TypeError(f"{where}: options are bool, int, float or str, not {type(default).__name__}")
    if hint in (bool, int, float, str) and type(default) is not hint:
        raise TypeError(f"{where}: is annotated as {hint.__name__}, and its default {default!r} is none")
    return field.name, default, comment


def _is_float(hint: Any) -> bool:
    return hint is float or (isinstance(hint, str) and hint.replace(" ", "").startswith(("float", "Annotated[float")))


def as_dataclass(cls: type) -> type:
    """The class as a dataclass, compared by identity; itself where it is one already."""
    if "__dataclass_fields__" in cls.__dict__:
        return cls
    for name, hint in inspect.get_annotations(cls).items():
        if name.startswith("_") and "ClassVar" not in str(hint):
            raise TypeError(f"{cls.__name__}.{name}: annotated fields are options; leave out the annotation")
    return dataclasses.dataclass(eq=False)(cls)
