"""Files of runs and what is made of them: read with every fault told, written whole or not at all.

The engine is not loaded for it: reports read runs without it.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

LARGEST_TEXT = 64 << 20  # bytes of a text file of a run; larger ones are not of this program


def read_text(path: Path, errors: str = "strict") -> str:
    """A text file of a run. OSError for what is no regular file, such as a pipe, which may never end, or is too large;
    UnicodeDecodeError, as `errors` says, for what is no UTF-8."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
    if status.st_size > LARGEST_TEXT:
        raise OSError(errno.EFBIG, f"it is larger than {LARGEST_TEXT >> 20} MiB", str(path))
    return path.read_text(encoding="utf-8", errors=errors)


def object_of(text: str, parse: Callable[[str], Any] = json.loads) -> dict[str, Any]:
    """The one object that a text holds. ValueError says what is wrong with it, to stand behind the file's name."""
    try:
        value = parse(text)
    except (ValueError, RecursionError) as fault:
        raise ValueError(f"is broken ({fault})") from None
    if not isinstance(value, dict):
        raise ValueError("holds no object")
    return value


def write_whole(path: str | os.PathLike, content: bytes) -> None:
    """The file appears whole or not at all, whatever ends the program or the machine meanwhile; what it held before
    stays until then. What is no regular file is written through. OSError names the path that was asked for."""
    named = Path(path)
    try:
        if named.exists() and not named.is_file():
            named.write_bytes(content)
            return
        target = Path(os.path.realpath(named))  # a link stays one
        _replace(target, target.with_name(f".biossl-{secrets.token_hex(8)}"), content)
    except OSError as fault:
        raise OSError(fault.errno, fault.strerror, os.fspath(path)) from fault


def _replace(target: Path, beside: Path, content: bytes) -> None:
    # Opened with the mode of any new file, which the user's mask then narrows.
    with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            os.replace(beside, target)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
