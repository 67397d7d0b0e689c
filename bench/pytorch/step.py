#!/usr/bin/env python3
"""Times a training step of recipes/quick.toml in PyTorch on the CPU, under one setting. Prints milliseconds, or a line
of JSON."""

import argparse
import json
import os
import statistics
import sys
import time
import warnings

try:
    import numpy  # noqa: F401  (checks.py reads arrays with it, and torch warns without it)
    import torch
except ImportError as error:
    sys.exit(f"step.py: {error.name} is missing: pip install torch numpy")

import checks
import recipe

BATCH = 500
IMAGES = 5000  # random pixels stand in for the data set: what they show costs nothing

# Options of a setting, joined by "+": which of them pay depends on machine and version, so that compare.py tries them.
OPTIONS = {
    "nchw": "leave PyTorch's own layout instead of channels_last",
    "last": "flatten with the channels innermost, so that the head's input is no copy",
    "compile": "torch.compile for network and loss",
    "colour": "torch.compile for the views' colours",
    "inplace": "hardtanh in place",
    "plain": "a bfloat16 model with float32 master weights, instead of autocast",
    "slices": "the network in slices of 100 images, small enough for the last cache",
    "denormal": "flush denormals to zero",
    "bf16math": "a float32 model whose convolutions may compute in bfloat16",
    "arena": "glibc's allocator told to keep and reuse what it has, in huge pages",
    "tcmalloc": "libtcmalloc_minimal.so.4 instead of glibc's allocator",
    "jemalloc": "libjemalloc.so.2 instead of glibc's allocator",
}
ALLOCATORS = {
    # Without this every large tensor is fresh memory from the system, zeroed page by page on every step.
    "arena": {
        "MALLOC_MMAP_MAX_": "0",
        "MALLOC_TRIM_THRESHOLD_": str(1 << 34),
        "MALLOC_TOP_PAD_": str(1 << 28),
        "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
    },
    "tcmalloc": {"LD_PRELOAD": "libtcmalloc_minimal.so.4"},
    "jemalloc": {
        "LD_PRELOAD": "libjemalloc.so.2",
        "MALLOC_CONF": "oversize_threshold:1,background_thread:true,metadata_thp:auto,"
        "dirty_decay_ms:-1,muzzy_decay_ms:-1",
    },
}


