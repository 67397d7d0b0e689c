"""scikit-learn's estimators. Needs the package scikit-learn, 1.6 or newer: pip install '.[sklearn]' in the source
folder.

from sklearn.pipeline import make_pipeline
from biossl.sklearn import LinearProbe, SelfSupervisedEncoder

model = make_pipeline(SelfSupervisedEncoder("quick", set={"train.epochs": 5}), LinearProbe())
model.fit(images, labels).score(test_images, test_labels)
"""

from __future__ import annotations

import numbers
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from . import _images, recipes
from ._arguments import as_whole
from ._engine import core
from .progress import reporter
from .runs import pretrain

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as absent:
    raise ImportError(
        f"this needs scikit-learn 1.6 or newer ({absent}); in the source folder: pip install '.[sklearn]'"
    ) from None

__all__ = ["KnnProbe", "LinearProbe", "SelfSupervisedEncoder"]

_SET = "set__"


class SelfSupervisedEncoder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Learns from images without labels (`biossl.pretrain`), and turns images into a block's output.

    recipe, set: as for `biossl.recipe`. Single keys are parameters of their own, for a search:
        GridSearchCV(encoder, {"set__loss.weight": [0.1, 0.2]}). A batch is no larger than the images are many.
    block: whose output is read; None: the last one's; negative numbers count from the last.
    pooling: None: all numbers of the output, in the order (H, W, C) in which biossl's probes read them; "mean": a
        channel's mean over positions.
    image_shape: (H, W, C) of images that come as rows of numbers; one extent may be -1, as in numpy.reshape. Images of
        their own shape, (N, H, W, C) or (N, H, W), need none.
    value_range: (low, high), the numbers that become black and white, 0 and 1; others are clipped. "fit": the smallest
        and largest number seen in fit. None: images are uint8 or lie in [0,1].
    random_state: of everything random. An int is a recipe's seed; a numpy.random.RandomState, or numpy.random itself,
        is drawn from in each fit. None: the seed of the recipe, so that fits are equal.
    seed: as for `biossl.recipe`; random_state comes before it.
    device, progress: as for `biossl.pretrain`.

    After fit: encoder_ (`biossl.Encoder`, which is pickled with its weights), metrics_ (what was measured in each
    epoch), image_shape_, value_range_, n_features_in_.

    Labels are read by a loss that says so alone (`cross_entropy`); any other loss never sees them.
    """

    def __init__(
        self,
        recipe: recipes.RecipeLike = "quick",
        set: Mapping[str, Any] | None = None,
        *,
        block: int | None = None,
        pooling: str | None = None,
        image_shape: tuple[int, ...] | None = None,
        value_range: tuple[float, float] | str | None = None,
        random_state: Any = None,
        seed: int | None = None,
        device: str = "cpu",
        progress: Any = False,
    ):
        self.recipe = recipe
        self.set = set
        self.block = block
        self.pooling = pooling
        self.image_shape = image_shape
        self.value_range = value_range
        self.random_state = random_state
        self.seed = seed
        self.device = device
        self.progress = progress

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters by name; deep: with each key of `set` too, as set__KEY."""
        keys = self.set if deep and isinstance(self.set, Mapping) else {}
        return {**super().get_params(deep), **{_SET + key: value for key, value in keys.items()}}

    def set_params(self, **params: Any) -> SelfSupervisedEncoder:
        """Sets parameters by name; set__KEY changes one key of `set`."""
        super().set_params(**{name: value for name, value in params.items() if not name.startswith(_SET)})
        keys = {name.removeprefix(_SET): value for name, value in params.items() if name.startswith(_SET)}
        if keys:
            self.set = {**(self.set or {}), **keys}
        return self

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    def fit(self, X, y=None) -> SelfSupervisedEncoder:
        """Pretrains on images. ValueError for parameters, images or recipes that are wrong."""
        if self.block is not None:
            as_whole(self.block, "block")
        if self.pooling not in (None, "mean"):
            raise ValueError(f"pooling = {self.pooling!r}; use None or 'mean'")
        recipe = recipes.recipe(self.recipe, self.set, _seed(self.random_state, self.seed))
        if recipe.reads_labels and y is None:
            raise ValueError("the recipe's loss reads labels; use fit(X, y)")
        images = self._images(X, reset=True)
        batch = {"train.batch": len(images)} if recipe.batch > len(images) else {}
        labels = y if recipe.reads_labels else None
        with tempfile.TemporaryDirectory(prefix="biossl-") as folder:
            out = Path(folder) / "run"
            run = pretrain(images, recipe, batch, out, labels=labels, device=self.device, progress=self.progress)
            self.encoder_, self.metrics_ = run.encoder, run.metrics
        channels, height, width = self.encoder_.output_shape(self.block)
        self._n_features_out = channels if self.pooling == "mean" else channels * height * width
        return self

    def transform(self, X) -> np.ndarray:
        """(N, features) float32."""
        check_is_fitted(self)
        output = self.encoder_(self._images(X, reset=False), self.block, progress=False)
        if self.pooling == "mean":
            return output.mean((2, 3))
        return output.transpose(0, 2, 3, 1).reshape(len(output), -1)

    def _images(self, X, reset: bool) -> np.ndarray:
        """(N, H, W, C), uint8 or float32 in [0,1]."""
        images = X if hasattr(X, "shape") or hasattr(X, "__array__") else np.asarray(X)
        if getattr(images, "ndim", 2) <= 2:
            rows = validate_data(self, images, reset=reset, ensure_min_samples=2 if reset else 1)
            images = self._from_rows(rows, reset)
        else:
            images = self._checked_maps(_images.as_array(images, "images"), reset)
        if reset:
            self.value_range_ = self._range_of(images)
        return images if self.value_range_ is None else _unit(images, *self.value_range_)

    def _from_rows(self, rows: np.ndarray, reset: bool) -> np.ndarray:
        if self.image_shape is None:
            raise ValueError("images that come as rows of numbers need image_shape=(H, W, C)")
        shape = self.image_shape if reset else self.image_shape_
        try:
            images = rows.reshape(len(rows), *(shape if len(shape) == 3 else (*shape, 1)))
        except ValueError:
            raise ValueError(f"rows of {rows.shape[1]} numbers are no images of {tuple(shape)}") from None
        if reset:
            self.image_shape_ = images.shape[1:]
        return images

    def _checked_maps(self, images: np.ndarray, reset: bool) -> np.ndarray:
        images = _images.with_channels(images, None if reset else self.image_shape_)
        if reset:
            if len(images) < 2:
                raise ValueError(f"learning needs two images or more, not n_samples = {len(images)}")
            self.image_shape_ = images.shape[1:]
            self.n_features_in_ = int(np.prod(images.shape[1:]))
        elif images.shape[1:] != self.image_shape_:
            raise ValueError(f"the images are {images.shape[1:]}, fit saw {self.image_shape_}")
        return images

    def _range_of(self, images: np.ndarray) -> tuple[float, float] | None:
        if self.value_range is None:
            return None
        low, high = (images.min(), images.max()) if isinstance(self.value_range, str) else self.value_range
        if isinstance(self.value_range, str) and self.value_range != "fit":
            raise ValueError(f"value_range = {self.value_range!r}; use (low, high), 'fit' or None")
        if isinstance(self.value_range, str) and not np.isfinite([low, high]).all():
            raise ValueError(f"images must be finite numbers, and these go from {low} to {high}")
        if not (np.isfinite([low, high]).all() and (low < high or isinstance(self.value_range, str))):
            raise ValueError(f"value_range = {self.value_range!r}; low must be smaller than high")
        return float(low), float(high)


