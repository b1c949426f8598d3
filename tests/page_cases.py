"""What the page's JavaScript is held against: named cases, layers, nets and numbers, as the declarations say they are.

As JSON: arrays are base64 of float64, a range is [first, stop, step], numbers that are not finite are their names. Each
array says how far the page's may be off. The page takes float32 numbers, computes in float64 and keeps float32.
"""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cutaway.errors import ShapeError
from cutaway.layers import KINDS, Layer, Shape
from cutaway.layers.conv import Conv
from cutaway.layers.layer import Array, Cell, Region
from cutaway.layers.maxpool import MaxPool
from cutaway.layers.meanpool import MeanPool
from cutaway.layers.sumpool import SumPool
from cutaway.layers.window import Sides
from cutaway.layers.working import Working, exact_sum
from cutaway.losses import CrossEntropy, LogLoss, SquaredError, loss_for
from cutaway.net import Net, parse, zoo
from cutaway.net.run import backward, converted, forward
from cutaway.trace import reach
from cutaway.trace.digits import Ruler, Sum, ruler, shortest, subtotals_that_add_up
from tests.cases import CASES, Case
from tests.layer_table import LAYERS, NAMES, Row, inputs_of, layer_of, weights_of
from tests.nets import NETS, drawn

Json = dict[str, Any]

HALF = 2.0**-24
"""What keeping a result in float32 may move it by, as a share of it."""
SMALLEST = 2.0**-150
"""The same below the normal numbers."""
DOUBLE = 2.0**-28
"""What a float32 bound shrinks by in float64 (2^-29), with room for both sides' rounding."""

ULPS = {"tanh": 4, "sigmoid": 4, "silu": 4, "gelu": 4, "softmax": 4, "logsoftmax": 4, "lrn": 4, "resize": 4}
"""Kinds with library functions, or shares that are added up in another order: a working may differ in so many last bits
of a double. All others agree exactly."""

CELLS = 12
"""Of each layer whose workings are compared."""

MORE: tuple[Row, ...] = (
    ("conv 5 3x2 stride 2x3 pad 1 2 0 1 groups 5 dilation 2x2", ((9, 8, 5),)),
    ("conv 4 2x2 groups 4", ((3, 4, 4),)),
    ("resize 4x5 crop", ((6, 11, 1),)),
    ("resize 5x4 crop", ((11, 6, 2),)),
    ("resize 6x5 fit", ((11, 4, 1),)),
    ("resize 5x6 fit", ((4, 11, 1),)),
)
"""What the page computes in a way of its own, or rounds."""
MOBILE = (
    "scale, conv 8 3x3 stride 2 same no bias, norm, relu6, residual(conv 24 1x1 no bias, norm, relu6, "
    "conv 24 3x3 same groups 24 no bias, norm, relu6, conv 8 1x1 no bias, norm), globalmean, dense classes, softmax"
)


# ---- writing


def array(values: ArrayLike, bound: ArrayLike = 0.0) -> Json:
    """An array, and how far the page's may be off: one number for all, or one for each."""
    own = np.asarray(values, np.float64)
    return {"shape": list(own.shape), "data": packed(own), "bound": packed(np.asarray(bound))}


def packed(values: Array) -> str:
    return base64.b64encode(np.ascontiguousarray(values, "<f8").tobytes()).decode()


def kept(exact: Array, bound: ArrayLike = 0.0) -> Json:
    """A float64 result as the page keeps it: rounded once to float32, after what float64 itself may be off by."""
    rounding = 1.0001 * HALF * np.where(np.isfinite(exact), abs(exact), 0) + SMALLEST
    return array(exact, rounding + np.where(np.isfinite(bound), bound, 0))


def gradient(exact: Array) -> Json:
    """A gradient as the page keeps it; the sums in it may cancel."""
    finite = abs(exact[np.isfinite(exact)])
    return kept(exact, 128 * 2.0**-53 * finite.max(initial=0.0))


def number(value: float) -> float | str:
    return float(value) if math.isfinite(value) else str(float(value))


def region(ranges: Region) -> list[list[int]]:
    return [[axis[0], axis[-1] + 1, axis.step if len(axis) > 1 else 1] if len(axis) else [0, 0, 1] for axis in ranges]


