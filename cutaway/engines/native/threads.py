"""Threads that work outside of Python, all at once; see `kernels/workers.py` for how they are called."""

from __future__ import annotations

import ctypes
import os
import threading
import weakref
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from cutaway.engines.native.compiler import library
from cutaway.engines.native.kernels import KERNELS, workers

LINE = 64
"""Bytes of a cache line."""
NO_BYTES = ctypes.c_char * 0
WORDS = {name: place + 1 for place, name in enumerate(KERNELS["lead"].fields)}
"""Where a call's fields are in its record."""


class Threads:
    """`Threads(2).run(entry, work, pitch, abandon)`: runs the code at `entry` on records `pitch` bytes apart.

    The caller's own thread takes the first record, and returns when all are done.
    """

    def __init__(self, count: int) -> None:
        self.count, self.lock = count, threading.Lock()
        kernels = library()
        self._lead, self._finish, self._wait = (function(kernels.address(name)) for name in ("lead", "finish", "wait"))
        self.stations = aligned((count - 1) * workers.STATION + LINE)
        call = aligned(8 * (1 + len(WORDS)))
        self.record, self.call = address(call), memoryview(call.data)  # which is written in a third of NumPy's time
        self.call[WORDS["sleepers"]] = self.record  # its first word, which no kernel reads
        self.call[WORDS["stations"]], self.call[WORDS["other"]] = address(self.stations), yielding()
        self._hire()

    def run(self, entry: int, work: int, pitch: int, abandon: Callable[[], None], count: int = 0) -> None:
        """Runs `count` parts at once, or as many as there are threads.

        `abandon` is called where the caller is interrupted: others may wait for its part.
        """
        if self.process != os.getpid():  # after a fork, only the thread that forked is there
            self._hire()
        call, record = self.call, self.record
        call[WORDS["workers"]] = (count or self.count) - 1
        call[WORDS["entry"]], call[WORDS["work"]], call[WORDS["pitch"]] = entry, work, pitch
        try:
            self._lead(record)
            if call[0]:
                self._wake()
                self._finish(record)
        except BaseException:
            abandon()
            self._wake()
            self._wait(record)
            raise

    def _hire(self) -> None:
        """Starts the workers, which sleep until they are called."""
        self.process = os.getpid()
        self.stations[:] = 0
        self.doors = [threading.Semaphore(0) for _ in range(self.count - 1)]
        ended = threading.Event()
        serve = function(library().address("serve"))
        for number, door in enumerate(self.doors):
            own = self._station(number)
            own[workers.YIELD] = yielding()
            threading.Thread(target=work, args=(serve, own, door, ended), daemon=True).start()
        weakref.finalize(self, end, self.doors, ended)

    def _wake(self) -> None:
        """Wakes those who were asleep when they were called. Waking one twice does no harm; see `work`."""
        for number, door in enumerate(self.doors):
            own = self._station(number)
            if own[workers.WAKE]:
                door.release()
                own[workers.WAKE] = 0

    def _station(self, number: int) -> NDArray[np.int64]:
        return self.stations[number * workers.STATION // 8 :][: workers.STATION // 8]


def work(
    serve: Callable[[int], None], own: NDArray[np.int64], door: threading.Semaphore, ended: threading.Event
) -> None:
    """What a worker does between calls: sleeps."""
    while True:
        door.acquire()
        if ended.is_set():
            return
        if own[workers.STATE] == workers.CALLED:
            serve(address(own))


def end(doors: list[threading.Semaphore], ended: threading.Event) -> None:
    """Lets the workers end."""
    ended.set()
    for door in doors:
        door.release()


def aligned(count: int) -> NDArray[np.int64]:
    """So many bytes that begin on a cache line, as whole numbers."""
    raw = np.zeros(count + LINE, np.uint8)
    start = -raw.ctypes.data % LINE
    return raw[start : start + count].view(np.int64)


def address(array: NDArray[np.generic]) -> int:
    """Where the first number of an array without gaps stands; `array.ctypes.data` takes three times as long."""
    if not array.flags.writeable:
        return int(array.__array_interface__["data"][0])
    return ctypes.addressof(NO_BYTES.from_buffer(array.data))


def function(place: int) -> Callable[[int], None]:
    """Machine code that takes one address, as a function of Python; it runs without Python's lock."""
    return ctypes.CFUNCTYPE(None, ctypes.c_int64)(place)


def yielding() -> int:
    """The address of the system's function that lets other threads run."""
    try:
        system = ctypes.CDLL(None)
        return ctypes.cast(system.sched_yield, ctypes.c_void_p).value or 0
    except (OSError, TypeError, AttributeError):  # Windows
        kernel = ctypes.WinDLL("kernel32")  # type: ignore[attr-defined]
        return ctypes.cast(kernel.SwitchToThread, ctypes.c_void_p).value or 0