def _seed(random_state: Any, usual: int | None) -> int | None:
    """A recipe's seed. `usual`: where no random_state is given."""
    if random_state is None:
        return usual
    if isinstance(random_state, numbers.Integral):
        return int(random_state)
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))


def _unit(images: np.ndarray, low: float, high: float) -> np.ndarray:
    scaled = (images.astype(np.float64) - low) / (high - low if high > low else 1.0)
    return np.clip(scaled, 0, 1).astype(np.float32)


class _Probe(ClassifierMixin, BaseEstimator):
    """A classifier of features whose classes the engine knows as 0, 1, …"""

    def _take(self, X, y) -> tuple[np.ndarray, np.ndarray]:
        """Features (N, F) float32 and numbers of classes (N) int32; keeps classes_."""
        features, labels = validate_data(self, X, y, dtype=np.float32, order="C")
        check_classification_targets(labels)
        self.classes_, class_numbers = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"a probe tells classes apart, and y holds {len(self.classes_)} class")
        return features, class_numbers.astype(np.int32)

    def _read(self, X) -> np.ndarray:
        check_is_fitted(self)
        return validate_data(self, X, dtype=np.float32, order="C", reset=False)

    def predict(self, X) -> np.ndarray:
        """The class of each row, (N)."""
        scores = self._scores(self._read(X))
        return self.classes_[scores.argmax(1)]


