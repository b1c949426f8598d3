"""Pictures at the size of a net, ready to be learned from in any order."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cutaway.errors import DataError, PictureError
from cutaway.pictures import memory
from cutaway.pictures.decoding import Pixels, Shape, decoded
from cutaway.pictures.source import Source
from cutaway.pictures.threads import over_threads, pieces

if TYPE_CHECKING:
    from cutaway.pictures.cached import Cached

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
        return self._checked(prepared(self.source, int(self.rows[place]), self.prepare))

    def of(self, place: int, data: bytes) -> Pixels:
        """The picture whose file has these bytes."""
        least = getattr(self.prepare, "least", None)
        return self._checked(self.prepare(decoded(self.source.name(int(self.rows[place])), data, least)))

    def _checked(self, picture: Pixels) -> Pixels:
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
    """Whether all are in memory. They are when they are not in the cache on disk, and n H W C bytes are at most a
    quarter of what is available."""

    cached: bool
    """Whether they were read through the cache: then what is on disk is mapped. What is neither there nor held is
    decoded again each time, over all cores."""

    kept: Rows = field(repr=False)
    """[n]: the place of each picture among those that were asked for; what could not be read has none."""

    _load: Loader = field(repr=False)
    _places: Rows = field(repr=False)  # of each picture, in _load
    _pixels: Pixels = field(repr=False)  # in memory or mapped
    _slots: Rows = field(repr=False)  # of each picture, in _pixels; -1 for one that is not there

    truths: NDArray[np.bool_] | None = field(default=None, repr=False)
    """[n, classes]: every class that a picture is of, where there may be several."""

    weights: NDArray[np.float32] | None = field(default=None, repr=False)
    """[n]: how much each picture counts in training, where that differs."""

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def true(self) -> Rows | NDArray[np.bool_]:
        """What is true of each picture: its label, [n]; where there may be several, which of them, [n, classes]."""
        return self.labels if self.truths is None else self.truths

    @cached_property
    def names(self) -> list[str]:
        """The path of each picture, or its set and number: `mnist[17]`."""
        return [self._load.source.name(int(row)) for row in self._load.rows[self._places]]

    def locate(self, indices: ArrayLike) -> tuple[Pixels, Rows]:
        """Some array of pictures, and where in it these are: what is held or mapped is not copied; see `take`."""
        indices = np.asarray(indices, np.int64)
        slots = self._slots[indices]
        return (self._pixels, slots) if (slots >= 0).all() else (self.take(indices), np.arange(len(slots)))

    def take(self, indices: ArrayLike) -> Pixels:
        """These pictures as uint8 [N, H, W, C]; a new array.

        Raises PictureError where a picture has to be decoded again, and its file was removed or changed meanwhile.
        """
        indices = np.asarray(indices, np.int64)
        slots = self._slots[indices]
        gone = np.flatnonzero(slots < 0)
        if not len(gone):
            taken: Pixels = self._pixels[slots]
            return taken
        batch = np.empty((len(slots), *self.shape), np.uint8)
        batch[slots >= 0] = self._pixels[slots[slots >= 0]]
        for n, picture in zip(gone, over_threads(self._load, self._places[indices[gone]].tolist()), strict=True):
            batch[n] = picture
        return batch


def prepare_all(
    source: Source, rows: Rows, labels: Rows, prepare: Prepare, progress: Progress | None = None
) -> Prepared:
    """Decode and prepare each picture once. What cannot be read is left out and named in `skipped`."""
    given: Shape | None = getattr(prepare, "shape", None)
    if given is not None and source.array is not None and source.array.shape[1:] == given:
        load = Loader(source, np.arange(len(source)), prepare, given)
        return Prepared(labels, given, (), True, False, np.arange(len(rows)), load, rows, source.array, rows)
    load = Loader(source, rows, prepare, given or _first_shape(source, rows, prepare))
    held = len(rows) * math.prod(load.shape) <= SHARE_OF_MEMORY * memory.available()
    from cutaway.pictures import cached  # 0.01 s

    cache = cached.opened(load)
    pixels, slots, skipped = _in_memory(load, held, progress) if cache is None else _on_disk(load, cache, progress)
    if len(skipped) == len(rows) > 0:
        first = next(iter(skipped.values()))
        raise DataError(f"none of {len(rows)} pictures can be read; the first: {first.path}: {first.reason}")
    good = np.array([place for place in range(len(rows)) if place not in skipped], np.int64)
    about = labels[good], load.shape, tuple(skipped.values()), held and cache is None, cache is not None, good
    ready = Prepared(*about, load, good, pixels, slots[good])
    if cache is not None and held and (ready._slots < 0).any():  # the disk is full, or the limit reached
        return replace(ready, held=True, _pixels=ready.take(range(len(good))), _slots=np.arange(len(good)))
    return ready


def _first_shape(source: Source, rows: Rows, prepare: Prepare) -> Shape:
    for row in rows:
        try:
            h, w, c = prepared(source, int(row), prepare).shape
        except PictureError:
            continue
        return h, w, c
    raise DataError("there is no picture that can be read, so there is nothing to prepare")


def _in_memory(load: Loader, held: bool, progress: Progress | None) -> tuple[Pixels, Rows, dict[int, Skipped]]:
    """All in one array, where that has room for them; otherwise each is decoded only to see whether it can be."""
    pixels = np.empty((len(load.rows) if held else 0, *load.shape), np.uint8)

    def keep(pictures: dict[int, Pixels]) -> None:
        for place, picture in pictures.items() if held else ():
            pixels[place] = picture

    skipped = _each(load, keep, len(load.rows), progress)
    return pixels, np.arange(len(load.rows)) if held else np.full(len(load.rows), -1), skipped


def _on_disk(load: Loader, cache: Cached, progress: Progress | None) -> tuple[Pixels, Rows, dict[int, Skipped]]:
    with cache:
        skipped = _each(cache.read, cache.keep, len(load.rows), progress)
        return *cache.found(), skipped


def _each(
    read: Callable[[int], Pixels | None],
    keep: Callable[[dict[int, Pixels]], None],
    count: int,
    progress: Progress | None,
) -> dict[int, Skipped]:
    """Read every picture and keep those that come out; the ones that cannot be read, by place."""

    def work(piece: range) -> dict[int, Skipped]:
        good, bad = {}, {}
        for place in piece:
            try:
                picture = read(place)
            except PictureError as error:
                bad[place] = Skipped(error.path, error.reason)
            else:
                if picture is not None:
                    good[place] = picture
        keep(good)
        return bad

    skipped: dict[int, Skipped] = {}
    todo = pieces(count)
    for piece, bad in zip(todo, over_threads(work, todo), strict=True):
        skipped |= bad
        if progress is not None:
            progress(piece.stop, count)
    return skipped
