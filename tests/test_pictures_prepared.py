"""What training reads: every readable picture at the net's own size, held or not."""

import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cutaway.errors import DataError, PictureError
from cutaway.pictures import prepared as prepared_module
from cutaway.pictures import read
from cutaway.pictures.memory import available
from cutaway.pictures.pictures import Pictures


class Corner:
    """The upper left corner, as a net of that size would cut it."""

    def __init__(self, size: int, channels: int) -> None:
        self.shape = (size, size, channels)
        self.calls = 0

    def __call__(self, picture: np.ndarray) -> np.ndarray:
        self.calls += 1
        size, _, channels = self.shape
        return picture[:size, :size, :channels]


def folder(path: Path, count: int = 40) -> Pictures:
    random = np.random.default_rng(0)
    for number in range(count):
        file = path / "ab"[number % 2] / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (6, 5 + number % 3, 3), np.uint8)).save(file)
    for bad in (3, 20):
        (path / "ab"[bad % 2] / f"{bad}.png").write_bytes(b"not a picture")
    return read(path)


@pytest.mark.parametrize("held", [True, False])
def test_every_readable_picture(tmp_path: Path, held: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not held:
        monkeypatch.setattr(prepared_module, "SHARE_OF_MEMORY", 0)
    pictures = folder(tmp_path)
    done: list[tuple[int, int]] = []
    ready = pictures.prepared(Corner(4, 3), lambda now, of: done.append((now, of)))
    assert ready.held is held and ready.shape == (4, 4, 3) and len(ready) == len(ready.labels) == 38
    assert [Path(one.path).name for one in ready.skipped] == ["20.png", "3.png"]
    assert ready.skipped[0].reason.startswith("not a picture")
    assert done == [(16, 40), (32, 40), (40, 40)]
    order = np.random.default_rng(1).permutation(38)
    batch = ready.take(order)
    assert batch.shape == (38, 4, 4, 3) and batch.dtype == np.uint8
    for picture, index in zip(batch, order, strict=True):
        name = ready.names[index]
        assert np.array_equal(picture, np.asarray(Image.open(name))[:4, :4])
        assert pictures.classes[ready.labels[index]] == Path(name).parent.name
    assert ready.take([]).shape == (0, 4, 4, 3)
    batch[:] = 0
    assert ready.take(order).any()  # a batch is the caller's own


def test_where_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is held is not copied; what is not is decoded, only what is asked for."""
    pictures, prepare = folder(tmp_path), Corner(4, 3)
    held = pictures.prepared(prepare)
    array, places = held.locate([5, 0])
    assert array is held.locate([7])[0] and len(array) == 40 and not held.cached
    monkeypatch.setattr(prepared_module, "SHARE_OF_MEMORY", 0)
    ready, before = pictures.prepared(prepare), prepare.calls
    batch, numbers = ready.locate([5, 0])
    assert numbers.tolist() == [0, 1] and prepare.calls == before + 2 and not ready.cached
    assert np.array_equal(batch, array[places]) and np.array_equal(batch, ready.take([5, 0]))


def test_held_when_a_quarter_of_memory_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = folder(tmp_path)
    for memory, held in ((4 * 40 * 48, True), (4 * 40 * 48 - 4, False)):
        monkeypatch.setattr("cutaway.pictures.memory.available", lambda memory=memory: memory)
        assert pictures.prepared(Corner(4, 3)).held is held


def test_available_memory_is_what_the_system_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert available() > 2**20
    (tmp_path / "meminfo").write_text("MemTotal: 9 kB\nMemAvailable:   5 kB\n")
    monkeypatch.setattr("cutaway.pictures.memory.MEMINFO", tmp_path / "meminfo")
    for limit, bytes_ in (("max\n", 5120), ("1000\n", 1000), ("9999\n", 5120)):
        (tmp_path / "limit").write_text(limit)
        monkeypatch.setattr("cutaway.pictures.memory.CONTAINER_LIMIT", tmp_path / "limit")
        assert available() == bytes_
    monkeypatch.setattr("cutaway.pictures.memory.MEMINFO", tmp_path / "gone")
    assert available() > 2**20


def test_a_file_that_goes_while_training_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepared_module, "SHARE_OF_MEMORY", 0)
    ready = folder(tmp_path).prepared(Corner(4, 3))
    Path(ready.names[7]).unlink()
    with pytest.raises(PictureError, match="no such file"):
        ready.take(range(10))


def test_arrays_of_the_right_shape_are_taken_as_they_are() -> None:
    pictures = read("digits").train
    prepare = Corner(8, 1)
    ready = pictures.prepared(prepare)
    assert prepare.calls == 0 and ready.held and ready.names == pictures.names
    assert np.array_equal(ready.labels, pictures.labels)
    assert np.array_equal(ready.take([5, 0]), [pictures[5], pictures[0]])
    assert ready._pixels is pictures.source.array
    smaller = pictures.prepared(Corner(6, 1))
    assert np.array_equal(smaller.take([5, 0]), ready.take([5, 0])[:, :6, :6])


def test_a_plain_function_may_prepare() -> None:
    ready = read("digits").test.prepared(Corner(8, 1))
    assert len(ready) == 0 and ready.take([]).shape == (0, 8, 8, 1)
    assert read("digits").prepared(lambda picture: picture[:3]).shape == (3, 8, 1)
    with pytest.raises(DataError, match="nothing to prepare"):
        read("digits").test.prepared(lambda picture: picture)


def test_nothing_readable(tmp_path: Path) -> None:
    for name in ("a/1.png", "a/2.png", "b/3.png", "b/4.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("text")
    pictures = read(tmp_path)
    with pytest.raises(DataError, match=r"none of 4 pictures can be read; the first: .*a/1.png: not a picture"):
        pictures.prepared(Corner(4, 3))
    with pytest.raises(DataError, match="no picture can be read, so their size is not known"):
        _ = pictures.size


def test_an_error_of_the_net_comes_out_and_threads_end(tmp_path: Path) -> None:
    def prepare(picture: np.ndarray) -> np.ndarray:
        raise ZeroDivisionError("the net's own")

    before = threading.active_count()
    prepare.shape = (4, 4, 3)  # type: ignore[attr-defined]
    with pytest.raises(ZeroDivisionError):
        folder(tmp_path).prepared(prepare)
    assert threading.active_count() == before
    with pytest.raises(ValueError, match="prepare gave a picture of"):
        read(tmp_path).prepared(lambda picture: picture)


def test_commonly_found_size(tmp_path: Path) -> None:
    for number in range(200):
        (tmp_path / "ab"[number % 2]).mkdir(exist_ok=True)
        size = (30, 20) if number % 10 else (300, 200)
        Image.new("L", size).save(tmp_path / "ab"[number % 2] / f"{number}.png")
    assert read(tmp_path).size == (20, 30, 1)
    Image.new("RGB", (30, 20)).save(tmp_path / "a" / "0.png")
    assert read(tmp_path).size == (20, 30, 3)
