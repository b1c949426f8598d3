"""Everything that one picture caused in a net: every number kept, and able to say how it came about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cutaway import _show
from cutaway.errors import InputError, JobError
from cutaway.layers import Shape
from cutaway.layers.layer import Array, Region, Weights
from cutaway.layers.words import nearest
from cutaway.net import INPUT, Net
from cutaway.net.check import StageCheck, check
from cutaway.net.run import by_layer
from cutaway.trace.address import read_address
from cutaway.trace.cell import Cell
from cutaway.trace.stage import Stage
from cutaway.trace.votes import Leads, Votes, votes, why_not


@dataclass(frozen=True, eq=False, repr=False)
class Trace:
    """One picture through a net. Iterating gives its stages in order, the picture first.

    >>> trace["conv1"].map(3)                        # a feature map        # doctest: +SKIP
    >>> trace.cell("conv1[12, 7, 3]").working()      # how a number came about   # doctest: +SKIP
    >>> trace.check()                                # are all numbers right?    # doctest: +SKIP
    """

    net: Net
    weights: Weights
    """float32, by name: `conv1.kernel`, ..."""
    picture: NDArray[np.uint8]
    """[rows, columns, channels]"""
    stages: Mapping[str, NDArray[np.float32]]
    """The engine's numbers by layer, and `input`; each without the number of pictures, read-only."""

    # --- looking ----------------------------------------------------------------------------------

    def __getitem__(self, name: str) -> Stage:
        try:
            return self._stages[name]
        except KeyError:
            names = list(self._stages)
            raise InputError(
                f"there is no layer {name!r}{nearest(name, names)}; there are {', '.join(names)}"
            ) from None

    def __iter__(self) -> Iterator[Stage]:
        return iter(self._stages.values())

    def __len__(self) -> int:
        return len(self._stages)

    def cell(self, address: str) -> Cell:
        """One number by its address: `conv1[12, 7, 3]`, `dense1[4]`. Raises InputError that says which there are."""
        name, place = read_address(address)
        return self[name][place]

    @property
    def output(self) -> NDArray[np.float32]:
        """What the last layer says: for a classifier, the probability of each class."""
        return self.stages[self.net.output.name]

    @cached_property
    def shapes(self) -> dict[str, Shape]:
        """Of every stage, for this picture's own size."""
        return {name: stage.shape for name, stage in self.stages.items()}

    @cached_property
    def by_layer(self) -> dict[str, dict[str, Array]]:
        """The weights of each layer by their own names."""
        return by_layer(self.weights)

    @cached_property
    def _stages(self) -> dict[str, Stage]:
        picture = {INPUT: Stage(self, INPUT, None)}
        return picture | {node.name: Stage(self, node.name, node) for node in self.net}

    # --- explaining -------------------------------------------------------------------------------

    def receptive_field(self, address: str) -> dict[str, Region]:
        """The smallest box in each stage that holds all that a cell depends on, from the cell back to `input`.

        >>> trace.receptive_field("conv2[3, 4, 5]")["input"]      # doctest: +SKIP
        (range(6, 20), range(8, 22), range(0, 1))

        A stage that has no part in the cell is not named.
        """
        return self.cell(address).receptive_field()

    def feeds(self, address: str) -> list[Cell]:
        """The cells of the next layers that a cell goes on into. `trace.feeds("pool1[3, 4, 0]")`"""
        return self.cell(address).feeds()

    def votes(self, class_index: int, layer: str | None = None) -> Votes:
        """Which features spoke for a class and which against, ranked; with the bias they add up to its score.

        Of the dense layer that adds up the scores of the classes, unless another is named.
        """
        return votes(self, class_index, layer)

    def why_not(self, first: int, second: int, layer: str | None = None) -> Leads:
        """Why one class and not another: each feature's part in the difference of their scores, exactly, ranked.

        >>> trace.why_not(7, 4).ranked[0].value       # activation x (weight to 7 - weight to 4)    # doctest: +SKIP

        The parts and the difference of the biases add up to the difference of the scores; where a softmax follows, e to
        that power is how many times as probable the first class is. Where one sigmoid decides between two classes, its
        score is that of class 1, and that of class 0 is 0. Raises InputError as `votes` does.
        """
        return why_not(self, first, second, layer)

    def check(self) -> list[StageCheck]:
        """Computes every stage again in float64 from what the engine gave to it, and compares.

        Each number must be within its layer's rounding bound: (terms + 1) x 2^-24 x (sum of |w x| + |bias|) for sums of
        products. Raises JobError that names the first cell that is not, both numbers and the bound.
        """
        checks = check(self.net, self.weights, {name: stage[None] for name, stage in self.stages.items()})
        wrong = [result for result in checks if not result.ok]
        if wrong:
            raise JobError(f"a number is wrong: {wrong[0]}")
        return checks

    # --- showing ----------------------------------------------------------------------------------

    def __str__(self) -> str:
        return _show.trace(self)

    def to_html(self, file: str | Path) -> None:
        """Writes the explorer of this picture as one file that works off-line: `trace.to_html("seven.html")`.

        Raises InputError where the net is too large for a file, JobError where it cannot be written.
        """
        _show.write_page(self, Path(file))

    def to_workbook(
        self,
        file: str | Path,
        *,
        classes: Sequence[str] | None = None,
        label: str | None = None,
        crop: str | None = None,
        single_sheet: bool = False,
        backward: bool = False,
    ) -> None:
        """Writes an Excel workbook in which every number is a formula over those that made it.

        >>> model.trace("seven.png").to_workbook("seven.xlsx", classes=model.classes)      # doctest: +SKIP

        Pixels, weights and biases are typed numbers: change one, and all that follows is computed anew. `label` is the
        class that the loss is computed for at first (without it, the best guess), `crop` a cell such as
        `pool2[3, 4, 1]`: only what it depends on is written. `single_sheet` puts all layers on one sheet; `backward`
        adds the gradient of the loss for every weight and cell. Raises InputError where it would be too large, with
        what would fit, and JobError where it cannot be written.
        """
        settings: dict[str, Any] = {"classes": classes, "label": label, "crop": crop}
        _show.write_workbook(self, Path(file), **settings, single_sheet=single_sheet, backward=backward)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """What a notebook shows."""
        return _show.notebook(self)

    def __repr__(self) -> str:
        return f"<Trace of a {'x'.join(map(str, self.picture.shape))} picture through {len(self.net)} layers>"
