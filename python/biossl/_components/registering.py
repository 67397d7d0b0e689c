"""Registers classes under the names that recipes use."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from .._arguments import as_line
from .._engine import core
from .component import Component
from .options import as_dataclass, options_of
from .views import FunctionViews

Class = TypeVar("Class", bound=type)


def register(name: str, summary: str = "", *, replace: bool = False) -> Callable[[Class], Class]:
    """Registers a class as a component, under the name that a recipe uses.

        @biossl.register("my_triplet", "each view nearer to its own memory than to the one before it")
        class Triplet(biossl.Loss):
            margin: float = biossl.option(1.0, "by how much nearer")

            def evaluate(self, a, b, context): ...

    The base class says of which kind: Loss, Feedback, LearningRule, Views, Dataset, Head, Block. Annotated fields of
    the class and of its bases are its options: bool, int, float or str, each with a default, which a class may replace
    without an annotation. A class that is no dataclass becomes one. What a user can get wrong is refused in
    ``__post_init__`` with a ValueError, which becomes an error of the recipe.

    The summary, or without one the docstring's first line, is what `biossl list` and recipes say of the component;
    line breaks in it become spaces.

    A function f(images, rng) is a kind of views: it makes one view, or a pair, of images (N, H, W, C) uint8.

    Registering a name again replaces the class, for runs that begin from then on. The name of a component of biossl's
    own is refused, unless replace=True.
    """
    if not isinstance(name, str) or not name.strip():
        raise ValueError("a component is registered under a name: @biossl.register('mine')")
    summary = as_line(summary, "summary")
    _require_key(name, "the name of a component")

    def enter(it: Class) -> Class:
        cls = it
        if not isinstance(it, type) and callable(it):
            cls = type(_class_name(it), (FunctionViews,), {"_function": staticmethod(it), "__module__": it.__module__})
        if not (isinstance(cls, type) and issubclass(cls, Component)):
            raise TypeError(f"{it!r} has no base class of biossl, such as biossl.Loss, which says what it is")
        line = summary or as_line((it.__doc__ or "").strip().split("\n")[0], "the docstring")
        written = as_dataclass(cls)
        options = options_of(written)
        for option, _, _ in options:
            _require_key(option, f"an option of {cls.__name__}")
        written._require_options([option for option, _, _ in options])
        written._require_constants()
        where = f"{cls.__module__}.{cls.__qualname__}".replace("<locals>.", "")
        written._name = name
        enter_class = getattr(core, cls._register)
        enter_class(name, written, options, line, where, cls.abbreviation or name, replace, written._traits())
        return it

    return enter


def _require_key(text: str, what: str) -> None:
    if not re.fullmatch("[A-Za-z0-9_-]+", text):
        raise ValueError(f"{text!r} cannot be {what}: recipes name it with the letters a to z, digits, _ and - alone")


def _class_name(function: Callable) -> str:
    return getattr(function, "__qualname__", type(function).__name__)
