"""Runs a program: fills in the call, sets the threads to work, reads what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from cutaway.engines.native.compiler import library
from cutaway.engines.native.kernels import run as running
from cutaway.engines.native.program import Program
from cutaway.engines.native.threads import Threads, function, yielding
from cutaway.layers.layer import Array


@dataclass(eq=False)
class Runner:
    """A program with its threads."""

    program: Program
    threads: Threads

    def __post_init__(self) -> None:
        entry = function(library().address("run"))
        base = self.program.memory.ctypes.data + self.program.starts[2]
        self.parts = [partial(entry, base + t * running.RECORD * 8) for t in range(self.threads.count)]
        self.words = self.program.call
        self.words[running.YIELD] = yielding()

    def run(
        self,
        stages: tuple[int, int],
        *,
        total: int = 0,
        batch: int = 1,
        steps: int = 1,
        **places: Array,
    ) -> int:
        """Runs stages first ... last for every step. Returns how many steps were done with all numbers finite."""
        words = self.words
        for name, array in places.items():
            assert array.flags.c_contiguous
            words[getattr(running, name.upper())] = array.ctypes.data
        words[running.TOTAL], words[running.BATCH], words[running.STEPS] = total, batch, steps
        words[running.STAGES] = stages[1] - stages[0]
        words[running.TROUBLE] = words[running.ARRIVED] = words[running.ABANDONED] = words[running.DONE] = 0
        self.program.start_at(stages[0])
        self.threads.run(self.parts, self._abandon)
        return int(words[running.DONE])

    def _abandon(self) -> None:
        self.words[running.ABANDONED] = 1
