"""Corrected labels: a table that a person edits, applied to pictures as they are read. No file is moved or changed.

    path,hash,label,given                       pets/cat/7.jpg is now a dog, pets/cat/9.jpg is left out,
    pets/cat/7.jpg,blake2b:3f0a...,dog,cat      and pets/dog/1.jpg stays as it is
    pets/cat/9.jpg,blake2b:77c1...,,cat
    pets/dog/1.jpg,blake2b:90e4...,dog,dog

`cutaway suspects` writes such a table with everything in it but the decisions; `path` (or `hash`) and `label` are
enough.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import replace as with_fields
from pathlib import Path

import numpy as np

from cutaway.errors import DataError
from cutaway.pictures import tables
from cutaway.pictures.pictures import Pictures
from cutaway.wording import first, nearest, one_line

ALGORITHM = "blake2b:"
"""Stands before a hash: a spreadsheet program takes some hexadecimal digits by themselves for a number."""
OUT = ""
"""The label of a picture that is left out."""


@dataclass(frozen=True)
class Correction:
    """What one row says."""

    path: str
    hash: str
    """32 hexadecimal digits, or nothing."""
    label: str
    given: str | None = None
    """The label when the table was written; where it is still the same, the row decides nothing."""
    place: str = "a correction"
    """Where it stands: `corrections.csv, line 7`."""

    @property
    def decides(self) -> bool:
        return self.label != self.given


@dataclass(frozen=True, eq=False)
class Corrected:
    """Pictures with corrected labels, and what was done."""

    pictures: Pictures
    rows: tuple[Correction, ...] = ()
    """Every correction that was applied, one a picture, with the label that the data gives: what a run keeps."""
    by_path: int = 0
    """Of these, how many were found by their path, since no picture has their content."""
    lost: tuple[Correction, ...] = ()
    """Those of which no picture was found."""

    @property
    def left_out(self) -> int:
        return sum(row.label == OUT for row in self.rows)

    @property
    def relabelled(self) -> int:
        return len(self.rows) - self.left_out

    def facts(self) -> list[list[str]]:
        """As JSON can say it: [path, hash, label, given] of each; `again` applies it."""
        return [[row.path, row.hash, row.label, row.given or ""] for row in self.rows]

    def says(self) -> list[str]:
        """Lines for a person: `corrections: 12 labels changed, 3 pictures left out`."""
        s = "" if self.relabelled == 1 else "s"
        t = "" if self.left_out == 1 else "s"
        lines = [f"corrections: {self.relabelled:,} label{s} changed, {self.left_out:,} picture{t} left out"]
        if self.by_path:
            lines.append(f"  {self.by_path:,} by path alone: no picture has that content, the file may have changed")
        if self.lost:
            lost = first([one_line(row.path or row.hash) for row in self.lost], 3)
            lines.append(f"  not applied, since there is no such picture: {lost}")
        return lines


def apply(pictures: Pictures, file: str | Path) -> Corrected:
    """The pictures with the labels of a table: `apply(cutaway.read("pets/"), "corrections.csv").pictures`.

    A row means the picture of its path, if that has its hash; or else every picture of its hash, wherever it is now; or
    else the picture of its path. An empty label leaves a picture out. Raises DataError that names the row for a label
    that is no class, and for rows that contradict each other.
    """
    return applied(pictures, read(Path(file)))


def again(pictures: Pictures, facts: Iterable[Sequence[str]]) -> Corrected:
    """The same from what a run keeps (`Corrected.facts`)."""
    rows = [Correction(path, own, label, given, f"the correction of {path}") for path, own, label, given in facts]
    return applied(pictures, rows)


def read(file: Path) -> list[Correction]:
    """The rows of a table. Raises DataError where it cannot be one."""
    head, lines = tables.separated(file, tables.decoded(file))
    names = [name.strip().lower() for name in head]
    if "label" not in names or not {"path", "hash"} & set(names):
        raise DataError(f"{file}: has columns {first([*map(one_line, head)], 8)}; it needs path (or hash) and label")
    if twice := next((name for name in ("path", "hash", "label", "given") if names.count(name) > 1), None):
        raise DataError(f"{file}: has {names.count(twice)} columns called {twice}; keep one")
    return [row for place, cells in lines if (row := correction(place, dict(zip(names, cells, strict=True)))).decides]


def correction(place: str, cells: Mapping[str, str]) -> Correction:
    """One row. A ' that `cutaway.cells` puts before what a spreadsheet program would compute is taken off."""
    own = {name: cells[name].removeprefix("'") for name in ("path", "label", "given") if name in cells}
    digits = cells.get("hash", "").strip().lower().removeprefix(ALGORITHM)
    if not digits and not own.get("path"):
        raise DataError(f"{place}: neither path nor hash; write one, or leave the row out")
    if digits and (len(digits) != 32 or set(digits) - set("0123456789abcdef")):
        raise DataError(
            f"{place}: {cells['hash']!r} is not {ALGORITHM} and 32 hexadecimal digits; leave the cell empty"
        )
    label = own["label"] if own["label"].strip() else OUT
    return Correction(own.get("path", ""), digits, label, own.get("given"), place)


