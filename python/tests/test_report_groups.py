import numpy as np
import pytest
from report_runs import make_run

from biossl.report import read_run
from biossl.report.engine import parse_description
from biossl.report.groups import band, differing_settings, group_runs
from biossl.report.markup import element, format_number, spread


def runs_of(tmp_path, *runs):
    return [read_run(make_run(tmp_path / str(index), **run)) for index, run in enumerate(runs)]


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


DESCRIBED = """network conv6 on images of 32x32x3
block 0  3x3 convolution
precision auto, here bfloat16 (this)

rule e2e: end to end
  3 epochs in all (train.epochs = 3)

biological plausibility (loss contrastive_hinge, rule e2e, feedback transpose)
  (i)   kept   a weight changes by current activity alone
               An error needs what is seen now.
  (iii) broken forward and feedback connections are separate weights
               Errors descend.

differs from the defaults
  train.epochs = 3  (default 400)
  network.blocks.0.channels = 4

A note.
"""


def test_a_description_is_read():
    description = parse_description(DESCRIBED)
    assert description.network.splitlines() == ["network conv6 on images of 32x32x3", "block 0  3x3 convolution"]
    assert [(p.number, p.kept, p.why) for p in description.properties] == [
        ("(i)", True, "An error needs what is seen now."),
        ("(iii)", False, "Errors descend."),
    ]
    assert description.changed == [("train.epochs", "3", "400"), ("network.blocks.0.channels", "4", "")]
