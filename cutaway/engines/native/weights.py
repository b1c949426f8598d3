"""Weights as the engine keeps them: one array after another, each in whole registers, dense ones turned."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cutaway.layers import Dense
from cutaway.layers.layer import Array, Parameter
from cutaway.net import Net

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Slice:
    """One array of weights: where it begins, in floats, and how it is laid out."""

    name: str
    parameter: Parameter
    start: int
    size: int
    """Floats that it takes, in whole registers."""
    pitch: int = 0
    """Of a dense layer's weights: floats from unit to unit; they are stored [units][features]."""

    def store(self, into: Floats, value: Array) -> None:
        """Writes an array as its layer declares it."""
        place = into[self.start : self.start + self.size]
        place[:] = 0
        if self.pitch:
            features, units = self.parameter.shape
            place.reshape(units, self.pitch)[:, :features] = np.asarray(value).T
        else:
            place[: value.size] = np.asarray(value).ravel()

    def load(self, source: Floats) -> Floats:
        """A copy as its layer declares it."""
        place = source[self.start : self.start + self.size]
        if self.pitch:
            features, units = self.parameter.shape
            return np.ascontiguousarray(place.reshape(units, self.pitch)[:, :features].T)
        return place[: math.prod(self.parameter.shape)].reshape(self.parameter.shape).copy()


@dataclass(frozen=True)
class Weights:
    """All arrays of weights of a net: those that decay, the others that are trained, those that are measured."""

    slices: Mapping[str, Slice]
    trained: int
    """Floats of those that are trained."""
    size: int

    @classmethod
    def of(cls, net: Net, lanes: int) -> Weights:
        """The layout for a net."""
        dense = {node.name for node in net if isinstance(node.layer, Dense)}
        slices, start, trained = {}, 0, 0
        parameters = net.parameters()
        for name in sorted(parameters, key=lambda name: (not parameters[name].trained, not parameters[name].decayed)):
            parameter = parameters[name]
            layer, _, part = name.rpartition(".")
            pitch = -(-parameter.shape[0] // lanes) * lanes if layer in dense and part == "weight" else 0
            count = parameter.shape[1] * pitch if pitch else math.prod(parameter.shape)
            size = -(-count // lanes) * lanes
            slices[name] = Slice(name, parameter, start, size, pitch)
            start += size
            trained = start if parameter.trained else trained
        return cls(slices, trained, start)

    def store(self, into: Floats, values: Mapping[str, Array]) -> None:
        """Writes arrays as their layers declare them."""
        for name, value in values.items():
            self.slices[name].store(into, value)

    def load(self, source: Floats, trained_only: bool = False) -> dict[str, Floats]:
        """Copies as their layers declare them."""
        return {n: s.load(source) for n, s in self.slices.items() if s.parameter.trained or not trained_only}
