"""Kinds of views written in Python."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import numpy as np

from .._arguments import into_unit, span
from .._engine import core
from .component import Component, described

#: By this share of its width views may lie beside the range of their numbers, as interpolated ones do.
_ROUNDING = 1e-5
#: Views of an image, rows and columns of a grid; numbers in all views of one image. The engine has the same bounds.
_MOST_PARTS, _MOST_NUMBERS = 65536, 1 << 40


class ViewPlan(NamedTuple):
    """What a kind of views makes of images, known before it makes any."""

    image: tuple[int, int, int]  #: (H, W, C) that the network sees
    grid: tuple[int, int] = (1, 1)  #: rows and columns of such images that a view is cut into
    views: int = 2  #: of an image
    mean: float = 0.0  #: a number v of a view stands for v * deviation + mean in [0,1]
    deviation: float = 1.0
    square: int = 0  #: side of the square of an image, in its own pixels, that the grid is cut from


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
        raise NotImplementedError

    def suits(self, image: tuple[int, int, int]) -> bool:
        """Whether they can be made of images (H, W, C)."""
        return True

    @classmethod
    def _traits(cls) -> dict[str, Any]:
        if cls._overrides("plan") and not cls._overrides("show"):
            raise TypeError(f"{cls.__name__} has a plan, so it needs a method show(self, images)")
        return {"has_plan": cls._overrides("plan")}

    def _begin(self, image: tuple[int, int, int], count: int, seed: int) -> None:
        self._seed = seed
        if not self._suits(image):
            raise self._refusal(f"makes no views of images {image}")
        plan = self._plan(image)
        self._range = tuple((end - plan.mean) / plan.deviation for end in (0, 1))

    def _rng(self, epoch: int, view: int, rows: np.ndarray) -> np.random.Generator:
        return core.Random(self._seed, f"views.{self._name}", epoch, int(rows[0]), view).generator()

    def _suits(self, image: tuple[int, int, int]) -> bool:
        return bool(self.suits(image))

    def _plan(self, image: tuple[int, int, int]) -> ViewPlan:
        plan = self.plan(image)
        if not isinstance(plan, tuple) or len(plan) > len(ViewPlan._fields) or not plan:
            raise self._refusal(f"plan returned {described(plan)} where a biossl.ViewPlan belongs")
        plan = ViewPlan(self._extents(plan[0], "the image of plan", "(H, W, C)"), *plan[1:])
        grid = plan.grid.tolist() if isinstance(plan.grid, np.ndarray) else plan.grid
        if not isinstance(grid, (tuple, list)) or len(grid) != 2:
            raise self._refusal(f"the grid of plan is {described(grid)} where (rows, columns) belongs")
        rows, columns, views = (
            self._within(it, f"{name} of plan", 1, _MOST_PARTS)
            for it, name in ((grid[0], "the rows"), (grid[1], "the columns"), (plan.views, "the views"))
        )
        if math.prod((*plan.image, rows, columns, views)) > _MOST_NUMBERS:
            raise self._refusal(
                f"plan returned {views} views of {rows}x{columns} images {plan.image}, more than 2^40 numbers of one "
                "image; make fewer or smaller ones"
            )
        mean, deviation = (
            self._number(it, f"{name} of plan")
            for it, name in ((plan.mean, "the mean"), (plan.deviation, "the deviation"))
        )
        if not (math.isfinite(mean) and math.isfinite(deviation) and deviation > 0):
            raise self._refusal(
                f"plan returned mean = {mean:g}, deviation = {deviation:g}; they must be finite, and deviation positive"
            )
        square = self._within(plan.square, "the square of plan", 0, min(image[:2]))
        return ViewPlan(plan.image, (rows, columns), views, mean, deviation, square)

    def _within(self, given: Any, what: str, least: int, most: int) -> int:
        """A whole number between two others."""
        number = self._whole(given, what, least)
        if number > most:
            raise self._refusal(f"{what} = {number}; a whole number up to {most} is expected")
        return number

    def _make(self, images: np.ndarray, rows: np.ndarray, view: int, epoch: int) -> np.ndarray:
        return self._ready(self.make(images, view, self._rng(epoch, view, rows)), "what make returned")

    def _show(self, images: np.ndarray) -> np.ndarray:
        return self._ready(self.show(images), "what show returned")

    def _ready(self, made: Any, what: str) -> np.ndarray:
        views = self._numbers(made, what)
        if isinstance(made, (tuple, list)) or views.ndim != 4:
            raise self._refusal(f"{what} is {described(made)} where an array (N, H, W, C) belongs")
        self._require_range(views, what)
        return np.ascontiguousarray(views, np.uint8 if views.dtype == np.uint8 else np.float32)

    def _require_range(self, views: np.ndarray, what: str) -> None:
        if views.dtype == np.uint8 or not views.size:
            return
        low, high = self._range
        wanted = f"where uint8, or real numbers in [{low:g},{high:g}], belong"
        if not np.issubdtype(views.dtype, np.floating):
            raise self._refusal(f"{what} is {described(views)} {wanted}")
        least, most = views.min(), views.max()
        if not np.isfinite([least, most]).all():
            raise self._refusal(f"{what} holds NaN or infinite numbers {wanted}")
        slack = _ROUNDING * (high - low)
        if least < low - slack or most > high + slack:
            hint = f"; {into_unit(least, most)}" if self._range == (0, 1) else ""
            raise self._refusal(f"{what} goes {span(least, most)} {wanted}{hint}")


class FunctionViews(Views):
    """The views that one function makes: f(images, rng) gives one view, and is called for each of the two; or it
    gives a pair of them."""

    _function: Callable

    def _begin(self, image, count, seed):
        super()._begin(image, count, seed)
        self._pair = None  # (epoch, rows, the pair made of them)

    def make(self, images, view, rng):
        return self._function(images, rng)

    def _make(self, images, rows, view, epoch):
        key = (epoch, rows.tobytes())
        if view == 1 and self._pair and self._pair[0] == key:
            return self._pair[1][1]
        made = self._called(images, rows, view, epoch)
        if view == 1 and isinstance(made, (tuple, list)):  # a pair is drawn with the numbers of view 0
            made = self._called(images, rows, 0, epoch)
        if not isinstance(made, (tuple, list)):
            return self._ready(made, "what the function returned")
        if len(made) != 2:
            raise self._refusal(f"the function returned {described(made)} where one view, or a pair of them, belongs")
        self._pair = (key, [self._ready(it, "what the function returned") for it in made])
        return self._pair[1][view]

    def _called(self, images, rows, view, epoch):
        return self.make(images, view, self._rng(epoch, view, rows))
