"""Nets in which every kind of layer is, and what goes into them, for the tests of engines."""

from collections.abc import Mapping

import numpy as np

from cutaway.engines.engine import Pixels, Targets
from cutaway.layers.layer import Array
from cutaway.net import Net, start

NETS = {
    "lenet": "scale, normalise 0.1 0.3, conv 6 5x5 same, relu, maxpool 2, conv 16 5x5, relu, maxpool 2 partial, "
    "flatten, dense 20, relu, dense 4, softmax",
    "branches": "scale, conv 6 3x3 same, norm, relu, residual(conv 6 3x3 same groups 2, norm, silu), "
    "concat(conv 3 1x1 | conv 4 3x3 same dilation 2), squeeze(globalmean, dense 4, relu, dense 7, sigmoid), lrn 3, "
    "meanpool 2 stride 1 partial, dropout 0.3, flatten, dense 4, softmax",
    "activations": "scale, conv 4 3x3 stride 2 pad 1 0 1 0, leaky, prelu, conv 4 2x2 same no bias, gelu, hardswish, "
    "sumpool 2 partial, tanh, conv 4 1x1, relu6, conv 4 1x1, hardsigmoid, globalmean, dense 4, sigmoid",
    "preparation": "grey, colour, resize 9x7 fit, scale, conv 3 3x3 stride 2, relu, flatten, dense 4, logsoftmax",
    "squares": "scale, flatten, dense 5, tanh, dense 4",
}


def drawn(net: Net, count: int, seed: int = 0) -> tuple[dict[str, Array], Pixels, Targets]:
    """Weights, pictures and targets drawn by chance; running means are not all zero."""
    random = np.random.default_rng(seed)
    weights: dict[str, Array] = dict(start(net, seed))
    for name in weights:
        if name.endswith(("mean", "bias")):
            weights[name] = random.normal(0, 0.1, weights[name].shape).astype(np.float32)
    outputs = net.shapes()[net.output.name][0]
    pictures = random.integers(0, 256, (count, *net.input), dtype=np.uint8)
    wanted = random.integers(0, outputs, (count, 1)) == np.arange(outputs)
    return weights, pictures, wanted.astype(np.float32)


def assert_same(first: Mapping[str, Array], second: Mapping[str, Array]) -> None:
    assert first.keys() == second.keys()
    for name in first:
        np.testing.assert_array_equal(first[name], second[name], err_msg=name)
