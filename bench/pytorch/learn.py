#!/usr/bin/env python3
"""Trains conv6 with the hinge in PyTorch, end to end or greedily, and probes it: a second opinion on biossl's numbers.

Nothing of biossl runs here: network, loss and views are recipe.py's, updates PyTorch's own (so backpropagation, no
other feedback), and the protocol is that of recipes/table1: CIFAR-100 without labels, then a linear probe on CIFAR-10.
"""

import argparse
import sys
import time
from pathlib import Path

try:
    import numpy as np
    import torch
except ImportError as error:
    sys.exit(f"learn.py: {error.name} is missing: pip install torch numpy")

import recipe

BATCH = 500
BLOCKS = [(0, 2), (2, 4), (4, 6), (6, 8), (8, 10)]  # of recipe.Conv6, as slices of its layers


def cifar(files, label_bytes):
    """Images (N, 3, 32, 32) as bytes and the last label of each, from CIFAR's binary files."""
    records = np.concatenate([np.fromfile(file, np.uint8).reshape(-1, label_bytes + 3072) for file in files])
    pixels = torch.from_numpy(records[:, label_bytes:].reshape(-1, 3, 32, 32).copy())
    return pixels, torch.from_numpy(records[:, label_bytes - 1].astype(np.int64))


def batches(count):
    return torch.randperm(count).split(BATCH)


def unit(pixels):
    return (pixels.float() / 255).to(memory_format=torch.channels_last)


def train(frozen, learning, pixels, arguments, name):
    """One loss over `learning`, on top of `frozen`; of the second view alone, the first being remembered."""
    adam = torch.optim.Adam(learning.parameters(), lr=1e-4)
    colour = torch.compile(recipe.adjust_colour, dynamic=False) if arguments.compile else None
    for epoch in range(arguments.epochs):
        watch, total = time.monotonic(), 0.0
        for rows in batches(len(pixels)):
            images = unit(pixels[rows])
            memory, current = (
                recipe.deform(images, *recipe.draw_deformations(len(rows)), adjust=colour) for _ in range(2)
            )
            with torch.autocast("cpu", torch.bfloat16, enabled=arguments.precision == "bfloat16", cache_enabled=False):
                with torch.no_grad():
                    remembered = learning(frozen(memory))
                    below = frozen(current)
                embeddings = learning(below)
            loss = recipe.hinge(remembered.float(), embeddings.float(), "recent")
            adam.zero_grad()
            loss.backward()
            adam.step()
            total += loss.item()
        mean = total / (len(pixels) / BATCH)
        print(f"{name} epoch {epoch + 1}  loss {mean:.2f} a batch  {time.monotonic() - watch:.0f} s", flush=True)


@torch.no_grad()
def features(encoder, pixels):
    return torch.cat([encoder(unit(part)).flatten(1) for part in pixels.split(BATCH)])


def probe(train_set, test_set, epochs):
    """A linear layer on features, by the protocol; its accuracies on training and test images, of every epoch."""
    layer = torch.nn.Linear(train_set[0].shape[1], 10)
    adam = torch.optim.Adam(layer.parameters(), lr=1e-3)
    accuracies = []
    for _ in range(epochs):
        for rows in batches(len(train_set[0])):
            loss = torch.nn.functional.cross_entropy(layer(train_set[0][rows]), train_set[1][rows])
            adam.zero_grad()
            loss.backward()
            adam.step()
        with torch.no_grad():
            accuracies.append([(layer(x).argmax(1) == y).float().mean().item() for x, y in (train_set, test_set)])
    return accuracies


def report(encoder, train_set, test_set, epochs, name):
    sets = [(features(encoder, pixels), labels) for pixels, labels in (train_set, test_set)]
    accuracies = probe(*sets, epochs)
    best = max(test for _, test in accuracies)
    print(
        f"{name}: test {accuracies[-1][1]:.2%}, training {accuracies[-1][0]:.2%}; best test epoch {best:.2%}; "
        f"deviation of the features {sets[1][0].std(0).square().mean().sqrt():.4f}",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder with cifar-10-batches-bin and cifar-100-binary")
    parser.add_argument("--rule", choices=("e2e", "gll", "random"), default="gll")
    parser.add_argument("--epochs", type=int, default=5, help="greedily: of every block [%(default)s]")
    parser.add_argument("--probe-epochs", type=int, default=200, help="[%(default)s]")
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32", help="of training")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--compile", action="store_true", help="compile the views' colours: faster, needs g++")
    arguments = parser.parse_args()
    torch.manual_seed(arguments.seed)
    folder = arguments.data / "cifar-10-batches-bin"
    try:
        pixels, _ = cifar([arguments.data / "cifar-100-binary/train.bin"], 2)
        train_set = cifar([folder / f"data_batch_{number}.bin" for number in range(1, 6)], 1)
        test_set = cifar([folder / "test_batch.bin"], 1)
    except (OSError, ValueError) as error:
        sys.exit(f"learn.py: {error}")
    model = recipe.Conv6().to(memory_format=torch.channels_last)
    layers = list(model)
    encoder = torch.nn.Sequential(*layers[:10])
    if arguments.rule == "e2e":
        train(torch.nn.Identity(), model, pixels, arguments, "end to end")
    if arguments.rule == "gll":
        for index, (first, last) in enumerate(BLOCKS):
            frozen = torch.nn.Sequential(*layers[:first])
            outputs = torch.nn.Sequential(*layers[:last])(torch.zeros(1, 3, 32, 32)).numel()
            head = torch.nn.Linear(outputs, 64, bias=False)
            learning = torch.nn.Sequential(*layers[first:last], torch.nn.Flatten(), head)
            train(frozen, learning, pixels, arguments, f"block {index}")
    report(encoder, train_set, test_set, arguments.probe_epochs, f"{arguments.rule}, seed {arguments.seed}")


if __name__ == "__main__":
    main()
