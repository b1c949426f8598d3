"""From a net to a program: layer after layer forward, then back.

Each kind of layer has a function that adds its records and, where gradients are wanted, leaves a function that adds
those of the way back; these are called in the opposite order. `Lowering` is what they work with.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from cutaway.engines.native.compiler import Library
from cutaway.engines.native.kernels import run as running
from cutaway.engines.native.machine import Machine
from cutaway.engines.native.maps import Area, Map, Place
from cutaway.engines.native.program import Builder, Record
from cutaway.engines.native.weights import Weights
from cutaway.errors import CutawayError
from cutaway.layers import Layer, Shape
from cutaway.net import Net, Node


class Unsupported(CutawayError):
    """A net that this engine does not run; the message names the layer and says why."""


@dataclass(frozen=True)
class Purpose:
    """What a program is for."""

    training: bool = False
    pairs: bool = False
    """Products of bfloat16 where they pay."""
    keeping: bool = False
    """Every layer's output has memory of its own, to be looked at."""


@dataclass(eq=False)
class Lowering:
    """A net on its way to become a program."""

    net: Net
    purpose: Purpose
    library: Library
    threads: int
    batch: int
    """The largest batch."""
    build: Builder = field(init=False)
    weights: Weights = field(init=False)
    maps: dict[str, Map] = field(default_factory=dict)
    """The output of each layer that is done, by its name."""
    ways_back: list[Callable[[], None]] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    """Layers that the one before them has taken along."""
    observed: list[tuple[Node, Place, int, int]] = field(default_factory=list)
    dropouts: list[int] = field(default_factory=list)
    """The numbers of the dropout layers."""

    def __post_init__(self) -> None:
        self.build = Builder(self.library, self.threads)
        self.weights = Weights.of(self.net, self.machine.lanes)
        self.shapes = self.net.shapes()
        self.weights_place = self.build.in_shared(4 * self.weights.size)
        self.gradients_place = self.build.in_thread(4 * self.weights.trained) if self.training else self.weights_place
        most = max([64, *(shape[-1] for shape in self.shapes.values())])
        self.zeros = self.build.constants(np.zeros(most))
        self.header = Place(Area.SLOT, 0)

    @property
    def machine(self) -> Machine:
        """What the code is made for."""
        return self.library.machine

    @property
    def blocks(self) -> int:
        """Blocks of the largest batch."""
        return -(-self.batch // self.machine.lanes)

    @property
    def slots(self) -> int:
        """Blocks that a thread must hold at once: all of its own where blocks wait for each other."""
        waits = any(record.level > 0 for record in self.build.records if not record.of_batch)
        return -(-self.blocks // self.threads) if waits else 1

    @property
    def training(self) -> bool:
        """Whether weights are to move."""
        return self.purpose.training

    # --- what layers ask for ----------------------------------------------------------------------

    def word(self, number: int) -> Place:
        """A word of the call."""
        return Place(Area.CALL, 8 * number)

    @property
    def trouble(self) -> Place:
        """Where it is noted that a number is not finite."""
        return self.word(running.TROUBLE)

    def weight(self, node: Node, part: str) -> Place:
        """An array of weights."""
        return self.weights_place.after(4 * self.weights.slices[f"{node.name}.{part}"].start)

    def gradient(self, node: Node, part: str) -> Place:
        """This thread's gradient of it."""
        return self.gradients_place.after(4 * self.weights.slices[f"{node.name}.{part}"].start)

    def bias(self, node: Node, biased: bool) -> tuple[Place, Place]:
        """The bias and its gradient; zeros where there is none."""
        if not biased:
            return self.zeros, self.zeros
        return self.weight(node, "bias"), self.gradient(node, "bias")

    def map(self, shape: Shape, level: int) -> Map:
        """A new map."""
        return Map(shape, self.build.vector, level=level)

    def inputs(self, node: Node) -> list[Map]:
        """The maps that feed a layer."""
        return [self.maps[name] for name in node.inputs]

    def output(self, nodes: Node | Sequence[Node], level: int) -> Map:
        """A new map for the output of a layer, or of several that are done as one."""
        chain = [nodes] if isinstance(nodes, Node) else nodes
        made = self.map(self.shapes[chain[-1].name], level)
        self.maps |= {node.name: made for node in chain}
        self.taken |= {node.name for node in chain[1:]}
        return made

    def next(self, name: str) -> Node | None:
        """The one layer that a layer feeds, where it may be taken along."""
        consumers = self.net.consumers(name)
        if self.purpose.keeping or len(consumers) != 1 or name == self.net.output.name:
            return None
        return consumers[0] if len(consumers[0].inputs) == 1 else None

    def product_table(self, kind: str, *, near: bool = True, pairs: bool = False) -> int:
        """The address of a table of products."""
        return self.library.table(kind, near=near, pairs=pairs).ctypes.data

    def in_pairs(self, x: Map) -> Map:
        """A map of pairs of channels of another, made once."""
        if id(x) not in self.paired:
            shape = (*x.shape[:-1], -(-x.channels // 2))
            self.paired[id(x)] = y = self.map(shape, x.root.level)
            self.add("to_pairs", x.root.level, x=x, y=y, **whole(x))
        return self.paired[id(x)]

    paired: dict[int, Map] = field(default_factory=dict)

    # --- the way back -----------------------------------------------------------------------------

    def back(self, way: Callable[[], None]) -> None:
        """Leaves what is to be done on the way back."""
        if self.training:
            self.ways_back.append(way)

    def wants(self, x: Map) -> bool:
        """Whether the gradient of a map leads to any weight."""
        return id(x) in self.wanted

    wanted: set[int] = field(default_factory=set)

    def want(self, node: Node, y: Map, fed: Sequence[Map]) -> None:
        """Notes whether a layer's output depends on a weight."""
        if node.layer.parameters(*(self.shapes[name] for name in node.inputs)) or any(self.wants(x) for x in fed):
            self.wanted.add(id(y))

    def slope(self, x: Map) -> Map:
        """The gradient of a map."""
        if x.inside is not None:
            whole = self.slope(x.inside)
            if x.slope is None:
                x.slope = Map(x.shape, x.vector, level=0, inside=whole, first_channel=x.first_channel)
        elif x.slope is None:
            x.slope = Map(x.shape, x.vector)
        return x.slope

    def has_slope(self, x: Map) -> bool:
        """Whether anything has written a map's gradient."""
        return x.slope is not None or (x.inside is not None and self.has_slope(x.inside))

    def copy_slope(self, x: Map, dy: Map, writer: str) -> None:
        """The gradient of a map is that of another."""
        dx = self.slope(x)
        self.add("copy", dy.root.level, into=x, writer=writer, x=dy, y=dx, **cells(dx, dy))

    def may_join(self, node: Node, name: str, x: Map) -> bool:
        """Whether a map may be a part of another: nothing but this layer sees it, and that once."""
        names = [other for other, made in self.maps.items() if made is x]
        seen = [consumer for other in names for consumer in self.net.consumers(other) if consumer.name not in names]
        return x.inside is None and seen == [node] and node.inputs.count(name) == 1

    def observe(self, node: Node, figures: Place, channels: int, ghost: int) -> None:
        """Asks that running mean and variance move towards the batch's, when the step has gone well."""
        self.observed.append((node, figures, channels, ghost))

    def add(self, kernel: str, level: int, into: Map | None = None, writer: str = "", **operands: Any) -> Record:
        """A record for each block. `into`: the map whose gradient it writes or adds to."""
        target = self.slope(into) if into is not None else None
        if target is not None:
            target.root.level = max(target.root.level, level)
        return self.build.add(kernel, level, target, writer, **operands)


def shares(low: Lowering, count: int) -> dict[str, Any]:
    """Each thread's part of so many."""
    ends = np.arange(low.threads + 1) * count // low.threads
    return {"first": ends[:-1], "last": ends[1:]}


def cells(*maps: Map) -> dict[str, Any]:
    """Channels, rows and width of maps of one size, for kernels that go over them cell by cell."""
    return {name: partial(_long_rows, maps, number) for number, name in enumerate(("channels", "rows", "width"))}


def _long_rows(maps: tuple[Map, ...], number: int) -> int:
    """What has no zeros between is taken as one long row: of each channel, or of all."""
    x = maps[0]
    cell_count = x.rows * x.width
    if not all(m.row == m.width * m.vector for m in maps):
        return (x.channels, x.rows, x.width)[number]
    if all(m.plane == cell_count * m.vector for m in maps):
        return (1, 1, x.channels * cell_count)[number]
    return (x.channels, 1, cell_count)[number]


def by_channel(*maps: Map) -> dict[str, Any]:
    """The same for kernels that treat each channel by itself."""
    x = maps[0]

    def number(which: int) -> int:
        long = all(m.row == m.width * m.vector for m in maps)
        return (x.channels, 1 if long else x.rows, x.rows * x.width if long else x.width)[which]

    return {name: partial(number, place) for place, name in enumerate(("channels", "rows", "width"))}


def whole(x: Map) -> dict[str, Any]:
    """Channels, rows and width as they are."""
    return {"channels": x.channels, "rows": x.rows, "width": x.width}


Lower = Callable[[Lowering, Node], None]
LOWER: dict[type[Layer], Lower] = {}
"""What each kind of layer becomes."""


def lowers(*kinds: type[Layer]) -> Callable[[Lower], Lower]:
    """Registers the function under it for kinds of layers."""

    def register(function: Lower) -> Lower:
        for kind in kinds:
            LOWER[kind] = function
        return function

    return register
