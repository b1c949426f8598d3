"""A network as data: layers with names, and which feeds which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce

import numpy as np

from cutaway.errors import InputError, ShapeError
from cutaway.layers import Layer, Shape
from cutaway.layers.dense import Dense
from cutaway.layers.dropout import Dropout
from cutaway.layers.layer import ANY, Array, Cost, Parameter, describe
from cutaway.layers.resize import Resize
from cutaway.layers.words import nearest

INPUT = "input"
"""The name of the picture itself, where other nodes have theirs."""
KNOWN = "'grey' or 'colour', and 'resize 64x64',"
"""What makes a picture of any shape one of a known shape."""


@dataclass(frozen=True)
class Node:
    """One layer in its place."""

    name: str
    """Unique, short, readable: `conv1`."""
    layer: Layer
    inputs: tuple[str, ...]
    """Names of the nodes that feed it, or `input`."""


@dataclass(frozen=True)
class Row:
    """What a table of the net says of one layer."""

    name: str
    text: str
    shape: Shape
    cost: Cost
    note: str


@dataclass(frozen=True)
class Preparation:
    """What makes a picture of any size one of the net's size. The net gives the same answer for both."""

    layers: tuple[Layer, ...]
    shape: Shape
    """The shape of a prepared picture; with sizes of 0 (`ANY`) where the net does not say."""

    def __call__(self, picture: Array) -> Array:
        """uint8 [h, w, c] -> uint8 [H, W, C]. Raises ShapeError where that is not the shape that the net takes."""
        made = reduce(lambda shape, layer: layer.shape(shape), self.layers, picture.shape)
        if len(made) != len(self.shape) or any(w not in (ANY, m) for w, m in zip(self.shape, made, strict=True)):
            raise ShapeError(
                f"the net takes pictures of {describe(self.shape)}; this one is {describe(picture.shape)}, and the net "
                "does not start with 'input any, grey' or 'colour' and a 'resize', which would make it fit"
            )
        x = picture[None]
        for layer in self.layers:
            x = layer.forward([x], {})
        return np.ascontiguousarray(x[0])

    def least(self, height: int, width: int) -> tuple[int, int]:
        """The rows and columns of a picture of this size that are of use: twice as many as it is scaled down to.

        A picture that was scaled down while it was decoded (`cutaway.pictures.decode`) then hardly differs from one
        that was not: by 3 levels of 255 (root mean square, 56 photos at 64x64), and by 8 with just as many.
        """
        resize = next((layer for layer in self.layers if isinstance(layer, Resize)), None)
        if resize is None:
            return height, width
        (_, tall), (_, wide) = resize.window((height, width))
        return 2 * tall, 2 * wide


@dataclass(frozen=True)
class Net:
    """A graph of layers, in an order in which each comes after what feeds it. It holds no weights.

    >>> from cutaway.net import parse
    >>> net = parse("input 28x28x1, conv 6 5x5, relu, maxpool 2, flatten, dense 10, softmax")
    >>> net.shapes()["maxpool1"]
    (12, 12, 6)
    """

    input: Shape
    """The shape of one picture; sizes that are not known yet are 0 (`ANY`)."""
    nodes: tuple[Node, ...]

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    def __len__(self) -> int:
        return len(self.nodes)

    def __getitem__(self, name: str) -> Node:
        try:
            return self._by_name[name]
        except KeyError:
            raise InputError(
                f"the net has no layer {name!r}{nearest(name, self.names)}; it has {', '.join(self.names)}"
            ) from None

    @cached_property
    def _by_name(self) -> Mapping[str, Node]:
        return {node.name: node for node in self.nodes}

    @property
    def names(self) -> list[str]:
        """The names of the layers, in order."""
        return [node.name for node in self.nodes]

    @property
    def output(self) -> Node:
        """The last layer: what the net says."""
        return self.nodes[-1]

    @property
    def scores(self) -> Net:
        """The net without its last layer: what softmax or sigmoid make probabilities of."""
        return Net(self.input, self.nodes[:-1])

    def until(self, name: str) -> Net:
        """The net up to a layer, and nothing after it."""
        return Net(self.input, self.nodes[: self.names.index(name) + 1])

    @property
    def features(self) -> str | None:
        """The layer whose outputs the last dense layer weighs, where there is one: a list, alike for like pictures."""
        last = next((node for node in reversed(self.nodes) if isinstance(node.layer, Dense)), None)
        if last is None:
            return None
        (name,) = last.inputs
        while name != INPUT and isinstance(self[name].layer, Dropout):
            (name,) = self[name].inputs
        return name

    def consumers(self, name: str) -> list[Node]:
        """The layers that a layer (or `input`) feeds."""
        return [node for node in self.nodes if name in node.inputs]

    def shapes(self, input: Shape | None = None) -> dict[str, Shape]:
        """The output shape of every layer by name, and of `input`.

        `input` is the shape of a picture at hand, where it is not the net's own. Raises ShapeError, with the name of
        the layer, where one does not fit.
        """
        shapes = {INPUT: input or self.input}
        for node in self.nodes:
            fed = [shapes[name] for name in node.inputs]
            unknown = next((shape for shape in fed if ANY in shape), None)
            try:
                if unknown and not node.layer.keeps_pixels:
                    raise ShapeError(f"{node.layer.text()} cannot take {describe(unknown)}; put {KNOWN} before it")
                shapes[node.name] = node.layer.shape(*fed)
            except ShapeError as error:
                raise ShapeError(f"{node.name}: {error}") from None
        return shapes

    def parameters(self) -> dict[str, Parameter]:
        """Every array of weights that the net needs: `conv1.kernel`, `conv1.bias`, ..."""
        shapes = self.shapes()
        return {
            f"{node.name}.{name}": parameter
            for node in self.nodes
            for name, parameter in node.layer.parameters(*(shapes[i] for i in node.inputs)).items()
        }

    def rows(self, input: Shape | None = None) -> list[Row]:
        """Each layer with its shape, cost and what should be known about it, before anything runs."""
        shapes = self.shapes(input)
        return [
            Row(node.name, node.layer.text(), shapes[node.name], node.layer.cost(*fed), node.layer.note(*fed))
            for node in self.nodes
            for fed in [[shapes[name] for name in node.inputs]]
        ]

    def cost(self, input: Shape | None = None) -> Cost:
        """The sum over all layers, for one picture."""
        costs = [row.cost for row in self.rows(input)]
        return Cost(*(sum(getattr(c, part) for c in costs) for part in ("multiplications", "parameters", "memory")))

    @cached_property
    def preparation(self) -> Preparation:
        """The leading layers that give whole numbers from 0 to 255 again: grey, colour, resize.

        Each kind once, before the first fork: then what is already done changes nothing when it is done again.
        """
        leading: list[Node] = []
        for node in self.nodes:
            fed = leading[-1].name if leading else INPUT
            again = any(type(node.layer) is type(before.layer) for before in leading)
            if not node.layer.keeps_pixels or again or self.consumers(fed) != [node]:
                break
            leading.append(node)
        shape = self.shapes()[leading[-1].name if leading else INPUT]
        return Preparation(tuple(node.layer for node in leading), shape)

    def __str__(self) -> str:
        from cutaway.net.notation import write

        return write(self)
