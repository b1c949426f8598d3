"""The memory that a training takes: known before any of it is taken, and nothing is compiled for it.

    needed(net, loss, optimiser, batch=128, threads=2, precision="float32")

Nearly all of it is the program's. A program for float32 and one for bfloat16 are there at once while the first batch
decides between them. Of a thread that has no block in a batch, what it has for one is never touched, and so not taken.
"""

from __future__ import annotations

import math

from cutaway.engines.native import lowering
from cutaway.engines.native.compiler import library
from cutaway.engines.native.machine import installed
from cutaway.engines.native.program import Plan
from cutaway.losses import Loss
from cutaway.net import Net
from cutaway.optimisers import Optimiser
from cutaway.wording import memory


def needed(net: Net, loss: Loss, optimiser: Optimiser, *, batch: int, threads: int, precision: str) -> int:
    """Bytes that training with batches of this size takes at most, beside the pictures and Python itself."""

    def taken(pairs: bool) -> int:
        low, _ = lowering.training(net, library(), threads, batch, loss, optimiser, pairs)
        return Plan(low.build, slots=low.slots, most_blocks=low.blocks).touched + 4 * low.weights.size

    first = taken(precision == "bf16")
    both = precision == "auto" and library().machine.pairs and room_for_another(first)
    return first + taken(pairs=True) if both else first


def room_for_another(taken: int) -> bool:
    """Whether a program for bfloat16, which is a little larger, has room beside one for float32."""
    return 2.5 * taken <= (installed() or math.inf)


def too_much(
    taken: int, net: Net, loss: Loss, optimiser: Optimiser, *, batch: int, threads: int, precision: str
) -> str:
    """What to say where a batch takes too much: how much, and the largest batch that fits, to a tenth."""
    most, works, fails = installed(), 0, batch
    while fails - works > max(1, works // 10):
        size = (works + fails) // 2
        if needed(net, loss, optimiser, batch=size, threads=threads, precision=precision) <= most:
            works = size
        else:
            fails = size
    hint = (
        f"batches of {works} fit"
        if works
        else "not even one picture at a time fits; take smaller ones, or a smaller net"
    )
    return f"training with batches of {batch} takes {memory(taken)} of memory, and there are {memory(most)}; {hint}"
