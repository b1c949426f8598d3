"""Pictures that come as arrays: IDX, .npz, the bundled digits."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from cutaway.errors import DataError
from cutaway.pictures import read

PICTURES = np.arange(6 * 2 * 3, dtype=np.uint8).reshape(6, 2, 3)
LABELS = np.array([3, 1, 3, 1, 10, 10], np.uint8)


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def mnist_like(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    write(folder / "train-images-idx3-ubyte.gz", idx(PICTURES))
    write(folder / "train-labels-idx1-ubyte", idx(LABELS))
    write(folder / "t10k-images-idx3-ubyte", idx(PICTURES[:3] + 100))
    write(folder / "t10k-labels-idx1-ubyte.gz", idx(LABELS[:3]))
    return folder


def message(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        read(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_idx_folder(tmp_path: Path) -> None:
    pictures = read(mnist_like(tmp_path / "set"))
    assert pictures.classes == ("1", "3", "10") and pictures.size == (2, 3, 1)
    assert pictures.labels.tolist() == [1, 0, 1, 0, 2, 2, 1, 0, 1]
    assert np.array_equal(pictures[4], PICTURES[4][..., np.newaxis])
    assert len(pictures.test) == 3 and pictures.test.names[1] == f"{tmp_path}/set test[1]"
    assert pictures.names[4] == f"{tmp_path}/set[4]"
    assert len(pictures.train) + len(pictures.validation) == 6


def test_one_idx_file_with_its_labels_beside_it(tmp_path: Path) -> None:
    pictures = read(mnist_like(tmp_path) / "train-images-idx3-ubyte.gz")
    assert len(pictures) == 6 and len(pictures.test) == 0


def test_mnist(shared_data: Path) -> None:
    pictures = read("mnist", data=shared_data / "mnist")
    assert pictures.classes == tuple("0123456789") and pictures.size == (28, 28, 1)
    assert [len(pictures), len(pictures.test)] == [70_000, 10_000]
    assert list(pictures.test.counts().values()) == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert abs(len(pictures.validation) - 12_000) < 300
    assert pictures.names[0] == "mnist[0]" and pictures.test.names[17] == "mnist test[17]"


def test_fashion_mnist_has_names(shared_data: Path) -> None:
    pictures = read("fashion-mnist", data=shared_data / "fashion-mnist")
    assert pictures.classes[0] == "T-shirt/top" and pictures.test.counts()["Ankle boot"] == 1000


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "cut short inside its header"),
        (b"\0\0\x08\x03\0\0", "cut short inside its header"),
        (b"\x89PNG\r\n\x1a\n", "begins with 89 50 4e 47"),
        (b"\0\0\x0d\x03" + bytes(12), "holds values of type 0x0d; only bytes (0x08) are read"),
        (idx(PICTURES)[:-1], "promises 6x2x3 = 36 bytes but holds 35"),
        (idx(PICTURES) + b"x", "promises 6x2x3 = 36 bytes but holds more"),
        (b"\0\0\x08\x03" + b"\xff" * 12, "promises 4294967295x4294967295x4294967295"),
        (idx(PICTURES[:5]), "has 5 pictures but"),
        (idx(PICTURES[..., np.newaxis].repeat(2, axis=3)), "is not that of pictures"),
        (idx(PICTURES[:, :0]), "is not that of pictures"),
    ],
)
@pytest.mark.parametrize("ending", ["", ".gz"])
def test_damaged_idx_files(tmp_path: Path, data: bytes, words: str, ending: str) -> None:
    mnist_like(tmp_path)
    (tmp_path / "train-images-idx3-ubyte.gz").unlink()
    write(tmp_path / f"train-images-idx3-ubyte{ending}", data)
    assert words in message(tmp_path)


def test_damaged_gzip_files(tmp_path: Path) -> None:
    path = mnist_like(tmp_path) / "train-images-idx3-ubyte.gz"
    whole = path.read_bytes()
    for damaged in (whole[:-12], whole[:15], whole[:20] + b"\xff" * 9 + whole[29:], b"not gzip"):
        path.write_bytes(damaged)
        assert f"{path}: cut short or damaged" in message(tmp_path)


def test_missing_and_doubtful_idx_files(tmp_path: Path) -> None:
    (mnist_like(tmp_path) / "train-labels-idx1-ubyte").unlink()
    assert "its labels, train-labels-idx1-ubyte or train-labels-idx1-ubyte.gz, are not beside it" in message(tmp_path)
    mnist_like(tmp_path)
    write(tmp_path / "my-train-images-idx3-ubyte", idx(PICTURES))
    write(tmp_path / "my-train-labels-idx1-ubyte", idx(LABELS))
    assert "name the one to read" in message(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no IDX files in this folder"):
        read("mnist", data=tmp_path / "empty")
    with pytest.raises(DataError, match="no such folder; it has to hold train-images-idx3"):
        read("mnist", data=tmp_path / "gone")
    with pytest.raises(DataError, match="goes with a name, mnist or fashion-mnist, not with 'digits'"):
        read("digits", data=tmp_path)


def test_a_label_without_a_class(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="label 10 is not one of its 10 classes, 0 to 9"):
        read("mnist", data=mnist_like(tmp_path))


def saved(path: Path, **arrays: np.ndarray) -> Path:
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return path


def test_npz(tmp_path: Path) -> None:
    names = np.array(["dog", "cat", "dog", "cat", "dog", "cat"])
    pictures = read(saved(tmp_path / "pets.npz", x=PICTURES, y=names))
    assert pictures.classes == ("cat", "dog") and pictures.labels.tolist() == [1, 0] * 3
    assert np.array_equal(pictures[5], PICTURES[5][..., np.newaxis])
    assert pictures.names[2] == f"{tmp_path}/pets.npz[2]"


def test_npz_with_parts(tmp_path: Path) -> None:
    colour = np.stack([PICTURES] * 3, axis=-1)
    y = LABELS[:, np.newaxis]
    path = saved(tmp_path / "set.npz", x_train=colour, y_train=y, x_test=colour[:2], y_test=y[:2])
    pictures = read(path)
    assert pictures.size == (2, 3, 3) and len(pictures.test) == 2 and pictures.test.labels.tolist() == [1, 0]


def test_npz_of_other_numbers(tmp_path: Path) -> None:
    def array(x: np.ndarray) -> np.ndarray:
        return np.stack(list(read(saved(tmp_path / "a.npz", x=x, y=LABELS))))[..., 0]

    assert np.array_equal(array(PICTURES.astype(np.int64)), PICTURES)
    assert np.array_equal(array(PICTURES > 7), np.where(PICTURES > 7, 255, 0))


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"x": PICTURES}, "y is missing"),
        ({"a": PICTURES}, "holds a; name the pictures x and the labels y"),
        ({"x": PICTURES, "y": LABELS[:5]}, "x has 6 pictures but y has 5 labels"),
        ({"x": PICTURES / 255, "y": LABELS}, "x holds float64; pictures are whole numbers from 0 to 255"),
        ({"x": PICTURES.astype(int) * 10, "y": LABELS}, "whole numbers from 0 to 255"),
        ({"x": PICTURES.reshape(6, 3, 2, 1)[:, :, :, [0, 0]], "y": LABELS}, "x.transpose(0, 2, 3, 1)"),
        ({"x": PICTURES[0], "y": LABELS}, "pictures are [n, h, w] or [n, h, w, 1 or 3]"),
        ({"x": PICTURES, "y": LABELS / 2}, "y holds float64; labels are whole numbers or text"),
        ({"x": PICTURES[:0], "y": LABELS[:0]}, "holds no picture"),
        ({"x": PICTURES, "y": LABELS * 0}, "one class only (0)"),
        ({"x": PICTURES, "y": np.arange(6)}, "only 1 picture in class 0, 1, 2, 3, 4, 1 more"),
        ({"x": PICTURES, "y": np.array([object()] * 6)}, "Object arrays cannot be loaded"),
    ],
)
def test_wrong_npz(tmp_path: Path, arrays: dict[str, np.ndarray], words: str) -> None:
    assert words in message(saved(tmp_path / "wrong.npz", **arrays))


def test_damaged_npz(tmp_path: Path) -> None:
    whole = saved(tmp_path / "a.npz", x=PICTURES, y=LABELS).read_bytes()
    for damaged in (b"", whole[:100], whole[:200] + b"\xff" * 60 + whole[260:]):
        (tmp_path / "a.npz").write_bytes(damaged)
        assert "cannot be read as .npz" in message(tmp_path / "a.npz")


def test_npz_that_unpacks_to_more_than_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path / "a.npz", x=PICTURES, y=LABELS)
    monkeypatch.setattr("cutaway.pictures.memory.available", lambda: 100)
    assert "unpacks to" in message(path)


def test_digits_are_scikit_learns() -> None:
    theirs = pytest.importorskip("sklearn.datasets").load_digits()
    pictures = read("digits")
    assert len(pictures) == 1797 and pictures.size == (8, 8, 1) and pictures.names[5] == "digits[5]"
    assert np.array_equal(pictures.labels, theirs.target)
    ours = np.stack(list(pictures))[..., 0].astype(float)
    assert np.array_equal(np.rint(ours * 16 / 255), theirs.images)
    assert ours.min() == 0 and ours.max() == 255
