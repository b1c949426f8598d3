"""The table of a checked set, which training reads: `manifest.csv`.

    path,hash,label,split,group,status,findings
    pets/cat/1.jpg,blake2b:3f0a...,cat,train,,ok,
    pets/cat/2.jpg,blake2b:77c1...,cat,train,group-77c1a0b2e9d4,ok,near-duplicate;rotated: stored on its side
    pets/cat/3.jpg,blake2b:90e4...,cat,,,unreadable,damaged: damaged or cut short (image file is truncated)
    pets/notes.txt,,,,,ignored,passed-over: not in a class folder

Paths are relative to the table's own folder where the pictures lie below it, and absolute otherwise. `group` says what
the split keeps together: a group of the data's own keeps its name. A row is used where its status is `ok`; to leave a
picture out, change that.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from cutaway import files
from cutaway.cells import line
from cutaway.pictures.audit.audit import Audit
from cutaway.pictures.audit.kinds import BY_NAME
from cutaway.pictures.natural import ordered
from cutaway.pictures.source import Files

NAME = "manifest.csv"
HEAD = ("path", "hash", "label", "split", "group", "status", "findings")
OK, UNREADABLE, IGNORED = "ok", "unreadable", "ignored"

ALGORITHM = "blake2b:"
"""Stands before a hash: a spreadsheet program takes some hexadecimal digits by themselves for a number."""


def write(found: Audit, folder: Path) -> Path:
    """Writes the table into a folder as UTF-8; bytes of a file name that are no text stay as they are."""
    file = folder / NAME
    text = line(HEAD) + "".join(line(row) for row in rows(found, folder))
    files.write(file, text.encode("utf-8", "surrogateescape"))
    return file


def rows(found: Audit, folder: Path) -> Iterator[list[str]]:
    """One for each picture, then one for each file that was passed over."""
    names, told = group_names(found), findings(found)
    for row, one in enumerate(found.known):
        digest = ALGORITHM + one.digest if one.digest else ""
        status = OK if one.is_readable else UNREADABLE
        own = [path_of(found, row, folder), digest, label_of(found, row), str(found.parts[row]), names[row], status]
        yield [*own, ";".join(told[row])]
    for other in found.pictures.ignored:
        path = relative(other.path, folder) if Path(other.path).exists() else other.path
        yield [path, "", "", "", "", IGNORED, f"passed-over: {inner(other.reason)}"]


def path_of(found: Audit, row: int, folder: Path) -> str:
    """Where a picture is. What is in an archive or an array has a name and no path."""
    source = found.pictures.source
    name = found.pictures.names[row]
    return relative(name, folder) if isinstance(source, Files) else name


def relative(path: str, folder: Path) -> str:
    """A path from a folder if it is below it, and else the whole.

    >>> relative("/data/pets/cat/1.jpg", Path("/data"))
    'pets/cat/1.jpg'
    """
    whole, above = os.path.abspath(path), os.path.abspath(folder)  # noqa: PTH100  (links stay as they are)
    return whole[len(above) :].lstrip(os.sep) if whole.startswith(above.rstrip(os.sep) + os.sep) else whole


def label_of(found: Audit, row: int) -> str:
    """The class of a picture; several with what stands between them in the table they came from."""
    pictures = found.pictures
    if pictures.truths is not None:
        delim = pictures.label_delim or "|"
        return delim.join(name for name, own in zip(pictures.classes, pictures.truths[row], strict=True) if own)
    label = pictures.labels[row]
    return pictures.classes[label] if label >= 0 else ""


def group_names(found: Audit) -> list[str]:
    """The name of the group of each picture; none of a picture by itself."""
    members: dict[int, list[int]] = {}
    for row, top in enumerate(found.groups.tolist()):
        members.setdefault(top, []).append(row)
    names = [""] * len(found.groups)
    for own in members.values():
        given = found.pictures.groups
        said = ordered(str(given[row]) for row in own if given[row]) if given is not None else ()
        if len(own) > 1 or said:
            name = " + ".join(said) or f"group-{min(found.known[row].digest for row in own)[:12]}"
            for row in own:
                names[row] = name
    return names


def findings(found: Audit) -> list[list[str]]:
    """What was found of each picture, in words without a semicolon."""
    told: list[list[str]] = [[] for _ in found.known]
    for kind, own in found.by_kind.items():
        for one in own:
            text = kind if BY_NAME[kind].together or not one.text else f"{kind}: {inner(one.text)}"
            for row in one.rows:
                if text not in told[row]:
                    told[row].append(text)
    return told


def inner(text: str) -> str:
    """A text that stands between semicolons."""
    return text.replace(";", ",")


def counted(parts: np.ndarray[tuple[int], np.dtype[np.str_]]) -> dict[str, int]:
    """How many pictures there are in each part."""
    names, counts = np.unique(parts[parts != ""], return_counts=True)
    return dict(zip(names.tolist(), counts.tolist(), strict=True))
