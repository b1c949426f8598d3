"""A net with its weights as an ONNX model, from what each layer says of itself."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from benchmarks.engine.plan import SCALING
from cutaway.layers import Shape
from cutaway.layers.layer import Array, Weights
from cutaway.net import INPUT, Net

OPSET, FORMAT = 22, 10
"""Of the standard's, those that `Layer.onnx` keeps to, and that runtimes have read since 2024."""


def model(net: Net, weights: Weights) -> bytes:
    """The net behind its scaling, up to its outputs: `x` [N, C, H, W] in, channels first throughout."""
    shapes, parameters = net.shapes(), net.parameters()
    values = {INPUT: "x"}
    nodes: list[Any] = []
    held: dict[str, Array] = {}
    for node in net:
        fed = [shapes[name] for name in node.inputs]
        names = {f"x{i or ''}": values[name] for i, name in enumerate(node.inputs)}
        values[node.name] = values[node.inputs[0]]
        if node.layer.word in (*SCALING, "dropout"):
            continue
        for name in node.layer.parameters(*fed):
            full = f"{node.name}.{name}"
            names[name] = full
            held[full] = weights[full].transpose(parameters[full].onnx_axes or range(weights[full].ndim))
        if node.layer.word == "dense":
            held[f"{node.name}.weight"] = reordered(net, node.inputs[0], weights[f"{node.name}.weight"])
        for operator in node.layer.onnx(*fed):
            if operator.kind == "Transpose":  # of `flatten`; the dense layer behind has its weights in that order
                names[operator.output] = values[node.inputs[0]]
                continue
            values[node.name] = names[operator.output] = f"{node.name}.{operator.output}"
            constants = {name: f"{node.name}.{name}" for name in operator.constants}
            held |= {full: np.asarray(operator.constants[name]) for name, full in constants.items()}
            inputs = [(names | constants).get(name, name) for name in operator.inputs]
            nodes.append(helper.make_node(operator.kind, inputs, [values[node.name]], **operator.attributes))
    graph = helper.make_graph(
        nodes,
        "net",
        [declared("x", net.input)],
        [declared(values[net.output.name], shapes[net.output.name])],
        [numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in held.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=FORMAT)
    return made.SerializeToString()


def reordered(net: Net, name: str, weight: Array) -> Array:
    """The weights of a dense layer for features that were flattened channels first."""
    shapes = net.shapes()
    while name != INPUT and net[name].layer.word == "dropout":
        (name,) = net[name].inputs
    if name == INPUT or net[name].layer.word != "flatten" or len(shapes[net[name].inputs[0]]) != 3:
        return weight
    maps = weight.reshape(*shapes[net[name].inputs[0]], -1)
    return maps.transpose(2, 0, 1, 3).reshape(weight.shape)


def declared(name: str, shape: Shape) -> Any:
    """Any number of pictures' parts of a shape."""
    own = (shape[2], *shape[:2]) if len(shape) == 3 else shape
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ("n", *own))
