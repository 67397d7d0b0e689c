"""What probes read off every block, beside the random encoder."""

from __future__ import annotations

import math

from matplotlib.ticker import MaxNLocator

from ..figures import MUTED, drawing, figure, series_colour, svg
from ..groups import Group
from ..markup import Markup, element, join, key, spread, table, without_empty
from ..missing import missing_part
from ..registry import Missing, Report, section
from ..run_files import BlockProbe


def _by_block(group: Group, kind: str) -> dict[int, list[float]]:
    """Test accuracies in percent of every seed."""
    found: dict[int, list[float]] = {}
    for run in group.runs:
        for probe in getattr(run, kind):
            found.setdefault(probe.block, []).append(100 * probe.test_accuracy)
    return found


def _mean(values: list[float]) -> float:
    return math.fsum(values) / len(values)


def _deviation(values: list[float]) -> float:
    mean = _mean(values)
    return math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (len(values) - 1)) if len(values) > 1 else 0.0


def _line(axes, colour: int, values: dict[int, list[float]], dashed: bool) -> None:
    blocks = sorted(values)
    axes.errorbar(
        blocks,
        [_mean(values[block]) for block in blocks],
        yerr=[_deviation(values[block]) for block in blocks],
        color=series_colour(colour),
        linestyle="--" if dashed else "-",
        marker="o",
        capsize=2.5,
        elinewidth=1,
    )


def _blocks_drawing(report: Report) -> Markup:
    with drawing(5.2, 3.0) as (canvas, axes):
        keys = []
        alone = len(report.groups) == 1
        for group in report.groups:
            trained, random = _by_block(group, "trained"), _by_block(group, "random")
            if trained:
                _line(axes, group.index, trained, False)
                keys.append(key(group.index, "trained encoder" if alone else group.label))
            if random:
                colour = 7 if alone else group.index
                _line(axes, colour, random, True)
                keys.append(key(colour, "random encoder" if alone else f"{group.label}, random encoder", dashed=True))
        for chance in {round(100 * run.chance, 3) for run in report.runs if run.chance is not None}:
            axes.axhline(chance, color=MUTED, linewidth=0.9, linestyle=":")
            axes.text(1, chance, " chance", transform=axes.get_yaxis_transform(), ha="right", va="bottom", color=MUTED)
        for run in report.runs[:1] if alone else []:
            if run.pixels:
                pixels = 100 * run.pixels.test_accuracy
                axes.axhline(pixels, color=MUTED, linewidth=0.9, linestyle=":")
                axes.text(
                    1, pixels, " pixels", transform=axes.get_yaxis_transform(), ha="right", va="bottom", color=MUTED
                )
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("block")
        axes.set_ylabel("test accuracy, %")
        axes.set_ylim(bottom=0)
        return figure(svg(canvas, "Test accuracy of the linear probe by block"), "Linear probe on every block", *keys)


def _readouts(group: Group) -> list[tuple[str, list[float]]]:
    """What else is known where only the last block is probed: accuracies in percent of every seed."""
    runs = group.runs
    found = [
        ("trained encoder", [run.trained[-1].test_accuracy for run in runs if run.trained]),
        ("trained, k-NN", [run.trained[-1].knn for run in runs if run.trained and run.trained[-1].knn is not None]),
        ("random encoder", [run.random[-1].test_accuracy for run in runs if run.random]),
        ("pixels", [run.pixels.test_accuracy for run in runs if run.pixels]),
    ]
    return [(name, [100 * value for value in values]) for name, values in found if values]


def _bars(report: Report) -> Markup:
    """A bar a readout, from 0 to 100 percent."""
    rows = []
    for group in report.groups:
        for name, values in _readouts(group):
            colour = group.index if name.startswith("trained") else 7
            words = name if len(report.groups) == 1 else key(group.index, f"{group.label}, {name}")
            bar = element("div", "", class_="bar", style=f"--w:{_mean(values):.2f}%;--c:var(--s{colour % 8})")
            rows.append([words, bar, spread(values)])
    chance = {f"{100 * run.chance:.2f}" for run in report.runs if run.chance is not None}
    caption = "Test accuracy of the last block in percent" + (
        f"; chance is {', '.join(sorted(chance))}" if chance else ""
    )
    return element("div", table(["", "", ""], rows, caption=caption, compact=True), class_="bars")


def _collected(group: Group, kind: str) -> dict[int | None, list[BlockProbe]]:
    """The probes of every seed, by block."""
    found: dict[int | None, list[BlockProbe]] = {}
    for run in group.runs:
        for probe in getattr(run, kind):
            found.setdefault(probe.block, []).append(probe)
    return found


def _table_of_one(group: Group) -> Markup:
    rows = []
    random = _collected(group, "random")
    for block, found in sorted(_collected(group, "trained").items()):
        values = [probe.test_accuracy for probe in found], [probe.train_accuracy for probe in found]
        others = [probe.test_accuracy for probe in random.get(block, [])], [probe.knn for probe in found]
        rows.append([f"block {block}", *(spread(column, 100) for column in (*values, *others))])
    caption = "Accuracy in percent; of the random encoder and of k-NN: test"
    return table(
        *without_empty(["", "test", "training", "random encoder", "k-NN"], rows), caption=caption, compact=True
    )


def _table_of_several(report: Report) -> Markup:
    blocks = sorted({probe.block for run in report.runs for probe in run.trained})
    rows = []
    for kind, word in (("trained", ""), ("random", ", random encoder")):
        for group in report.groups:
            found = _collected(group, kind)
            cells = [spread([probe.test_accuracy for probe in found.get(block, [])], 100) for block in blocks]
            if any(cell != "–" for cell in cells):
                rows.append([key(group.index, f"{group.label}{word}", dashed=kind == "random"), *cells])
    return table(["", *(f"block {block}" for block in blocks)], rows, caption="Test accuracy in percent")


@section("Accuracy per block", order=50)
def accuracy(report: Report) -> Markup:
    probed = [group for group in report.groups if any(run.trained for run in group.runs)]
    if not probed:
        raise report.unprobed("No probe has judged the encoder yet.", "--set", "probe.blocks=all")
    several = any(len(run.trained) > 1 for run in report.runs)
    if not several:
        parts = [_bars(report)]
    elif len(report.groups) == 1:
        parts = [element("div", _blocks_drawing(report), _table_of_one(report.groups[0]), class_="figures large")]
    else:
        parts = [_blocks_drawing(report), _table_of_several(report)]
    if not several and probed[0].first.setting("probe.blocks") != "all":
        every = Missing(
            "Only the last block was probed. This probes all of them:",
            report.command("probe", probed[0].first.path, "--set", "probe.blocks=all"),
        )
        parts.append(missing_part(every))
    return join(parts)
