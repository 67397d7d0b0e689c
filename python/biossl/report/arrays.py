"""Runs whose images were arrays in a Python session. No command of the program has these, so calls take the place of
commands."""

from __future__ import annotations

from collections.abc import Callable

from .groups import Group
from .missing import Missing
from .run_files import RunFiles

_WHY = "The images were arrays in a Python session, and a run does not keep them. With them, in Python:"


def missing(what: str, call: str) -> Missing:
    """Something that needs the images, and the call that makes it."""
    return Missing(f"{what} {_WHY}" if what else _WHY, call)


def with_images(groups: list[Group], call: Callable[[RunFiles], str], or_probed: bool = False) -> list[Group]:
    """The groups whose images the program can read; or_probed: those of a probe do. Where there are none, that is
    raised as Missing, with the call that makes it."""
    there = [group for group in groups if not group.first.of_arrays or (or_probed and group.first.is_probed)]
    if not there:
        raise missing("", call(groups[0].first))
    return there


def pretrain(run: RunFiles, out: str, **arguments: object) -> str:
    """The call that trains on the images by this run's recipe."""
    more = "".join(f", {name}={value!r}" for name, value in arguments.items())
    return f"biossl.pretrain(images, {str(run.path / 'recipe.toml')!r}, out={out!r}{more})"


def next_views(run: RunFiles) -> str:
    return f"biossl.Trainer({str(run.path / 'recipe.toml')!r}, images=images).next_views()"


def embeddings(run: RunFiles) -> str:
    return f"biossl.load({str(run.path)!r}).encoder.embed(images)"


def probe(run: RunFiles) -> str:
    return (
        f"features = biossl.load({str(run.path)!r}).encoder(images).reshape(len(images), -1)\n"
        "biossl.sklearn.LinearProbe().fit(features, labels)"
    )
