"""Threads that wait for work in Python and do it outside of it, all at once."""

from __future__ import annotations

import ctypes
import threading
import weakref
from collections.abc import Callable, Sequence
from queue import SimpleQueue

Work = Callable[[], None]


class Threads:
    """`Threads(2).run([first, second])`: the caller does the first part, others theirs; returns when all are done."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.queues: list[SimpleQueue[tuple[Work, threading.Semaphore] | None]] = [
            SimpleQueue() for _ in range(count - 1)
        ]
        for queue in self.queues:
            threading.Thread(target=serve, args=(queue,), daemon=True).start()
        weakref.finalize(self, stop, self.queues)

    def run(self, parts: Sequence[Work], abandon: Work) -> None:
        """Runs all parts at once. `abandon` is called where the caller's own part is broken off: others wait for it."""
        done = threading.Semaphore(0)
        for queue, part in zip(self.queues, parts[1:], strict=True):
            queue.put((part, done))
        try:
            parts[0]()
        except BaseException:
            abandon()
            raise
        finally:
            for _ in self.queues:
                done.acquire()


def serve(queue: SimpleQueue[tuple[Work, threading.Semaphore] | None]) -> None:
    """What a thread does until it is told to stop."""
    while (item := queue.get()) is not None:
        part, done = item
        try:
            part()
        finally:
            done.release()


def stop(queues: list[SimpleQueue[tuple[Work, threading.Semaphore] | None]]) -> None:
    """Lets the threads end."""
    for queue in queues:
        queue.put(None)


def function(address: int) -> Callable[[int], None]:
    """Machine code that takes one address, as a function of Python; it runs without Python's lock."""
    return ctypes.CFUNCTYPE(None, ctypes.c_int64)(address)


def yielding() -> int:
    """The address of the system's function that lets other threads run."""
    try:
        library = ctypes.CDLL(None)
        return ctypes.cast(library.sched_yield, ctypes.c_void_p).value or 0
    except (OSError, TypeError, AttributeError):  # Windows
        kernel = ctypes.WinDLL("kernel32")  # type: ignore[attr-defined]
        return ctypes.cast(kernel.SwitchToThread, ctypes.c_void_p).value or 0