def settings(layer: Layer) -> Json:
    return {field.name: getattr(layer, field.name) for field in fields(layer)}


def working(made: Working) -> Json:
    terms = [
        {
            "factors": [{"of": f.of, "cell": list(f.cell), "value": number(f.value)} for f in term.factors],
            "value": number(term.value),
            "formula": made.written(term.formula),
        }
        for term in made.terms
    ]
    steps = [{"formula": made.written(step.formula), "value": number(step.value)} for step in made.steps]
    winner = made.terms.index(made.winner) if made.winner else -1
    return {
        "rule": made.rule,
        "terms": terms,
        "combined": number(made.combined),
        "steps": steps,
        "value": number(made.value),
        "winner": winner,
    }


# ---- layers


def layers() -> Json:
    """Every kind over named cases, odd sizes, windows by chance, and numbers that are not finite."""
    with np.errstate(all="ignore"):
        return {
            "kinds": sorted(KINDS),
            "layers": [
                *map(named, CASES),
                *(by_chance(name, layer_of(text), shapes) for (text, shapes), name in zip(LAYERS, NAMES, strict=True)),
                *(by_chance(layer.text(), layer, (shape,)) for layer, shape in windows() if fits(layer, shape)),
                *(by_chance(text, layer_of(text), shapes) for text, shapes in MORE),
                *not_finite(),
            ],
            "misfits": [
                {"kind": layer.word, "settings": settings(layer), "shapes": shapes}
                for layer, shapes in [*misfits(), *((layer, (s,)) for layer, s in windows() if not fits(layer, s))]
            ],
        }


def case(name: str, layer: Layer, xs: Sequence[Array], weights: Mapping[str, Array], dy: Array) -> Json:
    """One layer over one picture."""
    narrow = [np.asarray(x, np.float32) for x in xs]
    own = {key: np.asarray(value, np.float32) for key, value in weights.items()}
    batch, wide = [x[None].astype(np.float64) for x in narrow], converted(own, np.float64)
    shapes = [x.shape for x in narrow]
    dy = np.asarray(dy, np.float32).astype(np.float64)
    dx, dweights = layer.backward(dy[None], batch, wide)
    places = cells(layer.shape(*shapes))
    return {
        "name": name,
        "kind": layer.word,
        "settings": settings(layer),
        "inputs": [array(x) for x in narrow],
        "weights": {key: array(value) for key, value in own.items()},
        "output": kept(layer.forward(batch, wide)[0], DOUBLE * layer.bound(batch, wide)[0]),
        "dy": array(dy),
        "dx": [gradient(one[0]) for one in dx],
        "dweights": {key: gradient(one) for key, one in dweights.items()},
        "ulps": ULPS.get(layer.word, 0),
        "cells": [
            {
                "cell": list(cell),
                "inputs": [region(one) for one in layer.sources(cell, shapes).inputs],
                "weights": {key: region(one) for key, one in layer.sources(cell, shapes).weights.items()},
                "working": working(layer.terms(cell, narrow, own)),
            }
            for cell in places
        ],
        "fields": [
            {"region": region(box), "fields": [region(one) for one in layer.field(box, shapes)]}
            for box in boxes(layer.shape(*shapes), places)
        ],
    }


def cells(shape: Shape) -> list[Cell]:
    """All cells of a shape, or the first, the last and some by chance."""
    size = math.prod(shape)
    picks = np.random.default_rng(7).permutation(size)[:CELLS].tolist()
    return [tuple(int(at) for at in np.unravel_index(pick, shape)) for pick in sorted({0, size - 1, *picks})]


def boxes(shape: Shape, places: Sequence[Cell]) -> Iterator[Region]:
    """The whole of a shape, and the boxes between pairs of cells."""
    yield tuple(range(size) for size in shape)
    for a, b in zip(places, [*places[2:], *places[:2]], strict=True):
        yield tuple(range(min(pair), max(pair) + 1) for pair in zip(a, b, strict=True))


