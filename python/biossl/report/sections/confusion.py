"""Which classes the probe takes for which."""

from __future__ import annotations

import numpy as np

from ..figures import figure, pixels
from ..groups import Group
from ..markup import Markup, element, join, percent, table
from ..registry import Report, section

MOST_CLASSES = 20  # that are shown as a table; more of them as a picture


def _matrix(group: Group) -> np.ndarray | None:
    """Counts of the last block's probe, added up over seeds."""
    matrices = [run.trained[-1].confusion for run in group.runs if run.trained]
    matrices = [matrix for matrix in matrices if matrix is not None]
    alike = [matrix for matrix in matrices if matrix.shape == matrices[0].shape]
    return np.sum(alike, axis=0) if alike else None


def _names(group: Group, count: int) -> list[str]:
    names = group.first.class_names
    return names if len(names) == count else [f"class {index}" for index in range(count)]


def _shares(matrix: np.ndarray) -> np.ndarray:
    return matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)


def _cell(share: float, right: bool, title: str) -> Markup:
    kinds = " ".join(kind for kind, holds in (("high", share > 0.55), ("top", share > 0.8), ("right", right)) if holds)
    text = f"{100 * share:.0f}" if share >= 0.005 else ""
    return element("td", text, class_=kinds or None, style=f"--v:{share:.3f}", title=title)


def _as_table(names: list[str], matrix: np.ndarray) -> Markup:
    shares = _shares(matrix)
    head = [element("th", element("span", name), scope="col") for name in names]
    rows = []
    for label, name in enumerate(names):
        cells = [
            _cell(shares[label, guess], label == guess, f"{name} taken for {other}: {matrix[label, guess]:.0f} images")
            for guess, other in enumerate(names)
        ]
        rows.append(element("tr", element("th", name, scope="row"), *cells))
    top = element("thead", element("tr", element("td", "", style="background:none"), *head))
    return element(
        "div", element("table", top, element("tbody", *rows), class_="confusion"), class_="scroll", tabindex="0"
    )


def _as_picture(matrix: np.ndarray) -> Markup:
    """Shares as opacity of one colour, which is seen on light and on dark."""
    shares = np.sqrt(_shares(matrix))
    rgba = np.zeros((*matrix.shape, 4), dtype=np.uint8)
    rgba[..., :3] = (47, 128, 214)
    rgba[..., 3] = np.round(255 * shares)
    return pixels(rgba, "Confusion matrix: a row a class, a column a prediction")


def _most_confused(names: list[str], matrix: np.ndarray) -> Markup:
    shares = _shares(matrix) * (1 - np.eye(len(matrix)))
    order = np.argsort(shares, axis=None)[::-1][:5]
    pairs = [divmod(int(place), len(matrix)) for place in order]
    rows = [
        [names[label], names[guess], percent(shares[label, guess])]
        for label, guess in pairs
        if shares[label, guess] > 0
    ]
    return table(["class", "taken for", "share"], rows, numbers=False, caption="Most often confused")


def _of(group: Group, titled: bool) -> Markup | None:
    matrix = _matrix(group)
    if matrix is None:
        return None
    names = _names(group, len(matrix))
    drawn = _as_table(names, matrix) if len(names) <= MOST_CLASSES else _as_picture(matrix)
    caption = f"{group.label}: " if titled else ""
    caption += "percent of a class" + (f", {len(group.runs)} seeds together" if len(group.runs) > 1 else "")
    return element("div", figure(drawn, caption), _most_confused(names, matrix), class_="figures beside")


@section("Confusion matrix", order=60)
def confusion(report: Report) -> Markup:
    drawn = [_of(group, len(report.groups) > 1) for group in report.pictured]
    drawn = [one for one in drawn if one is not None]
    if not drawn:
        raise report.unprobed("The run holds no confusion matrix of a probe.")
    lead = "A row is a class, a column what the linear probe on the last block says. The diagonal is right."
    return join([element("p", lead, class_="lead"), *drawn, report.pictured_note])
