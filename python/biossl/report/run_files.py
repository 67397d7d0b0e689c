"""One reader of a run directory (docs/recipes.md, "The run directory").

What is missing is None or empty. What is broken is told in `RunFiles.faults`, a line each, and is missing too. A path
that is no run directory is a RunError.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .._files import object_of, read_text

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

__all__ = ["BlockProbe", "Epoch", "RunError", "RunFiles", "flatten", "number", "read_run"]

_SECTIONS = ("data", "views", "network", "loss", "rule", "train", "probe")  # of every run's recipe


class RunError(ValueError):
    """A path that is no run directory, or one of which nothing can be read: one line."""


def number(value: Any) -> float | None:
    """A finite number, or None: JSON of a run may hold anything."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def _numbers(values: Any) -> dict[str, float]:
    found = {str(key): number(value) for key, value in values.items()} if isinstance(values, dict) else {}
    return {key: value for key, value in found.items() if value is not None}


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


@dataclass(frozen=True)
class Epoch:
    """A line of metrics.jsonl."""

    epoch: int
    stage: str  #: what learnt; "": everything
    values: dict[str, float]  #: every number of the line
    #: lists of objects, of a block or a layer each: "health", and what other instruments record
    records: dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class BlockProbe:
    """A probe of probe.json."""

    block: int | None  #: None: of the pixels
    test_accuracy: float
    train_accuracy: float | None
    values: dict[str, float]  #: every number of the probe
    knn: float | None  #: test accuracy of the neighbours' vote
    targets: dict[str, float]  #: R^2 by name
    confusion: np.ndarray | None  #: [label][prediction], counts


