"""Batch norm made part of the convolution before it: the same numbers from fewer layers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cutaway.layers.conv import Conv
from cutaway.layers.dense import Dense
from cutaway.layers.layer import Weights
from cutaway.layers.norm import EPSILON, Norm
from cutaway.net.net import Net, Node
from cutaway.net.notation import parse
from cutaway.net.run import by_layer

Folded = tuple[Net, dict[str, NDArray[np.float32]]]


def folded(net: Net, weights: Weights) -> Folded:
    """The net without the norms that directly follow a convolution or dense layer, and its weights.

    gain (k * x + b - mean) / sqrt(variance + epsilon) + bias is again a convolution, with the kernel
    k gain / sqrt(variance + epsilon). Computed in float64 and rounded once, so that outputs differ by rounding alone.

    >>> from cutaway.net import start
    >>> net = parse("input 4x4x1, conv 2 3x3 no bias, norm, relu, flatten, dense 2, softmax")
    >>> print(folded(net, start(net))[0])
    input 4x4x1, conv 2 3x3, relu, flatten, dense 2, softmax
    """
    own = by_layer(weights)
    gone: dict[str, str] = {}
    nodes: list[Node] = []
    for node in net:
        inputs = tuple(gone.get(name, name) for name in node.inputs)
        before = next((one for one in nodes if one.name == inputs[0]), None) if inputs else None
        if _folds(net, node, before):
            assert before is not None
            gone[node.name] = before.name
            own[before.name] = _merged(own[before.name], own[node.name])
            nodes[nodes.index(before)] = replace(before, layer=replace(before.layer, biased=True))  # type: ignore[call-arg]
        else:
            nodes.append(replace(node, inputs=inputs))
    renamed = _as_parsed(Net(net.input, tuple(nodes)))
    new = {f"{renamed[name]}.{part}": value for name in renamed for part, value in own.get(name, {}).items()}
    return parse(str(Net(net.input, tuple(nodes)))), new


def _folds(net: Net, node: Node, before: Node | None) -> bool:
    """Whether a layer is a norm of which the layer before it feeds nothing else."""
    if before is None or not isinstance(node.layer, Norm) or not isinstance(before.layer, Conv | Dense):
        return False
    return len(net.consumers(node.inputs[0])) == 1


def _merged(before: Weights, norm: Weights) -> dict[str, NDArray[np.float32]]:
    """The kernel and bias that do what both did."""
    gain, bias, mean, variance = (np.asarray(norm[part], np.float64) for part in ("gain", "bias", "mean", "variance"))
    scale = gain / np.sqrt(variance + EPSILON)
    kernel = "kernel" if "kernel" in before else "weight"
    shift = bias + (np.asarray(before.get("bias", 0.0), np.float64) - mean) * scale
    return {kernel: (before[kernel] * scale).astype(np.float32), "bias": shift.astype(np.float32)}


def _as_parsed(net: Net) -> dict[str, str]:
    """What each layer is called once the net was written and read again: they are counted anew."""
    return dict(zip(net.names, parse(str(net)).names, strict=True))
