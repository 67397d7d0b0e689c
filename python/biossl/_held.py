"""Images of one's own, held for the engine while it opens them."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from contextlib import contextmanager

from . import _images, _toml
from ._arguments import as_changes
from ._components import own_views
from ._engine import core

_lock = threading.Lock()
_users: Counter[str] = Counter()


@contextmanager
def held(images, labels=None):
    """Yields the changes of a recipe by which it learns from these images. None: no changes.

    The name follows from the images and labels themselves, so a run goes on with the same ones only.
    """
    if images is None:
        if labels is not None:
            raise ValueError("labels without images; the labels of a data set come with it")
        yield {}
        return
    pixels = _images.as_bytes(images)
    numbers, names = ([], []) if labels is None else _images.as_labels(labels, len(pixels))
    _require_contrast(images, pixels)
    name = _name_of(pixels, numbers)
    with _lock:
        if not _users[name]:
            core.hold_images(name, "train", pixels, numbers, names)
        _users[name] += 1
    try:
        yield {"data.pretrain": "memory", "data.memory.name": name, **_shape_of(pixels)}
    finally:
        with _lock:
            _users[name] -= 1
            if not _users[name]:
                core.release_images(name)


@contextmanager
def held_all(images=None, labels=None, views=None, set=None):
    """Yields the changes of a recipe by which it learns from images and views of one's own, with those in `set`."""
    wanted = as_changes(set)
    with held(images, labels) as changes, own_views(views) as more:
        kind = dict(_toml.entries(wanted)).get("views.kind")
        if more and kind not in (None, _toml.value(more["views.kind"])):
            raise ValueError(f'views= and set={{"views.kind": {kind}}} contradict each other; leave one out')
        yield {**changes, **more, **wanted}


def _require_contrast(images, pixels) -> None:
    """Images of one colour teach nothing; those of two levels that are next to each other are in another range."""
    if not pixels.size or int(pixels.max()) - int(pixels.min()) > 1:
        return
    numbers = _images.as_array(images, "images")
    white = 255 if numbers.dtype == pixels.dtype else 1
    raise ValueError(
        f"the numbers of the images go from {numbers.min():g} to {numbers.max():g}, where 0 is black and {white} "
        "white: there is nothing to learn from; scale them into that range"
    )


def _shape_of(pixels) -> dict[str, int]:
    """For whoever reads the recipe without the images."""
    return {f"data.memory.{name}": extent for name, extent in zip(("height", "width", "channels"), pixels.shape[1:])}


def _name_of(pixels, numbers) -> str:
    digest = hashlib.blake2b(str((pixels.shape, numbers)).encode(), digest_size=8)
    digest.update(memoryview(pixels).cast("B") if pixels.size else b"")
    return f"images-{digest.hexdigest()}"