def applied(pictures: Pictures, rows: Sequence[Correction]) -> Corrected:
    """The pictures with these corrections."""
    if pictures.truths is not None:
        raise DataError(f"{pictures.title}: a picture may be of several classes; corrections are for one class each")
    rows = [with_class(row, pictures.classes) for row in rows]
    chosen, lost, by_path = matched(pictures, rows)
    labels, kept = pictures.labels.copy(), np.ones(len(pictures), bool)
    hashes, done = hashes_of(pictures) if chosen else [], []
    for place, row in sorted(chosen.items()):
        before = pictures.labels[place]
        given = pictures.classes[before] if before >= 0 else OUT
        if row.label == OUT:
            kept[place] = False
        elif row.label != given:
            labels[place] = pictures.classes.index(row.label)
        else:
            continue
        done.append(Correction(pictures.names[place], hashes[place], row.label, given, row.place))
    found = with_fields(pictures, labels=labels).chosen(kept)
    return Corrected(found, tuple(done), by_path, tuple(lost))


def with_class(row: Correction, classes: Sequence[str]) -> Correction:
    """The row with its class as it is known. Raises DataError where it is none: a new class begins with pictures that
    have it in the data, never with a typo here.
    """
    for label in (row.label, row.label.strip()):
        if label == OUT or label in classes:
            return with_fields(row, label=label)
    raise DataError(
        f"{row.place}: {one_line(row.label)!r} is none of the classes {one_line(first(classes, 12))}"
        f"{nearest(row.label, classes)}; an empty label leaves the picture out"
    )


Chosen = dict[int, Correction]
"""The correction of each picture that has one, by its place."""


def matched(pictures: Pictures, rows: Sequence[Correction]) -> tuple[Chosen, list[Correction], int]:
    """The correction of each picture that has one, those of no picture, and how many were found by path alone."""
    exact, by_hash, by_path, lost = Chosen(), Chosen(), Chosen(), []
    of_hash, of_path = places_of(hashes_of(pictures)), paths_of(pictures)
    for row in rows:
        same, there = of_hash.get(row.hash, []), of_path.get(row.path, [])
        both = [place for place in there if not row.hash or place in same]
        chosen, places = (exact, both) if both else (by_hash, same) if same else (by_path, there)
        for place in places:
            agree(chosen, place, row)
        lost += [] if places else [row]
    return by_path | by_hash | exact, lost, len(by_path.keys() - by_hash.keys() - exact.keys())


def agree(chosen: Chosen, place: int, row: Correction) -> None:
    """Notes a correction of a picture. Raises DataError where another one says something else."""
    before = chosen.setdefault(place, row)
    if before.label != row.label:
        said = " and ".join(repr(one_line(one.label)) if one.label else "left out" for one in (before, row))
        raise DataError(f"{row.place}: the same picture as in {before.place}, but {said}; keep one of the rows")


def hashes_of(pictures: Pictures) -> list[str]:
    """Of each picture's content (a file's bytes, or an array's pixels): 32 hexadecimal digits of blake2b."""
    return [one.tobytes().hex() for one in pictures.source.digests[pictures.rows].astype("<u8")]


def within(title: str, name: str) -> str:
    """A picture's name within its set: `cat/12.jpg` of pets/cat/12.jpg, whatever way leads to pets/."""
    return name.removeprefix(title.rstrip("/")).removeprefix("/") or name


def paths_of(pictures: Pictures) -> dict[str, list[int]]:
    """Where each picture is, by its name, and by its name within the set."""
    return places_of([within(pictures.title, name) for name in pictures.names]) | places_of(pictures.names)


def places_of(names: Sequence[str]) -> dict[str, list[int]]:
    """Where each name is."""
    found = defaultdict(list)
    for place, name in enumerate(names):
        found[name].append(place)
    return found
