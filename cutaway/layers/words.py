"""Reading one phrase of the notation, word by word, with errors that point at the word.

conv 6 5x5 stride 2 same
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from itertools import chain

from cutaway.errors import NotationError
from cutaway.wording import nearest as nearest

MOST_DIGITS = 9
"""Of a whole number: nobody's layer has a thousand million of anything."""
PAIR = re.compile(r"(\d+)(?:x(\d+))?")


class Words:
    """The words of one phrase. `next` moves on; whatever does not fit raises NotationError."""

    def __init__(self, words: Sequence[str], places: Sequence[str] = (), classes: int | None = None) -> None:
        self.words = list(words)
        self.places = list(places) or [""] * len(self.words)
        """Where each word stands, for errors: `line 2, column 7: `."""
        self.classes = classes
        self.position = 0

    @property
    def more(self) -> bool:
        """Whether a word is left."""
        return self.position < len(self.words)

    def peek(self) -> str:
        """The word that comes next, or an empty one at the end."""
        return self.words[self.position] if self.more else ""

    def next(self, expected: str) -> str:
        """The next word, whatever it is; `expected` says what should stand here."""
        if not self.more:
            raise self.error(f"expected {expected} at the end")
        self.position += 1
        return self.words[self.position - 1]

    def one_of(self, *choices: str) -> str:
        """The next word, which must be one of these."""
        word = self.next(" or ".join(choices))
        if word in choices:
            return word
        raise self.error(f"expected {', '.join(choices)}; got {word!r}{nearest(word, choices)}")

    def options(self, *choices: str | tuple[str, ...]) -> Iterator[str]:
        """The options that are left, in any order, each at most once; of those in one tuple at most one."""
        groups = [(choice,) if isinstance(choice, str) else choice for choice in choices]
        taken: dict[tuple[str, ...], str] = {}
        while self.more:
            option = self.one_of(*chain(*groups))
            group = next(group for group in groups if option in group)
            if before := taken.get(group):
                wrong = "is given twice" if before == option else f"and {before!r} exclude each other"
                raise self.error(f"{option!r} {wrong}; leave one out")
            taken[group] = option
            yield option

    def integer(self, expected: str, *, least: int = 1) -> int:
        """The next word as a whole number; `classes` stands for the number of classes, where that is known."""
        word = self.next(expected)
        if word == "classes":
            word = self._classes()
        if not word.isdecimal() or len(word) > MOST_DIGITS or int(word) < least:
            raise self.error(f"expected {expected}, a whole number from {least} up; got {word[:40]!r}")
        return int(word)

    def _classes(self) -> str:
        if self.classes is None:
            known = " ".join("10" if word == "classes" else word for word in self.words)
            raise self.error(f"how many classes there are is not known here; give classes=10, or write {known!r}")
        return str(self.classes)

    def number(self, expected: str) -> float:
        """The next word as a number."""
        word = self.next(expected)
        try:
            number = float(word)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise self.error(f"expected {expected}, a number; got {word!r}")
        return number

    def pair(self, expected: str) -> tuple[int, int]:
        """The next word as rows x columns: `3` or `3x5`."""
        word = self.next(expected)
        match = PAIR.fullmatch(word)
        if not match or 0 in (rows := int(match[1]), columns := int(match[2] or match[1])):
            raise self.error(f"expected {expected} like 3 or 3x5; got {word!r}")
        return rows, columns

    def numeric(self) -> bool:
        """Whether the next word starts like a number."""
        return self.peek()[:1].isdecimal() or (self.peek()[:1] in {"-", "."} and len(self.peek()) > 1)

    def end(self) -> None:
        """Raises if words are left."""
        if self.more:
            before = " ".join(self.words[: self.position])
            raise self.error(f"expected nothing after {before!r}; got {self.next('nothing')!r}")

    def error(self, message: str) -> NotationError:
        """The error of the word that was taken last: where it stands, in which phrase, what was expected."""
        return NotationError(f"{self.places[self.position - 1]}in {' '.join(self.words)!r}: {message}")


def size_text(size: tuple[int, int]) -> str:
    """A size in the notation: 3x3 stays 3x3."""
    return f"{size[0]}x{size[1]}"


def short_text(size: tuple[int, int]) -> str:
    """A size that is mostly square, as for strides: 2x2 is 2."""
    return str(size[0]) if size[0] == size[1] else size_text(size)