def named(given: Case) -> Json:
    """A case whose answers a person worked out: they stand in place of the declaration's, and hold exactly."""
    layer = layer_of(given.text)
    output = np.array(given.output, np.float64)
    draw = np.random.default_rng(3)
    dy = draw.integers(-3, 4, output.shape) if given.dy is None else np.array(given.dy)
    xs = [np.array(x, np.float64) for x in given.inputs]
    made = case(f"case {given.name}", layer, xs, {k: np.array(v, np.float64) for k, v in given.weights.items()}, dy)
    if given.exact:
        made["output"] = array(output)
    if given.dy is not None:
        made["dx"] = [array(one) for one in given.dx]
        made["dweights"] = {key: array(value) for key, value in given.dweights.items()}
    return made


def by_chance(name: str, layer: Layer, shapes: tuple[Shape, ...]) -> Json:
    xs = [x[0] for x in inputs_of(layer, shapes, n=1)]
    dy = np.random.default_rng(9).normal(size=layer.shape(*shapes))
    return case(name, layer, xs, weights_of(layer, shapes), dy)


def windows(count: int = 150) -> Iterator[tuple[Layer, Shape]]:
    """Convolutions and poolings of all settings by chance, whether they fit or not."""
    draw = np.random.default_rng(1)

    def pair(low: int, high: int) -> tuple[int, int]:
        return int(draw.integers(low, high)), int(draw.integers(low, high))

    for turn in range(count):
        sides: Sides = (*pair(0, 3), *pair(0, 3))
        paddings: tuple[str | Sides, ...] = (sides, "same", "valid")
        padding = paddings[int(draw.integers(3))]
        size, stride, groups = pair(1, 4), pair(1, 4), int(draw.integers(1, 4))
        channels = groups * int(draw.integers(1, 3)) + int(turn % 25 == 0)
        shape = (*pair(1, 9), channels)
        if turn % 2:
            kind = (MaxPool, MeanPool, SumPool)[turn % 3]
            yield kind(size, stride, padding, ("floor", "partial", "fit")[int(draw.integers(3))]), shape
        else:
            count = groups * int(draw.integers(1, 6))
            flags = draw.integers(0, 2, 2) == 1
            yield Conv(count, size, stride, padding, pair(1, 3), groups, bool(flags[0]), bool(flags[1])), shape


def fits(layer: Layer, *shapes: Shape) -> bool:
    try:
        layer.shape(*shapes)
    except ShapeError:
        return False
    return True


def misfits() -> list[tuple[Layer, tuple[Shape, ...]]]:
    """Shapes that a kind refuses."""
    rows: list[tuple[str, tuple[Shape, ...]]] = [
        ("conv 6 3x3", ((7,),)),
        ("conv 6 3x3 groups 4", ((9, 9, 8),)),
        ("maxpool 2 pad 2", ((9, 9, 8),)),
        ("dense 3", ((4, 4, 2),)),
        ("globalmean", ((4,),)),
        ("add", ((4, 4, 2), (4, 4, 3))),
        ("concat", ((4, 4, 2), (3, 4, 2))),
        ("multiply", ((4, 4, 2), (3,))),
        ("grey", ((4, 4, 2),)),
        ("colour", ((4, 4, 4),)),
        ("resize 2x2", ((4,),)),
        ("normalise 1 2 3 / 4 5 6", ((4, 4, 2),)),
    ]
    return [(layer_of(text), shapes) for text, shapes in rows]


def not_finite() -> Iterator[Json]:
    """Infinities, and what is not a number, go through a layer as through NumPy."""
    draw = np.random.default_rng(5)
    for (text, shapes), name in zip(LAYERS, NAMES, strict=True):
        layer = layer_of(text)
        if layer.keeps_pixels:
            continue
        xs, weights = [x[0] for x in inputs_of(layer, shapes, n=1)], weights_of(layer, shapes)
        for value in (np.nan, np.inf, -np.inf):
            for x in xs:
                x[tuple(draw.integers(0, x.shape))] = value
            yield case(f"{value}, {name}", layer, xs, weights, draw.normal(size=layer.shape(*shapes)))
    for text, shape in (("conv 5 2x2", (4, 4, 3)), ("conv 4 2x2 groups 4", (3, 3, 4)), ("dense 5", (6,))):
        layer = layer_of(text)
        weights = weights_of(layer, (shape,))
        main = next(iter(weights))
        weights[main][..., 0].flat[:2] = np.nan, np.inf
        yield case(
            f"weights that are not finite, {text}", layer, [np.zeros(shape)], weights, np.zeros(layer.shape(shape))
        )


