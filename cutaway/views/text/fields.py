"""What a cell depends on: its receptive field in each layer, back to the picture, and framed in the picture."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence

import numpy as np

from cutaway.layers.layer import Region, describe
from cutaway.net import INPUT
from cutaway.trace import Cell
from cutaway.trace.windows import box
from cutaway.views.text.blocks import Block, columns, indented, padded
from cutaway.views.text.drawings import means, shaded

ROWS, MARKS = 24, 36
"""The picture is drawn in at most so many lines and so many marks to a line, of two characters each."""


def field(cell: Cell, *, width: int = 80) -> str:
    """The smallest box in each layer that holds all that a cell depends on; then the picture, its box in a frame.

    conv2[1, 1, 0] depends on

      conv2[1, 1, 0]             1x1x1
      conv1[1..3, 1..3, 0..1]    3x3x2 of 6x6x2
      input[1..5, 1..5, 0]       5x5x1 of 8x8x1, 39 % of the picture
    """
    found = cell.receptive_field()
    lines = [f"{cell.address} depends on", "", *indented(_boxes(cell, found))]
    if INPUT not in found:
        return "\n".join([*lines, "", "and on nothing of the picture: its windows lie in the padding alone"])
    if cell.stage.name == INPUT:
        return f"{cell.address} is a pixel of the picture: it depends on itself"
    return "\n".join([*lines, "", *indented(_picture(cell, found[INPUT], width - 2))])


def _boxes(cell: Cell, found: Mapping[str, Region]) -> Block:
    trace = cell.stage.trace
    rows = []
    for stage in reversed(list(trace)):
        if stage.name in found:
            size = tuple(map(len, found[stage.name]))
            of = "" if stage is cell.stage else _all_of(size, stage.shape, stage.name == INPUT)
            rows.append((box(stage.name, found[stage.name]), describe(size), of))
    return columns(rows, "lrl")


def _all_of(size: Sequence[int], shape: Sequence[int], picture: bool) -> str:
    what = "the picture" if picture else "it"
    if tuple(size) == tuple(shape):
        return f"all of {what}"
    share = f", {100 * math.prod(size) / math.prod(shape):.2g} % of the picture" if picture else ""
    return f"of {describe(tuple(shape))}{share}"


def _picture(cell: Cell, region: Region, width: int) -> Block:
    """The picture in shades, with a frame around the field."""
    grey = np.asarray(cell.stage.trace.picture, np.float64).mean(axis=2)
    rows, cols = grey.shape
    block = max(1, -(-rows // ROWS), -(-cols // min(MARKS, (width - 4) // 2)))
    lines = [[mark * 2 for mark in row] for row in shaded(means(grey, block))]
    top, bottom = region[0][0] // block, region[0][-1] // block
    left, right = region[1][0] // block, region[1][-1] // block
    framed = _framed(lines, (top, bottom), (left, right))
    edge = "─" * max(map(len, framed))
    note = f"; each mark is the mean of {block}x{block} pixels, and the frame takes in whole marks" if block > 1 else ""
    what = textwrap.wrap(f"the picture, and the field in a frame{note}", width)
    return [*what, f"┌{edge}┐", *(f"│{line}│" for line in padded(framed)), f"└{edge}┘"]


def _framed(rows: Sequence[Sequence[str]], down: tuple[int, int], across: tuple[int, int]) -> Block:
    """Rows of marks with double lines around those from and to which the field goes; both edges belong to it."""
    (top, bottom), (left, right) = down, across
    before, within = "".join(rows[0][:left]), "".join(rows[0][left : right + 1])
    side = " " * len(before)
    frame = [f"{side}╔{'═' * len(within)}╗", f"{side}╚{'═' * len(within)}╝"]
    lines = []
    for number, row in enumerate(rows):
        bar = "║" if top <= number <= bottom else " "
        parts = ("".join(row[:left]), "".join(row[left : right + 1]), "".join(row[right + 1 :]))
        lines += [frame[0]] if number == top else []
        lines.append(bar.join(parts))
        lines += [frame[1]] if number == bottom else []
    return lines
