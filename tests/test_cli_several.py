"""`train`, `evaluate`, `predict` and `report` where a picture may be of several classes; and from an archive."""

import itertools
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.command import ran
from tests.command import run as started

NET = "flatten, dense classes, sigmoid"


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """80 pictures whose left half is light where they are `left`, and whose right half where they are `right`."""
    folder = tmp_path_factory.mktemp("halves")
    rows = ["path,label"]
    for number, (left, right) in zip(range(80), itertools.cycle(itertools.product((0, 1), repeat=2)), strict=False):
        pixels = np.repeat([[left * 200 + number % 40, right * 200 + number % 50]], 2, axis=0).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
        rows.append(f"{number}.png,{'|'.join(itertools.compress(('left', 'right'), (left, right)))}")
    (folder / "labels.csv").write_text("\n".join(rows))
    return folder / "labels.csv"


@pytest.fixture(scope="module")
def run(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "halves-1"
    ran("train", table, "--label-delim", "|", "--net", NET, "--epochs", 8, "--rate", 0.1, "-o", folder)
    return folder


def test_evaluate(run: Path, table: Path) -> None:
    said = ran("evaluate", run, table)
    assert "every class right in 100.00%" in said and "average precision" in said
    told = json.loads(ran("evaluate", run, table, "--json"))
    assert [one["label"] for one in told["classes"]] == ["left", "right"] and told["macro"]["f1"] == 1


def test_predict(run: Path, table: Path) -> None:
    names = [str(table.parent / f"{number}.png") for number in range(4)]
    told = [json.loads(line) for line in ran("predict", run, *names, "--json").splitlines()]
    assert [set(one["labels"]) for one in told] == [set(), {"right"}, {"left"}, {"left", "right"}]
    lines = ran("predict", run, *names).splitlines()
    assert [line.count("+") for line in lines] == [0, 1, 1, 2]


def test_report(run: Path, table: Path) -> None:
    ran("report", run)
    assert "Class by class" in (run / "report.html").read_text()
    ran("report", run, table)
    assert "average precision" in (run / "report.html").read_text()


def test_from_a_zip(tmp_path: Path, table: Path) -> None:
    for number in range(20):
        place = tmp_path / "pets" / ("light" if number % 4 else "dark")
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy(table.parent / f"{number}.png", place)
    shutil.make_archive(str(tmp_path / "pets"), "zip", tmp_path / "pets")
    said = ran(
        "train",
        tmp_path / "pets.zip",
        "--net",
        "flatten, dense classes, softmax",
        "-o",
        tmp_path / "run",
        "--epochs",
        1,
    )
    assert "20 pictures of 2 classes" in said
    assert "all pictures" not in ran("evaluate", tmp_path / "run", tmp_path / "pets.zip")


def test_a_delimiter_goes_with_a_table(tmp_path: Path) -> None:
    done = started("train", "digits", "--label-delim", "|", "-o", tmp_path / "run")
    assert done.exit_code == 2 and "label_delim='|' goes with a table" in done.output
