"""Rows of text in columns."""

from __future__ import annotations

import shutil
from collections.abc import Sequence


def columns(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Lines in which each column is as wide as its widest cell; those numbered in `right` end at the same place.

    >>> print(columns([["cat", "7"], ["elephant", "12"]], right=[1]))
    cat        7
    elephant  12
    """
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(_cells(row, widths, right)).rstrip() for row in rows)


def _cells(row: Sequence[str], widths: Sequence[int], right: Sequence[int]) -> list[str]:
    return [
        f"{cell:>{w}}" if k in right else f"{cell:<{w}}" for k, (cell, w) in enumerate(zip(row, widths, strict=True))
    ]


def width() -> int:
    """Columns that a table may use: the terminal's, never fewer than 40, which is what the narrowest one needs."""
    return max(40, shutil.get_terminal_size().columns)
