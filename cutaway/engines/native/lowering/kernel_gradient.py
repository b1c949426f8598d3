"""The gradient of a convolution's kernel: what each tap saw, times the gradient of where it went."""

from __future__ import annotations

import math
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cutaway.engines.native import tiles
from cutaway.engines.native.kernels import products
from cutaway.engines.native.lowering.lowering import whole
from cutaway.engines.native.maps import Map

if TYPE_CHECKING:
    from cutaway.engines.native.lowering.convolution import Convolution

CHUNK = 256
"""Cells of a plane whose weight gradients are taken at a time, at least: adding over the lanes then costs little."""
SMALL, LEAST_FAN = 160, 64
"""Up to how many cells, and from how many products a cell, it is a product of matrices. Measured: docs/engine.md."""


def weights(own: Convolution, dy: Map) -> None:
    """The gradient of the kernel."""
    small = own.height * own.width <= SMALL and own.depth * math.prod(own.layer.size) >= LEAST_FAN
    if small and own.layer.groups == 1 and own.layer.count % own.low.machine.lanes == 0:
        small_weights(own, dy)
    else:
        large_weights(own, dy)


def small_weights(own: Convolution, dy: Map) -> None:
    """That of few cells: no sums over lanes, and no products of what lies beyond an edge."""
    low, layer, x = own.low, own.layer, own.x
    lanes = low.machine.lanes
    tile_p, tile_q = products.matrix_tile(low.machine)
    turned = 4 * own.height * own.width * lanes * lanes * tile_p // (2 if own.pairs else 1)
    room = low.build.scratchpad(turned + (2 * x.channels * x.rows * x.width * lanes if own.pairs else 0))
    low.add(
        "small_weights_pairs" if own.pairs else "small_weights",
        dy.root.level,
        x=x,
        dy=dy,
        dw=low.gradient(own.node, "kernel"),
        dw_row=4 * layer.count,
        channels=layer.count,
        depth=x.channels,
        height=own.height,
        width=own.width,
        x_height=x.rows,
        x_width=x.width,
        turned=room.after(0),
        shorts=room.after(turned),
        table=low.build.table(partial(sights, own), "int64"),
        entries=len(runs(own)),
        tile_p=tile_p,
        tile_q=tile_q,
        products=low.product_table("matrix", pairs=own.pairs),
    )


def runs(own: Convolution) -> list[tuple[int, ...]]:
    """What each tap sees, in runs of neighbouring cells: the tap's row and column, x's, dy's, and how many cells."""
    rows, columns = own.axes
    found: list[tuple[int, ...]] = []
    for r, s, i in product(range(rows.size), range(columns.size), range(own.height)):
        row, column = i * rows.stride + r * rows.dilation - rows.before, s * columns.dilation - columns.before
        if 0 <= row < own.x.rows:
            first, last = max(0, -column), min(own.width, own.x.width - column)
            if columns.stride == 1 and last > first:
                found.append((r, s, row, column + first, i, first, last - first))
            elif columns.stride > 1:
                places = [(j, column + j * columns.stride) for j in range(own.width)]
                found += [(r, s, row, place, i, j, 1) for j, place in places if 0 <= place < own.x.width]
    return found


def sights(own: Convolution) -> NDArray[np.int64]:
    """The same as the kernel reads it; see `kernels/small_maps.py`."""
    x, layer, lanes = own.x, own.layer, own.low.machine.lanes
    x_row, x_cell, each = (2 * lanes * x.width, 2 * lanes, lanes // 2) if own.pairs else (x.row, x.vector, lanes)
    tap = 4 * layer.count * own.depth
    return np.array(
        [
            (row * x_row + column * x_cell, (i * own.width + j) * each, (r * layer.size[1] + s) * tap, count * each)
            for r, s, row, column, i, j, count in runs(own)
        ]
        or [(0, 0, 0, 0)],
        np.int64,
    )


def large_weights(own: Convolution, dy: Map) -> None:
    """That of many cells: all lanes are added up at the end."""
    low, layer = own.low, own.layer
    rows, columns = own.axes
    x, height, top = own.x, own.height, -rows.before
    if own.pairs:
        x, dy, height = folded(own, dy)
        top = 0
    near = columns.stride == 1 and columns.dilation == 1
    pointwise = layer.size == (1, 1)
    counts = (own.depth, 1) if pointwise else layer.size
    shapes = frozenset(s[:3] for s in products.gradient_shapes(low.machine) if s[3] == near)
    r, s, q = tiles.gradient_tile(*counts, own.count, height * own.width, shapes)
    step = 4 * layer.count
    low.add(
        "convolution_weights",
        dy.root.level,
        x=x.place_at(top, -columns.before),
        x_map=x,
        dy=dy,
        height=height,
        width=own.width,
        x_step=columns.stride * x.vector,
        x_row=lambda: rows.stride * x.row,
        depth=1 if pointwise else own.depth,
        x_plane=lambda: x.plane,
        r_count=counts[0],
        r_step=(lambda: x.plane) if pointwise else (lambda: rows.dilation * x.row),
        r_tile=r,
        s_count=counts[1],
        s_step=columns.dilation * x.vector,
        s_tile=s,
        channels=own.count,
        tile_q=q,
        groups=layer.groups,
        x_group=lambda: own.depth * x.plane,
        dy_group=lambda: own.count * dy.plane,
        w=low.gradient(own.node, "kernel"),
        w_tap=step * own.depth,
        w_row=step if pointwise else step * own.depth * columns.size,
        w_depth=step,
        w_group=4 * own.count,
        chunk=max(1, -(-CHUNK // own.width)),
        gradients=low.product_table("gradient", near=near, pairs=own.pairs),
    )


def folded(own: Convolution, dy: Map) -> tuple[Map, Map, int]:
    """What came in and dy, folded in half: pairs of rows. And how many rows of dy that leaves."""
    low, rows, level = own.low, own.axes[0], dy.root.level
    half = -(-own.height // 2)
    x = low.map(((half - 1) * rows.stride + rows.span, own.x.width, own.x.channels), level)
    x.beside(0, own.columns_beside)
    slopes = low.map((half, own.width, dy.channels), level)
    zeros = low.build.constants(np.zeros(max(own.x.width, own.width) * low.machine.lanes))
    for source, target, height, top, apart in (
        (own.x, x, own.x.rows, -rows.before, half * rows.stride),
        (dy, slopes, own.height, 0, half),
    ):
        settings: dict[str, Any] = {"height": height, "top": top, "apart": apart, "zeros": zeros}
        low.add("fold", level, x=source, y=target, **settings, **whole(target))
    return x, slopes, half
