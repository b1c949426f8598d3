"""Pictures of several classes: trained on, judged class by class, and guessed, against numbers worked out by hand."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import cutaway as cw
from cutaway.errors import DataError, InputError
from cutaway.model import Model, several
from cutaway.model.calibration import temperature
from cutaway.model.origin import source_of
from cutaway.net import parse
from cutaway.pictures import Pictures, read
from cutaway.training.loop import order_of
from cutaway.training.measure import count_right, targets

COLOURS = ("red", "green", "blue")


def by_brightness(**facts: object) -> Model:
    """Scores of a 1x1 picture x = 0, 1, 2 (of 255): dark 1 - x, light x - 1; above one half where they are above 0."""
    net = parse("input any, grey, resize 1x1 squash, flatten, dense 2, sigmoid")
    weights = {"dense1.weight": np.array([[-1, 1]], np.float32), "dense1.bias": np.array([1, -1], np.float32)}
    return Model(net, weights, ("dark", "light"), facts)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """0: dark; 1: both; 2: light; 2: none; 0: light; and one that cannot be read."""
    for number, level in enumerate((0, 1, 2, 2, 0)):
        Image.new("L", (2, 2), level).save(tmp_path / f"{number}.png")
    (tmp_path / "5.png").write_bytes(b"nothing")
    path = tmp_path / "labels.csv"
    path.write_text("path,label\n0.png,dark\n1.png,light|dark\n2.png,light\n3.png,\n5.png,dark\n4.png,light\n")
    return path


@pytest.fixture(scope="module")
def squares(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of 300 pictures with squares in up to three colours: what is in a picture are its classes."""
    folder = tmp_path_factory.mktemp("squares")
    random, rows = np.random.default_rng(0), ["path,label,split"]
    for number in range(300):
        pixels = random.integers(0, 60, (12, 12, 3), np.uint8)
        there = random.random(3) < 0.4
        for channel in np.flatnonzero(there):
            y, x = random.integers(0, 7, 2)
            pixels[y : y + 5, x : x + 5, channel] = 255
        Image.fromarray(pixels).save(folder / f"{number}.png")
        names = "|".join(itertools.compress(COLOURS, there))
        rows.append(f"{number}.png,{names},{'test' if number >= 250 else ''}")
    (folder / "labels.csv").write_text("\n".join(rows))
    return folder / "labels.csv"


