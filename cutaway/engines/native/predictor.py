"""A net that predicts: pictures in, what the last layer says out."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cutaway.engines.engine import Pixels
from cutaway.engines.native import lowering
from cutaway.engines.native.compiler import library
from cutaway.engines.native.lowering.ends import prepared
from cutaway.engines.native.maps import Map
from cutaway.engines.native.program import Program
from cutaway.engines.native.runner import Runner
from cutaway.engines.native.threads import Threads
from cutaway.layers.layer import Array, Weights
from cutaway.net import Net
from cutaway.net.net import INPUT

SMALL = 10**6
"""Multiplications below which one thread alone is done sooner: about 20 microseconds."""


def ready(net: Net, pictures: Pixels) -> Pixels:
    """Pictures at the size of the net's first layer that computes."""
    if pictures.dtype != np.uint8:
        raise ValueError(f"pictures are {pictures.dtype}; the native engine takes uint8, from 0 to 255")
    wanted = net.preparation.shape
    if pictures.shape[1:] == wanted:
        return np.ascontiguousarray(pictures)
    return np.stack([net.preparation(picture) for picture in pictures])


class NativePredictor:
    """Runs the net forward, a block of pictures at a time in each thread."""

    def __init__(self, net: Net, weights: Weights, threads: Threads, precision: str) -> None:
        self.net, self.weights, self.threads = net, weights, threads
        self.low = lowering.predicting(net, library(), threads.count, pairs=precision == "bf16")
        self.runner = started(self.low, weights, threads)
        self.shape, self.wanted = net.shapes()[net.output.name], net.preparation.shape
        self.cost = net.cost(self.wanted).multiplications

    def __call__(self, pictures: Pixels) -> NDArray[np.float32]:
        x = ready(self.net, pictures) if len(pictures) else pictures
        outputs = np.zeros((len(pictures), *self.shape), np.float32)
        if len(pictures):
            active = 1 if len(pictures) * self.cost < SMALL else self.threads.count
            run_all(self.runner, x, outputs, active)
        return outputs

    def stages(self, pictures: Pixels) -> dict[str, Array]:
        """Every layer's output [N, *shape], by a program that keeps them all."""
        stages: dict[str, Array] = {INPUT: pictures.astype(np.float32)}
        for node in prepared(self.net):
            stages[node.name] = node.layer.forward([stages[node.inputs[0]]], {})
        x = ready(self.net, pictures)
        low, runner = self._keeping
        lanes = low.machine.lanes
        maps = {node.name: low.maps[node.name] for node in self.net if node.name not in stages}
        parts: dict[str, list[Array]] = {name: [] for name in maps}
        for first in range(0, len(x), lanes):
            some = x[first : first + lanes]
            run_all(runner, some, np.zeros((len(some), *self.shape), np.float32), 1)
            for name, made in maps.items():
                parts[name].append(read(runner.program, made)[: len(some)])
        return stages | {name: np.concatenate(some) for name, some in parts.items()}

    @cached_property
    def _keeping(self) -> tuple[lowering.Lowering, Runner]:
        one = Threads(1)
        low = lowering.predicting(self.net, library(), 1, keeping=True)
        return low, started(low, self.weights, one)


def started(low: lowering.Lowering, weights: Weights, threads: Threads) -> Runner:
    """A program for predicting with its weights in place."""
    program = Program(low.build, slots=1, keep=low.purpose.keeping)
    low.weights.store(program.floats(low.weights_place, low.weights.size), weights)
    runner = Runner(program, threads)
    runner.run(program.ahead)
    return runner


def run_all(runner: Runner, pictures: Pixels, outputs: NDArray[np.float32], active: int) -> None:
    """All pictures as one batch, on so many threads."""
    count = len(pictures)
    runner.run(runner.program.blocks, total=count, batch=count, active=active, pictures=pictures, outputs=outputs)


def read(program: Program, made: Map) -> Array:
    """A map of the first block, [lanes, *shape]."""
    start = program.slot_start(0, 0) + made.place.bytes
    size = (made.channels - 1) * made.plane + (made.rows - 1) * made.row + made.width * made.vector
    cells = np.lib.stride_tricks.as_strided(
        program.memory[start : start + size].view(np.float32),
        (made.vector // 4, made.rows, made.width, made.channels),
        (4, made.row, made.vector, made.plane),
    )
    return cells.reshape(-1, *made.shape).copy()
