"""Stopping at a good moment: a signal is remembered, and the work that is going on ends by itself."""

from __future__ import annotations

import contextlib
import os
import signal
from types import FrameType
from typing import Any

SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
"""Ctrl-C, `kill`, and a terminal that is closed (unless `nohup` said to ignore that)."""


class Stopping:
    """`with Stopping("stopping soon") as stop: ... if stop: break`. The second signal ends the process at once."""

    def __init__(self, answer: str) -> None:
        self.answer = answer
        """What is said on stderr when the first signal is heard."""
        self.number = 0
        """The signal that came; 0 while none has."""
        self._before: dict[int, Any] = {}

    def __bool__(self) -> bool:
        return self.number > 0

    @property
    def exit_code(self) -> int:
        """As shells count: 128 + the number of the signal."""
        return 128 + self.number

    def __enter__(self) -> Stopping:
        self._before = {s: signal.getsignal(s) for s in SIGNALS if signal.getsignal(s) is not signal.SIG_IGN}
        for which in self._before:
            signal.signal(which, self._heard)
        return self

    def __exit__(self, *_: object) -> None:
        for which, handler in self._before.items():
            signal.signal(which, handler)

    def _heard(self, number: int, frame: FrameType | None) -> None:
        if self:
            os._exit(128 + number)  # not SystemExit: that would save once more, in the middle of a step
        self.number = number
        with contextlib.suppress(OSError):  # the terminal may be gone
            os.write(2, f"\n{self.answer}\n".encode())  # sys.stderr may be in the middle of a line, and then refuses
