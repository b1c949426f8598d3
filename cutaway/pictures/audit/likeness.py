"""Near duplicates: the same picture encoded again, resized, a little cropped, brighter, in grey, or mirrored.

A search finds pairs of which the coarse pattern of light agrees, and a closer look at these decides.

Legend: n pictures; a pattern is [63], a copy [32, 32].

What a pattern is: the 8 lowest frequencies each way of a small grey copy (the DCT of JPEG), less the mean, at length 1.
So brightness and contrast fall out, and the inner product of two is their correlation. It is the perceptual hash of
Zauner 2010 ("Implementation and benchmarking of perceptual image hash functions"), numbers kept, not their signs.

How it was set, on 1,656 photos (cats-dogs, imagenet-samples, and 1,000 faces of 64x64 in one pose, the hardest): of two
different photos the closer look gave 0.89 at most; of one photo and itself encoded at quality 50, at half its size, in
grey or without 5% of its width and height 0.96 at least, and brightened by a quarter 0.95 in all but 3.
"""

from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

from cutaway.pictures.audit.grouping import Groups
from cutaway.pictures.audit.inspection import SIDE

Floats = NDArray[np.float32]
Copies = NDArray[np.uint8]
Colours = NDArray[np.int8]
Pairs = NDArray[np.int64]
"""[pairs, 2]: the rows of two pictures."""

COARSE, FINE = 8, 16
"""Frequencies each way that are searched by, and that are looked at closely."""

CANDIDATE = 0.9
"""The least correlation of two patterns for a closer look. A photo without 5% of its width and height keeps 0.90 to
0.99; of 500,000 pairs of different faces in one pose 13 reach it, of 180,000 pairs of different photos none."""

SAME = 0.95
"""The least correlation in the closer look: between the 0.89 of different pictures and the 0.96 of the same."""

COLOUR = 9.0
"""How far the colours may be apart, in steps of two of 255 (root of the mean square): the same shirt in red and in blue
is not the same picture."""

FLAT = 2.0
"""A picture whose grey values differ by less than this (standard deviation, of 255) has no pattern but noise."""

CROPS = (0.98, 0.96, 0.94)
"""What may be left of height and width, for the closer look; the middle and the corners and edges are tried."""

LEAF = 256
"""Pictures in one product of the search: 256 x 63 numbers stay in the cache of a core."""

BATCH = 512
"""Pairs that are looked at closely at a time: 2 MB each for a step."""

Progress = Callable[[int, int], None]


