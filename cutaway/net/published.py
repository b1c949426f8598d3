"""Weights as others publish them, put where our nets have theirs.

The names are torchvision's: `features.0.0.weight`, `layer1.0.bn1.running_mean`, ... Its kernels are [out, in, kh, kw],
its dense weights [out, in], and what it flattens goes channel by channel.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from cutaway.errors import ModelError
from cutaway.layers.conv import Conv
from cutaway.layers.dense import Dense
from cutaway.layers.flatten import Flatten
from cutaway.layers.layer import Array, describe
from cutaway.net.net import Net, Node

MODULES: dict[str, tuple[str, ...]] = {
    "mobilenetv2": (
        *("features.0.0", "features.0.1"),
        *(f"features.1.conv.{part}" for part in ("0.0", "0.1", "1", "2")),
        *(f"features.{n}.conv.{part}" for n in range(2, 18) for part in ("0.0", "0.1", "1.0", "1.1", "2", "3")),
        *("features.18.0", "features.18.1", "classifier.1"),
    ),
    "squeezenet": (
        "features.0",
        *(f"features.{n}.{part}" for n in (3, 4, 5, 7, 8, 9, 10, 12) for part in ("squeeze", "expand1x1", "expand3x3")),
        "classifier.1",
    ),
    "resnet18": (
        *("conv1", "bn1"),
        *(
            f"layer{stage}.{block}.{part}"
            for stage in (1, 2, 3, 4)
            for block in (0, 1)
            for part in (
                *("conv1", "bn1", "conv2", "bn2"),
                *(("downsample.0", "downsample.1") if stage > 1 and block == 0 else ()),
            )
        ),
        "fc",
    ),
    "vgg11": (
        *(f"features.{n}" for n in (0, 3, 6, 8, 11, 13, 16, 18)),
        *(f"classifier.{n}" for n in (0, 3, 6)),
    ),
}
"""What torchvision calls the layers with weights of our nets, in our order."""
PARTS = {"bias": "bias", "running_mean": "mean", "running_var": "variance"}
"""What it calls weights that are lists, and what we do."""
UNUSED = "num_batches_tracked"


def recognised(names: Mapping[str, object]) -> str | None:
    """Which of our nets has weights of these names: `mobilenetv2`; None where none has."""
    modules = {name.rpartition(".")[0] for name in names}
    return next((net for net, known in MODULES.items() if modules == set(known)), None)


def weights_of(name: str, net: Net, tensors: Mapping[str, Array]) -> dict[str, NDArray[np.float32]]:
    """The weights of a net of the zoo from published tensors, in float32.

    Raises ModelError that names the first tensor that is missing, or has another shape.
    """
    wanted = net.parameters()
    layers = [node for node in net if any(key.rpartition(".")[0] == node.name for key in wanted)]
    found: dict[str, NDArray[np.float32]] = {}
    for module, node in zip(MODULES[name], layers, strict=True):
        found |= {f"{node.name}.{part}": value for part, value in _of_layer(net, node, module, tensors).items()}
    for key, parameter in wanted.items():
        if key not in found or found[key].shape != parameter.shape:
            given = describe(found[key].shape) if key in found else "nothing"
            raise ModelError(
                f"these are not the weights of {name}: for {key}, {describe(parameter.shape)}, there is {given}"
            )
    return found


def _of_layer(net: Net, node: Node, module: str, tensors: Mapping[str, Array]) -> dict[str, NDArray[np.float32]]:
    """The weights of one layer, by our names for them."""
    found = {ours: tensors[f"{module}.{part}"] for part, ours in PARTS.items() if f"{module}.{part}" in tensors}
    if (weight := tensors.get(f"{module}.weight")) is not None:
        if isinstance(node.layer, Conv):
            found["kernel"] = weight.transpose(2, 3, 1, 0) if weight.ndim == 4 else weight
        elif isinstance(node.layer, Dense):
            found["weight"] = _rows_by_place(net, node, weight).T
        else:
            found["gain"] = weight
    return {part: np.ascontiguousarray(value, np.float32) for part, value in found.items()}


def _rows_by_place(net: Net, node: Node, weight: Array) -> Array:
    """[out, in] with its inputs row by row, column by column, channel by channel, where they come from maps."""
    before = node.inputs[0]
    while before in net.names and not isinstance(net[before].layer, Flatten):
        fed = net[before].inputs
        if len(fed) != 1 or net[before].layer.parameters(*(net.shapes()[name] for name in fed)):
            return weight
        before = fed[0]
    if before not in net.names:
        return weight
    height, width, channels = net.shapes()[net[before].inputs[0]]
    return weight.reshape(len(weight), channels, height, width).transpose(0, 2, 3, 1).reshape(len(weight), -1)
