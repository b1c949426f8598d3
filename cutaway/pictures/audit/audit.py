"""Everything that is found in a set of pictures, and the split that follows from it."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cutaway.errors import DataError, PictureError
from cutaway.pictures import split
from cutaway.pictures.audit import rules
from cutaway.pictures.audit.bursts import bursts
from cutaway.pictures.audit.grouping import Groups
from cutaway.pictures.audit.inspection import COARSE, SIDE, Inspection, inspect, inspect_array
from cutaway.pictures.audit.journal import Entry, Journal
from cutaway.pictures.audit.kinds import KINDS, Finding
from cutaway.pictures.audit.likeness import FEWEST, Copied, join_alike
from cutaway.pictures.checks import require_trainable
from cutaway.pictures.pictures import TEST, TRAIN, VALIDATION, Pictures
from cutaway.pictures.source import Encoded
from cutaway.pictures.threads import over_threads, pieces

Progress = Callable[[int, int, str], None]
"""Told how much is done, of how much, and of what."""

Cluster = tuple[int, ...]
"""The rows of pictures that belong together."""

PART_NAMES = np.array([TRAIN, VALIDATION, TEST])
"""In the order of `split.TRAIN`, `split.VALIDATION`, `split.TEST`."""


@dataclass(frozen=True, eq=False)
class Audit:
    """What is in a set, and what is wrong with it.

    >>> found = audit(cutaway.read("pets/", training=False))        # doctest: +SKIP
    >>> found.count("near-duplicate"), found.parts[:2]              # doctest: +SKIP
    (3, array(['train', 'validation'], dtype='<U10'))
    """

    pictures: Pictures
    known: tuple[Inspection, ...] = field(repr=False)
    """[n]: what each file is."""

    groups: NDArray[np.int64] = field(repr=False)
    """[n]: the first picture of the group of each: what the split keeps together."""

    parts: NDArray[np.str_] = field(repr=False)
    """[n]: train, validation or test; "" for what cannot be read, or has no class."""

    findings: tuple[Finding, ...] = field(repr=False)

    impossible: str = ""
    """Why nothing can be trained on it; "" where it can."""

    @cached_property
    def readable(self) -> NDArray[np.bool_]:
        return np.array([one.is_readable for one in self.known], bool)

    @cached_property
    def by_kind(self) -> dict[str, list[Finding]]:
        """The findings of each kind that there is, in the order in which they are told."""
        found: dict[str, list[Finding]] = {kind.name: [] for kind in KINDS}
        for one in self.findings:
            found[one.kind].append(one)
        return {name: own for name, own in found.items() if own}

    def count(self, kind: str) -> int:
        """How many findings there are of a kind."""
        return len(self.by_kind.get(kind, ()))

    def formats(self) -> dict[str, int]:
        """How many files there are of each format, the most common first."""
        return dict(Counter(one.format for one in self.known if one.is_readable and one.format).most_common())

    def sizes(self) -> list[tuple[int, int]]:
        """The (width, height) of the smallest, the median and the largest readable picture, by area."""
        some = sorted((one.width * one.height, one.width, one.height) for one in self.known if one.is_readable)
        return [some[place][1:] for place in (0, len(some) // 2, -1)] if some else []

    def counts(self) -> list[tuple[str, int, dict[str, int]]]:
        """Of each class: its name, how many pictures cannot be read, and how many there are in each part."""
        rows = []
        for label, name in enumerate(self.pictures.classes):
            own = self.of_class(label)
            parts = {str(part): int((self.parts[own] == part).sum()) for part in PART_NAMES}
            rows.append((name, int((own & ~self.readable).sum()), parts))
        return rows

    def of_class(self, label: int) -> NDArray[np.bool_]:
        """[n]: which pictures are of a class."""
        truths = self.pictures.truths
        return self.pictures.labels == label if truths is None else truths[:, label]

    @property
    def naive(self) -> float:
        """The share of held-out pictures that have a picture of their group in training, had each been drawn alone.

        Of g pictures that belong together, one that is held out has none of the others in training with a probability
        of 0.2^(g-1), where a fifth is held out. This is the expectation over all such draws.
        """
        some = self.groups[self.readable]
        if not len(some):
            return 0.0
        _, own, sizes = np.unique(some, return_inverse=True, return_counts=True)
        return float((1 - split.SHARE ** (sizes[own] - 1.0)).mean())

    @property
    def leaking(self) -> float:
        """The same share in the split as it is: that of validation and test."""
        out = np.isin(self.parts, (VALIDATION, TEST))
        trained = np.unique(self.groups[self.parts == TRAIN])
        return float(np.isin(self.groups[out], trained).mean()) if out.any() else 0.0


def audit(
    pictures: Pictures, journal: Journal | None = None, progress: Progress | None = None, test: float = 0.0
) -> Audit:
    """Looks at every picture once, and says what it found. Nothing is changed.

    With a `journal`, what has not changed since the last time is not looked at again. `test` is the share of the
    pictures that becomes a test part, where the data brings none.
    """
    known = inspections(pictures, journal, progress)
    alike, belonging, findings = together(pictures, known, progress)
    parts = parts_of(pictures, known, belonging, test)
    usual = float(np.median([min(one.width, one.height) for one in known if one.is_readable] or [0]))
    for row, one in enumerate(known):
        findings += rules.of_file(row, pictures.names[row], one, usual)
    readable = np.array([one.is_readable for one in known], bool)
    counts = list(pictures.chosen(readable).counts().values())
    labels = pictures.labels if pictures.truths is None else np.full(len(pictures), -1)
    findings += rules.of_classes(pictures.classes, counts)
    findings += rules.of_alike(alike, pictures.classes, labels, np.where(readable, pictures.given, ""))
    findings += [Finding("passed-over", text=one.reason, path=one.path) for one in pictures.ignored]
    return Audit(pictures, tuple(known), belonging, parts, tuple(findings), impossible(pictures, readable))


def impossible(pictures: Pictures, readable: NDArray[np.bool_]) -> str:
    """Why no net can be trained on the readable pictures, or nothing."""
    if not readable.any():
        return f"{pictures.title}: none of {len(pictures):,} pictures can be read"
    try:
        require_trainable(pictures.chosen(readable))
    except DataError as error:
        return str(error)
    return ""


# ---- each file


def inspections(pictures: Pictures, journal: Journal | None, progress: Progress | None) -> list[Inspection]:
    """What each picture is: over all cores, each read and decoded once."""
    known: list[Inspection] = []
    todo = pieces(len(pictures))
    for piece, entries in zip(todo, over_threads(lambda rows: looked_at(pictures, rows, journal), todo), strict=True):
        if journal is not None:
            journal.add(entry for entry, is_new in entries if is_new)
        known += [one for (_, one), _ in entries]
        if progress is not None:
            progress(piece.stop, len(pictures), "looking")
    if journal is not None and isinstance(source := pictures.source, Encoded):
        journal.forget(source.identity(int(row)) for row in pictures.rows)
    return known


def looked_at(pictures: Pictures, rows: Sequence[int], journal: Journal | None) -> list[tuple[Entry, bool]]:
    """What some pictures are, and whether each is new to the journal."""
    found = []
    for row in rows:
        place, source = int(pictures.rows[row]), pictures.source
        if not isinstance(source, Encoded):
            digest = source.digests[place].astype("<u8").tobytes().hex()
            found.append((("", inspect_array(source.picture(place), digest)), False))
            continue
        identity = source.identity(place)
        before = journal[identity] if journal is not None else None
        one = before or _read(source, place)
        found.append(((identity, one), before is None))
    return found


def _read(source: Encoded, place: int) -> Inspection:
    try:
        data = source.content(place)
    except PictureError as error:
        return Inspection(refused=error.reason)
    return inspect(source.name(place), data)


# ---- what belongs together


def together(
    pictures: Pictures, known: Sequence[Inspection], progress: Progress | None
) -> tuple[list[list[int]], NDArray[np.int64], list[Finding]]:
    """The pictures that are the same, the groups that the split keeps together, and the findings about both."""
    exact = Groups(len(known))
    exact.join_equal(one.digest if one.is_readable else "" for one in known)
    findings = [Finding("duplicate", tuple(rows)) for rows in exact.several()]
    groups, mirrors = near(exact, known, progress)
    tops = exact.tops()
    alike = groups.several()
    for rows in alike:
        if len(set(tops[rows].tolist())) > 1:
            findings.append(Finding("near-duplicate", tuple(rows)))
    for pair in mirrors:
        findings.append(Finding("mirrored", pair))
        groups.join(*pair)
    for run in bursts(known):
        findings.append(Finding("burst", tuple(run)))
        groups.join_equal(["burst"] * len(run), run)
    if pictures.groups is not None:
        groups.join_equal(pictures.groups.tolist())
    return alike, groups.tops(), findings


def near(exact: Groups, known: Sequence[Inspection], progress: Progress | None) -> tuple[Groups, list[tuple[int, int]]]:
    """Exact and near duplicates, and pairs of mirrored ones, which are apart there. Of equal files one is compared."""
    tops = exact.tops()
    rows = np.array([row for row, one in enumerate(known) if one.luma and tops[row] == row], np.int64)
    luma = np.frombuffer(b"".join(known[row].luma for row in rows.tolist()), np.uint8).reshape(-1, SIDE, SIDE)
    colour = np.frombuffer(b"".join(known[row].colour for row in rows.tolist()), np.int8).reshape(-1, COARSE, COARSE, 2)
    step = None if progress is None else lambda done, of: progress(done, of, "comparing")
    own = Groups(len(rows))
    small = np.array([min(known[row].width, known[row].height) < FEWEST for row in rows.tolist()], bool)
    pairs, mirrors = join_alike(own, Copied(luma, colour, small), step)
    groups = Groups(len(known))
    groups.join_equal(f"{top}" for top in tops)
    for a, b in pairs:
        groups.join(int(rows[a]), int(rows[b]))
    return groups, [(int(rows[a]), int(rows[b])) for a, b in mirrors]


# ---- the split


def parts_of(
    pictures: Pictures, known: Sequence[Inspection], groups: NDArray[np.int64], test: float
) -> NDArray[np.str_]:
    """[n]: the part of each picture: what the data says, or by content with every group on one side.

    As `Pictures.splits`: validation is taken from the training pictures where the data brings none; and a test part is,
    where one is asked for and the data brings none.
    """
    found = np.where(pictures.given == "", TRAIN, pictures.given).astype("<U10")
    found[[not one.is_readable for one in known]] = ""
    found[pictures.labels < 0] = ""  # of no class, so neither to learn from nor to judge by
    rows = np.flatnonzero(found == TRAIN)
    shares = 0.0 if VALIDATION in found else split.SHARE, 0.0 if TEST in found else test
    if len(rows) and any(shares):
        hexadecimal = "".join(known[row].digest for row in rows.tolist())
        digests = np.frombuffer(bytes.fromhex(hexadecimal), "<u8").astype(np.uint64).reshape(-1, 2)
        own = split.parts(digests, pictures.labels[rows], pictures.seed, groups[rows], *shares)
        found[rows] = PART_NAMES[own]
    return found