# ---- nets


def nets() -> Json:
    """Whole nets: every stage and gradient, and where cells come from and go."""
    small = [(name, parse(text, input=(12, 11, 3), classes=10)) for name, text in NETS.items()]
    own = [(name, zoo.net(name)) for name in ("x5", "spreadsheet", "digits", "lenet5")]
    own += [("one of MobileNet's blocks", parse(MOBILE, input=(15, 13, 3), classes=5))]
    return {"nets": [net_case(name, net) for name, net in [*small, *own]]}


def net_case(name: str, net: Net) -> Json:
    weights, pictures, targets = drawn(net, 1)
    wide = converted(weights, np.float64)
    stages = forward(net, wide, pictures.astype(np.float64))
    shapes = {key: value.shape[1:] for key, value in stages.items()}
    loss = loss_for(net.output.layer)
    together = type(net.output.layer) is loss.last
    end = net.output.inputs[0] if together else net.output.name
    dy = (loss.gradient_of_scores if together else loss.gradient)(stages[end], targets).astype(np.float32)
    gradients, slopes = backward(net, wide, stages, end, dy.astype(np.float64))
    trained = {key for key, parameter in net.parameters().items() if parameter.trained}
    draw = np.random.default_rng(11)
    looked = [(n, tuple(int(draw.integers(size)) for size in shapes[n])) for n in ["input", *net.names] * 2]
    return {
        "name": name,
        "layers": [
            {"name": node.name, "kind": node.layer.word, "settings": settings(node.layer), "inputs": list(node.inputs)}
            for node in net
        ],
        "weights": {key: array(value) for key, value in weights.items()},
        "picture": array(pictures[0]),
        "stages": {key: through(value[0]) for key, value in stages.items()},
        "end": end,
        "dy": array(dy[0]),
        "gradients": {key: through(value) for key, value in gradients.items() if key in trained},
        "slopes": {key: through(value[0]) for key, value in slopes.items()},
        "cells": [
            {
                "name": stage,
                "cell": list(cell),
                "behind": regions(reach.behind(net, shapes, stage, cell)),
                "sources": regions(reach.sources(net, shapes, stage, cell)) if stage != "input" else {},
                "feeds": {
                    key: {"count": len(found), "box": region(box_of(found))}
                    for key, found in reach.ahead(net, shapes, stage, cell).items()
                },
            }
            for stage, cell in looked
        ],
    }


def through(exact: Array) -> Json:
    """A result of many layers, each of which kept float32."""
    return array(exact, 64 * HALF * abs(exact).max())


def regions(of: Mapping[str, Region]) -> Json:
    return {name: region(one) for name, one in of.items()}


def box_of(found: Sequence[Cell]) -> Region:
    return tuple(range(min(axis), max(axis) + 1) for axis in zip(*found, strict=True))


# ---- numbers


def numbers() -> Json:
    """Sums, printed numbers, and losses."""
    draw = np.random.default_rng(17)
    doubles = [float(np.array(bits, np.uint64).view(np.float64)) for bits in draw.integers(0, 2**64, 4000, np.uint64)]
    singles = draw.integers(0, 2**32, 4000, np.uint32).view(np.float32)
    ties = [
        float(a) * 2.0 ** -int(b)
        for a, b in zip(draw.integers(1, 2**24, 4000), draw.integers(0, 24, 4000), strict=True)
    ]
    told = [*filter(math.isfinite, doubles), *ties, 0.0, -0.0, 1e16, 1e-5]
    return {
        "sums": [{"values": [number(v) for v in one], "sum": number(exact_sum(one))} for one in sums(draw)],
        "printed": [printed(groups) for groups in groups_of(draw)],
        "texts": [[value, n % 7, Ruler(n % 7).text(value)] for n, value in enumerate(rounded(draw))],
        "shortest": [
            [float(v), shortest(float(v))] for v in [*singles, *map(np.float32, ties)] if np.isfinite(v) and v
        ],
        "general": [[value, f"{value:.9g}", f"{value:g}", repr(value)] for value in told],
        "losses": [*losses(draw)],
    }


