"""A net while it is put together from the nodes of an ONNX graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cutaway.errors import ModelError
from cutaway.layers import Flatten, Layer, Shape
from cutaway.layers.layer import Array, describe
from cutaway.net.net import INPUT, Net, Node
from cutaway.net.onnx.layouts import Layout

LARGEST = 2**26
"""Numbers in one layer, for one picture: a photograph of 16 megapixels in four channels."""
Weights = dict[str, NDArray[np.float32]]


class Undeclared(Exception):
    """What a node does cannot be said by a declaration; the reason, to be read after the operator's name."""


class Mixed(Undeclared):
    """A node that works across pictures: no layer of ours does, nor is there one for it."""

    def __init__(self) -> None:
        super().__init__("works across pictures: what it says of one depends on the others")


@dataclass(frozen=True)
class Value:
    """An array of ONNX's that depends on the picture: which layer makes it, and how it lies there."""

    name: str
    layout: Layout


@dataclass(frozen=True)
class Affine:
    """y = gain x + bias, of a layer that was made of constants: a further one is put together with it."""

    source: str
    gain: NDArray[np.float64]
    bias: NDArray[np.float64]


class Building:
    """Layers, their shapes and weights, by names that are not the final ones yet."""

    def __init__(self, shape: Shape, n: int) -> None:
        self.n = n
        """Pictures in a batch: as the graph says, or 1."""
        self.shapes: dict[str, Shape] = {INPUT: shape}
        self.nodes: dict[str, Node] = {}
        self.weights: dict[str, Weights] = {}
        self.affines: dict[str, Affine] = {}

    def add(self, layer: Layer, inputs: Sequence[str], weights: Mapping[str, ArrayLike] | None = None) -> str:
        """Adds a layer; returns its name. Raises ShapeError where it does not fit."""
        name = f"{layer.word}#{len(self.nodes)}"
        self.shapes[name] = shape = layer.shape(*(self.shapes[one] for one in inputs))
        if prod(shape) > LARGEST:
            raise ModelError(f"{layer.word} makes {describe(shape)} of one picture; up to {LARGEST:,} numbers are read")
        self.nodes[name] = Node(name, layer, tuple(inputs))
        self.weights[name] = {part: np.ascontiguousarray(value, np.float32) for part, value in (weights or {}).items()}
        return name

    def shape(self, value: Value) -> Shape:
        """The shape of our array."""
        return self.shapes[value.name]

    def layer(self, value: Value) -> Layer | None:
        """The layer that makes a value; None for the picture itself."""
        node = self.nodes.get(value.name)
        return node.layer if node else None

    # --- what lies where --------------------------------------------------------------------------

    def channels(self, value: Value) -> tuple[int, ...]:
        """The axes that our last axis is split into: channels of maps, features of a list."""
        return value.layout.split(self.shape(value))[-1]

    def order(self, value: Value, axis: int) -> Array:
        """Which of our channels (or features) stands at each place of an ONNX axis that is made of all of them.

        Raises Undeclared where the axis is made of anything else.
        """
        own, group = self.channels(value), value.layout.axes[axis]
        if sorted(self._long(value, group)) != sorted(self._long(value, own)):
            raise Undeclared("works along an axis that is not the channels")
        sizes = [value.layout.size(one, 1) for one in own]
        kept = [own.index(one) for one in group if one in own]
        places = np.arange(int(np.prod(sizes))).reshape(sizes)
        return places.transpose([*kept, *(i for i in range(len(own)) if i not in kept)]).ravel()

    def _long(self, value: Value, axes: Sequence[int]) -> list[int]:
        return [axis for axis in axes if value.layout.size(axis, 2) > 1]

    def maps(self, value: Value, spatial: int = 2) -> Array:
        """Checks that a value is maps as ONNX has them, [N, C, H, W] (or [N, C, W]); returns the order of channels."""
        shape, axes = self.shape(value), value.layout.axes
        if len(shape) != 3 or len(axes) != spatial + 2 or axes[0] != (0,):
            raise Undeclared(f"takes maps, and not {self.described(value)}")
        rows, columns, _ = value.layout.split(shape)
        sides = (rows, columns) if spatial == 2 else ((*rows, *columns),)
        for group, own in zip(axes[2:], sides, strict=True):
            if self._long(value, group) != self._long(value, own):
                raise Undeclared("takes maps whose rows and columns are as they were")
        return self.order(value, 1)

    def features(self, value: Value) -> tuple[Value, Array]:
        """A value [N, F] as a list of ours, flattened where it is maps; and which of ours each place of F is."""
        if len(value.layout.axes) != 2 or value.layout.axes[0] != (0,):
            raise Undeclared(f"takes a list of features, and not {self.described(value)}")
        return self.flattened(value), value.layout.places(self.shape(value))[0]

    def flattened(self, value: Value) -> Value:
        """The same value, made of a list."""
        if len(self.shape(value)) == 1:
            return value
        return Value(self.add(Flatten(), [value.name]), value.layout)

    def same(self, a: Value, b: Value) -> bool:
        """Whether two values have the same numbers at the same places of our arrays."""
        shape = self.shape(a)
        if shape != self.shape(b) or a.layout.shape(self.n) != b.layout.shape(self.n):
            return False
        alike = a.layout == b.layout or np.array_equal(a.layout.places(shape), b.layout.places(shape))
        return alike and (0 in a.layout.axes[0]) == (0 in b.layout.axes[0])

    def described(self, value: Value) -> str:
        """`an array [N, 3, 8]`."""
        sizes = ["N" if group == (0,) else str(size) for group, size in self._sides(value)]
        return f"an array [{', '.join(sizes)}]"

    def _sides(self, value: Value) -> list[tuple[tuple[int, ...], int]]:
        return list(zip(value.layout.axes, value.layout.shape(self.n), strict=True))

    def by_channel(self, value: Value, constant: Array) -> NDArray[np.float64]:
        """A constant beside a value, as one number for each of our channels (or one for all).

        Raises Undeclared where it differs within a channel, or from picture to picture.
        """
        constant = np.asarray(constant, np.float64)
        if constant.size == 1:
            return constant.reshape(1)
        if constant.ndim > len(value.layout.axes):
            raise Undeclared(f"has a constant {list(constant.shape)} with more axes than {self.described(value)}")
        shape = self.shape(value)
        try:
            spread = np.broadcast_to(constant, value.layout.shape(1))
        except ValueError:
            raise Undeclared(f"has a constant {list(constant.shape)} beside {self.described(value)}") from None
        ours = value.layout.ours(spread, 1, shape).reshape(-1, shape[-1])
        if not (ours == ours[:1]).all():
            raise Undeclared("has a constant that differs from place to place")
        return ours[0].copy()

    # --- the end ----------------------------------------------------------------------------------

    def net(self, output: str) -> tuple[Net, Weights]:
        """What the output depends on, and nothing else, named as the notation names it."""
        return named(self.shapes[INPUT], self.nodes, output, self.weights)


