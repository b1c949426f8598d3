"""One number in a stage, and how it came about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cutaway import _show
from cutaway.layers.layer import Cell as Place
from cutaway.layers.layer import Region
from cutaway.layers.working import Factor, Term, Working
from cutaway.trace import reach
from cutaway.trace.address import address

if TYPE_CHECKING:
    from cutaway.trace.stage import Stage


@dataclass(frozen=True)
class CellWorking:
    """The arithmetic of one cell, and what the engine made of it. Views render it; `print` does so as text.

    >>> print(trace["conv1"][12, 7, 3].working())       # doctest: +SKIP
    """

    stage: str
    """The layer that the cell is in."""
    place: Place
    layer: str
    """The layer in the notation: `conv 6 5x5`."""
    inputs: tuple[str, ...]
    """The names of the stages that the factors `input`, or `input 1`, `input 2`, ... stand in; none for the picture."""
    working: Working
    engine: float
    """The number that the engine computed, a float32."""
    bound: float
    """How far rounding alone could take the engine's number from the exact one."""

    @property
    def address(self) -> str:
        """`conv1[12, 7, 3]`."""
        return address(self.stage, self.place)

    @property
    def terms(self) -> tuple[Term, ...]:
        """What is added up (or compared), in order."""
        return self.working.terms

    @property
    def total(self) -> float:
        """What the terms come to, before the last steps."""
        return self.working.combined

    @property
    def value(self) -> float:
        """The cell, as exactly as float64 can tell."""
        return self.working.value

    @property
    def difference(self) -> float:
        """The engine's number less the exact one."""
        return self.engine - self.value

    @property
    def ok(self) -> bool:
        """Whether rounding explains the difference."""
        return abs(self.difference) <= self.bound or repr(self.engine) == repr(self.value)  # the second: inf and nan

    def source(self, factor: Factor) -> str | None:
        """The stage that a factor stands in; None for weights and constants."""
        word, _, number = factor.of.partition(" ")
        if word != "input" or not self.inputs or (number and not number.isdecimal()):
            return None
        return self.inputs[int(number) - 1 if number else 0]

    def where(self, factor: Factor) -> str:
        """Where a factor stands, as people write it: `relu1[3, 4, 0]`, `bias[2]`, `share of red`."""
        name = self.source(factor) or factor.of
        return address(name, factor.cell) if factor.cell else name

    def to_svg(self, *, everything: bool = False) -> str:
        """This working as a figure for a slide or a page, in SVG that stands alone.

        >>> Path("figure.svg").write_text(trace["conv1"][12, 7, 3].working().to_svg())       # doctest: +SKIP

        A long sum shows its strongest parts, and what the others come to, unless `everything` is asked for.
        """
        return _show.figure(self, everything=everything)

    def _repr_svg_(self) -> str:
        """What a notebook shows."""
        return self.to_svg()

    def __str__(self) -> str:
        return _show.working(self)


@dataclass(frozen=True)
class Cell:
    """One number of a trace. `trace["conv1"][12, 7, 3]`, or `trace.cell("conv1[12, 7, 3]")`."""

    stage: Stage
    place: Place

    @property
    def address(self) -> str:
        """`conv1[12, 7, 3]`."""
        return address(self.stage.name, self.place)

    @property
    def value(self) -> float:
        """The number that the engine computed."""
        return float(self.stage.output[self.place])

    def working(self) -> CellWorking:
        """How this number came about, term by term, from the numbers that the engine itself gave to this layer."""
        stage = self.stage
        inputs = stage.node.inputs if stage.node else ()
        bound = float(stage.bounds[self.place])
        return CellWorking(stage.name, self.place, stage.text, inputs, stage.terms(self.place), self.value, bound)

    def sources(self) -> dict[str, Region]:
        """The cells just before that made this one, by stage; a strided range where the window is dilated."""
        if self.stage.node is None:
            return {}
        return reach.sources(self.stage.trace.net, self.stage.trace.shapes, self.stage.name, self.place)

    def receptive_field(self) -> dict[str, Region]:
        """`Trace.receptive_field` of this cell."""
        return reach.behind(self.stage.trace.net, self.stage.trace.shapes, self.stage.name, self.place)

    def feeds(self) -> list[Cell]:
        """`Trace.feeds` of this cell."""
        trace = self.stage.trace
        found = reach.ahead(trace.net, trace.shapes, self.stage.name, self.place)
        return [trace[name][place] for name, places in found.items() for place in places]

    def origin(self) -> Cell:
        """The cell that this number was first computed in: back through flatten, concat and the like."""
        if self.stage.node is None:
            return self
        regions = list(self.sources().items())
        if len(regions) != 1 or any(len(axis) != 1 for axis in regions[0][1]):
            return self
        working = self.stage.terms(self.place)
        if working.steps or len(working.terms) != 1 or len(working.terms[0].factors) != 1:
            return self
        source, region = regions[0]
        return self.stage.trace[source][tuple(axis[0] for axis in region)].origin()

    def __repr__(self) -> str:
        return f"<Cell {self.address}: {self.value:.6g}>"

    def __str__(self) -> str:
        return self.address