def sums(draw: np.random.Generator) -> list[list[float]]:
    """Of all sizes, with halves that the smallest number decides, and with what is not finite."""
    spread = [draw.normal(size=n) * 10.0 ** draw.integers(-30, 30, n) for n in (1, 2, 3, 50, 400) for _ in range(20)]
    powers, signs = (54, 105, 106, 107, 1074), (1, -1)
    half = [[one, one * 2.0**-53, two * 2.0**-power] for one in signs for two in signs for power in powers]
    by_hand = [[1e16, 1.0, 1e-16], [1.0, 1e100, 1.0, -1e100], [2.0**53, 1.0, 2.0**-53], [], [-0.0], [0.1] * 10]
    return [
        *(one.tolist() for one in spread),
        *half,
        *by_hand,
        [math.inf, 1.0],
        [math.inf, -math.inf],
        [math.nan, 1e308],
    ]


def groups_of(draw: np.random.Generator) -> Iterator[list[list[float]]]:
    """Groups of numbers: of all sizes, widely spread, and dyadic ones that lie half-way between two prints."""
    for turn in range(600):
        sizes = [int(n) for n in draw.integers(0, 6, draw.integers(1, 6))]
        if turn % 4 == 0:
            yield [(draw.integers(-64, 64, n) / 2.0 ** draw.integers(1, 7)).tolist() for n in sizes]
        elif turn % 4 == 1:
            yield [(draw.integers(-1000, 1000, n) / 1000).tolist() for n in sizes]
        elif turn % 4 == 2:
            yield [(draw.normal(size=n) * 10.0 ** draw.integers(-20, 20, n)).tolist() for n in sizes]
        else:
            products = [draw.normal(size=(2, n)).astype(np.float32).astype(np.float64) for n in sizes]
            yield [(a * b * 10.0 ** draw.integers(-3, 3)).tolist() for a, b in products]
    yield [[1e30, -1e30, 1e-30]]
    yield [[5e-324, -5e-324, 0.0, -0.0], [2.0**-1074]]
    yield [[1.25, math.nan], [math.inf], [0.5]]
    yield [[math.inf, 2.5], [-math.inf]]


def printed(groups: list[list[float]]) -> Json:
    marks = ruler([value for group in groups for value in group])
    outer, inner = subtotals_that_add_up(groups, marks)
    return {
        "groups": [[number(value) for value in group] for group in groups],
        "ruler": {"decimals": marks.decimals, "exponent": marks.exponent},
        "outer": sum_of(outer),
        "inner": [sum_of(one) for one in inner],
    }


def sum_of(one: Sum) -> Json:
    return {"terms": list(one.terms), "total": one.total}


def rounded(draw: np.random.Generator) -> Iterator[float]:
    """Numbers to be printed: many just beside a half, or on it."""
    yield from (float(n) / 200 for n in range(-400, 400))
    yield from (float(n) / 64 for n in range(-400, 400))
    yield from (float(v) for v in draw.normal(size=400) * 10.0 ** draw.integers(-9, 9, 400))
    yield from (struct.unpack("<d", struct.pack("<q", n))[0] for n in draw.integers(2**62 - 2**54, 2**62 + 2**54, 400))


def losses(draw: np.random.Generator) -> Iterator[Json]:
    for loss, size in ((CrossEntropy(), 4), (LogLoss(), 3), (LogLoss(), 1), (SquaredError(), 3)):
        for turn in range(6):
            scores = draw.normal(0, [1, 30, 200][turn % 3], size).astype(np.float32).astype(np.float64)
            last = loss.last().forward([scores[None]], {})[0] if loss.last else scores
            outputs = last.astype(np.float32).astype(np.float64)
            targets = (np.arange(size) == turn % size) * 1.0 if turn < 4 else draw.integers(0, 9, size) / 8
            yield {
                "name": loss.name,
                "last": loss.last.word if loss.last else None,
                "outputs": outputs.tolist(),
                "targets": targets.tolist(),
                "value": float(loss.value(outputs[None], targets[None])[0]),
                "working": working(loss.terms(outputs, targets)),
                "gradient": loss.gradient(outputs[None], targets[None])[0].tolist(),
                "scores": scores.tolist() if loss.last else None,
                "of_scores": loss.gradient_of_scores(scores[None], targets[None])[0].tolist() if loss.last else None,
            }
