"""What a model still says of a picture that is turned, moved, made larger or smaller, or squashed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cutaway.augmentation import BORDERS, ONE, Change, apply
from cutaway.engines.engine import Pixels
from cutaway.layers import GlobalMean, MaxPool, MeanPool, SumPool
from cutaway.model import outputs

if TYPE_CHECKING:
    from cutaway.model.model import Model

TURNS = tuple(range(-180, 181, 15))
"""Degrees, clockwise."""
TIMES = tuple(2 ** (step / 6) for step in range(-6, 7))
"""From half to twice, in steps of equal ratio."""
REACH, STEPS = 1 / 3, 9
"""A picture is moved by up to this share of its side, in about so many steps each way."""
SMALL = (1, 2)
"""Pixels of a small shift, which is measured at every size of picture."""
MOST = 0.9
"""Where so many guesses stay, a change is said to be borne."""
TOGETHER = 512
"""Pictures that are changed and guessed at a time."""

ROTATION, RIGHT, DOWN, SCALE, SQUASH = "rotation", "shift right", "shift down", "scale", "squash"


@dataclass(frozen=True)
class Curve:
    """One way of changing pictures: what becomes of the guesses at each of its values."""

    name: str
    values: tuple[float, ...]
    rest: float
    """The value at which a picture stays as it is."""
    same: tuple[float, ...] = field(repr=False)
    """At each value: the share of pictures of which the guess is still that of the unchanged picture."""
    prob: tuple[float, ...] = field(repr=False)
    """The mean probability of that first guess."""
    accuracy: tuple[float, ...] | None = field(default=None, repr=False)
    """The share of right guesses, where the labels are known."""
    guesses: tuple[int, ...] | None = field(default=None, repr=False)
    """Of a single picture: the place of the best guess among the classes."""

    @property
    def holds(self) -> tuple[float, float]:
        """From where to where around `rest` at least nine of ten guesses stay; of one picture, its guess."""
        middle = self.values.index(self.rest)
        ends = [self._last(range(middle, -1, -1)), self._last(range(middle, len(self.values)))]
        return self.values[ends[0]], self.values[ends[1]]

    def _last(self, places: range) -> int:
        last = places[0]
        for place in places:
            if self.same[place] < MOST:
                break
            last = place
        return last

    def at(self, *values: float) -> float:
        """The mean share of guesses that stay at the values nearest to these, the unchanged picture left out."""
        others = [place for place, value in enumerate(self.values) if value != self.rest]
        near = [min(others, key=lambda place: abs(self.values[place] - value)) for value in values]
        return float(np.mean([self.same[place] for place in near]))


def invariance(model: Model, pictures: Pixels, true: NDArray[np.int64] | None = None) -> list[Curve]:
    """What a model says of prepared pictures, uint8 [N, H, W, C], changed in each of five ways.

    >>> curves = invariance(model, pictures)                        # doctest: +SKIP
    >>> curves[0].holds                                             # doctest: +SKIP
    (-30, 45)

    `true` are the places of their classes, where those are known. Changed pictures are sampled bilinearly about their
    middle; what comes in from outside has the mean colour of the border. Raises JobError where an output is not finite.
    """
    first = _probabilities(model, pictures)
    found = []
    for name, values, rest in axes(pictures.shape[1:3]):
        probs = [first if value == rest else _changed(model, pictures, name, value) for value in values]
        found.append(_curve(name, values, rest, probs, first.argmax(axis=1), true))
    return found


def axes(size: Sequence[int]) -> list[tuple[str, tuple[float, ...], float]]:
    """Every way of changing pictures of this height and width: its name, its values, the one that changes nothing."""
    return [
        (ROTATION, TURNS, 0),
        (RIGHT, shifts(size[1]), 0),
        (DOWN, shifts(size[0]), 0),
        (SCALE, TIMES, 1.0),
        (SQUASH, TIMES, 1.0),
    ]


def shifts(side: int) -> tuple[int, ...]:
    """By how many pixels a side of so many is moved: by 1 and 2, and in even steps up to a third of it.

    >>> shifts(8), shifts(64)[-4:]
    ((-2, -1, 0, 1, 2), (12, 15, 18, 21))
    """
    most = max(1, int(side * REACH))
    step = -(-most // STEPS)
    one_way = sorted({*range(step, most + 1, step), *(by for by in SMALL if by <= most)})
    return (*(-by for by in reversed(one_way)), 0, *one_way)


def changed(pictures: Pixels, name: str, value: float) -> Pixels:
    """Pictures turned clockwise by degrees, moved by whole pixels, scaled, or made so many times as wide."""
    line = np.zeros((len(pictures), len(Change)), np.int64)
    turn = math.radians(value) if name == ROTATION else 0.0
    scale = value if name == SCALE else 1.0
    wide = scale * (value if name == SQUASH else 1.0)
    steps = math.cos(turn) / scale, -math.sin(turn) / scale, math.sin(turn) / wide, math.cos(turn) / wide
    for place, step in zip((Change.A, Change.B, Change.C, Change.D), steps, strict=True):
        line[:, place] = round(step * ONE)
    line[:, Change.RIGHT] = value if name == RIGHT else 0
    line[:, Change.DOWN] = value if name == DOWN else 0
    line[:, Change.GAIN] = ONE
    line[:, Change.BORDER] = BORDERS.index("fill")
    parts = []
    for channel, border in enumerate(borders(pictures).T):
        line[:, Change.FILL] = border
        parts.append(apply(pictures[..., channel : channel + 1], line))
    return np.concatenate(parts, axis=-1)


def borders(pictures: Pixels) -> NDArray[np.int64]:
    """[N, C]: the mean of each picture's outermost pixels, as on the explorer's page."""
    edge = np.ones(pictures.shape[1:3], bool)
    edge[1:-1, 1:-1] = False
    return pictures[:, edge].mean(axis=1).round().astype(np.int64)


def has_pooling(model: Model) -> bool:
    """Whether the net has layers that keep one number of several."""
    return any(isinstance(node.layer, MaxPool | MeanPool | SumPool | GlobalMean) for node in model.net)


def _changed(model: Model, pictures: Pixels, name: str, value: float) -> NDArray[np.float32]:
    return np.concatenate([_probabilities(model, changed(part, name, value)) for part in _parts(pictures)])


def _probabilities(model: Model, pictures: Pixels) -> NDArray[np.float32]:
    return outputs.finite(np.concatenate([model.probabilities(part) for part in _parts(pictures)]))


def _parts(pictures: Pixels) -> Iterator[Pixels]:
    return (pictures[start : start + TOGETHER] for start in range(0, len(pictures), TOGETHER))


def _curve(
    name: str,
    values: tuple[float, ...],
    rest: float,
    probs: Sequence[NDArray[np.float32]],
    first: NDArray[np.int64],
    true: NDArray[np.int64] | None,
) -> Curve:
    guessed = [own.argmax(axis=1) for own in probs]
    rows = np.arange(len(first))
    return Curve(
        name,
        values,
        rest,
        tuple(float((own == first).mean()) for own in guessed),
        tuple(float(own[rows, first].mean()) for own in probs),
        None if true is None else tuple(float((own == true).mean()) for own in guessed),
        tuple(int(own[0]) for own in guessed) if len(first) == 1 else None,
    )
