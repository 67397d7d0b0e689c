"""Networks that tests build elsewhere again."""

import biossl

#: Networks that hold every built-in kind of block and head, each with its options away from the defaults.
NETWORKS = {
    "convolutions": {
        "blocks": [
            {"channels": 6, "kernel": 5, "stride": 2, "padding": 2, "activation": "hardtanh", "bias": True},
            {"channels": 8, "pool": 2, "activation": "tanh", "kernel": 1, "padding": 0},
            {"channels": 9, "kernel": 3, "kernel_height": 1, "padding_height": 0, "stride_height": 2},
        ],
        "head": {"features": 7, "activation": "tanh", "bias": True},
    },
    "plain": {
        "blocks": [
            {"kind": "standardize"},
            {"channels": 8, "activation": "relu", "pool": 3, "bias": True},
            {"kind": "triangle", "power": 1.5},
            {"kind": "pool", "window": 2, "average": True},
            {"kind": "triangle"},
            {"kind": "pool", "window": 2},
        ],
        "head": {"kind": "none"},
    },
    "mlp": {
        "blocks": [{"channels": 8, "pool": 2, "activation": "relu"}],
        "head": {"kind": "mlp", "features": 5, "hidden": 6, "layers": 3, "average_pool": 3, "activation": "tanh"},
    },
    "average": {"blocks": [{"channels": 8}], "head": {"features": 3, "average_pool": 5}},
    "pooled": {"blocks": [{"channels": 8}], "head": {"kind": "pooled"}},
    "patch_prediction": {"blocks": [{"channels": 8, "pool": 2}], "head": {"kind": "patch_prediction"}},
}


def untrained(network, **changes):
    recipe = {"data": {"pretrain": "world", "mean": 0.4, "std": 0.3, "image_size": 16}, "network": NETWORKS[network]}
    return biossl.Encoder.untrained(recipe, changes, seed=3)
