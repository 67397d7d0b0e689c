"""Ctrl-C while a run is under way."""

from __future__ import annotations

import signal
import threading
from typing import Any

from .progress import Silent


class Heeding(Silent):
    """A reporter in front of another one, which heeds Ctrl-C. The first one lets the step end that is under way, with
    the Python code of its components, so that the run can write a checkpoint. A second one raises at once.

    Where Ctrl-C has another handler than Python's own, or in another thread than the main one, it does nothing.
    """

    def __init__(self, target: Silent):
        self._target = target
        self._asked = False
        self._usual: Any = None

    def __enter__(self) -> Heeding:
        is_main = threading.current_thread() is threading.main_thread()
        if is_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self._usual = signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: Any) -> None:
        if self._usual is not None:
            signal.signal(signal.SIGINT, self._usual)
        if self._asked and kind is None:
            raise KeyboardInterrupt("the run had ended by then")

    def note(self, line: str) -> None:
        self._target.note(line)

    def batch(self, *values: Any) -> None:
        self._target.batch(*values)
        self._stop_if_asked()

    def epoch(self, *values: Any) -> None:
        self._target.epoch(*values)
        self._stop_if_asked()

    def stage(self, *values: Any) -> None:
        self._target.stage(*values)
        self._stop_if_asked()

    def _ask(self, *_: Any) -> None:
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True

    def _stop_if_asked(self) -> None:
        """What a reporter raises asks the engine to stop."""
        if self._asked:
            raise KeyboardInterrupt
