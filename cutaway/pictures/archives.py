"""Zip and tar archives of class folders, read in place: nothing of them is ever written to disk.

    pets.zip/cat/1.jpg          pets.tar.gz/pets/train/cat/1.jpg

The names of members are shown and compared; none is used as a path. What each member takes is known, and checked,
before any memory is taken for it.
"""

import bz2
import gzip
import lzma
import os
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path, PurePath, PurePosixPath
from typing import IO, BinaryIO, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from cutaway.errors import DataError, PictureError
from cutaway.pictures import memory
from cutaway.pictures.decoding import BYTE_LIMIT
from cutaway.pictures.folders import PARTS, read_tree
from cutaway.pictures.listing import hidden, is_picture, why_not
from cutaway.pictures.natural import natural
from cutaway.pictures.pictures import Pictures
from cutaway.pictures.prepared import SHARE_OF_MEMORY, Skipped
from cutaway.pictures.source import Encoded, stamp
from cutaway.wording import memory as so_many_bytes
from cutaway.wording import one_line

ENDINGS = (".zip", ".tar", ".tgz", ".tbz2", ".txz", ".tar.gz", ".tar.bz2", ".tar.xz")
"""What the name of an archive that is read ends in. Which kind it is, is seen by its content."""

OTHERS = (".gz", ".bz2", ".xz", ".zst", ".7z", ".rar")
"""Archives that are not read."""

MEMBER_LIMIT = 10_000_000
"""An archive of more members is refused."""

DEEPEST = 200
"""Folders in folders are looked through up to here."""

LEADS_OUT = "its name leads out of the archive"

MOST_PACKED = 1_100
"""A zip whose members add up to more than so many times its own size lies, since deflate packs 1,032 to 1 at best: its
members lie over one another."""

HEADER_LIMIT = 1_000_000
"""Bytes that the headers of one member of a tar may take; names are at most a few thousand."""

LOCAL_HEADER = struct.Struct("<4s22xHH")
"""What stands before a member of a zip: its mark, and how long its name and its extra field are."""


class Place(Protocol):
    """Where a member's bytes are."""

    def read(self, archive: Path) -> bytes:
        """The content; raises ValueError or OSError, with the reason, where it cannot be read."""

    @property
    def identity(self) -> str: ...


@dataclass(frozen=True)
class Member:
    """One entry of an archive, as its table of contents says."""

    name: str
    place: Place | None
    """None of a folder, and of what is refused."""
    refused: str = ""
    """Why it is passed over."""


# ---- zip


@dataclass(frozen=True, slots=True)
class Packed:
    """A member of a zip."""

    offset: int
    packed: int
    """Bytes in the archive."""
    size: int
    """Bytes unpacked."""
    method: int
    crc: int

    def read(self, archive: Path) -> bytes:
        with archive.open("rb", buffering=0) as file:
            mark, name, extra = LOCAL_HEADER.unpack(exactly(file, self.offset, LOCAL_HEADER.size))
            if mark != b"PK\3\4":
                raise ValueError("its place in the archive holds something else")
            data = exactly(file, self.offset + LOCAL_HEADER.size + name + extra, self.packed)
        content = unpacked(data, self.method, self.size)
        if zlib.crc32(content) != self.crc:
            raise ValueError("its checksum is wrong")
        return content

    @property
    def identity(self) -> str:
        return f"{self.offset} {self.size} {self.crc}"


def unpacked(data: bytes, method: int, size: int) -> bytes:
    """What packed bytes hold; never more memory than the size that was promised, and one byte."""
    if method == zipfile.ZIP_STORED:
        content = data
    elif method == zipfile.ZIP_DEFLATED:
        content = zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, size + 1)
    else:
        content = bz2.BZ2Decompressor().decompress(data, size + 1)
    if len(content) != size:
        held = "more" if len(content) > size else f"{len(content):,}"
        raise ValueError(f"the archive promises {size:,} bytes of it but holds {held}")
    return content


TIGHT = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
METHODS = {*TIGHT, zipfile.ZIP_BZIP2}


def zip_members(path: Path) -> Iterator[Member]:
    """What the table of contents of a zip names."""
    with zipfile.ZipFile(path) as archive:
        infos = archive.infolist()
    size = path.stat().st_size
    total = sum(info.file_size for info in infos if info.compress_type in TIGHT and not zip_refused(info))
    if total > MOST_PACKED * size:
        raise DataError(f"{path}: promises {so_many_bytes(total)} in a file of {so_many_bytes(size)}; make it anew")
    names = [zip_name(info) for info in infos]
    if not any("/" in name for name in names):  # some programs for Windows write its own separator
        names = [name.replace("\\", "/") for name in names]
    for name, info in zip(names, infos, strict=True):
        place = Packed(info.header_offset, info.compress_size, info.file_size, info.compress_type, info.CRC)
        if info.is_dir() or name.endswith("/"):
            yield Member(name.rstrip("/") + "/", None)
        elif refused := zip_refused(info):
            yield Member(name, None, refused)
        else:
            yield Member(name, place)


