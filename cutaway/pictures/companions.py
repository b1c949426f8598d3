"""Copies, near copies and bursts among photographs: found before they are split, and kept on one side of it.

A picture that was saved twice, or taken a second later, on the other side of the split tells a net the answer, and the
person a figure that is too good. What is found here is what `cutaway check` finds, 1 ms a photograph; it is remembered
in the user's cache, so that the next run finds it in a moment.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cutaway import files
from cutaway.errors import JobError
from cutaway.pictures.pictures import VALIDATION, Pictures
from cutaway.pictures.source import Encoded

LEAST = 48
"""Pixels of the shorter side from which pictures are taken for photographs; smaller ones are alike too easily."""

Progress = Callable[[int, int], None]
Digests = list[list[str]]
"""For each group, the content of its pictures: blake2b of the files, as 32 hexadecimal digits."""


def folder() -> Path:
    """Where it is remembered what photographs are."""
    return files.cache() / "inspected"


def found(pictures: Pictures, progress: Progress | None = None) -> Pictures:
    """The pictures with `groups`, where they are photographs whose split is ours to choose; else as they are."""
    from cutaway.pictures.audit.audit import inspections, together
    from cutaway.pictures.audit.journal import Journal

    if not isinstance(pictures.source, Encoded) or pictures.groups is not None or VALIDATION in pictures.given:
        return pictures
    if min(pictures.size[:2]) < LEAST:
        return pictures
    name = hashlib.blake2b(str(Path(pictures.title).resolve()).encode("utf-8", "surrogateescape"), digest_size=8)
    journal = Journal(folder() / f"{name.hexdigest()}.jsonl")
    told = None if progress is None else (lambda done, of, _: progress(done, of))
    try:
        known = inspections(pictures, journal, told)
    except JobError as error:  # no room, no permission: it is looked at again the next time
        logging.getLogger("cutaway").warning("what was found is not remembered: %s", error)
        known = inspections(pictures, None, told)
    _, tops, _ = together(pictures, known, None)
    return named(pictures, [one.digest for one in known], tops)


def named(pictures: Pictures, digests: Sequence[str], tops: NDArray[np.int64]) -> Pictures:
    """With a name for each group of several: its smallest digest, whatever the order of the files."""
    several = {top for top, count in zip(*np.unique(tops, return_counts=True), strict=True) if count > 1}
    if not several:
        return pictures
    least: dict[int, str] = {}
    for top, digest in zip(tops.tolist(), digests, strict=True):
        least[top] = min(least.get(top, digest), digest)
    names = [least[top] if top in several else "" for top in tops.tolist()]
    return replace(pictures, groups=np.array(names))


def kept(pictures: Pictures) -> Digests:
    """What `again` needs to group the same pictures once more."""
    if pictures.groups is None:
        return []
    members: dict[str, set[str]] = {}
    for group, digest in zip(pictures.groups.tolist(), content(pictures), strict=True):
        if group:
            members.setdefault(group, set()).add(digest)
    return [sorted(own) for _, own in sorted(members.items())]


def again(pictures: Pictures, known: Digests) -> Pictures:
    """The pictures with the groups that a run found in them."""
    if not known or pictures.groups is not None or not isinstance(pictures.source, Encoded):
        return pictures
    group = {digest: own[0] for own in known for digest in own}
    names = np.array([group.get(digest, "") for digest in content(pictures)])
    return replace(pictures, groups=names) if (names != "").any() else pictures


def content(pictures: Pictures) -> list[str]:
    """The digest of each picture's file as hexadecimal digits."""
    rows = pictures.source.digests[pictures.rows].astype("<u8")
    return [row.tobytes().hex() for row in rows]
