"""The main job: pretraining and probing, in a run directory that holds everything."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import warnings
import weakref
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from . import recipes
from ._arguments import Named, UnknownName, as_device, as_folder, as_path
from ._engine import core
from ._files import object_of, read_text
from ._held import held_all
from ._interrupts import Heeding
from .encoder import Encoder
from .errors import BadInput
from .progress import Silent, reporter

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["Run", "load", "pretrain", "run"]


class Run:
    """A run directory: what was asked for, what happened, and what came out."""

    def __init__(self, path: str | os.PathLike, _temporary: str | None = None):
        self.path = as_path(path, "path")
        self._is_temporary = _temporary is not None
        if _temporary is not None:
            weakref.finalize(self, shutil.rmtree, _temporary, ignore_errors=True)
        if not (self.path / "recipe.toml").is_file():
            raise BadInput(f"{self.path}: is no run directory; it holds no recipe.toml")

    @cached_property
    def recipe(self) -> recipes.Recipe:
        """The recipe with all defaults. It may name components that are not registered here; then it only shows what
        the run was."""
        return core.recipe_of_run(self.path)

    @property
    def summary(self) -> dict:
        """The results, as in summary.json; accuracies are fractions. Of a run that no probe has judged: what was
        trained, "recipe", "seed", "uses_labels", "pretrain" and "layers" as there, and "checkpoint", the newest file.
        """
        path = self.path / "summary.json"
        if path.exists():
            return _read_json(path, "it was removed")
        return _Summary(json.loads(core.summary_without_probe(self.path)))

    @property
    def environment(self) -> dict:
        """What the results depend on beside the recipe."""
        return _read_json(self.path / "environment.json", "it was removed")

    @property
    def metrics(self) -> dict[str, np.ndarray]:
        """What was measured in each epoch, an array a name: loss, loss_per_pair, active_share, seconds, …"""
        path = self.path / "metrics.jsonl"
        lines = _read_lines(path) if path.exists() else []
        names = dict.fromkeys(name for line in lines for name in line)
        return Named("metric", {name: _column([line.get(name) for line in lines]) for name in names})

    @cached_property
    def encoder(self) -> Encoder:
        """The trained network, computing in float32."""
        return Encoder(self.path)

    @property
    def accuracy(self) -> float:
        """Test accuracy of the linear probe of the last block, a fraction. BadInput where there was no probe."""
        try:
            found = self.summary["probe"]["test_accuracy"]
        except UnknownName as absent:
            raise BadInput(f"{self.path}: {absent}") from None
        except (KeyError, TypeError):
            found = None
        if isinstance(found, bool) or not isinstance(found, (int, float)):
            raise BadInput(f"{self.path / 'summary.json'}: is damaged: it has no number probe.test_accuracy")
        return found

    def __fspath__(self) -> str:
        """Whatever takes a run directory takes a Run."""
        return str(self.path)

    def __getstate__(self):
        """A run in a temporary folder goes along, with its files; any other is named by its path."""
        if not self._is_temporary:
            return {"path": self.path.absolute()}
        files = (file for file in sorted(self.path.rglob("*")) if file.is_file())
        return {"files": {str(file.relative_to(self.path)): file.read_bytes() for file in files}}

    def __setstate__(self, state):
        if "path" in state:
            self.__init__(state["path"])
            return
        folder = tempfile.mkdtemp(prefix="biossl-")
        for name, content in state["files"].items():
            file = Path(folder) / "run" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        self.__init__(Path(folder) / "run", folder)

    def __repr__(self) -> str:
        try:
            its = self.summary
            pretrain, probe = its["pretrain"], its.get("probe")
            said = [f"{its['recipe']}, seed {its['seed']}", f"{pretrain['epochs']} epochs"]
            if pretrain["final_loss"] is not None:
                said.append(f"loss {pretrain['final_loss']:.4g}")
            said.append(f"test accuracy {100 * probe['test_accuracy']:.2f} %" if probe else "not probed")
            return f"Run({str(self.path)!r}: {', '.join(said)})"
        except (OSError, ValueError, KeyError, TypeError, OverflowError, Warning):  # files that are damaged or gone
            return f"Run({str(self.path)!r})"


class _Summary(dict):
    """What there is to say of a run without a probe."""

    def __missing__(self, name):
        raise UnknownName(
            f"no probe has judged this run, so there is no {name!r}; biossl.run(out=…, resume=True) probes a run on a "
            "labelled data set, biossl.sklearn.LinearProbe features of images of one's own"
        )


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
        resume: Goes on with the run in `out`, bit for bit as if it had never stopped. Where there is none yet, a recipe
            that is named with it starts one; without a recipe that is refused.
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
            recipe's. A run goes on with the same function or arrays only.
        data: As for `biossl.run`; so are `seed`, `resume`, `device` and `progress`.
    """
    own = images is not None and out is None
    if own and resume:
        raise ValueError("resume=True goes on with the run in out=, and there is none; name it")
    folder = tempfile.mkdtemp(prefix="biossl-") if own else None
    where = Path(folder) / "run" if folder else out
    try:
        with held_all(images, labels, views, set) as set:
            return _perform(core.pretrain, recipe, "quick", data, set, where, seed, resume, device, progress, folder)
    except BaseException as stopped:
        if folder:
            shutil.rmtree(folder, ignore_errors=True)
            if isinstance(stopped, KeyboardInterrupt):
                raise KeyboardInterrupt("stopped; nothing is kept of a run without out=") from None
        raise


