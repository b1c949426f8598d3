"""A net and its weights as one ONNX model: from pictures of any size to a probability for each class.

Everything between is in the file: colour or grey, resize, scale, normalise, the net, softmax. `names.py` says what its
input, outputs and metadata are. Each value is called as the layer that makes it, each weight as in `model.safetensors`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import ArrayLike, NDArray
from onnx import TensorProto, helper, numpy_helper

from cutaway.layers import Shape
from cutaway.layers.layer import ANY, Operator
from cutaway.layers.logsoftmax import LogSoftmax
from cutaway.net.net import INPUT, Net
from cutaway.net.onnx.names import CLASSES, FEATURES, NET, PICTURES, PROBABILITIES, SCORES

OPSET, IR = 22, 10
"""Of the operators (Gelu came with 20), and of the file: what ONNX Runtime 1.20 and newer read."""

Metadata = Mapping[str, str]


def as_onnx(
    net: Net, weights: Mapping[str, NDArray[np.float32]], classes: Sequence[str], metadata: Metadata | None = None
) -> bytes:
    """The content of a file that any ONNX runtime predicts with, checked by ONNX's own checker.

    >>> from cutaway.net import start, zoo
    >>> net = zoo.net("x5")
    >>> len(as_onnx(net, start(net), ["no x", "x"])) > 1000
    True
    """
    graph = Graph()
    shapes = net.shapes()
    graph.pictures(net.input)
    parameters = net.parameters()
    for name, value in weights.items():
        axes = parameters[name].onnx_axes or range(value.ndim)
        graph.hold(name, np.ascontiguousarray(value.transpose(axes)))
    for node in net:
        graph.layer(node.name, node.layer.onnx(*(shapes[name] for name in node.inputs)), node.inputs)
    graph.probabilities(net, len(classes))
    graph.output(SCORES, net.output.inputs[0], shapes[net.output.inputs[0]])
    if net.features:
        graph.output(FEATURES, net.features, shapes[net.features])
    known = {NET: str(net), CLASSES: json.dumps(list(classes))} | dict(metadata or {})
    return graph.finished(net.input, known)


class Graph:
    """Nodes and constants, as they are put together."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.held: list[onnx.TensorProto] = []
        self.outputs: list[onnx.ValueInfoProto] = []

    def add(self, kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> None:
        """One node, called as what it gives."""
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))

    def hold(self, name: str, value: ArrayLike) -> None:
        """An array that is part of the file."""
        self.held.append(numpy_helper.from_array(np.asarray(value), name))

    def pictures(self, shape: Shape) -> None:
        """Pictures as they come: whole numbers, channels last. ONNX wants them first, as decimal numbers."""
        self.add("Cast", [PICTURES], f"{INPUT}.numbers", to=TensorProto.FLOAT)
        if len(shape) == 3:
            self.add("Transpose", [f"{INPUT}.numbers"], INPUT, perm=(0, 3, 1, 2))
        else:
            self.add("Identity", [f"{INPUT}.numbers"], INPUT)

    def layer(self, name: str, operators: Sequence[Operator], inputs: Sequence[str]) -> None:
        """The nodes of one layer. What passes between them is called `resize1.scaled`; the last gives `resize1`."""
        own = {f"x{place or ''}": given for place, given in enumerate(inputs)} | {"": ""}
        for operator in operators:
            for constant, value in operator.constants.items():
                self.hold(f"{name}.{constant}", value)
            given = [own.get(one, f"{name}.{one}") for one in operator.inputs]
            output = name if operator is operators[-1] else f"{name}.{operator.output}"
            self.add(operator.kind, given, output, **operator.attributes)

    def probabilities(self, net: Net, classes: int) -> None:
        """From what the net says to one probability a class; see `cutaway.model.outputs`."""
        last, shape = net.output, net.shapes()[net.output.name]
        if isinstance(last.layer, LogSoftmax):
            self.add("Exp", [last.name], PROBABILITIES)
        elif shape == (1,) and classes == 2:
            self.hold(f"{PROBABILITIES}.one", np.float32(1))
            self.add("Sub", [f"{PROBABILITIES}.one", last.name], f"{PROBABILITIES}.first")
            self.add("Concat", [f"{PROBABILITIES}.first", last.name], PROBABILITIES, axis=1)
        else:
            self.add("Identity", [last.name], PROBABILITIES)
        self.outputs.append(helper.make_tensor_value_info(PROBABILITIES, TensorProto.FLOAT, ["N", classes]))

    def output(self, name: str, value: str, shape: Shape) -> None:
        """One more list of numbers that the file gives."""
        self.add("Identity", [value], name)
        self.outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *shape]))

    def finished(self, shape: Shape, metadata: Metadata) -> bytes:
        """The file, after ONNX's checker has looked it over and followed every shape through it."""
        names = ("height", "width", "channels") if len(shape) == 3 else ("features",)
        sides = [name if size == ANY else size for name, size in zip(names, shape, strict=True)]
        pictures = helper.make_tensor_value_info(PICTURES, TensorProto.UINT8, ["N", *sides])
        graph = helper.make_graph(self.nodes, "cutaway", [pictures], self.outputs, self.held)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="cutaway")
        model.ir_version = IR
        helper.set_model_props(model, dict(metadata))
        onnx.checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString(deterministic=True))
