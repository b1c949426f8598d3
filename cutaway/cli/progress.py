"""How far something is: one line on stderr, drawn over itself. Where stderr is no terminal, nothing."""

from __future__ import annotations

import shutil
import sys
import time
from types import TracebackType
from typing import Self

BAR = 24
"""Characters of the bar."""
EVERY = 0.1
"""Seconds between two drawings."""


class Progress:
    """`with Progress("reading") as progress: progress(120, 360)`. The line goes away at the end.

    reading [########................] 120/360  20/s  0:12 left
    """

    def __init__(self, what: str) -> None:
        self.shown = sys.stderr is not None and sys.stderr.isatty()
        self.drawn = 0.0
        self._begin(what, 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear()

    def __call__(self, done: int, of: int, more: str = "", *, what: str = "") -> None:
        """Draws, at most ten times a second. A new `what` begins a new count of the rate."""
        if not self.shown:
            return
        if what and what != self.what:
            self._begin(what, done)
        now = time.monotonic()
        if now - self.drawn >= EVERY or done >= of:
            self.drawn = now
            rate = (done - self.first) / max(now - self.began, 1e-9)
            self._draw(line(self.what, done, of, rate) + more)

    def clear(self) -> None:
        """Leaves an empty line, for something else to be printed there."""
        if self.shown:
            self._draw("")

    def _begin(self, what: str, done: int) -> None:
        self.what, self.first, self.began = what, done, time.monotonic()

    def _draw(self, text: str) -> None:
        """Never the last column: some terminals begin a new line after it."""
        width = max(0, shutil.get_terminal_size().columns - 1)
        sys.stderr.write(f"\r{text[:width]:{width}}\r{text[:width]}")
        sys.stderr.flush()


def line(what: str, done: int, of: int, rate: float) -> str:
    """The text; `rate` is in things per second, and 0 while it is not known.

    >>> line("reading", 120, 360, 20.0)
    'reading [########................] 120/360  20/s  0:12 left'
    """
    filled = BAR * done // max(1, of)
    text = f"{what} [{'#' * filled:.<{BAR}}] {done:,}/{of:,}"
    if rate <= 0:
        return text
    return f"{text}  {rate:,.{0 if rate >= 10 else 1}f}/s  {clock((of - done) / rate)} left"


def clock(seconds: float) -> str:
    """
    >>> clock(75), clock(4000)
    ('1:15', '1:06:40')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
