"""Near duplicates: the same picture encoded again, resized, a little cropped, brighter, in grey, or mirrored.

A search finds pairs of which the coarse pattern of light agrees, and a closer look at these decides.

Legend: n pictures; a pattern is [63], a copy [32, 32].

What a pattern is: the 8 lowest frequencies each way of a small grey copy (the DCT of JPEG), less the mean, at length 1.
So brightness and contrast fall out, and the inner product of two is their correlation. It is the perceptual hash of
Zauner 2010 ("Implementation and benchmarking of perceptual image hash functions"), numbers kept, not their signs.

The closer look takes 16 frequencies each way, each times its own height: what all shirts, or all faces, have in common
is coarse, and would drown what tells them apart.

How it was set, on 1,656 photos (cats-dogs, imagenet-samples, and 1,000 faces of 64x64 in one pose, the hardest): of two
different photos the closer look gave 0.78 at most; of one photo and itself encoded at quality 50, at half its size, in
grey, or brightened by a quarter 0.95 at least, and without 5% of its width and height 0.93 in all but 1 of 100.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from cutaway.pictures.audit.grouping import Groups
from cutaway.pictures.audit.inspection import SIDE
from cutaway.pictures.choice import evenly

Floats = NDArray[np.float32]
Copies = NDArray[np.uint8]
Colours = NDArray[np.int8]
Rows = NDArray[np.int64]
Pairs = NDArray[np.int64]
"""[pairs, 2]: the rows of two pictures."""

COARSE, FINE = 8, 16
"""Frequencies each way that are searched by, and that are looked at closely."""


@dataclass(frozen=True)
class Look:
    """How alike two pictures have to be."""

    candidate: float
    """The least correlation of two patterns for a closer look."""
    same: float
    """The least correlation in the closer look."""
    crops: bool
    """Whether one may be a part of the other."""


LARGE = Look(candidate=0.85, same=0.93, crops=True)
"""A photo without 5% of its width and height keeps 0.9 to 0.99 of its pattern; where all of it is cut from one corner,
0.86 in 98 of 100. Of 180,000 pairs of different photos two reach that: few enough to look at them all."""

SMALL = Look(candidate=0.97, same=0.995, crops=False)
"""Little tells small pictures apart. Encoded as JPEG of quality 90, 99 of 100 of MNIST, Fashion-MNIST, CIFAR-10 and the
digits agree so closely; of the 70,000 of MNIST none does with another, of Fashion-MNIST 86 do."""

FEWEST = 48
"""A picture with fewer pixels on its shorter side is small."""

COLOUR = 9.0
"""How far the colours may be apart, in steps of two of 255 (root of the mean square): the same shirt in red and in blue
is not the same picture. Between a photo and itself brightened, cropped or with 0.7 of its contrast it is 7 at most."""

FLAT = 2.0
"""A picture whose grey values differ by less than this (standard deviation, of 255) has no pattern but noise."""

CROPS = (0.98, 0.96, 0.94)
"""What may be left of height and width, for the closer look; the middle, the corners and the edges are tried."""

LEAF, AT_ONCE = 256, 16
"""Pictures of a box of the search, and boxes that one is compared with at once: a product of 256 x 63 by 63 x 4,096."""

BATCH = 128
"""Pairs that are looked at closely at a time: 1 MB each for a step."""

MOST, SAMPLE = 20_000, 2048
"""Candidates that there may be, by an estimate from so many pictures: to look at them takes 4 s. Where all pictures are
much alike, as frames of a film are, only the most alike are candidates."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Copied:
    """The small copies of some pictures."""

    luma: Copies
    """[n, 32, 32]"""
    colour: Colours
    """[n, 8, 8, 2]"""
    small: NDArray[np.bool_]
    """[n]: whether a picture has so few pixels that little tells it from another."""

    def __len__(self) -> int:
        return len(self.luma)


