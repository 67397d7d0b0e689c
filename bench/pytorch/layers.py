#!/usr/bin/env python3
"""Sets the convolutions of biossl beside PyTorch's, layer by layer: GFLOP/s as each one's oneDNN reports them.

Both programs run in turn with ONEDNN_VERBOSE=1. Shown is the fastest round's median: the one that a shared machine
disturbed least.
"""

import argparse
import os
import re
import statistics
import subprocess
from collections import defaultdict

from compare import biossl_command, step_command

LAYERS = {(3, 32): 0, (32, 32): 1, (32, 64): 2, (64, 64): 3, (64, 512): 4}
DIRECTIONS = {
    "forward_training": "forward",
    "forward_inference": "forward",
    "backward_data": "backward data",
    "backward_weights": "backward weights",
}
CALL = re.compile(r"exec,cpu,convolution,([^,]+),(\w+),.*mb(\d+)_ic(\d+)oc(\d+)_ih(\d+).*,([\d.]+)$")


def speeds(command):
    """(direction, layer) -> kernel and median GFLOP/s of one run."""
    found, kernels = defaultdict(list), {}
    environment = {**os.environ, "ONEDNN_VERBOSE": "1"}
    output = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    for line in output.splitlines():
        if match := CALL.search(line):
            kernel, direction, *numbers, milliseconds = match.groups()
            batch, inputs, outputs, size = map(int, numbers)
            if batch < 50:
                continue  # the checks' few images
            key = DIRECTIONS[direction], LAYERS[inputs, outputs]
            found[key].append(2 * 9 * batch * inputs * outputs * size * size / float(milliseconds) / 1e6)
            kernels[key] = kernel.split("+")[0].split(":")[0]
    return {key: (kernels[key], statistics.median(values)) for key, values in found.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--setting", default="last+arena", help="of PyTorch, see step.py [%(default)s]")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--repeat", type=int, default=4)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--biossl", help="the program [build/release/biossl]")
    arguments = parser.parse_args()
    arguments.negatives = "recent"
    commands = biossl_command(arguments), step_command(arguments, arguments.setting)
    rounds = [[speeds(command) for command in commands] for _ in range(arguments.rounds)]
    print(f"{arguments.precision}, GFLOP/s, the fastest of {arguments.rounds} rounds\n")
    print(
        "| direction | layer | biossl | its kernel | PyTorch | its kernel | PyTorch / biossl |\n"
        "|---|---|---|---|---|---|---|"
    )
    for key in sorted(rounds[0][1], key=lambda key: (list(DIRECTIONS.values()).index(key[0]), key[1])):
        ours, theirs = (max(a_round[side][key][1] for a_round in rounds) for side in (0, 1))
        used = [rounds[0][side][key][0] for side in (0, 1)]
        print(f"| {key[0]} | {key[1]} | {ours:.0f} | `{used[0]}` | {theirs:.0f} | `{used[1]}` | {theirs / ours:.2f} |")


if __name__ == "__main__":
    main()
