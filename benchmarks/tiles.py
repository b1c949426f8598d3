"""How good the formula is that says how many columns, channels and taps a product takes at a time (`native/tiles.py`).

Every tile that there is, measured on convolutions of many sizes: the formula's choice beside the best one found.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any
from unittest.mock import patch

import numpy as np

from cutaway.engines.engine import Batch
from cutaway.engines.native import Native, tiles
from cutaway.engines.native.kernels import products
from cutaway.engines.native.lowering import kernel_gradient
from cutaway.engines.native.machine import this_machine
from cutaway.engines.native.threads import function
from cutaway.engines.native.trainer import NativeTrainer
from cutaway.losses import CrossEntropy
from cutaway.net import parse, start
from cutaway.optimisers import Sgd

LAYERS = (
    "input 28x28x1, conv 32 3x3",
    "input 13x13x32, conv 64 3x3",
    "input 14x14x6, conv 16 5x5",
    "input 8x8x16, conv 32 3x3 same",
    "input 32x32x3, conv 64 3x3 same",
    "input 32x32x64, conv 128 3x3 same",
    "input 8x8x256, conv 256 3x3 same",
    "input 7x7x64, conv 96 1x1",
    "input 24x24x10, conv 14 3x3 stride 2",
)
ROUNDS = 5
SECONDS = 0.002
"""How long each tile runs in each round."""


def main() -> dict[str, object]:
    """Prints and returns the figures: for each layer, the formula's time as a multiple of the best one's."""
    machine = this_machine()
    kinds: dict[str, tuple[str, list[tuple[int, ...]]]] = {
        "convolve": ("product_tiles", list(products.product_shapes(machine))),
        "convolution_weights": ("gradient_tile", [s[:3] for s in products.gradient_shapes(machine) if s[3]]),
    }
    results: dict[str, object] = {}
    for text in LAYERS:
        for kernel, (choice, shapes) in kinds.items():
            if "stride" in text and kernel != "convolve":
                continue  # its products are those that step over columns, of one shape
            seconds = measured(text, kernel, choice, [None, *possible(shapes)])
            best = min(seconds, key=lambda tile: seconds[tile])
            ratio = seconds[None] / seconds[best]
            print(f"{text:36} {kernel:20} {ratio:5.2f} times the best of {len(seconds) - 1:3}, {best}")
            results[f"{text} {kernel}"] = ratio
    ratios = [float(str(ratio)) for ratio in results.values()]
    print(f"median {statistics.median(ratios):.2f}, worst {max(ratios):.2f}")
    return results


def possible(shapes: Iterable[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Tiles whose smaller pieces are there as well."""
    return [shape for shape in shapes if shape[-1] > 1]


def measured(text: str, kernel: str, choice: str, chosen: list[Any]) -> dict[Any, float]:
    """Seconds of one run of a kernel with each tile; None is the formula's.

    The least of rounds in which all take turns: what else the machine does only ever adds.
    """
    calls = {}
    for tile in chosen:
        try:
            calls[tile] = prepared(text, kernel, choice, tile)
        except (KeyError, AssertionError):
            continue  # a layer that has no piece of such a size
    times: dict[Any, list[float]] = {tile: [] for tile in calls}
    for _ in range(ROUNDS):
        for tile, (_, call) in calls.items():
            times[tile].append(timed(call))
    return {tile: min(values) for tile, values in times.items()}


def prepared(text: str, kernel: str, choice: str, tile: Any) -> tuple[NativeTrainer, Callable[[], None]]:
    """A trainer of one layer, which must stay alive, and a call of one of its records."""
    net = parse(f"{text}, globalmean, dense 2, softmax")
    formula = partial(chosen, tile) if tile else getattr(tiles, choice)
    with patch.object(tiles, choice, formula), patch.object(kernel_gradient, "SMALL", 0):  # no products of matrices
        trainer = Native(1, "float32").trainer(net, start(net), CrossEntropy(), Sgd(), 0)
        assert isinstance(trainer, NativeTrainer)
        pictures = np.random.default_rng(0).integers(0, 256, (16, *net.input), np.uint8)
        trainer.step(Batch(pictures, np.eye(2, dtype=np.float32)[np.zeros(16, int)]), 0.0)
    program = trainer.program
    number = next(place for place, record in enumerate(program.records) if record.kernel == kernel)
    code = function(program.builder.library.address(kernel))
    record = program.base + program.starts[4] + number * 8 * 32
    return trainer, lambda: code(record)


def chosen(tile: tuple[int, ...], *given: Any) -> tuple[int, ...] | tiles.Tiles:
    """A tile as the formula would say it."""
    if len(tile) == 3:
        return tile
    columns, channels = tile
    return tiles.Tiles(0, channels, (columns,) * len(given[0]))


def timed(call: Callable[[], None]) -> float:
    """Seconds of one call."""
    began, calls = time.perf_counter(), 0
    while (taken := time.perf_counter() - began) < SECONDS:
        call()
        calls += 1
    return taken / calls


if __name__ == "__main__":
    main()
