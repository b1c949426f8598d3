"""Data sets of Hugging Face: from a folder, without the network, and what is said before it would be used."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cutaway.errors import DataError, JobError, PictureError
from cutaway.model import Model
from cutaway.model.origin import source_of
from cutaway.net import parse
from cutaway.pictures import Pictures, read
from cutaway.pictures.arrow import Column, Columns
from cutaway.pictures.datasets import read_dataset
from cutaway.pictures.source import Encoded

datasets: Any = pytest.importorskip("datasets", reason="the package datasets is not installed")

CLASSES = ["10", "2", "a"]


@pytest.fixture(autouse=True)
def nothing_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package's own cache, and the network, are left alone."""
    import huggingface_hub

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)


def png(number: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.full((3, 5, 3), number, np.uint8)).save(file, "PNG")
    return file.getvalue()


def table(numbers: range, labels: list[Any] | None = None, kind: Any = None, **more: Any) -> Any:
    """A split whose rows are pictures of these shades, with labels 0, 1, 2, 0, ..."""
    kinds = {"img": datasets.Image(), "label": kind or datasets.ClassLabel(names=CLASSES)}
    rows = {
        "img": [{"bytes": png(number), "path": f"{number}.png"} for number in numbers],
        "label": labels or [number % 3 for number in numbers],
    }
    features = datasets.Features(kinds | {name: datasets.Value("int64") for name in more})
    return datasets.Dataset.from_dict(rows | more, features=features)


def saved(folder: Path, **splits: Any) -> str:
    """Splits in a folder, and the name that they are read by."""
    datasets.disable_progress_bars()
    datasets.DatasetDict(splits).save_to_disk(str(folder))
    return f"hf:{folder}"


def test_splits_and_classes(tmp_path: Path) -> None:
    name = saved(tmp_path / "set", train=table(range(9)), test=table(range(9, 12)), unsupervised=table(range(3)))
    pictures = read(name)
    assert pictures.classes == ("2", "10", "a") and pictures.counts() == {"2": 4, "10": 4, "a": 4}
    assert pictures.given.tolist() == ["train"] * 9 + ["test"] * 3 and pictures.title == name
    assert pictures.labels.tolist() == [1, 0, 2] * 4 and pictures.truths is None
    assert (pictures.names[0], pictures.names[-1]) == (f"{name}[0]", f"{name} test[2]")
    assert [int(picture[0, 0, 0]) for picture in pictures] == list(range(12)) and pictures.size == (3, 5, 3)
    assert [(one.path, one.reason) for one in pictures.ignored] == [
        (f"{name} unsupervised", "a split of 3 rows, not one of train, val, validation, valid, test")
    ]
    assert set(pictures.splits.tolist()) == {"train", "validation", "test"}


def test_it_is_the_same_set_as_its_folders(tmp_path: Path) -> None:
    for number in sorted(range(12), key=lambda number: (["2", "10", "a"].index(CLASSES[number % 3]), number)):
        path = tmp_path / "folders" / CLASSES[number % 3] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(number))
    plain = read(tmp_path / "folders")
    order = [int(Path(one).stem) for one in plain.names]
    rows = table(range(12)).select(order)
    datasets.disable_progress_bars()
    rows.save_to_disk(str(tmp_path / "set"))
    own = read(f"hf:{tmp_path / 'set'}")
    assert own.fingerprint == plain.fingerprint and own.splits.tolist() == plain.splits.tolist()


def test_a_part_reads_its_own_pictures(tmp_path: Path) -> None:
    pictures = read(saved(tmp_path / "set", train=table(range(9)), test=table(range(9, 12))))
    part = pictures.alone([10, 3])
    assert [int(picture[0, 0, 0]) for picture in part] == [10, 3]
    assert np.array_equal(part.source.digests, pictures.source.digests[[10, 3]])
    sources = part.source, pictures.source
    assert all(isinstance(source, Encoded) for source in sources)
    assert part.source.identity(0) == pictures.source.identity(10)  # type: ignore[attr-defined]


