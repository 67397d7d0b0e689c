"""Reports of runs that the program makes. Skipped where there is no program."""

import re
import subprocess
import sys

import pytest

pytest.importorskip("matplotlib")

from biossl.report import Engine, find_program, read_run
from biossl.report.page import build_page

RECIPE = """
[data]
pretrain = "world"
probe = "world"
images = 50
probe_images = 40
test_images = 20
image_size = 12
[views]
kind = "moments"
[[network.blocks]]
channels = 4
pool = 2
[network.head]
features = 4
[train]
epochs = 2
batch = 10
[probe]
epochs = 2
blocks = "all"
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    program = find_program()
    if program is None:
        pytest.skip("there is no program biossl; set BIOSSL_PROGRAM to its path")
    folder = tmp_path_factory.mktemp("program")
    (folder / "small.toml").write_text(RECIPE)
    subprocess.run(
        [program, "run", "small.toml", "--out", "run", "--threads", "1"], cwd=folder, check=True, capture_output=True
    )
    return read_run(folder / "run")


def test_every_section_of_a_finished_run_is_there(run):
    page = build_page([run], Engine(find_program(), threads=1))
    told = re.findall(r'class="(?:missing|warning)">.*?</p>', page)
    assert told == []
    for part in (
        "Pairs of views:",
        "Nearest neighbours:",
        "Map of embeddings:",
        "First-layer filters of",
        "data.pretrain",
        "kept",
    ):
        assert part in page
    assert run.faults == []


def test_a_description_of_the_program_is_read(run):
    description = Engine(find_program(), threads=1).describe(run)
    assert description.network.summary == "of the recipe's own on images of 12x12x3"
    assert [layer.name for layer in description.network.layers] == ["block 0", "head 0"]
    assert description.network.total.parameters == sum(layer.parameters for layer in description.network.layers)
    assert [found.number for found in description.properties] == ["(i)", "(ii)", "(iii)", "(iv)"]
    assert ("train.epochs", "2", "400") in description.changed


def test_the_module_is_run_by_its_name(run, tmp_path):
    words = [sys.executable, "-m", "biossl.report", str(run.path), "--files-only", "--out", str(tmp_path / "page.html")]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "page.html").stat().st_size > 10_000
