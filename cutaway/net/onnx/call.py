"""One node of an ONNX graph, with what goes into it: what the table of operators is asked about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cutaway.layers import Layer, Normalise, Scale
from cutaway.layers.conv import Conv
from cutaway.layers.dense import Dense
from cutaway.layers.layer import UNIT, Array
from cutaway.layers.norm import EPSILON, Norm
from cutaway.net.onnx.building import Affine, Building, Undeclared, Value
from cutaway.net.onnx.layouts import Layout

FEW = 4
"""Channels whose means and deviations are written into the net's text; those of more are weights."""

ROUNDED = 4 * UNIT
"""How far a number may be off that was made of two that the file has rounded to float32."""


@dataclass(frozen=True)
class Padded(Value):
    """Maps with a border of zeros around them, which the next window may bring itself."""

    within: Value
    sides: tuple[int, int, int, int]
    """Above, left, below, right."""


Given = Value | Array | None
"""What goes into a node: what depends on the picture, a constant, or nothing."""


@dataclass(frozen=True)
class Call:
    """A node, what goes into it, and the net that it becomes a part of."""

    building: Building
    operator: str
    inputs: Sequence[Given]
    attributes: Mapping[str, Any]
    opset: int

    # --- what goes in -----------------------------------------------------------------------------

    def given(self, place: int) -> Given:
        """An input, or None where it is left out."""
        return self.inputs[place] if place < len(self.inputs) else None

    def live(self, place: int = 0) -> Value:
        """An input that depends on the picture."""
        value = self.given(place)
        if isinstance(value, Value):
            return value
        raise Undeclared("needs what depends on the picture in another place")

    def constant(self, place: int, what: str) -> Array:
        """An input that is a constant; `what` names it where it is not."""
        value = self.given(place)
        if isinstance(value, np.ndarray):
            return value
        raise Undeclared(f"has {what} that are not constants" if value is not None else f"has no {what}")

    def optional(self, place: int, what: str) -> Array | None:
        """The same, where it may be left out."""
        return None if self.given(place) is None else self.constant(place, what)

    @property
    def lives(self) -> list[Value]:
        """Every input that depends on the picture."""
        return [value for value in self.inputs if isinstance(value, Value)]

    def setting(self, name: str, default: Any = None) -> Any:
        """An attribute."""
        return self.attributes.get(name, default)

    def by_channel(self, x: Value, *constants: Array) -> tuple[Value, list[NDArray[np.float64]]]:
        """A value and constants, one number for each of its channels; maps are flattened where that makes it so."""
        try:
            return x, [self.building.by_channel(x, constant) for constant in constants]
        except Undeclared:
            if len(x.layout.axes) != 2 or x.layout.axes[0] != (0,) or len(self.building.shape(x)) == 1:
                raise
        flat = self.building.flattened(x)
        return flat, [self.building.by_channel(flat, constant) for constant in constants]

    # --- what comes out ---------------------------------------------------------------------------

    def put(
        self, layer: Layer, *inputs: Value, layout: Layout | None = None, weights: Mapping[str, ArrayLike] | None = None
    ) -> Value:
        """Adds a layer; its output lies as the first input, unless another layout is given."""
        name = self.building.add(layer, [value.name for value in inputs], weights)
        return Value(name, layout or inputs[0].layout)

    def affine(self, x: Value, gain: ArrayLike, bias: ArrayLike) -> Value:
        """gain x + bias, each one number for every channel or for all: as few layers as that takes."""
        building = self.building
        own = Affine(x.name, np.asarray(gain, np.float64).reshape(-1), np.asarray(bias, np.float64).reshape(-1))
        if before := building.affines.get(x.name):
            own = Affine(before.source, own.gain * before.gain, own.gain * before.bias + own.bias)
        if (own.gain == 1).all():
            if not own.bias.any():
                return Value(own.source, x.layout)
            if biased := self._biased(Value(own.source, x.layout), own.bias):
                return biased
        layer, weights = _affine_layer(own, building.shapes[own.source][-1])
        y = Value(building.add(layer, [own.source], weights), x.layout)
        building.affines[y.name] = own
        return y

    def _biased(self, x: Value, bias: NDArray[np.float64]) -> Value | None:
        """A convolution or dense layer without a bias, given this one; None where that is not what x is made by."""
        layer = self.building.layer(x)
        if not isinstance(layer, Conv | Dense) or layer.biased:
            return None
        made: Layer = (
            Dense(layer.units)
            if isinstance(layer, Dense)
            else Conv(
                layer.count, layer.size, layer.stride, layer.padding, layer.dilation, layer.groups, True, layer.fit
            )
        )
        units = self.building.shape(x)[-1]
        weights: dict[str, ArrayLike] = {**self.building.weights[x.name], "bias": np.broadcast_to(bias, units)}
        return Value(self.building.add(made, self.building.nodes[x.name].inputs, weights), x.layout)


def _affine_layer(own: Affine, channels: int) -> tuple[Layer, dict[str, NDArray[np.float64]]]:
    """`scale` where that says it, `normalise` for few different numbers, `norm` for many."""
    gain, bias = _few(own.gain), _few(own.bias)
    if len(gain) == 1 and gain[0] and not bias.any():
        return Scale(tidy(1 / gain[0], ROUNDED)), {}
    length = max(len(gain), len(bias))
    if length <= FEW and gain.all():
        gain, bias = np.broadcast_to(gain, length), np.broadcast_to(bias, length)
        mean, deviation = (tuple(tidy(one, ROUNDED) for one in each) for each in (-bias / gain, 1 / gain))
        return Normalise(mean, deviation), {}
    ones = np.ones(channels)
    return Norm(), {"gain": gain * ones, "bias": bias * ones, "mean": 0 * ones, "variance": ones - EPSILON}


def _few(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    return numbers[:1] if (numbers == numbers[0]).all() else numbers


def tidy(number: float, within: float = UNIT / 2) -> float:
    """The shortest number that is as good as this one: within that share of it, half of what float32 can tell.

    >>> tidy(0.20000000298023224), tidy(1 / 0.003921568859368563)
    (0.2, 255.0)
    """
    for digits in range(1, 10):
        short = float(f"{number:.{digits}g}")
        if abs(short - number) <= within * abs(number):
            return short + 0.0
    return float(number) + 0.0
