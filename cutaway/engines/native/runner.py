"""Runs a program: fills in the call, sets the threads to work, reads what came of it."""

from __future__ import annotations

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
        words, active = self.words, active or self.threads.count
        for name, word in WORDS.items():
            array = places.get(name)
            assert array is None or array.flags.c_contiguous
            words[word] = 0 if array is None else address(array)
        words[running.TOTAL], words[running.BATCH], words[running.STEPS] = total, batch, steps
        words[running.FIRST_STAGE], words[running.STAGES] = self.program.stage_address(stages[0]), stages[1] - stages[0]
        words[running.ACTIVE] = active
        words[running.TROUBLE] = words[running.ARRIVED] = words[running.ABANDONED] = words[running.DONE] = 0
        self.threads.run(self.entry, self.work, RUN, self._abandon, active)
        return words[running.DONE]

    def _abandon(self) -> None:
        self.words[running.ABANDONED] = 1


WORDS = {
    name: getattr(running, name.upper())
    for name in ("pictures", "rows", "changes", "targets", "losses", "outputs", "numbers", "keys")
}
"""The words of the call that are addresses of arrays."""
