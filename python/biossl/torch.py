"""Networks for PyTorch, and from it. Needs the package torch: pip install '.[torch]' in the source folder."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from functools import singledispatch
from typing import TYPE_CHECKING

import numpy as np

from . import _operations as ops
from ._arguments import as_block, shown

try:
    import torch
except ModuleNotFoundError as absent:
    if absent.name != "torch":
        raise
    raise ImportError("this needs PyTorch; in the source folder: pip install '.[torch]'") from None
from torch import nn

if TYPE_CHECKING:
    from .encoder import Encoder

__all__ = ["TorchEncoder", "take_weights"]


class _Affine(nn.Module):
    def __init__(self, factor: float, shift: float):
        super().__init__()
        self.factor, self.shift = factor, shift

    def forward(self, x):
        return x * self.factor + self.shift


class _Standardize(nn.Module):
    def __init__(self, epsilon: float):
        super().__init__()
        self.epsilon = epsilon

    def forward(self, x):
        return nn.functional.layer_norm(x, x.shape[1:], eps=self.epsilon)


class _Triangle(nn.Module):
    def __init__(self, power: float):
        super().__init__()
        self.power = power

    def forward(self, x):
        excess = (x - x.mean(1, keepdim=True)).relu()
        return excess if self.power == 1 else excess**self.power


class _MeanOverPositions(nn.Module):
    def forward(self, x):
        return x.mean((2, 3))


class _ChannelsLastFlatten(nn.Module):
    def forward(self, x):
        return x.permute(0, 2, 3, 1).flatten(1)


class _BesidePrediction(nn.Module):
    def __init__(self, prediction: nn.Linear):
        super().__init__()
        self.prediction = prediction

    def forward(self, z):
        return torch.cat([self.prediction(z), z], 1)


class _PairPrediction(nn.Module):
    def __init__(self, prediction: nn.Conv2d):
        super().__init__()
        self.prediction = prediction

    def forward(self, maps):
        if len(maps) % 2:
            raise ValueError(f"this head embeds pairs of views, and {len(maps)} images are no pairs")
        view0, view1 = maps.chunk(2)
        return _ChannelsLastFlatten()(torch.cat([self.prediction(view0), view1]))


_Weights = Mapping[str, np.ndarray]


def _filled(module: nn.Module, layer: str, weights: _Weights) -> nn.Module:
    with torch.no_grad():
        module.weight.copy_(torch.from_numpy(weights[f"{layer}.weight"]))
        if module.bias is not None:
            module.bias.copy_(torch.from_numpy(weights[f"{layer}.bias"]))
    return module


def _convolution(layer: str, weights: _Weights, stride=(1, 1), padding=(0, 0)) -> nn.Module:
    outputs, inputs, *kernel = weights[f"{layer}.weight"].shape
    bias = f"{layer}.bias" in weights
    return _filled(nn.Conv2d(inputs, outputs, tuple(kernel), stride, padding, bias=bias), layer, weights)


def _linear(layer: str, weights: _Weights) -> nn.Module:
    outputs, inputs = weights[f"{layer}.weight"].shape
    return _filled(nn.Linear(inputs, outputs, bias=f"{layer}.bias" in weights), layer, weights)


@singledispatch
def _module(operation, weights: _Weights) -> nn.Module:
    raise NotImplementedError(type(operation).__name__)


_module.register(ops.Affine)(lambda it, weights: _Affine(it.factor, it.shift))
_module.register(ops.Convolution)(lambda it, weights: _convolution(it.layer, weights, it.stride, it.padding))
_module.register(ops.Linear)(lambda it, weights: _linear(it.layer, weights))
_module.register(ops.MaxPool)(lambda it, weights: nn.MaxPool2d(it.window))
_module.register(ops.AveragePool)(lambda it, weights: nn.AvgPool2d(it.window))
_module.register(ops.Activation)(
    lambda it, weights: {"hardtanh": nn.Hardtanh, "tanh": nn.Tanh, "relu": nn.ReLU}[it.name]()
)
_module.register(ops.Standardize)(lambda it, weights: _Standardize(it.epsilon))
_module.register(ops.Triangle)(lambda it, weights: _Triangle(it.power))
_module.register(ops.MeanOverPositions)(lambda it, weights: _MeanOverPositions())
_module.register(ops.Flatten)(lambda it, weights: _ChannelsLastFlatten() if it.channels_last else nn.Flatten())
_module.register(ops.BesidePrediction)(lambda it, weights: _BesidePrediction(_linear(it.layer, weights)))
_module.register(ops.PairPrediction)(lambda it, weights: _PairPrediction(_convolution(it.layer, weights)))


def _sequence(operations: list, weights: _Weights) -> nn.Sequential:
    """Modules named by what they are: "convolution", "maxpool", "activation"; a second of a kind gets a number."""
    named: OrderedDict[str, nn.Module] = OrderedDict()
    for operation in operations:
        kind = type(operation).__name__.lower()
        count = sum(name.startswith(kind) for name in named)
        named[f"{kind}{count + 1}" if count else kind] = _module(operation, weights)
    return nn.Sequential(named)


class TorchEncoder(nn.Module):
    """A network of biossl as a module: forward(images) is the last block's output, (N, C', H', W').

    Images are (N, C, H, W) in [0,1], of the size that the network sees. What views cut out of an image or scale
    (views.kind = "patches", "crops") comes before it. `blocks` and `heads` hold the parts, which learn by autograd as
    any others. Made by `Encoder.to_torch`; its outputs are the encoder's but for rounding.
    """

    def __init__(self, structure: Mapping, weights: _Weights, heads: bool = True):
        super().__init__()
        operations = ops.operations_of(structure, heads)
        self.image_shape = operations.image
        self.input = _sequence(operations.input, weights)
        self.blocks = nn.ModuleList(_sequence(block, weights) for block in operations.blocks)
        self.heads = nn.ModuleDict({str(block): _sequence(head, weights) for block, head in operations.heads.items()})

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """The last block's output."""
        return self._through(images, len(self.blocks))

    def features(self, images: torch.Tensor, block: int = -1) -> torch.Tensor:
        """A block's output; negative numbers count from the last."""
        return self._through(images, as_block(block, len(self.blocks)) + 1)

    def _through(self, images: torch.Tensor, count: int) -> torch.Tensor:
        """The output of so many blocks."""
        if not images.is_floating_point():
            raise ValueError(f"images must be real numbers in [0,1], not {images.dtype}; images.float() / 255")
        if images.ndim != 4 or tuple(images.shape[1:]) != self.image_shape:
            raise ValueError(f"images must be (N, {', '.join(map(str, self.image_shape))}), not {tuple(images.shape)}")
        activity = self.input(images)
        for each in self.blocks[:count]:
            activity = each(activity)
        return activity

    def embed(self, images: torch.Tensor, block: int = -1) -> torch.Tensor:
        """The embeddings of the head on a block, (N, D): what the loss compared. ValueError where it has none. A head
        that predicts one view from another takes the images of view 0, then those of view 1."""
        index = as_block(block, len(self.blocks))
        head = str(index)
        if head not in self.heads:
            raise ValueError(f"there is no head on block {block}; heads are on {', '.join(self.heads) or 'none'}")
        return self.heads[head](self.features(images, index))


