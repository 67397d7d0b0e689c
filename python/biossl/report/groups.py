"""Runs beside each other: those that differ only in the seed are one group."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .run_files import RunFiles, flatten

__all__ = ["Band", "Group", "band", "differing_settings", "group_runs", "toml_value"]

#: Settings on which no result depends. The engine has the same list, which a report does without.
_FREE = ("name", "train.checkpoint_every", "train.keep_checkpoints", "probe.memory_gb", "data.memory_gb")


def settings(run: RunFiles) -> dict[str, Any]:
    """The settings on which results depend, without the seed."""
    flat = flatten(run.recipe)
    return {
        key: value for key, value in flat.items() if key not in (*_FREE, "seed") and not key.startswith("published.")
    }


@dataclass
class Group:
    """Runs of one recipe."""

    index: int  #: from 0; decides the colour
    runs: list[RunFiles]
    label: str = ""
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def first(self) -> RunFiles:
        """The run whose pictures are shown."""
        return self.runs[0]

    @property
    def seeds(self) -> str:
        seeds = [run.seed for run in self.runs if run.seed is not None]
        return ", ".join(map(str, seeds)) or "unknown"


@dataclass(frozen=True)
class Band:
    """Mean and standard deviation (n - 1) over runs, by epoch; the deviation is 0 where one run alone has a value."""

    epochs: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray


def band(series: Sequence[tuple[np.ndarray, np.ndarray]]) -> Band:
    """The band of several series (epochs, values). An epoch counts the runs that have reached it."""
    found: dict[float, list[float]] = {}
    for epochs, values in series:
        for epoch, value in zip(epochs, values):
            found.setdefault(float(epoch), []).append(float(value))
    epochs = sorted(found)
    mean = [math.fsum(found[epoch]) / len(found[epoch]) for epoch in epochs]
    deviation = [float(np.std(found[epoch], ddof=1)) if len(found[epoch]) > 1 else 0.0 for epoch in epochs]
    return Band(np.array(epochs), np.array(mean), np.array(deviation))


def toml_value(value: Any) -> str:
    """As a recipe has it; "–" for none."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


def _same_value(values: Sequence[Any]) -> bool:
    return all(repr(value) == repr(values[0]) for value in values)


def differing_settings(groups: Sequence[Group]) -> dict[str, list[Any]]:
    """The settings in which groups differ, and the value of each group; None where it has none."""
    keys = sorted({key for group in groups for key in group.settings})
    rows = {key: [group.settings.get(key) for group in groups] for key in keys}
    return {key: values for key, values in rows.items() if not _same_value(values)}


def _word(name: str, value: Any) -> str:
    return f"no {name}" if value is None else f"{name} {toml_value(value)}"


def _told_apart(groups: list[Group]) -> list[str]:
    """Of each group a few settings in which it differs from the others: "gll, updated_random", "epochs 5"."""
    differing = differing_settings(groups)
    kinds = [key for key in ("rule.kind", "rule.feedback", "loss.kind", "views.kind") if key in differing]
    if kinds:
        return [", ".join(str(differing[key][place]) for key in kinds) for place in range(len(groups))]
    words = {key.rpartition(".")[2]: values for key, values in list(differing.items())[:2]}
    return [", ".join(_word(name, values[place]) for name, values in words.items()) for place in range(len(groups))]


def _label(groups: list[Group]) -> None:
    """Names where they tell the groups apart, else the settings that do, else a number."""
    for name in dict.fromkeys(group.first.title for group in groups):
        alike = [group for group in groups if group.first.title == name]
        for group, told in zip(alike, _told_apart(alike)):
            parts = [told] if len(alike) == len(groups) > 1 else [name, told]
            group.label = ", ".join(part for part in parts if part) or name
    labels = [group.label for group in groups]
    for group in groups:
        if labels.count(group.label) > 1:
            group.label += f" ({group.index + 1})"


def group_runs(runs: Sequence[RunFiles]) -> list[Group]:
    """Groups in the order of their first runs. A run without a readable recipe is a group of its own."""
    groups: list[Group] = []
    by_recipe: dict[str, Group] = {}
    for run in runs:
        known = settings(run)
        identity = repr(sorted(known.items())) if known else f"run {len(groups)}"
        if identity not in by_recipe:
            by_recipe[identity] = Group(index=len(groups), runs=[], settings=known)
            groups.append(by_recipe[identity])
        by_recipe[identity].runs.append(run)
    for group in groups:
        group.runs.sort(key=lambda run: run.seed if run.seed is not None else 0)
    _label(groups)
    return groups
