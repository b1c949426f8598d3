"""The maps of a trace, very small and side by side, in the order in which the picture goes through the layers."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from itertools import zip_longest

import numpy as np

from cutaway.net import INPUT
from cutaway.trace import Stage, Trace
from cutaway.views.text.blocks import GAP, Block, padded
from cutaway.views.text.drawings import BELOW, SHADES, shaded, shrunk

HEIGHT = 3
"""Lines of a map."""
WIDEST = 12
"""Marks to a line of a map. A mark is half as wide as it is high: a square takes twice as many as it has lines."""
MANY = 16
"""Layers of maps up to which all are drawn; of more, the last of each size."""


def strip(trace: Trace, *, width: int = 80) -> str:
    """The strongest map of each layer: the one whose numbers are the largest on average, whatever their sign.

        the strongest map of each layer:

        input     conv1     maxpool1
        │  ▒▒  │  │· █· │   │▒█▓░│
        │ ▒█▒  │  │ ▒▓  │   │░▓█▒│
        │  ▒▒  │  │·=≡· │   map 4
                  map 12

    A layer that changed nothing is left out. Of a net without maps there is nothing to draw: an empty text.
    """
    changing = [stage for stage in trace if len(stage.shape) == 3 and not _same(stage)]
    if not any(stage.node for stage in changing):
        return ""
    shown = changing if len(changing) <= MANY else _last_of_each_size(changing)
    which = "the last layer of each size" if len(shown) < len(changing) else "each layer"
    lines = _flow([_frame(stage) for stage in shown], width)
    return "\n".join([f"the strongest map of {which}:", "", *lines, "", *textwrap.wrap(_key(shown), width)])


def strongest(stage: Stage) -> int:
    """The map whose numbers are the largest on average, whatever their sign; the first of equal ones."""
    sizes = np.abs(np.asarray(stage.output, np.float64)).mean(axis=(0, 1))
    return int(np.argmax(np.nan_to_num(sizes, nan=-1.0)))


def _same(stage: Stage) -> bool:
    """Whether a layer passed on what came in."""
    return any(np.array_equal(stage.output, fed) for fed in stage.fed)


def _last_of_each_size(stages: Sequence[Stage]) -> list[Stage]:
    last = {stage.shape[:2]: stage for stage in stages}
    return [stage for stage in stages if stage.name == INPUT or last[stage.shape[:2]] is stage]


def _frame(stage: Stage) -> Block:
    """A map between bars, its layer above and its number below."""
    number = strongest(stage)
    small = stage.map(number)
    rows = min(HEIGHT, len(small))
    columns = min(WIDEST, max(2, round(2 * rows * small.shape[1] / len(small))))
    marks = [f"│{line}│" for line in shaded(shrunk(small, rows, columns))]
    return padded([stage.name, *marks, *([f"map {number}"] if stage.shape[2] > 1 else [])])


def _flow(frames: Sequence[Block], width: int) -> Block:
    """As many side by side as fit, and the others below."""
    bands: list[list[Block]] = [[]]
    for frame in frames:
        used = sum(len(other[0]) + len(GAP) for other in bands[-1])
        if bands[-1] and used + len(frame[0]) > width:
            bands.append([])
        bands[-1].append(frame)
    lines: Block = []
    for band in bands:
        rows = zip_longest(*band)
        texts = ([part or " " * len(frame[0]) for part, frame in zip(row, band, strict=True)] for row in rows)
        lines += [*([""] if lines else []), *(GAP.join(row).rstrip() for row in texts)]
    return lines


def _key(shown: Sequence[Stage]) -> str:
    """What the marks mean."""
    below = any((stage.map(strongest(stage)) < 0).any() for stage in shown)
    signs = f"{SHADES.strip()} above 0, {BELOW.strip()} below" if below else f"{SHADES.strip()} above 0"
    return f"{signs}, each map on its own scale; a mark is the mean of the cells in its place"
