"""Where runs are kept: `runs/pets-1`, `runs/pets-2`, ..."""

from __future__ import annotations

import os
import re
from pathlib import Path

from cutaway.errors import InputError, JobError
from cutaway.model import epochs
from cutaway.training.checkpoint import Checkpoint
from cutaway.training.setup import Setup


def check_place(folder: Path, source: str | Path) -> None:
    """Raises before any work is done, where nothing could be written in the end, or should not be."""
    way = [folder.resolve(), *folder.resolve().parents]
    if Path(source).is_dir() and Path(source).resolve() in way:
        raise InputError(f"{folder} would be written among the pictures of {source}; choose another folder")
    place = next(path for path in way if path.exists())
    if not place.is_dir():
        raise JobError(f"cannot write into {folder}: {place} is a file; choose another folder")
    if not os.access(place, os.W_OK | os.X_OK):
        raise JobError(f"cannot write into {place}: no permission; choose another folder")


def left(folder: Path, setup: Setup, engine: str) -> bool:
    """Whether this very run was left in a folder before. Raises InputError where anything else is in it."""
    if Checkpoint.of(folder, setup, engine).load():
        return True
    if inside := _held(folder):
        raise InputError(f"{folder} holds {inside} already, which is left as it is; choose a new folder")
    return False


def _held(folder: Path) -> str:
    """What is in a folder that a new run must not touch, in words. What a run killed at its start leaves is nothing."""
    if (folder / "checkpoint" / "latest.json").is_file():
        return "an unfinished run with other settings or pictures"
    if (folder / "config.json").is_file():
        return "a model"
    names = [path.name for path in folder.iterdir() if not epochs.alone(path)] if folder.is_dir() else []
    left = sorted(name for name in names if name != "checkpoint" and not name.startswith("."))
    return f"{left[0]!r}{', ...' if len(left) > 1 else ''}" if left else ""


def folder_for(name: str, setup: Setup, engine: str, root: Path = Path("runs")) -> tuple[Path, bool]:
    """The folder for a run, and whether an unfinished run of the same setup is there to be taken up.

    The latest run of that name is taken up if it was left; otherwise the next number is made.
    """
    stem = re.sub(r"[^\w.-]+", "-", name).strip("-.") or "run"
    numbers = [number for number, _ in _numbered(stem, root)]
    for number in sorted(numbers, reverse=True):
        folder = root / f"{stem}-{number}"
        if Checkpoint.of(folder, setup, engine).load():
            return folder, True
    return _made(stem, max(numbers, default=0) + 1, root), False


def _numbered(stem: str, root: Path) -> list[tuple[int, Path]]:
    """The runs of a name, with their numbers."""
    if not root.is_dir():
        return []
    found = [(re.fullmatch(rf"{re.escape(stem)}-(\d+)", path.name), path) for path in root.iterdir()]
    return [(int(match[1]), path) for match, path in found if match]


def _made(stem: str, number: int, root: Path) -> Path:
    """The first free folder from a number up: another process may take one at the same moment."""
    while True:
        folder = root / f"{stem}-{number}"
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            number += 1
        except OSError as error:
            raise JobError(f"cannot make {folder}: {error.strerror}; choose another folder") from None
        else:
            return folder
