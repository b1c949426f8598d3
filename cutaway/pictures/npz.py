"""NumPy archives: arrays `x` (pictures) and `y` (labels) in one .npz file."""

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cutaway.errors import DataError
from cutaway.pictures import memory
from cutaway.pictures.arrays import Part, from_arrays
from cutaway.pictures.pictures import TEST, TRAIN, VALIDATION, Pictures

PARTS = (("", ""), ("_train", TRAIN), ("_val", VALIDATION), ("_test", TEST))
"""Endings of the names `x` and `y`, and the part that they hold."""


def read_npz(path: Path, title: str, seed: int) -> Pictures:
    """Pictures and labels out of an .npz file.

        numpy.savez("pets.npz", x=x, y=y)        x uint8 [n, h, w] or [n, h, w, 1 or 3];  y [n] numbers or text

    `x_train` and `y_train`, `x_test` and `y_test`, `x_val` and `y_val` are parts of their own. Nothing in the
    file is executed: an array of Python objects is refused.
    """
    arrays = _load(path)
    parts = [
        _part(path, arrays, ending, part) for ending, part in PARTS if "x" + ending in arrays or "y" + ending in arrays
    ]
    if not parts:
        there = ", ".join(sorted(arrays)) or "nothing"
        raise DataError(f"{path}: holds {there}; name the pictures x and the labels y")
    return from_arrays(parts, title, seed)


def _load(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size > memory.available():
            raise DataError(f"{path}: unpacks to {size:,} bytes, more than the memory that is free")
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path}: cannot be read as .npz ({' '.join(str(error).split())})") from error


def _part(path: Path, arrays: dict[str, NDArray[Any]], ending: str, part: str) -> Part:
    try:
        x, y = arrays["x" + ending], arrays["y" + ending]
    except KeyError as missing:
        raise DataError(f"{path}: {missing.args[0]} is missing; pictures and labels come in pairs") from missing
    images = _images(path, "x" + ending, x)
    if y.size != len(images):
        raise DataError(f"{path}: x{ending} has {len(images)} pictures but y{ending} has {y.size} labels")
    if y.dtype.kind not in "iubU":
        raise DataError(f"{path}: y{ending} holds {y.dtype}; labels are whole numbers or text")
    return Part(images, y.reshape(-1), part)


def _images(path: Path, name: str, x: NDArray[Any]) -> NDArray[np.uint8]:
    if x.ndim == 3:
        x = x[..., np.newaxis]
    if x.ndim != 4 or x.shape[-1] not in (1, 3) or 0 in x.shape[1:]:
        hint = "; move the channels last with x.transpose(0, 2, 3, 1)" if x.ndim == 4 and x.shape[1] in (1, 3) else ""
        raise DataError(f"{path}: {name} has shape {x.shape}; pictures are [n, h, w] or [n, h, w, 1 or 3]{hint}")
    if x.dtype == np.bool_:
        return x.astype(np.uint8) * np.uint8(255)
    if x.dtype.kind not in "iu" or (x.size and (x.min() < 0 or x.max() > 255)):
        raise DataError(f"{path}: {name} holds {x.dtype}; pictures are whole numbers from 0 to 255 (uint8)")
    return x.astype(np.uint8, copy=False)
