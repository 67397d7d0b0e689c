"""Data sets written in Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from .component import Component, described

#: With this many classes or more, it is no fault if some do not occur.
_CLASSES = 1000


class Dataset(Component):
    """Images of one size, uint8, with or without labels. `load` opens a split and sets what it holds:

    images: (N, H, W, C) or (N, H, W) uint8, an array or a memmap; or in its place a method ``fetch(rows)`` that reads a
        batch, with ``image_shape`` = (H, W, C) and ``__len__``. Threads read ahead, so fetch is called by several.
    labels: (N) whole numbers from 0 on, or None. np.unique(labels, return_inverse=True)[1] numbers other labels so.
    class_names: one for each label; numbered where it is empty.
    """

    _kind: ClassVar[str] = "data set"
    _register: ClassVar[str] = "register_dataset"
    _taken: ClassVar[tuple[str, ...]] = ("kind", "resize", "crop", "mean", "std")

    #: Side of its images if it is fixed; 0: request.image_size says it.
    side: int = 0
    #: Channels of its images; 0: only its files know them.
    channels: int = 3
    #: Whether only its files know the size of its images.
    from_files: bool = False

    images: Any = None
    labels: Any = None
    class_names: Sequence[str] = ()
    image_shape: tuple[int, int, int] | None = None
    #: The clip of each image, a whole number, if the images are frames; the frames of one clip are neighbours, in the
    #: order of time.
    clips: Any = None
    #: What a user should know of how it was read, a line each.
    notes: Sequence[str] = ()

    def load(self, split: str, request: Any) -> None:
        """Opens "train" or "test". A run calls it several times, because it holds one split at a time. request:
        directory, images (the most; 0: all), image_size, seed, resize. Raises `biossl.MissingSplit` where there are no
        such images."""
        raise NotImplementedError(f"{type(self).__name__} has no method load(self, split, request)")

    def fetch(self, rows: np.ndarray) -> np.ndarray:
        """Images rows[0], rows[1], …, (len(rows), H, W, C) uint8."""
        raise NotImplementedError(f"{type(self).__name__} has neither images nor a method fetch(self, rows)")

    def shape(self) -> tuple[int, int, int]:
        """(H, W, C) where the options alone say it; such a class has this method."""
        raise NotImplementedError

    def targets(self) -> Mapping[str, np.ndarray]:
        """Continuous quantities that a regression probe reads off, by name: one finite number an image."""
        return {}

    @classmethod
    def _traits(cls) -> dict[str, Any]:
        return {
            "side": int(cls.side),
            "channels": int(cls.channels),
            "from_files": bool(cls.from_files),
            "has_shape": cls._overrides("shape"),
        }

    def _open(self, request: Any) -> tuple:
        self.load(request.split, request)
        images = None if self.images is None else self._images(self.images, "images")
        count = len(self) if images is None else len(images)
        if request.images > 0:
            count = min(count, request.images)
        if count < 1:
            raise self._refusal(f"has no {request.split} images")
        shape = self.image_shape if images is None else images.shape[1:]
        shape = self._extents(shape, "image_shape", "without `images`, (H, W, C)")
        labels, names = self._labels(count)
        clips = [] if self.clips is None else self._clip_numbers(count)
        self._count = count
        return count, shape, labels, names, clips, list(self.notes), None if images is None else images[:count]

    def _shape(self) -> tuple[int, int, int]:
        return self._extents(self.shape(), "what shape returned", "(H, W, C)")

    def _labels(self, count: int) -> tuple[list[int], list[str]]:
        if self.labels is None:
            return [], []
        labels = self._column(self.labels, "labels", count)
        if not np.issubdtype(labels.dtype, np.integer) or labels.min() < 0:
            raise self._refusal("labels are whole numbers from 0 on")
        names = [str(name) for name in self.class_names] or [f"class {i}" for i in range(self._classes(labels))]
        if labels.max() >= len(names):
            raise self._refusal(f"label {labels.max()} has no name; {len(names)} classes are named")
        return labels.tolist(), names

    def _classes(self, labels: np.ndarray) -> int:
        """One more than the largest label. Some classes may be absent from a split; labels of which most numbers are
        absent are none."""
        last, present = int(labels.max()), len(np.unique(self.labels))
        if last >= max(_CLASSES, 2 * present):
            raise self._refusal(
                f"labels go to {last}, and only {present} classes occur; number those of all splits together by "
                "np.unique(labels, return_inverse=True)[1], or set class_names"
            )
        return last + 1

    def _clip_numbers(self, count: int) -> list[int]:
        """Clips as numbers 0, 1, … in the order of the images, whatever their own numbers are."""
        clips = self._column(self.clips, "clips", count)
        if not np.issubdtype(clips.dtype, np.integer):
            raise self._refusal("clips are whole numbers, one for each image")
        begins = np.concatenate([[True], clips[1:] != clips[:-1]])
        seen = set()
        for image in np.flatnonzero(begins).tolist():
            clip = int(clips[image])
            if clip in seen:
                raise self._refusal(
                    f"clip {clip} comes back at image {image}; the frames of a clip lie one after another"
                )
            seen.add(clip)
        return (np.cumsum(begins) - 1).tolist()

    def _column(self, given: Any, what: str, count: int) -> np.ndarray:
        """One number for each image."""
        numbers = self._numbers(given, what)
        if numbers.ndim != 1 or len(numbers) < count:
            raise self._refusal(f"{what} is {described(numbers)} where one number for each of {count} images belongs")
        return numbers[:count]

    def _fetch(self, rows: list[int]) -> np.ndarray:
        return self._images(self.fetch(np.array(rows, np.int32)), "what fetch returned")

    def _images(self, given: Any, what: str) -> np.ndarray:
        images = self._numbers(given, what)
        if images.ndim == 3:
            images = images[..., np.newaxis]
        if images.dtype != np.uint8 or images.ndim != 4:
            raise self._refusal(f"{what} is {described(given)} where uint8 images (N, H, W, C), or (N, H, W), belong")
        return np.ascontiguousarray(images)

    def _targets(self) -> tuple[list[str], list[float]]:
        targets = self.targets()
        if not isinstance(targets, Mapping):
            raise self._refusal(
                f"targets returned {described(targets)} where a dict belongs: a name, a number an image"
            )
        if not targets:
            return [], []
        columns = [self._column(values, f"the target '{name}'", self._count) for name, values in targets.items()]
        for name, column in zip(targets, columns):
            if not np.isfinite(column).all():
                raise self._refusal(f"the target '{name}' holds NaN or infinite numbers; leave such images out")
        return [str(name) for name in targets], np.stack(columns, axis=1).astype(np.float32).ravel().tolist()

    def __len__(self) -> int:
        if self.images is None:
            raise NotImplementedError(f"{type(self).__name__} has neither images nor __len__")
        return len(self.images)
