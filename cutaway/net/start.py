"""The weights that a net starts with."""

from __future__ import annotations

import math
import zlib

import numpy as np
from numpy.typing import NDArray

from cutaway.layers.layer import Parameter
from cutaway.net.net import Net


def start(net: Net, seed: int = 0) -> dict[str, NDArray[np.float32]]:
    """Seeded starting weights by name.

    Kernels and dense weights before a ReLU or its kin: normal with deviation sqrt(2 / fan in) (He et al. 2015).
    All others: uniform within sqrt(6 / (fan in + fan out)) (Glorot and Bengio 2010). Biases 0, gains 1. What one layer
    draws depends on the seed and its name alone, so that adding a layer changes no other.
    """
    he = rectified(net)
    return {
        name: _filled(
            parameter, name.rpartition(".")[0] in he, np.random.default_rng([seed, zlib.crc32(name.encode())])
        )
        for name, parameter in net.parameters().items()
    }


def rectified(net: Net) -> set[str]:
    """The layers whose next activation is a ReLU or its kin, looking through norms, pooling, blocks and the like."""
    weighted = {name.rpartition(".")[0] for name, parameter in net.parameters().items() if parameter.start == "weights"}
    found: set[str] = set()
    for node in reversed(net.nodes):
        stops = node.layer.activation or node.name in weighted
        if node.layer.rectifier or (node.name in found and not stops):
            found |= set(node.inputs)
    return found


def _filled(parameter: Parameter, he: bool, draw: np.random.Generator) -> NDArray[np.float32]:
    shape = parameter.shape
    match parameter.start:
        case "weights" if he:
            return draw.standard_normal(shape, np.float32) * np.float32(math.sqrt(2 / parameter.fan_in))
        case "weights":
            limit = math.sqrt(6 / (parameter.fan_in + parameter.fan_out))
            return ((2 * draw.random(shape, np.float32) - 1) * np.float32(limit)).astype(np.float32)
        case value:
            return np.full(shape, {"zeros": 0, "ones": 1, "quarter": 0.25}[value], np.float32)
