import pickle

import numpy as np
import pytest

import biossl

pytest.importorskip("sklearn", minversion="1.6", reason="needs scikit-learn 1.6")

from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from biossl.sklearn import KnnProbe, LinearProbe, SelfSupervisedEncoder

TINY = {
    "views": {"kind": "deform"},
    "network": {"blocks": [{"channels": 4, "pool": 2, "activation": "relu"}, {"channels": 6}]},
    "train": {"epochs": 1, "batch": 20, "precision": "float32"},
}
#: A row of any length is an image of one line.
ANY_ROW = {
    "views": {"kind": "identity"},
    "network": {"blocks": [{"channels": 2, "kernel": 1, "padding": 0}]},
    "train": {"epochs": 1, "batch": 20, "precision": "float32"},
}


@parametrize_with_checks(
    [
        SelfSupervisedEncoder(ANY_ROW, image_shape=(1, -1, 1), value_range="fit"),
        LinearProbe(epochs=100, learning_rate=0.02),
        KnnProbe(neighbours=5),
    ]
)
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def digits():
    """300 digits of 8x8 pixels as rows, and their classes."""
    rows, labels = load_digits(return_X_y=True)
    return rows[:300], labels[:300]


@pytest.fixture
def encoder():
    return SelfSupervisedEncoder(TINY, image_shape=(8, 8), value_range=(0, 16), seed=2)


def test_rows_become_images(encoder, digits):
    rows, _ = digits
    features = encoder.fit_transform(rows)
    images = (rows / 16).astype(np.float32).reshape(-1, 8, 8)
    run = biossl.pretrain(images, TINY, seed=2, progress=False)
    expected = run.encoder(images)
    assert features.shape == (300, 4 * 4 * 6) and features.dtype == np.float32
    np.testing.assert_array_equal(features, expected.transpose(0, 2, 3, 1).reshape(300, -1))
    np.testing.assert_array_equal(encoder.metrics_["loss"], run.metrics["loss"])
    assert encoder.n_features_in_ == 64 and encoder.image_shape_ == (8, 8, 1)
    assert len(encoder.get_feature_names_out()) == features.shape[1]
    other = SelfSupervisedEncoder(TINY, seed=2, block=0, pooling="mean").fit(images)
    np.testing.assert_allclose(other.transform(images), run.encoder(images, block=0).mean((2, 3)), rtol=1e-6)
    assert len(other.get_feature_names_out()) == 4


def test_colours_and_bytes_stay_what_they_are(images):
    encoder = SelfSupervisedEncoder(TINY, seed=2).fit(images)
    rows = SelfSupervisedEncoder(TINY, seed=2, image_shape=(16, 16, 3)).fit(images.reshape(50, -1))
    np.testing.assert_array_equal(encoder.transform(images), rows.transform(images.reshape(50, -1)))
    assert encoder.n_features_in_ == rows.n_features_in_ == 768


def test_random_state_is_scikit_learns(encoder, digits):
    rows, labels = digits

    def weights(**parameters):
        return clone(encoder).set_params(**parameters).fit(rows).encoder_.weights()["blocks.0.weight"].tolist()

    assert weights(random_state=7) == weights(seed=7) == weights(random_state=np.int64(7), seed=1) != weights(seed=1)
    assert weights(seed=None) == weights(seed=biossl.recipe(TINY).seed), "None: the seed of the recipe"
    drawn = [weights(random_state=np.random.RandomState(state)) for state in (3, 3, 4)]
    assert drawn[0] == drawn[1] != drawn[2]
    again = clone(encoder).set_params(random_state=np.random.RandomState(3))
    first, second = (again.fit(rows).encoder_.weights()["blocks.0.weight"].tolist() for _ in range(2))
    assert first == drawn[0] and second != first, "each fit draws"
    for wrong in ("seven", 1.5, np.random.default_rng(1)):
        with pytest.raises(ValueError, match="cannot be used to seed"):
            weights(random_state=wrong)
    probes = [
        LinearProbe(epochs=1, **given).fit(rows, labels).coef_ for given in ({"random_state": 3}, {"seed": 3}, {})
    ]
    np.testing.assert_array_equal(probes[0], probes[1])
    assert not np.array_equal(probes[0], probes[2])


def test_one_image_in_the_place_of_many(encoder, images):
    with pytest.raises(ValueError, match="look like one image"):
        SelfSupervisedEncoder(TINY).fit(images[0])
    fitted = SelfSupervisedEncoder(TINY).fit(images)
    with pytest.raises(ValueError, match=r"\(N, C, H, W\)"):
        fitted.transform(images.transpose(0, 3, 1, 2))


def test_parameters(encoder):
    copy = clone(encoder.set_params(**{"set__train.epochs": 3, "seed": 5}))
    assert copy.set == {"train.epochs": 3} and copy.seed == 5
    assert copy.get_params()["set__train.epochs"] == 3 and "set__train.epochs" not in copy.get_params(deep=False)
    with pytest.raises(ValueError, match="recipee"):
        encoder.set_params(recipee="quick")


def test_a_recipe_that_has_been_read_is_a_parameter(encoder, digits):
    read = clone(encoder).set_params(recipe=biossl.recipe(TINY))
    features = clone(read).fit(digits[0]).transform(digits[0])
    np.testing.assert_array_equal(features, encoder.fit(digits[0]).transform(digits[0]))
    assert pickle.loads(pickle.dumps(read)).recipe == read.recipe


def test_weights_travel_in_a_pickle(encoder, digits):
    rows, _ = digits
    expected = encoder.fit_transform(rows)
    copy = pickle.loads(pickle.dumps(encoder))
    np.testing.assert_array_equal(copy.transform(rows), expected)
    assert copy.encoder_.epochs == 1