@dataclass
class RunFiles:
    """The content of a run directory."""

    path: Path
    recipe: dict[str, Any] = field(default_factory=dict)
    recipe_text: str = ""
    environment: dict[str, Any] = field(default_factory=dict)
    metrics: list[Epoch] = field(default_factory=list)
    class_names: list[str] = field(default_factory=list)
    chance: float | None = None
    trained: list[BlockProbe] = field(default_factory=list)  #: by block
    random: list[BlockProbe] = field(default_factory=list)  #: of the random encoder
    pixels: BlockProbe | None = None
    probe_epochs: float | None = None
    summary: dict[str, Any] = field(default_factory=dict)
    checkpoints: list[Path] = field(default_factory=list)  #: oldest first
    failure: str = ""
    faults: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The directory's name."""
        return self.path.name or str(self.path)

    @property
    def title(self) -> str:
        """The recipe's name."""
        return str(self.recipe.get("name") or self.name)

    @property
    def seed(self) -> int | None:
        seed = self.recipe.get("seed")
        return seed if isinstance(seed, int) and not isinstance(seed, bool) else None

    @property
    def of_arrays(self) -> bool:
        """Whether it learnt from arrays in a Python session, which are gone."""
        name = str(self.setting("data.pretrain", ""))
        return self.setting(f"data.{name}.kind", name) == "memory"

    @property
    def is_probed(self) -> bool:
        return bool(self.trained) or "probe" in self.summary

    def setting(self, key: str, default: Any = None) -> Any:
        """A setting by its dotted key: "rule.kind"."""
        value: Any = self.recipe
        for part in key.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        return default if value is None else value

    def series(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """The epochs that have such a number, and the numbers."""
        found = [(line.epoch, line.values[name]) for line in self.metrics if name in line.values]
        return np.array([e for e, _ in found], dtype=float), np.array([v for _, v in found], dtype=float)


def flatten(recipe: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Every setting by its dotted key, elements of lists of tables by their number: "network.blocks.0.channels"."""
    flat: dict[str, Any] = {}
    for key, value in recipe.items():
        if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
            value = {str(index): item for index, item in enumerate(value)}
        if isinstance(value, dict):
            flat.update(flatten(value, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = value
    return flat


class _Reader:
    def __init__(self, run: RunFiles) -> None:
        self.run = run

    def text(self, name: str) -> str | None:
        path = self.run.path / name
        try:
            return read_text(path, errors="replace")
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as fault:
            self.fault(name, f"cannot be read ({fault.strerror or fault})")
            return None

    def fault(self, name: str, what: str) -> None:
        self.run.faults.append(" ".join(f"{self.run.path / name}: {what}".split()))

    def parsed(self, name: str, parse: Callable[[str], Any]) -> dict[str, Any]:
        """A file that holds one object."""
        text = self.text(name)
        if text is None:
            return {}
        try:
            return object_of(text, parse)
        except ValueError as fault:
            self.fault(name, str(fault))
            return {}


def _json(text: str) -> Any:
    return json.loads(text, parse_constant=lambda _: None)


def _epoch(value: dict[str, Any]) -> Epoch | None:
    values = _numbers(value)
    epoch = values.get("epoch")
    if epoch is None or epoch < 0:
        return None
    lists = {str(key): entry for key, entry in value.items() if isinstance(entry, list) and entry}
    records = {key: entry for key, entry in lists.items() if all(isinstance(item, dict) for item in entry)}
    stage = value.get("stage")
    return Epoch(int(epoch), stage if isinstance(stage, str) else "", values, records)


def _read_metrics(reader: _Reader) -> list[Epoch]:
    lines = (reader.text("metrics.jsonl") or "").split("\n")
    epochs: dict[int, Epoch] = {}  # a line of an epoch that was trained anew replaces the former
    for count, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            epoch = _epoch(object_of(line, _json))
        except ValueError:
            epoch = None
        if epoch is None:
            unfinished = count == len(lines)
            reader.fault("metrics.jsonl", f"line {count} is {'cut short' if unfinished else 'broken'} and is left out")
        else:
            epochs[epoch.epoch] = epoch
    return [epochs[key] for key in sorted(epochs)]


def _confusion(value: Any) -> np.ndarray | None:
    try:
        matrix = np.array(value, dtype=float)
    except (TypeError, ValueError, OverflowError):  # the last of a whole number beyond float's
        return None
    square = matrix.ndim == 2 and matrix.shape[0] == matrix.shape[1] > 0
    return matrix if square and np.isfinite(matrix).all() and (matrix >= 0).all() else None


def _block_probe(value: Any) -> BlockProbe | None:
    value = _mapping(value)
    values = _numbers(value)
    if "test_accuracy" not in values:
        return None
    block = values.get("block")
    targets = {name: number(_mapping(entry).get("r_squared")) for name, entry in _mapping(value.get("targets")).items()}
    return BlockProbe(
        block=None if block is None else int(block),
        test_accuracy=values["test_accuracy"],
        train_accuracy=values.get("train_accuracy"),
        values=values,
        knn=number(_mapping(value.get("knn")).get("test_accuracy")),
        targets={str(name): found for name, found in targets.items() if found is not None},
        confusion=_confusion(value.get("confusion")),
    )


def _block_probes(value: Any) -> list[BlockProbe]:
    probes = [_block_probe(entry) for entry in value] if isinstance(value, list) else []
    return sorted((probe for probe in probes if probe and probe.block is not None), key=lambda probe: probe.block)


def _read_probe(reader: _Reader) -> None:
    run = reader.run
    probe = reader.parsed("probe.json", _json)
    names = probe.get("class_names")
    run.class_names = [str(name) for name in names] if isinstance(names, list) else []
    run.chance = number(probe.get("chance"))
    run.probe_epochs = number(probe.get("epochs"))
    run.trained = _block_probes(probe.get("trained"))
    run.random = _block_probes(probe.get("random"))
    run.pixels = _block_probe(probe.get("pixels"))


def _checkpoints(folder: Path) -> list[Path]:
    """By the epoch and the batch in their names, oldest first."""

    def order(path: Path) -> tuple[int, int]:
        epoch, batch = re.fullmatch(r"epoch_(\d+)(?:_batch_(\d+))?\.safetensors", path.name).groups()
        # epoch_0003_batch_000042 lies within the epoch behind the third.
        return int(epoch), int(batch or 0)

    names = re.compile(r"epoch_\d+(?:_batch_\d+)?\.safetensors")
    try:
        return sorted((path for path in folder.iterdir() if names.fullmatch(path.name)), key=order)
    except OSError:
        return []


def _read_recipe(reader: _Reader) -> dict[str, Any]:
    faults = len(reader.run.faults)
    recipe = reader.parsed("recipe.toml", tomllib.loads)
    missing = [name for name in _SECTIONS if name not in recipe]
    if missing and len(reader.run.faults) == faults and (reader.run.path / "recipe.toml").exists():
        reader.fault("recipe.toml", f"is damaged or cut short: it has no [{missing[0]}]")
    return recipe


def read_run(path: str | Path) -> RunFiles:
    """Reads a run directory. Throws RunError for a path that is none."""
    run = RunFiles(Path(path))
    if not run.path.is_dir():
        raise RunError(f"{path}: there is no such run directory")
    reader = _Reader(run)
    run.recipe_text = reader.text("recipe.toml") or ""
    run.recipe = _read_recipe(reader)
    run.environment = reader.parsed("environment.json", _json)
    run.metrics = _read_metrics(reader)
    run.summary = reader.parsed("summary.json", _json)
    _read_probe(reader)
    run.checkpoints = _checkpoints(run.path / "checkpoints")
    run.failure = (reader.text("failure.txt") or "").strip()
    if not (run.recipe or run.metrics or run.summary or run.trained or run.faults):
        raise RunError(f"{path}: this is no run directory; it holds neither recipe.toml nor results")
    return run
