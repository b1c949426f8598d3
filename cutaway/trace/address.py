"""How a cell is called everywhere: `conv1[12, 7, 3]`, `dense1[4]`."""

from __future__ import annotations

import operator
import re
from collections.abc import Sequence
from typing import SupportsIndex

from cutaway.errors import InputError
from cutaway.layers.layer import Cell, Shape, describe

ADDRESS = re.compile(r"\s*(?P<name>[^\[\]\s]+)\s*\[(?P<places>[^\[\]]*)\]\s*")
AXES = {1: ("slots",), 3: ("rows", "columns", "channels")}
"""What the axes of a shape are called."""


def address(name: str, place: Cell) -> str:
    """
    >>> address("conv1", (12, 7, 3))
    'conv1[12, 7, 3]'
    """
    return f"{name}[{', '.join(map(str, place))}]"


def read_address(text: str) -> tuple[str, Cell]:
    """The name of the layer and the place in it. Raises InputError where the text is not of this form.

    >>> read_address("conv1[12, 7, 3]")
    ('conv1', (12, 7, 3))
    """
    match = ADDRESS.fullmatch(text)
    places = re.split(r"[,\s]+", match["places"].strip()) if match else []
    if not match or not all(re.fullmatch(r"-?\d+", place) for place in places):
        raise InputError(f"{text!r} is not a cell's address; write conv1[12, 7, 3] (row, column, channel) or dense1[4]")
    return match["name"], tuple(map(int, places))


def checked(name: str, shape: Shape, place: Sequence[SupportsIndex]) -> Cell:
    """The place as a cell of a layer of this shape. Raises InputError that says which places there are."""
    cell = tuple(map(operator.index, place))
    if len(cell) == len(shape) and all(0 <= at < size for at, size in zip(cell, shape, strict=True)):
        return cell
    ranges = ", ".join(f"{axis} 0 to {size - 1}" for axis, size in zip(AXES[len(shape)], shape, strict=True))
    what = describe(shape) if len(shape) > 1 else f"a list of {describe(shape)}"
    raise InputError(f"there is no cell {address(name, cell)}: {name} is {what}: {ranges}")
