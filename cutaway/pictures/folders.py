"""Class folders, on disk or in an archive: `pets/cat/1.jpg` is a picture of class `cat`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Protocol

import numpy as np

from cutaway.errors import DataError
from cutaway.pictures import listing
from cutaway.pictures.listing import is_picture, why_not
from cutaway.pictures.natural import ordered
from cutaway.pictures.pictures import TEST, TRAIN, VALIDATION, Pictures
from cutaway.pictures.prepared import Skipped
from cutaway.pictures.source import Files, Source
from cutaway.wording import first

PARTS = {"train": TRAIN, "val": VALIDATION, "validation": VALIDATION, "valid": VALIDATION, "test": TEST}
"""Folder names, in upper or lower case, that say which part the pictures below them belong to."""


class Tree(Protocol):
    """Folders with pictures in them: those of a disk, or those of an archive, which are nowhere else."""

    @property
    def top(self) -> PurePath:
        """The folder that holds all."""

    def contents(self, folder: PurePath) -> list[tuple[PurePath, bool]]:
        """What is in a folder and not hidden, in natural order; True for folders."""

    def walk(self, folder: PurePath) -> tuple[list[PurePath], list[Skipped]]:
        """The pictures in a folder and below, in natural order, and what was passed over."""

    def source(self, paths: Sequence[PurePath]) -> Source:
        """These pictures, in this order."""


@dataclass(frozen=True)
class Disk:
    """Folders of a disk."""

    top: Path

    def contents(self, folder: PurePath) -> list[tuple[PurePath, bool]]:
        return [*listing.contents(Path(folder))]

    def walk(self, folder: PurePath) -> tuple[list[PurePath], list[Skipped]]:
        pictures, skipped = listing.walk(Path(folder))
        return [*pictures], skipped

    def source(self, paths: Sequence[PurePath]) -> Source:
        return Files([Path(path) for path in paths])


@dataclass(frozen=True)
class Found:
    """One picture file, with what its folders say about it."""

    path: PurePath
    label: str
    part: str  # "" where no folder says


def read_folder(folder: Path, title: str, seed: int) -> Pictures:
    """Class folders, each with pictures in it or deeper; train, validation and test above or below them.

        pets/cat/1.jpg          pets/train/cat/1.jpg          pets/cat/train/1.jpg
        pets/dog/2.jpg          pets/test/dog/2.jpg           pets/dog/test/2.jpg

    Classes are matched between the parts by name. Links to folders are not followed, hidden files are not
    seen; everything else that is passed over is named in `ignored`.
    """
    return read_tree(Disk(folder), title, seed)


def read_tree(tree: Tree, title: str, seed: int, passed_over: Sequence[Skipped] = ()) -> Pictures:
    """Class folders of a tree, by the rules of `read_folder`. `passed_over` is what was found beside the tree."""
    found: list[Found] = []
    ignored: list[Skipped] = [*passed_over]
    classes: list[str] = []
    parts = _parts(tree)
    for part, above in parts:
        for path, is_folder in tree.contents(above):
            if is_folder:
                classes.append(path.name)
                pictures, skipped = tree.walk(path)
                found += _in_class(path, part, pictures)
                ignored += skipped
            else:
                ignored.append(Skipped(str(path), _stray(path)))
    if parts != [("", tree.top)]:
        ignored += [Skipped(str(path), _stray(path)) for path, is_folder in tree.contents(tree.top) if not is_folder]
    if not found:
        raise DataError(_nothing_found(title, classes, ignored))
    source = tree.source([one.path for one in found])
    return _labelled(found, source, ordered(classes), title, seed, tuple(ignored))


def _parts(tree: Tree) -> list[tuple[str, PurePath]]:
    """The folders that hold class folders, and the part each stands for: the top itself, or train, ..."""
    inside = [path for path, is_folder in tree.contents(tree.top) if is_folder]
    parts = [path for path in inside if path.name.lower() in PARTS and _holds_classes(tree, path)]
    if parts != inside:
        parts = [path for path in parts if not _holds_strays(tree, path)]
    if not parts:
        return [("", tree.top)]
    if others := [path.name for path in inside if path not in parts]:
        raise DataError(
            f"{tree.top}: beside {_names(parts)}, which hold class folders, there is {first(others, 5)}, "
            "which does not; move it away, or put class folders into it and call it train, validation or test"
        )
    return [(PARTS[path.name.lower()], path) for path in parts]


def _holds_classes(tree: Tree, folder: PurePath) -> bool:
    """Whether a folder called train, ... holds folders. With a picture in it, it may be a class of that name."""
    return any(is_folder for _, is_folder in tree.contents(folder))


def _holds_strays(tree: Tree, folder: PurePath) -> bool:
    return any(is_picture(path) for path, _ in tree.contents(folder))


def _stray(path: PurePath) -> str:
    return why_not(path) if isinstance(path, Path) and path.is_dir() else "not in a class folder"


def _in_class(folder: PurePath, part: str, pictures: list[PurePath]) -> Iterator[Found]:
    for path in pictures:
        below = path.relative_to(folder).parts[:-1]
        yield Found(path, folder.name, part or (PARTS.get(below[0].lower(), "") if below else ""))


def _labelled(
    found: list[Found], source: Source, classes: tuple[str, ...], title: str, seed: int, ignored: tuple[Skipped, ...]
) -> Pictures:
    place = {name: label for label, name in enumerate(classes)}
    return Pictures(
        source=source,
        classes=classes,
        labels=np.array([place[one.label] for one in found], np.int64),
        rows=np.arange(len(found)),
        given=np.array([one.part for one in found]),
        title=title,
        seed=seed,
        ignored=ignored,
    )


def _nothing_found(title: str, classes: list[str], ignored: list[Skipped]) -> str:
    if any(is_picture(PurePath(one.path)) for one in ignored):
        return f"{title}: the pictures lie in the folder itself; give each class a folder, as {title}/cat/1.jpg"
    if links := [one.path for one in ignored if "link to a folder" in one.reason]:
        return f"{title}: no class folders; links to folders ({first(links, 2)}) are not followed, put folders there"
    if ignored and not classes:
        return f"{title}: no class folders; give each class one with its pictures in it, as {title}/cat/1.jpg"
    if classes:
        return f"{title}: no picture in the class folders {first(ordered(classes), 5)}"
    return f"{title}: the folder is empty; make a folder for each class, with its pictures in it"


def _names(paths: list[PurePath]) -> str:
    return " and ".join(path.name for path in paths)
