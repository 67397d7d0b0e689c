#!/usr/bin/env python3
"""Times a training step of biossl beside PyTorch's best on this machine, and prints the ratio.

For each precision and each pair of negatives and gradient block: first every setting of PyTorch is timed and the
fastest kept, then biossl and it run in turn. Shown are medians over the rounds, the ratio's too.
"""

import argparse
import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PRECISIONS = ("float32", "bfloat16")
NEGATIVES = ("recent", "all")
PAIRS = {"recent": "5 negatives, gradient block", "all": "all negatives, no block"}
CANDIDATES = (
    "nchw",
    "eager",
    "last",
    "last+arena",
    "last+colour+arena",
    "last+colour+arena+denormal",
    "last+colour+arena+inplace",
    "last+colour+arena+slices",
    "last+colour+arena+compile",
    "last+colour+tcmalloc",
    "last+colour+jemalloc",
)
ALSO_IN_BFLOAT16 = ("last+colour+arena+plain", "last+colour+arena+plain+compile", "last+colour+arena+bf16math")


def usable(setting):
    """Whether what a setting needs besides PyTorch is there."""
    libraries = {"tcmalloc": "libtcmalloc_minimal.so.4", "jemalloc": "libjemalloc.so.2"}
    listed = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True).stdout
    options = setting.split("+")
    if any(option in options and library not in listed for option, library in libraries.items()):
        return False
    return not ({"compile", "colour"} & set(options)) or shutil.which("g++") is not None


def biossl_command(arguments):
    program = arguments.biossl or ROOT / "build/release/biossl"
    command = [program, "bench", "step", "--recipe", ROOT / "recipes/quick.toml", "--json"]
    command += ["--set", f"train.precision={arguments.precision}"]
    if arguments.negatives == "all":
        command += ["--set", "loss.negatives=all", "--set", "loss.block_gradient=false"]
    return list(map(str, [*command, "--threads", arguments.threads, "--repeat", arguments.repeat]))


def step_command(arguments, setting):
    command = [sys.executable, HERE / "step.py", "--json", "--setting", setting, "--precision", arguments.precision]
    command += ["--negatives", arguments.negatives, "--threads", arguments.threads, "--repeat", arguments.repeat]
    return list(map(str, command))


def result_of(command):
    """The JSON line a program prints; its own last line of complaint ends this one too."""
    try:
        ran = subprocess.run(command, capture_output=True, text=True)
    except OSError as error:
        sys.exit(f"compare.py: {error.filename} cannot be run ({error.strerror}): make build, or --biossl PROGRAM")
    if ran.returncode != 0:
        lines = ran.stderr.strip().splitlines() or [f"exit code {ran.returncode}"]
        sys.exit(f"compare.py: {' '.join(command[:2])} failed: {lines[-1]}")
    return json.loads(ran.stdout.strip().splitlines()[-1])


def best_setting(arguments):
    candidates = CANDIDATES + (ALSO_IN_BFLOAT16 if arguments.precision == "bfloat16" else ())
    times = {}
    for setting in filter(usable, candidates):
        times[setting] = result_of(step_command(arguments, setting))["step_ms"]
        print(f"  {setting:<36} {times[setting]:8.1f} ms", file=sys.stderr, flush=True)
    return min(times, key=times.get), times


def compare(arguments):
    """Both programs in turn under one precision and one pair of negatives and block."""
    print(f"{arguments.precision}, {PAIRS[arguments.negatives]}", file=sys.stderr, flush=True)
    setting, screened = (arguments.setting, {}) if arguments.setting else best_setting(arguments)
    rounds = []
    for _ in range(arguments.rounds):
        ours, theirs = result_of(biossl_command(arguments)), result_of(step_command(arguments, setting))
        rounds.append((ours["step_ms"], theirs["step_ms"], theirs["learn_ms"], theirs["views_ms"]))
        print(
            "  biossl {:.1f} ms, PyTorch {:.1f} ms ({:.1f} + views {:.1f})".format(*rounds[-1]),
            file=sys.stderr,
            flush=True,
        )

    def median(quantity):
        return statistics.median(quantity(*times) for times in rounds)

    return {
        "precision": arguments.precision,
        "step": PAIRS[arguments.negatives],
        "biossl_ms": median(lambda ours, *_: ours),
        "pytorch_ms": median(lambda _, step, *__: step),
        "pytorch_views_ms": median(lambda *times: times[3]),
        "ratio": median(lambda ours, step, *_: step / ours),
        "ratio_lowest": min(step / ours for ours, step, *_ in rounds),
        "ratio_highest": max(step / ours for ours, step, *_ in rounds),
        "ratio_without_pytorchs_views": median(lambda ours, _, learn, __: learn / ours),
        "setting": setting,
        "screened_ms": screened,
        "torch": theirs["torch"],
        "checked": theirs["checked"],
    }


def print_table(results, arguments):
    print(
        f"PyTorch {results[0]['torch']}, {arguments.threads} threads, {arguments.rounds} rounds in turn; "
        "ratio: PyTorch / biossl"
    )
    print(f"checked first: {results[0]['checked']}\n")
    print(
        "| precision | step | biossl, ms | PyTorch, ms | of it views | ratio (range) | without PyTorch's views "
        "| PyTorch's setting |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for row in results:
        print(
            "| {precision} | {step} | {biossl_ms:.0f} | {pytorch_ms:.0f} | {pytorch_views_ms:.0f} | {ratio:.2f} "
            "({ratio_lowest:.2f}-{ratio_highest:.2f}) | {ratio_without_pytorchs_views:.2f} | {setting} |".format(**row)
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--precision", choices=PRECISIONS, help="only this one")
    parser.add_argument(
        "--negatives", choices=NEGATIVES, help="only this pair: recent (with the block) or all (without)"
    )
    parser.add_argument("--setting", help="PyTorch's setting, see step.py --help [the fastest of a list]")
    parser.add_argument("--rounds", type=int, default=5, help="of both programs in turn [%(default)s]")
    parser.add_argument("--repeat", type=int, default=6, help="steps a round [%(default)s]")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--biossl", help="the program [build/release/biossl]")
    parser.add_argument("--json", action="store_true", help="JSON instead of a table")
    arguments = parser.parse_args()
    for module in ("torch", "numpy"):
        if importlib.util.find_spec(module) is None:
            sys.exit(f"compare.py: {sys.executable} has no {module}: pip install torch numpy")
    results = []
    for precision in [arguments.precision] if arguments.precision else PRECISIONS:
        for negatives in [arguments.negatives] if arguments.negatives else NEGATIVES:
            pair = argparse.Namespace(**{**vars(arguments), "precision": precision, "negatives": negatives})
            results.append(compare(pair))
    print(json.dumps(results, indent=1)) if arguments.json else print_table(results, arguments)


if __name__ == "__main__":
    main()
