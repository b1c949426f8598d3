"""The fastest that this processor multiplies and adds, measured: what a share of the peak refers to."""

from __future__ import annotations

import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from cutaway.engines.native.compiler import library
from cutaway.engines.native.kernels.products import name_of
from cutaway.engines.native.threads import address, function

TURNS = 400_000
"""Turns of the loop in one measurement: a few hundredths of a second."""
SUMS, TIMES = 24, 4
"""Sums in registers, and how often each is added to in one turn."""


def peak(precision: str = "float32", threads: int = 2, rounds: int = 5) -> float:
    """Billions of additions and multiplications a second, the median of some rounds, on all threads at once.

    A loop whose sums and factors stay in registers: no memory, no waiting.
    """
    machine = library().machine
    pairs = precision == "bf16"
    entry = function(library().address(name_of("peak", pairs), "peak"))
    room = [np.zeros(4 * machine.lanes * (SUMS + 3) + 64, np.uint8) for _ in range(threads)]
    records = [np.array([-(-r.ctypes.data // 64) * 64, TURNS], np.int64) for r in room]
    operations = threads * TURNS * SUMS * TIMES * machine.lanes * (4 if pairs else 2)
    rates = []
    with ThreadPoolExecutor(threads) as workers:
        for _ in range(rounds):
            began = time.perf_counter()
            list(workers.map(entry, map(address, records)))
            rates.append(operations / (time.perf_counter() - began) / 1e9)
    return statistics.median(rates)
