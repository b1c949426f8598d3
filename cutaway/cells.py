"""Cells of CSV that no spreadsheet program computes, and that come back as they were."""

import csv
import io
from collections.abc import Sequence

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")


def guarded(cell: str) -> str:
    """A text that no spreadsheet program takes for a formula.

    >>> guarded("=1+1"), guarded("cat"), guarded("'=")
    ("'=1+1", 'cat', "''=")
    """
    return f"'{cell}" if cell.startswith(DANGEROUS) or cell.lstrip("'") != cell else cell


def unguarded(cell: str) -> str:
    """The text that `guarded` was given."""
    return cell.removeprefix("'")


def line(cells: Sequence[str]) -> str:
    """A line of CSV.

    >>> line(["a,b", "=1"])
    '"a,b",\\'=1\\n'
    """
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow([guarded(cell) for cell in cells])  # so that it quotes both
    return text.getvalue().removesuffix("\r\n") + "\n"