def test_search_over_keys_of_the_recipe(encoder, digits):
    model = make_pipeline(encoder, LinearProbe(epochs=5, learning_rate=0.02))
    grid = {"selfsupervisedencoder__set__train.learning_rate": [1e-4, 1e-3], "linearprobe__epochs": [5, 20]}
    search = GridSearchCV(model, grid, cv=2).fit(*digits)
    assert len(search.cv_results_["params"]) == 4 and search.best_score_ > 0.5
    assert search.best_estimator_[0].set == {"train.learning_rate": search.best_params_[list(grid)[0]]}


def test_only_a_loss_that_reads_labels_gets_them(encoder, digits):
    rows, labels = digits
    blind = clone(encoder).fit(rows).transform(rows)
    np.testing.assert_array_equal(clone(encoder).fit(rows, labels).transform(rows), blind)
    supervised = clone(encoder).set_params(**{"set__loss.kind": "cross_entropy", "set__network.head.features": 10})
    assert not np.array_equal(supervised.fit(rows, labels).transform(rows), blind)
    with pytest.raises(ValueError, match="labels"):
        supervised.fit(rows)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"image_shape": None}, "image_shape"),
        ({"image_shape": (7, 9)}, "64 numbers"),
        ({"pooling": "max"}, "mean"),
        ({"value_range": (1, 1)}, "low"),
        ({"value_range": "auto"}, "fit"),
        ({"block": 1.5}, "whole number"),
        ({"value_range": None}, "divide|lie in"),
        ({"recipe": "quik"}, "quik"),
    ],
)
def test_wrong_parameters_are_told_in_fit(encoder, digits, change, words):
    with pytest.raises((ValueError, TypeError), match=words):
        encoder.set_params(**change).fit(digits[0])


def test_not_fitted(encoder, digits):
    for estimator in (encoder, LinearProbe(), KnnProbe()):
        with pytest.raises(NotFittedError):
            (estimator.transform if estimator is encoder else estimator.predict)(digits[0])


@pytest.fixture(scope="module")
def probed(tmp_path_factory):
    """A run whose probes read images of this process, and their features: (run, train, labels, test, labels)."""
    random = np.random.default_rng(5)
    labels = np.arange(120) % 4
    images = (random.integers(0, 100, (120, 12, 12, 3)) + 50 * (labels % 3)[:, None, None, None]).astype(np.uint8)
    core = biossl._engine.core
    core.hold_images("probed", "train", images[:80], labels[:80].tolist(), list("abcd"))
    core.hold_images("probed", "test", images[80:], labels[80:].tolist(), list("abcd"))
    recipe = {
        **TINY,
        "data": {"pretrain": "memory", "probe": "memory", "memory": {"name": "probed"}},
        "probe": {"epochs": 7, "batch": 30, "learning_rate": 0.01, "knn": 9, "precision": "float32"},
    }
    run = biossl.run(recipe, seed=4, out=tmp_path_factory.mktemp("runs") / "probed", progress=False)
    core.release_images("probed")
    features = run.encoder(images).transpose(0, 2, 3, 1).reshape(120, -1)
    return run, features[:80], labels[:80], features[80:], labels[80:]


def test_the_linear_probe_is_the_programs(probed):
    run, train, labels, test, test_labels = probed
    probe = LinearProbe(epochs=7, batch=30, learning_rate=0.01, seed=4).fit(train, np.array(list("abcd"))[labels])
    report = run.summary["probe"]
    assert probe.score(test, np.array(list("abcd"))[test_labels]) == report["test_accuracy"]
    assert probe.score(train, np.array(list("abcd"))[labels]) == report["train_accuracy"]
    assert probe.losses_.shape == (7,) and probe.coef_.shape == (4, train.shape[1])
    np.testing.assert_allclose(probe.decision_function(test), test @ probe.coef_.T + probe.intercept_, atol=1e-4)
    exponentials = np.exp(probe.decision_function(test).astype(np.float64))
    np.testing.assert_allclose(probe.predict_proba(test), exponentials / exponentials.sum(1, keepdims=True), rtol=1e-6)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(probe)).predict(test), probe.predict(test))


def test_the_neighbours_are_the_programs(probed):
    run, train, labels, test, test_labels = probed
    probe = KnnProbe(neighbours=9).fit(train, labels)
    assert probe.score(test, test_labels) == run.summary["knn"]["test_accuracy"]
    of_length_1 = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (train, test)]
    similarity = of_length_1[1] @ of_length_1[0].T
    nearest = np.argsort(-similarity, 1, kind="stable")[:, :9]
    weights = np.exp(np.take_along_axis(similarity, nearest, 1) / 0.1)
    votes = np.stack([(weights * (labels[nearest] == label)).sum(1) for label in range(4)], 1)
    np.testing.assert_allclose(probe.predict_proba(test), votes / votes.sum(1, keepdims=True), rtol=1e-3)


def test_probes_in_cross_validation(digits):
    assert cross_val_score(KnnProbe(neighbours=5), *digits, cv=3).mean() > 0.85


def test_one_image_is_too_few(encoder, images):
    for few in (np.zeros((1, 64)), images[:1]):
        with pytest.raises(ValueError, match="1 sample|n_samples = 1"):
            encoder.fit(few)


def test_wrong_options_of_probes(digits):
    with pytest.raises(ValueError, match="epochs"):
        LinearProbe(epochs=-1).fit(*digits)
    with pytest.raises(ValueError, match="neighbours"):
        KnnProbe(neighbours=0).fit(*digits)
