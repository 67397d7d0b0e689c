"""The results in a few numbers."""

from __future__ import annotations

from ..groups import Group
from ..markup import Markup, element, format_number, join, key, percent, spread, table, without_empty
from ..missing import missing_part
from ..registry import Report, section
from ..run_files import RunFiles, number


def accuracy(run: RunFiles) -> float | None:
    """Of the linear probe on the last block."""
    if run.trained:
        return run.trained[-1].test_accuracy
    probe = run.summary.get("probe")
    return number(probe.get("test_accuracy")) if isinstance(probe, dict) else None


def random_accuracy(run: RunFiles) -> float | None:
    if run.random:
        return run.random[-1].test_accuracy
    random = run.summary.get("random_encoder")
    return number(random.get("test_accuracy")) if isinstance(random, dict) else None


def _pretrain(run: RunFiles, name: str) -> float | None:
    """Of the summary; of a run without one, from the records of its epochs."""
    pretrain = run.summary.get("pretrain")
    if isinstance(pretrain, dict):
        return number(pretrain.get(name))
    seconds, images = (float(run.series(of)[1].sum()) for of in ("seconds", "images"))
    losses = run.series("loss")[1]
    found = {
        "seconds": seconds or None,
        "images_per_second": images / seconds if seconds else None,
        "final_loss": float(losses[-1]) if losses.size else None,
    }
    return found[name]


def gains(group: Group) -> list[float | None]:
    pairs = [(accuracy(run), random_accuracy(run)) for run in group.runs]
    return [None if one is None or other is None else one - other for one, other in pairs]


def _tile(value: str, what: str, main: bool = False, unit: str = "") -> Markup:
    """A number; its deviation and its unit are smaller."""
    mean, plus_minus, deviation = value.partition(" ± ")
    small = f" ±\N{NO-BREAK SPACE}{deviation}{unit}" if plus_minus else unit
    number = element("b", mean, element("small", small) if small else None)
    return element("div", number, element("span", what), class_="tile main" if main else "tile")


def duration(seconds: float | None) -> str:
    """ "4 s", "12 min", "3.5 h"."""
    if seconds is None:
        return "–"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _tiles(group: Group) -> Markup:
    run, several = group.first, len(group.runs) > 1
    mean = f", mean of {len(group.runs)} seeds" if several else ""
    tiles = []
    accuracies = [accuracy(one) for one in group.runs]
    if any(value is not None for value in accuracies):
        tiles.append(
            _tile(spread(accuracies, 100), f"test accuracy, linear probe{mean}", main=True, unit="\N{NO-BREAK SPACE}%")
        )
    if any(value is not None for value in gains(group)):
        tiles.append(
            _tile(
                spread([random_accuracy(one) for one in group.runs], 100), "random encoder", unit="\N{NO-BREAK SPACE}%"
            )
        )
        gain = spread(gains(group), 100)
        tiles.append(_tile(gain if gain.startswith("-") else f"+{gain}", "points by learning"))
    if run.chance is not None:
        tiles.append(_tile(spread([run.chance], 100), "chance", unit="\N{NO-BREAK SPACE}%"))
    if run.metrics:
        seconds = duration(_pretrain(run, "seconds"))
        tiles.append(
            _tile(str(run.metrics[-1].epoch), f"{'epochs' if len(run.metrics) > 1 else 'epoch'}, {seconds} of training")
        )
    rate = [_pretrain(one, "images_per_second") for one in group.runs]
    if any(rate):
        tiles.append(_tile(spread(rate, digits=0), "images per second"))
    return element("div", *tiles, class_="tiles")


def _row(group: Group) -> list[object]:
    seconds = [_pretrain(run, "seconds") for run in group.runs]
    return [
        key(group.index, group.label),
        len(group.runs),
        spread([accuracy(run) for run in group.runs], 100),
        spread([random_accuracy(run) for run in group.runs], 100),
        spread(gains(group), 100),
        spread([run.trained[-1].knn if run.trained else None for run in group.runs], 100),
        format_number(group.first.metrics[-1].epoch if group.first.metrics else None),
        duration(sum(seconds) / len(seconds) if None not in seconds else None),
    ]


def _each(report: Report) -> Markup:
    rows = [
        [
            run.path,
            run.seed,
            percent(accuracy(run)),
            percent(random_accuracy(run)),
            format_number(_pretrain(run, "final_loss")),
        ]
        for run in report.runs
    ]
    runs = table(*without_empty(["run", "seed", "test accuracy", "random encoder", "final loss"], rows), compact=True)
    return element("details", element("summary", "Every run"), runs)


@section("Summary", order=10)
def summary(report: Report) -> Markup:
    if not any(run.summary or run.trained or run.metrics for run in report.runs):
        raise report.untrained("Nothing has been trained yet.")
    parts: list[object] = []
    if len(report.groups) == 1:
        parts.append(_tiles(report.groups[0]))
    else:
        head = [
            "recipe",
            "runs",
            "test accuracy, %",
            "random encoder, %",
            "points by learning",
            "k-NN, %",
            "epochs",
            "time",
        ]
        parts.append(table(*without_empty(head, [_row(group) for group in report.groups])))
    if any(len(group.runs) > 1 for group in report.groups):
        parts.append(element("p", "Numbers of several seeds are mean ± standard deviation (n − 1).", class_="note"))
    labelled = [group.label for group in report.groups if group.first.summary.get("uses_labels") is True]
    if labelled:
        parts.append(element("p", f"Pretraining reads labels: {', '.join(labelled)}.", class_="warning"))
    if all(accuracy(run) is None for run in report.runs):
        parts.append(missing_part(report.unprobed("No probe has judged the encoder yet.")))
    if len(report.runs) > 1:
        parts.append(_each(report))
    return join(parts)
