"""What a function is, as far as a run depends on it: a digest that is the same in another process."""

from __future__ import annotations

import ast
import dataclasses
import dis
import enum
import functools
import hashlib
import inspect
import textwrap
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .component import host_array

_PLAIN = (type(None), bool, int, float, complex, str, bytes, range, slice, np.dtype)
#: Attributes of code that its behaviour follows from; its place in a file is none of them.
_CODE = ("co_code", "co_names", "co_varnames", "co_freevars", "co_argcount", "co_kwonlyargcount")


def digest_of(function: Callable) -> str:
    """16 hexadecimal digits that follow from a function's code and from what it reads: its defaults, the variables
    around it, and the globals that it names.

    Code is its source without comments and layout; of a lambda, and without a source, the bytecode. Of what is read
    count numbers, texts, arrays, and tuples, lists, sets and dicts of these; dataclasses; and functions, classes and
    objects of the function's own module. Of anything else counts its name or its type.
    """
    return _hash(repr(_Describer(_home_of(function)).of(function)).encode())


def _hash(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=8).hexdigest()


def _home_of(function: Callable) -> str | None:
    """The module that a function is written in."""
    while isinstance(function, (functools.partial, types.MethodType)):
        function = function.func if isinstance(function, functools.partial) else function.__func__
    return function.__module__ if isinstance(function, types.FunctionType) else type(function).__module__


class _Describer:
    """Turns values into nested tuples of texts, which are equal where the values are."""

    def __init__(self, home: str | None):
        self._home = home
        self._open: set[int] = set()  # what is being described: circles end there

    def of(self, it: Any) -> Any:
        if isinstance(it, enum.Enum):
            return self._of_type(type(it)), it.name
        if isinstance(it, _PLAIN):
            return type(it).__name__, repr(it)
        if id(it) in self._open:
            return "again", type(it).__name__
        self._open.add(id(it))
        try:
            return self._of_container(it) or self._of_code(it) or self._of_object(it)
        finally:
            self._open.discard(id(it))

    def _of_container(self, it: Any) -> Any:
        if isinstance(it, (tuple, list)):
            return type(it).__name__, [self.of(part) for part in it]
        if isinstance(it, (set, frozenset)):
            return type(it).__name__, sorted(repr(self.of(part)) for part in it)
        if isinstance(it, dict):
            return "dict", sorted(repr((self.of(key), self.of(value))) for key, value in it.items())
        if isinstance(it, (np.ndarray, np.generic)) or hasattr(it, "__dlpack__"):
            return self._of_array(it)
        return None

    def _of_array(self, it: Any) -> Any:
        try:
            array = np.asarray(it) if isinstance(it, np.generic) else host_array(it, "an array")
        except ValueError:  # of another device
            return self._of_type(type(it))
        if array.dtype.hasobject:
            return "array", array.shape, self.of(array.tolist())
        return "array", array.shape, array.dtype.str, _hash(np.ascontiguousarray(array).tobytes())

    def _of_code(self, it: Any) -> Any:
        if isinstance(it, functools.partial):
            return "partial", self.of(it.func), self.of(it.args), self.of(it.keywords)
        if isinstance(it, types.MethodType):
            return "method", self.of(it.__func__), self.of(it.__self__)
        if isinstance(it, types.FunctionType) and it.__module__ == self._home:
            return self._of_function(it)
        if isinstance(it, type):
            return self._of_type(it)
        name = getattr(it, "__qualname__", getattr(it, "__name__", None))  # of a library's functions and modules
        return ("named", getattr(it, "__module__", None), name) if name and type(it).__module__ != self._home else None

    def _of_function(self, function: types.FunctionType) -> Any:
        return (
            _source_of(function) or _code_of(function.__code__),
            self.of(function.__defaults__),
            self.of(function.__kwdefaults__),
            self.of(dict(_read_by(function))),
        )

    def _of_type(self, kind: type) -> Any:
        if kind.__module__ != self._home:
            return "named", kind.__module__, kind.__qualname__
        own = {name: it for name, it in vars(kind).items() if callable(it) or not name.startswith("__")}
        return "class", kind.__qualname__, [self._of_type(base) for base in kind.__bases__], self.of(own)

    def _of_object(self, it: Any) -> Any:
        kind = type(it)
        if dataclasses.is_dataclass(it):
            fields = {field.name: getattr(it, field.name, None) for field in dataclasses.fields(it)}
            return self._of_type(kind), self.of(fields)
        return self._of_type(kind), self.of(getattr(it, "__dict__", {}) if kind.__module__ == self._home else None)


def _source_of(function: types.FunctionType) -> str | None:
    """The source, without comments and layout. None of a lambda, which may share its lines with others."""
    try:
        parsed = ast.parse(textwrap.dedent(inspect.getsource(function.__code__))).body
    except (OSError, TypeError, SyntaxError):
        return None
    if len(parsed) != 1 or not isinstance(parsed[0], ast.FunctionDef):
        return None
    parsed[0].decorator_list = []
    return ast.unparse(parsed[0]) if _makes(parsed[0], function.__code__) else None


def _makes(parsed: ast.FunctionDef, code: types.CodeType) -> bool:
    """Whether the source is still that of the code: a file may have been edited since. The variables around a function
    are globals where it is compiled alone."""
    compiled = compile(ast.Module([parsed], []), code.co_filename, "exec", dont_inherit=True)
    made = next(
        (it for it in compiled.co_consts if isinstance(it, types.CodeType) and it.co_name == code.co_name), None
    )
    if made is None or made.co_varnames != code.co_varnames:
        return False
    return _names_in(made) == _names_in(code) if code.co_freevars else _code_of(made) == _code_of(code)


def _names_in(code: types.CodeType) -> set[str]:
    inner = (it for it in code.co_consts if isinstance(it, types.CodeType))
    return {*code.co_names, *code.co_freevars}.union(*map(_names_in, inner))


def _code_of(code: types.CodeType) -> Any:
    parts = [_code_of(it) if isinstance(it, types.CodeType) else (type(it).__name__, repr(it)) for it in code.co_consts]
    return [getattr(code, name) for name in _CODE], parts


def _read_by(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    """The variables around a function and the globals that it reads, by name."""
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or ()):
        try:
            yield name, cell.cell_contents
        except ValueError:  # not assigned yet
            continue
    for name in _globals_of(function.__code__):
        if name in function.__globals__:
            yield name, function.__globals__[name]


def _globals_of(code: types.CodeType) -> set[str]:
    names = {it.argval for it in dis.get_instructions(code) if it.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
    return names.union(*(_globals_of(it) for it in code.co_consts if isinstance(it, types.CodeType)))
