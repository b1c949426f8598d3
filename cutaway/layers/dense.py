"""Dense, or fully connected: every feature casts a vote, activation times weight, for every unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from cutaway.errors import ShapeError
from cutaway.layers.layer import (
    PREDICTING,
    Array,
    Cell,
    Gradients,
    Layer,
    Operator,
    Parameter,
    Pass,
    Region,
    Shape,
    Sources,
    Weights,
    bound_of_products,
    describe,
    only,
)
from cutaway.layers.words import Words
from cutaway.layers.working import Working, at, bias, summed, times


@dataclass(frozen=True)
class Dense(Layer):
    """`dense 120`, `dense classes`: [N, F] -> [N, units], y[u] = bias[u] + sum over f of x[f] weight[f, u]."""

    units: int
    biased: bool = True

    word = "dense"

    @classmethod
    def read(cls, words: Words) -> Self:
        units = words.integer("the number of units, or 'classes'")
        if not words.more:
            return cls(units)
        words.one_of("no")
        words.one_of("bias")
        return cls(units, biased=False)

    def text(self) -> str:
        return f"dense {self.units}" + ("" if self.biased else " no bias")

    def shape(self, *shapes: Shape) -> Shape:
        if len(shapes[0]) != 1:
            raise ShapeError(
                f"{self.text()} needs a list of features; got {describe(shapes[0])}; "
                "put 'flatten' or 'globalmean' before it"
            )
        return (self.units,)

    def parameters(self, *shapes: Shape) -> dict[str, Parameter]:
        (features,) = shapes[0]
        weight = Parameter((features, self.units), "weights", fan_in=features, fan_out=self.units, decayed=True)
        return {"weight": weight} | ({"bias": Parameter((self.units,))} if self.biased else {})

    def forward(self, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Array:
        y = xs[0] @ w["weight"]
        return y + w["bias"] if self.biased else y

    def backward(self, dy: Array, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Gradients:
        gradients = {"weight": xs[0].T @ dy} | ({"bias": dy.sum(axis=0)} if self.biased else {})
        return [dy @ w["weight"].T], gradients

    def bound(self, xs: Sequence[Array], w: Weights) -> Array:
        return bound_of_products(self, len(w["weight"]) + self.biased, xs, w)

    def sources(self, cell: Cell, shapes: Sequence[Shape]) -> Sources:
        features, own = range(shapes[0][0]), only(cell)
        return Sources(((features,),), {"weight": (features, *own)} | ({"bias": own} if self.biased else {}))

    def field(self, region: Region, shapes: Sequence[Shape]) -> tuple[Region, ...]:
        return ((range(shapes[0][0]),),)

    def terms(self, cell: Cell, xs: Sequence[Array], w: Weights) -> Working:
        (unit,) = cell
        votes = [
            times(at("input", xs[0], (slot,)), at("weight", w["weight"], (slot, unit))) for slot in range(len(xs[0]))
        ]
        return summed(votes + bias(w, unit))

    def multiplications(self, *shapes: Shape) -> int:
        return shapes[0][0] * self.units

    def onnx(self, *shapes: Shape) -> list[Operator]:
        return [Operator("Gemm", ("x", "weight", "bias") if self.biased else ("x", "weight"))]
