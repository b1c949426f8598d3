"""Small changes to training pictures, so that a net does not learn them by heart.

What is done to a picture is decided here from (seed, epoch, number of the picture) alone: it is the same in
any batch, on any engine, on any number of threads, and after a resume.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cutaway.pictures.decoding import Pixels
from cutaway.pictures.hashing import below, mix

Parameters = NDArray[np.int64]
"""[N, 3], one line for each picture: mirrored (0 or 1), rows moved down, columns moved right."""


@dataclass(frozen=True)
class Augmentation:
    """What may be done to a picture.

    >>> augmentation = Augmentation(flip=True, shift=2)
    >>> augmentation.apply(batch, augmentation.draw(seed=0, epoch=3, indices=[5, 0, 3]))    # doctest: +SKIP
    """

    flip: bool = False
    """Mirror left and right, every second time."""

    shift: int = 0
    """Move by up to so many pixels each way; the pixels at the edge are repeated into the gap."""

    def draw(self, seed: int, epoch: int, indices: ArrayLike) -> Parameters:
        """What is done to these pictures in this epoch: all possibilities are equally likely."""
        flip, down, right = mix(seed, epoch, np.arange(3)[:, np.newaxis], indices)
        span = 2 * self.shift + 1
        return np.stack(
            [below(2, flip) * self.flip, below(span, down) - self.shift, below(span, right) - self.shift],
            axis=-1,
        )

    def apply(self, batch: Pixels, parameters: Parameters) -> Pixels:
        """A new uint8 [N, H, W, C]. A picture is mirrored first and moved then."""
        if not self.flip and not self.shift:
            return batch.copy()
        _, h, w, _ = batch.shape
        flip, down, right = parameters.T[:, :, np.newaxis]
        rows = np.clip(np.arange(h) - down, 0, h - 1)
        columns = np.clip(np.arange(w) - right, 0, w - 1)
        columns = np.where(flip == 1, w - 1 - columns, columns)
        pictures = np.arange(len(batch))[:, np.newaxis, np.newaxis]
        changed: Pixels = batch[pictures, rows[:, :, np.newaxis], columns[:, np.newaxis, :]]
        return changed