class LinearProbe(_Probe):
    """The linear probe of `biossl probe`: one linear layer with bias, cross-entropy, Adam, reshuffled every epoch.

    epochs, batch, learning_rate: as probe.epochs, … of a recipe.
    random_state: as for `SelfSupervisedEncoder`. seed: where there is none, that of a recipe. On the same features, in
        the same order, with the seed of the recipe, it learns the very weights that the program's probe does.
    progress: as for `biossl.run`.

    After fit: coef_ (classes, F), intercept_ (classes), losses_ (the mean loss of each epoch), classes_.
    """

    def __init__(
        self,
        *,
        epochs: int = 200,
        batch: int = 500,
        learning_rate: float = 1e-3,
        random_state: Any = None,
        seed: int = 1,
        progress: Any = False,
    ):
        self.epochs = epochs
        self.batch = batch
        self.learning_rate = learning_rate
        self.random_state = random_state
        self.seed = seed
        self.progress = progress

    def fit(self, X, y) -> LinearProbe:
        """Trains on features (N, F). ValueError for wrong parameters; RuntimeError where the loss becomes infinite."""
        features, class_numbers = self._take(X, y)
        self.coef_, self.intercept_, losses = core.train_linear_probe(
            features, class_numbers, len(self.classes_), self.epochs, self.batch, self.learning_rate,
            _seed(self.random_state, self.seed), reporter(self.progress, lasting=False),
        )  # fmt: skip
        self.losses_ = np.array(losses)
        self.n_iter_ = self.epochs
        return self

    def decision_function(self, X) -> np.ndarray:
        """The layer's outputs, (N, classes); of two classes, the second one's less the first one's, (N)."""
        scores = self._scores(self._read(X))
        return scores[:, 1] - scores[:, 0] if len(self.classes_) == 2 else scores

    def predict_proba(self, X) -> np.ndarray:
        """The softmax of the outputs, (N, classes)."""
        scores = self._scores(self._read(X)).astype(np.float64)
        shares = np.exp(scores - scores.max(1, keepdims=True))
        return shares / shares.sum(1, keepdims=True)

    def _scores(self, features: np.ndarray) -> np.ndarray:
        return core.linear_scores(features, self.coef_, self.intercept_)


class KnnProbe(_Probe):
    """Classes by the votes of the most similar training rows (`probe.knn`; Wu, Xiong, Yu & Lin 2018): cosine
    similarity s, each neighbour with weight exp(s / temperature). Ties go to the lower row and the lower class.

    neighbours: that vote; all rows where there are fewer. temperature: of the weights.
    """

    def __init__(self, *, neighbours: int = 200, temperature: float = 0.1):
        self.neighbours = neighbours
        self.temperature = temperature

    def fit(self, X, y) -> KnnProbe:
        """Keeps the features (N, F)."""
        if not (self.neighbours >= 1 and self.temperature > 0):
            raise ValueError(f"neighbours = {self.neighbours}, temperature = {self.temperature} is impossible")
        self._features, self._numbers = self._take(X, y)
        self.n_samples_fit_ = len(self._features)
        return self

    def predict_proba(self, X) -> np.ndarray:
        """The share of the votes, (N, classes)."""
        votes = self._scores(self._read(X))
        return votes / votes.sum(1, keepdims=True)

    def _scores(self, features: np.ndarray) -> np.ndarray:
        return core.knn_votes(
            self._features, self._numbers, features, len(self.classes_), self.neighbours, self.temperature
        )