def join_alike(
    groups: Groups, copied: Copied, progress: Progress | None = None
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Puts near duplicates into the same group; the pairs that joined them, as they are, and mirrored.

    Pairs that are together already are not looked at: of a thousand equal pictures there are a thousand pairs, not half
    a million. 10,000 photos take about 1 s.
    """
    own = patterns(copied.luma)
    flat = copied.luma.reshape(len(copied), SIDE * SIDE).std(axis=1) < FLAT
    passes = [(LARGE, np.flatnonzero(~flat & ~copied.small))]
    if copied.small.any():
        passes.append((SMALL, np.flatnonzero(~flat)))
    found: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
    steps = [(look, rows, bool(turned)) for turned in (0, 1) for look, rows in passes]
    for number, (look, rows, turned) in enumerate(steps):
        if len(rows) < 2:
            continue
        least = candidate(own[rows], look)
        for done, of, pairs in search(own[rows], mirrored(own[rows]) if turned else own[rows], least):
            found[turned].extend(joined(groups, rows[pairs], copied, look, turned))
            if progress is not None:
                progress(number * of + done, len(steps) * of)
    return found


def candidate(own: Floats, look: Look) -> float:
    """The least correlation of candidates: higher than usual where there would be too many of them."""
    some = own[evenly(len(own), SAMPLE)]
    if len(some) < 2:
        return look.candidate
    alike = np.sort((some @ some.T)[np.triu_indices(len(some), 1)])
    share = MOST / (len(own) * (len(own) - 1) / 2)
    return max(look.candidate, float(alike[int(len(alike) * (1 - share))])) if share < 1 else look.candidate


def joined(groups: Groups, candidates: Pairs, copied: Copied, look: Look, turned: bool) -> list[tuple[int, int]]:
    """The candidates that are the same picture and were not together before."""
    found: list[tuple[int, int]] = []
    for start in range(0, len(candidates), BATCH):
        apart = [(a, b) for a, b in candidates[start : start + BATCH].tolist() if groups.top(a) != groups.top(b)]
        if not apart:
            continue
        same = is_same(copied, np.array(apart, np.int64), look, turned).tolist()
        found += [(a, b) for (a, b), yes in zip(apart, same, strict=True) if yes and groups.join(a, b)]
    return found


# ---- patterns


@cache
def cosines(size: int, count: int) -> Floats:
    """[count, size]: the first rows of the orthonormal DCT-II (Ahmed, Natarajan and Rao 1974)."""
    places = np.arange(size) + 0.5
    waves = np.cos(np.pi / size * np.outer(np.arange(count), places)) * np.sqrt(2 / size)
    waves[0] /= np.sqrt(2)
    narrow: Floats = waves.astype(np.float32)
    return narrow


def patterns(luma: Copies) -> Floats:
    """[n, 63] of small copies [n, 32, 32]."""
    waves, made = cosines(SIDE, COARSE), np.zeros((len(luma), COARSE**2 - 1), np.float32)
    for start in range(0, len(luma), 4096):
        some = slice(start, start + 4096)
        made[some] = (waves @ luma[some].astype(np.float32) @ waves.T).reshape(-1, COARSE**2)[:, 1:]
    made /= np.maximum(np.linalg.norm(made, axis=1, keepdims=True), np.float32(1e-6))
    return made


def mirrored(own: Floats) -> Floats:
    """The patterns of the same pictures seen in a mirror: every odd wave across is turned round."""
    signs = np.where(np.arange(COARSE) % 2, -1, 1).astype(np.float32)
    turned: Floats = own * np.tile(signs, COARSE)[1:]
    return turned


# ---- search


def search(own: Floats, other: Floats, least: float) -> Iterator[tuple[int, int, Pairs]]:
    """Every pair whose patterns agree, some at a time, with how far it is: all of them, none is missed.

    The patterns lie in small boxes of pictures near each other (a k-d tree); two boxes further apart than a pair may be
    are not compared. What is left is matrix products.
    """
    leaves = halved(own, np.arange(len(own)))
    boxes, theirs = (np.array([(of[leaf].min(axis=0), of[leaf].max(axis=0)) for leaf in leaves]) for of in (own, other))
    for number, leaf in enumerate(leaves):
        near = number + np.flatnonzero(gap(boxes[number], theirs[number:]) <= 2 - 2 * least)
        for start in range(0, len(near), AT_ONCE):
            rows = np.concatenate([leaves[place] for place in near[start : start + AT_ONCE].tolist()])
            a, b = np.nonzero(own[leaf] @ other[rows].T >= least)
            pairs = np.sort(np.stack([leaf[a], rows[b]], axis=1), axis=1)
            yield number, len(leaves), np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0)


def halved(points: Floats, rows: Rows) -> list[Rows]:
    """Rows in leaves of at most 256, halved each time along the number that differs most."""
    if len(rows) <= LEAF:
        return [rows]
    axis = int(points[rows].var(axis=0).argmax())
    order = rows[np.argsort(points[rows, axis], kind="stable")]
    middle = len(order) // 2
    return halved(points, order[:middle]) + halved(points, order[middle:])


def gap(box: Floats, boxes: Floats) -> Floats:
    """[m]: the square of the least distance from a box [2, 63] to each of some boxes [m, 2, 63]."""
    apart = np.maximum(boxes[:, 0] - box[1], box[0] - boxes[:, 1]).clip(0, None)
    squares: Floats = (apart**2).sum(axis=1)
    return squares


# ---- a closer look


def is_same(copied: Copied, pairs: Pairs, look: Look, turned: bool) -> NDArray[np.bool_]:
    """[pairs]: whether each pair is the same picture, the second seen in a mirror where `turned`."""
    a, b = pairs.T
    luma, colour = copied.luma[b], copied.colour[b]
    if turned:
        luma, colour = luma[:, :, ::-1], colour[:, :, ::-1]
    same = distance(copied.colour[a], colour) <= COLOUR
    rows = np.flatnonzero(same)
    same[rows] = closest(copied.luma[a[rows]], luma[rows], look) >= look.same
    return same


def distance(a: Colours, b: Colours) -> Floats:
    """[pairs]: how far the colours of two pictures are apart; nothing where one of them is grey."""
    square = (a.astype(np.float32) - b.astype(np.float32)) ** 2
    apart = np.sqrt(square.mean(axis=(1, 2, 3)))
    grey = (np.abs(a).max(axis=(1, 2, 3)) <= 1) | (np.abs(b).max(axis=(1, 2, 3)) <= 1)
    return np.where(grey, np.float32(0), apart)


def closest(a: Copies, b: Copies, look: Look = LARGE) -> Floats:
    """[pairs]: the best correlation of two pictures, or of one with a part of the other, tried only where needed."""
    whole_a, whole_b = fine(a), fine(b)
    best: Floats = (whole_a * whole_b).sum(axis=(1, 2))
    rows = np.flatnonzero(best < look.same) if look.crops else np.arange(0)
    for cropped, whole in ((a[rows], whole_b[rows]), (b[rows], whole_a[rows])) if len(rows) else ():
        for share in CROPS:
            best[rows] = np.maximum(best[rows], best_part(cropped.astype(np.float32), whole, share))
    return best


def fine(copies: Copies) -> Floats:
    """[n, 16, 16]: the frequencies of copies, each times its own height and so without the mean, at length 1."""
    waves = cosines(SIDE, FINE)
    both: Floats = heights() * (waves @ copies.astype(np.float32) @ waves.T)
    lengths: Floats = np.maximum(np.linalg.norm(both, axis=(1, 2), keepdims=True), np.float32(1e-6))
    return both / lengths


@cache
def heights() -> Floats:
    """[16, 16]: how high each frequency is. Photos hold about as much of each after that (Field 1987)."""
    number = np.arange(FINE, dtype=np.float32)
    return np.hypot(number[:, None], number)


def best_part(copies: Floats, whole: Floats, share: float) -> Floats:
    """[n]: the best correlation of any part of such a size of a copy [32, 32] with another whole [16, 16].

    Nine parts in two products of matrices. Letters: n copies, a and d ways across and down, f and g frequencies.
    """
    ways, count = windows(share), len(copies)
    across = copies.reshape(-1, SIDE) @ ways.T
    both = across.reshape(count, SIDE, len(ways)).swapaxes(1, 2).reshape(-1, SIDE) @ ways.T
    parts = both.reshape(count, 3, FINE, 3, FINE).transpose(0, 1, 3, 4, 2).reshape(count, 9, FINE * FINE)  # n ad gf
    weights = heights().reshape(FINE * FINE)
    inner = parts @ (whole.reshape(count, FINE * FINE) * weights)[:, :, None]
    lengths = np.sqrt((parts * parts) @ weights**2)
    best: Floats = (inner[:, :, 0] / np.maximum(lengths, np.float32(1e-6))).max(axis=1)
    return best


@cache
def windows(share: float) -> Floats:
    """[48, 32]: what takes the frequencies of a part of 32 cells at the whole size: at its start, middle and end."""
    return np.concatenate([cosines(SIDE, FINE) @ window(share, (1 - share) * place) for place in (0.0, 0.5, 1.0)])


def window(share: float, start: float) -> Floats:
    """[32, 32]: each cell of a part that begins at `start`, out of the two cells of the whole that it lies between."""
    places = (start + share * (np.arange(SIDE) + 0.5) / SIDE) * SIDE - 0.5
    below = np.floor(places).astype(int)
    part = (places - below).astype(np.float32)
    matrix = np.zeros((SIDE, SIDE), np.float32)
    np.add.at(matrix, (np.arange(SIDE), below.clip(0, SIDE - 1)), 1 - part)
    np.add.at(matrix, (np.arange(SIDE), (below + 1).clip(0, SIDE - 1)), part)
    return matrix
