"""Runs a program: fills in the call, sets the threads to work, reads what came of it."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from cutaway.engines.native.compiler import library
from cutaway.engines.native.kernels import run as running
from cutaway.engines.native.program import RUN, Program
from cutaway.engines.native.threads import Threads, address, yielding
from cutaway.layers.layer import Array


@dataclass(eq=False)
class Runner:
    """A program with its threads."""

    program: Program
    threads: Threads

    def __post_init__(self) -> None:
        self.entry, self.work = library().address("run"), self.program.runs_address
        self.words = memoryview(self.program.call.data).cast("B").cast("q")  # writes in a third of NumPy's time
        self.words[running.YIELD] = yielding()

    def run(
        self,
        stages: tuple[int, int],
        *,
        total: int = 0,
        batch: int = 1,
        steps: int = 1,
        active: int = 0,
        **places: Array | None,
    ) -> int:
        """Runs stages first ... last for every step. Returns how many steps were done with all numbers finite.

        `active`: how many threads take part, if not all. About 5 microseconds beside what the threads do.
        """
        first, last = stages
        asked = [place_of(places.get(name)) for name in PLACES]
        active = active or self.program.builder.threads
        asked += [total, batch, steps, self.program.stage_address(first), last - first, active]
        with self.threads.lock:  # another thread of Python may be using them
            LAYOUT.pack_into(self.words, 0, *asked, *NOTHING_YET)
            self.threads.run(self.entry, self.work, RUN, self._abandon, active)
            return self.words[running.DONE]

    def _abandon(self) -> None:
        self.words[running.ABANDONED] = 1


PLACES = ("pictures", "rows", "changes", "targets", "losses", "outputs", "numbers", "keys")
"""The first words of the call: addresses of arrays."""
NOTHING_YET = (0,) * 4
"""Trouble, arrived, abandoned, done."""
LAYOUT = struct.Struct(f"{len(PLACES) + 6 + len(NOTHING_YET)}q")
"""The words of the call up to there, in the order of `kernels/run.py`, written at once: one by one takes longer."""


def place_of(array: Array | None) -> int:
    """Its address, or 0 where there is none."""
    if array is None:
        return 0
    assert array.flags.c_contiguous
    return address(array)
