"""Class folders as people have them, and what they have by mistake."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cutaway.errors import DataError, InputError, PictureError
from cutaway.pictures import Pictures, decode, files, read
from cutaway.pictures.natural import natural


def make(folder: Path, *names: str) -> Path:
    """Small pictures, all different, under these names."""
    for number, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        value = len(list(folder.rglob("*"))) * 7 + number
        Image.fromarray(np.full((3, 5, 3), (value % 256, value // 256, 9), np.uint8)).save(path, "PNG")
    return folder


def parts(pictures: Pictures) -> dict[str, str]:
    return {Path(name).name: part for name, part in zip(pictures.names, pictures.splits.tolist(), strict=True)}


def message(folder: Path | str) -> str:
    with pytest.raises(DataError) as caught:
        read(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_class_folders(tmp_path: Path) -> None:
    make(
        tmp_path,
        "10/a.png",
        "10/b.png",
        "2/c.png",
        "2/deep/er/d.png",
        "B/e.png",
        "B/f.png",
        "a/10.png",
        "a/9.png",
    )
    pictures = read(tmp_path)
    assert pictures.classes == ("2", "10", "a", "B")
    assert pictures.labels.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert [Path(name).name for name in pictures.names][4:6] == ["9.png", "10.png"]
    assert pictures.counts() == {"2": 2, "10": 2, "a": 2, "B": 2}
    assert len(pictures) == 8 and pictures.size == (3, 5, 3) and len(pictures.test) == 0
    assert np.array_equal(pictures[0], decode(tmp_path / "2/c.png"))
    assert [picture.shape for picture in pictures] == [(3, 5, 3)] * 8
    assert np.array_equal(read(str(tmp_path)).labels, pictures.labels)


@pytest.mark.parametrize("name", ["val", "validation", "valid", "Val"])
def test_parts_above_the_classes(tmp_path: Path, name: str) -> None:
    make(tmp_path, "train/cat/1", "train/dog/2", f"{name}/dog/3", f"{name}/cat/4", "test/cat/5")
    for path in tmp_path.rglob("[0-9]"):
        path.rename(path.with_suffix(".png"))
    pictures = read(tmp_path)
    assert parts(pictures) == {
        "1.png": "train", "2.png": "train", "3.png": "validation", "4.png": "validation", "5.png": "test"
    }  # fmt: skip
    assert pictures.classes == pictures.test.classes == pictures.train.classes == ("cat", "dog")
    assert pictures.validation.counts() == {"cat": 1, "dog": 1}
    assert pictures.test.counts() == {"cat": 1, "dog": 0}


def test_one_picture_at_a_time(tmp_path: Path) -> None:
    pictures = read(make(tmp_path, "a/1.png", "a/2.png", "b/3.png", "b/4.png"))
    assert np.array_equal(pictures[np.int64(1)], pictures[1])
    with pytest.raises(InputError, match=r"one picture at a time, by its number, as pictures\[0\]; got slice"):
        pictures[0:3]  # type: ignore[index]


def test_parts_below_the_classes(tmp_path: Path) -> None:
    make(
        tmp_path,
        *(f"{label}/{part}/{label}{part}.png" for label in "ab" for part in ("train", "VALID", "test")),
    )
    assert parts(read(tmp_path)) == {
        f"{label}{folder}.png": part
        for label in "ab"
        for folder, part in (("train", "train"), ("VALID", "validation"), ("test", "test"))
    }


def test_validation_comes_out_of_train_and_test_stays(tmp_path: Path) -> None:
    names = [f"{part}/{label}/{number}.png" for part in ("train", "test") for label in "ab" for number in range(20)]
    pictures = read(make(tmp_path, *names))
    assert len(pictures.test) == 40 and len(pictures.train) + len(pictures.validation) == 40
    assert 2 <= len(pictures.validation) <= 20
    assert all("/test/" in name for name in pictures.test.names)
    assert pictures.validation.splits.tolist() == ["validation"] * len(pictures.validation)


def test_classes_called_test_and_valid_are_classes(tmp_path: Path) -> None:
    make(tmp_path, "test/1.png", "test/more/2.png", "valid/3.png", "valid/4.png")
    assert read(tmp_path).counts() == {"test": 2, "valid": 2}


def test_the_split_stays_when_pictures_come_and_files_move(tmp_path: Path) -> None:
    make(tmp_path / "old", *(f"{label}/{number}.png" for label in "ab" for number in range(40)))
    before = {decode(name).tobytes(): part for name, part in zip(*named_parts(tmp_path / "old"), strict=True)}
    shutil.copytree(tmp_path / "old", tmp_path / "new")
    (tmp_path / "new/a/3.png").rename(tmp_path / "new/a/renamed.png")
    make(tmp_path / "new", *(f"{label}/more{number}.png" for label in "ab" for number in range(30)))
    after = {decode(name).tobytes(): part for name, part in zip(*named_parts(tmp_path / "new"), strict=True)}
    assert {content: after[content] for content in before} == before
    assert set(before.values()) == {"train", "validation"}


def named_parts(folder: Path) -> tuple[list[str], list[str]]:
    pictures = read(folder)
    return pictures.names, pictures.splits.tolist()


def test_fingerprint_follows_content_labels_and_names(tmp_path: Path) -> None:
    first = read(make(tmp_path, "a/1.png", "a/2.png", "b/3.png", "b/4.png")).fingerprint
    assert read(tmp_path).fingerprint == first and len(first) == 32
    shutil.copytree(tmp_path, tmp_path.parent / "moved")
    assert read(tmp_path.parent / "moved").fingerprint == first
    (tmp_path / "b").rename(tmp_path / "c")
    renamed = read(tmp_path).fingerprint
    (tmp_path / "a/2.png").rename(tmp_path / "c/2.png")  # the same pictures in the same order
    labelled = read(tmp_path, training=False).fingerprint
    make(tmp_path, "a/5.png")
    assert len({first, renamed, labelled, read(tmp_path).fingerprint}) == 4


def test_odd_names_come_through(tmp_path: Path) -> None:
    odd = [
        "-rf.png",
        "new\nline.png",
        "ünï☃🐈.png",
        "مرحبا.png",
        " space .png",
        "a" * 251 + ".png",
        "%s{}.png",
    ]
    latin = os.fsdecode(b"not utf-8 \xff.png")
    pictures = read(make(tmp_path, *(f"{label}/{name}" for label in ("-x", "e\u0301", "\u00e9") for name in odd)))
    assert pictures.classes == ("-x", "e\u0301", "\u00e9") and len(pictures) == 21
    assert {Path(name).name for name in pictures.names} == set(odd)
    assert len(pictures.fingerprint) == 32 and all(decode(name).size for name in pictures.names)
    make(tmp_path, f"-x/{latin}")
    assert any(Path(name).name == latin for name in read(tmp_path).train.names + read(tmp_path).validation.names)


def test_what_is_no_picture_is_passed_over_and_named(tmp_path: Path) -> None:
    make(
        tmp_path,
        "a/1.png",
        "a/2.png",
        "b/3.png",
        "b/4.png",
        ".hidden/5.png",
        "a/.6.png",
        "a/._7.png",
        "8.png",
    )
    make(tmp_path, "__MACOSX/a/9.png")
    for name in ("a/Thumbs.db", "b/notes.txt", "b/photo.HEIC"):
        (tmp_path / name).write_text("x")
    pictures = read(tmp_path)
    assert len(pictures) == 4
    assert {Path(one.path).name: one.reason for one in pictures.ignored} == {
        "8.png": "not in a class folder",
        "Thumbs.db": "not a picture by its ending",
        "notes.txt": "not a picture by its ending",
        "photo.HEIC": "HEIC and AVIF pictures are not read; save as JPEG or PNG",
    }


def test_links_to_files_are_followed_and_links_to_folders_are_not(tmp_path: Path) -> None:
    make(tmp_path, "pets/a/1.png", "pets/a/2.png", "pets/b/3.png", "pets/b/4.png", "other/c/5.png")
    (tmp_path / "pets/a/link.png").symlink_to(tmp_path / "other/c/5.png")
    (tmp_path / "pets/a/round").symlink_to(tmp_path / "pets")
    (tmp_path / "pets/b/gone.png").symlink_to(tmp_path / "nowhere.png")
    pictures = read(tmp_path / "pets")
    assert pictures.counts() == {"a": 3, "b": 3}
    assert [one.reason for one in pictures.ignored] == ["a link to a folder, which is not followed"]
    with pytest.raises(PictureError, match="no such file"):
        decode(tmp_path / "pets/b/gone.png")


def test_a_pipe_among_the_pictures_does_not_hang(tmp_path: Path) -> None:
    make(tmp_path, "a/1.png", "a/2.png", "b/3.png", "b/4.png")
    os.mkfifo(tmp_path / "a/pipe.png")
    pictures = read(tmp_path)
    assert len(pictures) == 5 and len(pictures.fingerprint) == 32 and pictures.size == (3, 5, 3)


@contextlib.contextmanager
def not_root() -> Iterator[None]:
    """File permissions do not bind root."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_unreadable_files_and_folders_are_named(tmp_path: Path) -> None:
    for folder in (tmp_path, *(one for one in tmp_path.parents if one.name.startswith(("pytest", "popen")))):
        folder.chmod(0o755)
    make(tmp_path, "a/1.png", "a/2.png", "b/3.png", "b/4.png", "b/closed/5.png")
    (tmp_path / "a/2.png").chmod(0)
    (tmp_path / "b/closed").chmod(0)
    with not_root():
        ready = read(tmp_path).prepared(lambda picture: picture)
    (tmp_path / "b/closed").chmod(0o755)
    assert {Path(one.path).name: one.reason for one in ready.skipped} == {
        "2.png": "Permission denied",
        "closed": "a folder that cannot be looked into, not a picture",
    }
    assert len(ready) == 3


