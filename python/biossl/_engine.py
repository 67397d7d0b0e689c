"""Loads the extension module, with its own OpenMP beside whatever else the process has loaded."""

from __future__ import annotations

import os
import sys

# Threads that wait for work sleep instead of spinning: another library's threads, as PyTorch's, may want the processor.
# The runtime reads this when it is loaded, and the user's own setting wins.
_POLICY = "OMP_WAIT_POLICY"

#: An OpenMP runtime that another package has loaded for everybody does not take the place of the one that belongs to
#: biossl: names are looked up among the module's own libraries first.
_DEEPBIND = getattr(os, "RTLD_DEEPBIND", 0)


def _load():
    unset = _POLICY not in os.environ
    flags = sys.getdlopenflags()
    if unset:
        os.environ[_POLICY] = "passive"
    try:
        sys.setdlopenflags(os.RTLD_NOW | _DEEPBIND)
        from . import _core
    finally:
        sys.setdlopenflags(flags)
        if unset:
            del os.environ[_POLICY]
    return _core


core = _load()
os.register_at_fork(after_in_child=core.after_fork)
