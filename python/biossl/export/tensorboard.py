"""A run for TensorBoard: scalars by epoch, histograms of weights and first-layer filters by checkpoint, pairs of views.

Only the tensorboard package is needed. Events are written as its oldest plugins read them: simple values, histograms
with buckets, encoded images.
"""

from __future__ import annotations

import io
import re
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import HistogramProto, Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from ..report.engine import Engine, EngineError, find_program
from ..report.filter_sheet import filter_sheet, first_filters
from ..report.run_files import Epoch, RunError, RunFiles, number, read_run
from ..report.tensors import Tensors

__all__ = ["EventWriter", "export", "follow"]

BUCKETS = 64
SECONDS = 1.0  # between two looks at a run that trains


def histogram(values: np.ndarray) -> HistogramProto:
    """Equal buckets between the smallest and the largest finite value."""
    values = np.asarray(values, dtype=float).ravel()
    values = values[np.isfinite(values)]
    if not values.size:
        return HistogramProto()
    counts, edges = np.histogram(values, bins=BUCKETS)
    return HistogramProto(
        min=values.min(),
        max=values.max(),
        num=values.size,
        sum=values.sum(),
        sum_squares=float(np.square(values).sum()),
        bucket_limit=edges[1:].tolist(),
        bucket=counts.tolist(),
    )


def _scalars(line: Epoch) -> dict[str, float]:
    """Tags like "train/loss", "health/block 4/effective_rank": a tag a number."""
    scalars = {f"train/{name}": value for name, value in line.values.items() if name != "epoch"}
    for record, entries in line.records.items():
        for entry in entries:
            place = (
                entry.get("layer")
                if isinstance(entry.get("layer"), str)
                else f"block {number(entry.get('block')) or 0:g}"
            )
            for name, value in entry.items():
                if name != "block" and (found := number(value)) is not None:
                    scalars[f"{record}/{place}/{name}"] = found
    return scalars


class EventWriter:
    """Writes what is new of a run at every call of `update`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._writer = EventFileWriter(str(folder))
        self._epochs: set[int] = set()
        self._checkpoints: set[str] = set()
        self._probed = False

    def _write(self, step: int, **value: Any) -> None:
        event = Event(step=step, wall_time=time.time(), summary=Summary(value=[Summary.Value(**value)]))
        self._writer.add_event(event)

    def update(self, run: RunFiles) -> None:
        for line in run.metrics:
            if line.epoch not in self._epochs:
                self._epochs.add(line.epoch)
                for tag, value in _scalars(line).items():
                    self._write(line.epoch, tag=tag, simple_value=value)
        for path in run.checkpoints:
            if path.name not in self._checkpoints and self._weights(path):
                self._checkpoints.add(path.name)
        if run.trained and not self._probed:
            self._probed = True
            for kind, probes in (("trained", run.trained), ("random encoder", run.random)):
                for probe in probes:
                    # The axis of these is the block.
                    self._write(
                        probe.block or 0, tag=f"probe/{kind}/test_accuracy by block", simple_value=probe.test_accuracy
                    )
        self._writer.flush()

    def _weights(self, path: Path) -> bool:
        """False where the checkpoint cannot be read now: an old one is removed while a run trains."""
        try:
            tensors = Tensors(path)
            weights = {name: tensors.read(name) for name in tensors.weights()}
            filters = first_filters(tensors)
        except RunError:
            return False
        step = int(re.findall(r"\d+", path.name)[0])
        for name, values in weights.items():
            self._write(step, tag=f"weights/{name}", histo=histogram(values))
        if filters is not None:
            self._image(step, "filters/first layer", Image.fromarray(filter_sheet(filters)))
        return True

    def _image(self, step: int, tag: str, picture: Image.Image) -> None:
        buffer = io.BytesIO()
        picture.save(buffer, "PNG")
        image = Summary.Image(height=picture.height, width=picture.width, encoded_image_string=buffer.getvalue())
        self._write(step, tag=tag, image=image)

    def view_pairs(self, run: RunFiles) -> None:
        """A contact sheet of what the run learns from, where the program can make it."""
        try:
            png = Engine(find_program()).view_pairs(run)
        except EngineError:
            return
        self._image(0, "views/pairs", Image.open(io.BytesIO(png)))
        self._writer.flush()

    def close(self) -> None:
        self._writer.close()


def export(run: str, target: str) -> str:
    """Writes a run into a folder of TensorBoard. Returns a line that says what was written."""
    files = read_run(run)
    folder = Path(target) / files.path.resolve().name
    if any(folder.glob("events.out.tfevents.*")):
        raise RunError(f"{folder}: holds events already; remove it, or name another folder")
    writer = EventWriter(folder)
    writer.update(files)
    writer.view_pairs(files)
    writer.close()
    for fault in files.faults:
        print(f"biossl: {fault}", file=sys.stderr)
    written = f"{len(files.metrics)} epochs, {len(files.checkpoints)} checkpoints"
    return f"{folder}: {written}; look with: tensorboard --logdir {target}"


def _ended() -> threading.Event:
    """Is set when standard input ends: whoever started this process has ended too."""
    ended = threading.Event()

    def wait() -> None:
        while sys.stdin.buffer.read(4096):
            pass
        ended.set()

    threading.Thread(target=wait, daemon=True).start()
    return ended


def follow(run: str, target: str) -> None:
    """Writes a run while it trains, until standard input ends."""
    ended = _ended()
    writer = EventWriter(Path(target) / Path(run).resolve().name)
    shown = last = False
    while not last:
        last = ended.wait(SECONDS)
        try:
            files = read_run(run)  # a line of metrics.jsonl that is not whole yet comes with a later look
        except RunError:
            continue  # the run has not begun
        writer.update(files)
        if not shown and files.recipe:
            shown = True
            writer.view_pairs(files)
    writer.close()
