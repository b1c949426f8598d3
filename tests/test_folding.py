"""Norms folded into convolutions: fewer layers, the same numbers."""

import numpy as np
import pytest

from cutaway.engines.reference import ReferencePredictor
from cutaway.net import parse, start
from cutaway.net.folding import folded
from cutaway.net.run import converted, forward
from cutaway.net.zoo import net as zoo_net
from tests.compare import assert_within

NETS = {
    "after a convolution": "input 6x6x2, conv 3 3x3 no bias, norm, relu, flatten, dense 2, softmax",
    "after one with a bias": "input 6x6x2, conv 3 3x3, norm, relu, flatten, dense 2, softmax",
    "after a dense layer": "input 4x4x1, flatten, dense 5, norm, relu, dense 2, softmax",
    "with groups": "input 6x6x4, conv 4 3x3 same groups 4 no bias, norm, relu6, conv 2 1x1, globalmean, softmax",
    "in a block": "input 6x6x3, residual(conv 3 3x3 same no bias, norm), relu, flatten, dense 2, softmax",
}


def measured(net, seed=0):
    """Weights with norms that measured something."""
    draw = np.random.default_rng(seed)
    weights = start(net, seed)
    for name, value in weights.items():
        if name.endswith(("gain", "variance")):
            weights[name] = draw.uniform(0.5, 2, value.shape).astype(np.float32)
        elif name.endswith(("mean", "bias")):
            weights[name] = draw.normal(size=value.shape).astype(np.float32)
    return weights


def scores(net, weights, pictures):
    return forward(net.scores, converted(weights, np.float64), pictures.astype(np.float64))[net.scores.output.name]


@pytest.mark.parametrize("text", NETS.values(), ids=NETS)
def test_both_forms_give_the_same(text):
    net = parse(text)
    weights = measured(net)
    less, merged = folded(net, weights)
    assert "norm" not in str(less)
    assert set(merged) == set(less.parameters())
    pictures = np.random.default_rng(1).integers(0, 256, (5, *net.input)).astype(np.uint8)
    # kernels are rounded once to float32: each product is off by 2^-24 of itself, and they add up to no more than this
    size = scores(less, {name: abs(value) for name, value in merged.items()}, pictures)
    assert_within(scores(less, merged, pictures), scores(net, weights, pictures), 4 * 2.0**-24 * size, "scores")


def test_a_norm_that_follows_something_else_stays():
    for text in (
        "input 4x4x1, norm, conv 2 3x3, relu, flatten, dense 2, softmax",
        "input 4x4x1, conv 2 3x3, relu, norm, flatten, dense 2, softmax",
        "input 4x4x1, conv 2 3x3 same, concat(norm | relu), flatten, dense 2, softmax",
    ):
        net = parse(text)
        less, weights = folded(net, measured(net))
        assert str(less) == str(net)
        assert set(weights) == set(net.parameters())


def test_a_net_of_the_zoo_keeps_its_answer():
    net = zoo_net("mobilenetv2", input=(32, 32, 3), classes=5)
    weights = measured(net)
    less, merged = folded(net, weights)
    assert len(less) == len(net) - 52
    assert less.cost().parameters < net.cost().parameters
    pictures = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3)).astype(np.uint8)
    before, after = (ReferencePredictor(one.scores, own)(pictures) for one, own in ((net, weights), (less, merged)))
    assert abs(before - after).max() <= 1e-3 * abs(before).max()
