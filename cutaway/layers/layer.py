"""What a kind of layer must say about itself. Everything else in cutaway asks it.

Letters, here and in every file beside this one:
    N pictures in a batch, H rows, W columns, C channels; kernels are [kh, kw, C in, C out].
A *shape* is the shape of one picture's part, without N: (H, W, C) for maps, (F,) for a list of features.
A *cell* is a place in it: (row, column, channel) or (slot,).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from cutaway.layers.words import Words
    from cutaway.layers.working import Working

Array = NDArray[Any]
Shape = tuple[int, ...]
Cell = tuple[int, ...]
Region = tuple[range, ...]
"""A box of cells: one range per axis. Any empty range makes the region empty."""
Weights = Mapping[str, Array]
Gradients = tuple[list[Array], dict[str, Array]]
"""What `backward` gives: the gradient of each input, and of each trained weight by its name."""

ANY = 0
"""A size that is not known before a picture is at hand (the input of a `resize` layer)."""

UNIT = 2.0**-24
"""Half the gap between 1 and the next float32: one float32 operation is off by at most this share."""
TINY = 2.0**-126
"""The smallest normal float32: below it, hardware may round to zero."""


@dataclass(frozen=True)
class Parameter:
    """One array of weights that a layer needs, before it has values."""

    shape: Shape
    start: str = "zeros"
    """How it is filled: `zeros`, `ones`, `quarter` (0.25), or `weights` (drawn: He or Glorot)."""
    fan_in: int = 0
    """Inputs that one output cell adds up. Used by `weights` only."""
    fan_out: int = 0
    trained: bool = True
    """False for numbers that are measured rather than trained (the running mean of a norm)."""
    decayed: bool = False
    """True where weight decay applies: kernels and dense weights, not biases and norms."""
    onnx_axes: tuple[int, ...] = ()
    """The order in which ONNX wants our axes; () leaves them as they are."""


@dataclass(frozen=True)
class Pass:
    """Which run a forward pass belongs to."""

    training: bool = False
    key: tuple[int, ...] = ()
    """(seed, step, layer number): whatever a layer draws at random depends on this alone."""


PREDICTING = Pass()


@dataclass(frozen=True)
class Cost:
    """What one picture costs in one layer."""

    multiplications: int
    parameters: int
    memory: int
    """Bytes of the layer's output for one picture, as float32."""


@dataclass(frozen=True)
class Sources:
    """What one output cell is made of."""

    inputs: tuple[Region, ...]
    """One region per input of the layer; empty where that input has no part in the cell."""
    weights: Mapping[str, Region] = field(default_factory=dict)