def zip_name(info: zipfile.ZipInfo) -> str:
    """A member's name as it was meant. Many programs write UTF-8 and do not say so: code page 437 is for the others."""
    if info.flag_bits & 0x800:
        return info.orig_filename
    try:
        return info.orig_filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.orig_filename


def zip_refused(info: zipfile.ZipInfo) -> str:
    """Why a member of a zip is passed over; nothing where it is not."""
    kind = info.external_attr >> 28  # the upper bits of a Unix mode, where the archive was made there
    if info.flag_bits & 0x1:
        return "encrypted"
    if kind == 0xA:
        return "a link, which is not followed"
    if kind not in (0x0, 0x8):
        return "a pipe, socket or device, not a picture"
    if info.compress_type not in METHODS:
        return f"packed by method {info.compress_type}; stored, deflate and bzip2 are read"
    return too_large(max(info.file_size, info.compress_size))


def too_large(size: int) -> str:
    """Why a member of so many bytes is passed over; nothing where it is not."""
    return f"a file of {size / 1e6:,.0f} MB; the limit is {BYTE_LIMIT / 1e6:,.0f} MB" if size > BYTE_LIMIT else ""


# ---- tar


@dataclass(frozen=True, slots=True)
class Plain:
    """A member of a tar that is not compressed."""

    offset: int
    size: int

    def read(self, archive: Path) -> bytes:
        with archive.open("rb", buffering=0) as file:
            return exactly(file, self.offset, self.size)

    @property
    def identity(self) -> str:
        return f"{self.offset} {self.size}"


@dataclass(frozen=True, slots=True)
class Held:
    """A member of a compressed tar, which has no random access: it was unpacked when the archive was read."""

    content: bytes = field(repr=False)

    def read(self, archive: Path) -> bytes:
        return self.content

    @property
    def identity(self) -> str:
        return f"{len(self.content)} {zlib.crc32(self.content)}"


class StrictInfo(tarfile.TarInfo):
    """A header of a tar. What is none, in the midst of an archive, is an error, where tarfile takes it for the end."""

    @classmethod
    def fromtarfile(cls, archive: tarfile.TarFile) -> "StrictInfo":
        try:
            return super().fromtarfile(archive)
        except (tarfile.EOFHeaderError, tarfile.EmptyHeaderError):  # type: ignore[attr-defined]  # (not in typeshed)
            raise
        except tarfile.HeaderError as error:
            raise tarfile.ReadError(str(error)) from error


