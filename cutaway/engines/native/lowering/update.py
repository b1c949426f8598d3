"""How weights move after the way back: gradients of all threads in one, then the optimiser's rule on every array."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from cutaway.engines.native.kernels import run as running
from cutaway.engines.native.lowering import muon
from cutaway.engines.native.lowering.lowering import Lowering, Unsupported
from cutaway.engines.native.maps import Area, Place
from cutaway.engines.native.program import Operand
from cutaway.engines.native.weights import Slice
from cutaway.layers.norm import MOMENTUM
from cutaway.optimisers import AdamW, Muon, Optimiser, Settings, Sgd

GATHER, CLIP, MOVE, AVERAGE = 0, 1, 2, 1000
"""What all threads do before any begins the next; a rule may have further stages after its first."""


@dataclass(frozen=True)
class Remembered:
    """What an optimiser remembers, where: each as many floats as there are trained weights."""

    memories: list[Place]
    """The first thing that the rule remembers of each weight, the second, ..."""
    average: Place | None


@dataclass(frozen=True)
class Run:
    """Weights that stand one after another and move alike: from which register to which."""

    first: int
    last: int
    rule: Optimiser
    settings: Settings


def update(low: Lowering, optimiser: Optimiser) -> Remembered:
    """The records of the update."""
    registers = low.weights.trained // low.machine.lanes
    shares = np.arange(low.threads + 1) * registers // low.threads
    first_thread = Place(Area.FIRST, low.gradients_place.offset)
    mine: dict[str, Operand] = {"gradients": first_thread, "first": shares[:-1], "last": shares[1:]}
    low.build.add_for_batch(
        "gather_gradients",
        GATHER,
        after=True,
        header=low.header,
        threads=low.threads,
        pitch=lambda: low.build.thread_pitch,
        trouble=low.trouble,
        **mine,
    )
    if optimiser.clip is not None:
        clip(low, optimiser.clip, mine)
    arrays = [own for own in low.weights.slices.values() if own.parameter.trained]
    count = max((len(optimiser.memories(own.parameter)) for own in arrays), default=0)
    memories = [low.build.in_shared(4 * low.weights.trained) for _ in range(count)]
    for run in runs(low, optimiser, arrays):
        move(low, run, shares, first_thread, memories)
    if isinstance(optimiser, Muon):
        matrices = [own for own in arrays if optimiser.whole(own.parameter)]
        muon.move(low, optimiser, matrices, first_thread, memories[0], MOVE)
    observe(low)
    return Remembered(memories, average(low, shares) if optimiser.average else None)


def clip(low: Lowering, most: float, mine: dict[str, Operand]) -> None:
    """Gradients no longer than this."""
    squares = low.build.in_shared(8 * low.threads)
    low.build.add_for_batch(
        "square_gradients", GATHER, after=True, squares=squares, thread=np.arange(low.threads), **mine
    )
    low.build.add_for_batch(
        "clip_gradients", CLIP, after=True, squares=squares, threads=low.threads, most=float(most), **mine
    )


def runs(low: Lowering, optimiser: Optimiser, arrays: list[Slice]) -> Iterator[Run]:
    """Weights that move number by number, in as few runs as there can be."""
    lanes = low.machine.lanes

    def way(own: Slice) -> tuple[Optimiser | None, Settings]:
        settings = optimiser.settings(own.name, own.parameter)
        if isinstance(optimiser, Muon):
            return None if optimiser.whole(own.parameter) else optimiser.rest, settings
        return optimiser, settings

    for (rule, settings), alike in groupby(arrays, way):
        run = list(alike)
        if rule is not None:
            yield Run(run[0].start // lanes, (run[-1].start + run[-1].size) // lanes, rule, settings)


def move(low: Lowering, run: Run, shares: NDArray[np.int64], gradients: Place, memories: list[Place]) -> None:
    """One run of weights."""
    own: dict[str, Operand]
    rule, mine = run.rule, np.clip(shares, run.first, run.last)
    if isinstance(rule, Sgd):
        own = {"v": memories[0], "momentum": float(rule.momentum), "nesterov": int(rule.nesterov)}
    elif isinstance(rule, AdamW):
        own = {
            "m": memories[0],
            "s": memories[1],
            "momentum": float(1 - rule.momentum),
            "spread_share": float(1 - rule.spread),
            "epsilon": float(rule.epsilon),
        }
    else:
        raise Unsupported(f"the optimiser {rule.name} does not run here")
    low.build.add_for_batch(
        rule.name,
        MOVE,
        after=True,
        header=low.header,
        numbers=low.word(running.NUMBERS),
        trouble=low.trouble,
        w=low.weights_place,
        g=gradients,
        first=mine[:-1],
        last=mine[1:],
        rate=float(run.settings.rate),
        decay=float(run.settings.decay),
        **own,
    )


def observe(low: Lowering) -> None:
    """The running mean and variance of norms."""
    for node, figures, channels, ghost in low.observed:
        low.build.add_for_batch(
            "norm_observe",
            MOVE,
            after=True,
            header=low.header,
            first=np.arange(low.threads) == 0,
            channels=channels,
            ghost=ghost,
            figures=figures,
            mean=low.weight(node, "mean"),
            variance=low.weight(node, "variance"),
            share=float(MOMENTUM),
            trouble=low.trouble,
        )


def average(low: Lowering, shares: NDArray[np.int64]) -> Place:
    """Averages of all that is trained."""
    place = low.build.in_shared(4 * low.weights.trained)
    low.build.add_for_batch(
        "follow",
        AVERAGE,
        after=True,
        header=low.header,
        numbers=low.word(running.NUMBERS),
        trouble=low.trouble,
        w=low.weights_place,
        average=place,
        first=shares[:-1],
        last=shares[1:],
    )
    return place
