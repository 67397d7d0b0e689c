"""What all components written in Python have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from .._arguments import as_whole, shown
from .._engine import core
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
    def _require_options(cls, names: Sequence[str]) -> None:
        """Refuses names of options that a recipe's section or the base class has already for something else."""
        for name in names:
            if name in cls._taken:
                raise TypeError(f"{cls.__name__}.{name}: a recipe has this key already; call the option otherwise")
            if isinstance(getattr(cls._base(), name, None), (Callable, property, Plausibility)):
                base = f"biossl.{cls._base().__name__}"
                raise TypeError(f"{cls.__name__}.{name}: {base}.{name} is no option; call the option otherwise")

    @classmethod
    def _require_constants(cls) -> None:
        """Refuses constants of the class of another kind than belongs there. A property is looked at later."""
        if not isinstance(cls.abbreviation, str):
            raise TypeError(f"{cls.__name__}.abbreviation = {shown(cls.abbreviation)}; a text is expected")
        if not isinstance(cls.plausibility, (Plausibility, property)):
            raise TypeError(
                f"{cls.__name__}.plausibility = {shown(cls.plausibility)}; a biossl.Plausibility is expected"
            )

    @classmethod
    def _overrides(cls, name: str) -> bool:
        """Whether the class has a method of its own where the base class has one that does nothing."""
        return any(name in base.__dict__ for base in cls.__mro__[: cls.__mro__.index(cls._base())])

    @classmethod
    def _base(cls) -> type:
        return next(base for base in cls.__mro__ if "_register" in base.__dict__)

    def _plausibility(self) -> tuple[bool, bool, bool, bool, str]:
        if not isinstance(self.plausibility, Plausibility):
            raise self._refusal(f"plausibility is {described(self.plausibility)} where a biossl.Plausibility belongs")
        return self.plausibility._values()

    def _refusal(self, what: str) -> ValueError:
        """A ValueError that names the component."""
        return ValueError(f"[{self._label()}] {what}")

    def _not_finite(self, what: str, context: Any) -> RuntimeError:
        """What a run ends with where the component makes numbers that are not finite."""
        return RuntimeError(f"[{self._label()}] {what} in epoch {context.epoch + 1}, batch {context.batch + 1}")

    def _label(self) -> str:
        return getattr(self, "_name", type(self).__name__)

    def _parts(self, made: Any, method: str, names: str) -> Sequence[Any]:
        """What a method returned, which must be as many values as there are names in "(loss, error)"."""
        if not isinstance(made, (tuple, list)) or len(made) != names.count(",") + 1:
            raise self._refusal(f"{method} returned {described(made)} where {names} belongs")
        return made

    def _numbers(self, made: Any, what: str) -> np.ndarray:
        """Real numbers that a method returned, as an array on the host."""
        try:
            array = host_array(made, what)
        except TypeError:
            array = None
        except ValueError as wrong:
            raise self._refusal(str(wrong)) from None
        if isinstance(array, np.ma.MaskedArray):
            raise self._refusal(f"{what} is a masked array, and no number can be left out; fill it: filled(0)")
        if array is None or array.dtype.kind not in "fiu":
            raise self._refusal(f"{what} is {described(made)} where an array of real numbers belongs")
        return array

    def _extents(self, given: Any, what: str, names: str) -> tuple[int, int, int]:
        """Three whole numbers from 1 on, called "(C, H, W)"."""
        extents = tuple(given) if isinstance(given, (tuple, list, np.ndarray)) else ()
        if len(extents) != 3 or not all(isinstance(it, (int, np.integer)) and it > 0 for it in extents):
            raise self._refusal(f"{what} is {given!r} where {names} belongs")
        return tuple(int(it) for it in extents)

    def _activity(self, made: Any, method: str) -> Any:
        """Activities or errors that a method returned: a tensor of the engine, or an array of float32 or float64."""
        if isinstance(made, core.Tensor):
            return made
        array = self._numbers(made, f"what {method} returned")
        return array if array.dtype in (np.float32, np.float64) else array.astype(np.float32)

    def _whole(self, given: Any, what: str, least: int) -> int:
        """A whole number from `least` on."""
        try:
            number = as_whole(given, what)
        except TypeError as wrong:
            raise self._refusal(str(wrong)) from None
        if number < least:
            raise self._refusal(f"{what} = {number}; a whole number from {least} on is expected")
        return number

    def _number(self, made: Any, what: str) -> float:
        """One real number that a method returned."""
        if isinstance(made, float):
            return made
        array = self._numbers(made, what)
        if array.size != 1:
            raise self._refusal(f"{what} is {described(made)} where one number belongs")
        return float(array.reshape(()))

    def _state(self) -> list[tuple[str, np.ndarray, bool]]:
        kept = self.state()
        if not isinstance(kept, Mapping):
            raise self._refusal(f"state returned {described(kept)} where a dict of arrays by name belongs")
        for name in kept:
            if not isinstance(name, str):
                raise self._refusal(f"state returned an array under {name!r}; names are texts")
        live = [_live(name, array, type(self).__name__) for name, array in kept.items()]
        first = self.__dict__.setdefault("_first_state", live)  # kept, so that no other array takes their memory
        if [_place(it) for it in first] != [_place(it) for it in live]:
            raise self._refusal("state returned other arrays than before; return the ones that the methods change")
        return live


def _place(it: tuple[str, np.ndarray, bool]) -> tuple[str, int]:
    """An array's name and memory."""
    return it[0], it[1].__array_interface__["data"][0]


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


def described(it: Any) -> str:
    """What something is, for a message: "None", "a tuple of 2", "ndarray (20, 8) of float32"."""
    return f"a {type(it).__name__} of {len(it)}" if isinstance(it, (tuple, list, dict)) else shown(it)


def host_array(it: Any, what: str) -> np.ndarray:
    """Anything array-like on the host: NumPy's, or of whoever speaks DLPack. A PyTorch tensor loses its gradient."""
    if isinstance(it, np.ndarray):
        return it
    from .._images import as_array

    return as_array(it, what)
