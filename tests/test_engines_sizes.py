"""The native engine's convolution, pooling and dense layer over many sizes: numbers forward, gradients of all weights.

What is held against the reference is drawn from the values below until every two of different settings have met. A
convolution of 1x1 comes first: its gradient is that of what comes into the layer, times pixels, added up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from cutaway.engines import choose, conformance
from cutaway.engines.engine import Batch
from cutaway.engines.native.machine import this_machine
from cutaway.engines.native.trainer import NativeTrainer
from cutaway.errors import ShapeError
from cutaway.layers import Leaky, MeanPool, Tanh
from cutaway.losses import SquaredError
from cutaway.net import Net, parse
from cutaway.net.run import forward
from cutaway.optimisers import Sgd
from tests.compare import assert_equal
from tests.nets import drawn

Setting = dict[str, Any]

LENGTHS = range(1, 20)
CHANNELS = 1, 2, 3, 5, 16, 17, 33
PICTURES = 1, 2, 15, 16, 17, 100
TRIES = 16
"""Settings of which the one is taken in which most values meet for the first time."""
MOST = 2_000_000
"""Products, and bytes, of one batch: the reference computes each case eight times, in float64."""

COMMON = {
    "rows": LENGTHS,
    "columns": LENGTHS,
    "channels": CHANNELS,
    "size": ("1x1", "2x2", "3x3", "5x5", "1x3", "3x1", "4x2"),
    "stride": ("1", "2", "3", "1x2", "3x1"),
    "padding": ("", "same", "pad 1", "pad 2 0 1 2"),
    "pictures": PICTURES,
    "threads": (1, 2),
}
CONVOLUTION = COMMON | {
    "count": (*CHANNELS, 48),
    "dilation": ("1", "2", "3", "1x2"),
    "groups": (1, 2, 3, "each"),
    "bias": ("", "no bias"),
    "after": ("", ", relu", ", tanh, maxpool 2", ", relu, maxpool 2", ", maxpool 3", ", relu, maxpool 3"),
}
PAIRS = CONVOLUTION | {
    "rows": (1, 2, 5, 8, 19),
    "columns": (3, 4, 7, 13),
    "channels": (8, 9, 16, 17, 33),
    "count": (8, 9, 16, 17, 33, 80),
    "size": ("3x3", "5x5", "4x2"),
    "groups": (1,),
    "after": ("", ", relu", ", relu, maxpool 2", ", maxpool 3"),
}
DENSE = {
    "features": (1, 2, 5, 16, 17, 33, 100),
    "units": (1, 2, 3, 12, 13, 40),
    "pictures": PICTURES,
    "threads": (1, 2),
    "bias": ("", "no bias"),
    "after": ("", ", relu", ", tanh"),
}
DENSE_PAIRS = DENSE | {"features": (64, 65, 80, 257), "units": (8, 9, 12, 33, 64), "after": ("", ", relu")}
POOLING = COMMON | {
    "kind": ("maxpool", "meanpool", "sumpool"),
    "edge": ("", "partial"),
    "before": ("", "relu, ", "leaky, "),
}


def convolution(s: Setting) -> Net:
    """The net of a setting; ShapeError where a window does not fit."""
    groups = s["channels"] if s["groups"] == "each" else s["groups"]
    options = f"stride {s['stride']} {s['padding']} groups {groups} dilation {s['dilation']} {s['bias']}"
    layer = f"conv {s['count']} {s['size']} {options}{s['after']}"
    return parse(f"conv {s['channels']} 1x1, {layer}, flatten", input=(s["rows"], s["columns"], 2))


def pooling(s: Setting) -> Net:
    layer = f"{s['kind']} {s['size']} stride {s['stride']} {s['padding']} {s['edge']}"
    first = f"conv {s['channels']} 1x1, {s['before']}"
    return parse(f"{first}{layer}, flatten", input=(s["rows"], s["columns"], 1))  # of one channel: no near ties


def dense(s: Setting) -> Net:
    return parse(f"conv {s['features']} 1x1, flatten, dense {s['units']} {s['bias']}{s['after']}", input=(1, 1, 2))


def fits(made: Callable[[Setting], Net], setting: Setting) -> bool:
    try:
        cost = made(setting).cost()
    except ShapeError:
        return False
    return setting["pictures"] * max(cost.multiplications, cost.memory) <= MOST


def settings(made: Callable[[Setting], Net], values: Mapping[str, Sequence[Any]]) -> list[Setting]:
    """By chance, until every two values have met that can; which rows meet which columns is left to chance."""
    random = np.random.default_rng(0)
    two = [(a, b) for a, b in combinations(values, 2) if (a, b) != ("rows", "columns")]
    left = {(a, x, b, y): None for a, b in two for x in values[a] for y in values[b]}
    found = []

    def news(setting: Setting) -> set[tuple[str, Any, str, Any]]:
        return {(a, setting[a], b, setting[b]) for a, b in two} & left.keys()

    while left:
        a, x, b, y = next(iter(left))
        drawn = [{name: some[int(random.integers(len(some)))] for name, some in values.items()} for _ in range(TRIES)]
        tries = sorted((setting | {a: x, b: y} for setting in drawn), key=lambda setting: -len(news(setting)))
        best = next((setting for setting in tries if fits(made, setting)), None)
        for pair in news(best) if best else {(a, x, b, y)}:
            del left[pair]
        found += [best] if best else []
    return found


def each(cases: Sequence[tuple[Setting, Net]]) -> pytest.MarkDecorator:
    ids = [" ".join(f"{name}={value}" for name, value in setting.items()) for setting, _ in cases]
    return pytest.mark.parametrize(("setting", "net"), cases, ids=ids)


CASES = [
    *((setting, convolution(setting)) for setting in settings(convolution, CONVOLUTION)),
    *((setting, pooling(setting)) for setting in settings(pooling, POOLING)),
    *((setting, dense(setting)) for setting in settings(dense, DENSE)),
]
WHOLE = [(s, net) for s, net in CASES if not any(isinstance(node.layer, Leaky | MeanPool | Tanh) for node in net)]
"""Those in which whole numbers stay whole."""
WIDE = [
    *((setting, convolution(setting)) for setting in settings(convolution, PAIRS)),
    *((setting, dense(setting)) for setting in settings(dense, DENSE_PAIRS)),
]
"""Convolutions and dense layers that are large enough for pairs of bfloat16."""


@each(CASES)
def test_within_the_bound(setting: Setting, net: Net) -> None:
    engine = choose("native", net, setting["threads"], "float32")
    weights, pictures, targets = drawn(net, setting["pictures"])
    weights["conv1.kernel"] /= 255
    conformance.forward(engine, net, weights, pictures)
    conformance.gradients(engine, net, weights, Batch(pictures, targets), SquaredError(), Sgd())


def hold_to_the_last_bit(setting: Setting, net: Net, precision: str) -> NativeTrainer:
    """Pixels up to 3, weights from -1 to 1: no sum comes near 2^24, and what is divided is divided by a power of 2."""
    count = 2 ** round(np.log2(setting["pictures"]))
    random = np.random.default_rng(1)
    pictures = random.integers(0, 4, (count, *net.input), dtype=np.uint8)
    parameters = net.parameters().items()
    weights = {name: random.integers(-1, 2, own.shape).astype(np.float32) for name, own in parameters}
    exact = forward(net, weights, pictures.astype(np.float64))[net.output.name]
    engine = choose("native", net, setting["threads"], precision)
    assert_equal(engine.predictor(net, weights)(pictures), exact, "forward", dtype=np.float32)
    targets = (exact + random.integers(-1, 2, exact.shape)).astype(np.float32)
    due = conformance.Exact(net, weights, SquaredError(), Sgd()).gradients(Batch(pictures, targets))
    trainer = engine.trainer(net, weights, SquaredError(), Sgd(), 0)
    for name, gradient in trainer.gradients(Batch(pictures, targets)).items():
        assert_equal(gradient, due[name], name, dtype=np.float32)
    assert isinstance(trainer, NativeTrainer)
    return trainer


@each(WHOLE)
def test_small_whole_numbers_to_the_last_bit(setting: Setting, net: Net) -> None:
    hold_to_the_last_bit(setting, net, "float32")


@each(WIDE)
def test_in_pairs_of_bfloat16_too(setting: Setting, net: Net) -> None:
    """Whole numbers up to 256 are exact in bfloat16."""
    paired = this_machine().pairs
    trainer = hold_to_the_last_bit(setting, net, "bf16" if paired else "float32")
    kernels = {record.kernel for record in trainer.program.records}
    assert ("to_pairs" in kernels) == paired
