import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from report_runs import NAMES, make_run, make_run_of_arrays

pytest.importorskip("matplotlib")

from biossl.report import Engine, Missing, element, read_run, registry, section
from biossl.report.__main__ import main
from biossl.report.engine import Description, EngineError, Layer, Network, Property
from biossl.report.markup import void
from biossl.report.page import LARGEST_PAGE, build_page

VOID = {"meta", "img", "br"}


class Page(HTMLParser):
    """Checks that tags are balanced; collects texts, attributes and names."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.links, self.words = [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.links += [value for name, value in attributes if name in ("src", "href", "xlink:href", "srcset", "action")]
        self.ids += [value for name, value in attributes if name == "id"]
        assert not any(name.startswith("on") for name, _ in attributes)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


class SmallEngine(Engine):
    """Answers without a program."""

    def __init__(self):
        super().__init__("")

    def describe(self, run):
        properties = [
            Property("(i)", True, "current activity", "It is <local>."),
            Property("(iii)", False, "separate weights", ""),
        ]
        block, total = Layer("block 0", "<3x3>", "12x12x3", "6x6x4", 108, 31104), Layer("total", "", "", "", 108, 31104)
        network = Network("of one block", "", "image", [block], total)
        return Description(network, properties, [("train.epochs", "3", "400")])

    def embeddings(self, run):
        rng = np.random.default_rng(run.seed)
        return rng.normal(size=(60, 4)), np.arange(60) % 3

    def sheet(self, run):
        import io

        from PIL import Image

        buffer = io.BytesIO()
        Image.new("RGB", (40, 20), (90, 20, 20)).save(buffer, "PNG")
        return buffer.getvalue()

    neighbours = view_pairs = sheet


def page_of(*runs, engine=None):
    text = build_page([read_run(run) for run in runs], engine or SmallEngine())
    return text, Page(text)


def check_needs_nothing(text, page):
    assert all(link.startswith(("#", "data:image/")) for link in page.links)
    assert not re.search(r"url\((?!#)|@import|<script|<link|<iframe", text)
    assert len(page.ids) == len(set(page.ids))
    assert all(link[1:] in page.ids for link in page.links if link.startswith("#"))
    assert len(text.encode()) < LARGEST_PAGE


def test_one_run(tmp_path):
    text, page = page_of(make_run(tmp_path / "run"))
    check_needs_nothing(text, page)
    assert "failed:" not in page.text and "Not made" not in page.text
    assert page.text.count("61.00") >= 1, "accuracy of the last block"
    for title in ("Summary", "Recipe", "Pretraining", "Health of embeddings", "Accuracy per block", "Confusion matrix"):
        assert title in page.text
    for words in (
        "train.epochs",
        "First-layer filters",
        "Nearest neighbours",
        "Map of embeddings",
        "It is <local>.",
        "network of one block",
        "block 0 <3x3> 12x12x3 6x6x4 108 31,104",
        "A & B",
    ):
        assert words in page.text
    assert "biossl run" in page.text and "--threads 2" in page.text
    assert text.count("<svg") >= 8 and "#fe0" not in text, "every stand-in colour is one of the page"


def test_seeds_are_means_and_deviations(tmp_path):
    text, page = page_of(*(make_run(tmp_path / str(seed), seed=seed) for seed in (1, 2, 3)))
    check_needs_nothing(text, page)
    assert "62.00 ± 1.00" in page.text.replace("\N{NO-BREAK SPACE}", " ") and "3 seeds together" in page.text
    assert "seeds 1, 2, 3" in page.text and "failed:" not in page.text


def test_recipes_stand_side_by_side(tmp_path):
    text, page = page_of(
        make_run(tmp_path / "a"), make_run(tmp_path / "b", seed=2), make_run(tmp_path / "c", rule="gll")
    )
    check_needs_nothing(text, page)
    assert "In what the recipes differ" in page.text and '"gll"' in page.text and "failed:" not in page.text


def test_names_that_want_to_be_html_are_text(tmp_path):
    hostile = "<script>alert(1)</script>&amp;'"
    text, page = page_of(
        make_run(tmp_path / "<img src=x onerror=1>", name=hostile), make_run(tmp_path / "b", name=hostile, rule="<i>")
    )
    check_needs_nothing(text, page)
    assert hostile in page.text and NAMES[2] in page.text and "<img src=x onerror=1>" in page.text


def test_half_a_surrogate_pair_is_a_question_mark_wherever_it_stands():
    half = json.loads('"\\ud800<"')
    assert element("p", half, title=half, id=1).encode() == b'<p title="?&lt;" id="1">?&lt;</p>'
    assert void("img", alt="a\x00b").encode() == '<img alt="a\N{REPLACEMENT CHARACTER}b">'.encode()


def test_hostile_records_are_text(tmp_path):
    run = make_run(tmp_path / "run")
    record = {"epoch": 1, "<b>": 2, "<i>x": [{"layer": "<u>", "<s>": 1.0}], "stage": "<em>"}
    (run / "metrics.jsonl").write_text(json.dumps(record) + "\n" + json.dumps({**record, "epoch": 2, "stage": "$x^{$"}))
    (run / "failure.txt").write_text("<b>it & failed</b>")
    text, page = page_of(run)
    check_needs_nothing(text, page)
    assert "<b>it & failed</b>" in page.text and "failed:" not in page.text.replace("failed last time", "")


def test_what_is_missing_is_told_with_the_command_that_makes_it(tmp_path):
    run = make_run(tmp_path / "run")
    for name in ("probe.json", "metrics.jsonl", "environment.json", "checkpoints/epoch_0003.safetensors"):
        (run / name).unlink()
    text, page = page_of(run, engine=Engine(""))
    check_needs_nothing(text, page)
    assert f"biossl probe {run} --set probe.blocks=all" in page.text
    assert f"biossl run --resume --out {run}" in page.text
    assert "holds no checkpoint" in page.text and "holds no environment.json" in page.text
    assert "left out by --files-only" in page.text and "failed:" not in page.text


def test_of_a_run_of_arrays_nothing_is_asked_that_needs_them(tmp_path):
    class WithoutImages(SmallEngine):
        def embeddings(self, run):
            raise EngineError("cifar10 is read from files")

        view_pairs = neighbours = embeddings

    run = make_run_of_arrays(tmp_path / "run")
    text, page = page_of(run, engine=WithoutImages())
    check_needs_nothing(text, page)
    assert "cifar10" not in page.text and "biossl probe" not in page.text and "biossl run" not in page.text
    assert "learnt from arrays, not judged yet" in page.text
    assert "3 epochs, 3 s of training" in page.text and "100 images per second" in page.text
    assert page.text.count("The images were arrays in a Python session, and a run does not keep them.") == 6
    recipe = str(run / "recipe.toml")
    for call in (
        f"biossl.Trainer({recipe!r}, images=images).next_views()",
        f"biossl.load({str(run)!r}).encoder.embed(images)",
        "biossl.sklearn.LinearProbe().fit(features, labels)",
        f"biossl.set_threads(2) biossl.pretrain(images, {recipe!r}, out={str(run) + '-again'!r})",
    ):
        assert call in page.text
    for shown in ("First-layer filters", "Loss", "Effective rank", "train.epochs"):
        assert shown in page.text


def test_a_run_of_arrays_that_was_probed_shows_the_images_of_its_probe(tmp_path):
    run = make_run_of_arrays(tmp_path / "run")
    make_run(tmp_path / "probed")
    (tmp_path / "probed" / "probe.json").rename(run / "probe.json")
    _, page = page_of(run)
    assert "learnt from arrays, judged on world" in page.text and "component 1" in page.text


def test_a_run_of_arrays_goes_on_in_python(tmp_path):
    run = make_run_of_arrays(tmp_path / "run")
    (run / "metrics.jsonl").unlink()
    _, page = page_of(run)
    call = f"biossl.pretrain(images, {str(run / 'recipe.toml')!r}, out={str(run)!r}, resume=True)"
    assert "Nothing has been trained yet." in page.text and call in page.text


def test_an_empty_run_has_a_page(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "recipe.toml").write_text("[data")
    text, page = page_of(tmp_path / "run")
    check_needs_nothing(text, page)
    assert "recipe.toml: is broken" in page.text and "Nothing has been trained yet." in page.text


def test_a_run_without_class_names_and_one_of_many_classes(tmp_path):
    run = make_run(tmp_path / "run")
    probe = json.loads((run / "probe.json").read_text())
    probe["trained"][-1]["confusion"] = np.eye(30).tolist()
    (run / "probe.json").write_text(json.dumps(probe))
    text, page = page_of(run)
    check_needs_nothing(text, page)
    assert 'alt="Confusion matrix' in text and "failed:" not in page.text


@pytest.fixture
def registered():
    before = dict(registry._sections)
    yield
    registry._sections.clear()
    registry._sections.update(before)


def test_sections_of_ones_own_are_shown_and_a_faulty_one_harms_no_other(tmp_path, registered, capsys):
    @section("My instrument", order=115)
    def mine(report):
        return element("p", f"saw {len(report.runs)} run")

    @section("Faulty", order=116)
    def faulty(report):
        raise ZeroDivisionError("by zero")

    @section("Absent", order=117)
    def absent(report):
        raise Missing("It has no records.", "biossl run --set my.instrument=true")

    text, page = page_of(make_run(tmp_path / "run"))
    check_needs_nothing(text, page)
    assert "saw 1 run" in page.text and "It has no records." in page.text
    assert "The section Faulty failed: ZeroDivisionError: by zero" in page.text
    assert "Faulty failed" in capsys.readouterr().err
    assert text.index(">Instruments<") < text.index(">My instrument<") < text.index(">Plausibility<")


def test_a_page_that_would_be_too_large_leaves_its_largest_section_out(tmp_path, registered):
    @section("Large", order=200)
    def large(report):
        return element("p", "x" * LARGEST_PAGE)

    text, page = page_of(make_run(tmp_path / "run"))
    check_needs_nothing(text, page)
    assert "the page would be larger than 3 MB" in page.text and "Map of embeddings" in page.text


def test_an_engine_that_cannot_is_told(tmp_path):
    class Unable(SmallEngine):
        def neighbours(self, run):
            raise EngineError("cifar10 needs --data <DIR>")

    _, page = page_of(make_run(tmp_path / "run"), engine=Unable())
    assert "Not made: cifar10 needs --data <DIR>." in page.text


def test_the_command_writes_a_whole_file(tmp_path, capsys):
    run = make_run(tmp_path / "run")
    assert main([str(run), "--files-only"]) == 0
    Page((run / "report.html").read_text())
    assert "1 run" in capsys.readouterr().out
    assert main([str(run), str(run), "--files-only", "--out", str(tmp_path / "page.html")]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["page.html", "run"]


def test_the_command_tells_faults_in_one_line(tmp_path, capsys):
    assert main([str(tmp_path / "none")]) == 3
    run = make_run(tmp_path / "run")
    assert main([str(run), "--files-only", "--out", str(tmp_path / "no" / "page.html")]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2 and all(line.startswith("biossl: ") for line in lines)


def test_a_damaged_checkpoint_is_told_at_the_top_and_on_stderr(tmp_path, capsys):
    run = make_run(tmp_path / "run")
    for name in ("epoch_0004", "epoch_0005"):
        (run / "checkpoints" / f"{name}.safetensors").write_bytes(b"\x08")
    assert main([str(run), "--files-only"]) == 0
    told = "using epoch_0003.safetensors instead"
    assert re.search(rf"biossl: .*epoch_0005\.safetensors: .*; {told}\n", capsys.readouterr().err)
    text = (run / "report.html").read_text()
    assert text.count(told) == 1 and text.index(told) < text.index("<section")
