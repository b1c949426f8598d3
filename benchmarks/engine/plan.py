"""From a net to a job that other frameworks understand."""

from __future__ import annotations

from typing import Any

from benchmarks.engine.job import Layer
from cutaway.layers.conv import Conv
from cutaway.layers.dense import Dense
from cutaway.layers.dropout import Dropout
from cutaway.layers.maxpool import MaxPool
from cutaway.layers.window import Axis
from cutaway.net import INPUT, Net, Node

SCALING = ("scale", "normalise")
"""Layers that ours needs, since it takes pixels from 0 to 255; the others are given numbers that are scaled."""


def plan(net: Net) -> list[Layer]:
    """The layers of a net from behind its scaling up to its scores."""
    shapes = net.shapes()
    renamed = {INPUT: INPUT}
    layers = []
    for node in net.scores:
        renamed[node.name] = node.name
        if node.layer.word in SCALING:
            renamed[node.name] = renamed[node.inputs[0]]
            continue
        given = list(shapes[node.inputs[0]])
        inputs = [renamed[name] for name in node.inputs]
        layers.append(
            Layer(node.name, node.layer.word, inputs, given, list(shapes[node.name]), **settings(node, given))
        )
    return layers


def settings(node: Node, given: list[int]) -> dict[str, Any]:
    """What distinguishes a layer from others of its kind."""
    match node.layer:
        case Conv() as layer:
            assert layer.dilation == (1, 1)
            return window(layer.axes(tuple(given))) | {"groups": layer.groups, "bias": layer.biased}
        case MaxPool() as layer:
            return window(layer.axes(tuple(given)))
        case Dense() as layer:
            return {"bias": layer.biased}
        case Dropout() as layer:
            return {"share": layer.share}
    return {}


def window(axes: tuple[Axis, Axis]) -> dict[str, Any]:
    """Size, stride and border along rows and columns; the border only as far as a window reaches into it."""
    return {
        "size": [axis.size for axis in axes],
        "stride": [axis.stride for axis in axes],
        "before": [axis.before for axis in axes],
        "after": [axis.after for axis in axes],
    }
