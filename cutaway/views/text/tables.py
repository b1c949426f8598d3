"""A net, and a trace, as tables: one line a layer."""

from __future__ import annotations

import math

import numpy as np

from cutaway.layers.layer import Cell, Cost, describe
from cutaway.layers.working import Term, Working
from cutaway.net import INPUT, Net
from cutaway.trace import Stage, Trace
from cutaway.trace.digits import ruler
from cutaway.trace.windows import window
from cutaway.views.text.blocks import rule, table
from cutaway.views.text.strips import strip
from cutaway.wording import memory

MANY = 30_000
"""Terms of a cell up to which workings tell what a layer did: about 0.1 s for three of them."""


def layers(trace: Trace, *, width: int = 80) -> str:
    """What each layer made of the picture: its shape, its smallest and largest number, and in words what it did.

    Under the table stand the layers' strongest maps, three lines high (`strip`).
    """
    rows = [
        [stage.name, stage.text if stage.name != INPUT else "", describe(stage.shape), *_range(stage), _did(stage)]
        for stage in trace
    ]
    lines = table(("", "layer", "shape", "from", "to", "what it did"), rows, "llr..l", (1, 5), width)
    drawn = strip(trace, width=width)
    return "\n".join([*lines, *(["", drawn] if drawn else [])])


def net(net: Net, *, width: int = 80) -> str:
    """What each layer is and costs for one picture, before anything runs; notes in brackets, totals below."""
    rows = [[INPUT, "", describe(net.input), "", "", ""]]
    for row in net.rows():
        text = f"{row.text}\n({row.note})" if row.note else row.text
        rows.append([row.name, text, describe(row.shape), *_costs(row.cost)])
    total = ["", f"{len(net)} layers", "", *_costs(net.cost())]
    header = ("", "layer", "output", "parameters", "multiplications", "memory")
    lines = table(header, [*rows, total], "llrrrr", (1,), width)
    return "\n".join([*lines[:-1], rule(lines), lines[-1]])


def _costs(cost: Cost) -> tuple[str, ...]:
    """Numbers of a layer; nothing where there is nothing to count."""
    counts = (f"{count:,}" if count else "" for count in (cost.parameters, cost.multiplications))
    return (*counts, memory(cost.memory) if cost.memory else "")


def _range(stage: Stage) -> tuple[str, str]:
    low, high = stage.range
    marks = ruler(stage.range)
    return marks.text(low), marks.text(high)


# --- in words -------------------------------------------------------------------------------------


def _did(stage: Stage) -> str:
    """What a layer did to all its cells, told from the workings of three of them."""
    if not stage.node:
        return "the picture"
    shape = stage.shape
    places = [(0,) * len(shape), tuple(size // 2 for size in shape), tuple(size - 1 for size in shape)]
    if many := _many(stage, places[1]):
        return many
    workings = [stage.terms(place) for place in places]
    made = max(workings, key=lambda working: len(working.terms))
    common = [formula for formula in _formulas(made) if all(formula in _formulas(other) for other in workings)]
    before = max((stage.trace[name].zeros for name in stage.node.inputs), default=0.0)
    zeros = [f"{100 * stage.zeros:.0f} % are zero"] if stage.zeros > before else []
    said = ", ".join([*_combined(made, stage), *common, *zeros])
    return said or "unchanged"


def _many(stage: Stage, place: Cell) -> str:
    """Of a layer whose cells come from very many others, just that: working three of them out would take seconds."""
    assert stage.node
    shapes = [stage.trace.shapes[name] for name in stage.node.inputs]
    sizes = [[len(axis) for axis in region] for region in stage.node.layer.sources(place, shapes).inputs]
    if sum(map(math.prod, sizes)) <= MANY:
        return ""
    return " and ".join(f"sums over {'x'.join(map(str, size))} cells" for size in sizes)


def _formulas(made: Working) -> list[str]:
    return [made.written(step.formula) for step in made.steps]


def _combined(made: Working, stage: Stage) -> list[str]:
    """How the terms of a cell are put together; nothing where there is only one, as it is."""
    first = made.terms[0]
    if any(term.formula for term in made.terms):
        shares = " that add up to 1" if np.isclose(stage.output.sum(axis=-1), 1, atol=1e-4).all() else ""
        return [f"{len(made.terms)} numbers{shares}"]
    if len(made.terms) == 1:
        return [f"products of {len(first.factors)}"] if len(first.factors) > 1 else []
    count, others = _size(made)
    if made.rule == "max":
        return [f"largest of {count}"]
    fed = next((term for term in made.terms if term not in others), first)
    what = f"sums of {count} {'products' if len(fed.factors) > 1 else 'cells'}"
    if count == "1":
        what = " × ".join(factor.of for factor in fed.factors)
    return [what + "".join(_added(term.factors[0].of) for term in others)]


def _added(name: str) -> str:
    """A term beside the others, by its name: `+ bias`, `- mean`."""
    return f" - {name[1:]}" if name.startswith("-") else f" + {name}"


def _size(made: Working) -> tuple[str, tuple[Term, ...]]:
    """How many terms, as the window that they fill (`3x3x16`), and those beside it."""
    drawn = window(made)
    if drawn:
        channels = f"x{len(drawn.grids)}" if len(drawn.grids) > 1 else ""
        return f"{drawn.size[0]}x{drawn.size[1]}{channels}", drawn.others
    beside = tuple(term for term in made.terms if term.factors[0].of == "bias" or not term.factors[0].cell)
    return str(len(made.terms) - len(beside)), beside
