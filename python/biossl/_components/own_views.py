"""Views of one's own for a single run: a function, or two arrays."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from .._arguments import shown
from .component import host_array
from .registering import register
from .views import ArrayViews, Views


@contextmanager
def own_views(views: Any) -> Iterator[dict[str, str]]:
    """Yields the changes of a recipe by which it learns from these views. None: no changes.

    views: a function f(images, rng), which makes one view or a pair of images (N, H, W, C) uint8; or two arrays, view 0
        and view 1 of every image; or the name of a kind.
    """
    if views is None:
        yield {}
    elif isinstance(views, str):
        yield {"views.kind": views}
    elif isinstance(views, Views):
        options = {field.name: getattr(views, field.name) for field in dataclasses.fields(views)}
        yield {"views.kind": views._name, **{f"views.{name}": value for name, value in options.items()}}
    elif callable(views):
        yield {"views.kind": _function(views)}
    else:
        cls, name = _arrays(views)
        yield {"views.kind": name}
        cls._arrays = ()  # whoever opened them has them


def _function(views: Any) -> str:
    name = getattr(views, "_name", None) or getattr(views, "__name__", type(views).__name__)
    if name == "<lambda>":  # two of them may be in use at once
        code = views.__code__
        parts = (code.co_code, [it for it in code.co_consts if not hasattr(it, "co_code")], code.co_names)
        name = f"lambda-{hashlib.blake2b(repr(parts).encode(), digest_size=8).hexdigest()}"
    register(name, "views of a function")(views)
    return name


def _arrays(views: Any) -> tuple[type, str]:
    if not isinstance(views, Iterable):
        raise TypeError(f"views = {shown(views)}; a function f(images, rng), two arrays or a biossl.Views is expected")
    pair = tuple(host_array(it, "views") for it in views)
    pair = tuple(it[..., np.newaxis] if it.ndim == 3 else it for it in pair)
    if len(pair) != 2 or pair[0].shape != pair[1].shape or pair[0].ndim != 4:
        shapes = " and ".join(str(it.shape) for it in pair)
        raise ValueError(f"views are two arrays (N, H, W, C) of one shape, not {shapes}")
    digest = hashlib.blake2b(str([(it.shape, it.dtype.str) for it in pair]).encode(), digest_size=8)
    for it in pair:
        digest.update(np.ascontiguousarray(it).data.cast("B"))
    name = f"views-{digest.hexdigest()}"
    cls = type("ArrayViews", (ArrayViews,), {"_arrays": pair, "__module__": ArrayViews.__module__})
    register(name, "two arrays in memory")(cls)
    return cls, name