@pytest.fixture(scope="module")
def run(squares: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of a net that learned them."""
    folder = tmp_path_factory.mktemp("runs") / "squares-1"
    net = "conv 8 3x3 same, relu, maxpool 2, flatten, dense classes, sigmoid"
    cw.train(colours(squares), net, folder=folder, epochs=12, rate=0.03)
    return folder


def colours(squares: Path) -> Pictures:
    return read(squares, label_delim="|")


# ---- figures


def test_figures_by_hand(table: Path) -> None:
    pictures = read(table, training=False, label_delim="|")
    result = by_brightness().evaluate(pictures)
    assert isinstance(result, several.SeveralEvaluation)
    assert (result.count, result.right, result.accuracy) == (5, 2, 2 / 5)  # the first and the third
    dark, light = result.classes
    # dark is marked of the two pictures at 0, of which one is; light of the two at 2, of which one is
    assert (dark.precision, dark.recall, dark.f1, dark.support, dark.marked, dark.right) == (
        1 / 2,
        1 / 2,
        1 / 2,
        2,
        2,
        1,
    )
    assert (light.precision, light.recall, light.support, light.marked, light.right) == (1 / 2, 1 / 3, 3, 2, 1)
    assert light.f1 == 2 / 5 and result.macro("recall") == pytest.approx(5 / 12)
    # dark from the darkest: 1 of 2, then 2 of 3; light from the lightest: 1 of 2, 2 of 3, 3 of 5
    assert dark.average_precision == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert light.average_precision == pytest.approx((1 / 2 + 2 / 3 + 3 / 5) / 3)
    assert [Path(one.path).name for one in result.skipped] == ["5.png"]
    # scores (1, -1) for 0, (0, 0) for 1, (-1, 1) for 2; right ones cost log(1 + 1/e), wrong ones 1 more
    right, even = np.log1p(np.exp(-1)), np.log(2)
    assert result.loss == pytest.approx((2 * right + 2 * even + 2 * right + (2 * right + 1) + (2 * right + 2)) / 5)
    assert str(result).startswith("every class right in 40.00% (2 of 5 pictures), loss ")
    assert str(result).endswith("F1 45.0%, average precision 58.6%, 1 could not be read")


def test_thresholds_of_its_own(table: Path) -> None:
    pictures = read(table, training=False, label_delim="|")
    model = by_brightness(thresholds={"light": 0.4})
    assert model.thresholds.tolist() == [0.5, 0.4]
    assert model.predict(table.parent / "1.png").labels == ("light",)
    none = by_brightness().predict(table.parent / "1.png")
    assert none.labels == () and none.several and len(none) == 2
    assert [one.marked for one in several_of(model, pictures).classes] == [2, 3]


def several_of(model: Model, pictures: Pictures) -> several.SeveralEvaluation:
    result = model.evaluate(pictures)
    assert isinstance(result, several.SeveralEvaluation)
    return result


def test_classes_are_matched_by_name(table: Path) -> None:
    plain = several_of(by_brightness(), read(table, training=False, label_delim="|"))
    table.write_text(table.read_text().replace("dark", "unlight"))
    net = by_brightness()
    other = Model(net.net, net.weights, ("unlight", "light"))
    again = several_of(other, read(table, training=False, label_delim="|"))
    assert [one.right for one in again.classes] == [one.right for one in plain.classes]
    with pytest.raises(DataError, match="does not know the class 'unlight'"):
        net.evaluate(read(table, training=False, label_delim="|"))


def test_the_best_threshold_is_the_best_of_all() -> None:
    random = np.random.default_rng(0)
    for _ in range(200):
        probs = random.integers(0, 9, 12).astype(np.float32) / 8
        truth = random.random(12) < 0.4
        chosen = several.threshold(probs, truth)
        marks = {level: several.label_figures("x", probs, truth, level) for level in np.arange(-1, 18) / 16}
        best = max(one.f1 or 0 for level, one in marks.items() if level >= 0)
        assert several.label_figures("x", probs, truth, chosen).f1 == pytest.approx(
            best if truth.any() else 0, abs=1e-9
        )
    assert several.threshold(np.array([0.9, 0.8]), np.array([False, False])) == 0.5
    assert several.threshold(np.array([0.9, 0.3]), np.array([True, False])) == 0.5  # any from 0.3 to 0.9 is as good
    assert several.threshold(np.array([0.0, 0.0]), np.array([True, False])) == 0.5
    assert several.threshold(np.array([0.9, 0.3, 0.1]), np.array([True, True, False])) == pytest.approx(0.2)


def test_average_precision_is_that_of_its_definition() -> None:
    random = np.random.default_rng(1)
    for _ in range(50):
        probs, truth = random.random(20), random.random(20) < 0.3
        order = np.argsort(-probs)
        found = [truth[order[: n + 1]].mean() for n in range(20) if truth[order[n]]]
        expected = np.mean(found) if found else None
        assert several.average_precision(probs, truth) == (expected if expected is None else pytest.approx(expected))
    assert several.average_precision(np.array([0.5, 0.5]), np.array([True, False])) == 0.5  # ties count together


def test_the_temperature_of_one_class_each_is_the_same_said_both_ways() -> None:
    random = np.random.default_rng(2)
    probs, true = random.random((50, 3)), random.integers(0, 3, 50)
    assert temperature(probs, np.eye(3)[true] > 0, "each") == temperature(probs, true, "each")


# ---- training


def test_targets_and_what_is_right() -> None:
    truths = np.array([[True, False, True], [False, False, False]])
    assert targets(truths, 3).tolist() == [[1, 0, 1], [0, 0, 0]]
    assert targets(truths, 3, 0.5).tolist() == [[0.75, 0.25, 0.75], [0.25, 0.25, 0.25]]
    outputs = np.array([[0.9, 0.4, 0.6], [0.1, 0.4, 0.1]])
    assert count_right(outputs, targets(truths, 3, 0.1), several=True) == 2
    outputs = np.array([[0.9, 0.6, 0.6], [0.6, 0.4, 0.1]])
    assert count_right(outputs, targets(truths, 3, 0.1), several=True) == 0


def test_what_was_learned(run: Path, squares: Path) -> None:
    model, pictures = cw.load(run), colours(squares)
    assert model.kind == "each" and model.classes == ("blue", "green", "red")
    result = several_of(model, pictures.test)
    assert result.count == 50 and result.accuracy > 0.7 and (result.macro("average_precision") or 0) > 0.95
    told = model.facts[several.FACT]
    assert told["part"] == "test" and told["accuracy"] == result.accuracy == model.facts["test"]["accuracy"]
    assert several.from_facts(told) == result.classes
    chosen = model.marks(pictures.validation).best()
    assert model.facts[several.THRESHOLDS] == dict(zip(model.classes, chosen.tolist(), strict=True))
    assert model.facts["validation"]["accuracy"] == several_of(model, pictures.validation).accuracy
    assert json.loads((run / "config.json").read_text())


def test_what_is_said_of_each_picture(run: Path, squares: Path) -> None:
    model, pictures = cw.load(run), colours(squares)
    lines = (run / "predictions.csv").read_text().splitlines()
    assert lines[0] == "path,status,true,guess,loss,p: blue,p: green,p: red" and len(lines) == 51
    for line, name in zip(lines[1:6], pictures.test.names, strict=False):
        path, status, true, guess, *_ = line.split(",")
        place = pictures.names.index(path)
        assert pictures.truths is not None
        assert (path, status) == (name, "ok")
        assert true == "|".join(itertools.compress(model.classes, pictures.truths[place]))
        assert set(guess.split("|")) - {""} == set(model.predict(path).labels)


def test_the_report_and_the_card_tell_each_class(run: Path) -> None:
    page, card = (run / "report.html").read_text(), (run / "README.md").read_text()
    assert "average precision" in page and "A picture may be of several classes" in page
    one = several.from_facts(cw.load(run).facts[several.FACT])[0]
    assert f"<td>{one.threshold:.3f}</td>" in page and f"| {one.threshold:.3f} |" in card


def test_its_pictures_are_found_again(run: Path, squares: Path) -> None:
    again = source_of(cw.load(run))
    assert again.truths is not None and again.fingerprint == colours(squares).fingerprint


def test_a_net_of_the_zoo_ends_in_sigmoid_and_one_of_your_own_has_to(squares: Path) -> None:
    epoch = next(iter(cw.training(colours(squares), "lenet5", epochs=1)))
    assert str(epoch.model.net).endswith("dense 3, sigmoid")
    with pytest.raises(InputError, match="end the net with 'dense classes, sigmoid'"):
        cw.training(colours(squares), "flatten, dense classes, softmax", epochs=1)


def test_without_a_folder_the_thresholds_are_chosen_too(squares: Path) -> None:
    model = cw.train(colours(squares), "flatten, dense classes, sigmoid", epochs=1)
    assert set(model.facts[several.THRESHOLDS]) == set(COLOURS) and model.facts["test"]["count"] == 50


def test_two_kinds_of_pictures_and_models_do_not_mix(table: Path) -> None:
    pictures = read(table, training=False, label_delim="|")
    with pytest.raises(DataError, match="a picture may be of several classes; use `marks`"):
        by_brightness().predictions(pictures)
    one = parse("input any, grey, resize 1x1 squash, flatten, dense 2, softmax")
    with pytest.raises(DataError, match="the model says one; train one with --label-delim"):
        Model(one, by_brightness().weights, ("dark", "light")).evaluate(pictures)


def test_prepared_pictures_have_their_truths(table: Path) -> None:
    pictures = read(table, training=False, label_delim="|")
    ready = pictures.prepared(lambda picture: picture)
    assert ready.truths is not None and pictures.truths is not None
    assert len(ready) == 5 and np.array_equal(ready.truths, pictures.truths[[0, 1, 2, 3, 5]])


# ---- weights


def test_a_weight_says_how_often_a_picture_is_seen(tmp_path: Path) -> None:
    weights = [0, 1, 1, 2.5, 0.5, 1, 3, 1]
    for number in range(8):
        Image.new("L", (2, 2), number).save(tmp_path / f"{number}.png")
    rows = [f"{number}.png,{'ab'[number % 2]},{weight},train" for number, weight in enumerate(weights)]
    (tmp_path / "labels.csv").write_text("\n".join(["path,label,weight,split", *rows]))
    pictures = read(tmp_path / "labels.csv", training=False).prepared(lambda picture: picture)
    orders = np.stack([order_of(pictures, 0, epoch) for epoch in range(400)])
    seen = np.stack([np.bincount(order, minlength=8) for order in orders])
    share = np.array(weights) * 8 / sum(weights)
    assert ((np.floor(share) <= seen) & (seen <= np.ceil(share))).all()
    assert np.abs(seen.mean(axis=0) - share).max() < 0.1
    assert np.array_equal(orders[7], order_of(pictures, 0, 7)) and not np.array_equal(orders[7], orders[8])


def test_without_weights_each_picture_is_seen_once() -> None:
    pictures = read("digits").validation.prepared(lambda picture: picture)
    assert np.array_equal(order_of(pictures, 3, 2), np.random.default_rng([3, 2]).permutation(len(pictures)))


def test_weights_that_are_all_nothing(tmp_path: Path) -> None:
    Image.new("L", (2, 2)).save(tmp_path / "0.png")
    (tmp_path / "labels.csv").write_text("path,label,weight\n0.png,a,0\n1.png,a,0\n2.png,b,0\n3.png,b,0\n")
    with pytest.raises(DataError, match="the weights of all pictures to train on are 0"):
        read(tmp_path / "labels.csv")