def load(path: str | os.PathLike) -> Run:
    """A run directory that is there already. A single checkpoint is an `Encoder(path)`."""
    if as_path(path, "path").is_file():
        raise ValueError(f"{path} is a file; a checkpoint is read by biossl.Encoder({str(path)!r})")
    return Run(path)


def _perform(job, recipe, usual, data, set, out, seed, resume, device, progress, folder=None) -> Run:
    directory = None if out is None else as_path(out, "out")
    if recipe is None and resume and directory is not None:
        core.require_run_to_continue(directory)
        recipe = directory
    elif recipe is None:
        recipe = usual
    read = recipes.recipe(recipe, set, seed)
    path = core.usual_path(read) if directory is None else directory
    try:
        with Heeding(reporter(progress)) as shown:
            job(read, path, as_folder(data), as_device(device), bool(resume), shown)
    except KeyboardInterrupt as stopped:
        if stopped.args:
            raise
        again = f"biossl.{job.__name__}(out={str(path)!r}, resume=True)"
        raise KeyboardInterrupt(f"stopped within a step; {again} goes on from the newest checkpoint") from None
    return Run(path, folder)


def _read_json(path: Path, absent: str) -> dict:
    text = _text_of(path, absent)
    try:
        return object_of(text)
    except ValueError as fault:
        raise BadInput(f"{path}: {fault}") from None


def _text_of(path: Path, absent: str) -> str:
    try:
        return read_text(path)
    except FileNotFoundError:
        raise BadInput(f"{path}: is not there: {absent}") from None
    except OSError as fault:
        raise BadInput(f"{path}: cannot be read ({fault.strerror})") from None
    except ValueError as fault:
        raise BadInput(f"{path}: is no UTF-8 text ({fault})") from None


def _read_lines(path: Path) -> list[dict]:
    """The objects of a file with one a line. A last line without an end was cut short, and is left out."""
    lines = []
    *whole, last = _text_of(path, "it was removed").split("\n")  # splitlines would split at U+2028 in a text, too
    for number, line in enumerate(whole, 1):
        try:
            lines.append(object_of(line))
        except ValueError as fault:
            raise BadInput(f"{path}: line {number} {fault}") from None
    try:
        lines += [object_of(last)] if last else []
    except ValueError:
        warnings.warn(f"{path}: line {len(whole) + 1} is cut short and is left out", stacklevel=3)
    return lines


def _column(values: list) -> np.ndarray:
    if all(isinstance(it, (int, float)) or it is None for it in values):
        return np.array([np.nan if it is None else it for it in values])
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column
