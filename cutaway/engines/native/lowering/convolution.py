"""Convolution, with the ReLU and the max pooling after it; and back to what came in.

The gradient of the kernel is in `kernel_gradient.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cutaway.engines.native import tiles
from cutaway.engines.native.kernels import products
from cutaway.engines.native.lowering import kernel_gradient
from cutaway.engines.native.lowering.lowering import Lowering, Unsupported, by_channel, lowers, shares
from cutaway.engines.native.maps import Map, Place
from cutaway.layers import Conv, MaxPool, Relu
from cutaway.layers.window import Axis
from cutaway.net import Node

LEAST_CHANNELS, LEAST_FAN = 6, 64
"""From how many channels on, in and out, and products a cell, pairs of bfloat16 pay. Measured; see docs/engine.md."""
FARTHEST = 2**31
"""Bytes that a tap may be away from its row."""
NO_FLOOR = float("-inf")


@dataclass(eq=False)
class Convolution:
    """The numbers of one convolution, and what was taken along."""

    low: Lowering
    node: Node
    layer: Conv
    x: Map
    axes: tuple[Axis, Axis]
    rectified: bool
    pool: int
    """The size of the max pooling that was taken along, or 1."""
    height: int
    width: int
    """Rows and columns that are computed: those that no window of the pooling reaches are not."""

    @property
    def pairs(self) -> bool:
        """Whether products of bfloat16 pay: converting costs a few operations a cell, so there must be many."""
        if not self.low.purpose.pairs or self.layer.groups > 1:
            return False
        return min(self.depth, self.count) >= LEAST_CHANNELS and self.depth * math.prod(self.layer.size) >= LEAST_FAN

    @property
    def depth(self) -> int:
        """Channels in, of one group."""
        return self.x.channels // self.layer.groups

    @property
    def count(self) -> int:
        """Channels out, of one group."""
        return self.layer.count // self.layer.groups

    @property
    def columns_beside(self) -> int:
        """Columns of zeros that the window sees left or right of the maps."""
        axis = self.axes[1]
        return max(axis.before, (self.width - 1) * axis.stride + axis.span - axis.before - self.x.width, 0)

    @property
    def kernel(self) -> Place:
        """The weights as the layer declares them."""
        return self.low.weight(self.node, "kernel")


@lowers(Conv)
def convolution(low: Lowering, node: Node) -> None:
    (x,) = low.inputs(node)
    layer = node.layer
    assert isinstance(layer, Conv)
    axes = layer.axes(x.shape)
    chain, rectified, pool = [node], False, 1
    height, width = (axis.count for axis in axes)
    if (after := low.next(node.name)) and isinstance(after.layer, Relu):
        chain.append(after)
        rectified = True
    if (after := low.next(chain[-1].name)) and isinstance(after.layer, MaxPool):
        if size := poolable(after.layer, height, width):
            chain.append(after)
            pool, height, width = size, height // size * size, width // size * size
    own = Convolution(low, node, layer, x, axes, rectified, pool, height, width)
    y = low.output(chain, x.level)
    low.want(node, y, [x])
    codes = forward(own, y)
    low.back(lambda: backward(own, y, codes))


def poolable(layer: MaxPool, height: int, width: int) -> int:
    """The size of a pooling that can be taken along: windows side by side, all of them whole. Else 0."""
    size = layer.size[0]
    side_by_side = layer.size == layer.stride == (size, size) and layer.padding == "valid" and size in (2, 3)
    whole = layer.edge == "floor" or (height % size == 0 and width % size == 0)
    return size if side_by_side and whole and height >= size and width >= size else 0


# --- forward --------------------------------------------------------------------------------------


def forward(own: Convolution, y: Map) -> Place:
    """The records of the way there. Returns where the pooling's winners are noted."""
    low, (rows, columns) = own.low, own.axes
    x = low.in_pairs(own.x) if own.pairs else own.x
    below = (own.height - 1) * rows.stride + rows.span - rows.before - x.rows
    x.beside(max(rows.before, below, 0) if low.training and not own.pairs else 0, own.columns_beside)
    depth = x.channels // own.layer.groups
    fan = depth * math.prod(own.layer.size)
    starts = np.arange(own.width) * columns.stride - columns.before
    cut = cut_columns(low, existing(starts, columns.dilation, columns.size, x.width), columns.size, fan, own.count)
    bias, _ = low.bias(own.node, own.layer.biased)
    operands: dict[str, Any] = {
        "x": x.place,
        "w": packed(own, forward_index(own), cut["tile_q"]),
        "taps": low.build.table(partial(forward_taps, own, x, depth), "int32"),
        "fan": fan,
        "bias": bias,
        "floor": 0.0 if own.rectified else NO_FLOOR,
        "table": low.build.table(partial(forward_rows, own, x, depth, y), "int64"),
        "rows": own.height,
        "columns": own.width,
        **cut,
        "channels": own.count,
        "x_step": columns.stride * low.build.vector,
        "y_step": low.build.vector,
        "groups": own.layer.groups,
        "x_group": lambda: depth * x.plane,
        "y_group": lambda: own.count * y.plane,
        "products": low.product_table("product", near=columns.stride == 1, pairs=own.pairs),
        "adding": 0,
    }
    if own.pool == 1:
        low.add("convolve", x.level, y=y, y_plane=lambda: y.plane, x_map=x, **operands)
        return low.zeros
    codes = low.build.in_slot(own.layer.count * y.rows * y.width * low.machine.lanes)
    scratch = low.build.scratchpad(cut["tile_q"] * own.pool * own.width * low.build.vector)
    low.add(f"convolve_maxpool_{own.pool}", x.level, y=y, codes_address=codes, tile=scratch, x_map=x, **operands)
    return codes


