"""Small recipes and images that every test can afford."""

import numpy as np
import pytest

#: Two blocks on the built-in world, a few seconds of nothing else.
SMALL = {
    "data": {
        "pretrain": "world",
        "probe": "world",
        "images": 60,
        "probe_images": 60,
        "test_images": 40,
        "image_size": 16,
    },
    "views": {"kind": "moments"},
    "network": {
        "blocks": [
            {"channels": 8, "pool": 2, "activation": "relu"},
            {"channels": 16, "pool": 2, "activation": "relu", "bias": True},
        ]
    },
    "train": {"epochs": 2, "batch": 20, "precision": "float32"},
    "probe": {"epochs": 2},
}


@pytest.fixture
def small():
    return SMALL


@pytest.fixture
def images():
    return np.random.default_rng(1).integers(0, 256, (50, 16, 16, 3), np.uint8)


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A finished run."""
    import biossl

    return biossl.run(SMALL, out=tmp_path_factory.mktemp("runs") / "small", progress=False)