def test_mistakes_get_a_line_that_says_what_works(tmp_path: Path) -> None:
    assert "no such folder or file; did you mean" in message(make(tmp_path / "pets", "a/1.png").parent / "petz")
    (tmp_path / "empty").mkdir()
    assert message(tmp_path / "empty").endswith(
        "the folder is empty; make a folder for each class, with its pictures in it"
    )
    loose = make(tmp_path / "loose", "1.png")
    assert f"the pictures lie in the folder itself; give each class a folder, as {loose}/cat/1.jpg" in message(loose)
    assert "one class only (a)" in message(make(tmp_path / "one", "a/1.png", "a/2.png"))
    single = make(tmp_path / "single", "a/1.png", "a/2.png", "b/3.png")
    assert "only 1 picture in class b; training needs at least 2" in message(single)
    (tmp_path / "hollow/b").mkdir(parents=True)
    assert "no picture to train on in class b" in message(make(tmp_path / "hollow", "a/1.png", "a/2.png"))
    (tmp_path / "bare/a").mkdir(parents=True)
    (tmp_path / "bare/b").mkdir(parents=True)
    assert message(tmp_path / "bare").endswith("no picture in the class folders a, b")
    mixed = make(tmp_path / "mixed", "train/a/1.png", "train/b/2.png", "extra/3.png")
    assert "beside train, which hold class folders, there is extra" in message(mixed)
    only = make(tmp_path / "only", "test/a/1.png", "test/b/2.png")
    assert "there is a test part, but no train" in message(only)
    late = make(tmp_path / "late", "train/a/1.png", "train/a/2.png", "test/b/3.png")
    assert "no picture to train on in class b" in message(late)
    (tmp_path / "pets.rar").write_bytes(b"Rar!")
    assert "an archive of a kind that is not read; unpack it" in message(tmp_path / "pets.rar")
    assert "did you mean 'digits'?" in message("digit")


