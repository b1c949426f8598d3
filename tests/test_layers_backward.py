"""Every layer's gradients against central finite differences, in float64."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from cutaway.layers import PREDICTING, Layer, Pass, Shape
from cutaway.layers.grey import SHARES, Grey
from cutaway.layers.layer import Array
from cutaway.layers.resize import Resize
from tests.compare import assert_within
from tests.layer_table import LAYERS, NAMES, inputs_of, layer_of, weights_of

STEP = 2.0**-17
"""Exact in float64; its square, 6e-11, times a third derivative, is what a central difference is off by."""
TRAINING = Pass(training=True, key=(3, 5, 7))


def slopes(f: Callable[[], float], array: Array) -> Array:
    """The central difference of f for each number of an array that f reads."""
    gradient = np.empty_like(array)
    for place in np.ndindex(array.shape):
        was = array[place]
        array[place] = was + STEP
        above = f()
        array[place] = was - STEP
        below = f()
        array[place] = was
        gradient[place] = (above - below) / (2 * STEP)
    return gradient


def smooth(layer: Layer, xs: list[Array], w: dict[str, Array], run: Pass) -> Array:
    """Forward; before rounding where a layer rounds to whole numbers."""
    if isinstance(layer, Resize):
        return layer.exact(xs[0])
    if isinstance(layer, Grey) and xs[0].shape[-1] == 3:
        return xs[0] @ SHARES[:, None]
    return layer.forward(xs, w, run)


@pytest.mark.parametrize("run", [PREDICTING, TRAINING], ids=["predicting", "training"])
@pytest.mark.parametrize(("text", "shapes"), LAYERS, ids=NAMES)
def test_gradients_are_finite_differences(text: str, shapes: tuple[Shape, ...], run: Pass) -> None:
    layer = layer_of(text)
    xs, w = inputs_of(layer, shapes), weights_of(layer, shapes)
    dy = np.random.default_rng(2).normal(size=(2, *layer.shape(*shapes)))

    def total() -> float:
        return float((dy * smooth(layer, xs, w, run)).sum())

    dxs, dws = layer.backward(dy, xs, w, run)
    trained = {name for name, parameter in layer.parameters(*shapes).items() if parameter.trained}
    assert dws.keys() == trained
    gradients = [(f"input {i + 1}", dx, xs[i]) for i, dx in enumerate(dxs)]
    gradients += [(name, dws[name], w[name]) for name in sorted(trained)]
    assert len(dxs) == len(xs)
    for name, gradient, of in gradients:
        expected = slopes(total, of)
        # a difference of two totals, each off by a few 2^-53 of what is added up, divided by two steps; and STEP^2
        noise = 8 * 2.0**-53 * abs(dy * smooth(layer, xs, w, run)).sum() / STEP + 50 * STEP**2
        assert_within(gradient, expected, noise * max(1.0, abs(expected).max()), f"{text}: gradient of {name}")


@pytest.mark.parametrize(("text", "shapes"), LAYERS, ids=NAMES)
def test_gradients_have_the_type_and_shape_of_what_they_are_of(text: str, shapes: tuple[Shape, ...]) -> None:
    layer = layer_of(text)
    xs = [x.astype(np.float32) for x in inputs_of(layer, shapes)]
    w = {name: value.astype(np.float32) for name, value in weights_of(layer, shapes).items()}
    for run in (PREDICTING, TRAINING):
        y = layer.forward(xs, w, run)
        dxs, dws = layer.backward(np.ones_like(y), xs, w, run)
        assert y.shape[1:] == layer.shape(*shapes)
        assert [dx.shape for dx in dxs] == [x.shape for x in xs]
        assert [dws[name].shape for name in dws] == [w[name].shape for name in dws]
        assert {array.dtype for array in (y, *dxs, *dws.values())} == {np.dtype(np.float32)}
        assert all(value.dtype == np.float32 for value in layer.observe(xs, w).values())
