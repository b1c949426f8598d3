"""The same work on many things, over all cores. Decoding and hashing release Python's lock: threads do."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

from cutaway.cores import cores

T = TypeVar("T")
R = TypeVar("R")


def over_threads(work: Callable[[T], R], things: Sequence[T]) -> Iterator[R]:
    """work(thing) for each thing, in order. An error, or Ctrl-C, stops what has not begun."""
    if len(things) < 2:
        yield from map(work, things)
        return
    pool = ThreadPoolExecutor(min(cores(), len(things)))
    try:
        yield from pool.map(work, things)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def ahead(work: Callable[[T], R], things: Iterable[T], most: int) -> Iterator[tuple[T, R]]:
    """Each thing with work(thing), in order; at most so many are under way or done before they are asked for.

    So there may be any number of things, and the next are worked on while whoever asks is busy.
    """
    pool, todo, waiting = ThreadPoolExecutor(cores()), iter(things), deque[tuple[T, Future[R]]]()
    try:
        while True:
            waiting.extend((thing, pool.submit(work, thing)) for thing in islice(todo, most - len(waiting)))
            if not waiting:
                return
            thing, done = waiting.popleft()
            yield thing, done.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def pieces(count: int, size: int = 16) -> list[range]:
    """0 .. count - 1 in pieces: to hand out each small picture by itself takes longer than to decode it."""
    return [range(start, min(start + size, count)) for start in range(0, count, size)]
