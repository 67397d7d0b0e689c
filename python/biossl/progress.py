"""Shows a run's progress, in a terminal, in a notebook, or line by line in a file."""

from __future__ import annotations

import sys
import time
from typing import Any

from ._arguments import shown


class Silent:
    """Shows nothing."""

    def note(self, line: str) -> None: ...

    def batch(self, epoch, epochs, stage, batch, batches, loss, speed) -> None: ...

    def epoch(self, metrics: dict, epochs: int) -> None: ...

    def stage(self, name: str, done: int, total: int, text: str) -> None: ...


class Lines(Silent):
    """Prints a line for each epoch and each stage; where a line can be drawn anew, also one that moves."""

    REDRAW_SECONDS = 0.2
    FIRST_SECONDS = 1.0  # a stage that is over sooner gets no line

    def __init__(self, stream=None, lasting: bool = True):
        """lasting: whether a stage leaves a line behind."""
        self.stream = stream or sys.stdout
        self.lasting = lasting
        terminal = getattr(self.stream, "isatty", lambda: False)()
        notebook = type(self.stream).__module__.startswith("ipykernel")
        self.moves = terminal or notebook
        self.drawn = 0
        self.last = time.monotonic()
        self.stage_name = ""
        self.stage_start = 0.0

    def note(self, line):
        self._print(line)

    def batch(self, epoch, epochs, stage, batch, batches, loss, speed):
        of_all = (epoch - 1 + batch / max(batches, 1)) / max(epochs, 1)
        where = f"  {stage}" if stage else ""
        self._draw(f"{_bar(of_all)} epoch {epoch}/{epochs}{where}  loss {loss:.4g}  {speed:.0f} images/s")

    def epoch(self, metrics, epochs):
        where = f"  {metrics['stage']}" if metrics["stage"] else ""
        self._print(
            f"epoch {metrics['epoch']:>{len(str(epochs))}}/{epochs}{where}  "
            f"loss {metrics['loss_per_pair']:.4f} a pair  active {metrics['active_share']:.3f}  "
            f"{metrics['images_per_second']:.0f} images/s  {metrics['seconds']:.1f} s"
        )

    def stage(self, name, done, total, text):
        now = time.monotonic()
        if name != self.stage_name:
            self.stage_name, self.stage_start = name, now
        seconds = now - self.stage_start
        if done < total:
            if seconds >= self.FIRST_SECONDS:
                self._draw(f"{_bar(done / max(total, 1))} {name}  {text}")
            return
        self.stage_name = ""
        if self.lasting and seconds >= self.FIRST_SECONDS:
            self._print(f"{name}  {text}  {seconds:.1f} s" if text else f"{name}  {seconds:.1f} s")
        else:
            self._erase()

    def _draw(self, line):
        if not self.moves or time.monotonic() - self.last < self.REDRAW_SECONDS:
            return
        self.last = time.monotonic()
        self.stream.write("\r" + line.ljust(self.drawn))
        self.stream.flush()
        self.drawn = len(line)

    def _erase(self):
        if self.drawn:
            self.stream.write("\r" + " " * self.drawn + "\r")
            self.drawn = 0

    def _print(self, line):
        self._erase()
        self.stream.write(line + "\n")
        self.stream.flush()


def _bar(share: float, width: int = 24) -> str:
    full = max(0, min(width, int(share * width)))
    return f"[{'=' * full}{' ' * (width - full)}] {100 * share:3.0f} %"


def reporter(progress: Any, lasting: bool = True) -> Silent:
    """True: lines on standard output; False: nothing; else an object of one's own with the methods of Silent."""
    if progress is None or isinstance(progress, (bool, int)):
        return Lines(lasting=lasting) if progress else Silent()
    if not all(callable(getattr(progress, name, None)) for name in ("note", "batch", "epoch", "stage")):
        raise TypeError(f"progress = {shown(progress)}; True, False or an object as biossl.progress.Silent is expected")
    return progress
