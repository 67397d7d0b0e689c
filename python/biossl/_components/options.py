"""The options of a component: the fields of its class."""

from __future__ import annotations

import dataclasses
import inspect
import typing
from collections.abc import Iterator
from typing import Annotated, Any, Union

from .._arguments import as_line

Value = Union[bool, int, float, str]


def option(default: Value, comment: str = "") -> Any:
    """A field with its default and what `biossl list` says of it: ``margin: float = biossl.option(1.0, "…")``. Line
    breaks in the comment become spaces."""
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
    return field.name, default, as_line(comment, f"the comment of {where}")


def _is_float(hint: Any) -> bool:
    return hint is float or (isinstance(hint, str) and hint.replace(" ", "").startswith(("float", "Annotated[float")))


def as_dataclass(cls: type) -> type:
    """The class as a dataclass, compared by identity; itself where it is one already. Its fields are those of its own
    and of its bases, with the nearest default."""
    inherited = _inherited(cls)
    if "__dataclass_fields__" in cls.__dict__:
        _require_whole(cls, inherited)
        return cls
    own = inspect.get_annotations(cls)
    for name, hint in own.items():
        if name.startswith("_") and not _is_class_variable(hint):
            raise TypeError(f"{cls.__name__}.{name}: annotated fields are options; leave out the annotation")
    for name, (_, default) in inherited.items():
        setattr(cls, name, default)
    cls.__annotations__ = {**{name: hint for name, (hint, _) in inherited.items()}, **own}
    return dataclasses.dataclass(eq=False)(cls)


def _require_whole(cls: type, inherited: dict[str, tuple[Any, Any]]) -> None:
    """Refuses a dataclass that leaves out what its bases say, or that holds nothing of its own."""
    if cls.__dataclass_params__.frozen:
        raise TypeError(f"{cls.__name__}: a component keeps what it is given; leave out frozen=True")
    for name in inherited:
        raise TypeError(
            f"{cls.__name__}.{name}: a dataclass takes over annotated fields of dataclasses alone, with the default "
            "that stands beside the annotation; leave out @dataclasses.dataclass, since register makes the class one"
        )


def _inherited(cls: type) -> dict[str, tuple[Any, Any]]:
    """(type, default) of the options that bases say and that no dataclass has as they are: annotated fields of bases
    that are no dataclasses, and fields whose default another class has replaced without an annotation."""
    hints = _hints(cls)
    fields = getattr(cls, "__dataclass_fields__", {})
    own = () if "__dataclass_fields__" in cls.__dict__ else inspect.get_annotations(cls)
    found = {}
    for name, hint in [*((name, it.type) for name, it in fields.items()), *_annotated_in_bases(cls)]:
        default = inspect.getattr_static(cls, name, dataclasses.MISSING)
        known = fields.get(name)
        if name in own or default is dataclasses.MISSING or (known and (default is known.default or not known.init)):
            continue
        if known and not isinstance(default, dataclasses.Field):
            default = dataclasses.field(default=default, metadata=known.metadata)
        found[name] = hints.get(name, hint), default
    return found


def _annotated_in_bases(cls: type) -> Iterator[tuple[str, Any]]:
    """Annotated fields, with a default that a recipe can hold, of bases that are neither dataclasses nor biossl's."""
    for base in reversed(cls.__mro__[1:]):
        if "__dataclass_fields__" in base.__dict__ or base.__module__.startswith(__package__):
            continue
        for name, hint in inspect.get_annotations(base).items():
            default = base.__dict__.get(name)
            if not name.startswith("_") and not _is_class_variable(hint) and _is_default(default):
                yield name, hint


def _is_class_variable(hint: Any) -> bool:
    return "ClassVar" in str(hint)


def _is_default(it: Any) -> bool:
    return isinstance(it, (bool, int, float, str, dataclasses.Field))
