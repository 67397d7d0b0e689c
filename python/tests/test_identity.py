"""Which functions are the same for a run."""

import dataclasses
import functools
import linecache
import subprocess
import sys

import numpy as np
import pytest

from biossl._components.identity import _source_of, digest_of

STRENGTH = 0.5


def written(text, name="views"):
    """A function that has a source, as those of a notebook have."""
    file = f"<written {len(linecache.cache)}>"
    linecache.cache[file] = (len(text), None, text.splitlines(True), file)
    scope = {"__name__": __name__}
    exec(compile(text, file, "exec"), scope)
    return scope[name]


def maker(value):
    def views(images, rng):
        return images * value

    return views


def reads_a_global(images, rng):
    return [image * STRENGTH for image in images]


def helper(images):
    return images + 1


def calls_a_helper(images, rng):
    return helper(images)


@dataclasses.dataclass
class Setting:
    strength: float


class Callable:
    def __init__(self, strength):
        self.strength = strength

    def __call__(self, images, rng):
        return images * self.strength


VALUES = [0.1, 2, "text", (1, 2), [1, 2], [1, 3], {"a": 1}, {1, 2}, np.arange(3), np.arange(4), np.float32(0.1), None]
VALUES += [Setting(1.0), Setting(2.0), functools.partial(maker, 1), maker(1), maker(2), np.flip, np.roll]


def test_what_is_read_counts():
    digests = [digest_of(maker(value)) for value in VALUES]
    assert len(set(digests)) == len(VALUES)
    assert digests == [digest_of(maker(value)) for value in VALUES]


def test_equal_lambdas_differ_by_their_closures():
    def made(value):
        return lambda images, rng: images * value

    assert digest_of(made(1)) == digest_of(made(1)) != digest_of(made(2))


def test_code_counts_and_its_layout_does_not():
    one = written("def views(images, rng):\n    return images + 1\n")
    same = written("\n\ndef views(images,  rng):  # brighter\n\n    return (images + 1)\n")
    other = written("def views(images, rng):\n    return images + 2\n")
    assert digest_of(one) == digest_of(same) != digest_of(other)
    assert len({digest_of(f) for f in (lambda a, b: a, lambda a, b: b, lambda a, b: [a for _ in b])}) == 3


def test_the_source_is_found():
    by = 3

    def inner(images, rng):
        size = len(images)
        return [(lambda image: image * by + size)(image) for image in images]

    for function in (maker(1), inner, reads_a_global, helper, Callable.__call__):
        assert _source_of(function).startswith("def ")
    assert _source_of(lambda images, rng: images) is None


def test_code_without_a_source():
    scope = {"__name__": __name__}
    exec("def one(a, b): return a + 1\ndef same(a, b): return a + 1\ndef other(a, b): return a + 2", scope)
    one, same, other = (digest_of(scope[name]) for name in ("one", "same", "other"))
    assert one == same != other


def test_a_source_that_has_been_edited_does_not_count(tmp_path):
    file = tmp_path / "edited.py"
    file.write_text("def views(images, rng):\n    return images + 1\n")
    scope = {"__name__": __name__}
    exec(compile(file.read_text(), str(file), "exec"), scope)
    from_source = digest_of(scope["views"])
    file.write_text("def views(images, rng):\n    return images + 22\n")
    without = digest_of(scope["views"])
    exec(compile(file.read_text(), str(file), "exec"), scope)
    assert len({from_source, without, digest_of(scope["views"])}) == 3


def test_defaults_count():
    one, other = (written(f"def views(images, rng, by={by}): return images") for by in (1, 2))
    assert digest_of(one) != digest_of(other)
    kept = 3
    before = digest_of(written("def views(images, rng): return images"))
    assert before != digest_of(functools.partial(written("def views(images, rng): return images"), by=kept))


@pytest.mark.parametrize(
    ("function", "name", "value"), [(reads_a_global, "STRENGTH", 0.6), (calls_a_helper, "helper", maker(1))]
)
def test_globals_count(function, name, value, monkeypatch):
    before = digest_of(function)
    monkeypatch.setitem(globals(), "UNUSED", 3)
    assert digest_of(function) == before
    monkeypatch.setitem(globals(), name, value)
    assert digest_of(function) != before


def test_objects_that_are_called():
    assert digest_of(Callable(1)) == digest_of(Callable(1)) != digest_of(Callable(2))
    assert digest_of(Callable(1).__call__) == digest_of(Callable(1).__call__) != digest_of(Callable(2).__call__)


def test_what_is_random_or_unknown_counts_by_its_type():
    assert digest_of(maker(np.random.default_rng(1))) == digest_of(maker(np.random.default_rng(2)))
    circle = []
    circle.append(circle)
    assert digest_of(maker(circle)) != digest_of(maker([]))


def test_another_process_finds_the_same():
    found = "t.calls_a_helper, t.reads_a_global, t.Callable(1)"
    code = f"import test_identity as t; print(*[t.digest_of(f) for f in ({found})])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=__file__.rpartition("/")[0])
    assert told.stdout.split() == [digest_of(f) for f in (calls_a_helper, reads_a_global, Callable(1))]
