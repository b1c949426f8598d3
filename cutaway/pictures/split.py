"""Which pictures are kept back from training, to see how well it goes."""

import numpy as np
from numpy.typing import NDArray

from cutaway.hashing import mix

SHARE = 0.2
"""The share of the training pictures that becomes validation, where the data does not bring its own."""

TRAIN, VALIDATION, TEST = 0, 1, 2
"""The parts, as `parts` numbers them."""


def validation(
    digests: NDArray[np.uint64], labels: NDArray[np.int64], seed: int, groups: NDArray[np.int64] | None = None
) -> NDArray[np.bool_]:
    """True for the pictures that are kept back: a fifth, chosen by the content of each picture and the seed alone.

    So a picture stays on its side when others are added, removed, renamed or put in another order, and equal
    pictures are always on the same side.

    The one exception: a class of which no picture would be kept back gives the content with its lowest hash,
    and a class of which none would be left gets back the content with its highest; of a class of equal
    pictures the first is kept back. Such a class is small, and its choice may change as it grows.

    With `groups`, [n] numbers that pictures share which belong together, a group is never parted (see `parts`).
    """
    if groups is not None:
        kept_back: NDArray[np.bool_] = parts(digests, labels, seed, groups) == VALIDATION
        return kept_back
    hashes = mix(seed, digests[:, 0])
    kept = hashes < np.uint64(SHARE * 2**64)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        kept[rows] = _on_both_sides(kept[rows], hashes[rows])
    return kept


def _on_both_sides(kept: NDArray[np.bool_], hashes: NDArray[np.uint64]) -> NDArray[np.bool_]:
    if not kept.any():
        kept = hashes == hashes.min()
    elif kept.all():
        kept = hashes != hashes.max()
    if kept.all() or not kept.any():  # every picture of the class is the same
        kept = np.arange(len(hashes)) == 0
    return kept


# ---- groups


def parts(
    digests: NDArray[np.uint64],
    labels: NDArray[np.int64],
    seed: int,
    groups: NDArray[np.int64],
    validation: float = SHARE,
    test: float = 0.0,
) -> NDArray[np.int64]:
    """[n]: TRAIN, VALIDATION or TEST for each picture; a group, and equal pictures, are never parted.

    >>> digests = np.arange(40, dtype=np.uint64).reshape(20, 2)
    >>> parts(digests, np.zeros(20, int), 0, np.arange(20) // 4, test=0.2).reshape(5, 4).tolist()
    [[0, 0, 0, 0], [0, 0, 0, 0], [1, 1, 1, 1], [2, 2, 2, 2], [0, 0, 0, 0]]

    A group goes where its smallest digest goes, by itself a choice of content and seed alone; so a picture moves only
    when one joins its group. Asking for a test part takes pictures from training, never from validation.

    Each class gets something in each part that is asked for, as far as its groups allow: first in training, which
    cannot do without, then in validation, then in test. A class that is one group is trained on and nothing else.
    """
    hashes = mix(seed, firsts(digests[:, 0], groups))
    found = np.full(len(hashes), TRAIN)
    found[_below(hashes, validation + test)] = TEST
    found[_below(hashes, validation)] = VALIDATION
    return balanced(found, hashes, labels, wanted=[VALIDATION] * (validation > 0) + [TEST] * (test > 0))


def firsts(digests: NDArray[np.uint64], groups: NDArray[np.int64]) -> NDArray[np.uint64]:
    """[n]: the smallest digest in the group of each picture. Groups with an equal picture in both are one."""
    smallest = digests
    while True:
        spread = _least_of(_least_of(smallest, groups), digests)
        if np.array_equal(spread, smallest):
            return smallest
        smallest = spread


def _least_of(values: NDArray[np.uint64], keys: NDArray[np.int64] | NDArray[np.uint64]) -> NDArray[np.uint64]:
    """[n]: the smallest value among those with the same key."""
    _, start, own = np.unique(keys[order := np.lexsort((values, keys))], return_index=True, return_inverse=True)
    smallest = np.empty_like(values)
    smallest[order] = values[order][start][own]
    return smallest


def _below(hashes: NDArray[np.uint64], share: float) -> NDArray[np.bool_]:
    return hashes < np.uint64(share * 2**64) if share < 1 else np.ones(len(hashes), bool)


def balanced(
    found: NDArray[np.int64], hashes: NDArray[np.uint64], labels: NDArray[np.int64], wanted: list[int]
) -> NDArray[np.int64]:
    """The parts, with as few groups moved as gives each class something in each part, where its groups allow it.

    What has the same hash moves together, whatever its class. What becomes validation does not depend on whether a test
    part is wanted.
    """
    found = found.copy()
    for part, rest in ((VALIDATION, (TRAIN, TEST)), (TEST, (TRAIN,))):
        for label in np.unique(labels):
            own = labels == label
            if not np.isin(found[own], rest).any():
                last = hashes[own & (found == part)].max()
                found[(hashes == last) & (found == part)] = TRAIN
        for label in np.unique(labels) if part in wanted else ():
            own = labels == label
            if not (found[own] == part).any():
                _give(found, hashes, labels, np.isin(found, rest), own, part)
    return found


def _give(
    found: NDArray[np.int64],
    hashes: NDArray[np.uint64],
    labels: NDArray[np.int64],
    source: NDArray[np.bool_],
    own: NDArray[np.bool_],
    part: int,
) -> None:
    """Moves the first group of a class to a part, of those that leave something of every class where they were."""
    for lowest in np.unique(hashes[own & source]):
        moved = hashes == lowest
        if np.isin(labels[moved], labels[source & ~moved]).all():
            found[moved] = part
            return
