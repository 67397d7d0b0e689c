import json

import numpy as np
import pytest
from report_runs import make_run

from biossl._engine import core
from biossl.report import read_run
from biossl.report.engine import EngineError, Layer, parse_description
from biossl.report.groups import _FREE, band, differing_settings, group_runs
from biossl.report.markup import element, format_number, spread


def runs_of(tmp_path, *runs):
    return [read_run(make_run(tmp_path / str(index), **run)) for index, run in enumerate(runs)]


def test_settings_without_effect_are_those_of_the_engine():
    assert list(_FREE) == list(core.settings_without_effect())


def test_runs_that_differ_in_the_seed_are_one_group(tmp_path):
    runs = runs_of(tmp_path, {"seed": 2}, {"rule": "gll"}, {"seed": 1, "name": "renamed"})
    groups = group_runs(runs)
    assert [[run.seed for run in group.runs] for group in groups] == [[1, 2], [1]]
    assert differing_settings(groups) == {"rule.kind": ["e2e", "gll"]}


def test_groups_of_one_name_are_told_apart_by_their_settings(tmp_path):
    groups = group_runs(runs_of(tmp_path, {}, {"rule": "gll"}))
    assert [group.label for group in groups] == ["e2e", "gll"]
    groups = group_runs(runs_of(tmp_path / "named", {"name": "one"}, {"rule": "gll", "name": "two"}))
    assert [group.label for group in groups] == ["one", "two"]
    more = runs_of(tmp_path / "more", {"name": "one"}, {"name": "two", "rule": "dfa"}, {"name": "two", "rule": "gll"})
    assert [group.label for group in group_runs(more)] == ["one", "two, dfa", "two, gll"]


def test_runs_without_a_recipe_are_groups_of_their_own(tmp_path):
    paths = [make_run(tmp_path / name) for name in ("a", "b")]
    for path in paths:
        (path / "recipe.toml").unlink()
    groups = group_runs([read_run(path) for path in paths])
    assert [group.label for group in groups] == ["a", "b"]


def test_a_band_counts_the_runs_that_have_come_so_far():
    found = band([(np.array([1.0, 2.0]), np.array([1.0, 5.0])), (np.array([1.0]), np.array([3.0]))])
    assert found.epochs.tolist() == [1, 2] and found.mean.tolist() == [2, 5]
    assert found.deviation.tolist() == pytest.approx([2**0.5, 0])


def test_means_have_the_deviation_of_a_sample():
    assert spread([0.46, 0.44], 100) == "45.00 ± 1.41"
    assert (spread([0.46], 100), spread([None]), spread([None, 1.0])) == ("46.00", "–", "1.00")


def test_numbers_are_short():
    assert [format_number(value) for value in (12345, 0.12345678, 123456.7, None, float("nan"))] == [
        "12,345",
        "0.1235",
        "123,457",
        "–",
        "–",
    ]


def test_text_is_escaped_and_markup_is_not():
    assert element("p", "<&>", element("b", '"'), None, title='"><script>') == (
        '<p title="&quot;&gt;&lt;script&gt;">&lt;&amp;&gt;<b>&quot;</b></p>'
    )
    assert "\x00" not in element("p", "a\x00b\ud800")


LAYER = {
    "name": "block 0",
    "what": "3x3 convolution",
    "input": "32x32x3",
    "output": "16x16x4",
    "parameters": 108,
    "operations": 31104,
}
DESCRIBED = {
    "network": {
        "summary": "conv6 on images of 32x32x3",
        "layers": [LAYER],
        "parameters": 108,
        "operations": 31104,
        "operations_of": "image",
    },
    "plausibility": {
        "properties": [
            {"number": "(i)", "kept": True, "property": "current activity", "why": "An error needs what is seen now."},
            {"number": "(iii)", "kept": False, "property": "separate weights", "why": "Errors descend."},
        ]
    },
    "changes": [
        {"key": "train.epochs", "value": "3", "default": "400"},
        {"key": "network.blocks.0.channels", "value": "4", "default": None},
    ],
    "of_a_later_version": 1,
}


def test_a_description_is_read():
    description = parse_description(json.dumps(DESCRIBED))
    network = description.network
    assert (network.summary, network.views, network.operations_of) == ("conv6 on images of 32x32x3", "", "image")
    assert (network.layers, network.total.parameters) == ([Layer(**LAYER)], 108)
    assert [(p.number, p.kept, p.what, p.why) for p in description.properties] == [
        ("(i)", True, "current activity", "An error needs what is seen now."),
        ("(iii)", False, "separate weights", "Errors descend."),
    ]
    assert description.changed == [("train.epochs", "3", "400"), ("network.blocks.0.channels", "4", "")]


@pytest.mark.parametrize("text", ["", "network conv6", "[]", "{}", '{"network": null}'])
def test_a_description_that_is_none_is_told_in_a_line(text):
    with pytest.raises(EngineError, match="describe --json"):
        parse_description(text)
