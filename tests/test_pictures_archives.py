"""Zip and tar archives of class folders, read in place: as their folders are read, and nothing that they should not."""

import bz2
import gzip
import io
import os
import stat
import struct
import tarfile
import tracemalloc
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cutaway.errors import DataError, PictureError
from cutaway.pictures import Pictures, archives, read
from cutaway.pictures.source import Encoded

KINDS = ("zip", "tar", "tar.gz", "tgz", "tar.bz2", "tar.xz")


def png(number: int) -> bytes:
    """A small picture, another one for each number."""
    file = io.BytesIO()
    Image.fromarray(np.full((3, 5, 3), (number % 256, number // 256, 9), np.uint8)).save(file, "PNG")
    return file.getvalue()


def make(folder: Path, *names: str) -> Path:
    """Pictures of these names, all different."""
    for number, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(number))
    return folder


def packed(folder: Path, kind: str, top: str = ".") -> Path:
    """A folder as an archive beside it."""
    path = folder.parent / f"{folder.name}.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(folder.rglob("*")):
                archive.write(file, Path(top) / file.relative_to(folder))
        return path
    with tarfile.open(path, "w:" + {"tar": "", "tgz": "gz"}.get(kind, kind[4:])) as archive:  # type: ignore[call-overload]
        archive.add(folder, top)
    return path


def zipped(path: Path, *members: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_STORED) -> Path:
    """A zip of these members, and of two classes to learn from."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for number, name in enumerate(("cat/1.png", "cat/2.png", "dog/3.png", "dog/4.png")):
            archive.writestr(name, png(number))
        for member, content in members:
            archive.writestr(member, content)
    return path


def tarred(path: Path, *members: tarfile.TarInfo) -> Path:
    """A tar of these members, whose bytes are zeros, and of two classes to learn from."""
    with tarfile.open(path, "w") as archive:
        for number, name in enumerate(("cat/1.png", "cat/2.png", "dog/3.png", "dog/4.png")):
            info = tarfile.TarInfo(name)
            info.size = len(png(number))
            archive.addfile(info, io.BytesIO(png(number)))
        for info in members:
            archive.addfile(info, io.BytesIO(bytes(info.size)))
    return path


def within(pictures: Pictures) -> list[str]:
    """The names of pictures, after that of what was read."""
    return [name.removeprefix(pictures.title).lstrip("/") for name in pictures.names]


def ignored(pictures: Pictures) -> dict[str, str]:
    return {one.path.removeprefix(pictures.title).lstrip("/"): one.reason for one in pictures.ignored}


def refusal(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        read(path)
    assert "\n" not in str(caught.value) and str(path) in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_an_archive_is_read_as_its_folder_is(tmp_path: Path, kind: str) -> None:
    names = [f"{part}/{label}/{n}.png" for part in ("train", "test") for label in ("10", "2", "ünï☃") for n in range(9)]
    folder = make(tmp_path / "pets", *names, ".hidden/x/1.png", "__MACOSX/train/cat/._1.png", "train/2/deep/er/7.png")
    (folder / "train/2/notes.txt").write_text("x")
    (folder / "readme.txt").write_text("x")
    (folder / "train/3").mkdir()
    plain, own = read(folder, training=False), read(packed(folder, kind), training=False)
    assert within(own) == within(plain) and len(own) == 55
    assert own.names[0] == f"{folder}.{kind}/test/2/0.png"
    assert own.classes == plain.classes == ("2", "3", "10", "ünï☃")
    assert ignored(own) == ignored(plain) and set(ignored(own)) == {"train/2/notes.txt", "readme.txt"}
    assert own.fingerprint == plain.fingerprint
    assert own.splits.tolist() == plain.splits.tolist() and len(set(own.splits)) == 3
    assert own.size == plain.size
    assert all(np.array_equal(a, b) for a, b in zip(own, plain, strict=True))


def test_a_real_zip(shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "faces" / "smiles-subset.zip"
    pictures = read(path)
    assert pictures.counts() == {"nonsmile": 500, "smile": 500}
    assert len(pictures.test) == 200 and pictures.size == (64, 64, 1)
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "smiles")
    assert pictures.fingerprint == read(tmp_path / "smiles").fingerprint
    ready = pictures.test.prepared(lambda picture: picture)
    assert ready.take([0, 199]).shape == (2, 64, 64, 1) and not ready.skipped


@pytest.mark.parametrize("kind", ("zip", "tar"))
def test_one_folder_that_holds_everything_is_seen_through(tmp_path: Path, kind: str) -> None:
    folder = make(tmp_path / "pets", "cat/1.png", "cat/2.png", "dog/3.png", "dog/4.png")
    pictures = read(packed(folder, kind, "pets"))
    assert pictures.counts() == {"cat": 2, "dog": 2} and pictures.names[0] == f"{folder}.{kind}/pets/cat/1.png"
    alone = make(tmp_path / "alone", "cat/1.png", "cat/2.png")  # one class is no folder around classes
    assert read(packed(alone, kind), training=False).classes == ("cat",)
    part = make(tmp_path / "part", "test/cat/1.png", "test/dog/2.png")  # nor is a part
    assert read(packed(part, kind), training=False).given.tolist() == ["test", "test"]


def test_many_threads_read_it_at_once(tmp_path: Path) -> None:
    folder = make(tmp_path / "pets", *(f"{label}/{number}.png" for label in "ab" for number in range(200)))
    for kind in ("zip", "tar"):
        source = read(packed(folder, kind)).source
        rows = np.random.default_rng(0).permutation(400).repeat(3)
        with ThreadPoolExecutor(16) as pool:
            pictures = list(pool.map(lambda row, source=source: source.picture(int(row)), rows))
        assert [int(p[0, 0, 0]) + 256 * int(p[0, 0, 1]) for p in pictures] == rows.tolist()


def test_names_that_lead_out_are_shown_and_used_for_nothing(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    before = sorted(tmp_path.rglob("*"))
    odd = ("../out.png", "cat/../../out.png", "/cat/abs.png", "..", "cat/..", "//cat/x.png")
    kept = (
        "cat/C:\\x\\y.png",
        "cat/a\\..\\z.png",
        "cat/new\nline.png",
        "cat/ .png",
        "cat/...png.png",
        "./cat/dot.png",
    )
    pictures = read(zipped(inside / "odd.zip", *((name, png(9)) for name in (*odd, *kept))))
    assert set(ignored(pictures)) == {name.lstrip("/") for name in odd}
    assert set(ignored(pictures).values()) == {"its name leads out of the archive"}
    assert set(within(pictures)) >= {"cat/C:\\x\\y.png", "cat/a\\..\\z.png", "cat/new\nline.png", "cat/dot.png"}
    ready = pictures.prepared(lambda picture: picture)
    assert len(ready) == len(pictures) == 9  # "...png.png" is hidden
    assert sorted(tmp_path.rglob("*")) == [*before, inside / "odd.zip"]


def test_links_and_devices_of_a_tar_are_named(tmp_path: Path) -> None:
    kinds = {"sym": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE, "pipe": tarfile.FIFOTYPE, "device": tarfile.CHRTYPE}
    members = []
    for name, kind in kinds.items():
        info = tarfile.TarInfo(f"cat/{name}.png")
        info.type, info.linkname = kind, "/etc/passwd"
        members.append(info)
    assert ignored(read(tarred(tmp_path / "links.tar", *members))) == {
        "cat/sym.png": "a link, which is not followed",
        "cat/hard.png": "a link, which is not followed",
        "cat/pipe.png": "a pipe, socket or device, not a picture",
        "cat/device.png": "a pipe, socket or device, not a picture",
    }


def test_links_of_a_zip_are_named(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("cat/link.png")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    assert ignored(read(zipped(tmp_path / "links.zip", (link, b"/etc/passwd")))) == {
        "cat/link.png": "a link, which is not followed"
    }


def test_what_cannot_be_unpacked_is_named(tmp_path: Path) -> None:
    path = zipped(tmp_path / "locked.zip", ("cat/locked.png", png(8)), ("cat/lzma.png", png(9)))
    data = path.read_bytes()
    data = central(data, "cat/locked.png", 8, b"\1\0")  # general purpose bit 0: encrypted
    path.write_bytes(central(data, "cat/lzma.png", 10, b"\x0e\0"))  # method 14
    assert ignored(read(path)) == {
        "cat/locked.png": "encrypted",
        "cat/lzma.png": "packed by method 14; stored, deflate and bzip2 are read",
    }


def central(data: bytes, name: str, offset: int, value: bytes) -> bytes:
    """A zip with some bytes of a member's entry in its table of contents replaced."""
    start = data.rindex(name.encode()) - 46
    assert data[start : start + 4] == b"PK\1\2"
    return data[: start + offset] + value + data[start + offset + len(value) :]


@pytest.mark.parametrize("method", (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2))
def test_what_a_member_unpacks_to_is_what_it_promised(tmp_path: Path, method: int) -> None:
    path = zipped(tmp_path / "bomb.zip", ("cat/bomb.png", bytes(50_000_000)), method=method)
    path.write_bytes(central(path.read_bytes(), "cat/bomb.png", 24, struct.pack("<I", 1000)))
    pictures = read(path)
    tracemalloc.start()
    ready = pictures.prepared(lambda picture: picture)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000_000
    assert [one.reason for one in ready.skipped] == [
        "damaged in its archive (the archive promises 1,000 bytes of it but holds more)"
    ]
    path.write_bytes(central(path.read_bytes(), "cat/bomb.png", 24, struct.pack("<I", 400_000_000)))
    assert ignored(read(path)) == {"cat/bomb.png": "a file of 400 MB; the limit is 320 MB"}


def test_members_that_lie_over_one_another(tmp_path: Path) -> None:
    path = zipped(tmp_path / "bomb.zip", *((f"cat/{n}.png", png(n)) for n in range(5, 9)), method=zipfile.ZIP_DEFLATED)
    for n in range(5, 9):
        path.write_bytes(central(path.read_bytes(), f"cat/{n}.png", 24, struct.pack("<I", 300_000_000)))
    assert "promises 1.2 GB in a file of 1" in refusal(path)


def test_damage_is_found_where_it_is(tmp_path: Path) -> None:
    path = zipped(tmp_path / "pets.zip", ("cat/moved.png", png(9)))
    data = path.read_bytes()
    broken = data.replace(png(1)[-20:], b"\0" * 20)
    path.write_bytes(central(broken, "cat/moved.png", 42, struct.pack("<I", 5)))  # its place: in the midst of another
    reasons = {Path(one.path).name: one.reason for one in read(path).prepared(lambda picture: picture).skipped}
    assert reasons == {
        "2.png": "damaged in its archive (its checksum is wrong)",
        "moved.png": "damaged in its archive (its place in the archive holds something else)",
    }


@pytest.mark.parametrize("kind", KINDS)
def test_an_archive_that_is_cut_short(tmp_path: Path, kind: str) -> None:
    path = packed(make(tmp_path / "pets", *(f"{c}/{n}.png" for c in "ab" for n in range(50))), kind)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    assert "cannot be read as a zip or tar archive, or is cut short" in refusal(path)
    path.write_bytes(b"")
    assert "cannot be read as a zip or tar archive, or is cut short" in refusal(path)


def test_rubbish_in_the_midst_of_a_tar_is_not_its_end(tmp_path: Path) -> None:
    path = tarred(tmp_path / "pets.tar")
    data = bytearray(path.read_bytes())
    data[1024:1536] = b"x" * 512
    path.write_bytes(data)
    assert "cannot be read as a zip or tar archive" in refusal(path)


def test_an_archive_that_changes_while_it_is_read(tmp_path: Path) -> None:
    path = zipped(tmp_path / "pets.zip")
    pictures = read(path)
    os.utime(path, (1, 1))
    with pytest.raises(PictureError, match="was changed or removed since it was first read"):
        pictures[0]
    path.unlink()
    with pytest.raises(PictureError, match="was changed or removed"):
        pictures[0]


def test_a_member_that_is_there_twice(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = zipped(tmp_path / "twice.zip", ("cat/1.png", png(77)))
    pictures = read(path)
    assert ignored(pictures) == {"cat/1.png": "stands in the archive twice; the last one counts"}
    assert len(pictures) == 4 and pictures[0][0, 0, 0] == 77
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "twice")
    assert pictures.fingerprint == read(tmp_path / "twice").fingerprint


def test_names_in_utf_8_that_do_not_say_so(tmp_path: Path) -> None:
    path = zipped(tmp_path / "pets.zip", ("dog/012345.png", png(9)))
    path.write_bytes(path.read_bytes().replace(b"012345", "ünüm".encode()))
    assert "dog/ünüm.png" in within(read(path))


def test_names_with_the_separator_of_windows(tmp_path: Path) -> None:
    path = zipped(tmp_path / "pets.zip")
    path.write_bytes(path.read_bytes().replace(b"cat/", b"cat\\").replace(b"dog/", b"dog\\"))
    assert read(path).counts() == {"cat": 2, "dog": 2}


def test_a_compressed_tar_that_does_not_fit_into_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = packed(make(tmp_path / "pets", "a/1.png", "a/2.png", "b/3.png", "b/4.png"), "tar.gz")
    held = 4 * 4 * len(png(0))
    for memory, fits in ((held, True), (held - 4, False)):
        monkeypatch.setattr("cutaway.pictures.memory.available", lambda memory=memory: memory)
        if fits:
            assert len(read(path)) == 4
        else:
            assert "25% of what is free, would be needed; unpack it and name the folder" in refusal(path)


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bomb.tar.gz"
    info = tarfile.TarInfo("cat/bomb.txt")
    info.size = 10**12
    path.write_bytes(gzip.compress(info.tobuf() + bytes(10_000)))
    assert "unpack it and name the folder" in refusal(path)


@pytest.mark.parametrize("pack", (bytes, gzip.compress, bz2.compress))
def test_a_header_gets_no_more_memory_than_headers_need(tmp_path: Path, pack) -> None:
    info = tarfile.TarInfo("././@PaxHeader")
    info.type, info.size = tarfile.XHDTYPE, 60_000_000
    path = tmp_path / "bomb.tar"
    path.write_bytes(pack(info.tobuf() + bytes(60_000_000)))
    assert "a header of more than 1,000,000 bytes" in refusal(path)


def test_folders_as_deep_as_a_name_is_long(tmp_path: Path) -> None:
    deep, deeper = "cat/" + "a/" * 190 + "1.png", "cat/" + "a/" * 30_000 + "1.png"
    pictures = read(zipped(tmp_path / "deep.zip", (deep, png(8)), (deeper, png(9))))
    assert deep in within(pictures)
    assert ignored(pictures) == {deeper: "lies 30,001 folders deep; fewer than 200 are looked through"}


def test_too_many_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MEMBER_LIMIT", 4)
    assert len(read(zipped(tmp_path / "pets.zip"))) == 4
    assert "holds more than 4 members" in refusal(zipped(tmp_path / "pets.zip", ("cat/5.png", b"")))
    assert "holds more than 4 members" in refusal(tarred(tmp_path / "pets.tar", tarfile.TarInfo("cat/5.png")))


def test_an_archive_without_pictures(tmp_path: Path) -> None:
    for kind in ("zip", "tar"):
        (tmp_path / "none/cat").mkdir(parents=True, exist_ok=True)
        assert refusal(packed(tmp_path / "none", kind)).endswith("holds no picture that can be read")
    path = tmp_path / "locked.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("cat/1.png", png(1))
    path.write_bytes(central(path.read_bytes(), "cat/1.png", 8, b"\1\0"))
    assert refusal(path).endswith(f"the first picture, {path}/cat/1.png: encrypted")
    loose = zipfile.ZipFile(tmp_path / "loose.zip", "w")
    with loose:
        loose.writestr("1.png", png(1))
    assert "the pictures lie in the folder itself" in refusal(tmp_path / "loose.zip")


def test_an_archive_is_known_by_what_is_in_it(tmp_path: Path) -> None:
    zipped(tmp_path / "pets.zip").rename(tmp_path / "pets.tar")
    assert len(read(tmp_path / "pets.tar")) == 4
    tarred(tmp_path / "plain.tar").rename(tmp_path / "plain.zip")
    assert len(read(tmp_path / "plain.zip")) == 4


def test_identity_of_a_picture_costs_no_reading(tmp_path: Path) -> None:
    folder = make(tmp_path / "pets", "a/1.png", "a/2.png", "b/3.png", "b/4.png")
    for path in (folder, packed(folder, "zip"), packed(folder, "tar"), packed(folder, "tgz")):
        assert len(set(identities(path))) == 4 and identities(path) == identities(path)
        part = read(path).alone([2, 0]).source
        assert isinstance(part, Encoded) and part.identity(0) == identities(path)[2]
    before = identities(folder)
    (folder / "a/1.png").write_bytes(png(99) + b"more")
    assert [a == b for a, b in zip(identities(folder), before, strict=True)] == [False, True, True, True]


def identities(path: Path) -> list[str]:
    source = read(path).source
    assert isinstance(source, Encoded)
    return [source.identity(row) for row in range(len(source))]
