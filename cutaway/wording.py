"""Words for messages: any text on one line, the nearest of some names, the first of many, bytes."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def one_line(text: str) -> str:
    r"""Any text without line breaks and control characters: `\n`, `\r`, `\t` or `\uXXXX` stand for them.

    >>> print(one_line("two\nlines"))
    two\nlines

    Bytes of a file name that are no text (which Python holds as lone surrogates) are written as `\udcXX`, so that the
    result can always be encoded. A text that came out of this stays as it is.
    """
    return "".join(c if c.isprintable() else SHORT.get(c) or _code(c) for c in text)


def nearest(word: str, choices: Sequence[str]) -> str:
    """`; did you mean 'same'?` for the choice most like a word, or nothing."""
    close = difflib.get_close_matches(word, choices, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def first(names: Sequence[str], most: int) -> str:
    """Some names, and how many are left.

    >>> first(["cat", "dog", "fox"], 2)
    'cat, dog, 1 more'
    """
    more = [f"{len(names) - most:,} more"] if len(names) > most else []
    return ", ".join([*names[:most], *more])


def memory(count: int) -> str:
    """So many bytes.

    >>> memory(13_824)
    '13.8 kB'
    """
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"


def _code(character: str) -> str:
    number = ord(character)
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
