"""What all components written in Python have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from .plausibility import Plausibility

_STATE_TYPES = (np.float32, np.float64, np.int32, np.uint8)


class Component:
    """A base class of components. ``_register`` names the function of the engine that takes classes of its kind."""

    _kind: ClassVar[str] = ""
    _register: ClassVar[str] = ""
    #: Names that a recipe's section has already.
    _taken: ClassVar[tuple[str, ...]] = ("kind",)

    #: Its name in tables: "GLL". The registered name where it is empty.
    abbreviation: ClassVar[str] = ""
    #: A constant, or a property where it depends on the options.
    plausibility: Plausibility = Plausibility()

    def state(self) -> Mapping[str, np.ndarray]:
        """What a checkpoint keeps, by name: arrays of float32, float64, int32 or uint8, contiguous, the live ones. A
        run that goes on has the numbers written into these very arrays, so always return the same ones."""
        return {}

    def restored(self) -> None:
        """Called after the arrays of `state` have been written from a checkpoint."""

    @classmethod
    def _traits(cls) -> dict[str, Any]:
        """What the engine asks before a component is made."""
        return {}

    @classmethod
    def _overrides(cls, name: str) -> bool:
        """Whether the class has a method of its own where the base class has one that does nothing."""
        return any(name in base.__dict__ for base in cls.__mro__[: cls.__mro__.index(cls._base())])

    @classmethod
    def _base(cls) -> type:
        return next(base for base in cls.__mro__ if "_register" in base.__dict__)

    def _plausibility(self) -> tuple[bool, bool, bool, bool, str]:
        return self.plausibility._values()

    def _state(self) -> list[tuple[str, np.ndarray, bool]]:
        return [_live(name, array, type(self).__name__) for name, array in self.state().items()]


def _live(name: str, array: np.ndarray, owner: str) -> tuple[str, np.ndarray, bool]:
    """(name, the array in the order of its memory, whether that is another one than of its axes)."""
    where = f"{owner}.state()['{name}']"
    if not isinstance(array, np.ndarray) or array.dtype not in _STATE_TYPES:
        raise TypeError(f"{where}: must be an array of float32, float64, int32 or uint8")
    if not 1 <= array.ndim <= 4:
        raise ValueError(f"{where}: has {array.ndim} axes; from 1 to 4")
    if not array.flags.writeable:
        raise ValueError(f"{where}: is read-only, so no checkpoint can be read into it; keep a copy")
    if array.flags.c_contiguous:
        return name, array, False
    if array.ndim == 4 and array.transpose(0, 2, 3, 1).flags.c_contiguous:
        return name, array.transpose(0, 2, 3, 1), True
    raise ValueError(f"{where}: is not contiguous; keep a copy (numpy.ascontiguousarray)")


def host_array(it: Any, what: str) -> np.ndarray:
    """Anything array-like on the host: NumPy's, or of whoever speaks DLPack. A PyTorch tensor loses its gradient."""
    if isinstance(it, np.ndarray):
        return it
    from .._images import as_array

    return as_array(it, what)
