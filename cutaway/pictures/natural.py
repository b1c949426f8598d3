"""Natural order: `2` before `10`, `B` between `a` and `c`."""

import re
from collections.abc import Iterable

Key = tuple[tuple[tuple[int, str], ...], str]


def natural(text: str) -> Key:
    """The key that sorts names as people count.

    >>> sorted(["10", "b", "2", "A"], key=natural)
    ['2', '10', 'A', 'b']

    Upper and lower case sort together; names that differ in nothing else keep the order of their characters.
    Digits are compared by length and then by digit, so that no number is too long.
    """
    words, numbers = (re.compile(r"(\d+)").split(text.casefold())[::2], re.findall(r"\d+", text.casefold()))
    parts = [(0, words[0])]
    for number, word in zip(numbers, words[1:], strict=True):
        digits = number.lstrip("0")
        parts += [(len(digits), digits), (0, word)]
    return tuple(parts), text


def ordered(names: Iterable[str]) -> tuple[str, ...]:
    """The different names, in natural order."""
    return tuple(sorted(set(names), key=natural))
