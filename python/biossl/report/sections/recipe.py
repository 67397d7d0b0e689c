"""What the runs were asked to do, and in what they differ."""

from __future__ import annotations

from ..engine import Description, EngineError, Network
from ..groups import Group, differing_settings, toml_value
from ..markup import Markup, element, join, key, table
from ..registry import Missing, Report, section


def _described(report: Report, group: Group) -> Description | EngineError:
    try:
        return report.engine.describe(group.first)
    except EngineError as fault:
        return fault


def _changed(description: Description) -> Markup:
    """Written blocks have no defaults; the table of the network shows them."""
    rows = [
        [element("code", k), element("code", value), element("code", default or "–")]
        for k, value, default in description.changed
        if default
    ]
    return table(
        ["setting", "value", "default"], rows, numbers=False, compact=True, caption="What differs from the defaults"
    )


def _network(network: Network) -> Markup:
    """Its layers, a row each."""
    head = ["", "", "input", "output", "parameters", "operations"]
    rows = [
        [it.name, it.what, it.input, it.output, f"{it.parameters:,}", f"{it.operations:,}"]
        for it in (*network.layers, network.total)
    ]
    what = f"operations: multiplications and additions of one {network.operations_of}'s forward pass"
    return join(
        [
            element("p", f"views {network.views}", class_="note") if network.views else None,
            table(head, rows, compact=True, caption=f"network {network.summary}"),
            element("p", what, class_="note"),
        ]
    )


def _details(group: Group, description: Description | EngineError) -> list[Markup]:
    parts = []
    if isinstance(description, Description):
        summary = element("summary", f"Network: {group.label}")
        parts.append(element("details", summary, _network(description.network)))
    summary = element("summary", f"Every setting: {group.label}")
    return [*parts, element("details", summary, element("pre", element("code", group.first.recipe_text)))]


@section("Recipe", order=20)
def recipe(report: Report) -> Markup:
    there = [group for group in report.groups if group.first.recipe_text]
    if not there:
        raise Missing("The run directory holds no recipe.toml.")
    parts: list[object] = []
    if len(report.groups) > 1:
        differing = differing_settings(report.groups)
        head = ["setting", *(key(group.index, group.label) for group in report.groups)]
        rows = [
            [element("code", name), *(element("code", toml_value(v)) for v in values)]
            for name, values in differing.items()
        ]
        parts.append(
            table(head, rows, numbers=False, compact=True, caption="In what the recipes differ, beside the seed")
        )
    described = [(group, _described(report, group)) for group in there[:4]]
    if len(report.groups) == 1:
        description = described[0][1]
        if isinstance(description, Description):
            parts.append(_changed(description))
        else:
            parts.append(element("p", f"What differs from the defaults is not known: {description}.", class_="note"))
    for group, description in described:
        parts += _details(group, description)
    return join(parts)
