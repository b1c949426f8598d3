"""Where runs are kept: `runs/pets-1`, `runs/pets-2`, ..."""

from __future__ import annotations

import re
from pathlib import Path

from cutaway.errors import JobError
from cutaway.training.checkpoint import Checkpoint
from cutaway.training.setup import Setup


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
            raise JobError(f"cannot make {folder}: {error.strerror}; choose another folder with -o") from None
        else:
            return folder
