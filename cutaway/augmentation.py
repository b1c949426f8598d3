"""Small changes to training pictures, so that a net does not learn them by heart.

What is done to a picture is decided here from (seed, epoch, number of the picture) alone: it is the same in
any batch, on any engine, on any number of threads, and after a resume. It is done in whole numbers, so that
every engine makes the same pixels.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cutaway.errors import InputError
from cutaway.hashing import Hashes, below, mix

Pixels = NDArray[np.uint8]
Changes = NDArray[np.int64]
"""[N, 13], one line for each picture; `Change` says what its numbers are."""

ONE = 2**16
"""What stands for 1.0 where a number has a fraction: 16 bits of it."""


class Change(IntEnum):
    """The numbers of one line: what is done to one picture."""

    A = 0
    """A, B, C, D: a step of (1, 0) in the changed picture is one of (A, C) in the given one, a step of (0, 1) one of
    (B, D); in parts of `ONE`, about the middle of the picture."""
    B = 1
    C = 2
    D = 3
    DOWN = 4
    """Then it is moved by so many rows and columns."""
    RIGHT = 5
    GAIN = 6
    """Then each value becomes value GAIN + OFFSET, both in parts of `ONE`."""
    OFFSET = 7
    ROW = 8
    """Last, a rectangle about this place is filled, its sides SIDE of those of the picture; in parts of `ONE`."""
    COLUMN = 9
    SIDE = 10
    BORDER = 11
    """What is beyond the edges: the number of a word of `BORDERS`."""
    FILL = 12
    """The value of a filled rectangle, and of a border `fill`."""


BORDERS = ("edge", "reflect", "fill")
"""Beyond the edge of a picture: its edge again and again, the picture in a mirror, one value."""


@dataclass(frozen=True)
class Augmentation:
    """What may be done to a picture.

    >>> augmentation = Augmentation(flip=True, shift=2)
    >>> apply(batch, augmentation.draw(seed=0, epoch=3, indices=[5, 0, 3]))    # doctest: +SKIP
    """

    flip: bool = False
    """Mirror left and right, every second time."""

    shift: int = 0
    """Move by up to so many pixels each way."""

    rotate: float = 0.0
    """Turn by up to so many degrees each way."""

    scale: float = 0.0
    """Enlarge by up to this share, or shrink by as much: 0.1 is a factor from 1/1.1 to 1.1."""

    brightness: float = 0.0
    """Brighten or darken by up to this share of white."""

    contrast: float = 0.0
    """Move values away from grey (128) or towards it: 0.2 is a factor from 1/1.2 to 1.2."""

    erase: float = 0.0
    """Fill a rectangle of this share of both sides, anywhere (DeVries and Taylor 2017); parts of it may lie outside."""

    border: str = "edge"
    """What comes in where a picture is moved away: `edge`, `reflect` or `fill`."""

    fill: int = 0
    """The value that rectangles and the border `fill` are filled with."""

    def __post_init__(self) -> None:
        if self.border not in BORDERS:
            raise InputError(f"there is no border {self.border!r}; known: {', '.join(BORDERS)}")

    def draw(self, seed: int, epoch: int, indices: ArrayLike) -> Changes:
        """What is done to these pictures in this epoch: all possibilities are equally likely."""
        flip, down, right, turn, size, light, depth, row, column = mix(
            seed, epoch, np.arange(9)[:, np.newaxis], indices
        )
        span = 2 * self.shift + 1
        angle = np.deg2rad(self.rotate) * either_way(turn)
        smaller = (1 + self.scale) ** -either_way(size)  # a step in the result is so much of one in the picture
        mirror = np.where(below(2, flip) * self.flip, -1.0, 1.0)
        gain = (1 + self.contrast) ** either_way(depth)
        offset = 128 * (1 - gain) + 255 * self.brightness * either_way(light)
        cosine, sine = smaller * np.cos(angle), smaller * np.sin(angle)
        parts = [cosine, -sine, sine * mirror, cosine * mirror, gain, offset]
        a, b, c, d, gained, added = np.rint(np.array(parts) * ONE).astype(np.int64)
        moved = below(span, down) - self.shift, below(span, right) - self.shift
        rest = [round(self.erase * ONE), BORDERS.index(self.border), self.fill]
        erased = [below(ONE, row), below(ONE, column), *(np.full_like(a, number) for number in rest)]
        return np.stack([a, b, c, d, *moved, gained, added, *erased], axis=-1)


def either_way(hashes: Hashes) -> NDArray[np.float64]:
    """Numbers from -1 to 1, equally likely."""
    return (hashes >> np.uint64(11)) / 2.0**52 - 1


def apply(batch: Pixels, changes: Changes) -> Pixels:
    """A new uint8 [N, H, W, C]: each picture changed as its line says."""
    _, h, w, _ = batch.shape
    a, b, c, d, down, right, gain, offset, row, column, side, _, fill = changes.T[:, :, np.newaxis, np.newaxis]
    i, j = np.arange(h)[:, np.newaxis], np.arange(w)
    u, v = 2 * (i - down) - (h - 1), 2 * (j - right) - (w - 1)  # twice the distance from the middle
    moved = sampled(batch, ((a * u + b * v) >> 1) + ((h - 1) << 15), ((c * u + d * v) >> 1) + ((w - 1) << 15), changes)
    toned = np.clip((moved * gain[..., np.newaxis] + offset[..., np.newaxis] + ONE // 2) >> 16, 0, 255)
    erased = within(i, row, side, h) & within(j, column, side, w)
    changed: Pixels = np.where(erased[..., np.newaxis], fill[..., np.newaxis], toned).astype(np.uint8)
    return changed


def within(place: NDArray[np.int64], middle: Changes, side: Changes, length: int) -> NDArray[np.bool_]:
    """Which places of a side belong to what is erased."""
    return (place >= ((middle - (side >> 1)) * length) >> 16) & (place < ((middle + (side >> 1)) * length) >> 16)


def sampled(batch: Pixels, y: Changes, x: Changes, changes: Changes) -> Changes:
    """Each value between its four neighbours, weighted by nearness in parts of 256, and rounded."""
    border, fill = changes[:, Change.BORDER, np.newaxis, np.newaxis], changes[:, Change.FILL, np.newaxis, np.newaxis]
    pictures = np.arange(len(batch))[:, np.newaxis, np.newaxis]
    near = [(y >> 8) & 255, (x >> 8) & 255]
    total = np.zeros((*y.shape, batch.shape[3]), np.int64)
    for below_it, after_it in ((0, 0), (0, 1), (1, 0), (1, 1)):
        row, no_row = placed((y >> 16) + below_it, batch.shape[1], border)
        column, no_column = placed((x >> 16) + after_it, batch.shape[2], border)
        weight = (near[0] if below_it else 256 - near[0]) * (near[1] if after_it else 256 - near[1])
        outside = ((no_row | no_column) & (border == BORDERS.index("fill")))[..., np.newaxis]
        total += weight[..., np.newaxis] * np.where(outside, fill[..., np.newaxis], batch[pictures, row, column])
    return (total + ONE // 2) >> 16


def placed(place: Changes, length: int, border: Changes) -> tuple[Changes, NDArray[np.bool_]]:
    """The place inside that stands for one that may lie beyond an edge; and whether it does."""
    last = length - 1
    mirrored = last - abs(last - abs(place))
    return np.clip(np.where(border == BORDERS.index("reflect"), mirrored, place), 0, last), (place < 0) | (place > last)
