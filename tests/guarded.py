"""Trains and predicts with every array that machine code is given right beside a page that it must not touch.

    python -m tests.guarded after

A read or a write beyond an array's end (or `before` its start) ends the process.
"""

import ctypes
import mmap
import sys
from typing import Any

import numpy as np

from cutaway.augmentation import Augmentation
from cutaway.engines import choose
from cutaway.engines.engine import Batch
from cutaway.engines.native.runner import Runner
from cutaway.layers.layer import Array
from cutaway.losses import loss_for
from cutaway.net import parse
from cutaway.optimisers import Sgd
from tests.nets import drawn
from tests.test_engines_memory import ALL, PRECISIONS, SIZE

PAGE = mmap.PAGESIZE
held: list[mmap.mmap] = []
"""Memory that arrays are in, kept until the process ends."""


def guarded(array: Array, side: str) -> Array:
    """A copy that begins right after a page that cannot be touched, or ends right before one."""
    pages = -(-array.nbytes // PAGE)
    memory = mmap.mmap(-1, (pages + 2) * PAGE)
    held.append(memory)
    start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    for page in (0, pages + 1):
        if ctypes.CDLL(None).mprotect(ctypes.c_void_p(start + page * PAGE), PAGE, 0):
            raise OSError("mprotect failed")
    offset = PAGE if side == "before" else (pages + 1) * PAGE - array.nbytes
    copy = np.frombuffer(memory, array.dtype, array.size, offset).reshape(array.shape)
    copy[:] = array
    return copy


def guard(side: str) -> None:
    """From now on, every array that a run is given is such a copy; what was written is copied back."""
    plain = Runner.run

    def run(self: Runner, stages: tuple[int, int], **given: Any) -> int:
        arrays = {name: value for name, value in given.items() if isinstance(value, np.ndarray)}
        copies = {name: guarded(array, side) for name, array in arrays.items()}
        done = plain(self, stages, **given | copies)
        for name, array in arrays.items():
            if name in ("losses", "outputs"):
                array[...] = copies[name]
            else:
                assert (array == copies[name]).all(), f"{name} was written to"
        return done

    Runner.run = run  # type: ignore[method-assign]


def main(side: str) -> None:
    guard(side)
    for name, text in ALL.items():
        net = parse(text, input=SIZE)
        weights, pictures, targets = drawn(net, 37)
        rows, changes = np.arange(36, -1, -1), Augmentation(True, 2, 20, 0.2, erase=0.3).draw(0, 1, range(37))
        for precision in PRECISIONS:
            engine = choose("native", net, 2, precision)
            trainer = engine.trainer(net, weights, loss_for(net.output.layer), Sgd(), 0)
            for count in (37, 1, 17):
                trainer.step(Batch(pictures[:count], targets[:count]), 0.01)
                engine.predictor(net, weights)(pictures[:count])
            trainer.step(Batch(pictures, targets, rows, changes), 0.01)
        print(name)


if __name__ == "__main__":
    main(*sys.argv[1:])
