"""Float32 stays within each layer's bound of the exact numbers, and the bound is tight enough to mean something."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutaway.layers import Layer, Shape
from cutaway.layers.layer import Array
from tests.compare import assert_within
from tests.layer_table import LAYERS, NAMES, layer_of, weights_of

MAGNITUDES = 1e-3, 1e-1, 1.0, 30.0, 1e3

every_layer = pytest.mark.parametrize(("text", "shapes"), LAYERS, ids=NAMES)


def drawn(layer: Layer, shapes: tuple[Shape, ...], magnitude: float, seed: int) -> list[Array]:
    """Float32 inputs of a magnitude; whole numbers from 0 to 255 where the layer prepares pictures."""
    draw = np.random.default_rng(seed)
    if layer.keeps_pixels:
        return [draw.integers(0, 256, (8, *shape)).astype(np.float32) for shape in shapes]
    return [(magnitude * draw.standard_normal((8, *shape))).astype(np.float32) for shape in shapes]


def wide(arrays: dict[str, Array]) -> dict[str, Array]:
    return {name: value.astype(np.float64) for name, value in arrays.items()}


def narrow(arrays: dict[str, Array]) -> dict[str, Array]:
    return {name: value.astype(np.float32) for name, value in arrays.items()}


@pytest.mark.parametrize("magnitude", MAGNITUDES)
@every_layer
def test_float32_is_within_the_bound(text: str, shapes: tuple[Shape, ...], magnitude: float) -> None:
    layer = layer_of(text)
    for seed in range(3):
        xs, w = drawn(layer, shapes, magnitude, seed), narrow(weights_of(layer, shapes, seed=seed))
        exact = [x.astype(np.float64) for x in xs]
        bound = layer.bound(exact, wide(w))
        assert bound.shape == (8, *layer.shape(*shapes))
        assert_within(layer.forward(xs, w), layer.forward(exact, wide(w)), bound, text, dtype=np.float32)


CURVES = "tanh", "sigmoid", "silu", "gelu", "hardsigmoid", "hardswish", "leaky", "scale"


@pytest.mark.parametrize("text", CURVES)
def test_float32_is_within_the_bound_over_the_whole_line(text: str) -> None:
    """A million numbers, close around 0 and out to where nothing changes any more."""
    layer = layer_of(text)
    draw = np.random.default_rng(0)
    powers = 10.0 ** draw.uniform(-40, 4, 500_000)
    x = np.concatenate([draw.uniform(-20, 20, 500_000), draw.choice([-1, 1], 500_000) * powers])
    x = x.astype(np.float32)[None]
    wide = x.astype(np.float64)
    assert_within(layer.forward([x], {}), layer.forward([wide], {}), layer.bound([wide], {}), text, dtype=np.float32)


tiny = st.floats(-(2.0**-60), 2.0**-60, width=32, allow_subnormal=True)


@given(st.lists(tiny, min_size=6, max_size=6), st.lists(tiny, min_size=3, max_size=3))
@settings(max_examples=60, deadline=None)
def test_the_bound_holds_where_products_vanish(inputs: list[float], weights: list[float]) -> None:
    """2^-60 times 2^-100 is no float32 any more."""
    x, w = np.array(inputs, np.float32).reshape(2, 3), np.array(weights, np.float32)
    for text, arrays, own in [
        ("dense 1 no bias", [x], {"weight": w[:, None]}),
        ("multiply", [x, np.stack([w, w])], {}),
        ("prelu", [x], {"leak": w}),
    ]:
        layer, exact = layer_of(text), [a.astype(np.float64) for a in arrays]
        bound = layer.bound(exact, wide(own))
        assert_within(layer.forward(arrays, own), layer.forward(exact, wide(own)), bound, text, dtype=np.float32)


# --- what must not pass ---------------------------------------------------------------------------------


def bfloat16(x: Array) -> Array:
    """Float32 rounded to 8 significant bits, to the nearest."""
    bits = x.astype(np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000).astype(np.uint32).view(np.float32)


def float16(x: Array) -> Array:
    return x.astype(np.float16).astype(np.float32)


@pytest.mark.parametrize("coarse", [bfloat16, float16])
@pytest.mark.parametrize(
    ("text", "shape"),
    [("conv 8 3x3", (12, 12, 3)), ("conv 8 3x3 same no bias", (12, 12, 1)), ("dense 50", (30,)), ("dense 50", (9,))],
)
def test_coarser_weights_break_the_bound(text: str, shape: Shape, coarse: object) -> None:
    assert callable(coarse)
    layer = layer_of(text)
    [x], w = drawn(layer, (shape,), 1.0, 0), narrow(weights_of(layer, (shape,)))
    exact = layer.forward([x.astype(np.float64)], wide(w))
    bound = layer.bound([x.astype(np.float64)], wide(w))
    rounded = layer.forward([x], {name: coarse(value) for name, value in w.items()})
    outside = (abs(rounded - exact) > bound).mean()
    assert outside > 0.5, f"{outside:.0%} of the cells are outside"


@pytest.mark.parametrize(
    "text", ["conv 8 3x3", "meanpool 3", "globalmean", "norm", "softmax", "tanh", "sigmoid", "gelu"]
)
def test_half_precision_breaks_the_bound(text: str) -> None:
    """Inputs rounded to float16: no bound is so wide that it takes that for float32."""
    layer, shape = layer_of(text), (9, 9, 3)
    [x], w = drawn(layer, (shape,), 1.0, 0), narrow(weights_of(layer, (shape,)))
    exact = layer.forward([x.astype(np.float64)], wide(w))
    outside = abs(layer.forward([float16(x)], w) - exact) > layer.bound([x.astype(np.float64)], wide(w))
    assert outside.mean() > 0.5, f"{outside.mean():.0%} of the cells are outside"


def test_a_bound_is_what_the_issue_says() -> None:
    """(terms + 1) x 2^-24 x (sum of |w x| + |bias|)."""
    x, w = np.array([[1.0, -2.0, 3.0]]), {"weight": np.array([[4.0], [5.0], [-6.0]]), "bias": np.array([-7.0])}
    expected = np.array([[(4 + 1) * 2.0**-24 * (4 + 10 + 18 + 7)]])
    assert_within(layer_of("dense 1").bound([x], w), expected, 1e-15 * expected, "dense")
    picture, kernel = x.reshape(1, 1, 3, 1), w["weight"].reshape(1, 3, 1, 1)
    conv = layer_of("conv 1 1x3").bound([picture], {"kernel": kernel, "bias": w["bias"]})
    assert_within(conv, expected[:, :, None, None], 1e-15 * expected[:, :, None, None], "conv")
