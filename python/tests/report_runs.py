"""Run directories for the tests of reports, as the program writes them. Nothing has to be built for them."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np

RECIPE = """name = "{name}"
seed = {seed}                          # of everything random

[data]
pretrain = "world"
probe = "world"
image_size = 12

[data.world]
clutter = 0.5

[views]
kind = "moments"
gap = 0

[network]

[loss]
kind = "contrastive_hinge"

[rule]
kind = "{rule}"
feedback = "transpose"

[train]

[probe]
"""

NAMES = ["sphere", "cube", "<b>tube</b>"]


def write_safetensors(path: Path, tensors: dict[str, np.ndarray]) -> None:
    header, data = {}, b""
    for name, values in tensors.items():
        bytes_ = values.astype("<f4").tobytes()
        header[name] = {
            "dtype": "F32",
            "shape": list(values.shape),
            "data_offsets": [len(data), len(data) + len(bytes_)],
        }
        data += bytes_
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def make_run_of_arrays(path: Path) -> Path:
    """A run on arrays in a Python session, which no probe has judged."""
    make_run(path)
    recipe = (path / "recipe.toml").read_text().replace('pretrain = "world"', 'pretrain = "memory"')
    (path / "recipe.toml").write_text(recipe + '\n[data.memory]\nname = "images-1"\nheight = 12\n')
    for name in ("probe.json", "summary.json"):
        (path / name).unlink()
    return path


def metrics_line(epoch: int, seed: int = 1) -> dict:
    health = {"block": 1, "of": "embedding", "dimensions": 4, "deviation": 0.1, "effective_rank": 2.0 + epoch + seed}
    health.update(participation=1.5, positive_distance=1.0, negative_distance=2.0, dead=0.0)
    line = {"epoch": epoch, "loss": 10.0 / epoch, "loss_per_pair": 1.0 / epoch + seed, "active_share": 0.9}
    line.update(learning_rate=1e-3, images=100, seconds=1.0, images_per_second=100.0, health=[health])
    return line


def probes(accuracy: float) -> list[dict]:
    confusion = [[8, 1, 1], [2, 6, 2], [0, 0, 10]]
    return [
        {
            "block": block,
            "features": 16,
            "test_accuracy": accuracy + block / 10,
            "train_accuracy": 0.9,
            "confusion": confusion,
        }
        for block in (0, 1)
    ]


def make_run(path: Path, seed: int = 1, rule: str = "e2e", name: str = "small", epochs: int = 3) -> Path:
    """A finished run of two blocks with a checkpoint."""
    (path / "checkpoints").mkdir(parents=True)
    (path / "recipe.toml").write_text(RECIPE.format(name=name, seed=seed, rule=rule))
    lines = [json.dumps(metrics_line(epoch, seed)) for epoch in range(1, epochs + 1)]
    (path / "metrics.jsonl").write_text("\n".join(lines) + "\n")
    environment = {"biossl": "0.1.0", "commit": "abc", "cpu": "A & B", "threads": 2, "device": "cpu"}
    (path / "environment.json").write_text(json.dumps(environment))
    probe = {
        "epochs": 5,
        "class_names": NAMES,
        "chance": 1 / 3,
        "trained": probes(0.5 + seed / 100),
        "random": probes(0.3),
    }
    (path / "probe.json").write_text(json.dumps(probe))
    layer = {
        "layer": "blocks.0",
        "feedback": "transpose",
        "separate_weights": False,
        "errors_sent": 0,
        "alignment": 1.0,
    }
    pretrain = {"epochs": epochs, "images": 100, "images_per_second": 100.0, "seconds": 3.0, "final_loss": 3.3}
    (path / "summary.json").write_text(json.dumps({"uses_labels": False, "pretrain": pretrain, "layers": [layer]}))
    weights = np.linspace(-1, 1, 4 * 3 * 3 * 3).reshape(4, 3, 3, 3)
    optimizer = {"blocks.0.optimizer.m.weight": weights}
    tensors = {**optimizer, "heads.1.weight": weights.reshape(4, -1), "blocks.0.weight": weights}
    write_safetensors(path / "checkpoints" / f"epoch_{epochs:04}.safetensors", tensors)
    return path
