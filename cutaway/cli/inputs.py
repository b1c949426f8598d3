"""The pictures that a command line names."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from cutaway.errors import InputError
from cutaway.model.model import Picture
from cutaway.pictures import Pictures, files


def named(inputs: Sequence[str]) -> list[tuple[str, Picture]]:
    """Each picture with its name: files, folders and patterns (`pictures.files`), and `digits[17]`."""
    if "" in inputs:  # of a shell's variable that is not set; as a path it would be the current folder
        raise InputError("an empty name was given where a picture should be; give a file, a folder or a pattern")
    found: list[tuple[str, Picture]] = []
    for one in inputs:
        picture = of_a_set(one)
        found += [(str(path), path) for path in files([one])] if picture is None else [(one, picture)]
    return found


def streamed(inputs: Sequence[str]) -> Iterator[tuple[str, Picture]]:
    """The same one by one; for `-`, the paths that come on standard input, one a line, as long as they come."""
    for one in inputs:
        if one == "-":
            for line in sys.stdin:
                if path := line.rstrip("\r\n"):
                    yield path, Path(path)
        else:
            yield from named([one])


def of_a_set(text: str) -> Picture | None:
    """The picture that `digits[17]` or `xs-28[3]` names; None for anything else, and where a file is called so."""
    found = _in_a_set(text)
    return found and found[0][found[1]]


def class_of(text: str) -> str | None:
    """The class of the picture that `digits[17]` names; None for anything else."""
    found = _in_a_set(text)
    return found and found[0].classes[found[0].labels[found[1]]]


def _in_a_set(text: str) -> tuple[Pictures, int] | None:
    """The set and the number that `digits[17]` says."""
    if not text.endswith("]"):
        return None
    from cutaway.pictures.reading import NAMES

    match = re.fullmatch(rf"({'|'.join(NAMES)}|xs-\d+)\[(\d{{1,9}})\]", text)
    if not match or os.path.lexists(text):
        return None
    pictures, number = _set(match[1]), int(match[2])
    if number >= len(pictures):
        last = len(pictures) - 1
        raise InputError(f"{text}: {match[1]} has {last + 1:,} pictures, numbered from 0 to {last}")
    return pictures, number


@cache
def _set(name: str) -> Pictures:
    from cutaway.pictures import read

    return read(name)
