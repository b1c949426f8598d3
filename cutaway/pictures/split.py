"""Which pictures are kept back from training, to see how well it goes."""

import numpy as np
from numpy.typing import NDArray

from cutaway.hashing import mix

SHARE = 0.2
"""The share of the training pictures that becomes validation, where the data does not bring its own."""


def validation(digests: NDArray[np.uint64], labels: NDArray[np.int64], seed: int) -> NDArray[np.bool_]:
    """True for the pictures that are kept back: a fifth, chosen by the content of each picture and the seed alone.

    So a picture stays on its side when others are added, removed, renamed or put in another order, and equal
    pictures are always on the same side.

    The one exception: a class of which no picture would be kept back gives the content with its lowest hash,
    and a class of which none would be left gets back the content with its highest; of a class of equal
    pictures the first is kept back. Such a class is small, and its choice may change as it grows.
    """
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