def test_what_can_be_judged_but_not_learned(tmp_path: Path) -> None:
    assert read(make(tmp_path, "a/1.png"), training=False).counts() == {"a": 1}


def test_one_picture_of_each_class_is_enough_beside_a_validation_part(tmp_path: Path) -> None:
    make(tmp_path, "train/a/1.png", "train/b/2.png", "val/a/3.png")
    assert parts(read(tmp_path)) == {"1.png": "train", "2.png": "train", "3.png": "validation"}


def test_files_and_patterns_have_no_labels(tmp_path: Path) -> None:
    make(tmp_path, "2.png", "10.png", "sub/1.png")
    pictures = read(str(tmp_path / "*.png"))
    assert [Path(name).name for name in pictures.names] == ["2.png", "10.png"]
    assert pictures.labels.tolist() == [-1, -1] and pictures.classes == ()
    assert len(read([tmp_path / "2.png", tmp_path])) == 4
    assert len(read(tmp_path / "2.png")) == 1


def test_inputs_of_predict_keep_their_order_and_lose_nothing(tmp_path: Path) -> None:
    make(tmp_path, "b/2.png", "b/10.png", "b/sub/1.png", "x.png", "[x].png", "odd.name")
    (tmp_path / "b/notes.txt").write_text("x")
    (tmp_path / "empty").mkdir()
    inputs = ["gone.png", "b", "odd.name", "*.png", "[x].png", "empty", "no*match"]
    found = files([str(tmp_path / one) for one in inputs])
    assert [str(path.relative_to(tmp_path)) for path in found] == [
        *("gone.png", "b/2.png", "b/10.png", "b/sub/1.png", "odd.name"),
        *("[x].png", "x.png", "[x].png", "empty", "no*match"),
    ]


def test_natural_order() -> None:
    names = ["b10", "B2", "b2", "b02", "a", "10", "9", "1" * 5000, "é", "Z", "2b", "2a"]
    expected = ["2a", "2b", "9", "10", "1" * 5000, "a", "B2", "b02", "b2", "b10", "Z", "é"]
    assert sorted(names, key=natural) == expected


def test_links_to_class_folders_are_said_to_be_links(tmp_path: Path) -> None:
    make(tmp_path / "real", "cat/1.png", "dog/1.png")
    (tmp_path / "links").mkdir()
    for name in ("cat", "dog"):
        (tmp_path / "links" / name).symlink_to(tmp_path / "real" / name)
    assert "links to folders" in message(tmp_path / "links")


def test_stray_pictures_beside_parts_and_classes_are_named_and_change_nothing(tmp_path: Path) -> None:
    for part in ("train", "val"):
        make(tmp_path, *(f"{part}/{label}/{part}{number}.png" for label in "ab" for number in range(3)))
        make(tmp_path, f"{part}/stray.png")
    make(tmp_path, "beside.png")
    pictures = read(tmp_path)
    assert pictures.classes == ("a", "b")
    assert set(pictures.splits.tolist()) == {"train", "validation"}
    assert sorted(Path(one.path).name for one in pictures.ignored) == ["beside.png", "stray.png", "stray.png"]


def test_the_fingerprint_follows_the_parts(tmp_path: Path) -> None:
    make(tmp_path / "flat", *(f"{label}/{number}.png" for label in "ab" for number in range(4)))
    shutil.copytree(tmp_path / "flat", tmp_path / "parts" / "val")
    assert read(tmp_path / "flat").fingerprint != read(tmp_path / "parts", training=False).fingerprint
