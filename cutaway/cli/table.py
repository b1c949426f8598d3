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
    from cutaway.views.text import blocks

    return "\n".join(blocks.columns(rows, ["r" if place in right else "l" for place in range(len(rows[0]))]))


def width() -> int:
    """Columns that a table may use: the terminal's, never fewer than 40, which is what the narrowest one needs."""
    return max(40, shutil.get_terminal_size().columns)