class Rationed:
    """A file of which no more is read than was allowed: a header that promises gigabytes gets no memory for them."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.left = file, HEADER_LIMIT

    def read(self, size: int = -1) -> bytes:
        data = self.file.read(min(size, self.left + 1) if size >= 0 else self.left + 1)
        self.left -= len(data)
        if self.left < 0:
            raise tarfile.ReadError(f"a header of more than {HEADER_LIMIT:,} bytes")
        return data

    def tell(self) -> int:
        return self.file.tell()

    def seek(self, offset: int, whence: int = 0) -> int:
        return self.file.seek(offset, whence)


COMPRESSED: dict[bytes, Callable[[BinaryIO], IO[bytes]]] = {
    b"\x1f\x8b": lambda raw: cast(IO[bytes], gzip.open(raw)),
    b"BZh": bz2.open,
    b"\xfd7zXZ\0": lzma.open,
}
"""How files begin that hold a compressed tar, and what opens them."""


def tar_members(path: Path) -> Iterator[Member]:
    """What a tar holds, read once from end to end; of a compressed one the pictures are kept in memory."""
    with path.open("rb") as raw:
        start = raw.read(6)
        raw.seek(0)
        opened = next((opened for mark, opened in COMPRESSED.items() if start.startswith(mark)), None)
        if opened is None:
            yield from (tar_member(info, None) for info in tar_infos(raw))
            return
        with opened(raw) as file:
            yield from unpacked_members(path, file)


def unpacked_members(path: Path, file: IO[bytes]) -> Iterator[Member]:
    """The members of a compressed tar, with their bytes."""
    room = left = int(SHARE_OF_MEMORY * memory.available())
    for info in tar_infos(file):
        left -= info.size  # before anything of it is unpacked
        if left < 0:
            raise DataError(
                f"{path}: a compressed tar is unpacked in memory, and more than {so_many_bytes(room)}, "
                f"{SHARE_OF_MEMORY:.0%} of what is free, would be needed; unpack it and name the folder"
            )
        yield tar_member(info, file)
    while left >= 0 and (rest := file.read(HEADER_LIMIT)):  # the checksum stands at the end
        left -= len(rest)


def tar_infos(file: IO[bytes]) -> Iterator[tarfile.TarInfo]:
    """The headers of a tar, one after another."""
    rationed = Rationed(file)
    with tarfile.open(fileobj=cast(IO[bytes], rationed), mode="r:", tarinfo=StrictInfo, encoding="utf-8") as archive:
        while info := archive.next():
            yield info
            archive.members.clear()  # type: ignore[attr-defined]  # each takes a kilobyte
            rationed.left = HEADER_LIMIT


def tar_member(info: tarfile.TarInfo, file: IO[bytes] | None) -> Member:
    """A member of a tar; with its bytes where `file` is what it has just been found in."""
    if info.isdir():
        return Member(info.name.rstrip("/") + "/", None)
    if refused := tar_refused(info):
        return Member(info.name, None, refused)
    if file is None or not wanted(info.name):
        return Member(info.name, Plain(info.offset_data, info.size))
    file.seek(info.offset_data)
    return Member(info.name, Held(file.read(info.size)))


def tar_refused(info: tarfile.TarInfo) -> str:
    """Why a member of a tar is passed over; nothing where it is not."""
    if info.issym() or info.islnk():
        return "a link, which is not followed"
    if not info.isreg():
        return "a pipe, socket or device, not a picture"
    if info.issparse():
        return "a sparse file, which is not read"
    return too_large(info.size)


# ---- what both have


def read_archive(path: Path, title: str, seed: int) -> Pictures:
    """Class folders in an archive, by the rules of `read_folder`: `read_archive(Path("pets.zip"), "pets.zip", 0)`.

    One folder that holds all the others (`pets.zip/pets/cat/1.jpg`) is seen through, unless it is called train, ...
    Members that are encrypted, links, too large, or whose names lead out of the archive are named in `ignored`. Raises
    DataError where it is no archive, or damaged.
    """
    tree = Archive(path, title, members(path))
    if not tree.places:
        refused = [one for one in tree.refused if is_picture(PurePosixPath(one.path))]
        first = f"; the first picture, {one_line(refused[0].path)}: {refused[0].reason}" if refused else ""
        raise DataError(f"{title}: holds no picture that can be read{first}")
    return read_tree(tree, title, seed, tree.refused)


def members(path: Path) -> list[Member]:
    """What is in an archive of any kind that is read."""
    is_zip = zipfile.is_zipfile(path)
    try:
        found = list(islice((zip_members if is_zip else tar_members)(path), MEMBER_LIMIT + 1))
    except DataError:
        raise
    except (OSError, EOFError, ValueError, NotImplementedError, *DAMAGED) as error:
        kind = "a zip or tar archive" if not is_zip else "a zip archive"
        raise DataError(f"{path}: cannot be read as {kind}, or is cut short ({one_line(str(error))})") from error
    if len(found) > MEMBER_LIMIT:
        raise DataError(f"{path}: holds more than {MEMBER_LIMIT:,} members")
    return found


DAMAGED = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, struct.error)
"""What is raised, beside the usual, where an archive is damaged."""


class Archive:
    """The folders of an archive: a `Tree` of paths that are nowhere on disk."""

    def __init__(self, path: Path, title: str, found: Sequence[Member]) -> None:
        self.path, self.stamp = path, stamp(path)
        self.top: PurePath = PurePosixPath(title)
        self.places: dict[str, Place] = {}
        """By the names of the pictures as they are shown."""
        self.inside: dict[str, dict[str, bool]] = {str(self.top): {}}
        """By the names of folders as they are shown: what is in each, and whether it is a folder."""
        self.refused: list[Skipped] = []
        self.folders: dict[str, tuple[str, str]] = {}
        for member in found:
            self._add(member)
        self.top = self._seen_through()

    def _add(self, member: Member) -> None:
        above, _, name = member.name.rpartition("/")
        if above not in self.folders:  # most members share theirs with others
            self.folders[above] = self._entered(above, member.name.startswith("/"))
        folder, refused = self.folders[above]
        refused = LEADS_OUT if name == ".." else refused or member.refused
        if not folder or name in ("", ".") or (hidden(name) and name != ".."):
            return
        if refused:
            self.refused.append(Skipped(f"{self.top}/{member.name}", refused))
            return
        shown = f"{folder}/{name}"
        if shown in self.places:  # as unpacking would have it
            self.refused.append(Skipped(shown, "stands in the archive twice; the last one counts"))
        self.inside[folder].setdefault(name, False)
        if member.place and is_picture(PurePosixPath(name)):
            self.places[shown] = member.place

    def _entered(self, name: str, absolute: bool) -> tuple[str, str]:
        """A folder of the archive, and all those above it, entered into their places: what it is shown as, or nothing
        where it is hidden; and why what is in it is refused."""
        parts = [part for part in name.split("/") if part not in ("", ".")]
        shown = str(self.top)
        if absolute or ".." in parts:
            return shown, LEADS_OUT
        if len(parts) >= DEEPEST:
            return shown, f"lies {len(parts):,} folders deep; fewer than {DEEPEST} are looked through"
        if any(hidden(part) for part in parts):
            return "", ""
        for part in parts:
            self.inside[shown][part] = True
            shown = f"{shown}/{part}"
            self.inside.setdefault(shown, {})
        return shown, ""

    def _seen_through(self) -> PurePath:
        """The one folder that holds everything, where it is nothing but that; the top itself otherwise."""
        folders = [path for path, is_folder in self.contents(self.top) if is_folder]
        beside = [path for path, is_folder in self.contents(self.top) if not is_folder and is_picture(path)]
        if len(folders) != 1 or beside or folders[0].name.lower() in PARTS:
            return self.top
        within = self.contents(folders[0])
        plain = any(is_folder for _, is_folder in within) and not any(is_picture(path) for path, _ in within)
        return folders[0] if plain else self.top

    def contents(self, folder: PurePath) -> list[tuple[PurePath, bool]]:
        """What is in a folder, in natural order; True for folders."""
        inside = self.inside[str(folder)]
        return [(folder / name, inside[name]) for name in sorted(inside, key=natural)]

    def walk(self, folder: PurePath) -> tuple[list[PurePath], list[Skipped]]:
        """The pictures in a folder and below, in natural order, and what was passed over."""
        pictures: list[PurePath] = []
        skipped: list[Skipped] = []
        todo = [(folder, True)]
        while todo:
            path, is_folder = todo.pop()
            if is_folder:
                todo += reversed(self.contents(path))
            elif str(path) in self.places:
                pictures.append(path)
            else:
                skipped.append(Skipped(str(path), why_not(path)))
        return pictures, skipped

    def source(self, paths: Sequence[PurePath]) -> "Members":
        """These pictures, in this order."""
        names = [str(path) for path in paths]
        return Members(self.path, self.stamp, names, [self.places[name] for name in names])


class Members(Encoded):
    """Pictures in an archive. Each is read from its own place, through a handle of its own: threads never wait."""

    def __init__(self, archive: Path, stamp: Sequence[str], names: Sequence[str], places: Sequence[Place]) -> None:
        self.archive, self.stamp = archive, tuple(stamp)
        self.names, self.places = tuple(names), tuple(places)

    def __len__(self) -> int:
        return len(self.names)

    def name(self, row: int) -> str:
        return self.names[row]

    def content(self, row: int) -> bytes:
        try:
            if tuple(stamp(self.archive)) != self.stamp:
                raise ValueError(f"{self.archive} was changed or removed since it was first read")
            return self.places[row].read(self.archive)
        except (OSError, EOFError, ValueError, MemoryError, *DAMAGED) as error:
            why = getattr(error, "strerror", None) or str(error) or "not enough memory to read it"
            raise PictureError(self.names[row], f"damaged in its archive ({why})") from error

    def identity(self, row: int) -> str:
        return "\0".join([str(self.archive), self.names[row], *self.stamp, self.places[row].identity])

    def part(self, rows: NDArray[np.int64]) -> "Members":
        names, places = ([given[row] for row in rows] for given in (self.names, self.places))
        return Members(self.archive, self.stamp, names, places)


def wanted(name: str) -> bool:
    """Whether a member's bytes are worth keeping."""
    return is_picture(PurePosixPath(name)) and not any(hidden(part) for part in name.split("/") if part not in ".")


def exactly(file: IO[bytes], offset: int, size: int) -> bytes:
    """So many bytes from some place of a file; no memory is taken where it does not have them."""
    if offset + size > os.fstat(file.fileno()).st_size:
        raise ValueError("the archive is cut short")
    file.seek(offset)
    data = file.read(size)
    while len(data) < size and (more := file.read(size - len(data))):
        data += more
    return data
