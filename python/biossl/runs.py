"""The main job: pretraining and probing, in a run directory that holds everything."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import weakref
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from . import recipes
from ._engine import core
from ._held import held_all
from .encoder import Encoder
from .errors import BadInput
from .progress import Silent, reporter

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["Run", "load", "pretrain", "run"]


class Run:
    """A run directory: what was asked for, what happened, and what came out."""

    def __init__(self, path: str | os.PathLike, _temporary: str | None = None):
        self.path = Path(path).expanduser()
        if _temporary is not None:
            weakref.finalize(self, shutil.rmtree, _temporary, ignore_errors=True)
        if not (self.path / "recipe.toml").is_file():
            raise BadInput(f"{self.path}: is no run directory; it holds no recipe.toml")

    @cached_property
    def recipe(self) -> recipes.Recipe:
        """The recipe with all defaults."""
        return recipes.recipe(self.path / "recipe.toml")

    @property
    def summary(self) -> dict:
        """The results, as in summary.json; accuracies are fractions. BadInput before the run is finished."""
        return _read_json(self.path / "summary.json", "the run has no results yet; biossl.run(…, out=…, resume=True) finishes and probes it")

    @property
    def environment(self) -> dict:
        """What the results depend on beside the recipe."""
        return _read_json(self.path / "environment.json", "it was removed")

    @property
    def metrics(self) -> dict[str, np.ndarray]:
        """What was measured in each epoch, an array a name: loss, loss_per_pair, active_share, learning_rate, seconds, …"""
        lines = []
        path = self.path / "metrics.jsonl"
        for number, line in enumerate(path.read_text().splitlines() if path.exists() else [], 1):
            try:
                lines.append(json.loads(line))
            except json.JSONDecodeError:
                raise BadInput(f"{path}: line {number} is no JSON") from None
        names = dict.fromkeys(name for line in lines for name in line)
        return {name: _column([line.get(name) for line in lines]) for name in names}

    @cached_property
    def encoder(self) -> Encoder:
        """The trained network, computing in float32."""
        return Encoder(self.path)

    @property
    def accuracy(self) -> float:
        """Test accuracy of the linear probe of the last block, a fraction."""
        return self.summary["probe"]["test_accuracy"]

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"


def run(
    recipe: recipes.RecipeLike | None = None,
    data: str | os.PathLike | None = None,
    set: Mapping | None = None,
    out: str | os.PathLike | None = None,
    *,
    seed: int | None = None,
    resume: bool = False,
    device: str = "cpu",
    progress: bool | Silent = True,
) -> Run:
    """The main job: pretrains an encoder, then probes it beside a random one.

    Args:
        recipe: As for `biossl.recipe`. Without one, that of the run which goes on; of a new run, the demo on the
            built-in world, which needs no data.
        data: Folder of the data sets; else the environment's BIOSSL_DATA.
        set: Changes of the recipe, as for `biossl.recipe`.
        out: The run's directory; else runs/RECIPE-seedN. It must not exist, unless it goes on.
        seed: Of everything random, in place of the recipe's.
        resume: Goes on with the run in `out`, bit for bit as if it had never stopped.
        device: "cpu", "cuda", or "reference" (plain loops, slow).
        progress: True shows it; False is silent; an object with the methods of `biossl.progress.Silent` is called.

    Ctrl-C writes a checkpoint and raises KeyboardInterrupt, which says where. Wrong recipes and arguments raise
    ValueError, wrong files `biossl.BadInput`.
    """
    return _perform(core.run, recipe, "demo", data, set, out, seed, resume, device, progress)


def pretrain(
    images: ArrayLike | None = None,
    recipe: recipes.RecipeLike | None = None,
    set: Mapping | None = None,
    out: str | os.PathLike | None = None,
    *,
    labels: ArrayLike | None = None,
    views=None,
    data: str | os.PathLike | None = None,
    seed: int | None = None,
    resume: bool = False,
    device: str = "cpu",
    progress: bool | Silent = True,
) -> Run:
    """Pretrains without probing.

    Args:
        images: (N, H, W, C), or (N, H, W) without colours; uint8, or real numbers in [0,1], which are rounded to 255
            levels. A contiguous uint8 array is shared, not copied, and must not change meanwhile. None: the recipe's
            own data set.
        recipe: As for `biossl.recipe`. Without one, that of the run which goes on; of a new run, "quick".
        set: Changes of the recipe, as for `biossl.recipe`.
        out: The run's directory. Without it, a run on images of one's own lies in a temporary folder that goes with
            the Run.
        labels: One for each image, for a loss that reads them.
        views: A function f(images, rng) of images (N, H, W, C) uint8 that makes one view or a pair, uint8 or in [0,1];
            two arrays, view 0 and view 1 of every image; or an object of a registered `biossl.Views`. None: the
            recipe's.
        data: As for `biossl.run`; so are `seed`, `resume`, `device` and `progress`.
    """
    own = images is not None and out is None
    folder = tempfile.mkdtemp(prefix="biossl-") if own else None
    where = Path(folder) / "run" if folder else out
    try:
        with held_all(images, labels, views) as changes:
            set = {**changes, **(set or {})}
            return _perform(core.pretrain, recipe, "quick", data, set, where, seed, resume, device, progress, folder)
    except BaseException as stopped:
        if folder:
            shutil.rmtree(folder, ignore_errors=True)
            if isinstance(stopped, KeyboardInterrupt):
                raise KeyboardInterrupt("stopped; nothing is kept of a run without out=") from None
        raise


def load(path: str | os.PathLike) -> Run:
    """A run directory that is there already. A single checkpoint is an `Encoder(path)`."""
    if Path(path).expanduser().is_file():
        raise ValueError(f"{path} is a file; a checkpoint is read by biossl.Encoder({str(path)!r})")
    return Run(path)


def _perform(job, recipe, usual, data, set, out, seed, resume, device, progress, folder=None) -> Run:
    if recipe is None:
        own = Path(out or "").expanduser() / "recipe.toml"
        recipe = own if resume and out is not None and own.is_file() else usual
    read = recipes.recipe(recipe, set, seed)
    path = Path(core.usual_path(read) if out is None else out).expanduser()
    folder_of_data = data if data is not None else os.environ.get("BIOSSL_DATA", "")
    job(read, path, Path(folder_of_data).expanduser() if folder_of_data else "", device, resume, reporter(progress))
    return Run(path, folder)


def _read_json(path: Path, absent: str):
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        raise BadInput(f"{path}: is not there: {absent}") from None
    except json.JSONDecodeError as fault:
        raise BadInput(f"{path}: {fault}") from None


def _column(values: list) -> np.ndarray:
    if all(isinstance(it, (int, float)) or it is None for it in values):
        return np.array([np.nan if it is None else it for it in values])
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column
