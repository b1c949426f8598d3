"""How weights move after the way back: gradients of all threads in one, then the optimiser's rule on every array."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cutaway.engines.native.kernels import run as running
from cutaway.engines.native.lowering.lowering import Lowering, Unsupported
from cutaway.engines.native.maps import Area, Place
from cutaway.layers.norm import MOMENTUM
from cutaway.optimisers import AdamW, Optimiser, Sgd

MEMORIES = {"sgd": ("velocity",), "adamw": ("mean", "square")}
"""What each rule remembers of every weight."""


@dataclass(frozen=True)
class Run:
    """Weights that stand one after another and move alike: from which register to which."""

    first: int
    last: int
    decayed: bool


def update(low: Lowering, optimiser: Optimiser) -> dict[str, Place]:
    """The records of the update. Returns where each of the rule's memories is: as many floats as trained weights."""
    add, lanes = low.build.add_for_batch, low.machine.lanes
    registers = low.weights.trained // lanes
    shares = np.arange(low.threads + 1) * registers // low.threads
    first_thread = Place(Area.FIRST, low.gradients_place.offset)
    add(
        "gather_gradients",
        0,
        after=True,
        header=low.header,
        gradients=first_thread,
        first=shares[:-1],
        last=shares[1:],
        threads=low.threads,
        pitch=lambda: low.build.thread_pitch,
        trouble=low.trouble,
    )
    memories = {name: low.build.in_shared(4 * low.weights.trained) for name in MEMORIES[optimiser.name]}
    for run in runs(low):
        mine = np.clip(shares, run.first, run.last)
        operands = {
            "header": low.header,
            "numbers": low.word(running.NUMBERS),
            "trouble": low.trouble,
            "w": low.weights_place,
            "g": first_thread,
            "first": mine[:-1],
            "last": mine[1:],
            "rate": 1.0,
            "decay": float(optimiser.decay) if run.decayed else 0.0,
        }
        if isinstance(optimiser, Sgd):
            own = {"v": memories["velocity"], "momentum": float(optimiser.momentum), "nesterov": int(optimiser.nesterov)}
        elif isinstance(optimiser, AdamW):
            own = {
                "m": memories["mean"],
                "s": memories["square"],
                "momentum": float(1 - optimiser.momentum),
                "spread_share": float(1 - optimiser.spread),
                "epsilon": float(optimiser.epsilon),
            }
        else:
            raise Unsupported(f"the optimiser {optimiser.name} does not run here")
        add(optimiser.name, 1, after=True, **operands, **own)
    for node, figures, channels in low.observed:
        add(
            "norm_observe",
            1,
            after=True,
            channels=np.where(np.arange(low.threads) == 0, channels, 0),
            figures=figures,
            mean=low.weight(node, "mean"),
            variance=low.weight(node, "variance"),
            share=float(MOMENTUM),
            trouble=low.trouble,
        )
    return memories


def runs(low: Lowering) -> list[Run]:
    """The trained weights in as few runs as there can be."""
    found: list[Run] = []
    lanes = low.machine.lanes
    for own in low.weights.slices.values():
        if not own.parameter.trained:
            continue
        first, last = own.start // lanes, (own.start + own.size) // lanes
        if found and found[-1].decayed == own.parameter.decayed:
            found[-1] = Run(found[-1].first, last, own.parameter.decayed)
        else:
            found.append(Run(first, last, own.parameter.decayed))
    return found
