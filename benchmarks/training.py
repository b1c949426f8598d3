"""How fast the engines train: pictures per second of whole steps (forward, backward, update), data in memory."""

from __future__ import annotations

import statistics
import time

import numpy as np

from cutaway.engines import NAMES, choose
from cutaway.engines.engine import Batch, Trainer
from cutaway.losses import loss_for
from cutaway.net import start, zoo
from cutaway.optimisers import Sgd

CASES = (("x5", 128), ("digits", 128), ("lenet5", 128), ("small", 32))
ROUNDS = 5
SECONDS = 1.0
"""How long each engine trains in each round."""


def main() -> dict[str, object]:
    """Prints and returns the figures."""
    results: dict[str, object] = {}
    for name, batch in CASES:
        trainers = {engine: prepared(engine, name, batch) for engine in NAMES}
        rates: dict[str, list[float]] = {engine: [] for engine in NAMES}
        for _ in range(ROUNDS):
            for engine, (trainer, x, y) in trainers.items():
                rates[engine].append(rate(trainer, x, y))
        for engine, values in rates.items():
            middle = statistics.median(values)
            spread = f"({min(values):,.0f} to {max(values):,.0f}, n = {ROUNDS})"
            print(f"{name:10} batch {batch:4}  {engine:10} {middle:10,.0f} pictures/s  {spread}")
            results[f"{name} {engine}"] = values
    return results


def prepared(engine: str, name: str, batch: int) -> tuple[Trainer, np.ndarray, np.ndarray]:
    """A trainer that has taken one step, and a batch drawn by chance."""
    net = zoo.net(name)
    random = np.random.default_rng(0)
    pictures = random.integers(0, 256, (batch, *net.input), dtype=np.uint8)
    outputs = net.shapes()[net.output.name][0]
    targets = np.eye(outputs, dtype=np.float32)[random.integers(0, outputs, batch)]
    trainer = choose(engine).trainer(net, start(net), loss_for(net.output.layer), Sgd(), 0)
    trainer.step(Batch(pictures, targets), 1e-4)
    return trainer, pictures, targets


def rate(trainer: Trainer, pictures: np.ndarray, targets: np.ndarray) -> float:
    """Pictures per second over about `SECONDS`."""
    began, steps = time.perf_counter(), 0
    while time.perf_counter() - began < SECONDS:
        trainer.step(Batch(pictures, targets), 1e-4)
        steps += 1
    return steps * len(pictures) / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
