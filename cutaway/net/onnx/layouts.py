"""How an array of ONNX's lies in one of ours: which of our axes each of its axes is made of.

Our maps are [N, H, W, C], its are [N, C, H, W], or whatever Transpose, Reshape, Flatten and Squeeze make of them. None
of these moves a number here: they change what is known of the order, and the weights of the next layer follow it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np

from cutaway.layers import Shape
from cutaway.layers.layer import Array

PICTURES = 0
"""The axis of the pictures in a batch."""


@dataclass(frozen=True)
class Layout:
    """`Layout((7, 7, 64), ((0,), (3, 1, 2)))`: a list, in which channels come first, out of maps 7x7x64.

    >>> maps = Layout.maps((2, 5, 3))
    >>> maps.shape(8)
    (8, 3, 2, 5)
    >>> maps.reshaped((8, 30), 8).axes
    ((0,), (3, 1, 2))
    """

    sizes: tuple[int, ...]
    """The axes of our array behind N, row by row; one of our axes may be split into several here."""
    axes: tuple[tuple[int, ...], ...]
    """Each axis of ONNX's array: which of ours, joined (0 is N, 1 the first of `sizes`); () for an axis of size 1."""

    @classmethod
    def maps(cls, shape: Shape) -> Layout:
        """Maps (H, W, C) as ONNX has them."""
        return cls(shape, ((0,), (3,), (1,), (2,)))

    @classmethod
    def plain(cls, shape: Shape) -> Layout:
        """The same order as ours."""
        return cls(shape, tuple((axis,) for axis in range(len(shape) + 1)))

    def size(self, axis: int, n: int) -> int:
        """How long one of our axes is, in a batch of n."""
        return n if axis == PICTURES else self.sizes[axis - 1]

    def shape(self, n: int) -> tuple[int, ...]:
        """The shape of ONNX's array."""
        return tuple(math.prod(self.size(axis, n) for axis in group) for group in self.axes)

    def long(self, *axes: int) -> tuple[int, ...]:
        """Of some ONNX axes, our axes that are longer than 1."""
        groups = [self.axes[axis] for axis in axes]
        return tuple(one for group in groups for one in group if one == PICTURES or self.sizes[one - 1] > 1)

    # --- numbers ----------------------------------------------------------------------------------

    @property
    def _order(self) -> tuple[int, ...]:
        """Our axes in ONNX's order; those that it does not have (of size 1) at the end."""
        used = [axis for group in self.axes for axis in group]
        return (*used, *(axis for axis in range(len(self.sizes) + 1) if axis not in used))

    def theirs(self, ours: Array) -> Array:
        """Our array [N, ...] as ONNX has it."""
        n = len(ours)
        return ours.reshape(n, *self.sizes).transpose(self._order).reshape(self.shape(n))

    def ours(self, theirs: Array, n: int, shape: Shape) -> Array:
        """ONNX's array as we have it: [n, *shape]."""
        order = self._order
        spread = theirs.reshape([self.size(axis, n) for axis in order])
        return spread.transpose(np.argsort(order)).reshape(n, *shape)

    def places(self, shape: Shape) -> Array:
        """For one picture: which of our numbers (counted row by row) stands at each place of ONNX's array."""
        return self.theirs(np.arange(math.prod(shape)).reshape(1, *shape))

    # --- other orders -----------------------------------------------------------------------------

    def transposed(self, permutation: Sequence[int]) -> Layout:
        """After Transpose."""
        return Layout(self.sizes, tuple(self.axes[axis] for axis in permutation))

    def reshaped(self, target: Sequence[int], n: int) -> Layout | None:
        """After Reshape to sizes that are all known; None where that cuts across our axes.

        N is left where it is: with n = 1, the first axis of size 1 is the pictures.
        """
        parts = _Parts(self, n)
        groups = [parts.take(size) for size in target]
        if any(group is None for group in groups) or not parts.empty:
            return None
        return parts.layout([group for group in groups if group is not None])

    def split(self, shape: Shape) -> list[tuple[int, ...]]:
        """Our axes here that each axis of our array's own shape is split into."""
        found: list[tuple[int, ...]] = []
        axes = iter(range(1, len(self.sizes) + 1))
        for size in shape[:-1]:
            group = [next(axes)]
            while math.prod(self.sizes[axis - 1] for axis in group) < size:
                group.append(next(axes))
            found.append(tuple(group))
        return [*found, tuple(axes)]


class _Parts:
    """The axes that are left to be put into groups, in ONNX's order; one is cut in two where a target ends in it."""

    def __init__(self, layout: Layout, n: int) -> None:
        self.n = n
        self.fresh = count(len(layout.sizes) + 1)
        self.size = dict(enumerate(layout.sizes, 1)) | {PICTURES: n}
        self.ours = list(range(1, len(layout.sizes) + 1))
        used = [axis for group in layout.axes for axis in group]
        self.left = [axis for axis in used if axis == PICTURES or self.size[axis] > 1]
        if PICTURES not in used:
            self.left.insert(0, PICTURES)

    @property
    def empty(self) -> bool:
        """Whether nothing is left but a single picture."""
        return not self.left or (self.left == [PICTURES] and self.n == 1)

    def take(self, size: int) -> tuple[int, ...] | None:
        """The next axes that make this size together; None where they do not."""
        if self.n == 1 and self.left[:1] == [PICTURES]:
            self.left.pop(0)
            if size == 1:
                return (PICTURES,)
        group: list[int] = []
        while (missing := size // math.prod(self.size[axis] for axis in group)) > 1:
            if not self.left:
                return None
            axis = self.left[0]
            if missing % self.size[axis]:
                if axis == PICTURES or self.size[axis] % missing:
                    return None
                self.cut(axis, missing)
            group.append(self.left.pop(0))
        return tuple(group) if math.prod(self.size[axis] for axis in group) == size else None

    def cut(self, axis: int, size: int) -> None:
        """Splits an axis into one of this size and the rest."""
        rest = next(self.fresh)
        self.size[axis], self.size[rest] = size, self.size[axis] // size
        self.left.insert(1, rest)
        self.ours.insert(self.ours.index(axis) + 1, rest)

    def layout(self, groups: Sequence[tuple[int, ...]]) -> Layout:
        """The groups as a layout, the axes counted anew."""
        number = {axis: place for place, axis in enumerate(self.ours, 1)} | {PICTURES: PICTURES}
        sizes = tuple(self.size[axis] for axis in self.ours)
        return Layout(sizes, tuple(tuple(number[axis] for axis in group) for group in groups))
