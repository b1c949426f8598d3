"""What a layer says of one cell: which cells made it, and the arithmetic, term by term."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from cutaway.layers import KINDS, Layer, Shape
from cutaway.layers.formula import compute
from cutaway.layers.grey import SHARES, Grey
from cutaway.layers.layer import Array, Cell, Region, hull, is_empty, whole
from cutaway.layers.resize import Resize
from cutaway.layers.working import Factor, Working, cells
from tests.layer_table import LAYERS, NAMES, inputs_of, layer_of, weights_of

ENOUGH = 24
"""Cells of each layer that are looked at, where it has more."""
FAR = (100.0, -100.0, 1.5, -1.5)
"""What a source is replaced by: large enough to win a maximum, on either side of every kink, and in between."""

every_layer = pytest.mark.parametrize(("text", "shapes"), LAYERS, ids=NAMES)


def some(shape: Shape) -> list[Cell]:
    """Cells of a shape: all, or the corners and others by chance."""
    every = list(np.ndindex(shape))
    if len(every) <= ENOUGH:
        return every
    corners = [tuple(size - 1 if high else 0 for size in shape) for high in (False, True)]
    return corners + [every[i] for i in np.random.default_rng(0).choice(len(every), ENOUGH, replace=False)]


def unrounded(layer: Layer, xs: Sequence[Array], w: dict[str, Array]) -> Array:
    """Forward; before rounding where a layer rounds to whole numbers, so that each source shows."""
    if isinstance(layer, Resize) and xs[0].shape[1:3] != (layer.height, layer.width):
        return layer.exact(xs[0])
    if isinstance(layer, Grey) and xs[0].shape[-1] == 3:
        return xs[0] @ SHARES[:, None]
    return layer.forward(xs, w)


def outside(region: Region, shape: Shape) -> Array:
    """True for the cells of a shape that are not in a region."""
    mask = np.ones(shape, bool)
    if not is_empty(region):
        mask[np.ix_(*region)] = False
    return mask


def changes(layer: Layer, arrays: list[Array], array: Array, place: Cell, cell: Cell, w: dict[str, Array]) -> bool:
    """Whether any of several replacements of one number changes an output cell."""
    before, was = unrounded(layer, arrays, w)[0][cell], array[place]
    seen = False
    for replacement in FAR:
        array[place] = replacement
        seen = seen or unrounded(layer, arrays, w)[0][cell] != before
    array[place] = was
    return bool(seen)


# --- sources --------------------------------------------------------------------------------------------


@every_layer
def test_nothing_outside_the_sources_changes_a_cell(text: str, shapes: tuple[Shape, ...]) -> None:
    layer = layer_of(text)
    xs, w = inputs_of(layer, shapes, n=1), weights_of(layer, shapes)
    y = layer.forward(xs, w)
    for cell in some(y.shape[1:]):
        sources = layer.sources(cell, shapes)
        assert len(sources.inputs) == len(shapes)
        assert sources.weights.keys() == w.keys()
        others = [np.where(outside(r, x.shape[1:]), 77.0 - x, x) for r, x in zip(sources.inputs, xs, strict=True)]
        other_w = {n: np.where(outside(sources.weights[n], v.shape), v + 0.77, v) for n, v in w.items()}
        assert layer.forward(others, other_w)[0][cell] == y[0][cell], f"{text} {cell}"


@every_layer
def test_everything_inside_the_sources_changes_a_cell(text: str, shapes: tuple[Shape, ...]) -> None:
    layer = layer_of(text)
    xs, w = inputs_of(layer, shapes, n=1), weights_of(layer, shapes)
    for cell in some(layer.shape(*shapes))[:6]:
        sources = layer.sources(cell, shapes)
        for x, region in zip(xs, sources.inputs, strict=True):
            for place in cells(region):
                assert changes(layer, xs, x, (0, *place), cell, w), f"{text} {cell}: {place} has no part in it"
        for name, region in sources.weights.items():
            if text.startswith("prelu") and xs[0][0][cell] > 0:
                continue  # only what is negative leaks
            for place in cells(region):
                assert changes(layer, xs, w[name], place, cell, w), f"{text} {cell}: {name} {place} has no part"


def regions(shape: Shape) -> Iterator[Region]:
    """The whole of a shape, each of some cells alone, and boxes by chance."""
    yield whole(shape)
    yield from (tuple(range(i, i + 1) for i in cell) for cell in some(shape)[:4])
    draw = np.random.default_rng(1)
    for _ in range(8):
        ends = [sorted(draw.integers(0, size, 2)) for size in shape]
        yield tuple(range(int(first), int(last) + 1) for first, last in ends)


@every_layer
def test_field_is_the_smallest_box_with_the_sources_of_every_cell(text: str, shapes: tuple[Shape, ...]) -> None:
    layer = layer_of(text)
    for region in regions(layer.shape(*shapes)):
        every = [layer.sources(cell, shapes).inputs for cell in cells(region)]
        fields = layer.field(region, shapes)
        assert len(fields) == len(shapes)
        for field, boxes in zip(fields, zip(*every, strict=True), strict=True):
            places = [place for box in boxes for place in cells(box)]
            if not places:
                assert is_empty(field), f"{text} {region}"
                continue
            smallest = tuple(range(min(axis), max(axis) + 1) for axis in zip(*places, strict=True))
            assert field == smallest, f"{text} {region}"


def test_hull_of_two_regions() -> None:
    a, nothing = (range(0, 5, 2), range(2, 3)), (range(0), range(4, 6))
    assert hull(a, (range(7, 8), range(1))) == (range(8), range(3))
    assert hull(a, nothing) == hull(nothing, a) == (range(5), range(2, 3))
    assert is_empty(hull(nothing, nothing))


# --- terms ----------------------------------------------------------------------------------------------


def value_at(factor: Factor, layer: Layer, xs: list[Array], w: dict[str, Array]) -> float | None:
    """What stands where a factor says it does; None for a constant."""
    if factor.of.startswith("input"):
        number = re.fullmatch(r"input(?: (\d+))?", factor.of)
        assert number
        assert bool(number[1]) == (len(xs) > 1), "numbered where there are several"
        return float(xs[int(number[1] or 1) - 1][factor.cell])
    if factor.of in w:
        return float(w[factor.of][factor.cell])
    if factor.of == "-mean" and "mean" in w:
        return -float(w["mean"][factor.cell])
    if isinstance(layer, Resize) and factor.of in ("row weight", "column weight"):
        return None  # its cell is the pixel's row or column
    assert factor.cell == (), f"{factor} is not to be found"
    return None


def held(working: Working, layer: Layer, xs: list[Array], w: dict[str, Array]) -> None:
    """Everything that a working states is so."""
    names = {name: factor.value for name, factor in working.where.items()}
    for factor in (*(factor for term in working.terms for factor in term.factors), *working.where.values()):
        assert value_at(factor, layer, xs, w) in (None, factor.value), factor
        if factor.made:
            assert factor.made.value == factor.value
            held(factor.made, layer, xs, w)
    for term in working.terms:
        if term.formula:
            assert term.value == pytest.approx(compute(term.formula, term.factors[0].value, names), rel=1e-12)
        else:
            assert term.value == math.prod(factor.value for factor in term.factors)
    values = [term.value for term in working.terms]
    assert working.combined == {"sum": math.fsum(values), "max": max(values)}[working.rule]
    x = working.combined
    for step in working.steps:
        assert step.value == pytest.approx(compute(step.formula, x, names), rel=1e-12, abs=1e-15), step
        x = step.value
    assert working.value == x


@every_layer
def test_a_working_comes_to_its_cell(text: str, shapes: tuple[Shape, ...]) -> None:
    layer = layer_of(text)
    xs, w = inputs_of(layer, shapes, n=1), weights_of(layer, shapes)
    y = layer.forward(xs, w)[0]
    pictures = [x[0] for x in xs]
    for cell in some(y.shape):
        working = layer.terms(cell, pictures, w)
        held(working, layer, pictures, w)
        assert working.value == pytest.approx(y[cell], rel=1e-12, abs=1e-12 * size(working)), f"{text} {cell}"


def size(working: Working) -> float:
    """The sum of what is added up, without signs: what float64's own rounding in `forward` is a share of."""
    return sum(abs(term.value) for term in working.terms) if working.rule == "sum" else 0.0


