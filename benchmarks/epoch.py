"""How long whole epochs take in the training loop itself: 60,000 pictures of 28x28 in memory, Keras's MNIST net.

Everything that a person waits for counts: order, targets, steps, sums, progress. Pictures drawn by chance take as long
as digits do.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.engine.cases import KERAS_MNIST
from cutaway.engines import choose
from cutaway.pictures.arrays import Part, from_arrays
from cutaway.training import Recipe, Step, run, set_up

EPOCHS = 6
"""The first is left out: the net's program is made in it."""
COUNT, BATCH = 60_000, 128
KINDS: dict[str, dict[str, Any]] = {"plain": {}, "flip and shift": {"flip": True, "shift": 2}}


def main() -> dict[str, object]:
    """Prints and returns the figures."""
    random = np.random.default_rng(0)
    pictures, labels = random.integers(0, 256, (COUNT + 100, 28, 28, 1), np.uint8), random.integers(0, 10, COUNT + 100)
    recipe = Recipe(epochs=EPOCHS, batch=BATCH, optimiser="sgd", rate=1e-3)
    parts = [
        Part(pictures[:COUNT], labels[:COUNT], "train"),
        Part(pictures[COUNT:], labels[COUNT:], "validation"),
    ]
    held = from_arrays(parts, "drawn by chance", seed=0)
    setup = set_up(held, KERAS_MNIST, recipe)
    results: dict[str, object] = {}
    for kind, changes in KINDS.items():
        for precision in ("float32", "bf16"):
            engine = choose("native", setup.net, precision=precision)
            seconds = timed(run(replace(setup, recipe=replace(recipe, **changes)), engine=engine))[1:]
            middle = statistics.median(seconds)
            spread = f"({min(seconds):.2f} to {max(seconds):.2f}, n = {len(seconds)})"
            print(f"{kind:16} {precision:8} {middle:6.2f} s an epoch  {spread}  {COUNT / middle:10,.0f} pictures/s")
            results[f"{kind} {precision}"] = seconds
    return results


def timed(events: Iterable[object]) -> list[float]:
    """Seconds of each epoch's steps, without the validation after them."""
    seconds, began = [], time.perf_counter()
    for event in events:
        if isinstance(event, Step):
            if event.step == event.steps:
                seconds.append(time.perf_counter() - began)
        else:
            began = time.perf_counter()
    return seconds


if __name__ == "__main__":
    main()
