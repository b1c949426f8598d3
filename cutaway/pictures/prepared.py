"""Pictures at the size of a net, ready to be learned from in any order."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cutaway.errors import DataError, PictureError
from cutaway.pictures import memory
from cutaway.pictures.decoding import Pixels, Shape
from cutaway.pictures.source import Source
from cutaway.pictures.threads import over_threads, pieces

Prepare = Callable[[Pixels], Pixels]
"""One picture uint8 [h, w, c] to uint8 [H, W, C]. Its attribute `shape`, where it has one, is (H, W, C):
pictures that are held as an array of that shape are taken as they are, and `prepare` is not called for them. Its
attribute `least`, where it has one, says how much it needs of a picture (`decode`)."""

Progress = Callable[[int, int], None]
"""Told how many pictures are done, and of how many."""

Rows = NDArray[np.int64]

SHARE_OF_MEMORY = 0.25
"""Pictures are held when they take no more than this share of the memory that is available."""


@dataclass(frozen=True)
class Skipped:
    """Something that was passed over, and why."""

    path: str
    reason: str


def prepared(source: Source, row: int, prepare: Prepare) -> Pixels:
    """One picture of a source, prepared."""
    return prepare(source.picture(row, getattr(prepare, "least", None)))


@dataclass(frozen=True, eq=False)
class Loader:
    """Pictures of a source that come out prepared, one at a time."""

    source: Source
    rows: Rows
    prepare: Prepare
    shape: Shape

    def __call__(self, place: int) -> Pixels:
        picture = prepared(self.source, int(self.rows[place]), self.prepare)
        if picture.shape != self.shape:
            raise ValueError(f"prepare gave a picture of {picture.shape} where {self.shape} was due")
        return picture


@dataclass(frozen=True, eq=False)
class Prepared:
    """Every readable picture, at the net's own size.

    >>> batch = prepared.take([5, 0, 3])                            # doctest: +SKIP
    >>> batch.shape, batch.dtype                                    # doctest: +SKIP
    ((3, 28, 28, 1), dtype('uint8'))
    """

    labels: Rows
    """[n]: one for each picture; the unreadable ones are left out."""

    shape: Shape
    """(H, W, C) of each picture."""

    skipped: tuple[Skipped, ...]
    """The pictures that could not be read, and why."""

    held: bool
    """Whether all are in memory. They are when n H W C bytes are at most a quarter of what is available;
    otherwise none is, and `take` decodes each picture again each time, over all cores."""

    kept: Rows = field(repr=False)
    """[n]: the place of each picture among those that were asked for; what could not be read has none."""

    _load: Loader = field(repr=False)
    _pixels: Pixels | None = field(repr=False)  # where they are held
    _places: Rows = field(repr=False)  # of each picture, in _load and in _pixels

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def names(self) -> list[str]:
        """The path of each picture, or its set and number: `mnist[17]`."""
        return [self._load.source.name(int(row)) for row in self._load.rows[self._places]]

    def locate(self, indices: ArrayLike) -> tuple[Pixels, Rows]:
        """Some array of pictures, and where in it these are: what is held is not copied; see `take`."""
        places = self._places[np.asarray(indices, np.int64)]
        return (self.take(indices), np.arange(len(places))) if self._pixels is None else (self._pixels, places)

    def take(self, indices: ArrayLike) -> Pixels:
        """These pictures as uint8 [N, H, W, C]; a new array.

        Raises PictureError where pictures are not held, and a file was removed or changed in the meantime.
        """
        places = self._places[np.asarray(indices, np.int64)]
        if self._pixels is not None:
            return self._pixels[places]
        batch = np.empty((len(places), *self.shape), np.uint8)
        for n, picture in enumerate(over_threads(self._load, places.tolist())):
            batch[n] = picture
        return batch


def prepare_all(
    source: Source, rows: Rows, labels: Rows, prepare: Prepare, progress: Progress | None = None
) -> Prepared:
    """Decode and prepare each picture once. What cannot be read is left out and named in `skipped`."""
    given: Shape | None = getattr(prepare, "shape", None)
    if given is not None and source.array is not None and source.array.shape[1:] == given:
        load = Loader(source, np.arange(len(source)), prepare, given)
        return Prepared(labels, given, (), True, np.arange(len(rows)), load, source.array, rows)
    load = Loader(source, rows, prepare, given or _first_shape(source, rows, prepare))
    held = len(rows) * math.prod(load.shape) <= SHARE_OF_MEMORY * memory.available()
    pixels = np.empty((len(rows), *load.shape), np.uint8) if held else None
    skipped = _fill(load, pixels, progress)
    if len(skipped) == len(rows) > 0:
        first = next(iter(skipped.values()))
        raise DataError(f"none of {len(rows)} pictures can be read; the first: {first.path}: {first.reason}")
    good = np.array([place for place in range(len(rows)) if place not in skipped], np.int64)
    return Prepared(labels[good], load.shape, tuple(skipped.values()), held, good, load, pixels, good)


def _first_shape(source: Source, rows: Rows, prepare: Prepare) -> Shape:
    for row in rows:
        try:
            h, w, c = prepared(source, int(row), prepare).shape
        except PictureError:
            continue
        return h, w, c
    raise DataError("there is no picture that can be read, so there is nothing to prepare")


def _fill(load: Loader, pixels: Pixels | None, progress: Progress | None) -> dict[int, Skipped]:
    """Prepare every picture, into its place if they are held; those that cannot be read, by place."""

    def work(piece: range) -> dict[int, Skipped]:
        bad = {}
        for place in piece:
            try:
                picture = load(place)
            except PictureError as error:
                bad[place] = Skipped(error.path, error.reason)
            else:
                if pixels is not None:
                    pixels[place] = picture
        return bad

    skipped: dict[int, Skipped] = {}
    todo = pieces(len(load.rows))
    for piece, bad in zip(todo, over_threads(work, todo), strict=True):
        skipped |= bad
        if progress is not None:
            progress(piece.stop, len(load.rows))
    return skipped
