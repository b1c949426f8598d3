"""Class folders: `pets/cat/1.jpg` is a picture of class `cat`."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cutaway.errors import DataError
from cutaway.pictures.listing import contents, is_picture, walk, why_not
from cutaway.pictures.natural import ordered
from cutaway.pictures.pictures import TEST, TRAIN, VALIDATION, Pictures
from cutaway.pictures.prepared import Skipped
from cutaway.pictures.source import Files
from cutaway.wording import first

PARTS = {"train": TRAIN, "val": VALIDATION, "validation": VALIDATION, "valid": VALIDATION, "test": TEST}
"""Folder names, in upper or lower case, that say which part the pictures below them belong to."""


@dataclass(frozen=True)
class Found:
    """One picture file, with what its folders say about it."""

    path: Path
    label: str
    part: str  # "" where no folder says


def read_folder(folder: Path, title: str, seed: int) -> Pictures:
    """Class folders, each with pictures in it or deeper; train, validation and test above or below them.

        pets/cat/1.jpg          pets/train/cat/1.jpg          pets/cat/train/1.jpg
        pets/dog/2.jpg          pets/test/dog/2.jpg           pets/dog/test/2.jpg

    Classes are matched between the parts by name. Links to folders are not followed, hidden files are not
    seen; everything else that is passed over is named in `ignored`.
    """
    found: list[Found] = []
    ignored: list[Skipped] = []
    classes: list[str] = []
    parts = _parts(folder)
    for part, above in parts:
        for path, is_folder in contents(above):
            if is_folder:
                classes.append(path.name)
                pictures, skipped = walk(path)
                found += _in_class(path, part, pictures)
                ignored += skipped
            else:
                ignored.append(Skipped(str(path), _stray(path)))
    if parts != [("", folder)]:
        ignored += [Skipped(str(path), _stray(path)) for path, is_folder in contents(folder) if not is_folder]
    if not found:
        raise DataError(_nothing_found(title, classes, ignored))
    return _labelled(found, ordered(classes), title, seed, tuple(ignored))


def _parts(folder: Path) -> list[tuple[str, Path]]:
    """The folders that hold class folders, and the part each stands for: the folder itself, or train, ..."""
    inside = [path for path, is_folder in contents(folder) if is_folder]
    parts = [path for path in inside if path.name.lower() in PARTS and _holds_classes(path)]
    if parts != inside:
        parts = [path for path in parts if not _holds_strays(path)]
    if not parts:
        return [("", folder)]
    if others := [path.name for path in inside if path not in parts]:
        raise DataError(
            f"{folder}: beside {_names(parts)}, which hold class folders, there is {first(others, 5)}, "
            "which does not; move it away, or put class folders into it and call it train, validation or test"
        )
    return [(PARTS[path.name.lower()], path) for path in parts]


def _holds_classes(folder: Path) -> bool:
    """Whether a folder called train, ... holds folders. With a picture in it, it may be a class of that name."""
    return any(is_folder for _, is_folder in contents(folder))


def _holds_strays(folder: Path) -> bool:
    return any(is_picture(path) for path, _ in contents(folder))


def _stray(path: Path) -> str:
    return why_not(path) if path.is_dir() else "not in a class folder"


def _in_class(folder: Path, part: str, pictures: list[Path]) -> Iterator[Found]:
    for path in pictures:
        below = path.relative_to(folder).parts[:-1]
        yield Found(path, folder.name, part or (PARTS.get(below[0].lower(), "") if below else ""))


def _labelled(
    found: list[Found], classes: tuple[str, ...], title: str, seed: int, ignored: tuple[Skipped, ...]
) -> Pictures:
    place = {name: label for label, name in enumerate(classes)}
    return Pictures(
        source=Files([one.path for one in found]),
        classes=classes,
        labels=np.array([place[one.label] for one in found], np.int64),
        rows=np.arange(len(found)),
        given=np.array([one.part for one in found]),
        title=title,
        seed=seed,
        ignored=ignored,
    )


def _nothing_found(title: str, classes: list[str], ignored: list[Skipped]) -> str:
    if any(is_picture(Path(one.path)) for one in ignored):
        return f"{title}: the pictures lie in the folder itself; give each class a folder, as {title}/cat/1.jpg"
    if links := [one.path for one in ignored if "link to a folder" in one.reason]:
        return f"{title}: no class folders; links to folders ({first(links, 2)}) are not followed, put folders there"
    if ignored and not classes:
        return f"{title}: no class folders; give each class one with its pictures in it, as {title}/cat/1.jpg"
    if classes:
        return f"{title}: no picture in the class folders {first(ordered(classes), 5)}"
    return f"{title}: the folder is empty; make a folder for each class, with its pictures in it"


def _names(paths: list[Path]) -> str:
    return " and ".join(path.name for path in paths)
