"""`cutaway evaluate`: which pictures it judges by, and what it says of them."""

import json
import re

import numpy as np
import pytest
from PIL import Image

from cutaway.model import load
from tests.command import ran, run

FAST = ["--net", "flatten, dense classes, softmax", "--epochs", "3"]


def make(folder, count, first=0):
    """Dark cats and bright dogs."""
    for label, level in (("cat", 0), ("dog", 128)):
        (folder / label).mkdir(parents=True, exist_ok=True)
        for one in range(first, first + count):
            Image.fromarray(np.full((6, 6, 3), level + one, np.uint8)).save(folder / label / f"{one}.png")
    return folder


@pytest.fixture
def pets(tmp_path, monkeypatch):
    """A folder of pictures, and a run trained on it."""
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "pets", 20)
    ran("train", "pets", *FAST, "--seed", 5)
    return tmp_path / "pets"


def judged(*line):
    return json.loads(ran("evaluate", *line, "--json"))


def test_the_validation_pictures_of_what_it_was_trained_on(pets):
    result = judged("runs/pets-1", "pets/")
    held_out = load("runs/pets-1").facts["validation"]
    assert result["part"] == "validation"
    assert result["count"] == held_out["count"] < 40
    assert result["accuracy"] == pytest.approx(held_out["accuracy"])
    # one takes the logarithm of a float32 probability, the other goes by the scores before it
    assert result["loss"] == pytest.approx(held_out["loss"], rel=1e-5, abs=1e-7)
    assert "the validation pictures; it was trained on the others" in ran("evaluate", "runs/pets-1", "pets")


def test_all_pictures_of_another_folder(pets, tmp_path):
    make(tmp_path / "more", 7, first=50)
    result = judged("runs/pets-1", "more")
    assert (result["part"], result["count"]) == ("all", 14)
    assert "more: all pictures\n" in ran("evaluate", "runs/pets-1", "more")


def test_a_folder_that_changed_since(pets):
    make(pets, 1, first=60)
    said = ran("evaluate", "runs/pets-1", "pets")
    assert "all pictures, which changed since training: some it has seen" in said
    assert "of 42 pictures" in said


def test_the_test_pictures_where_there_are_any(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "pets" / "train", 10)
    make(tmp_path / "pets" / "test", 4, first=30)
    ran("train", "pets", *FAST)
    result = judged("runs/pets-1", "pets")
    assert (result["part"], result["count"]) == ("test", 8)
    assert result["accuracy"] == load("runs/pets-1").facts["test"]["accuracy"]
    assert "pets: the test pictures, which training never saw\n" in ran("evaluate", "runs/pets-1", "pets")


def test_the_test_pictures_of_another_folder_may_have_been_seen(pets, tmp_path):
    make(tmp_path / "other" / "train", 2)
    make(tmp_path / "other" / "test", 2)
    assert "other: the test pictures\n" in ran("evaluate", "runs/pets-1", "other")


def test_names_in_errors_stay_on_their_line(pets, tmp_path):
    make(tmp_path / "odd", 2)
    (tmp_path / "odd" / "cat").rename(tmp_path / "odd" / "c\n\x1b[31m")
    assert run("evaluate", "runs/pets-1", "odd").stderr.count("\n") == 1
    said = run("evaluate", "runs/no\n\x1b[31m", "odd").stderr
    assert said.startswith(r"cutaway: runs/no\n\u001b[31m: no such model folder") and said.count("\n") == 1


def test_figures(pets, tmp_path):
    """Three dogs among the cats."""
    strays = make(tmp_path / "strays", 6, first=40)
    for one in range(40, 43):
        (strays / "dog" / f"{one}.png").rename(strays / "cat" / f"dog{one}.png")
    (strays / "dog" / "bad.png").write_bytes(b"")
    ran("train", "pets", *FAST, "--epochs", 30, "-o", "good")
    result = judged("good", "strays")
    assert result["confusion"] == [[6, 3], [0, 3]]
    assert result["accuracy"] == 0.75
    assert result["classes"] == [
        {"label": "cat", "precision": 1.0, "recall": pytest.approx(2 / 3), "support": 9},
        {"label": "dog", "precision": 0.5, "recall": 1.0, "support": 3},
    ]
    assert [skipped["path"] for skipped in result["skipped"]] == ["strays/dog/bad.png"]
    said = ran("evaluate", "good", "strays")
    assert "75.00% right (9 of 12 pictures)" in said
    assert "1 could not be read" in said
    assert re.search(r"^cat +9 +66\.7% +100\.0%$", said, re.M)
    assert "\n\nmost often confused:\ncat taken for dog  3\n\nwhat it says of each picture: good/pred" in said
    assert "confused" not in ran("evaluate", "good", "pets")


def test_one_class_alone_can_be_judged(pets, tmp_path):
    cats = make(tmp_path / "cats", 3)
    for path in (cats / "dog").iterdir():
        path.unlink()
    (cats / "dog").rmdir()
    result = judged("runs/pets-1", "cats")
    assert result["count"] == 3
    assert result["classes"][1]["recall"] is None
    assert re.search(r"^dog +0 +- +", ran("evaluate", "runs/pets-1", "cats"), re.M)


def test_classes_that_it_does_not_know(pets, tmp_path):
    make(tmp_path / "zoo", 2)
    (tmp_path / "zoo" / "cat").rename(tmp_path / "zoo" / "cats")
    result = run("evaluate", "runs/pets-1", "zoo")
    assert (
        result.stderr
        == "cutaway: zoo: the model does not know the class 'cats'; did you mean 'cat'?; it knows cat, dog\n"
    )
    assert result.exit_code == 2
