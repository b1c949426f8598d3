"""A trace as the cells of a workbook: where each number stands, and the formula that makes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from cutaway.errors import JobError
from cutaway.layers.layer import Array, Layer, Region, Shape, hull, whole
from cutaway.layers.logsoftmax import LogSoftmax
from cutaway.layers.sigmoid import Sigmoid
from cutaway.layers.working import input_name
from cutaway.losses import CrossEntropy, LogLoss, Loss
from cutaway.model.outputs import Kind
from cutaway.net import INPUT, Node
from cutaway.net.run import by_layer, converted, first_not_finite, forward
from cutaway.trace import Trace
from cutaway.views.workbook.expression import Call, Expression, Negative, Number, Ref, Sum, compute, text
from cutaway.views.workbook.grid import Grid
from cutaway.views.workbook.layout import Area, Place, place
from cutaway.views.workbook.slopes import slopes
from cutaway.views.workbook.workings import Writer

START, NET, LOSS = "start", "net", "loss"
"""Sheets: the first; the only other one of a small net that is to stand on one; what the net says and the loss."""
GRADIENT = " gradient"
"""Behind a sheet's name: the sheet of its gradients, each in the place of its cell."""
GUESS, LABEL, COST = (Ref(START, row, 1) for row in (6, 7, 8))
"""The best class; where a person types the true one; the loss."""


@dataclass(frozen=True)
class Ending:
    """What the outputs of the net mean, where they mean classes."""

    kind: Kind
    classes: tuple[str, ...]
    label: int
    """The class that the loss is computed for until a person types another."""


@dataclass
class Book:
    """All cells of a workbook."""

    trace: Trace
    ending: Ending | None
    """None where the net does not end in probabilities, or its end was cut off."""
    single: bool
    """Whether all layers are on one sheet."""
    grid: Grid = field(default_factory=Grid)
    places: dict[str, Place] = field(default_factory=dict)
    """By layer, `input` first; the last is `loss`, if there is one."""
    gradients: dict[str, Place] = field(default_factory=dict)
    """For each sheet, where there is room for numbers in between on the sheet of its gradients."""

    @property
    def sheets(self) -> list[str]:
        """The sheets that hold layers, in order."""
        return list(dict.fromkeys(own.sheet for own in self.places.values()))

    @property
    def gradient_sheets(self) -> list[str]:
        """The sheets that hold gradients: of what has a part in the loss."""
        used = {ref.sheet for ref in self.grid.texts}
        return [own.sheet for own in self.gradients.values() if own.sheet in used]


def build(trace: Trace, regions: Mapping[str, Region], ending: Ending | None, *, single: bool, backward: bool) -> Book:
    """Every number in these regions of the stages, the picture first, computed in float64 by the declarations."""
    book = Book(trace, ending, single)
    weights = by_layer(converted(trace.weights, np.float64))
    stages = {name: x[0] for name, x in _computed(trace, regions).items()}
    _type_picture(book, stages[INPUT], regions[INPUT])
    for node in trace.net:
        if node.name in regions:
            _write_layer(book, node, stages, weights.get(node.name, {}), regions)
    if ending:
        _write_loss(book, ending)
        if backward:
            _write_gradients(book, ending)
    return book


def _computed(trace: Trace, regions: Mapping[str, Region]) -> dict[str, NDArray[np.float64]]:
    """Every stage that is needed. Raises JobError where one is not finite: a spreadsheet holds no such numbers."""
    last = [INPUT, *(node.name for node in trace.net if node.name in regions)][-1]
    picture = trace.picture[None].astype(np.float64)
    stages = forward(trace.net, converted(trace.weights, np.float64), picture, until=last)
    if node := first_not_finite(trace.net, stages):
        raise JobError(
            f"{node.name} is not finite for this picture, and a spreadsheet holds no such numbers; "
            "train the net again at a lower rate"
        )
    return stages


def _placed(book: Book, name: str, region: Region, weights: Mapping[str, Region]) -> Place:
    """The next layer's place: on a sheet of its own, or below the one before."""
    before = next(reversed(book.places.values()), None)
    top = before.bottom + 1 if before and book.single else 0
    book.places[name] = made = place(name, NET if book.single else name, top, region, weights)
    return made


