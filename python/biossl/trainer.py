"""Training step by step, with a look at every layer."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from . import _images, recipes
from ._arguments import Layers, as_block, as_device, as_folder, as_path, as_whole, shown
from ._engine import core
from ._held import held_all
from .encoder import Encoder
from .progress import Silent, reporter

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["Recording", "Trainer"]


class Recording:
    """What a watch has seen: ``steps``, a list of numbers, and ``arrays``, one for each."""

    def __init__(self, stop: Callable[[], None]):
        self.steps: list[int] = []
        self.arrays: list[np.ndarray] = []
        self._stop = stop

    def _add(self, step: int, array: np.ndarray) -> None:
        self.steps.append(step)
        self.arrays.append(array)

    def stop(self) -> None:
        """Looks no longer."""
        self._stop()

    def __len__(self) -> int:
        return len(self.steps)

    def __repr__(self) -> str:
        return f"Recording({len(self)} steps)"


class Trainer:
    """Pretraining under one's own loop. It takes the steps that `biossl.pretrain` takes, with the same numbers, and
    writes nothing by itself.

        trainer = biossl.Trainer("quick", data="~/data")
        errors = trainer.watch("blocks.2", "error_in", every=10)
        for loss in trainer:
            ...

    Args:
        recipe: As for `biossl.recipe`. Without one, that of `resume`; else "quick" for images of one's own, or the
            demo.
        data: Folder of the data sets; else the environment's BIOSSL_DATA.
        set: Changes of the recipe, as for `biossl.recipe`.
        images: Of one's own, as for `biossl.pretrain`; so are `labels` and `views`.
        seed: Of everything random, in place of the recipe's.
        resume: A checkpoint or run directory of the same recipe, to go on from; what may differ is what may for
            `biossl.pretrain(resume=True)`. `set={"train.from": path}` starts anew from its weights.
        device: "cpu", "cuda", or "reference".
        progress: Shows what takes long before the first step.
    """

    __slots__ = ("__weakref__", "_core", "_device")  # whatever else is set would have no effect

    def __init__(
        self,
        recipe: recipes.RecipeLike | None = None,
        data: str | os.PathLike | None = None,
        set: Mapping | None = None,
        *,
        images: ArrayLike | None = None,
        labels: ArrayLike | None = None,
        views=None,
        seed: int | None = None,
        resume: str | os.PathLike | None = None,
        device: str = "cpu",
        progress: bool | Silent = True,
    ):
        path = "" if resume is None else as_path(resume, "resume")
        if recipe is None and resume is not None:
            recipe = core.recipe_of_checkpoint(path)
        elif recipe is None:
            recipe = "demo" if images is None else "quick"
        self._device = as_device(device)
        with held_all(images, labels, views, set) as changes:
            self._core = core.Trainer(
                recipes.recipe(recipe, changes, seed),
                as_folder(data),
                device,
                path,
                reporter(progress),
            )

    def __setattr__(self, name: str, value: object) -> None:
        try:
            super().__setattr__(name, value)
        except AttributeError:
            raise AttributeError(
                f"the {name} of a Trainer cannot be set; what it does follows from its recipe, as "
                'set={"train.learning_rate": 0.01}, and weights are set by trainer.layers[NAME].weight = array',
                name=name,
                obj=self,
            ) from None

    def step(self) -> float:
        """Learns from the next batch and returns its loss, summed over the batch. ValueError after the last step."""
        return self._core.step()

    def __iter__(self):
        """Yields the loss of each step until the run's end."""
        while not self.finished:
            yield self.step()

    def __len__(self) -> int:
        """Steps of the whole run, of which `steps` are taken."""
        return self.epochs * self.batches

    @property
    def recipe(self):
        """The recipe, with what the machine decided."""
        return self._core.recipe

    @property
    def epoch(self) -> int:
        """Finished epochs."""
        return self._core.epoch

    @property
    def epochs(self) -> int:
        """Epochs of the whole run; a layer-wise rule trains every block for the recipe's epochs."""
        return self._core.epochs

    @property
    def batch(self) -> int:
        """Finished batches of the current epoch."""
        return self._core.batch

    @property
    def batches(self) -> int:
        """Batches of an epoch."""
        return self._core.batches

    @property
    def steps(self) -> int:
        """Finished steps."""
        return self._core.steps

    @property
    def finished(self) -> bool:
        """Whether all epochs are over."""
        return self.epoch >= self.epochs

    @property
    def stage(self) -> str:
        """What learns in this epoch, where a rule says so: "block 1 of 0-4"."""
        return self._core.stage

    @property
    def layers(self) -> dict[str, core.Layer]:
        """The layers by name, "blocks.0", "heads.4": weight, update, feedback, bias as arrays that share memory."""
        return Layers(self._core.layers())

    @property
    def encoder(self) -> Encoder:
        """The network as it is now, copied: later steps leave it alone. `trainer(images)` encodes without a copy."""
        with tempfile.TemporaryDirectory(prefix="biossl-") as folder:
            file = Path(folder) / "encoder.safetensors"
            self.save(file)
            encoder = Encoder(file, device=self._device)
        encoder._path = ""
        return encoder

    def watch(
        self, layer: str, what: str, every: int = 1, callback: Callable[[int, np.ndarray], None] | None = None
    ) -> Recording:
        """Looks at a layer in every `every`-th step.

        Args:
            layer: Its name, as in `layers`.
            what: "activity" (of the layer's inputs), "error_in" (of its outputs, that came), "error_out" (of its
                inputs, that goes on over the feedback path), "update" (of its weights, before the optimiser). Activity
                and errors have a row for each image whose error is not zero: views whose gradient is stopped have none.
            every: Steps from one look to the next.
            callback: Gets (step, array) in place of keeping them.

        Returns:
            What is recorded; its ``stop()`` ends the watch.
        """
        if what not in core.Watched.__members__:
            known = list(core.Watched.__members__)
            raise ValueError(f"there is nothing to watch that is called {what!r}{core.suggestion(str(what), known)}")
        if not isinstance(layer, str):
            raise TypeError(f"layer = {shown(layer)}; the name of a layer is expected, as in trainer.layers")
        if not (callback is None or callable(callback)):
            raise TypeError(f"callback = {shown(callback)}; a function of (step, array) is expected")
        number: list[int] = []
        recording = Recording(lambda: self._core.unwatch(number[0]))
        number.append(
            self._core.watch(
                layer, core.Watched.__members__[what], as_whole(every, "every"), callback or recording._add
            )
        )
        return recording

    def observe(self, observer) -> Callable[[], None]:
        """Lets a `biossl.Observer` see every layer in every step from now on. Returns a function that ends it."""
        from ._components import Observer

        if not isinstance(observer, Observer):
            raise TypeError(f"{type(observer).__name__} is no biossl.Observer")
        errors, updates = (
            getattr(type(observer), name) is not getattr(Observer, name) for name in ("error_sent", "update_computed")
        )
        number = self._core.observe(observer, errors, updates)
        return lambda: self._core.unwatch(number)

    def next_views(self) -> np.ndarray:
        """The views that the next step learns from, as the network sees them: (2B, C, H, W), view 0 first; of views
        that cut patches (B * patches, C, H, W)."""
        return self._core.next_views()

    def __call__(self, images: ArrayLike, block: int | None = None) -> np.ndarray:
        """A block's output for images, as `Encoder` gives it, of the network as it is now."""
        index = as_block(block, self._core.depth)
        return self._core.encode(_images.as_input(images), index, reporter(True, lasting=False))

    def save(self, path: str | os.PathLike) -> None:
        """Writes a checkpoint, from which `Trainer(resume=path)` goes on and `Encoder(path)` reads."""
        self._core.save(as_path(path, "path"))

    def __repr__(self) -> str:
        taken = f"{self.epoch} of {self.epochs} epochs, {self.steps} of {len(self)} steps"
        return f"Trainer({self.recipe.name!r}: {self._core.depth} blocks, {taken})"
