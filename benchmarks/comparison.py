"""`cutaway compare --predictions` on two tables of 10,000 pictures and ten classes: whole commands."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import interleaved
from cutaway.model import Predictions, tables

COUNT, CLASSES = 10_000, 10


def main() -> dict[str, Any]:
    """Seconds."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for number, name in enumerate(("a", "b")):
            tables.write(by_chance(number), folder / f"{name}.csv")
        command = ["cutaway", "compare", "--predictions", "a.csv", "b.csv"]
        times = interleaved({"text": command, "text and page": [*command, "-o", "page.html"]}, runs=5, folder=folder)
    for name, seconds in times.items():
        print(f"  {name:<15} {seconds}")
    return {name: seconds.median for name, seconds in times.items()}


def by_chance(seed: int) -> Predictions:
    """What a model that is right nine times in ten might say."""
    draw = np.random.default_rng(seed)
    true = np.random.default_rng(99).integers(0, CLASSES, COUNT)
    scores = draw.normal(0, 1, (COUNT, CLASSES))
    scores[np.arange(COUNT), true] += 4
    probs = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    losses = -np.log(probs[np.arange(COUNT), true])
    names = tuple(f"pictures/{number:05}.png" for number in range(COUNT))
    classes = tuple(f"class {number}" for number in range(CLASSES))
    return Predictions(classes, names, true, probs.astype(np.float32), losses, ("",) * COUNT)
