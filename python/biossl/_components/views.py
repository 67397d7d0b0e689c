"""Kinds of views written in Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import numpy as np

from .._engine import core
from .component import Component, host_array


class ViewPlan(NamedTuple):
    """What a kind of views makes of images, known before it makes any."""

    image: tuple[int, int, int]  #: (H, W, C) that the network sees
    grid: tuple[int, int] = (1, 1)  #: rows and columns of such images that a view is cut into
    views: int = 2  #: of an image
    mean: float = 0.0  #: a number v of a view stands for v * deviation + mean in [0,1]
    deviation: float = 1.0


class Views(Component):
    """Makes views of images. A view shows the object at one moment; two views of one image are a positive pair."""

    _kind: ClassVar[str] = "kind of views"
    _register: ClassVar[str] = "register_views"

    def make(self, images: np.ndarray, view: int, rng: np.random.Generator) -> Any:
        """View number `view`, 0 or 1, of images (N, H, W, C) uint8: (N, H, W, C), uint8 or real numbers in [0,1]; or as
        `plan` says, (N * patches, H, W, C), the patches of an image one after another. The random numbers follow from
        the seed, the epoch, the view and the first image of the batch."""
        raise NotImplementedError(f"{type(self).__name__} has no method make(self, images, view, rng)")

    def plan(self, image: tuple[int, int, int]) -> ViewPlan:
        """What the views make of images (H, W, C). Without this method they have the images' shape. A class that has it
        has `show` too."""
        return ViewPlan(image)

    def show(self, images: np.ndarray) -> Any:
        """Images as a network that learns from such views sees them when it is read: cut and scaled as views are, but
        nothing is drawn. For classes with a plan."""
        raise NotImplementedError(f"{type(self).__name__} has a plan, so it needs a method show(self, images)")

    def suits(self, image: tuple[int, int, int]) -> bool:
        """Whether they can be made of images (H, W, C)."""
        return True

    @classmethod
    def _traits(cls) -> dict[str, Any]:
        return {"has_plan": cls._overrides("plan")}

    def _begin(self, image: tuple[int, int, int], count: int, seed: int) -> None:
        self._seed = seed
        if not self._suits(image):
            raise ValueError(f"makes no views of images {image}")

    def _rng(self, epoch: int, view: int, rows: np.ndarray) -> np.random.Generator:
        return core.Random(self._seed, f"views.{self._name}", epoch, int(rows[0]), view).generator()

    def _suits(self, image: tuple[int, int, int]) -> bool:
        return bool(self.suits(image))

    def _plan(self, image: tuple[int, int, int]) -> ViewPlan:
        return ViewPlan(*self.plan(image))

    def _make(self, images: np.ndarray, rows: np.ndarray, view: int, epoch: int) -> np.ndarray:
        return _ready(self.make(images, view, self._rng(epoch, view, rows)))

    def _show(self, images: np.ndarray) -> np.ndarray:
        return _ready(self.show(images))


def _ready(views: Any) -> np.ndarray:
    views = host_array(views, "views")
    if views.dtype == np.uint8:
        return np.ascontiguousarray(views)
    if not np.issubdtype(views.dtype, np.floating):
        raise ValueError(f"views must be uint8, or real numbers in [0,1], not {views.dtype}")
    return np.ascontiguousarray(views, dtype=np.float32)


class FunctionViews(Views):
    """The views that one function makes: f(images, rng) gives one view, and is called for each of the two; or it
    gives a pair of them."""

    _function: ClassVar[Callable]

    def _begin(self, image, count, seed):
        super()._begin(image, count, seed)
        self._pair = None  # (epoch, rows, the pair made of them)

    def make(self, images, view, rng):
        return type(self)._function(images, rng)

    def _make(self, images, rows, view, epoch):
        key = (epoch, rows.tobytes())
        if view == 1 and self._pair and self._pair[0] == key:
            return _ready(self._pair[1][1])
        made = self.make(images, view, self._rng(epoch, view, rows))
        if not isinstance(made, (tuple, list)):
            return _ready(made)
        if len(made) != 2:
            raise ValueError(f"{len(made)} views of an image; one, or a pair")
        if view == 1:  # not made together with view 0, which would have drawn other numbers
            made = self.make(images, 0, self._rng(epoch, 0, rows))
        self._pair = (key, made)
        return _ready(made[view])


class ArrayViews(Views):
    """Views that were made beforehand: two arrays, view 0 and view 1 of every image."""

    _arrays: ClassVar[tuple[np.ndarray, ...]] = ()

    def _begin(self, image, count, seed):
        super()._begin(image, count, seed)
        self._own = type(self)._arrays
        if not self._own:
            raise ValueError("these views were arrays in the memory of another program; hand them over again")
        for views in self._own:
            if len(views) < count:
                raise ValueError(f"{len(views)} views for {count} images; one of each is needed")

    def _make(self, images, rows, view, epoch):
        return _ready(self._own[view][rows])
