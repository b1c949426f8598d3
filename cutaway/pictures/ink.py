"""Light strokes on black, as digits are kept: they are shown as ink on paper."""

from collections.abc import Sequence

import numpy as np

from cutaway.pictures.decoding import Pixels


def is_ink(pictures: Sequence[Pixels]) -> bool:
    """Whether nearly all of these are grey pictures of light strokes on black."""
    dark = [one.shape[2] == 1 and np.median(one) < 64 and one.max() > 127 for one in pictures]
    return bool(np.mean(dark) > 0.8) if dark else False
