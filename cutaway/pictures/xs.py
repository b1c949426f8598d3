"""X or not X: pictures of a stroke or two, drawn by code, so small that every number of a net fits on a page.

An X is two crossing diagonals: centred, off-centre, or wonky (one end moved to the side); some are noisy.
Everything else is not an X: a plus, a circle, a T, an L, a line, a slash, a triangle, a V (half an X), and as
many scattered dots as an X has. No shape is both.

At 5x5, all X are one of these and their like (the small one at nine places, the wonky one in eight ways):

    X...X   .....   .X..X
    .X.X.   X.X..   .X.X.
    ..X..   .X...   ..X..
    .X.X.   X.X..   .X.X.
    X...X   .....   X...X
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cutaway.errors import DataError
from cutaway.pictures.arrays import Part, from_arrays
from cutaway.pictures.pictures import TEST, TRAIN, Pictures

CLASSES = ("not X", "X")

X_KINDS = ("centred", "off-centre", "wonky", "noisy")
OTHER_KINDS = ("plus", "circle", "T", "L", "line", "slash", "triangle", "scatter", "V")

SMALLEST, LARGEST = 5, 128
"""Sizes in pixels: an X needs five to be wonky; beyond 128 strokes gain nothing and drawing takes long."""

GRAIN, NOISE = 32, 64
"""Every pixel of paper is a grey below GRAIN, in noisy pictures below NOISE; ink is 255."""

Points = NDArray[np.float64]  # [n, 2]: rows and columns
Random = np.random.Generator

CORNERS = np.array([(-1, -1), (-1, 1), (1, 1), (1, -1)], float)
SIDES = np.array([(-1, 0), (0, 1), (1, 0), (0, -1)], float)


@dataclass(frozen=True)
class Sheet:
    """A square of paper, [size, size]; lengths are in pixels, and the middle of pixel [0, 0] is at (0, 0)."""

    size: int

    @property
    def width(self) -> float:
        """Of a stroke."""
        return max(1.0, self.size / 10)

    @property
    def full(self) -> float:
        """The radius of a shape that fills the sheet."""
        return (self.size - self.width) / 2

    @property
    def small(self) -> bool:
        """Whether shapes stand at whole pixels; on a larger sheet they are anywhere."""
        return self.size < 10

    def large_radius(self, random: Random) -> float:
        return self.full if self.small else self.full * random.uniform(0.75, 1)

    def small_radius(self, random: Random) -> float:
        return max(1, self.full // 2) if self.small else self.full * random.uniform(0.4, 0.7)

    def middle(self) -> Points:
        return np.full(2, (self.size - 1) / 2)

    def anywhere(self, radius: float, random: Random) -> Points:
        """A centre from which a shape of this radius stays on the sheet."""
        room = self.full - radius
        moved = random.integers(0, int(2 * room) + 1, 2) - room if self.small else random.uniform(-room, room, 2)
        return self.middle() + moved

    def ink(self, strokes: list[Points]) -> NDArray[np.bool_]:
        """[size, size]: the pixels whose middle is no further than half a width from one of these lines."""
        pixels = np.moveaxis(np.indices((self.size, self.size), float), 0, -1)
        near = np.array([_distance(pixels, a, b) for line in strokes for a, b in pairwise(line)])
        ink: NDArray[np.bool_] = near.min(axis=0) <= self.width / 2 + 1e-9
        return ink


def xs(size: int = 5, count: int = 2000, seed: int = 0) -> Pictures:
    """X or not X, half of each.

    >>> pictures = xs(size=5)
    >>> pictures.counts(), pictures.names[2]
    ({'not X': 1000, 'X': 1000}, 'xs[2] X off-centre')

    uint8 [size, size, 1], ink 255 on nearly 0. Sizes from 5 to 128. The last fifth is the test part, with the
    same share of every kind. The same size, count and seed draw the same pictures; 2,000 take 0.2 s at 5x5.
    """
    if not SMALLEST <= size <= LARGEST:
        raise DataError(f"xs-{size}: X are drawn at {SMALLEST} to {LARGEST} pixels, as xs-28")
    random = np.random.default_rng((seed, size))
    sheet = Sheet(size)
    kinds = [_kind(number) for number in range(count)]
    images = np.stack([_noisy(shape(sheet, random, kind), kind, random) for kind in kinds])[..., np.newaxis]
    labels = np.array([kind in X_KINDS for kind in kinds], np.int64)
    cut = count - count // 5
    parts = [Part(images[:cut], labels[:cut], TRAIN), Part(images[cut:], labels[cut:], TEST)]
    names = [f"{CLASSES[kind in X_KINDS]} {kind}" for kind in kinds]
    title = "xs" if size == SMALLEST else f"xs-{size}"
    return from_arrays(parts, title, seed, CLASSES, remarks=names)


def shape(sheet: Sheet, random: Random, kind: str) -> NDArray[np.bool_]:
    """[size, size]: where the ink of one picture of this kind is, before noise."""
    if kind == "noisy":
        kind = str(random.choice(X_KINDS[:3]))
    if kind == "scatter":
        return _scatter(sheet, random)
    if kind in ("centred", "wonky"):
        radius, centre = sheet.large_radius(random), sheet.middle()
    else:
        either = (sheet.small_radius, sheet.large_radius)[random.integers(2)]
        radius = (sheet.small_radius if kind == "off-centre" else either)(random)
        centre = sheet.anywhere(radius, random)
    return sheet.ink([centre + radius * line for line in _lines(kind, radius, random)])


def _kind(number: int) -> str:
    """X and other kinds in turn, so that any stretch of pictures has about the same share of each."""
    kinds = OTHER_KINDS if number % 2 else X_KINDS
    return kinds[number // 2 % len(kinds)]


def _noisy(ink: NDArray[np.bool_], kind: str, random: Random) -> NDArray[np.uint8]:
    much = kind == "noisy" or (kind in OTHER_KINDS and random.random() < 1 / len(X_KINDS))
    paper = random.integers(0, NOISE if much else GRAIN, ink.shape)
    return np.where(ink, 255, paper).astype(np.uint8)


def _lines(kind: str, radius: float, random: Random) -> list[Points]:
    """The strokes of a shape around (0, 0), within -1 .. 1; radius in pixels."""
    turn = int(random.integers(4))
    sides, corners = np.roll(SIDES, turn, axis=0), np.roll(CORNERS, turn, axis=0)
    middle = np.zeros(2)
    match kind:
        case "centred" | "off-centre":
            return [corners[[0, 2]], corners[[1, 3]]]
        case "wonky":
            return [
                _bent(corners[0], radius, random),
                *(np.stack([middle, corner]) for corner in corners[1:]),
            ]
        case "V":
            return [np.stack([corners[0], middle, corners[1]])]
        case "plus":
            return [sides[[0, 2]], sides[[1, 3]]]
        case "circle":
            angles = np.linspace(0, 2 * np.pi, 25)
            return [np.stack([np.sin(angles), np.cos(angles)], axis=-1)]
        case "T":
            return [corners[[0, 1]], sides[[0, 2]]]
        case "L":
            return [corners[[0, 1, 2]]]
        case "line":
            return [sides[[0, 2]]]
        case "slash":
            return [corners[[0, 2]]]
        case _:
            return [np.stack([sides[0], corners[2], corners[3], sides[0]])]


def _bent(corner: Points, radius: float, random: Random) -> Points:
    """An arm of an X with its end moved to the side: by a pixel at 5x5, by a third of the arm beyond."""
    step = max(1, round(radius / 3)) / radius
    end = corner.copy()
    end[random.integers(2)] *= 1 - step
    return np.stack([np.zeros(2), corner * (1 - step), end])


def _scatter(sheet: Sheet, random: Random) -> NDArray[np.bool_]:
    """As many dots as an X has, but never five of them as an X."""
    radius = (sheet.small_radius, sheet.large_radius)[random.integers(2)](random)
    cells = int(sheet.size / sheet.width)
    dots = 4 * round(radius / sheet.width) + 1
    while True:
        grid = np.zeros((cells, cells), bool)
        grid.flat[random.choice(grid.size, dots, replace=False)] = True
        if not _has_x(grid):
            dot = sheet.width * (np.argwhere(grid) + 0.5) - 0.5
            return sheet.ink([np.stack([at, at]) for at in dot])


def _has_x(grid: NDArray[np.bool_]) -> bool:
    windows = np.lib.stride_tricks.sliding_window_view(grid, (3, 3))
    return bool((windows[..., (0, 0, 1, 2, 2), (0, 2, 1, 0, 2)]).all(axis=-1).any())


def _distance(points: Points, a: Points, b: Points) -> NDArray[np.float64]:
    """Of each point [..., 2] from the line that goes from a to b."""
    along = b - a
    length = float(along @ along)
    share = np.clip((points - a) @ along / length, 0, 1)[..., np.newaxis] if length else 0.0
    return np.asarray(np.linalg.norm(points - a - share * along, axis=-1))
