"""The same work on many things, over all cores. Decoding and hashing release Python's lock: threads do."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
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


def pieces(count: int, size: int = 16) -> list[range]:
    """0 .. count - 1 in pieces: to hand out each small picture by itself takes longer than to decode it."""
    return [range(start, min(start + size, count)) for start in range(0, count, size)]
