"""Decoded pictures of one preparation on disk, found by the digest of the file that each was made from.

    NAME.pixels   uint8 [n, H, W, C], one picture after another: mapped into memory, it is the array that training reads
    NAME.index    a line of JSON that says what the pixels depend on; then n entries of 20 bytes, one for each picture:
                  digest (blake2b, 16 bytes) and CRC-32 of the pixels

NAME is a hash of that line: another preparation, or another version of what decodes, is another pair of files.

Pixels are written before their entry, so what a killed process leaves without one is written over by the next. A
picture whose CRC-32 differs from that of its entry is not there: it is decoded anew and added at the end. Nothing is
flushed to the disk, which would cost more than it saves: a power cut is one more damage.
"""

import contextlib
import hashlib
import json
import mmap
import os
import struct
import threading
import zlib
from collections.abc import Iterable, Mapping, Set
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from cutaway import files
from cutaway.pictures import cache
from cutaway.pictures.cache import INDEX, PIXELS
from cutaway.pictures.decoding import Pixels, Shape

VERSION = 1
"""Raised when the same file would give other pixels: in `decoding`, or in `grey`, `colour` and `resize`."""

ENTRY = struct.Struct("<16sI")

STALE = 0.25
"""When all room is used, files are written anew without the pictures of other sets, if those are at least so many."""


class Full(OSError):
    """There is no room for more pictures within the limit."""


