"""What a model says of every picture, in order, and the table that it is written as."""

import os

import numpy as np
import pytest
from PIL import Image

from cutaway import cells
from cutaway.errors import DataError
from cutaway.model import Model, Predictions, tables
from cutaway.net import parse
from cutaway.pictures import read

CLASSES = ("dark", "light")


def by_brightness():
    """Scores of a 1x1 picture x: dark 1 - x, light x - 1."""
    net = parse("input any, grey, resize 1x1 squash, flatten, dense 2, softmax")
    weights = {"dense1.weight": np.array([[-1, 1]], np.float32), "dense1.bias": np.array([1, -1], np.float32)}
    return Model(net, weights, CLASSES)


@pytest.fixture
def folder(tmp_path):
    """dark: 0, one that cannot be read, 2; light: 2."""
    for name, levels in {"dark": {"1": 0, "3": 2}, "light": {"1": 2}}.items():
        (tmp_path / name).mkdir()
        for number, level in levels.items():
            Image.new("L", (2, 2), level).save(tmp_path / name / f"{number}.png")
    (tmp_path / "dark" / "2.png").write_bytes(b"")
    return tmp_path


def said(names=("a", "b", "c"), classes=CLASSES, reasons=("", "the file is empty", "")):
    probs = np.array([[0.9, 0.1], [np.nan, np.nan], [0.30000001, 0.7]], np.float32)
    return Predictions(classes, names, np.array([0, 1, 0]), probs, np.array([0.105, np.nan, 1.204]), reasons)


def same(one, other):
    assert (one.classes, one.names, one.reasons) == (other.classes, other.names, other.reasons)
    np.testing.assert_array_equal(one.true, other.true)
    np.testing.assert_array_equal(one.probs, other.probs)
    np.testing.assert_array_equal(one.losses, other.losses)


def there_and_back(predictions, path):
    tables.write(predictions, path)
    same(tables.read(path), predictions)
    return path.read_bytes()


# ---- what is said


def test_a_picture_that_cannot_be_read_has_its_row_and_shifts_none(folder):
    result = by_brightness().predictions(read(folder, training=False))
    assert [os.path.basename(name) for name in result.names] == ["1.png", "2.png", "3.png", "1.png"]  # noqa: PTH119
    assert result.read.tolist() == [True, False, True, True]
    assert result.guessed.tolist() == [0, -1, 1, 1]
    assert result.true.tolist() == [0, 0, 0, 1]
    assert result.right.tolist() == [True, False, False, True]
    assert "empty" in result.reasons[1]
    assert np.isnan(result.probs[1]).all() and np.isnan(result.losses[1])
    assert not np.isnan(result.probs[[0, 2, 3]]).any()
    assert result.sure[0] == pytest.approx(1 / (1 + np.exp(-2)))
    assert result.losses[2] == pytest.approx(-np.log(1 - result.sure[2]), rel=1e-5)


def test_figures_are_those_of_evaluate(folder):
    model, pictures = by_brightness(), read(folder, training=False)
    said, result = model.predictions(pictures), model.evaluate(pictures)
    figures = said.figures()
    assert (figures.right, figures.count) == (result.right, result.count) == (2, 3)
    assert figures.loss == result.loss == np.nanmean(said.losses)
    assert [one.path for one in figures.skipped] == [said.names[1]]


def test_pictures_that_were_read_already_are_not_read_again(folder):
    model, pictures = by_brightness(), read(folder, training=False)
    prepared, told = pictures.prepared(model.net.preparation), []
    first = model.predictions(pictures)
    for path in folder.rglob("*.png"):
        path.unlink()
    same(model.predictions(pictures, lambda done, of: told.append((done, of)), prepared), first)
    assert told[-1] == (8, 8)


def test_some_of_them_in_another_order():
    some = said()[[2, 0]]
    assert (some.names, some.true.tolist(), some.reasons) == (("c", "a"), [0, 0], ("", ""))
    assert some.guessed.tolist() == [1, 0]


