"""What a network computes, in a few elementary operations: the one description that PyTorch and ONNX are made from.

Maps are (N, C, H, W) and rows (N, D). A layer is named as its weights are: "blocks.0" has "blocks.0.weight" and, where
it has a bias, "blocks.0.bias".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Union

__all__ = ["Operation", "Operations", "operations_of"]


@dataclass(frozen=True)
class Affine:
    """factor * x + shift."""

    factor: float
    shift: float


@dataclass(frozen=True)
class Convolution:
    """Of a map, with zeros around it. stride, padding: along height and width."""

    layer: str
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Linear:
    """Of rows."""

    layer: str


@dataclass(frozen=True)
class MaxPool:
    """The largest number of each square; rows and columns that fill none are left out."""

    window: int


@dataclass(frozen=True)
class AveragePool:
    """The mean of each square; likewise."""

    window: int


@dataclass(frozen=True)
class Activation:
    """hardtanh (x within [-1,1]), tanh or relu."""

    name: str


@dataclass(frozen=True)
class Standardize:
    """Over all numbers of an image: (x - mean) / sqrt(variance + epsilon)."""

    epsilon: float = 1e-5


@dataclass(frozen=True)
class Triangle:
    """At each position, with the mean over channels: max(x - mean, 0)^power."""

    power: float


@dataclass(frozen=True)
class MeanOverPositions:
    """A map as rows (N, C): the mean over its positions."""


@dataclass(frozen=True)
class Flatten:
    """A map as rows, in the order (C, H, W), or with channels_last (H, W, C)."""

    channels_last: bool = False


@dataclass(frozen=True)
class BesidePrediction:
    """Of rows z: [W z, z]."""

    layer: str


@dataclass(frozen=True)
class PairPrediction:
    """Of maps of N/2 images in view 0, then in view 1: 1x1 convolution of view 0, and view 1 as it is."""

    layer: str


Operation = Union[
    Affine, Convolution, Linear, MaxPool, AveragePool, Activation, Standardize, Triangle, MeanOverPositions, Flatten,
    BesidePrediction, PairPrediction,
]  # fmt: skip


@dataclass(frozen=True)
class Operations:
    """Those of the input, of each block, and of each head, by the block that it stands on."""

    image: tuple[int, int, int]  #: (C, H, W)
    input: list[Operation]
    blocks: list[list[Operation]]
    heads: dict[int, list[Operation]] = field(default_factory=dict)


def _activation(name: str) -> list[Operation]:
    return [] if name == "none" else [Activation(name)]


def _pooled(window: int) -> list[Operation]:
    return [] if window == 1 else [AveragePool(window)]


def _convolution(name: str, its: Mapping) -> list[Operation]:
    stride = (its["stride_height"] or its["stride"], its["stride"])
    padding = (its["padding"] if its["padding_height"] < 0 else its["padding_height"], its["padding"])
    pool: list[Operation] = [] if its["pool"] == 1 else [MaxPool(its["pool"])]
    return [Convolution(name, stride, padding), *pool, *_activation(its["activation"])]


def _pool(name: str, its: Mapping) -> list[Operation]:
    return [AveragePool(its["window"]) if its["average"] else MaxPool(its["window"])]


def _linear_head(name: str, its: Mapping) -> list[Operation]:
    return [*_pooled(its["average_pool"]), Flatten(), Linear(name), *_activation(its["activation"])]


def _mlp_head(name: str, its: Mapping) -> list[Operation]:
    operations = [*_pooled(its["average_pool"]), Flatten()]
    for layer in range(its["layers"]):
        operations += [*(_activation(its["activation"]) if layer > 0 else []), Linear(f"{name}.{layer}")]
    return operations


#: By kind: the operations of a block or head of this name with these options.
_Kinds = Mapping[str, Callable[[str, Mapping], list[Operation]]]
_BLOCKS: _Kinds = {
    "convolution": _convolution,
    "standardize": lambda name, its: [Standardize()],
    "triangle": lambda name, its: [Triangle(its["power"])],
    "pool": _pool,
}
_HEADS: _Kinds = {
    "linear": _linear_head,
    "mlp": _mlp_head,
    "none": lambda name, its: [Flatten(channels_last=True)],
    "pooled": lambda name, its: [MeanOverPositions()],
    "prediction": lambda name, its: [PairPrediction(name)],
    "patch_prediction": lambda name, its: [MeanOverPositions(), BesidePrediction(name)],
}


def _operations(part: Mapping, kinds: _Kinds, hint: str) -> list[Operation]:
    make = kinds.get(part["kind"])
    if make is None:
        raise ValueError(
            f"{part['name']} is of the kind '{part['kind']}', which can become no other framework's; "
            f"these can: {', '.join(kinds)}{hint}"
        )
    return make(part["name"], part["options"])


def operations_of(structure: Mapping, heads: bool = True) -> Operations:
    """The operations of a network as `Encoder.structure` describes it, with its heads or without. ValueError, which
    names the kind, for a block or head of an extension."""
    height, width, channels = structure["image"]
    mean, deviation = structure["mean"], structure["std"]
    scales = mean != 0 or deviation != 1
    wanted = structure["heads"] if heads else []
    return Operations(
        image=(channels, height, width),
        input=[Affine(1 / deviation, -mean / deviation)] if scales else [],
        blocks=[_operations(block, _BLOCKS, "") for block in structure["blocks"]],
        heads={head["block"]: _operations(head, _HEADS, "; heads=False leaves heads out") for head in wanted},
    )
