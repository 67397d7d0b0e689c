"""The program `biossl`, which comes with the package."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def path() -> Path:
    """The program's file."""
    return Path(__file__).parent / "bin" / "biossl"


def main() -> None:
    """Becomes the program, with the same arguments; what it needs of Python it finds with this interpreter."""
    os.environ.setdefault("BIOSSL_PYTHON", sys.executable)
    program = path()
    if not program.exists():
        sys.exit(f"biossl: {program} is missing; install the package again")
    os.execv(program, ["biossl", *sys.argv[1:]])