# ---- the table


def test_a_row_for_each_picture(tmp_path):
    written = there_and_back(said(), tmp_path / "p.csv").decode().splitlines()
    assert written == [
        "path,status,true,guess,prob,loss,p: dark,p: light",
        "a,ok,dark,dark,0.9,0.105,0.9,0.1",
        "b,unreadable: the file is empty,light,,,,,",
        "c,ok,dark,light,0.7,1.204,0.3,0.7",
    ]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-x", "@x", "\tx", "\rx", "\nx", "'quoted", "''=", "a=1", "a'b"])
def test_what_a_spreadsheet_would_run_is_guarded_and_read_back(name, tmp_path):
    written = there_and_back(said((name, "b", "c"), (name, "light")), tmp_path / "p.csv").decode()
    for line in (f"\n{cells.guarded(name)}", f'\n"{cells.guarded(name)}"'):
        if line in written:
            break
    else:
        raise AssertionError(written)
    assert cells.guarded(name).startswith(("'", "a"))
    assert cells.unguarded(cells.guarded(name)) == name


@pytest.mark.parametrize(
    "name",
    ["a,b", 'a "b"', "two\nlines", "a\rb", "日本", "\udcff", "x\udce9\udcff", "\x00", "p: dark", "path", "ok", " x "],
)
def test_names_that_are_hard_to_write_come_back(name, tmp_path):
    there_and_back(said((name, "b", "c"), ("dark", name)), tmp_path / "p.csv")


def test_what_cannot_be_bytes_of_a_name_is_written_all_the_same(tmp_path):
    tables.write(said(("\ud800", "b", "c")), tmp_path / "p.csv")
    assert tables.read(tmp_path / "p.csv").names[0] == r"\ud800"


def test_a_table_of_another_program(tmp_path):
    path = tmp_path / "p.csv"
    path.write_bytes("\ufefffile,label,cat,dog\r\n1.jpg,dog,0.25,0.75\r\n\r\n2.jpg,dog,1,0\r\n".encode())
    found = tables.read(path)
    assert (found.classes, found.names, found.guessed.tolist()) == (("cat", "dog"), ("1.jpg", "2.jpg"), [1, 0])
    assert found.losses[0] == pytest.approx(-np.log(0.75))
    assert np.isfinite(found.losses[1])


@pytest.mark.parametrize(
    "content, wrong",
    [
        (b"", "is empty"),
        (b"cat,dog\n1,0\n", "has no column 'path'"),
        (b"path,true,cat\na,cat,1\n", "has 1 columns of probabilities; it needs one for each class"),
        (b"path,true,cat,dog\na,cat,1,0\nb,cow,1,0\n", "row 3: 'cow' is none of the classes cat, dog"),
        (b"path,true,cat,dog\na,cat,1\n", "row 2 has 3 cells; the first row has 4"),
        (b"path,true,cat,dog\na,cat,1,x\n", "row 2: 'x' is not a probability"),
        (b"path,true,cat,dog\na,cat,1,1.5\n", "row 2: 1.5 is not a probability"),
        (b"path,true,cat,dog\na,cat,1,nan\n", "row 2: nan is not a probability"),
        (b"path,true,loss,cat,dog\na,cat,x,1,0\n", "row 2: 'x' is not a loss"),
        (b"path,true,cat,dog\n\xe9,cat,1,0\n", "is not UTF-8 text"),
        (b'path,true,cat,dog\n"a,cat,1,0\n', "is not CSV"),
    ],
)
def test_what_is_wrong_is_said_with_the_row(content, wrong, tmp_path):
    (tmp_path / "p.csv").write_bytes(content)
    with pytest.raises(DataError, match=wrong) as caught:
        tables.read(tmp_path / "p.csv")
    assert "\n" not in str(caught.value)


def test_no_table():
    with pytest.raises(DataError, match=r"cannot read no/such\.csv: No such file"):
        tables.read("no/such.csv")
