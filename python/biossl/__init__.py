"""Train deep networks on unlabelled images with learning rules a brain could run, and measure what they learn.

    import biossl

    run = biossl.run("quick", data="~/data", set={"train.epochs": 5})   # pretrain, then probe
    features = run.encoder(images)                                      # (N, C, H, W) float32

    run = biossl.pretrain(images, recipe="quick")                       # images of one's own

Everything is loaded when it is first used, so that importing the package is quick; the OpenMP runtime alone is loaded
at once.
"""

from __future__ import annotations

import atexit
import importlib
import sys
from typing import TYPE_CHECKING

from . import _openmp

_openmp.load()


def _end() -> None:
    """Waits for the engine, and lets go of what it holds. Registered here, not where the engine is loaded: handlers
    run in the reverse order, so whatever a program registers after its imports may still compute."""
    core = sys.modules.get(f"{__name__}._core")
    if core is not None:
        core.wait_for_engine()
        core.release_components()


atexit.register(_end)

__version__ = "0.1.0"

#: Where each public name is defined.
_HOMES = {
    "BadInput": "errors",
    "Block": "_components",
    "Dataset": "_components",
    "Encoder": "encoder",
    "Feedback": "_components",
    "Head": "_components",
    "InUse": "errors",
    "Layer": "_core",
    "LearningRule": "_components",
    "Loss": "_components",
    "MissingSplit": "errors",
    "Observer": "_components",
    "Plausibility": "_components",
    "Random": "_components",
    "Recipe": "recipes",
    "Run": "runs",
    "Tensor": "_components",
    "Trainer": "trainer",
    "ViewPlan": "_components",
    "Views": "_components",
    "WriteError": "errors",
    "components": "recipes",
    "describe": "recipes",
    "get_threads": "process",
    "load": "runs",
    "option": "_components",
    "pretrain": "runs",
    "recipe": "recipes",
    "recipes": "recipes",
    "register": "_components",
    "run": "runs",
    "set_threads": "process",
    "version": "process",
}
#: Submodules that are loaded on first use and need an extra.
_SUBMODULES = ("sklearn", "torch", "report", "export")

__all__ = [name for name in _HOMES if name != "recipes"]

if TYPE_CHECKING:
    from ._components import (
        Block,
        Dataset,
        Feedback,
        Head,
        LearningRule,
        Loss,
        Observer,
        Plausibility,
        Random,
        Tensor,
        ViewPlan,
        Views,
        option,
        register,
    )
    from ._core import Layer
    from .encoder import Encoder
    from .errors import BadInput, InUse, MissingSplit, WriteError
    from .process import get_threads, set_threads, version
    from .recipes import Recipe, components, describe, recipe
    from .runs import Run, load, pretrain, run
    from .trainer import Trainer


def __getattr__(name: str):
    if name in _HOMES:
        module = importlib.import_module(f".{_HOMES[name]}", __name__)
        value = getattr(module, name) if name != "recipes" else module
        globals()[name] = value
        return value
    if name in _SUBMODULES:
        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module 'biossl' has no attribute '{name}'", name=name, obj=sys.modules[__name__])


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, *_SUBMODULES})
