#!/usr/bin/env python3
"""Draws what `biossl bench memory --json` says: memory of activity and errors against the depth of the chain.

    biossl bench memory --json > memory.json
    scripts/plot_memory.py memory.json docs/memory_in_depth.png

Needs matplotlib.
"""

import argparse
import json
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

MIB = 2**20
# Okabe & Ito's colours can be told apart by everyone.
STYLES = {
    "dtp": ("difference target propagation", "#CC79A7", "D"),
    "e2e": ("end to end", "#D55E00", "o"),
    "gll": ("greedy layer-wise", "#0072B2", "s"),
    "rll": ("randomised layer-wise", "#56B4E9", "^"),
    "frozen": ("frozen, forward only", "#009E73", "v"),
}


def series(rows, rule, key):
    points = sorted((row["depth"], row[key] / MIB) for row in rows if row["rule"] == rule and row[key] is not None)
    return [depth for depth, _ in points], [size for _, size in points]


def draw(data):
    rows = data["memory"]
    rules = list(dict.fromkeys(row["rule"] for row in rows))
    depths = sorted({row["depth"] for row in rows})
    figure, axes = plt.subplots(figsize=(8, 4.8), constrained_layout=True)
    ends = {}
    for rule in rules:
        name, colour, marker = STYLES.get(rule, (rule, "#444444", "o"))
        counted = series(rows, rule, "activity_bytes")
        axes.plot(*counted, color=colour, marker=marker, linewidth=2, markersize=5)
        axes.plot(*series(rows, rule, "resident_bytes"), color=colour, linestyle=":", linewidth=1.5)
        # Lines that lie on each other share a label, and the first one's colour.
        names, _ = ends.setdefault(tuple(counted[1]), ([], colour))
        names.append(name)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log", base=2)
    axes.set_xticks(depths, [str(depth) for depth in depths])
    axes.xaxis.minorticks_off()
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.set_xlim(depths[0] / 1.08, depths[-1] * 1.08)
    axes.set_xlabel("blocks in the chain")
    axes.set_ylabel("memory [MiB]")
    label_ends(
        axes, [[sizes[-1], sizes[-1], "\n".join(names), colour] for sizes, (names, colour) in ends.items()], depths[-1]
    )
    axes.plot([], [], color="#444444", marker="o", markersize=5, linewidth=2, label="activity and errors, counted")
    axes.plot(
        [],
        [],
        color="#444444",
        linestyle=":",
        linewidth=1.5,
        label="growth of the resident set in a step, measured\n(weights, optimiser state and images included)",
    )
    axes.legend(frameon=False, loc="upper left", fontsize=9)
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.set_title(
        f"Equal blocks, {data['channels']} channels on {data['size']} x {data['size']} maps; "
        f"{data['batch']} pairs, {data['precision']}",
        fontsize=10,
        loc="left",
    )
    return figure


def label_ends(axes, ends, depth):
    """Writes each line's name and value behind its end, pushed up where it would lie on the one below."""
    ends.sort()
    least = 1.3  # ratio of neighbours
    for below, end in zip(ends, ends[1:]):
        end[0] = max(end[0], below[0] * least)
    for place, value, name, colour in ends:
        axes.annotate(
            f"{name}, {value:,.0f}",
            (depth, value),
            xytext=(depth * 1.12, place),
            textcoords="data",
            color=colour,
            va="center",
            fontsize=9,
            annotation_clip=False,
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("json", help="output of `biossl bench memory --json`; - for standard input")
    parser.add_argument("out", help="the picture, .png or .svg")
    arguments = parser.parse_args()
    with sys.stdin if arguments.json == "-" else open(arguments.json, encoding="utf-8") as file:
        data = json.load(file)
    draw(data).savefig(arguments.out, dpi=150)


if __name__ == "__main__":
    main()