def _type_picture(book: Book, picture: Array, region: Region) -> None:
    area = _placed(book, INPUT, region, {}).output
    for cell in product(*region):
        book.grid.type(area.ref(cell), float(picture[cell]))


def _write_layer(
    book: Book, node: Node, stages: Mapping[str, Array], w: Mapping[str, Array], regions: Mapping[str, Region]
) -> None:
    xs, region = [stages[name] for name in node.inputs], regions[node.name]
    shapes = [x.shape for x in xs]
    own = _placed(book, node.name, region, needed(node.layer, region, shapes, w))
    for name, area in own.weights.items():
        for cell in product(*area.region):
            book.grid.type(area.ref(cell), float(w[name][cell]))
    fed = {
        input_name(number, len(xs)): book.places[source].output
        for number, source in enumerate(node.inputs)
        if source in book.places
    }
    writer = Writer(book.grid, own, {**own.weights, **fed})
    for cell in product(*region):
        formula = writer.expression(node.layer.terms(cell, xs, w))
        book.grid.put(own.output.ref(cell), formula, float(stages[node.name][cell]), own)


def needed(layer: Layer, region: Region, shapes: Sequence[Shape], w: Mapping[str, Array]) -> dict[str, Region]:
    """The part of each array of weights that has a part in a region; all of it, for all of the output."""
    if region == whole(layer.shape(*shapes)):
        return {name: whole(value.shape) for name, value in w.items()}
    found: dict[str, Region] = {}
    for cell in product(*region):
        for name, own in layer.sources(cell, shapes).weights.items():
            found[name] = hull(found[name], own) if name in found else own
    return found


# --- what the net says, and how wrong that is -------------------------------------------------------


def _write_loss(book: Book, ending: Ending) -> None:
    """A row for each class: its probability, whether it is the label, and the loss if it were.

    The loss comes from the scores, as in training: a probability may round to 0 or 1, whose logarithm says nothing.
    """
    net, grid = book.trace.net, book.grid
    row = (range(len(ending.classes)),)
    out = book.places[net.output.name].output
    own = _placed(book, LOSS, row, {"true": row, "loss": row})
    own.output = probs = replace(own.output, name="probability")
    for k, formula in enumerate(_probabilities(ending, out, net.output.layer)):
        grid.put(probs.ref((k,)), formula, compute(formula, grid.values), own)
    loss: Loss = LogLoss() if isinstance(net.output.layer, Sigmoid) else CrossEntropy()
    scores = book.places[net.output.inputs[0]].output
    numbers = np.array([grid.values[scores.ref((k,))] for k in scores.region[0]])
    writer = Writer(grid, own, {"input": scores})
    for k in row[0]:
        targets = np.array([float(k == 1)]) if ending.kind == "two" else np.eye(len(row[0]))[k]
        terms = loss.terms_of_scores(numbers, targets)
        grid.put(own.weights["loss"].ref((k,)), writer.expression(terms), terms.value, own)
        true = own.weights["true"].ref((k,))
        name = Ref(own.sheet, true.row, 0)
        written = f"IF(EXACT({text(LABEL, own.sheet)},{text(name, own.sheet)}),1,0)"
        grid.write(true, written, float(k == ending.label))


def _probabilities(ending: Ending, out: Area, last: Layer) -> list[Expression]:
    refs = [out.ref((k,)) for k in out.region[0]]
    if ending.kind == "two":
        return [Sum((Number(1.0), Negative(refs[0]))), refs[0]]
    return [Call("exp", (ref,)) if isinstance(last, LogSoftmax) else ref for ref in refs]


def _write_gradients(book: Book, ending: Ending) -> None:
    """Beside each sheet one with the gradients of the loss, for all that has a part in it."""
    own, grid = book.places[LOSS], book.grid
    losses, true = own.weights["loss"], own.weights["true"]
    seeds = {losses.ref((k,)): true.ref((k,)) for k in range(len(ending.classes))}
    book.gradients = {one.sheet: replace(one, sheet=one.sheet + GRADIENT, labels={}) for one in book.places.values()}
    for ref, formula in slopes(grid.formulas, seeds, GRADIENT).items():
        beside = book.gradients[ref.sheet]
        grid.put(Ref(beside.sheet, ref.row, ref.col), formula, compute(formula, grid.values), beside)
