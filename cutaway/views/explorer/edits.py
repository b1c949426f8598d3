"""What a person changed: weights, and layers that are switched off or replaced. The net itself is never changed."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cutaway.errors import InputError
from cutaway.layers import KINDS, Dropout, Layer
from cutaway.layers.layer import Array, describe
from cutaway.layers.pooling import Pooling
from cutaway.net import Net, Node, parse
from cutaway.views.explorer.subject import Weights
from cutaway.wording import nearest

Edit = Mapping[str, Any]
"""`{"layer", "weight", "cell", "value"}`, `{"layer", "off": true}` or `{"layer", "kind"}`."""


LARGEST = float(np.finfo(np.float32).max)


def edited(net: Net, weights: Weights, edits: Sequence[Edit]) -> tuple[Net, Weights]:
    """The net and its weights with the edits. Raises InputError where one has no place in them.

    A layer that is off is `dropout 0`, which passes its input on: names, and the order of layers, stay.
    """
    nodes = {node.name: node for node in net}
    changed = dict(weights)
    for edit in edits:
        node = net[str(edit.get("layer"))]
        if "weight" in edit:
            name = f"{node.name}.{edit['weight']}"
            changed[name] = _with_cell(changed, name, edit)
        else:
            nodes[node.name] = _off(net, node) if edit.get("off") else _other(node, str(edit.get("kind")))
    made = Net(net.input, tuple(nodes.values()))
    wanted = made.parameters()  # raises where a layer does not fit
    return made, {name: value for name, value in changed.items() if name in wanted}


def _with_cell(weights: Weights, name: str, edit: Edit) -> Array:
    """An array of weights with one number changed."""
    if name not in weights:
        raise InputError(f"the net has no weights {name}{nearest(name, list(weights))}")
    array = weights[name].copy()
    cell, value = tuple(edit.get("cell", ())), edit.get("value")
    if len(cell) != array.ndim or not all(
        isinstance(i, int) and 0 <= i < n for i, n in zip(cell, array.shape, strict=True)
    ):
        raise InputError(f"there is no {name}{list(cell)}; it is {describe(array.shape)}")
    if not isinstance(value, int | float) or not abs(value) <= LARGEST:  # which is false for what is not a number
        raise InputError(f"{name}{list(cell)} cannot be {value!r}; it can be any number that a float32 holds")
    array[cell] = value
    return array


def _off(net: Net, node: Node) -> Node:
    """A layer that passes on what comes in."""
    shapes = net.shapes()
    into, out = shapes[node.inputs[0]], shapes[node.name]
    if node.layer.keeps_pixels:
        raise InputError(f"{node.name} prepares the picture and cannot be switched off; switch off a layer after it")
    if node is net.output:
        raise InputError(f"{node.name} is what the net says and cannot be switched off; switch off a layer before it")
    if into != out:
        raise InputError(
            f"{node.name} makes {describe(out)} of {describe(into)} and cannot be switched off; "
            "a layer whose shape stays the same can"
        )
    return Node(node.name, Dropout(0.0), node.inputs[:1])


def _other(node: Node, word: str) -> Node:
    """A layer of another kind with the same settings."""
    known = alike(node.layer)
    if word not in known:
        raise InputError(f"{node.name} cannot be {word!r}; it can be {', '.join(known) or 'nothing else'}")
    settings = {field.name: getattr(node.layer, field.name) for field in dataclasses.fields(node.layer)}
    return Node(node.name, KINDS[word](**settings), node.inputs)


def alike(layer: Layer) -> list[str]:
    """The kinds that can stand in for a layer with the settings that it has: other poolings, other activations."""
    fields = [field.name for field in dataclasses.fields(layer)]
    return [
        word
        for word, kind in KINDS.items()
        if [field.name for field in dataclasses.fields(kind)] == fields
        and (issubclass(kind, Pooling) if isinstance(layer, Pooling) else kind.activation and layer.activation)
        and kind is not type(layer)
        and "parameters" not in vars(kind)
        and "parameters" not in vars(type(layer))
    ]


# ---- keeping


def as_text(net: Net, weights: Weights) -> tuple[Net, dict[str, Array]]:
    """The net as its text says it, and the weights by the names that it then has.

    Layers that lead nowhere any more are left out, and the others are numbered anew.
    """
    used = _used(net)
    own = parse(str(used))
    if [node.layer for node in own] != [node.layer for node in used]:
        raise InputError("this net cannot be written as text in its own order, and so not be kept")
    names = {node.name: made.name for node, made in zip(used, own, strict=True)}
    parts = {name: name.rpartition(".") for name in weights}
    return own, {f"{names[layer]}.{part}": weights[name] for name, (layer, _, part) in parts.items() if layer in names}


def _used(net: Net) -> Net:
    """The layers that the output depends on."""
    needed = {net.output.name}
    for node in reversed(net.nodes):
        if node.name in needed:
            needed.update(node.inputs)
    return Net(net.input, tuple(node for node in net if node.name in needed))


def in_words(edit: Edit) -> str:
    """`conv1.kernel[0, 1, 0, 3] = 0.25`, `relu1 off`, `maxpool1 is meanpool`."""
    if "weight" in edit:
        return f"{edit['layer']}.{edit['weight']}{list(edit['cell'])} = {edit['value']:g}"
    return f"{edit['layer']} off" if edit.get("off") else f"{edit['layer']} is {edit['kind']}"