@dataclass(frozen=True)
class Operator:
    """One ONNX node. Inputs are `x`, `x1`, ... (the layer's inputs), names of weights, or earlier outputs."""

    kind: str
    inputs: tuple[str, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    output: str = "y"
    constants: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Layer(ABC):
    """One kind of layer: a frozen dataclass whose fields are its settings, never its weights.

    `xs` is always the list of the layer's inputs (most kinds have one), each [N, *shape]; `w` its weights by name.
    Everything is computed in the type of `xs`: float64 in, float64 out, as the textbooks define it.
    """

    word: ClassVar[str]
    """Its word in the notation, and the stem of its name in a net: `conv` makes `conv1`, `conv2`, ..."""
    keeps_pixels: ClassVar[bool] = False
    """True for preparation whose output is again whole numbers from 0 to 255 (resize, grey, colour)."""
    activation: ClassVar[bool] = False
    """True for a function that bends: what comes behind it is nothing to the weights before it."""
    rectifier: ClassVar[bool] = False
    """True for ReLU and its kin: the layer before starts with He's weights, otherwise with Glorot's."""

    # --- what it is -------------------------------------------------------------------------------

    @classmethod
    def read(cls, words: Words) -> Self:
        """The layer that the rest of a phrase of the notation describes; words that it leaves are one too many."""
        return cls()

    def text(self) -> str:
        """The layer in the notation: `read` of it gives the layer again."""
        return self.word

    def shape(self, *shapes: Shape) -> Shape:
        """The shape of the output from the shapes of the inputs. Raises ShapeError where they do not fit."""
        return shapes[0]

    def parameters(self, *shapes: Shape) -> dict[str, Parameter]:
        """The weights that it needs for inputs of these shapes."""
        return {}

    def note(self, *shapes: Shape) -> str:
        """What a person should know about these sizes (`last row and column unused`), or nothing."""
        return ""

    # --- what it computes -------------------------------------------------------------------------

    @abstractmethod
    def forward(self, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Array:
        """The output [N, *shape]."""

    @abstractmethod
    def backward(self, dy: Array, xs: Sequence[Array], w: Weights, run: Pass = PREDICTING) -> Gradients:
        """The gradients of a number of which `dy` is the gradient with respect to the output."""

    def observe(self, xs: Sequence[Array], w: Weights) -> dict[str, Array]:
        """New values of the weights that are measured, after one training batch."""
        return {}

    @abstractmethod
    def bound(self, xs: Sequence[Array], w: Weights) -> Array:
        """How far float32 rounding alone can take each output cell from the exact number."""

    # --- how one cell came about ------------------------------------------------------------------

    @abstractmethod
    def sources(self, cell: Cell, shapes: Sequence[Shape]) -> Sources:
        """Which input cells and weights made this output cell."""

    @abstractmethod
    def terms(self, cell: Cell, xs: Sequence[Array], w: Weights) -> Working:
        """The arithmetic of this cell. `xs` are those of one picture, without N."""

    def field(self, region: Region, shapes: Sequence[Shape]) -> tuple[Region, ...]:
        """The smallest box in each input that holds the sources of a whole region of output cells.

        Written for kinds whose sources along one axis depend on the cell's place along one axis: a walk from corner to
        corner then meets them all. The corners alone do not: there, a window may see nothing but padding.
        """
        steps = range(max(len(axis) for axis in region))
        diagonal = [tuple(axis[min(step, len(axis) - 1)] for axis in region) for step in steps]
        boxes = zip(*(self.sources(cell, shapes).inputs for cell in diagonal), strict=True)
        return tuple(tuple(_span(axis) for axis in zip(*of_input, strict=True)) for of_input in boxes)

    # --- what it costs, and what others call it ---------------------------------------------------

    def multiplications(self, *shapes: Shape) -> int:
        """Multiplications (and divisions) for one picture."""
        return 0

    def cost(self, *shapes: Shape) -> Cost:
        """Multiplications, parameters and bytes for one picture with inputs of these shapes."""
        parameters = sum(math.prod(p.shape) for p in self.parameters(*shapes).values() if p.trained)
        return Cost(self.multiplications(*shapes), parameters, 4 * math.prod(self.shape(*shapes)))

    @abstractmethod
    def onnx(self, *shapes: Shape) -> list[Operator]:
        """The ONNX nodes (opset 22, maps as [N, C, H, W]) that compute the same."""


def bound_of_products(layer: Layer, terms: int, xs: Sequence[Array], w: Weights) -> Array:
    """The bound of a layer whose cells add up this many products and biases.

    Summed in any order: (terms + 1) x 2^-24 x (sum of |w x| + |bias|).
    """
    total = layer.forward([abs(x) for x in xs], {name: abs(value) for name, value in w.items()})
    return (terms + 1) * (UNIT * total + TINY)


def _span(axes: Sequence[range]) -> range:
    """The smallest range without gaps that holds several."""
    used = [axis for axis in axes if len(axis)]
    return range(min(axis[0] for axis in used), max(axis[-1] for axis in used) + 1) if used else range(0)


def is_empty(region: Region) -> bool:
    """Whether a region holds no cell."""
    return any(len(axis) == 0 for axis in region)


def hull(a: Region, b: Region) -> Region:
    """The smallest box without gaps that holds two regions.

    >>> hull((range(0, 3),), (range(2, 5),))
    (range(0, 5),)
    """
    if is_empty(a) or is_empty(b):
        full = b if is_empty(a) else a
        return tuple(range(axis[0], axis[-1] + 1) if len(axis) else axis for axis in full)
    return tuple(
        range(min(p[0], q[0]), max(p[-1], q[-1]) + 1) if len(p) and len(q) else range(0)
        for p, q in zip(a, b, strict=True)
    )


def whole(shape: Shape) -> Region:
    """Every cell of a shape.

    >>> whole((2, 3))
    (range(0, 2), range(0, 3))
    """
    return tuple(range(size) for size in shape)


def only(cell: Cell) -> Region:
    """The region of one cell.

    >>> only((4, 2))
    (range(4, 5), range(2, 3))
    """
    return tuple(range(place, place + 1) for place in cell)


def describe(shape: Shape) -> str:
    """A shape as people write it.

    >>> describe((28, 28, 1)), describe((120,)), describe((ANY, ANY, 3))
    ('28x28x1', '120', 'any x any x 3')
    """
    if ANY in shape:
        return " x ".join("any" if size == ANY else str(size) for size in shape)
    return "x".join(map(str, shape))


def as_float64(arrays: Sequence[Array]) -> list[NDArray[np.float64]]:
    """The same numbers with room for exact products of two float32."""
    return [np.asarray(a, np.float64) for a in arrays]
