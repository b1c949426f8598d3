"""Muon's records: every matrix through the same stages at the same time, each thread on its share of the rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cutaway.engines.native.kernels import run as running
from cutaway.engines.native.kernels.products import matrix_tile
from cutaway.engines.native.lowering.lowering import Lowering, shares
from cutaway.engines.native.maps import Place
from cutaway.engines.native.program import Operand
from cutaway.engines.native.weights import Slice
from cutaway.optimisers import Muon
from cutaway.optimisers.muon import EPSILON, ITERATIONS, QUINTIC, scale


@dataclass
class Matrix:
    """An array of weights as a tall matrix, with room to work in."""

    low: Lowering
    array: Slice

    def __post_init__(self) -> None:
        outputs = self.array.parameter.shape[-1]
        inputs = int(np.prod(self.array.parameter.shape[:-1]))
        # floats from input to input, and from output to output: dense weights are stored turned
        strides = (1, self.array.pitch) if self.array.pitch else (outputs, 1)
        turned = inputs < outputs
        self.rows, self.columns = (outputs, inputs) if turned else (inputs, outputs)
        self.flat_row, self.flat_step = (4 * stride for stride in (reversed(strides) if turned else strides))
        self.pitch = -(-4 * self.columns // self.low.build.vector) * self.low.build.vector
        self.x, self.other = (self.low.build.in_shared(self.rows * self.pitch) for _ in range(2))
        self.s, self.t = (self.low.build.in_shared(self.columns * self.pitch) for _ in range(2))
        self.squares = self.low.build.in_shared(8 * self.low.threads)

    def add(self, kernel: str, stage: int, **operands: Operand) -> None:
        """A record, for this thread's share of the matrix' rows."""
        self._add(kernel, stage, self.rows, columns=self.columns, **operands)

    def multiply(self, stage: int, rows: int, **operands: Operand) -> None:
        """A record of a product, for this thread's share of its rows."""
        tile_p, tile_q = matrix_tile(self.low.machine)
        table = self.low.product_table("matrix")
        self._add("multiply_matrices", stage, rows, tile_p=tile_p, tile_q=tile_q, products=table, **operands)

    def flat(self, start: Place) -> dict[str, Operand]:
        """Where the engine keeps these numbers, of all weights, or of what has their layout."""
        return {"flat": start.after(4 * self.array.start), "flat_row": self.flat_row, "flat_step": self.flat_step}

    def _add(self, kernel: str, stage: int, rows: int, **operands: Operand) -> None:
        mine = shares(self.low, rows)
        self.low.build.add_for_batch(kernel, stage, after=True, pitch=self.pitch, **mine, **operands)


def move(low: Lowering, rule: Muon, arrays: list[Slice], gradients: Place, velocity: Place, first_stage: int) -> None:
    """Moves arrays as matrices."""
    lanes, word = low.machine.lanes, low.word(running.NUMBERS)
    if not arrays:
        return
    whole = np.array([arrays[0].start, arrays[-1].start + arrays[-1].size]) // lanes
    ends = whole[0] + np.arange(low.threads + 1) * (whole[1] - whole[0]) // low.threads
    low.build.add_for_batch(
        "muon_velocity",
        first_stage,
        after=True,
        trouble=low.trouble,
        g=gradients,
        v=velocity,
        first=ends[:-1],
        last=ends[1:],
        momentum=float(rule.momentum),
        nesterov=int(rule.nesterov),
    )
    for matrix in [Matrix(low, array) for array in arrays]:
        stage = first_stage + 1
        threads = np.arange(low.threads)
        matrix.add("muon_take", stage, x=matrix.x, squares=matrix.squares, thread=threads, **matrix.flat(gradients))
        matrix.add(
            "muon_scale", stage + 1, x=matrix.x, squares=matrix.squares, threads=low.threads, epsilon=float(EPSILON)
        )
        stage = orthogonal(matrix, stage + 2)
        settings = rule.settings(matrix.array.name, matrix.array.parameter)
        matrix.add(
            "muon_move",
            stage,
            header=low.header,
            numbers=word,
            trouble=low.trouble,
            x=matrix.x,
            rate=float(settings.rate),
            scale=float(scale(np.broadcast_to(0.0, matrix.array.parameter.shape))),
            decay=float(settings.decay),
            **matrix.flat(low.weights_place),
        )


def orthogonal(matrix: Matrix, stage: int) -> int:
    """Newton-Schulz; returns the stage after it. The iterations are those of `cutaway.optimisers.muon.orthogonal`."""
    a, b, c = QUINTIC
    size, pitch, number = matrix.columns, matrix.pitch, 4
    for _ in range(ITERATIONS):
        x, s, t = matrix.x, matrix.s, matrix.t
        down: dict[str, Operand] = {
            "a": x,
            "a_row": number,
            "a_step": pitch,
        }  # the columns of x are the rows of its transpose
        matrix.multiply(stage, size, **down, b=x, count=matrix.rows, c=s, d=s, scale=1.0, share=0)
        along: dict[str, Operand] = {"a_row": pitch, "a_step": number, "count": size}
        matrix.multiply(stage + 1, size, a=s, **along, b=s, c=t, d=s, scale=c, share=b)
        matrix.multiply(stage + 2, matrix.rows, a=x, **along, b=t, c=matrix.other, d=x, scale=1.0, share=a)
        matrix.x, matrix.other = matrix.other, matrix.x
        stage += 3
    return stage
