"""Views of one's own for a single run: a function, or two arrays.

A recipe names one of two kinds, and the function or the arrays by a digest: a run goes on with the same ones only.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from .._arguments import shown
from .component import described, host_array
from .identity import digest_of
from .options import option
from .registering import register
from .views import FunctionViews, Views

#: What has been handed over to the run that begins: its name in the recipe, and itself.
_handed: ContextVar[tuple[str, Any]] = ContextVar("views handed over", default=("", None))


@contextmanager
def own_views(views: Any) -> Iterator[dict[str, str]]:
    """Yields the changes of a recipe by which it learns from these views. None: no changes.

    views: a function f(images, rng), which makes one view or a pair of images (N, H, W, C) uint8; or two arrays, view 0
        and view 1 of every image; or the name of a kind, or an object of one.
    """
    if views is None:
        yield {}
    elif isinstance(views, str):
        yield {"views.kind": views}
    elif isinstance(views, Views):
        yield _settings_of(views)
    elif callable(views) and not isinstance(views, type):
        name = f"{_name_of(views)}-{digest_of(views)}"
        with _handing_over(name, views):
            yield {"views.kind": HandedFunction._name, "views.function": name}
    else:
        pair = _pair_of(views)
        name = _name_of_arrays(pair)
        with _handing_over(name, pair):
            yield {"views.kind": HandedArrays._name, "views.arrays": name}


@contextmanager
def _handing_over(name: str, views: Any) -> Iterator[None]:
    token = _handed.set((name, views))
    try:
        yield
    finally:
        _handed.reset(token)


def _settings_of(views: Views) -> dict[str, Any]:
    name = getattr(views, "_name", None)
    if name is None:
        raise ValueError(
            f"the views {type(views).__name__} have no name yet: put @biossl.register('…') before the class"
        )
    return {"views.kind": name, **{f"views.{it.name}": getattr(views, it.name) for it in dataclasses.fields(views)}}


def _name_of(function: Callable) -> str:
    name = getattr(function, "__name__", type(function).__name__)
    return re.sub(r"\W", "", name)


def _pair_of(views: Any) -> tuple[np.ndarray, np.ndarray]:
    if not hasattr(views, "__len__") or isinstance(views, dict) or len(views) != 2:
        raise TypeError(f"views = {shown(views)}; a function f(images, rng), two arrays or a biossl.Views is expected")
    pair = tuple(host_array(it, "views") for it in views)
    pair = tuple(it[..., np.newaxis] if it.ndim == 3 else it for it in pair)
    if any(it.dtype.kind not in "fiu" for it in pair) or pair[0].shape != pair[1].shape or pair[0].ndim != 4:
        both = " and ".join(described(it) for it in pair)
        raise ValueError(f"views are two arrays (N, H, W, C) of one shape, uint8 or real numbers in [0,1], not {both}")
    return pair


def _name_of_arrays(pair: tuple[np.ndarray, ...]) -> str:
    digest = hashlib.blake2b(str([(it.shape, it.dtype.str) for it in pair]).encode(), digest_size=8)
    for it in pair:
        digest.update(np.ascontiguousarray(it))
    return f"views-{digest.hexdigest()}"


class _Handed:
    """Views that a recipe knows by a name alone."""

    def _taken_over(self, name: str) -> Any:
        given, views = _handed.get()
        if given == name:
            return views
        raise ValueError(
            f"the views of this run are '{name}', which came from another program: hand them over again (views=…), "
            "or choose others"
        )


@register("python_function", "made by a function that was handed over")
class HandedFunction(_Handed, FunctionViews):
    """The views of a function that a program has handed over."""

    function: str = option("", "its name and a digest of what it does")

    def _begin(self, image, count, seed):
        super()._begin(image, count, seed)
        self._function = self._taken_over(self.function)


@register("python_arrays", "made beforehand, in two arrays that were handed over")
class HandedArrays(_Handed, Views):
    """Views that were made beforehand: two arrays, view 0 and view 1 of every image."""

    arrays: str = option("", "a digest of both")

    def _begin(self, image, count, seed):
        super()._begin(image, count, seed)
        self._own = self._taken_over(self.arrays)
        for number, views in enumerate(self._own):
            if len(views) < count:
                raise ValueError(f"{len(views)} views for {count} images; one of each is needed")
            if views.shape[1:] != tuple(image):
                raise ValueError(f"view {number} is of images {views.shape[1:]}, the images are {tuple(image)}")
            self._require_range(views, f"view {number}")

    def _make(self, images, rows, view, epoch):
        return self._ready(self._own[view][rows], f"view {view}")
