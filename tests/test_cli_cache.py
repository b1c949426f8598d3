"""`cutaway cache`: what it lists, what it removes, and what it leaves alone."""

import os
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import cutaway as cw
from cutaway.cli.cache import KINDS
from cutaway.engines.native import cache as native
from cutaway.pictures import cache, cached
from cutaway.pictures.downloads import SETS
from cutaway.pictures.records import ENTRY, header
from cutaway.wording import memory
from tests.command import ran, run


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CUTAWAY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv(cache.LIMIT, "2MB")
    monkeypatch.setattr(cached, "WORTH", 0)
    return tmp_path / "cache"


def folder(path: Path, count: int = 12) -> Path:
    random = np.random.default_rng(0)
    for number in range(count):
        file = path / "ab"[number % 2] / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (12, 12, 3), np.uint8)).save(file)
    return path


def filled(tmp_path: Path, own_cache: Path) -> None:
    """Two preparations, one file of code, one of the four files of MNIST, and one of each other kind."""
    pictures = cw.read(folder(tmp_path / "pets"))
    for text in ("colour, resize 8x8 fit", "grey, resize 4x6 crop"):
        pictures.prepared(cw.parse(f"input any, {text}").preparation)
    theirs = ("native/notes.txt", "mine/photo.jpg", "weights/a.safetensors", "features/x/notes.txt")
    kinds = ("features/x/1.safetensors", "backbones/x/model.onnx", "inspected/x.jsonl")
    for name in (f"mnist/{SETS['mnist'].files[1].name}", "native/x.o", *kinds, *theirs):
        (own_cache / name).parent.mkdir(exist_ok=True, parents=True)
        (own_cache / name).write_bytes(bytes(1500))
    for time, path in enumerate(sorted(own_cache.rglob("*.*")), 1):
        os.utime(path, (time, time))


def size(text: str, shape: tuple[int, int, int]) -> int:
    return len(header(text, shape)) + 12 * (int(np.prod(shape)) + ENTRY.size)


def test_it_lists_what_is_there(tmp_path: Path, own_cache: Path) -> None:
    filled(tmp_path, own_cache)
    first, *rows, last = ran("cache").splitlines()
    assert first == str(own_cache)
    assert last == "decoded pictures take 2.0 MB at most (set by CUTAWAY_CACHE_LIMIT)"
    cells = [re.split(" {2,}", row) for row in rows]
    assert sorted(cell[:3] for cell in cells) == [
        ["backbones", "1 file", "1.5 kB"],
        ["code", "1 file", "1.5 kB"],
        ["features", "1 file", "1.5 kB"],
        ["inspected", "1 file", "1.5 kB"],
        ["pictures", "12 of 4x6x1: grey, resize 4x6 crop", memory(size("grey, resize 4x6 crop", (4, 6, 1)))],
        ["pictures", "12 of 8x8x3: colour, resize 8x8 fit", memory(size("colour, resize 8x8 fit", (8, 8, 3)))],
        ["sets", "mnist", "1.5 kB"],
    ]
    assert all(re.fullmatch(r"(used|made|fetched) \d{4}-\d\d-\d\d \d\d:\d\d", cell[3]) for cell in cells)


@pytest.mark.parametrize(
    ("words", "gone"),
    [
        *(([], ["pictures"]), (["pictures"], ["pictures"]), (["code"], ["code"]), (["sets"], ["sets"])),
        *((["features"], ["features"]), (["backbones"], ["backbones"]), (["inspected"], ["inspected"]), (["all"], [])),
    ],
)
def test_it_clears_what_is_said(tmp_path: Path, own_cache: Path, words: list[str], gone: list[str]) -> None:
    filled(tmp_path, own_cache)
    said = ran("cache", "--clear", *words).splitlines()
    kinds = gone or list(KINDS)
    assert len(said) == len(kinds)
    for line, kind in zip(said, kinds, strict=True):
        size = r"[\d.]+ kB" if kind == "pictures" else "1.5 kB"
        assert re.fullmatch(rf"removed {KINDS[kind]}: {size}", line)
    left = {line.split()[0] for line in ran("cache").splitlines()[1:-1]} - {"nothing"}
    assert left == set(KINDS) - set(kinds)
    kept = ("mine/photo.jpg", "native/notes.txt", "weights/a.safetensors", "features/x/notes.txt")
    assert all((own_cache / name).exists() for name in kept)


def test_nothing_is_there() -> None:
    assert ran("cache").splitlines()[1] == "nothing is kept"
    assert ran("cache", "--clear", "all").splitlines() == [
        "nothing to remove: decoded pictures, at the sizes of nets",
        *(f"nothing to remove: {what}" for what in list(KINDS.values())[1:]),
    ]


def test_no_pictures_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.LIMIT, "0")
    assert ran("cache").splitlines()[-1] == "no decoded pictures are kept (set by CUTAWAY_CACHE_LIMIT)"


def test_what_cannot_be_read_is_cleared_too(tmp_path: Path, own_cache: Path) -> None:
    filled(tmp_path, own_cache)
    for path in (own_cache / "pictures").glob("*.index"):
        path.write_bytes(b"[1, 2]\nxxx")
    assert "pictures" not in {line.split()[0] for line in ran("cache").splitlines()[1:-1]}
    ran("cache", "--clear")
    assert [path.name for path in (own_cache / "pictures").iterdir()] == [".lock"]


def test_errors_are_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.LIMIT, "much")
    result = run("cache")
    assert result.exit_code == 2
    assert result.stderr == (
        "cutaway: CUTAWAY_CACHE_LIMIT is 'much'; write a size such as 20GB or 500MB, or 0 to keep no decoded pictures\n"
    )
    (tmp_path / "file").mkdir()
    (tmp_path / "file" / "pictures").mkdir()
    (tmp_path / "file" / "pictures" / ".lock").mkdir()  # so it cannot be locked
    monkeypatch.setenv("CUTAWAY_CACHE", str(tmp_path / "file"))
    result = run("cache", "--clear")
    assert result.exit_code == 1 and re.fullmatch(r"cutaway: cannot clear \S+: Is a directory\n", result.stderr)


def test_training_fills_it(tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.delenv("CUTAWAY_CACHE")
        code = native.folder()
    code.mkdir(parents=True, exist_ok=True)
    own_cache.mkdir()
    (own_cache / "native").symlink_to(code)  # what is compiled already need not be compiled again
    net = "input any, colour, resize 8x8, flatten, dense classes, softmax"
    for number in range(2):
        ran("train", folder(tmp_path / "pets"), "--epochs", 1, "--net", net, "-o", tmp_path / f"run-{number}")
        assert "pictures  12 of 8x8x3: colour, resize 8x8 crop  " in ran("cache")
