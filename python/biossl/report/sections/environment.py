"""What a result depends on beside the recipe, and the command that makes it again."""

from __future__ import annotations

import shlex

from .. import arrays
from ..markup import Markup, command_line, element, join, table
from ..registry import Missing, Report, section
from ..run_files import RunFiles

_ORDER = [
    "biossl",
    "commit",
    "precision",
    "device",
    "gpu",
    "cpu",
    "threads",
    "onednn",
    "onednn_instruction_set",
    "compiler",
]


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "–" if value is None else str(value)


@section("Environment", order=130)
def environment(report: Report) -> Markup:
    groups = [group for group in report.groups if group.first.environment]
    if not groups:
        raise Missing("The run directory holds no environment.json.")
    runs = [group.first for group in groups]
    names = dict.fromkeys([*_ORDER, *(name for run in runs for name in run.environment)])
    rows: list[list[object]] = []
    for name in names:
        values = [_text(run.environment.get(name)) for run in runs]
        if name == "resumed" or set(values) == {"–"}:
            continue
        rows.append([name.replace("_", " "), *(values if len(set(values)) > 1 else values[:1])])
    same = all(len(row) == 2 for row in rows)
    head = ["", ""] if same else ["", *(group.label for group in groups)]
    resumed = [run.path for run in report.runs if run.environment.get("resumed")]
    note = (
        f"Went on in another environment: {', '.join(map(str, resumed))}. environment.json says from where."
        if resumed
        else None
    )
    return join([table(head, rows, numbers=False), element("p", note, class_="note") if note else None])


def exact_command(run: RunFiles, data: str | None) -> str:
    """What ends with the same bytes on the same machine: the resolved recipe names every setting."""
    if run.of_arrays:
        return _exact_call(run)
    words = ["biossl", "run", str(run.path / "recipe.toml"), "--out", f"{run.path}-again"]
    threads, device = run.environment.get("threads"), run.environment.get("device")
    words += ["--data", data] if data else []
    words += ["--device", device] if isinstance(device, str) and device != "cpu" else []
    words += ["--threads", str(threads)] if isinstance(threads, int) else []
    return shlex.join(words)


def _exact_call(run: RunFiles) -> str:
    threads, device = run.environment.get("threads"), run.environment.get("device")
    other = {"device": device} if isinstance(device, str) and device != "cpu" else {}
    call = arrays.pretrain(run, f"{run.path}-again", **other)
    return f"biossl.set_threads({threads})\n{call}" if isinstance(threads, int) else call


@section("Make it again", order=140)
def command(report: Report) -> Markup:
    runs = [run for run in report.runs if run.recipe]
    if not runs:
        raise Missing("The run directory holds no recipe.toml.")
    commits = ", ".join(dict.fromkeys(_text(run.environment.get("commit")) for run in runs))
    lead = (
        "A run's recipe.toml names every setting. The same build, device and number of threads end with the same "
        f"bytes. Commit: {commits}."
    )
    if any(run.of_arrays for run in runs):
        lead += " Images that were arrays in a Python session must be the same ones."
    commands = [command_line(exact_command(run, report.engine.data)) for run in runs]
    others = (
        element("details", element("summary", f"{len(commands) - 4} more"), *commands[4:]) if commands[4:] else None
    )
    return join([element("p", lead, class_="lead"), *commands[:4], others])
