"""Times training from Python beside the program `biossl`, in turn, each in a process of its own.

python python/benchmarks/training.py [--recipe demo] [--set KEY=VALUE …] [--data DIR] [--rounds 7]

Both train the same recipe without a probe and write run directories; whether their checkpoints are equal is told too.
Prints medians over the rounds of the clock and of the processors' time, each with Python's over the program's:
"training" is the sum of the epochs' seconds, "whole" the process from start to end.
"""

from __future__ import annotations

import argparse
import ast
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import biossl
from biossl import _program

PYTHON = """
import sys, biossl
recipe, out, data = sys.argv[1:]
biossl.pretrain(None, recipe, out=out, data=data or None, progress=False)
"""


def timed(command: list[str]) -> dict[str, float]:
    before = os.times()
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return {"whole": time.perf_counter() - start, "processors": used}


def checkpoints(run: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(run.rglob("*.safetensors")))


def value(text: str):
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default="demo", help="a recipe's name")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--data", default="")
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()
    times: dict[str, list[dict[str, float]]] = {"program": [], "Python": []}
    equal = True
    with tempfile.TemporaryDirectory() as folder:
        recipe = Path(folder) / "recipe.toml"
        changes = {key: value(text) for key, _, text in (change.partition("=") for change in asked.set)}
        recipe.write_text(biossl.recipe(asked.recipe, changes).to_toml())
        data = ["--data", asked.data] if asked.data else []
        for number in range(asked.rounds):
            outs = {name: Path(folder) / f"{name}{number}" for name in times}
            commands = {
                "program": [_program.path(), "pretrain", recipe, "--out", outs["program"], *data],
                "Python": [sys.executable, "-c", PYTHON, recipe, outs["Python"], asked.data],
            }
            for name in sorted(commands, reverse=number % 2 == 1):  # each goes first in half of the rounds
                seconds = timed([str(word) for word in commands[name]])
                seconds["training"] = float(biossl.load(outs[name]).metrics["seconds"].sum())
                times[name].append(seconds)
            equal &= checkpoints(outs["program"]) == checkpoints(outs["Python"])
    same = "equal" if equal else "DIFFER"
    print(f"{asked.recipe}, {biossl.get_threads()} threads, {asked.rounds} rounds; checkpoints {same}")
    for kind in ("training", "whole", "processors"):
        median = {name: statistics.median(round[kind] for round in rounds) for name, rounds in times.items()}
        ratios = sorted(p[kind] / c[kind] for p, c in zip(times["Python"], times["program"]))
        print(
            f"{kind:10}  program {median['program']:8.3f} s  Python {median['Python']:8.3f} s  "
            f"ratio {statistics.median(ratios):.3f} ({ratios[0]:.3f} to {ratios[-1]:.3f})"
        )


if __name__ == "__main__":
    main()
