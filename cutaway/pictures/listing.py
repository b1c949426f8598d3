"""Finding picture files, in an order that does not depend on the disk."""

import glob
import os
from collections.abc import Sequence
from pathlib import Path, PurePath

from cutaway.pictures.natural import natural
from cutaway.pictures.prepared import Skipped

EXTENSIONS = frozenset(
    (
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".apng"),
        *(".webp", ".gif", ".bmp", ".dib", ".tif", ".tiff"),
    )
)
"""What a search takes for a picture. What is really in the file is seen when it is decoded."""

FOREIGN = {
    **dict.fromkeys((".heic", ".heif", ".avif"), "HEIC and AVIF pictures are not read; save as JPEG or PNG"),
    **dict.fromkeys((".jp2", ".ico", ".svg", ".psd", ".raw", ".cr2", ".nef", ".dng"), "not a kind that is read"),
}

SIDE_FOLDERS = frozenset(("__MACOSX", "@eaDir"))  # what systems leave beside pictures; treated as hidden


def files(inputs: Sequence[str | Path]) -> list[Path]:
    """The picture files that these name, in the order given.

    >>> files(["photo.jpg", "more/", "*.png"])                      # doctest: +SKIP
    [Path('photo.jpg'), Path('more/1.jpg'), Path('more/2/a.jpg'), Path('other.png')]

    A folder gives the pictures in it and in the folders below, in natural order; a pattern (`*`, `?`,
    `[...]`, `**`) the files that match. A file that is named itself is taken whatever its ending. What gives
    no picture, such as a path that does not exist or an empty folder, stays in the list, so that decoding it
    says what is wrong.
    """
    return [path for one in inputs for path in _expanded(one)]


def _expanded(one: str | Path) -> list[Path]:
    path = Path(one)
    if os.path.isdir(path):  # False, and no error, where the way to it is closed  # noqa: PTH112
        return walk(path)[0] or [path]
    if not os.path.lexists(path) and glob.has_magic(str(one)):
        found = sorted(glob.iglob(str(one), recursive=True), key=natural)  # noqa: PTH207  (a pattern may be absolute)
        return [file for match in found for file in _expanded(match)] or [path]
    return [path]


def walk(folder: Path) -> tuple[list[Path], list[Skipped]]:
    """The pictures in a folder and below, in natural order, and what was passed over.

    Hidden files and folders (and so macOS's `._` files) are not looked at. Links to files are taken as files;
    links to folders are not followed, so the search cannot go round in circles or leave the folder. A picture
    is known by its ending here: no file is opened. A folder that cannot be looked into stands in the list
    itself, so that it is named with the pictures that cannot be read.
    """
    pictures: list[Path] = []
    skipped: list[Skipped] = []
    todo = [(folder, True)]
    while todo:
        path, is_folder = todo.pop()
        if is_folder:
            try:
                todo += reversed(contents(path))
            except OSError:
                pictures.append(path)
        elif is_picture(path):
            pictures.append(path)
        else:
            skipped.append(Skipped(str(path), why_not(path)))
    return pictures, skipped


def hidden(name: str) -> bool:
    """Whether a file or folder of this name is passed over without a word.

    >>> hidden(".git"), hidden("__MACOSX"), hidden("cat")
    (True, True, False)
    """
    return name.startswith(".") or name in SIDE_FOLDERS


def contents(folder: Path) -> list[tuple[Path, bool]]:
    """What is in a folder and not hidden, in natural order; True for folders, False for links to them."""
    with os.scandir(folder) as entries:
        seen = [entry for entry in entries if not hidden(entry.name)]
    seen.sort(key=lambda entry: natural(entry.name))
    return [(Path(entry.path), entry.is_dir(follow_symlinks=False)) for entry in seen]


def is_picture(path: PurePath) -> bool:
    """Whether a file's ending says that it is a picture."""
    return path.suffix.lower() in EXTENSIONS


def why_not(path: PurePath) -> str:
    """Why a file is passed over where pictures are looked for."""
    if isinstance(path, Path) and path.is_dir():  # what is in an archive is no `Path`, and never looked for on disk
        return "a link to a folder, which is not followed"
    return FOREIGN.get(path.suffix.lower(), "not a picture by its ending")