def take_weights(encoder: Encoder, module: nn.Module) -> None:
    """Copies a module's weights into an encoder of matching structure: see `Encoder.from_torch`."""
    if not isinstance(module, nn.Module):
        raise TypeError(f"module = {shown(module)}; a torch.nn.Module is expected")
    theirs = [(name, it.detach().cpu()) for name, it in module.state_dict().items()]
    ours = [(name, it.shape) for name, it in encoder.weights().items()]
    of_blocks = [(name, shape) for name, shape in ours if name.startswith("blocks.")]
    if len(theirs) == len(of_blocks):
        ours = of_blocks
    taken = {}
    for (name, tensor), (place, shape) in zip(theirs, ours):
        if tuple(tensor.shape) != shape or not tensor.is_floating_point():
            found = f"{tensor.dtype} {tuple(tensor.shape)}"
            raise ValueError(f"the module's '{name}', {found}, does not match the network's '{place}', {shape}")
        taken[place] = tensor.float().numpy()
    if len(theirs) > len(ours):
        raise ValueError(f"the module's '{theirs[len(ours)][0]}' is too much: the network has {len(ours)} tensors")
    if len(theirs) < len(ours):
        place, shape = ours[len(theirs)]
        raise ValueError(f"the module has {len(theirs)} tensors, and none for the network's '{place}', {shape}")
    encoder.set_weights(taken)
