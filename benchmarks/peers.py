"""What people use otherwise, written as its own examples write it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cutaway.layers.conv import Conv
from cutaway.layers.dense import Dense
from cutaway.layers.globalmean import GlobalMean
from cutaway.layers.norm import EPSILON, Norm
from cutaway.layers.normalise import Normalise
from cutaway.layers.scale import Scale
from cutaway.net import INPUT, Net, Node


def torch_module(net: Net, weights: Mapping[str, NDArray[np.float32]]) -> Any:
    """A net as PyTorch modules with the same weights: prepared pictures uint8 [N, H, W, C] to what it says.

    Of the kinds of layers that MobileNetV2 has. Eager, float32, as a loop over a folder runs it.
    """
    import torch
    from torch import nn

    class Module(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.parts = nn.ModuleDict({node.name: _part(node, weights) for node in net.nodes})

        def forward(self, pictures: Any) -> Any:
            stages = {INPUT: pictures.permute(0, 3, 1, 2).float()}
            for node in net.nodes:
                stages[node.name] = self.parts[node.name](*(stages[name] for name in node.inputs))
            return stages[net.output.name]

    def _part(node: Node, weights: Mapping[str, NDArray[np.float32]]) -> Any:
        own = {key.rpartition(".")[2]: torch.tensor(v) for key, v in weights.items() if key.startswith(f"{node.name}.")}
        match node.layer:
            case Conv() as layer:
                return _Padded(layer, own)
            case Norm():
                norm = nn.BatchNorm2d(len(own["gain"]), eps=EPSILON)
                norm.load_state_dict(
                    {
                        "weight": own["gain"],
                        "bias": own["bias"],
                        "running_mean": own["mean"],
                        "running_var": own["variance"],
                    }
                    | {"num_batches_tracked": torch.tensor(0)}
                )
                return norm
            case Dense():
                dense = nn.Linear(*own["weight"].shape)
                dense.load_state_dict({"weight": own["weight"].T.contiguous(), "bias": own["bias"]})
                return dense
            case Scale() as layer:
                return _Says(lambda x: x / layer.divisor)
            case Normalise() as layer:
                mean, deviation = (torch.tensor(v)[:, None, None] for v in (layer.mean, layer.deviation))
                return _Says(lambda x: (x - mean) / deviation)
            case GlobalMean():
                return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        simple = {"relu6": nn.ReLU6(), "dropout": nn.Identity(), "softmax": nn.Softmax(-1), "colour": nn.Identity()}
        simple |= {"resize": nn.Identity(), "add": _Says(lambda *x: sum(x))}
        return simple[node.layer.word]

    class _Says(nn.Module):
        def __init__(self, does: Any) -> None:
            super().__init__()
            self.does = does

        def forward(self, *x: Any) -> Any:
            return self.does(*x)

    class _Padded(nn.Module):
        def __init__(self, layer: Conv, own: Mapping[str, Any]) -> None:
            super().__init__()
            kernel = own["kernel"].permute(3, 2, 0, 1).contiguous()
            self.conv = nn.Conv2d(
                kernel.shape[1] * layer.groups,
                len(kernel),
                layer.size,
                layer.stride,
                groups=layer.groups,
                bias=layer.biased,
            )
            self.conv.load_state_dict({"weight": kernel} | ({"bias": own["bias"]} if layer.biased else {}))
            self.layer = layer

        def forward(self, x: Any) -> Any:
            rows, columns = self.layer.axes((*x.shape[2:], x.shape[1]))
            return self.conv(nn.functional.pad(x, (columns.before, columns.after, rows.before, rows.after)))

    return Module().eval()
