"""The folder of decoded pictures: where it is, how large it may grow, what is in it.

    >>> [(kept.preparation, kept.pictures) for kept in stored()]    # doctest: +SKIP
    [('colour, resize 224x224 crop', 1200)]

Each preparation has two files, `NAME.pixels` and `NAME.index` (`records`). Files are only ever added to, or removed
as a whole; a process that has one mapped keeps it until it ends.
"""

import contextlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cutaway import files
from cutaway.errors import InputError
from cutaway.pictures.decoding import Shape

PIXELS, INDEX = ".pixels", ".index"
"""The endings of the two files."""

LIMIT = "CUTAWAY_CACHE_LIMIT"
"""The environment variable that says how many bytes all may take: 20GB, 500MB; 0 for no cache."""

MOST, SHARE = 10 * 10**9, 0.2
"""Without it, 10 GB, or a fifth of what is free where that is less: a disk is never filled up for the sake of speed."""

UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}

PATIENCE = 60
"""Seconds to wait for another process: to write a handful of pictures takes milliseconds, to clear out 10 GB half a
minute. Who still waits then goes on without."""


@dataclass(frozen=True)
class Kept:
    """What is there of one preparation."""

    name: str
    preparation: str
    shape: Shape
    pictures: int
    size: int
    """Bytes, of both files."""
    used: float
    """When it was used last, in seconds since 1970."""


def folder() -> Path:
    """Where the files are."""
    return files.cache() / "pictures"


@contextlib.contextmanager
def locked() -> Iterator[None]:
    """Keeps every other thread and process from changing the folder. Raises OSError where that cannot be had.

    The system lets go of the lock when the process ends, however it ends.
    """
    from filelock import FileLock  # takes 0.05 s to import

    folder().mkdir(mode=0o700, parents=True, exist_ok=True)  # what is in a person's pictures is for nobody else to see
    with FileLock(folder() / ".lock", timeout=PATIENCE, poll_interval=0.002):  # its Timeout is an OSError
        yield


def limit() -> int:
    """How many bytes the files may take. Raises InputError where the environment says what is no size."""
    given = os.environ.get(LIMIT, "").strip()
    if given:
        return _bytes(given)
    with contextlib.suppress(OSError):
        return min(MOST, int(SHARE * (shutil.disk_usage(_existing(folder())).free + size())))
    return MOST


def size() -> int:
    """How many bytes the files take."""
    return sum(_size(path) for path in _all())


def stored() -> list[Kept]:
    """What is there, the last used first. What cannot be made out is left out."""
    found = [kept for path in folder().glob(f"*{INDEX}") if (kept := _kept(path))]
    return sorted(found, key=lambda kept: kept.used, reverse=True)


def clear() -> int:
    """Removes everything; how many bytes that were. Raises OSError where it cannot."""
    if not folder().is_dir():
        return 0
    with locked():
        freed = size()
        for path in _all():
            path.unlink(missing_ok=True)
    return freed


def make_room(count: int, own: str) -> bool:
    """Whether so many bytes more may be written into the files called `own`.

    The least recently used others are removed for that. To be called under the lock.
    """
    most = limit()
    others = sorted({_name(path) for path in _all()} - {own}, key=lambda name: _used(folder() / (name + INDEX)))
    while size() + count > most and others:
        remove(others.pop(0))
    return size() + count <= most


def remove(name: str) -> None:
    """Removes the files of one preparation: the index first, without which the others mean nothing."""
    (folder() / (name + INDEX)).unlink(missing_ok=True)
    for path in _all():
        if _name(path) == name:
            path.unlink(missing_ok=True)


def _kept(index: Path) -> Kept | None:
    from cutaway.pictures.records import ENTRY

    try:
        with index.open("rb") as file:
            line = file.readline()
        said = json.loads(line)
        pictures = (_size(index) - len(line)) // ENTRY.size
        both = _size(index) + _size(index.with_suffix(PIXELS))
        return Kept(index.stem, said["preparation"], tuple(said["shape"]), pictures, both, _used(index))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _all() -> list[Path]:
    return [path for ending in (INDEX, PIXELS) for path in folder().glob(f"*{ending}*")]


def _name(path: Path) -> str:
    return path.name.lstrip(".").partition(".")[0]  # a file that is being written begins with a dot


def _size(path: Path) -> int:
    with contextlib.suppress(OSError):
        return path.stat().st_size
    return 0


def _used(path: Path) -> float:
    with contextlib.suppress(OSError):
        return path.stat().st_mtime
    return 0.0


def _existing(path: Path) -> Path:
    return next((one for one in (path, *path.parents) if one.exists()), Path())


def _bytes(text: str) -> int:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?b)?", text.lower())
    if not match:
        raise InputError(f"{LIMIT} is {text!r}; write a size such as 20GB or 500MB, or 0 to keep no decoded pictures")
    return int(float(match[1]) * UNITS[match[2] or ""])
