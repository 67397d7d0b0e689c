"""Reads tensors of a checkpoint (safetensors)."""

from __future__ import annotations

import json
import math
import re
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from .run_files import RunError, RunFiles

__all__ = ["Tensors", "leave_out_damaged"]

_TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8", "I32": "<i4", "U8": "u1", "I8": "i1"}
_LARGEST_HEADER = 100 << 20  # of the format


class Tensors:
    """The tensors of one file, each read when it is asked for. Any fault of the file is a RunError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            if path.exists() and not path.is_file():  # a pipe would be waited for
                raise OSError("it is no regular file")
            with open(path, "rb") as file:
                size = int.from_bytes(file.read(8), "little")
                if size > min(_LARGEST_HEADER, path.stat().st_size):
                    raise ValueError("its header is too long")
                header = json.loads(file.read(size))
            if not isinstance(header, dict):
                raise ValueError("its header is no object")
        except (OSError, ValueError, RecursionError) as fault:
            raise RunError(f"{path}: cannot be read as a checkpoint ({fault})") from fault
        self._start = 8 + size
        self._texts: Any = header.pop("__metadata__", None)
        self._entries: dict[str, Any] = header

    def names(self) -> list[str]:
        return list(self._entries)

    def require_whole(self) -> None:
        """RunError unless every tensor lies in the file and the checksum, where there is one, is theirs."""
        try:
            size = self.path.stat().st_size - self._start
            if any(entry["data_offsets"][1] > size for entry in self._entries.values()):
                raise ValueError("it was cut short")
            told = (self._texts or {}).get("crc32")
            if told is not None and told != self._checksum():
                raise ValueError("its checksum is not that of its content")
        except (OSError, KeyError, TypeError, ValueError, AttributeError, IndexError) as fault:
            raise RunError(f"{self.path}: cannot be read as a checkpoint ({fault})") from fault

    def _checksum(self) -> str:
        """As the engine makes it: of all texts, then of every tensor's name, type, shape and bytes, in order."""
        total = 0
        for key in sorted(self._texts, key=str.encode):
            if key != "crc32":
                total = zlib.crc32(f"{key}\0{self._texts[key]}\0".encode(), total)
        with open(self.path, "rb") as file:
            for name in sorted(self._entries, key=str.encode):
                entry = self._entries[name]
                shape = ", ".join(map(str, entry["shape"]))
                total = zlib.crc32(f"{name} {entry['dtype']} ({shape})\0".encode(), total)
                first, last = entry["data_offsets"]
                file.seek(self._start + first)
                while first < last and (part := file.read(min(last - first, 1 << 20))):
                    total = zlib.crc32(part, total)
                    first += len(part)
        return f"{total:08x}"

    def read(self, name: str) -> np.ndarray:
        """bfloat16 is read as float32."""
        try:
            entry = self._entries[name]
            kind, shape, (first, last) = np.dtype(_TYPES[entry["dtype"]]), entry["shape"], entry["data_offsets"]
            count = math.prod(shape)
            if last - first != count * kind.itemsize or self._start + last > self.path.stat().st_size:
                raise ValueError("its size is not that of its shape, or of the file")
            with open(self.path, "rb") as file:
                file.seek(self._start + first)
                values = np.frombuffer(file.read(last - first), dtype=kind).reshape(shape)
        except (OSError, KeyError, TypeError, ValueError) as fault:
            raise RunError(f"{self.path}: tensor {name} cannot be read ({fault})") from fault
        if entry["dtype"] == "BF16":
            return (values.astype("<u4") << 16).view("<f4")
        return values

    def weights(self) -> list[str]:
        """The forward weights of blocks and heads, in the order of the layers."""
        found = [
            name
            for name in self.names()
            if re.fullmatch(r"(blocks|heads)\.\d+\.(?!optimizer|feedback)(.*\.)?weight", name)
        ]
        return sorted(found, key=lambda name: (name.split(".")[0], int(name.split(".")[1]), name))


def leave_out_damaged(run: RunFiles) -> None:
    """Takes damaged checkpoints behind the newest whole one out of a run, and tells of the newest of them."""
    first_fault = ""
    for place in reversed(range(len(run.checkpoints))):
        try:
            Tensors(run.checkpoints[place]).require_whole()
        except RunError as fault:
            first_fault = first_fault or str(fault)
            del run.checkpoints[place]
        else:
            break
    if first_fault:
        instead = f"using {run.checkpoints[-1].name} instead" if run.checkpoints else "no other checkpoint can be read"
        run.faults.append(f"{first_fault}; {instead}")
