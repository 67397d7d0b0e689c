"""Loads the extension module, with its own libraries beside whatever else the process has loaded."""

from __future__ import annotations

import os
import sys

from . import _openmp

#: A library that another package has loaded for everybody does not take the place of the one that belongs to biossl:
#: names are looked up among the module's own libraries first.
_DEEPBIND = getattr(os, "RTLD_DEEPBIND", 0)


def _load():
    flags = sys.getdlopenflags()
    try:
        sys.setdlopenflags(os.RTLD_NOW | _DEEPBIND)
        with _openmp.passive():
            from . import _core
    finally:
        sys.setdlopenflags(flags)
    _openmp.warn_of_spinning()
    return _core


core = _load()
os.register_at_fork(after_in_child=core.after_fork)