def test_pictures_in_files_and_none(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    (tmp_path / "own.png").write_bytes(png(77))
    kind = pyarrow.struct({"bytes": pyarrow.binary(), "path": pyarrow.string()})
    cells = [{"bytes": None, "path": str(tmp_path / name)} for name in ("own.png", "gone.png")] + [None]
    source = Columns([Column("", pyarrow.chunked_array([cells], kind), "1")], "hf:set")
    assert source.picture(0)[0, 0, 0] == 77
    with pytest.raises(PictureError, match=r"^hf:set\[1\]: .*gone\.png: no such file"):
        source.picture(1)
    with pytest.raises(PictureError, match=r"^hf:set\[2\]: the row has no picture"):
        source.picture(2)


def test_rows_without_a_label_are_left_out(tmp_path: Path) -> None:
    name = saved(tmp_path / "set", train=table(range(6)), test=table(range(6, 9), [-1, 0, -1]))
    pictures = read(name)
    assert len(pictures) == 7 and pictures.truths is None and [int(p[0, 0, 0]) for p in pictures.test] == [7]
    assert [one.reason for one in pictures.ignored] == ["2 rows have no label"]


def test_several_classes_a_picture(tmp_path: Path) -> None:
    kind = datasets.Sequence(datasets.ClassLabel(names=CLASSES))
    name = saved(tmp_path / "set", train=table(range(4), [[0, 1], [], [2], [1, 0]], kind))
    pictures = read(name, training=False)
    assert pictures.truths is not None and len(pictures) == 4
    assert pictures.truths.astype(int).tolist() == [[1, 1, 0], [0, 0, 0], [0, 0, 1], [1, 1, 0]]


def test_which_column_is_the_label(tmp_path: Path) -> None:
    def with_names(folder: str, *names: str) -> str:
        rows = table(range(6))
        for name in names:
            rows = rows.add_column(name, [number % 2 for number in range(6)])
            rows = rows.cast_column(name, datasets.ClassLabel(names=["even", "odd"]))
        return saved(tmp_path / folder, train=rows.remove_columns("label"))

    datasets.disable_progress_bars()
    assert read(with_names("one", "fine")).classes == ("even", "odd")
    two = with_names("two", "fine", "coarse")
    assert message(two).endswith(f"has labels in fine, coarse; name one, as {two}#fine")
    assert read(f"{two}#coarse").counts() == {"even": 3, "odd": 3}
    assert message(f"{two}#corse").endswith("has no column corse; did you mean 'coarse'?; it has img, fine, coarse")
    none = with_names("none")
    assert message(none).endswith(f"has no column label or class; it has img; name one, as {none}#COLUMN")


def message(name: str) -> str:
    with pytest.raises(DataError) as caught:
        read(name)
    assert "\n" not in str(caught.value) and str(caught.value).startswith(name)
    return str(caught.value)


def test_the_network_is_not_used_unsaid(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    with pytest.raises(JobError, match=r"cannot fetch hf:no-such-set"):
        read_dataset("hf:no-such-set", 0, lines.append)
    assert lines == []  # off-line it stays
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", False)
    asked: list[tuple[str, str | None, bool]] = []

    def load(name: str, config: str | None) -> dict[str, Any]:
        asked.append((name, config, datasets.config.HF_HUB_OFFLINE))
        if datasets.config.HF_HUB_OFFLINE:
            raise ConnectionError("not in the cache")
        assert lines, "it has to be said first"
        return {"train": table(range(6))}

    monkeypatch.setattr(datasets, "load_dataset", load)
    pictures = read_dataset("hf:ada/pets:small", 0, lines.append)
    assert len(pictures) == 6 and asked == [("ada/pets", "small", True), ("ada/pets", "small", False)]
    assert lines[0].startswith("hf:ada/pets:small: fetching it from huggingface.co to ")


def test_nothing_is_fetched_to_look_at_a_model() -> None:
    net = parse("input any, grey, resize 1x1 squash, flatten, dense 2, softmax")
    weights = {"dense1.weight": np.zeros((1, 2), np.float32), "dense1.bias": np.zeros(2, np.float32)}
    model = Model(net, weights, ("a", "b"), {"data": {"source": "hf:no-such-set"}})
    with pytest.raises(DataError, match="hf:no-such-set is not on this computer; name some pictures"):
        source_of(model)


def test_names_that_are_none() -> None:
    assert "names no data set; write hf:NAME" in message("hf:")


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "datasets", None)
    assert message("hf:cifar10").endswith("which is not installed; pip install 'cutaway[datasets]'")


# ---- the same files without the package


def parquet(path: Path, **columns: Any) -> Path:
    datasets.disable_progress_bars()
    rows = table(range(6), **columns)
    rows.to_parquet(str(path))
    return path


def test_pictures_in_a_parquet_file(tmp_path: Path) -> None:
    path = parquet(tmp_path / "train.parquet", group=[0, 0, 1, 1, 2, 2])
    pictures = read(path)
    assert pictures.classes == ("2", "10", "a") and pictures.labels.tolist() == [1, 0, 2] * 2
    assert pictures.groups is not None and pictures.groups.tolist() == ["0", "0", "1", "1", "2", "2"]
    assert [int(picture[0, 0, 0]) for picture in pictures] == list(range(6)) and pictures.names[5] == f"{path}[5]"
    assert same(pictures, read(path))


def same(one: Pictures, other: Pictures) -> bool:
    return one.fingerprint == other.fingerprint


def test_a_parquet_file_that_does_not_fit_into_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = parquet(tmp_path / "train.parquet")
    monkeypatch.setattr("cutaway.pictures.memory.available", lambda: 1000)
    assert f"may be used; with the package datasets, its folder is read as hf:{tmp_path}" in message(str(path))
