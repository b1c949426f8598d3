"""Pictures of a source that are decoded once and kept on disk, for later epochs and later runs."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from cutaway.errors import CutawayError
from cutaway.pictures import cache
from cutaway.pictures.decoding import Pixels
from cutaway.pictures.records import Full, Records
from cutaway.pictures.source import Encoded
from cutaway.wording import memory

if TYPE_CHECKING:
    from cutaway.pictures.prepared import Loader

EACH, PIXEL = 70e-6, 3e-9
"""Seconds that it takes, at least, to decode a file, and for each pixel in it: a PNG of 28x28 or a JPEG of 500x375 that
is resized to 64x64. Larger nets and photos of cameras take up to ten times that."""

WORTH = 0.5
"""Seconds of decoding a set on one core, from which on the cache is used: 7,000 small PNGs, 800 photos of 500x375, 14
of 12 megapixels. What takes less is decoded each time and leaves nothing on the disk."""

BATCH = 4_000_000
"""Bytes of pixels that are written at a time: 27 pictures of 224x224 in colour. To write takes 1 ms before the first
byte, for the lock and for seeing what room there is; a process that is killed loses so much work at most."""


def seconds(load: Loader) -> float:
    """What decoding all of the source takes on one core, by the sizes that some headers state."""
    size = load.source.size(load.rows)
    return len(load.source) * (EACH + PIXEL * size[0] * size[1]) if size else 0.0


def opened(load: Loader) -> Cached | None:
    """The cache for these pictures; None where they need none, or there is none. One that fails says so in the log."""
    preparation = preparation_of(load)
    if preparation is None or not isinstance(load.source, Encoded) or not all(load.shape):
        return None
    if not cache.limit() or seconds(load) < WORTH:
        return None
    try:
        return Cached(load, load.source, Records(preparation, load.shape))
    except (OSError, CutawayError) as error:
        why = getattr(error, "strerror", None) or error
        logging.getLogger("cutaway").warning("decoded pictures are not kept: %s: %s", cache.folder(), why)
        return None


def preparation_of(load: Loader) -> str | None:
    """What is done to a picture, as text; None where it is done by a function, of which no more is known."""
    layers = getattr(load.prepare, "layers", None)
    return None if layers is None else ", ".join(layer.text() for layer in layers)


class Cached:
    """Reads what is on disk and keeps what is not, by the digest of each file's bytes."""

    def __init__(self, load: Loader, source: Encoded, records: Records) -> None:
        self.load, self.source, self.records = load, source, records
        self.known: NDArray[np.uint64] | None = vars(source).get("digests")  # the split has read every file for them
        self.digests: dict[int, bytes] = {}
        self.one_at_a_time = threading.Lock()
        self.waiting: dict[bytes, Pixels] = {}  # to be written, by digest
        self.writing, self.renewed = True, False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.records.close()

    def read(self, place: int) -> Pixels | None:
        """The picture; None where it is on disk already. Raises PictureError where it cannot be read."""
        row = int(self.load.rows[place])
        if self.known is not None and self._holds(place, self.known[row].astype("<u8").tobytes()):
            return None
        data = self.source.content(row)  # and the digest of what is decoded: the file may have been changed since
        if self._holds(place, hashlib.blake2b(data, digest_size=16).digest()):
            return None
        return self.load.of(place, data)

    def _holds(self, place: int, digest: bytes) -> bool:
        self.digests[place] = digest
        return self.records.holds(digest)

    def keep(self, pictures: Mapping[int, Pixels]) -> None:
        """Keeps pictures that were read, as long as they can be written and there is room."""
        with self.one_at_a_time:
            if self.writing:
                self.waiting |= {self.digests[place]: picture for place, picture in pictures.items()}
                if len(self.waiting) * self.records.size >= BATCH:
                    self._write()

    def _write(self) -> None:
        try:
            self._add(self.waiting)
        except Full:
            most = memory(cache.limit())
            self._stop(f"{cache.folder()} is full, with {most}; {cache.LIMIT}=100GB, or another size, allows more")
        except (OSError, CutawayError) as error:
            self._stop(f"{cache.folder()}: {getattr(error, 'strerror', None) or error}")
        self.waiting = {}

    def _add(self, new: Mapping[bytes, Pixels]) -> None:
        """Where there is no room, what is there of other sets is left out, once."""
        try:
            self.records.add(new)
        except Full:
            if self.renewed or not self.records.renew(
                {digest.tobytes() for digest in self.source.digests.astype("<u8")}
            ):
                raise
            self.renewed = True
            self.records.add(new)

    def _stop(self, why: str) -> None:
        self.writing = False
        logging.getLogger("cutaway").warning("not every decoded picture is kept: %s", why)

    def found(self) -> tuple[Pixels, NDArray[np.int64]]:
        """After the last one: the pictures on disk [n, H, W, C], and which of them each is; -1 for one not there."""
        if self.waiting:
            self._write()
        slots = np.full(len(self.load.rows), -1)
        for place, digest in self.digests.items():
            slots[place] = self.records.slot(digest)
        return self.records.mapped(), slots