@every_layer
def test_the_terms_name_the_sources_and_nothing_else(text: str, shapes: tuple[Shape, ...]) -> None:
    layer = layer_of(text)
    xs, w = inputs_of(layer, shapes, n=1), weights_of(layer, shapes)
    for cell in some(layer.shape(*shapes)):
        sources = layer.sources(cell, shapes)
        factors = [f for term in layer.terms(cell, [x[0] for x in xs], w).terms for f in term.factors]
        for number, region in enumerate(sources.inputs):
            name = "input" if len(shapes) == 1 else f"input {number + 1}"
            assert {f.cell for f in factors if f.of == name} == set(cells(region)), f"{text} {cell}"
        for name in ("kernel", "weight", "bias"):
            if name in w:
                assert {f.cell for f in factors if f.of == name} == set(cells(sources.weights[name]))


def test_the_textbooks_middle_cell_is_zero() -> None:
    """The well-known slide prints 1 there."""
    picture = np.array([[float(n) for n in row] for row in PICTURE.split()])[:, :, None]
    kernel = np.array([[float(n) for n in row] for row in "001 100 011".split()])[:, :, None, None]
    working = layer_of("conv 1 3x3 no bias").terms((2, 2, 0), [picture], {"kernel": kernel})
    assert [term.factors[0].value for term in working.terms] == [0, 0, 0, 0, 1, 0, 0, 0, 0]
    assert [term.factors[1].value for term in working.terms] == [0, 0, 1, 1, 0, 0, 0, 1, 1]
    assert [term.value for term in working.terms] == [0] * 9
    assert working.value == 0


PICTURE = "0000000 0100010 0000000 0001000 0100010 0011100 0000000"


def test_a_sum_is_exact_where_float32_and_float64_are_not() -> None:
    """1e16 + 1 - 1e16 is 1; added up one by one in float64 it is 0."""
    x, w = np.array([1e16, 1.0, -1e16]), {"weight": np.ones((3, 1)), "bias": np.zeros(1)}
    assert layer_of("dense 1").terms((0,), [x], w).value == 1


def test_the_winner_of_a_maximum_is_the_first() -> None:
    working = layer_of("maxpool 2").terms((0, 0, 0), [np.array([[[1.0], [7.0]], [[7.0], [7.0]]])], {})
    assert working.winner is working.terms[1]
    assert layer_of("sumpool 2").terms((0, 0, 0), [np.zeros((2, 2, 1))], {}).winner is None


def test_every_kind_is_looked_at() -> None:
    assert {text.split()[0] for text, _ in LAYERS} == set(KINDS)
