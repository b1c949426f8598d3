"""Setting type in a terminal: columns that line up, blocks side by side, hairlines.

A *block* is a list of lines. Lines are padded where something stands to their right, never at the end.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from itertools import zip_longest

Block = list[str]
Row = Sequence[str]

GAP = "  "
HAIRLINE = "─"
SMALLEST = 12
"""Columns below which a wrapped column of a table is not squeezed."""


def aligned(texts: Sequence[str]) -> list[str]:
    """Numbers under each other, decimal point under decimal point; all of one width.

    >>> aligned(["1.25", "-10", "nan", ""])
    ['  1.25', '-10   ', 'nan   ', '      ']
    """
    parts = [text.partition(".") for text in texts]
    left = max(len(part[0]) for part in parts)
    right = max(len(part[1] + part[2]) for part in parts)
    return [f"{whole:>{left}}{point + rest:<{right}}" for whole, point, rest in parts]


def columns(rows: Sequence[Row], kinds: Sequence[str], gap: str = GAP) -> Block:
    """Rows of cells under each other. One letter per column: `l` left, `r` right, `.` by the decimal point."""
    cells = [_column(column, kind) for column, kind in zip(zip(*rows, strict=True), kinds, strict=True)]
    return [gap.join(row).rstrip() for row in zip(*cells, strict=True)]


def table(header: Row, rows: Sequence[Row], kinds: str, wrapped: Sequence[int], width: int) -> Block:
    """Columns under a header and a hairline. The columns `wrapped` take further lines where the table is too wide."""
    widths = [len(column[0]) for column in _cells(header, rows, kinds)]
    room = width - len(GAP) * (len(widths) - 1)
    while sum(widths) > room and max(widths[column] for column in wrapped) > SMALLEST:
        widths[max(wrapped, key=lambda column: widths[column])] -= 1
    for column in wrapped[:-1]:  # lines break between words: what that leaves goes to the last of these columns
        lines = (line for row in rows for line in _wrapped(row[column], widths[column]))
        widths[column] = max(map(len, lines))
    last = wrapped[-1]
    widths[last] = max(widths[last], room - sum(widths) + widths[last])
    tall = [line for row in rows for line in _tall(row, {column: widths[column] for column in wrapped})]
    block = [GAP.join(row).rstrip() for row in zip(*_cells(header, tall, kinds), strict=True)]
    return [block[0], rule(block), *block[1:]]


def rule(lines: Sequence[str]) -> str:
    """A hairline as long as the longest of some lines."""
    return HAIRLINE * max(map(len, lines))


def padded(block: Block) -> Block:
    """The same block with all lines of one length."""
    width = max(map(len, block))
    return [f"{line:<{width}}" for line in block]


def indented(block: Block, by: str = GAP) -> Block:
    """The block a little to the right."""
    return [(by + line).rstrip() for line in block]


def flow(blocks: Sequence[Block], signs: Sequence[str], width: int) -> Block:
    """Blocks side by side, a sign (`×`, `=`) before each but the first; in further rows where they do not fit."""
    rows: list[Block] = [padded(blocks[0])]
    for block, sign in zip(blocks[1:], signs, strict=True):
        joined = _joined(rows[-1], block, sign)
        if max(map(len, joined)) <= width:
            rows[-1] = joined
        else:
            rows.append(_joined([""] * len(block), block, sign))
    return [line.rstrip() for number, row in enumerate(rows) for line in ([""] * bool(number) + row)]


def _joined(left: Block, right: Block, sign: str) -> Block:
    """Two blocks of equal height; the sign at half height of what is below the title."""
    middle = (len(left) + 1) // 2
    right = padded(right)
    gaps = [f" {sign if number == middle else ' ' * len(sign)} " for number in range(len(left))]
    return ["".join(parts) for parts in zip(left, gaps, right, strict=True)]


def _column(texts: Sequence[str], kind: str) -> list[str]:
    if kind == ".":
        return aligned(texts)
    width = max(map(len, texts))
    return [f"{text:>{width}}" if kind == "r" else f"{text:<{width}}" for text in texts]


def _cells(header: Row, rows: Sequence[Row], kinds: str) -> list[list[str]]:
    """Padded columns, each with its heading, which stands over numbers at the right."""
    cells = []
    for head, texts, kind in zip(header, zip(*rows, strict=True), kinds, strict=True):
        body = _column(texts, kind)
        width = max(len(head), len(body[0]))
        cells.append([f"{text:<{width}}" if kind == "l" else f"{text:>{width}}" for text in (head, *body)])
    return cells


def _tall(row: Row, widths: Mapping[int, int]) -> list[list[str]]:
    """One row as several lines of cells: what does not fit into its column goes on below."""
    parts = [_wrapped(text, widths.get(column)) for column, text in enumerate(row)]
    return [list(line) for line in zip_longest(*parts, fillvalue="")]


def _wrapped(text: str, width: int | None) -> list[str]:
    lines = text.split("\n")
    return lines if width is None else [part for line in lines for part in textwrap.wrap(line, width) or [""]]
