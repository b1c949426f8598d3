"""Sums: labels with their numbers under each other, a hairline, what they come to, what is done with that."""

from __future__ import annotations

from collections.abc import Sequence

from cutaway.trace.parts import Account
from cutaway.views.figure.colours import GREY, INK
from cutaway.views.figure.drawing import MONO, SANS, Drawing, hairline, measure, number, words

SIZE = 14.0
LINE = 24.0
SPACE = 28.0
"""Between labels and numbers."""


def added(account: Account) -> Drawing:
    """An account, decimal point under decimal point."""
    rows = [*account.above, *account.total, *account.steps]
    left = max(measure(name, SIZE, MONO) for name, _ in rows) + SPACE
    point = left + _wide(max(len(text.partition(".")[0]) for _, text in rows))
    right = point + _wide(max(len(text) - len(text.partition(".")[0]) for _, text in rows))
    elements: list[str] = []
    y = 0.0
    for place, (name, text) in enumerate(rows):
        if account.total and place == len(account.above):
            elements.append(hairline(0, y + 3, right, GREY))
            y += 6
        end = point + _wide(len(text) - len(text.partition(".")[0]))
        bold = place >= len(account.above)
        elements += _row(name, text, end, y + LINE / 2, bold=bold)
        y += LINE
    return Drawing(right, y, tuple(elements))


def notes(lines: Sequence[tuple[str, str]]) -> Drawing:
    """Small lines: a name in grey, what it says."""
    left = max(measure(name, 12) for name, _ in lines) + 12
    elements = [
        element
        for place, (name, said) in enumerate(lines)
        for element in (
            words(name, 0, (place + 0.5) * 18, 12, SANS, GREY),
            words(said, left, (place + 0.5) * 18, 12, MONO, INK),
        )
    ]
    return Drawing(left + max(measure(said, 12, MONO) for _, said in lines), 18 * len(lines), tuple(elements))


def _row(name: str, text: str, end: float, y: float, *, bold: bool) -> tuple[str, str]:
    return (
        words(name, 0, y, SIZE, MONO, INK, bold=bold),
        words(number(text), end, y, SIZE, MONO, INK, anchor="end", bold=bold),
    )


def _wide(characters: int) -> float:
    return measure(" " * characters, SIZE, MONO)
