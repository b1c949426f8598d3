"""Numbers and pictures as text that the page reads."""

from __future__ import annotations

import base64
import zlib

import numpy as np

from cutaway.layers.layer import Array
from cutaway.pictures.decoding import Pixels

SMALL = 100_000
"""Bytes up to which it costs nothing to deflate as well as can be; a photo is 7% longer at a quarter of the time."""


def floats(array: Array) -> str:
    """Exact float32, little-endian, base64: rounded decimals would be no shorter."""
    return base64.b64encode(np.ascontiguousarray(array, "<f4").tobytes()).decode()


def pixels(picture: Pixels) -> str:
    """uint8 [h, w, c] as second differences, deflated (RFC 1950), base64.

    A difference is x[r, c] - x[r-1, c] - x[r, c-1] + x[r-1, c-1], modulo 256, with 0 outside. A photo then takes about
    two thirds of its bytes, a drawn digit a third.
    """
    down = picture.copy()
    down[1:] -= picture[:-1]
    both = down.copy()
    both[:, 1:] -= down[:, :-1]
    return base64.b64encode(zlib.compress(both.tobytes(), 9 if both.size < SMALL else 1)).decode()
