"""Where pictures come from: files that are decoded when asked for, or one array that is there already."""

import hashlib
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cutaway.errors import PictureError
from cutaway.pictures.decoding import Least, Pixels, Shape, content, decode, header
from cutaway.pictures.threads import over_threads, pieces

SAMPLE = 64
"""So many headers are read to find the size that pictures of a folder commonly have."""


class Source(Protocol):
    """Numbered pictures without labels. A row is the number of one of them."""

    @property
    def array(self) -> Pixels | None:
        """Every picture as one [n, h, w, c], where they are held so; None where each has to be decoded."""

    def __len__(self) -> int: ...

    def name(self, row: int) -> str: ...

    def picture(self, row: int, least: Least | None = None) -> Pixels:
        """uint8 [h, w, c], of a file perhaps scaled down (`decode`); raises PictureError where it cannot be read."""

    def size(self, rows: NDArray[np.int64]) -> Shape | None:
        """The shape that these commonly have; None where none of those looked at can be read."""

    @property
    def digests(self) -> NDArray[np.uint64]:
        """[n, 2]: 128 bits of blake2b over each picture's content."""


class Files:
    """Picture files. Nothing is read until it is asked for."""

    array: None = None

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = tuple(paths)

    def __len__(self) -> int:
        return len(self.paths)

    def name(self, row: int) -> str:
        return str(self.paths[row])

    def picture(self, row: int, least: Least | None = None) -> Pixels:
        return decode(self.paths[row], least)

    def size(self, rows: NDArray[np.int64]) -> Shape | None:
        """The median height and width of at most 64 files, by their headers; colour where one has it."""
        some = rows[:: -(-len(rows) // SAMPLE)] if len(rows) else rows
        shapes = [shape for row in some if (shape := _shape(self.paths[row]))]
        if not shapes:
            return None
        h, w, _ = np.median(shapes, axis=0).astype(int)
        return int(h), int(w), max(c for _, _, c in shapes)

    @cached_property
    def digests(self) -> NDArray[np.uint64]:
        """Of the bytes of each file: every file is read once, by all cores."""
        done = over_threads(lambda piece: [_digest(self.paths[row]) for row in piece], pieces(len(self)))
        return _as_numbers([digest for piece in done for digest in piece])


class Arrays:
    """Pictures of one size, in one array uint8 [n, h, w, c]."""

    def __init__(self, array: Pixels, name: Callable[[int], str]) -> None:
        self.array: Pixels = np.ascontiguousarray(array)
        self.name = name

    def __len__(self) -> int:
        return len(self.array)

    def picture(self, row: int, least: Least | None = None) -> Pixels:
        picture: Pixels = self.array[row].copy()
        return picture

    def size(self, rows: NDArray[np.int64]) -> Shape | None:
        _, h, w, c = self.array.shape
        return h, w, c

    @cached_property
    def digests(self) -> NDArray[np.uint64]:
        """Of the pixels of each picture: about 1 microsecond for one of MNIST."""
        return _as_numbers([hashlib.blake2b(picture, digest_size=16).digest() for picture in self.array])


def _shape(path: Path) -> Shape | None:
    try:
        return header(path)
    except PictureError:
        return None


def _digest(path: Path) -> bytes:
    try:
        data = content(path)
    except PictureError as error:  # it is named and skipped when it is decoded; until then its name stands for it
        data = error.path.encode("utf-8", "surrogateescape")
    return hashlib.blake2b(data, digest_size=16).digest()


def _as_numbers(digests: list[bytes]) -> NDArray[np.uint64]:
    return np.frombuffer(b"".join(digests), "<u8").astype(np.uint64).reshape(-1, 2)
