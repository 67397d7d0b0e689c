"""An encoder as an ONNX file. Needs the package onnx: pip install '.[onnx]' in the source folder.

The file's input is `images`, (N, C, H, W) float32 in [0,1] for any N. Its outputs are `features`, (N, C', H', W'), the
last block's, and where that block has a head that embeds single images, `embeddings`, (N, D).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import singledispatch

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from .. import _operations as ops
from .._arguments import shown
from .._files import write_whole
from ..encoder import Encoder

__all__ = ["export", "model_of"]

_OPSET = 17  # of 2022: what runtimes of the last years read
_IR_VERSION = 8  # likewise


class _Graph:
    """Nodes one behind the other; `at` is the name of what the last one puts out."""

    def __init__(self, weights: Mapping[str, np.ndarray]):
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, np.ndarray] = {}
        self.at = ""

    def constant(self, name: str, values) -> str:
        self.constants[name] = np.asarray(values)
        return name

    def number(self, value: float) -> str:
        return self.constant(f"number_{value!r}", np.float32(value))

    def node(self, kind: str, *inputs: str, **attributes) -> str:
        self.at = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [self.at], **attributes))
        return self.at

    def layer(self, name: str) -> list[str]:
        """The names of a layer's weights and, where it has one, its bias."""
        found = [f"{name}.{kind}" for kind in ("weight", "bias") if f"{name}.{kind}" in self.weights]
        return [self.constant(each, self.weights[each]) for each in found]

    def run(self, operations: list, source: str) -> str:
        self.at = source
        for operation in operations:
            _add(operation, self)
        return self.at


@singledispatch
def _add(operation, graph: _Graph) -> None:
    raise NotImplementedError(type(operation).__name__)


@_add.register
def _(it: ops.Affine, graph: _Graph) -> None:
    graph.node("Mul", graph.at, graph.number(it.factor))
    graph.node("Add", graph.at, graph.number(it.shift))


@_add.register
def _(it: ops.Convolution, graph: _Graph) -> None:
    around = [*it.padding, *it.padding]
    graph.node("Conv", graph.at, *graph.layer(it.layer), strides=list(it.stride), pads=around)


@_add.register
def _(it: ops.Linear, graph: _Graph) -> None:
    graph.node("Gemm", graph.at, *graph.layer(it.layer), transB=1)


@_add.register
def _(it: ops.MaxPool, graph: _Graph) -> None:
    graph.node("MaxPool", graph.at, kernel_shape=[it.window] * 2, strides=[it.window] * 2)


@_add.register
def _(it: ops.AveragePool, graph: _Graph) -> None:
    graph.node("AveragePool", graph.at, kernel_shape=[it.window] * 2, strides=[it.window] * 2)


@_add.register
def _(it: ops.Activation, graph: _Graph) -> None:
    if it.name == "hardtanh":
        graph.node("Clip", graph.at, graph.number(-1.0), graph.number(1.0))
    else:
        graph.node({"tanh": "Tanh", "relu": "Relu"}[it.name], graph.at)


@_add.register
def _(it: ops.Standardize, graph: _Graph) -> None:
    of_image = [1, 2, 3]
    source = graph.at
    centred = graph.node("Sub", source, graph.node("ReduceMean", source, axes=of_image))
    graph.node("Mul", centred, centred)
    graph.node("ReduceMean", graph.at, axes=of_image)
    graph.node("Add", graph.at, graph.number(it.epsilon))
    graph.node("Sqrt", graph.at)
    graph.node("Div", centred, graph.at)


@_add.register
def _(it: ops.Triangle, graph: _Graph) -> None:
    source = graph.at
    graph.node("Sub", source, graph.node("ReduceMean", source, axes=[1]))
    graph.node("Relu", graph.at)
    if it.power != 1:
        graph.node("Pow", graph.at, graph.number(it.power))


@_add.register
def _(it: ops.MeanOverPositions, graph: _Graph) -> None:
    graph.node("ReduceMean", graph.at, axes=[2, 3], keepdims=0)


@_add.register
def _(it: ops.Flatten, graph: _Graph) -> None:
    if it.channels_last:
        graph.node("Transpose", graph.at, perm=[0, 2, 3, 1])
    graph.node("Flatten", graph.at)


@_add.register
def _(it: ops.BesidePrediction, graph: _Graph) -> None:
    source = graph.at
    graph.node("Concat", graph.node("Gemm", source, *graph.layer(it.layer), transB=1), source, axis=1)


def _embeds_single_images(operations: list) -> bool:
    return not any(isinstance(it, ops.PairPrediction) for it in operations)


def model_of(encoder: Encoder, heads: bool = True) -> onnx.ModelProto:
    """An encoder as an ONNX model, in float32.

    heads: whether the last block's head comes along as the output `embeddings`. A head that embeds pairs of views is
    left out. ValueError, which names the kind, for a block or head of an extension.
    """
    if not isinstance(encoder, Encoder):
        raise TypeError(f"encoder = {shown(encoder)}; a biossl.Encoder is expected, as biossl.load(path).encoder")
    operations = ops.operations_of(encoder.structure(), heads)
    graph = _Graph(encoder.weights())
    through = [*operations.input, *(it for block in operations.blocks for it in block)]
    features = graph.run(through, "images")
    channels, height, width = encoder.output_shape()
    outputs = {"features": (features, ["N", channels, height, width])}
    head = operations.heads.get(encoder.depth - 1)
    if head is not None and _embeds_single_images(head):
        outputs["embeddings"] = (graph.run(head, features), ["N", "D"])
    for name, (result, _) in outputs.items():
        graph.nodes.append(helper.make_node("Identity", [result], [name]))
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "encoder",
            [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["N", *operations.image])],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, (_, shape) in outputs.items()],
            [numpy_helper.from_array(values, name) for name, values in graph.constants.items()],
        ),
        producer_name="biossl",
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=_IR_VERSION,
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def export(run: str | os.PathLike, target: str | os.PathLike) -> str:
    """Writes the newest checkpoint of a run, or a checkpoint, as an ONNX file, which is there whole or not at all.
    Returns a line that says what was written. Raises as `Encoder` and `model_of` do, and OSError."""
    encoder = Encoder(run)
    model = model_of(encoder)
    write_whole(target, model.SerializeToString())
    outputs = ", ".join(output.name for output in model.graph.output)
    return f"{os.fspath(target)}: {encoder.depth} blocks after {encoder.epochs} epochs; outputs {outputs}"
