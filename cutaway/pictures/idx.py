"""IDX files, as MNIST is shipped: two zero bytes, type, number of dimensions, their lengths, the values."""

import gzip
import math
import re
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from cutaway.errors import DataError
from cutaway.pictures.arrays import Part, from_arrays
from cutaway.pictures.pictures import TEST, TRAIN, VALIDATION, Pictures

UNSIGNED_BYTE = 0x08

PIECE = 2**20
"""Bytes that are read at a time."""

IMAGES = re.compile(r"(?P<set>.*)images(?P<mark>[-.])idx(?P<dims>[34])-ubyte(?P<gz>\.gz)?", re.IGNORECASE)
"""The name of a file of pictures; that of its labels has `labels` and `idx1` in these places."""

PARTS = (("train", TRAIN), ("t10k", TEST), ("test", TEST), ("val", VALIDATION))
"""What in the name of a file says which part its pictures are."""


@dataclass(frozen=True)
class Pair:
    """A file of pictures and the file of their labels."""

    images: Path
    labels: Path
    part: str


def read_idx(path: Path, title: str, seed: int, classes: tuple[str, ...] | None = None) -> Pictures:
    """Pictures and labels from one IDX file of pictures, with its labels beside it, or from a folder of such pairs.

        train-images-idx3-ubyte.gz   train-labels-idx1-ubyte.gz
        t10k-images-idx3-ubyte       t10k-labels-idx1-ubyte

    Plain and .gz, in any mix. `classes` are the names of the labels 0, 1, 2, ...; the labels themselves otherwise.
    """
    pairs = _pairs(path)
    if not pairs:
        raise DataError(f"{path}: no IDX files in this folder, such as train-images-idx3-ubyte.gz and its labels")
    parts = []
    for pair in pairs:
        images, labels = _images(pair.images), load(pair.labels)
        if labels.ndim != 1:
            raise DataError(f"{pair.labels}: holds {labels.ndim} dimensions; labels have 1")
        if len(labels) != len(images):
            raise DataError(f"{pair.images} has {len(images)} pictures but {pair.labels} has {len(labels)} labels")
        parts.append(Part(images, labels, pair.part if path.is_dir() else ""))
    return from_arrays(parts, title, seed, classes)


def load(path: Path) -> NDArray[np.uint8]:
    """The array in one IDX file of bytes, plain or .gz. Never takes more memory than the file really holds.

    Source of the format: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits".
    """
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    try:
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
            return _values(path, cast(BinaryIO, file))
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cut short or damaged ({error}); copy or download it again") from error


def is_idx(path: Path) -> bool:
    """Whether a file, or a folder's contents, go by the names of IDX files of pictures."""
    if path.is_dir():
        return any(IMAGES.fullmatch(inside.name) for inside in path.iterdir())
    return IMAGES.fullmatch(path.name) is not None


def _values(path: Path, file: BinaryIO) -> NDArray[np.uint8]:
    start = file.read(4)
    if len(start) == 4 and (start[:2] != b"\0\0" or not 1 <= start[3] <= 4):
        raise DataError(f"{path}: begins with {start.hex(' ')}, an IDX file of bytes with 00 00 08 and 01, 03 or 04")
    if len(start) == 4 and start[2] != UNSIGNED_BYTE:
        raise DataError(f"{path}: holds values of type {start[2]:#04x}; only bytes (0x08) are read")
    dimensions = file.read(4 * start[3]) if len(start) == 4 else b""
    if len(start) < 4 or len(dimensions) < 4 * start[3]:
        raise DataError(f"{path}: cut short inside its header; copy or download it again")
    shape = struct.unpack(f">{start[3]}I", dimensions)
    return _exactly(path, file, shape)


def _exactly(path: Path, file: BinaryIO, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    promised = math.prod(shape)
    values = bytearray()
    # by pieces: to ask for all that is promised would take that much memory, even of a file of 20 bytes
    while len(values) <= promised and (piece := file.read(PIECE)):
        values += piece
    if len(values) != promised:
        held = "more" if len(values) > promised else f"{len(values):,}"
        product = "x".join(map(str, shape))
        raise DataError(f"{path}: promises {product} = {promised:,} bytes but holds {held}; copy or download it again")
    return np.frombuffer(values, np.uint8).reshape(shape)


def _images(path: Path) -> NDArray[np.uint8]:
    images = load(path)
    if images.ndim == 3:
        images = images[..., np.newaxis]
    if images.ndim != 4 or images.shape[-1] not in (1, 3) or 0 in images.shape[1:]:
        raise DataError(f"{path}: its shape {images.shape} is not that of pictures, [n, h, w] or [n, h, w, 1 or 3]")
    return images


def _pairs(path: Path) -> list[Pair]:
    folder = path if path.is_dir() else path.parent
    inside = sorted(path.iterdir()) if path.is_dir() else [path]
    found: dict[str, Pair] = {}
    for images in inside:  # a plain file sorts before its .gz and is read in its place
        if match := IMAGES.fullmatch(images.name):
            name = match["set"].lower()
            part = next((part for word, part in PARTS if word in name), "")
            pair = Pair(images, _labels_of(folder, match), part)
            if found.setdefault(part, pair).images.name.removesuffix(".gz") != images.name.removesuffix(".gz"):
                raise DataError(f"{folder}: both {found[part].images.name} and {images.name}; name the one to read")
    return [found[part] for part in ("", TRAIN, VALIDATION, TEST) if part in found]


def _labels_of(folder: Path, match: re.Match[str]) -> Path:
    stem = f"{match['set']}labels{match['mark']}idx1-ubyte"
    for name in (stem, stem + ".gz"):
        if (folder / name).exists():
            return folder / name
    raise DataError(f"{folder / match[0]}: its labels, {stem} or {stem}.gz, are not beside it")
