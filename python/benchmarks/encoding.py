"""Times encoder(images) beside the same network in PyTorch (to_torch), in turn, in float32 with the same threads.

python python/benchmarks/encoding.py [--recipe quick] [--images 2000] [--rounds 15] [--threads 2] [--compile]

PyTorch gets batches of the same size, (N, C, H, W) as it takes them, under torch.inference_mode(). `channels_last` is
PyTorch's faster layout for convolutions on many processors; --compile adds torch.compile, which takes a while. Prints
medians over the rounds, and PyTorch's time over biossl's; likewise the time of processors, which other programs on the
machine change less, with one thread the least.
"""

from __future__ import annotations

import argparse
import copy
import statistics
import time

import numpy as np
import torch

import biossl


def seconds_of(work) -> tuple[float, float]:
    """By the clock, and of processors."""
    start = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - start[0], time.process_time() - start[1]


def settings_of(module: torch.nn.Module, compiles: bool) -> dict[str, tuple]:
    """By name: a module, and the layout of its images."""
    last = torch.channels_last
    settings = {
        "PyTorch": (module, torch.contiguous_format),
        "PyTorch, channels_last": (copy.deepcopy(module).to(memory_format=last), last),
    }
    if compiles:
        settings["PyTorch, channels_last, compiled"] = (torch.compile(settings["PyTorch, channels_last"][0]), last)
    return settings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default="quick")
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--batch", type=int, default=100, help="images that PyTorch gets at a time")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, default=biossl.get_threads())
    parser.add_argument("--compile", action="store_true")
    asked = parser.parse_args()
    biossl.set_threads(asked.threads)
    torch.set_num_threads(asked.threads)
    encoder = biossl.Encoder.untrained(asked.recipe)
    images = np.random.default_rng(1).random((asked.images, *encoder.image_shape), np.float32)

    def ours():
        return encoder(images, progress=False)

    jobs = {"biossl": ours}
    for name, (module, layout) in settings_of(encoder.to_torch().eval(), asked.compile).items():
        batches = torch.from_numpy(images).permute(0, 3, 1, 2).contiguous(memory_format=layout).split(asked.batch)

        def theirs(module=module, batches=batches):
            with torch.inference_mode():
                return torch.cat([module(batch) for batch in batches])

        np.testing.assert_allclose(theirs().numpy(), ours(), atol=1e-4)
        jobs[name] = theirs
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in jobs}
    for _ in range(asked.rounds):
        for name, work in jobs.items():
            times[name].append(seconds_of(work))
    print(f"{asked.recipe}: {asked.images} images, {asked.threads} threads, torch {torch.__version__}")
    print(f"{'':34} {'ms':>9} {'ratio':>6} {'CPU ms':>9} {'ratio':>6}")
    ours_at = [statistics.median(seconds) for seconds in zip(*times["biossl"])]
    for name, seconds in times.items():
        medians = [statistics.median(each) for each in zip(*seconds)]
        cells = [f"{1e3 * median:9.1f} {median / base:6.2f}" for median, base in zip(medians, ours_at)]
        print(f"{name:34} {' '.join(cells)}")


if __name__ == "__main__":
    main()
