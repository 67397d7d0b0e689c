"""What a report asks the `biossl` program for. Every question is bounded, and its answers go to a temporary folder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .run_files import RunFiles

__all__ = ["Description", "Engine", "EngineError", "Layer", "Network", "Property", "find_program"]

IMAGES = 2000  # that are embedded, and among which neighbours are looked for
SECONDS = 300  # that an answer may take


class EngineError(Exception):
    """The program is not there or cannot answer: one line."""


@dataclass(frozen=True)
class Property:
    """One of the properties of plausibility that `biossl describe` names."""

    number: str  #: "(i)"
    kept: bool
    what: str
    why: str


@dataclass(frozen=True)
class Layer:
    name: str  #: "block 0"
    what: str
    input: str  #: "32x32x3"
    output: str
    parameters: int
    operations: int


@dataclass(frozen=True)
class Network:
    summary: str  #: "conv6 on images of 32x32x3"
    views: str  #: what views make of images; "" where the network sees whole images
    operations_of: str  #: "image" or "patch"
    layers: list[Layer]
    total: Layer


@dataclass(frozen=True)
class Description:
    network: Network
    properties: list[Property]
    changed: list[tuple[str, str, str]]  #: what differs from the defaults: key, value, default, as in TOML


def find_program() -> str | None:
    """$BIOSSL_PROGRAM, the one in the package, the one beside the interpreter, the one on PATH."""
    beside = [Path(__file__).parents[1] / "bin" / "biossl", Path(sys.executable).parent / "biossl"]
    named = os.environ.get("BIOSSL_PROGRAM")
    for path in [Path(named)] if named else beside:
        if path.is_file() and os.access(path, os.X_OK):
            return os.path.abspath(path)
    return None if named else shutil.which("biossl")


@contextmanager
def told_when_long(what: str) -> Iterator[None]:
    """Says on stderr what is being done if it takes longer than two seconds."""
    timer = threading.Timer(2, lambda: print(f"{what} …", file=sys.stderr, flush=True))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _toml_word(value: Any) -> str:
    """A setting for --set."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


class Engine:
    """program: "" where nothing may be computed."""

    def __init__(self, program: str | None, data: str | None = None, threads: int | None = None) -> None:
        self.program = program
        self.data = data
        self._threads = threads
        self._descriptions: dict[Path, Description] = {}

    def _run(self, what: str, words: list[str], folder: str) -> str:
        if self.program == "":
            raise EngineError("left out by --files-only")
        if self.program is None:
            raise EngineError("the program biossl is not found; set BIOSSL_PROGRAM to its path")
        try:
            with told_when_long(what):
                done = subprocess.run(
                    [self.program, *words], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS
                )
        except OSError as fault:
            raise EngineError(f"{self.program}: cannot be started ({fault.strerror})") from fault
        except subprocess.TimeoutExpired as fault:
            raise EngineError(f"{what}: not done after {SECONDS} seconds") from fault
        if done.returncode != 0:
            lines = done.stderr.decode(errors="replace").strip().splitlines()
            raise EngineError(lines[-1].removeprefix("biossl: ") if lines else f"biossl ended with {done.returncode}")
        return done.stdout.decode(errors="replace")

    def _place(self, compute: bool = True) -> list[str]:
        words = ["--data", os.path.abspath(self.data)] if self.data else []
        return words + (["--threads", str(self._threads)] if compute and self._threads else [])

    def _made(self, what: str, words: list[str], *names: str) -> list[bytes | None]:
        """What the program writes into a temporary folder under these names; None for what it does not."""
        with tempfile.TemporaryDirectory(prefix="biossl-report-") as folder:
            self._run(what, words, folder)
            paths = [Path(folder) / name for name in names]
            return [path.read_bytes() if path.exists() else None for path in paths]

    def describe(self, run: RunFiles) -> Description:
        if run.path in self._descriptions:
            return self._descriptions[run.path]
        recipe = os.path.abspath(run.path / "recipe.toml")
        with tempfile.TemporaryDirectory(prefix="biossl-report-") as folder:
            words = ["describe", recipe, "--changes", "--json", *self._place(False)]
            text = self._run("describing the recipe", words, folder)
        return self._descriptions.setdefault(run.path, parse_description(text))

    def embeddings(self, run: RunFiles) -> tuple[np.ndarray, np.ndarray | None]:
        """(N, D) of the first test images of the probe, and their labels where they have any."""
        words = ["embed", os.path.abspath(run.path), "--layer", "embedding", "--images", str(IMAGES)]
        words += ["--out", "features.npy", *self._place()]
        with tempfile.TemporaryDirectory(prefix="biossl-report-") as folder:
            self._run(f"{run.name}: embeddings of test images", words, folder)
            features = np.load(Path(folder) / "features.npy")
            labels = Path(folder) / "features_labels.npy"
            return features.reshape(len(features), -1), np.load(labels) if labels.exists() else None

    def neighbours(self, run: RunFiles) -> bytes:
        """A contact sheet, PNG."""
        words = ["neighbours", os.path.abspath(run.path), "--queries", "8", "--k", "8", "--images", str(IMAGES)]
        words += ["--out", "alike.png", *self._place()]
        return self._made(f"{run.name}: nearest neighbours", words, "alike.png")[0] or b""

    def view_pairs(self, run: RunFiles) -> bytes:
        """A contact sheet of pairs of views of the training images, PNG."""
        name = str(run.setting("data.pretrain", ""))
        own = dict(run.setting(f"data.{name}", {}))
        kind = str(own.pop("kind", name))
        words = ["data", "preview", kind, "--views", str(run.setting("views.kind", "")), "--seed", str(run.seed or 0)]
        resize = own.pop("resize", None) or run.setting("data.resize", 0)
        if size := resize or ("image_size" in run.setting("data", {}) and run.setting("data.image_size")):
            words += ["--size", str(size)]
        for key in ("crop", "mean", "std"):
            own.pop(key, None)
        views = {key: value for key, value in run.setting("views", {}).items() if key != "kind"}
        for option, settings in (("--set", own), ("--views-set", views)):
            for key, value in settings.items():
                words += [option, f"{key}={_toml_word(value)}"]
        words += ["--out", "pairs.png", *self._place()]
        return self._made(f"{run.name}: pairs of views", words, "pairs.png")[0] or b""


def parse_description(text: str) -> Description:
    """What `biossl describe --changes --json` prints."""
    try:
        its = json.loads(text)
        network = its["network"]
        return Description(
            Network(
                network["summary"],
                its.get("views", ""),
                network["operations_of"],
                [Layer(**layer) for layer in network["layers"]],
                Layer("total", "", "", "", network["parameters"], network["operations"]),
            ),
            [
                Property(found["number"], found["kept"], found["property"], found["why"])
                for found in its["plausibility"]["properties"]
            ],
            [(change["key"], change["value"], change["default"] or "") for change in its["changes"]],
        )
    except (ValueError, KeyError, TypeError) as fault:
        raise EngineError("biossl describe --json prints something else than this report reads") from fault
