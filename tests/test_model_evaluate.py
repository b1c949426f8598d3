"""The figures of a model on labelled pictures, against numbers worked out by hand."""

import math

import numpy as np
import pytest
from PIL import Image

from cutaway.errors import DataError
from cutaway.model import Model
from cutaway.net import parse
from cutaway.pictures import read

CLASSES = ("dark", "grey", "light")


def by_brightness():
    """Scores of a 1x1 picture x: dark 1 - x, grey 0, light x - 1, for x = 0, 1, 2 (of 255): ties go to `dark`."""
    net = parse("input any, grey, resize 1x1 squash, flatten, dense 3, softmax")
    weights = {"dense1.weight": np.array([[-1, 0, 1]], np.float32), "dense1.bias": np.array([1, 0, -1], np.float32)}
    return Model(net, weights, CLASSES)


@pytest.fixture
def folder(tmp_path):
    """dark: 0 0 2; grey: 2; light: 2 2 0 and one that cannot be read."""
    for name, levels in {"dark": [0, 0, 2], "grey": [2], "light": [2, 2, 0]}.items():
        (tmp_path / name).mkdir()
        for number, level in enumerate(levels):
            Image.new("L", (2, 2), level).save(tmp_path / name / f"{number}.png")
    (tmp_path / "light" / "bad.png").write_bytes(b"nothing")
    return tmp_path


def test_figures_by_hand(folder):
    result = by_brightness().evaluate(read(folder, training=False))
    assert result.confusion.tolist() == [[2, 0, 1], [0, 0, 1], [1, 0, 2]]
    assert (result.count, result.right) == (7, 4)
    assert result.accuracy == pytest.approx(4 / 7)
    dark, grey, light = result.classes
    assert (dark.precision, dark.recall, dark.support) == pytest.approx((2 / 3, 2 / 3, 3))
    assert (grey.precision, grey.recall, grey.support) == (None, 0.0, 1)
    assert (light.precision, light.recall, light.support) == pytest.approx((2 / 4, 2 / 3, 3))
    assert [s.path for s in result.skipped] == [str(folder / "light" / "bad.png")]
    total = math.e + 1 + 1 / math.e
    p = {"best": math.e / total, "middle": 1 / total, "worst": 1 / math.e / total}
    assert result.loss == pytest.approx(
        -(4 * math.log(p["best"]) + math.log(p["middle"]) + 2 * math.log(p["worst"])) / 7, rel=1e-6
    )
    assert str(result) == f"57.14% right (4 of 7 pictures), loss {result.loss:.4f}, 1 could not be read"


def test_classes_are_matched_by_name(folder):
    (folder / "dark" / "0.png").rename(folder / "dark.png")
    for name in ("dark", "grey"):
        for path in (folder / name).iterdir():
            path.unlink()
        (folder / name).rmdir()
    (folder / "dark.png").unlink()
    result = by_brightness().evaluate(read(folder, training=False))  # here `light` is class 0
    assert result.confusion.tolist() == [[0, 0, 0], [0, 0, 0], [1, 0, 2]]
    assert result.classes[0].recall is None


def test_a_class_that_the_model_does_not_know(folder):
    (folder / "light").rename(folder / "lights")
    with pytest.raises(DataError, match="does not know the class 'lights'; did you mean 'light'"):
        by_brightness().evaluate(read(folder, training=False))


def test_pictures_without_classes(folder):
    with pytest.raises(DataError, match="no classes to compare with"):
        by_brightness().evaluate(read(folder / "dark" / "0.png"))
    with pytest.raises(DataError, match="no pictures to judge"):
        by_brightness().evaluate(read(folder, training=False).test)


def test_progress_comes_to_its_end(folder):
    told = []
    by_brightness().evaluate(read(folder, training=False), lambda done, of: told.append((done, of)))
    assert [of for _, of in told] == [16] * len(told)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1] == (16, 16)


def test_each_class_by_itself_has_log_loss(folder):
    net = parse("input any, grey, resize 1x1 squash, flatten, dense 3, sigmoid")
    zeros = {"dense1.weight": np.zeros((1, 3), np.float32), "dense1.bias": np.zeros(3, np.float32)}
    result = Model(net, zeros, CLASSES).evaluate(read(folder, training=False))
    assert result.loss == pytest.approx(3 * math.log(2))


def test_two_classes_from_one_output():
    pictures = read("xs")
    net = parse("input 5x5x1, flatten, dense 1, sigmoid")
    zeros = {"dense1.weight": np.zeros((25, 1), np.float32), "dense1.bias": np.array([1], np.float32)}
    result = Model(net, zeros, ("not X", "X")).evaluate(pictures.test)
    assert result.confusion.tolist() == [[0, 200], [0, 200]]
    p = 1 / (1 + math.exp(-1))
    assert result.loss == pytest.approx(-(math.log(p) + math.log(1 - p)) / 2, rel=1e-6)


@pytest.mark.parametrize(("end", "true", "loss"), [("dense 1, sigmoid", 0, 20.0), ("dense 2, softmax", 0, 40.0)])
def test_the_loss_of_a_probability_that_rounds_to_one(tmp_path, end, true, loss):
    """Sure and wrong: the score says how wrong, where the probability is 1 to the last bit of a float32."""
    net = parse(f"flatten, {end}", input=(1, 1, 1))
    outputs = net.shapes()[net.output.name][0]
    bias = np.array([20.0] if outputs == 1 else [-20.0, 20.0], np.float32)
    model = Model(net, {"dense1.weight": np.zeros((1, outputs), np.float32), "dense1.bias": bias}, ("a", "b"))
    for label in "ab":
        (tmp_path / label).mkdir()
        Image.new("L", (1, 1)).save(tmp_path / label / "1.png")
    result = model.evaluate(read(tmp_path, training=False))
    assert result.accuracy == 0.5
    assert result.loss == pytest.approx(loss / 2, rel=1e-6)