def join_alike(
    groups: Groups, luma: Copies, colour: Colours, progress: Progress | None = None
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Puts near duplicates into the same group; the pairs that joined them, as they are, and mirrored.

    `luma` is [n, 32, 32], `colour` [n, 8, 8, 2]. Pairs that are together already are not looked at: of a thousand equal
    pictures there are a thousand pairs, not half a million. 10,000 photos take about 1 s; 100,000 about 40 s.
    """
    own = patterns(luma)
    usable = np.flatnonzero(luma.reshape(len(luma), -1).std(axis=1) >= FLAT) if len(luma) else np.arange(0)
    found: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
    for turned, pairs in enumerate(found):
        other = mirrored(own) if turned else own
        for candidates in search(own[usable], other[usable], progress, turned):
            pairs += joined(groups, usable[candidates], luma, colour, bool(turned))
    return found


def joined(groups: Groups, candidates: Pairs, luma: Copies, colour: Colours, turned: bool) -> list[tuple[int, int]]:
    """The candidates that are the same picture and were not together before."""
    found: list[tuple[int, int]] = []
    for start in range(0, len(candidates), BATCH):
        apart = [(a, b) for a, b in candidates[start : start + BATCH].tolist() if groups.top(a) != groups.top(b)]
        if not apart:
            continue
        pairs = np.array(apart, np.int64)
        same = is_same(luma[pairs[:, 0]], luma[pairs[:, 1]], colour[pairs[:, 0]], colour[pairs[:, 1]], turned)
        found += [(a, b) for (a, b), yes in zip(apart, same.tolist(), strict=True) if yes and groups.join(a, b)]
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


def frequencies(copies: NDArray[np.float32] | Copies, count: int) -> Floats:
    """[n, count^2 - 1]: the lowest frequencies each way without the mean, at length 1."""
    waves = cosines(copies.shape[-1], count)
    both: Floats = waves @ copies.astype(np.float32) @ waves.T
    flat: Floats = both.reshape(len(copies), count * count)[:, 1:]
    flat /= np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), np.float32(1e-6))
    return flat


def patterns(luma: Copies) -> Floats:
    """[n, 63] of small copies [n, 32, 32]."""
    parts = [frequencies(luma[start : start + 4096], COARSE) for start in range(0, len(luma), 4096)]
    return np.concatenate(parts) if parts else np.zeros((0, COARSE**2 - 1), np.float32)


def mirrored(own: Floats) -> Floats:
    """The patterns of the same pictures seen in a mirror: every odd wave across is turned round."""
    signs = np.where(np.arange(COARSE) % 2, -1, 1).astype(np.float32)
    turned: Floats = own * np.tile(signs, COARSE)[1:]
    return turned


# ---- search


def search(own: Floats, other: Floats, progress: Progress | None = None, turned: int = 0) -> Iterator[Pairs]:
    """Every pair whose patterns agree, some at a time: all of them, none is missed.

    The patterns lie in small boxes of pictures near each other (a k-d tree); two boxes further apart than a pair may be
    are not compared. What is left is matrix products.
    """
    if len(own) < 2:
        return
    leaves = halved(own, np.arange(len(own)))
    others = [other[leaf] for leaf in leaves]
    boxes = np.array([(own[leaf].min(axis=0), own[leaf].max(axis=0)) for leaf in leaves])
    theirs = np.array([(leaf.min(axis=0), leaf.max(axis=0)) for leaf in others])
    for number, leaf in enumerate(leaves):
        near = number + np.flatnonzero(gap(boxes[number], theirs[number:]) <= 2 - 2 * CANDIDATE)
        for place in near.tolist():
            a, b = np.nonzero(own[leaf] @ others[place].T >= CANDIDATE)
            pairs = np.sort(np.stack([leaf[a], leaves[place][b]], axis=1), axis=1)
            pairs = pairs[pairs[:, 0] != pairs[:, 1]]
            if len(pairs):
                yield np.unique(pairs, axis=0)
        if progress is not None:
            progress(turned * len(leaves) + number + 1, 2 * len(leaves))


def halved(points: Floats, rows: Pairs) -> list[Pairs]:
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


def is_same(a: Copies, b: Copies, colour_a: Colours, colour_b: Colours, turned: bool) -> NDArray[np.bool_]:
    """[pairs]: whether each pair is the same picture, b seen in a mirror where `turned`."""
    if turned:
        b, colour_b = b[:, :, ::-1], colour_b[:, :, ::-1]
    same = distance(colour_a, colour_b) <= COLOUR
    rows = np.flatnonzero(same)
    same[rows] = closest(a[rows], b[rows]) >= SAME
    return same


def distance(a: Colours, b: Colours) -> Floats:
    """[pairs]: how far the colours of two pictures are apart; nothing where one of them is grey."""
    square = (a.astype(np.float32) - b.astype(np.float32)) ** 2
    apart = np.sqrt(square.mean(axis=(1, 2, 3)))
    grey = (np.abs(a).max(axis=(1, 2, 3)) <= 1) | (np.abs(b).max(axis=(1, 2, 3)) <= 1)
    return np.where(grey, np.float32(0), apart)


def closest(a: Copies, b: Copies) -> Floats:
    """[pairs]: the best correlation of two pictures, or of one with a part of the other, tried only where needed."""
    whole_a, whole_b = frequencies(a, FINE), frequencies(b, FINE)
    best: Floats = (whole_a * whole_b).sum(axis=1)
    rows = np.flatnonzero(best < SAME)
    if len(rows):
        for cropped, whole in ((a[rows], whole_b[rows]), (b[rows], whole_a[rows])):
            for down, across in windows():
                parts = frequencies(down @ cropped.astype(np.float32) @ across.T, FINE)
                best[rows] = np.maximum(best[rows], (parts * whole).sum(axis=1))
    return best


@cache
def windows() -> list[tuple[Floats, Floats]]:
    """Matrices [32, 32] that take a part of a copy to the whole size, down and across."""
    found = []
    for share in CROPS:
        ways = [window(share, (1 - share) * place) for place in (0.0, 0.5, 1.0)]
        found += [(down, across) for down in ways for across in ways]
    return found


def window(share: float, start: float) -> Floats:
    """[32, 32]: each cell of a part that begins at `start`, out of the two cells of the whole that it lies between."""
    places = (start + share * (np.arange(SIDE) + 0.5) / SIDE) * SIDE - 0.5
    below = np.floor(places).astype(int)
    part = (places - below).astype(np.float32)
    matrix = np.zeros((SIDE, SIDE), np.float32)
    np.add.at(matrix, (np.arange(SIDE), below.clip(0, SIDE - 1)), 1 - part)
    np.add.at(matrix, (np.arange(SIDE), (below + 1).clip(0, SIDE - 1)), part)
    return matrix
