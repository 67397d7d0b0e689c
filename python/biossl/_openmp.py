"""Which OpenMP runtime biossl's threads belong to, and that those of them which wait sleep.

A runtime reads OMP_WAIT_POLICY when it is loaded. Waiting threads that spin take processors from whoever else computes,
so biossl loads its runtime with the policy "passive", unless the user has set one. A wheel has a runtime of its own. A
package that was built from source uses the system's, and where another package, as PyTorch, has loaded one of the same
name before, that one.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import warnings

_POLICY = "OMP_WAIT_POLICY"
_RUNTIME = "libgomp.so.1"

_is_foreign = False


@contextlib.contextmanager
def passive():
    """Runtimes that are loaded within have waiting threads that sleep; the user's own setting wins."""
    if _POLICY in os.environ:
        yield
        return
    os.environ[_POLICY] = "passive"
    try:
        yield
    finally:
        del os.environ[_POLICY]


def _has_own() -> bool:
    """Whether the package is of a wheel, whose libraries lie beside it."""
    return os.path.isdir(os.path.join(os.path.dirname(__file__), "..", "biossl.libs"))


def load() -> None:
    """Loads the runtime that the engine needs, before another package loads one whose waiting threads spin."""
    global _is_foreign
    if not sys.platform.startswith("linux") or _has_own():
        return
    with contextlib.suppress(OSError):  # there is none: biossl brings or needs another one
        ctypes.CDLL(_RUNTIME, os.RTLD_NOW | os.RTLD_NOLOAD)
        _is_foreign = _POLICY not in os.environ
        return
    with contextlib.suppress(OSError), passive():
        ctypes.CDLL(_RUNTIME, os.RTLD_NOW)


def warn_of_spinning() -> None:
    """Says, where it is so, that the runtime was another package's, and what to do."""
    if _is_foreign:
        warnings.warn(
            "another package, such as PyTorch, has loaded OpenMP before biossl. Its threads spin while they wait, "
            "which is slow on a busy machine: import biossl first, or set OMP_WAIT_POLICY=passive before Python starts",
            RuntimeWarning,
            stacklevel=2,
        )
