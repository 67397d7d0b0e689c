"""Recipes: everything that defines a run, except where it runs."""

from __future__ import annotations

import copyreg
import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Union

from . import _components, _toml  # noqa: F401  (its kinds of views are registered)
from ._arguments import Named, as_changes, as_folder, as_text, shown
from ._engine import core

__all__ = ["Component", "Option", "Recipe", "RecipeLike", "components", "describe", "recipe", "shipped"]

#: A recipe that has been read and checked: ``name``, ``seed``, ``notes``, ``to_toml()``. Those that mean the same are
#: equal.
Recipe = core.Recipe
copyreg.pickle(Recipe, lambda it: (_read, (it.to_toml(), it.name)))

#: What functions take as a recipe: a built-in one's name, a path, TOML text, a dict, or one that has been read.
RecipeLike = Union[str, os.PathLike, Mapping, "Recipe"]


class Option(NamedTuple):
    """One option of a component."""

    name: str
    default: bool | int | float | str
    comment: str


class Component(NamedTuple):
    """Something that a recipe can name."""

    name: str
    summary: str
    options: list[Option]


def _read(text: str, origin: str, changes: list[tuple[str, str, str]] | None = None) -> Recipe:
    return core.recipe_from_text(text, origin, changes or [])


def shipped() -> list[str]:
    """The names of the built-in recipes: "quick", "comparisons/hinge_gll_bp_5", …"""
    return core.shipped_recipes()


def recipe(source: RecipeLike = "demo", set: Mapping | None = None, seed: int | None = None) -> Recipe:
    """Reads and checks a recipe.

    Args:
        source: A built-in recipe's name ("quick", "table1/random_encoder"), the path of a TOML file or of a run
            directory, TOML text, or a dict of the same keys ({"train": {"epochs": 5}} or {"train.epochs": 5}).
        set: Changes, by key: {"train.epochs": 5, "loss.kind": "nt_xent"}, or in sections as a dict above.
        seed: Of everything random, in place of the recipe's.

    Raises:
        ValueError: The message names the key, and the nearest one that exists. BadInput for a fault in a file.
    """
    changes = [(*entry, "") for entry in _toml.entries(as_changes(set))]
    if seed is not None:
        changes.append(("seed", _toml.value(seed), "seed"))
    if isinstance(source, Recipe):
        if not changes and not source.is_for_reading:
            return source
        return _read(source.to_toml(), source.name, changes)
    if isinstance(source, Mapping):
        return _read(_toml.document(source), "recipe", changes)
    if isinstance(source, os.PathLike):
        return core.recipe_from_file(os.fspath(source), changes)
    if not isinstance(source, str):
        hint = "; images are given as images=" if hasattr(source, "shape") else ""
        raise TypeError(f"recipe = {shown(source)}; a name, a path, TOML text or a dict is expected{hint}")
    as_text(source, "recipe")
    if "\n" in source or "=" in source:
        return _read(source, "recipe", changes)
    if source in core.shipped_recipes():
        return core.shipped_recipe(source, changes)
    if source.endswith(".toml") or (source and Path(source).expanduser().exists()):
        return core.recipe_from_file(str(Path(source).expanduser()), changes)
    return core.shipped_recipe(source, changes)  # raises, with the nearest name


def describe(
    source: RecipeLike = "demo",
    set: Mapping | None = None,
    data: str | os.PathLike | None = None,
    seed: int | None = None,
) -> str:
    """A recipe's network layer by layer, its rule, and which properties of biological plausibility its components keep,
    as ``biossl describe`` prints them.

    data: folder of the data sets, where only files know the size of their images; else the environment's BIOSSL_DATA.
    """
    return _Page(core.describe(recipe(source, set, seed), as_folder(data)))


class _Page(str):
    """A text of several lines, which notebooks and IPython show as it is printed."""

    __slots__ = ()

    def _repr_pretty_(self, printer, cycle) -> None:
        printer.text(str(self))


def components(key: str | None = None) -> dict[str, dict[str, Component]] | dict[str, Component]:
    """What a recipe can name, by the key that names it: ``components()["loss.kind"]["contrastive_hinge"].options``.

    With a key, the components of that key alone.
    """
    found = {
        kind: Named(
            kind,
            {
                name: Component(name, summary, [Option(*option) for option in options])
                for name, (summary, options) in entries.items()
            },
        )
        for kind, entries in core.list_components().items()
    }
    if key is None:
        return found
    if key not in found:
        raise ValueError(f"no key {key!r} names a component{core.suggestion(str(key), list(found))}")
    return found[key]
