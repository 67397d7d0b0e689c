"""What a loss written in Python costs of a step: the contrastive hinge in NumPy, on conv6 and the built-in world.

    python python/benchmarks/loss.py [--batch 500] [--steps 12]

Prints the share of a step that the call takes, median and range, and the seconds of a step beside those of the C++
loss.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np

import biossl

sys.path.insert(0, str(Path(__file__).parents[2] / "examples" / "python"))
from contrastive_hinge import ContrastiveHinge


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--batch", type=int, default=500)
    options.add_argument("--steps", type=int, default=12)
    given = options.parse_args()
    data = {"data.pretrain": "world", "data.probe": "world", "data.images": 2 * given.batch, "views.kind": "moments"}
    common = {**data, "network.preset": "conv6", "rule.kind": "e2e", "train.batch": given.batch, "train.epochs": 1000}
    calls: list[float] = []
    whole = ContrastiveHinge._evaluate

    def timed(self, *arguments):
        start = time.perf_counter()
        result = whole(self, *arguments)
        calls.append(time.perf_counter() - start)
        return result

    ContrastiveHinge._evaluate = timed
    kinds = ("contrastive_hinge_python", "contrastive_hinge")
    trainers = [biossl.Trainer("demo", set={**common, "loss.kind": kind}, progress=False) for kind in kinds]
    seconds: list[list[float]] = [[], []]
    for step in range(given.steps + 2):  # two to warm up
        for trainer, times in zip(trainers, seconds):
            start = time.perf_counter()
            trainer.step()
            times.append(time.perf_counter() - start)
    shares = 100 * np.array(calls[2:]) / np.array(seconds[0][2:])
    medians = [np.median(times[2:]) for times in seconds]
    print(f"a call takes {1000 * np.median(calls[2:]):.1f} ms, {np.median(shares):.2f} % of a step", end=" ")
    print(f"({shares.min():.2f} to {shares.max():.2f}); {biossl.get_threads()} threads, batch {given.batch}")
    print(f"a step takes {medians[0]:.3f} s with the loss in Python, {medians[1]:.3f} s with that in C++")


if __name__ == "__main__":
    main()
