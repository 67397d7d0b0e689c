"""Threads and versions."""

from __future__ import annotations

from ._arguments import as_whole
from ._engine import core

__all__ = ["get_threads", "set_threads", "version"]


def set_threads(threads: int) -> None:
    """Sets the number of threads that everything from now on computes with.

    Without it: OMP_NUM_THREADS, else all processors that this process may use. The same seed gives the same run for the
    same number of threads.
    """
    core.set_threads(as_whole(threads, "threads"))


def get_threads() -> int:
    """Number of threads that biossl computes with."""
    return core.get_threads()


def version() -> str:
    """Version, commit and libraries, as ``biossl --version`` prints them."""
    return core.version()