def named(shape: Shape, nodes: Mapping[str, Node], output: str, weights: Mapping[str, Weights]) -> tuple[Net, Weights]:
    """A net of the nodes that an output depends on, in the order in which the notation would write them.

    Layers are counted as the notation counts them, so that the net's text gives the same names again.
    """
    counts: Counter[str] = Counter()
    names = {INPUT: INPUT}
    for old in written_order(nodes, output):
        word = nodes[old].layer.word
        counts[word] += 1
        names[old] = f"{word}{'_' if word[-1].isdigit() else ''}{counts[word]}"
    made = tuple(
        Node(names[old], nodes[old].layer, tuple(names[one] for one in nodes[old].inputs))
        for old in names
        if old != INPUT
    )
    own = {
        f"{names[old]}.{part}": value for old in names for part, value in weights.get(old, {}).items() if old != INPUT
    }
    return Net(shape, made), own


def written_order(nodes: Mapping[str, Node], output: str) -> list[str]:
    """Each node after what feeds it, one branch after another."""
    order: dict[str, None] = {INPUT: None}
    todo = [output]
    while todo:
        name = todo[-1]
        missing = [] if name in order else [one for one in nodes[name].inputs if one not in order]
        if missing:
            todo.append(missing[0])
        else:
            order.setdefault(todo.pop(), None)
    return list(order)[1:]