def forward_taps(own: Convolution, x: Map, depth: int) -> NDArray[np.int64]:
    """Where each product's cell is, from the first of its window: [row of the kernel][channel][column]."""
    rows, columns = own.axes
    r, c, s = np.ogrid[: rows.size, :depth, : columns.size]
    return checked(own, c * x.plane + r * rows.dilation * x.row + s * columns.dilation * x.vector)


def checked(own: Convolution, offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Offsets that fit 32 bits."""
    if abs(offsets).max(initial=0) >= FARTHEST:
        raise Unsupported(f"{own.node.name} ({own.layer.text()}) has maps of more than 2 GB for a block of pictures")
    return offsets


def forward_rows(own: Convolution, x: Map, depth: int, y: Map) -> NDArray[np.int64]:
    """Of each row: where its input and its output begin, and which taps fall on rows that exist."""
    rows, columns = own.axes
    i = np.arange(own.height)
    top = i * rows.stride - rows.before
    per_row = depth * columns.size
    first, last = existing(top, rows.dilation, rows.size, x.rows)
    return np.stack([top * x.row - columns.before * x.vector, i * y.row, first * per_row, last * per_row], axis=1)


def existing(top: NDArray[np.int64], step: int, size: int, length: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Of `size` places, `step` apart from `top` on, which lie within a length: from the first to before the last."""
    return inside(top[:, None] + step * np.arange(size), length)


def inside(places: NDArray[np.int64], length: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which places of each line lie within a length: from the first to before the last. They follow each other."""
    within = (places >= 0) & (places < length)
    first = within.argmax(axis=1) if places.shape[1] else np.zeros(len(places), np.int64)
    return first, first + within.sum(axis=1)


def cut_columns(
    low: Lowering, seen: tuple[NDArray[np.int64], NDArray[np.int64]], across: int, fan: int, channels: int
) -> dict[str, Any]:
    """Columns in zones that see the same taps, where that is less work than to multiply the zeros beside the edges.

    `seen`: of each column the first tap across that it sees, and the one after the last. Both ways are counted: with
    zones there are more and narrower tiles.
    """
    shapes = frozenset(products.product_shapes(low.machine))
    ends = np.stack(seen, axis=1)
    firsts = [0, *(np.flatnonzero((ends[1:] != ends[:-1]).any(axis=1)) + 1).tolist()]
    counts = np.diff([*firsts, len(ends)]).tolist()
    zones = [(first, count, *ends[first].tolist()) for first, count in zip(firsts, counts, strict=True)]
    ways = []
    for way in ([(0, len(ends), 0, across)], zones):
        parts = tuple((count, fan * (last - first) // max(1, across)) for _, count, first, last in way)
        ways.append((tiles.product_tiles(parts, channels, shapes), way))
    cut, chosen = min(ways, key=lambda way: way[0].cost)
    table = [(first, count, p, *taps) for (first, count, *taps), p in zip(chosen, cut.columns, strict=True)]
    return {
        "zones": low.build.table(np.array(table), "int64"),
        "zone_count": len(table),
        "across": across,
        "tile_q": cut.channels,
    }


def kernel_numbers(own: Convolution) -> NDArray[np.int64]:
    """Of each weight its number in the kernel: [group, kernel row, channel in, kernel column, channel out]."""
    (kh, kw), g = own.layer.size, own.layer.groups
    number = np.arange(kh * kw * own.depth * own.layer.count).reshape(kh, kw, own.depth, g, own.count)
    return number.transpose(3, 0, 2, 1, 4)


def forward_index(own: Convolution) -> NDArray[np.int64]:
    """[group, products of a cell, channel out, 1 or (in pairs) 2]."""
    number = kernel_numbers(own)
    g, kh, depth, kw, count = number.shape
    if not own.pairs:
        return number.reshape(g, -1, count, 1)
    even = np.pad(number, ((0, 0), (0, 0), (0, depth % 2), (0, 0), (0, 0)), constant_values=-1)
    return even.reshape(g, kh, -1, 2, kw, count).transpose(0, 1, 2, 4, 5, 3).reshape(g, -1, count, 2)


def back_index(own: Convolution, down: list[int], across: list[int]) -> NDArray[np.int64]:
    """[group, products of a cell, channel in, 1 or 2], of the taps that a phase has."""
    number = kernel_numbers(own)[:, down][:, :, :, across].transpose(0, 1, 4, 3, 2)
    g, kh, count, kw, depth = number.shape
    if not own.pairs:
        return number.reshape(g, kh * count * kw, depth, 1)
    even = np.pad(number, ((0, 0), (0, 0), (0, count % 2), (0, 0), (0, 0)), constant_values=-1)
    pairs = even.reshape(g, kh, -(-count // 2), 2, kw, depth).transpose(0, 1, 2, 4, 5, 3)
    return pairs.reshape(g, kh * -(-count // 2) * kw, depth, 2)


def packed(own: Convolution, index: NDArray[np.int64], tile: int) -> Place:
    """Weights in the order of the products, [group][tile][tap][channel of the tile], filled in once a step."""
    low = own.low
    parts, start = [], 0
    for size in tiles.split(index.shape[2], tile):
        parts.append(index[:, :, start : start + size].reshape(index.shape[0], -1, index.shape[3]))
        start += size
    order = np.concatenate(parts, axis=1).reshape(-1, index.shape[3])
    place = low.build.in_shared(4 * max(1, len(order)))
    low.build.add_for_batch(
        "pack_pairs" if own.pairs else "pack",
        -1,
        packed=place,
        w=own.kernel,
        index=low.build.table(order, "int32"),
        **shares(low, len(order)),
    )
    return place


# --- back -----------------------------------------------------------------------------------------


def backward(own: Convolution, y: Map, codes: Place) -> None:
    """The records of the way back."""
    low = own.low
    if not low.has_slope(y):
        return
    dy = full_gradient(own, y, codes)
    kernel_gradient.weights(own, dy)
    if low.wants(own.x):
        data(own, dy)


def full_gradient(own: Convolution, y: Map, codes: Place) -> Map:
    """The gradient of all cells that were computed; and that of the bias."""
    low, slope = own.low, own.low.slope(y)
    level = slope.root.level
    _, db = low.bias(own.node, own.layer.biased)
    biased = int(own.layer.biased)
    if own.pool > 1:
        full = low.map((own.height, own.width, own.layer.count), level)
        low.build.add(
            f"unpool_{own.pool}",
            level,
            None,
            "",
            dx=full,
            dy=slope,
            codes_address=codes,
            db=db,
            biased=biased,
            channels=y.channels,
            rows=y.rows,
            width=y.width,
        )
        return full
    if own.rectified:
        low.add(
            "rectified_back", level, y=y, dy=slope, db=db, biased=biased, ceiling=float("inf"), **by_channel(y, slope)
        )
    elif own.layer.biased:
        low.add("bias_gradient", level, dy=slope, db=db, **by_channel(slope))
    return slope


def data(own: Convolution, dy: Map) -> None:
    """The gradient of what came in: dy slides over the kernel turned around.

    With a stride, cells of the input that are that far apart see the same taps: each such phase is a convolution.
    """
    rows, columns = own.axes
    if own.pairs:
        dy = own.low.in_pairs(dy)
    for a in range(min(rows.stride, own.x.rows)):
        for b in range(min(columns.stride, own.x.width)):
            phase(own, dy, a, b)


def phase(own: Convolution, dy: Map, a: int, b: int) -> None:
    """Cells (a, b), (a, b + stride), ... of the input."""
    low, (rows, columns), x = own.low, own.axes, own.x
    down, across = taps_of(rows, a), taps_of(columns, b)
    width = -(-(x.width - b) // columns.stride)
    offsets = [(b + columns.before - s * columns.dilation) // columns.stride for s in across]
    beside = max([0, *(-o for o in offsets), *(o + width - own.width for o in offsets)])
    dy.beside(0, beside)
    index, count = back_index(own, down, across), dy.channels // own.layer.groups
    fan = index.shape[1]
    places = np.array(offsets, np.int64) + np.arange(width)[:, None]
    cut = cut_columns(low, inside(places, own.width), len(across), fan, own.depth)
    dx = low.slope(x)
    step = columns.stride * x.vector
    low.add(
        "convolve",
        dy.root.level,
        into=x,
        writer=own.node.name,
        x=dy.place,
        x_map=dy,
        y=dx,
        y_plane=lambda: dx.plane,
        w=packed(own, index, cut["tile_q"]),
        taps=low.build.table(partial(back_taps, own, dy, count, a, down, offsets), "int32"),
        fan=fan,
        bias=low.zeros,
        floor=NO_FLOOR,
        table=low.build.table(partial(back_rows, own, dy, dx, (a, b), down, count * len(across)), "int64"),
        rows=-(-(x.rows - a) // rows.stride),
        columns=width,
        **cut,
        channels=own.depth,
        x_step=dy.vector,
        y_step=step,
        groups=own.layer.groups,
        x_group=lambda: count * dy.plane,
        y_group=lambda: own.depth * dx.plane,
        products=low.product_table("product", near=True, pairs=own.pairs),
    )


def taps_of(axis: Axis, phase: int) -> list[int]:
    """The taps of the kernel that a cell of this phase takes part in."""
    return [tap for tap in range(axis.size) if (phase + axis.before - tap * axis.dilation) % axis.stride == 0]


def back_taps(own: Convolution, dy: Map, count: int, a: int, down: list[int], offsets: list[int]) -> NDArray[np.int64]:
    """Where each product's cell of dy is: [row of the kernel][channel out][column]."""
    rows = own.axes[0]
    r = np.array([(a + rows.before - tap * rows.dilation) // rows.stride for tap in down], np.int64)
    n, s = np.arange(count), np.array(offsets, np.int64)
    return checked(own, n[:, None] * dy.plane + r[:, None, None] * dy.row + s * dy.vector)


def back_rows(
    own: Convolution, dy: Map, dx: Map, phase: tuple[int, int], down: list[int], per_row: int
) -> NDArray[np.int64]:
    """Of each row of this phase: where dy and dx begin, and which taps fall on rows of dy that exist."""
    rows, (a, b) = own.axes[0], phase
    m = np.arange(-(-(own.x.rows - a) // rows.stride))
    r = np.array([(a + rows.before - tap * rows.dilation) // rows.stride for tap in down], np.int64)
    first, last = inside(r + m[:, None], own.height)
    starts = (a + m * rows.stride) * dx.row + b * dx.vector
    return np.stack([m * dy.row, starts, first * per_row, last * per_row], axis=1)
