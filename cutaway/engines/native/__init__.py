"""The native engine: a convnet compiled to machine code for this processor, from Python.

    from cutaway.engines import choose
    trainer = choose("native").trainer(net, start(net), CrossEntropy(), Sgd(), seed=0)

`docs/engine.md` explains it; here is where to look:

    language.py     the small language that kernels are written in
    functions.py    exp, log, tanh, erf in it
    kernels/        what is computed: one file for each family; `products.py` is where the time goes
    modules.py      all functions, dealt out to modules; objects.py makes machine code of one, in a process of its own
    compiler.py     the code, loaded; cache.py keeps it on disk
    maps.py         where numbers stand in memory: pictures side by side in the lanes of a register
    lowering/       from a net to a program: records that say which kernel works on what
    program.py      their order, their memory, their addresses
    runner.py       a call of a program by all threads; threads.py
    predictor.py, trainer.py    what the rest of cutaway sees
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from cutaway.cores import cores
from cutaway.engines.engine import Predictor, Trainer
from cutaway.engines.native.support import refusal as refusal
from cutaway.errors import InputError
from cutaway.layers.layer import Weights
from cutaway.losses import Loss
from cutaway.net import Net
from cutaway.optimisers import Optimiser

if TYPE_CHECKING:
    from cutaway.engines.native.threads import Threads


class Native:
    """Nets as machine code, on all cores or as many as are named."""

    name = "native"

    def __init__(self, threads: int | None = None, precision: str = "auto") -> None:
        self.count, self.precision = threads or cores(), precision
        if precision == "bf16":
            require_pairs()

    @cached_property
    def threads(self) -> Threads:
        """The threads, which wait between calls."""
        from cutaway.engines.native.threads import Threads

        return Threads(self.count)

    def predictor(self, net: Net, weights: Weights) -> Predictor:
        from cutaway.engines.native.predictor import NativePredictor

        load(pairs=self.precision == "bf16")
        return NativePredictor(net, weights, self.threads, self.precision)

    def trainer(self, net: Net, weights: Weights, loss: Loss, optimiser: Optimiser, seed: int) -> Trainer:
        from cutaway.engines.native.trainer import NativeTrainer

        load(pairs=self.precision != "float32")
        return NativeTrainer(net, weights, loss, optimiser, seed, self.threads, self.precision)


def load(pairs: bool) -> None:
    """Makes or reads all code at once, as all cores can help then; that for bfloat16 where the processor has it."""
    from cutaway.engines.native.compiler import library

    code = library()
    code.load(*(group for group in code.groups if pairs or group != "pairs"))


def require_pairs() -> None:
    """Raises InputError where the processor has no products of bfloat16."""
    from cutaway.engines.native.machine import this_machine

    if not (machine := this_machine()).pairs:
        raise InputError(f"this processor ({machine.cpu}) has no products of bf16 (AVX512-BF16); use float32 or auto")
