#!/usr/bin/env python3
"""Measures what the encoders of `biossl reproduce pairs` are blind to: how far two images lie apart that show the same
object and differ in one thing alone.

    biossl reproduce pairs --seeds 3 --out runs/pairs
    scripts/measure_invariance.py runs/pairs
    scripts/measure_invariance.py runs/pairs --embedding

For each thing that moments of the built-in world vary, the world is drawn with all others held. a_i and b_i are the
last block's outputs for two moments of object i, or their embeddings. The share is

    mean over i of |a_i - b_i|^2  /  mean over i != j of |a_i - b_j|^2

0: blind to it. 1: it moves an image as far as another object, pose, light and background do together. Needs NumPy and
the package biossl.
"""

import argparse
from pathlib import Path

import numpy as np

import biossl

OBJECTS = 500
# What moments vary: keys of [data.world]. At 0 they vary nothing.
VARIED = {
    "turn of the solid": {"rotation"},
    "shift and size": {"shift", "scale"},
    "direction of the light": {"light_turn"},
    "brightness and tint": {"brightness", "tint"},
    "background": {"parallax", "other_background"},
}


def world_that_varies(*keys):
    """Options of the world in which moments vary these alone, as far as they do by default."""
    return {key: 0.0 for every in VARIED.values() for key in every if key not in keys}


def pairs(world, views):
    """Two views of each object, (2, OBJECTS, H, W, C) in [0,1]; of objects that training has not seen."""
    data = {"pretrain": "world", "images": OBJECTS, "world": world}
    recipe = {
        "seed": 1000,
        "data": data,
        "views": {"kind": views},
        "network": {"blocks": [{"channels": 4, "pool": 2}]},
        "train": {"epochs": 1, "batch": OBJECTS, "precision": "float32"},
    }
    drawn = biossl.Trainer(recipe, progress=False).next_views().transpose(0, 2, 3, 1)
    return np.ascontiguousarray(drawn).reshape(2, OBJECTS, *drawn.shape[1:])


def share(encode, images):
    outputs = [encode(view, progress=False).reshape(OBJECTS, -1).astype(np.float64) for view in images]
    same = np.square(outputs[0] - outputs[1]).sum(axis=1)
    squares = sum(np.square(output).sum() for output in outputs) * OBJECTS
    everyone = squares - 2 * outputs[0].sum(axis=0) @ outputs[1].sum(axis=0)
    return same.mean() / ((everyone - same.sum()) / (OBJECTS * (OBJECTS - 1)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("runs", type=Path, help="folder of moments-seed1, deform-seed1, ...")
    parser.add_argument("--embedding", action="store_true", help="of what the loss compares, not of the last block")
    options = parser.parse_args()
    runs = options.runs
    encoders = {
        kind: [biossl.Encoder(run) for run in sorted(runs.glob(f"{kind}-seed*"))] for kind in ("deform", "moments")
    }
    for kind, found in encoders.items():
        if not found:
            parser.error(f"{runs} holds no run {kind}-seed1; make them: biossl reproduce pairs --out {runs}")
    shown = {name: pairs(world_that_varies(*keys), "moments") for name, keys in VARIED.items()}
    shown["all of these"] = pairs({}, "moments")
    shown["warp of the picture"] = pairs({}, "deform")
    untrained = [biossl.Encoder.untrained(encoder.recipe) for encoder in encoders["deform"]]
    columns = {"random": untrained} | encoders
    print("| what differs | " + " | ".join(columns) + " |\n" + "|---" * (len(columns) + 1) + "|")
    for name, images in shown.items():
        cells = []
        for of_kind in columns.values():
            shares = [share(each.embed if options.embedding else each, images) for each in of_kind]
            cells.append(
                f"{np.mean(shares):.3f} ± {np.std(shares, ddof=1):.3f}" if len(shares) > 1 else f"{shares[0]:.3f}"
            )
        print(f"| {name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