class Records:
    """The two files of one preparation, open.

    >>> with Records("colour, resize 64x64 crop", (64, 64, 3)) as records:        # doctest: +SKIP
    ...     records.add({digest: picture})
    ...     records.holds(digest), records.mapped()[records.slot(digest)].shape
    (True, (64, 64, 3))

    Raises OSError where they cannot be opened or written. Many threads and processes may use the same files at once.
    """

    def __init__(self, preparation: str, shape: Shape) -> None:
        self.shape = shape
        self.size = int(np.prod(shape))
        self.header = header(preparation, shape)
        self.name = hashlib.sha256(self.header).hexdigest()[:24]
        self._guard = threading.Lock()
        self._map: Pixels
        self._entries: dict[bytes, tuple[int, int]] = {}  # slot and CRC-32 by digest
        self._count = 0  # entries that were read or written, good or bad
        self._sound: set[bytes] = set()  # those whose pixels were written here, or compared with their CRC-32
        self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the files; what is mapped stays."""
        self._pixels.close()
        self._index.close()

    # ---- reading

    def holds(self, digest: bytes) -> bool:
        """Whether the pixels of that picture are there, and as they were written (1 ms for 3 MB, the first time)."""
        if digest in self._sound:
            return True
        with self._guard:
            if digest not in self._entries:
                return False
            slot, check = self._entries[digest]
            pixels = self._mapped_to(slot)
        sound = slot < len(pixels) and checksum(pixels[slot]) == check
        with self._guard:
            if not sound:
                self._entries.pop(digest, None)
            elif digest in self._entries:  # it may have been left out by `renew` just now
                self._sound.add(digest)
        return digest in self._sound

    def slot(self, digest: bytes) -> int:
        """Which of `mapped` it is; -1 where it is not there."""
        return self._entries[digest][0] if self.holds(digest) else -1

    def mapped(self) -> Pixels:
        """uint8 [n, H, W, C], read-only: what is read of it is in memory as long as there is room."""
        count = min(os.fstat(self._pixels.fileno()).st_size // self.size, self._count)
        if not count:
            return np.empty((0, *self.shape), np.uint8)
        held = mmap.mmap(self._pixels.fileno(), count * self.size, access=mmap.ACCESS_READ)
        return np.frombuffer(held, np.uint8).reshape(count, *self.shape)

    def _mapped_to(self, slot: int) -> Pixels:
        if slot >= len(self._map):
            self._map = self.mapped()
        return self._map

    # ---- writing

    def add(self, pictures: Mapping[bytes, Pixels]) -> None:
        """Writes pictures [H, W, C] by digest. Raises Full where the limit is reached, OSError where it cannot."""
        with self._guard, cache.locked():
            self._read_on()
            new = {digest: picture for digest, picture in pictures.items() if not self._same(digest, picture)}
            if not new:
                return
            if not cache.make_room(len(new) * (self.size + ENTRY.size) + self._unlisted(), self.name):
                raise Full("the limit is reached")
            write(self._pixels, self._count * self.size, [picture.tobytes() for picture in new.values()])
            checks = [checksum(picture) for picture in new.values()]
            self._append(list(zip(new, checks, strict=True)))
            self._sound.update(new)

    def _unlisted(self) -> int:
        """Bytes of the pixels where they are in the folder no more: then this process alone writes them."""
        own = os.fstat(self._pixels.fileno())
        with contextlib.suppress(OSError):
            if os.path.samestat(self._path(PIXELS).stat(), own):
                return 0
        return own.st_size

    def renew(self, wanted: Set[bytes]) -> bool:
        """Writes the files anew with the wanted pictures alone; False where that would not make much room.

        Other processes keep what they have mapped. Slots are others afterwards.
        """
        with self._guard, cache.locked():
            self._read_on()
            kept = {digest: entry for digest, entry in self._entries.items() if digest in wanted}
            if self._count - len(kept) < STALE * self._count:
                return False
            beside = self._path(INDEX + ".new"), self._path(PIXELS + ".new")
            try:
                self._copy(kept, *beside)
                self._path(INDEX).unlink(missing_ok=True)  # first: pixels without an index mean nothing
                for path in reversed(beside):
                    path.replace(path.with_suffix(""))
            finally:
                for path in beside:
                    path.unlink(missing_ok=True)
            self.close()
            self._take_up()
            self._sound &= self._entries.keys()
            return True

    def _copy(self, kept: Mapping[bytes, tuple[int, int]], index: Path, pixels: Path) -> None:
        old = self.mapped()
        there = {digest: entry for digest, entry in kept.items() if entry[0] < len(old)}
        with pixels.open("wb") as file:
            for slot, _ in there.values():
                file.write(old[slot])
        index.write_bytes(self.header + b"".join(ENTRY.pack(digest, check) for digest, (_, check) in there.items()))

    def _append(self, entries: list[tuple[bytes, int]]) -> None:
        write(self._index, len(self.header) + self._count * ENTRY.size, [ENTRY.pack(*entry) for entry in entries])
        for digest, check in entries:
            self._entries[digest] = self._count, check
            self._count += 1

    def _same(self, digest: bytes, picture: Pixels) -> bool:
        """Whether another thread or process has written it in the meantime."""
        return digest in self._entries and self._entries[digest][1] == checksum(picture)

    # ---- opening

    def _path(self, ending: str) -> Path:
        return cache.folder() / (self.name + ending)

    def _open(self) -> None:
        with cache.locked():
            if not self._is_whole():
                cache.remove(self.name)  # never written over: another process may have it mapped
                self._path(PIXELS).touch()
                files.write(self._path(INDEX), self.header)
            self._take_up()

    def _is_whole(self) -> bool:
        with contextlib.suppress(OSError), self._path(INDEX).open("rb") as file:
            return file.read(len(self.header)) == self.header and self._path(PIXELS).exists()
        return False

    def _take_up(self) -> None:
        """Open the files that the folder has under the name, and read the index."""
        self._pixels, self._index = (FileIO(self._path(ending), "r+b") for ending in (PIXELS, INDEX))
        os.utime(self._path(INDEX))  # it is used: others go first when room is needed
        self._entries, self._count = {}, 0
        self._map = np.empty((0, *self.shape), np.uint8)
        self._read_on()

    def _read_on(self) -> None:
        """Read the entries that were added since."""
        self._index.seek(len(self.header) + self._count * ENTRY.size)
        added = self._index.readall()
        whole = len(added) // ENTRY.size * ENTRY.size
        for slot, (digest, check) in enumerate(ENTRY.iter_unpack(added[:whole]), self._count):
            if digest not in self._entries or digest not in self._sound:
                self._entries[digest] = slot, check
        self._count += whole // ENTRY.size


def header(preparation: str, shape: Shape) -> bytes:
    """The first line of an index: all that pixels depend on but the picture's file."""
    import PIL
    from PIL import features

    decoders = {"pillow": PIL.__version__, "libjpeg": features.version("jpg")}
    said = {"cutaway": VERSION, **decoders, "preparation": preparation, "shape": list(shape)}
    return json.dumps(said).encode() + b"\n"


def checksum(picture: Pixels) -> int:
    """The CRC-32 of its bytes: 35 microseconds for 224x224x3."""
    return zlib.crc32(np.ascontiguousarray(picture).data)


def write(file: FileIO, place: int, parts: Iterable[bytes]) -> None:
    """Writes all of it there. Raises OSError where the disk is full, and so on."""
    file.seek(place)
    data = memoryview(b"".join(parts))
    while data:
        data = data[file.write(data) or 0 :]