class Step:
    """Views, loss, updates and Adam of one batch under a setting."""

    def __init__(self, options, precision, negatives):
        self.precision, self.negatives = precision, negatives
        self.block = negatives == "recent"  # the published pair: recent negatives with the gradient block, all without
        self.options = options
        self.layout = torch.contiguous_format if "nchw" in options else torch.channels_last
        self.flatten = recipe.FlattenLast if "last" in options else torch.nn.Flatten
        low = precision == "bfloat16" and "bf16math" not in options
        self.dtype = torch.bfloat16 if low else torch.float32
        self.autocast = low and "plain" not in options
        if "bf16math" in options:
            torch.backends.mkldnn.conv.fp32_precision = "bf16"
            torch.backends.mkldnn.matmul.fp32_precision = "bf16"
        torch.set_flush_denormal("denormal" in options)

        self.model = recipe.Conv6(self.flatten).to(memory_format=self.layout)
        if "inplace" in options:
            for layer in self.model:
                if isinstance(layer, torch.nn.Hardtanh):
                    layer.inplace = True
        self.masters = None
        if "plain" in options:
            self.masters = [weight.detach().clone().requires_grad_() for weight in self.model.parameters()]
            self.model.bfloat16()
        self.adam = torch.optim.Adam(self.masters or self.model.parameters(), lr=1e-4, fused=True)
        # Static shapes: a kernel made for one batch size is the faster one.
        self.loss = torch.compile(self.loss_of, dynamic=False) if "compile" in options else self.loss_of
        colour = recipe.adjust_colour
        self.colour = torch.compile(colour, dynamic=False) if "colour" in options else colour
        self.pixels = torch.randint(0, 256, (IMAGES, 3, 32, 32), dtype=torch.uint8)

    def placed(self, images):
        return images.to(self.dtype, memory_format=self.layout)

    def views(self):
        """Both views of a batch drawn at random: memories first, then what is seen now."""
        rows = torch.randint(0, IMAGES, (BATCH,)).repeat(2)
        images = self.pixels[rows].float().div_(255)
        return self.placed(recipe.deform(images, *recipe.draw_deformations(2 * BATCH), adjust=self.colour))

    def embed(self, views):
        if "slices" in self.options:
            return torch.cat([self.model(part) for part in views.split(100)])
        return self.model(views)

    def loss_of(self, views):
        # No cache of cast weights: those of the memory's pass carry no gradient and must not serve the other pass.
        with torch.autocast("cpu", torch.bfloat16, enabled=self.autocast, cache_enabled=False):
            if self.block:
                seen, now = views.chunk(2)
                with torch.no_grad():
                    memory = self.embed(seen)
                current = self.embed(now)
            else:
                memory, current = self.embed(views).chunk(2)
        return recipe.hinge(memory.float(), current.float(), self.negatives)

    def loss_and_updates(self, views):
        self.model.zero_grad(set_to_none=True)
        loss = self.loss(views)
        loss.backward()
        return loss, [weight.grad for weight in self.model.parameters()]

    def master_weights(self):
        weights = self.masters or self.model.parameters()
        return {name: weight.detach() for name, weight in zip(self.model.state_dict(), weights)}

    def learn(self, views):
        _, updates = self.loss_and_updates(views)
        if self.masters:
            for master, update in zip(self.masters, updates):
                master.grad = update.float()
        self.adam.step()
        if self.masters:
            with torch.no_grad():
                torch._foreach_copy_(list(self.model.parameters()), self.masters)

    def times(self, repetitions):
        """Median milliseconds of a step with its views, of a step without, and of the views."""
        learning, viewing = [], []
        for repetition in range(repetitions + 2):  # two to warm up
            start = time.perf_counter()
            views = self.views()
            between = time.perf_counter()
            self.learn(views)
            end = time.perf_counter()
            if repetition >= 2:
                viewing.append(1000 * (between - start))
                learning.append(1000 * (end - between))
        return {
            "step_ms": statistics.median(a + b for a, b in zip(viewing, learning)),
            "learn_ms": statistics.median(learning),
            "views_ms": statistics.median(viewing),
        }


def options_of(setting):
    options = set(setting.split("+")) - {"eager"}
    if unknown := options - set(OPTIONS):
        sys.exit(f"step.py: unknown option {sorted(unknown)[0]}; known: {', '.join(OPTIONS)}")
    return options


def under_its_allocator(options):
    """Starts over where the setting's allocator is not in place: it is chosen before a process begins."""
    for name in options & set(ALLOCATORS):
        missing = {key: value for key, value in ALLOCATORS[name].items() if os.environ.get(key) != value}
        if missing:
            os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **missing})


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="options of a setting, joined by '+':\n"
        + "\n".join(f"  {name:<10} {what}" for name, what in OPTIONS.items()),
    )
    parser.add_argument("--setting", default="last+colour+arena", help="options joined by '+', or eager [%(default)s]")
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--negatives", choices=("recent", "all"), default="recent",
                        help="recent: 4 and the gradient block; all: without the block [%(default)s]")  # fmt: skip
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--repeat", type=int, default=10, help="steps to time; medians are shown [%(default)s]")
    parser.add_argument("--json", action="store_true", help="one line of JSON")
    arguments = parser.parse_args()
    options = options_of(arguments.setting)
    if arguments.precision == "float32" and options & {"plain", "bf16math"}:
        sys.exit(f"step.py: {arguments.setting} computes in bfloat16: it takes --precision bfloat16")
    under_its_allocator(options)
    warnings.filterwarnings("ignore")
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)

    checked = checks.check_all()
    step = Step(options, arguments.precision, arguments.negatives)
    checks.check_updates(step, f"{arguments.setting}, {arguments.precision}")
    result = {
        "setting": arguments.setting,
        **step.times(arguments.repeat),
        "torch": torch.__version__,
        "checked": checked,
    }
    if arguments.json:
        print(json.dumps(result))
    else:
        print(
            f"PyTorch {torch.__version__}, {arguments.precision}, {arguments.negatives} negatives, {arguments.setting}"
        )
        print(f"checked: {checked}")
        print("  step {step_ms:.1f} ms, of it views {views_ms:.1f} ms and learning {learn_ms:.1f} ms".format(**result))


if __name__ == "__main__":
    main()
