"""A set of pictures with labels, in three parts: to learn from, to choose by, to judge at the end."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cutaway.errors import DataError, InputError
from cutaway.pictures import split
from cutaway.pictures.decoding import Pixels, Shape
from cutaway.pictures.prepared import Prepare, Prepared, Progress, Skipped, prepare_all
from cutaway.pictures.source import Source

TRAIN, VALIDATION, TEST = "train", "validation", "test"

Which = NDArray[np.int64] | NDArray[np.bool_] | Sequence[int]
"""Some pictures of a set: their numbers, or True for each that is meant."""

OF_EACH = ("labels", "truths", "rows", "given", "groups", "weights")
"""The fields of `Pictures` that hold something for each picture: what `chosen` chooses from."""


@dataclass(frozen=True, eq=False)
class Pictures:
    """Labelled pictures that are decoded when they are asked for.

    >>> pictures = cutaway.read("pets/")                            # doctest: +SKIP
    >>> pictures.counts()                                           # doctest: +SKIP
    {'cat': 300, 'dog': 300}
    >>> pictures[0].shape, pictures.names[0]                        # doctest: +SKIP
    ((480, 640, 3), 'pets/cat/1.jpg')
    >>> len(pictures.train), len(pictures.validation)               # doctest: +SKIP
    (482, 118)

    `pictures[i]` is uint8 [h, w, c], c = 1 (grey) or 3 (red, green, blue), and raises PictureError where the
    file cannot be read.
    """

    source: Source
    """Where the pictures are. It is shared by the parts: `train` copies no picture."""

    classes: tuple[str, ...]
    """The names of the classes in natural order (2 before 10): the same in every part."""

    labels: NDArray[np.int64]
    """[n]: the place of each picture's class in `classes`, the first it names where it has several; -1 where it has
    none."""

    rows: NDArray[np.int64] = field(repr=False)
    """[n]: the number of each picture in `source`."""

    given: NDArray[np.str_] = field(repr=False)
    """[n]: the part that the data itself puts a picture in: train, validation, test, or "" for none."""

    truths: NDArray[np.bool_] | None = field(default=None, repr=False)
    """[n, classes]: every class that a picture is of. None where each is of one, its label."""

    groups: NDArray[np.str_] | None = field(default=None, repr=False)
    """[n]: what pictures of one group share, such as a patient or a film: the split keeps a group on one side. "" is a
    picture by itself. None where the data names no groups."""

    weights: NDArray[np.float32] | None = field(default=None, repr=False)
    """[n]: how much each picture counts in training, 1 where nothing is said. None where the data has no weights."""

    label_delim: str | None = None
    """What stands between the classes of a picture in the table that was read, where there may be several."""

    title: str = "the pictures"
    """What the set is called in messages: what was read."""

    seed: int = 0
    """Of the choice of validation pictures."""

    ignored: tuple[Skipped, ...] = field(default=(), repr=False)
    """What was found beside the pictures and passed over: files of other kinds, links to folders."""

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int | np.integer) -> Pixels:
        if not isinstance(index, int | np.integer):
            raise InputError(f"{self.title}: one picture at a time, by its number, as pictures[0]; got {index!r}")
        return self.source.picture(int(self.rows[index]))

    def __iter__(self) -> Iterator[Pixels]:
        return (self[index] for index in range(len(self)))

    @cached_property
    def names(self) -> list[str]:
        """The path of each picture, or its set and number: `mnist[17]`."""
        return [self.source.name(int(row)) for row in self.rows]

    @cached_property
    def size(self) -> Shape:
        """(h, w, c) as commonly found: exact for arrays; for files the median of at most 64 headers, with c = 3 if one
        of those has colour. No picture is decoded for it."""
        size = self.source.size(self.rows)
        if size is None:
            raise DataError(f"{self.title}: no picture can be read, so their size is not known")
        return size

    def counts(self) -> dict[str, int]:
        """How many pictures each class has."""
        if self.truths is not None:
            return dict(zip(self.classes, self.truths.sum(axis=0).tolist(), strict=True))
        return {name: int(np.sum(self.labels == label)) for label, name in enumerate(self.classes)}

    @cached_property
    def fingerprint(self) -> str:
        """32 hexadecimal digits that change when a picture, label, class or part does. Reads every file once."""
        text = "\0".join(self.classes).encode("utf-8", "surrogateescape")
        parts = "\0".join(self.given).encode()
        content = self.source.digests[self.rows].tobytes() + self.labels.tobytes() + parts
        return hashlib.blake2b(text + b"\0\0" + content + self._more(), digest_size=16).hexdigest()

    def _more(self) -> bytes:
        """What else a fingerprint covers: nothing for pictures that have labels alone, whose fingerprint stays so."""
        more = b""
        if self.truths is not None:
            more += b"\0truths\0" + self.truths.tobytes()
        if self.groups is not None:
            more += b"\0groups\0" + "\0".join(self.groups).encode("utf-8", "surrogateescape")
        if self.weights is not None:
            more += b"\0weights\0" + self.weights.astype("<f4").tobytes()
        return more

    @cached_property
    def splits(self) -> NDArray[np.str_]:
        """[n]: "train", "validation" or "test" for each picture.

        Where the data brings its own parts they are kept. Where it brings no validation, a fifth of the
        training pictures becomes it, chosen by content (see `split.validation`), so every file is read once
        for that.
        """
        parts = np.where(self.given == "", TRAIN, self.given)
        train = np.flatnonzero(parts == TRAIN)
        if len(train) and VALIDATION not in parts:
            parts = parts.astype("<U10")
            parts[train[self._kept_back(train)]] = VALIDATION
        return parts

    def _kept_back(self, train: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of these training pictures become validation."""
        digests, labels = self.source.digests[self.rows[train]], self._rarest(train)
        if self.groups is not None:
            digests = np.where(self.groups[train, None] == "", digests, _digests(self.groups[train]))
        return split.validation(digests, labels, self.seed)

    def _rarest(self, some: NDArray[np.int64]) -> NDArray[np.int64]:
        """[n]: the label of some pictures; of several, that of the fewest pictures, so that each gets its share."""
        if self.truths is None:
            return self.labels[some]
        truths = self.truths[some]
        counts = np.where(truths, truths.sum(axis=0), len(some) + 1)
        return np.where(truths.any(axis=1), counts.argmin(axis=1), -1)

    @cached_property
    def train(self) -> "Pictures":
        """The pictures to learn from."""
        return self._part(TRAIN)

    @cached_property
    def validation(self) -> "Pictures":
        """The pictures to choose the best weights by, while training."""
        return self._part(VALIDATION)

    @cached_property
    def test(self) -> "Pictures":
        """The pictures that training never sees. Empty where the data does not bring any."""
        return self._part(TEST)

    def _part(self, name: str) -> "Pictures":
        part = self.chosen(np.flatnonzero((self.given if name == TEST else self.splits) == name))
        return replace(part, given=np.full(len(part), name))

    def chosen(self, indices: Which) -> "Pictures":
        """Some of the pictures, in the order asked for: `pictures.chosen([5, 0])`; indices or a mask.

        Everything that is known of each picture goes with it.
        """
        some = np.arange(len(self))[indices]
        own = {name: value[some] for name in OF_EACH if (value := getattr(self, name)) is not None}
        return replace(self, **own)

    def alone(self, indices: Which) -> "Pictures":
        """As `chosen`, with a source of these pictures alone, so that splitting them reads no other."""
        some = self.chosen(indices)
        return replace(some, source=self.source.part(some.rows), rows=np.arange(len(some)))

    def prepared(self, prepare: Prepare, progress: Progress | None = None) -> Prepared:
        """Every picture at a net's own size, ready to be taken in any order.

        `prepare` turns one picture into uint8 [H, W, C]; `progress(done, of)` is called now and then. Decodes
        over all cores; what cannot be read is left out and named in `skipped`.
        """
        ready = prepare_all(self.source, self.rows, self.labels, prepare, progress)
        return replace(
            ready,
            truths=None if self.truths is None else self.truths[ready.kept],
            weights=None if self.weights is None else self.weights[ready.kept],
        )


def _digests(texts: NDArray[np.str_]) -> NDArray[np.uint64]:
    """[n, 2]: 128 bits of blake2b over each text."""
    digests = [hashlib.blake2b(one.encode("utf-8", "surrogateescape"), digest_size=16).digest() for one in texts]
    return np.frombuffer(b"".join(digests), "<u8").astype(np.uint64).reshape(-1, 2)
