"""1,797 real handwritten digits of 8x8 pixels, the set that needs no download: they come with scikit-learn.

Origin: E. Alpaydin and C. Kaynak, "Optical recognition of handwritten digits", UCI Machine Learning
Repository, 1998 (its test part), CC BY 4.0.
"""

import gzip
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from cutaway.errors import DataError
from cutaway.pictures.arrays import Part, from_arrays
from cutaway.pictures.pictures import Pictures

INK = 16
"""The darkest value in the file; white paper is 0. It becomes 255."""


def digits(seed: int = 0) -> Pictures:
    """The bundled digits.

    >>> digits().counts()["0"]
    178

    uint8 [8, 8, 1], ink 255 on 0. There is no test part; a fifth becomes validation.
    """
    with gzip.open(_file(), "rt", encoding="ascii") as file:
        table = np.loadtxt(file, np.float64, delimiter=",")
    images = np.rint(table[:, :-1] * 255 / INK).astype(np.uint8).reshape(-1, 8, 8, 1)
    parts = [Part(images, table[:, -1].astype(np.int64), "")]
    return from_arrays(parts, "digits", seed, tuple("0123456789"))


def _file() -> Path:
    spec = find_spec("sklearn")  # scikit-learn itself is not imported: that takes about a second
    if spec is None or spec.origin is None:
        raise DataError("digits: the pictures come with scikit-learn, which is missing; pip install scikit-learn")
    return Path(spec.origin).parent / "datasets" / "data" / "digits.csv.gz"
