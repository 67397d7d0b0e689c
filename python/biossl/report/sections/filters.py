"""The filters of the first layer."""

from __future__ import annotations

import re

from ..figures import figure, pixels
from ..filter_sheet import MOST_FILTERS, filter_sheet, first_filters
from ..groups import Group
from ..markup import Markup, element, join
from ..registry import Missing, Report, section
from ..run_files import RunError
from ..tensors import Tensors


def _of(group: Group) -> Markup | None:
    if not group.first.checkpoints:
        return None
    weights = first_filters(Tensors(group.first.checkpoints[-1]))
    if weights is None:
        return None
    count, channels, height, width = weights.shape
    epoch = int(re.findall(r"\d+", group.first.checkpoints[-1].name)[0])
    what = f"{group.label}, epoch {epoch}"
    small = f"{min(count, MOST_FILTERS)} of {count} filters of {height}×{width}×{channels}"
    return figure(
        pixels(filter_sheet(weights), f"First-layer filters of {what}"), join([what, element("small", small)])
    )


@section("First-layer filters", order=70)
def filters(report: Report) -> Markup:
    drawn: list[Markup] = []
    for group in report.pictured:
        try:
            drawn += [one for one in [_of(group)] if one is not None]
        except RunError as fault:
            raise Missing(str(fault)) from fault
    if not drawn:
        raise Missing(
            "The run directory holds no checkpoint with a convolution. A run makes one:", report.again(report.runs[0])
        )
    lead = (
        "A tile is a filter: colours are its weights for red, green and blue, mid-grey is 0, each scaled by its "
        "largest weight."
    )
    return join([element("p", lead, class_="lead"), element("div", *drawn, class_="figures"), report.pictured_note])
