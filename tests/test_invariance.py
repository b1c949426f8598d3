"""What a model still says of changed pictures."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import cutaway
from cutaway.errors import JobError
from cutaway.model import Model
from cutaway.model.invariance import Curve, axes, changed, has_pooling, invariance, shifts
from cutaway.net import parse, start
from cutaway.views.report import invariance as view
from tests.command import ran, run


@pytest.fixture(scope="module")
def model(digits_run: Path) -> Model:
    return cutaway.load(digits_run)


def noise(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize(("name", "rest"), [(name, rest) for name, _, rest in axes((9, 7))])
def test_at_rest_nothing_changes(name: str, rest: float) -> None:
    pictures = noise((3, 9, 7, 3))
    np.testing.assert_array_equal(changed(pictures, name, rest), pictures)


@pytest.mark.parametrize("side", [8, 9])
def test_a_quarter_turn_is_clockwise_and_exact(side: int) -> None:
    pictures = noise((2, side, side, 1))
    np.testing.assert_array_equal(changed(pictures, "rotation", 90), np.rot90(pictures, -1, axes=(1, 2)))


def test_a_shift_moves_whole_pixels_and_brings_in_the_border() -> None:
    pictures = noise((2, 6, 8, 1))
    pictures[:, 0], pictures[:, -1], pictures[:, :, 0], pictures[:, :, -1] = 40, 40, 40, 40
    moved = changed(pictures, "shift right", 3)
    np.testing.assert_array_equal(moved[:, :, 3:], pictures[:, :, :-3])
    assert (moved[:, :, :3] == 40).all()
    np.testing.assert_array_equal(changed(pictures, "shift down", -2)[:, :-2], pictures[:, 2:])


def test_twice_the_size_and_twice_the_width() -> None:
    """A square of 4 on 16: twice as large it is one of 8; twice as wide, 4 by 8."""
    picture = np.zeros((1, 16, 16, 1), np.uint8)
    picture[0, 6:10, 6:10] = 200
    large, wide = ((changed(picture, name, 2.0)[0, :, :, 0] > 100) for name in ("scale", "squash"))
    assert (large.any(axis=1).sum(), large.any(axis=0).sum()) == (8, 8)
    assert (wide.any(axis=1).sum(), wide.any(axis=0).sum()) == (4, 8)


def test_shifts_are_whole_pixels_up_to_a_third() -> None:
    assert shifts(28) == tuple(range(-9, 10))
    assert shifts(2) == (-1, 0, 1)
    assert max(shifts(224)) <= 75 and len(shifts(224)) <= 23


def test_curves_are_the_models_own_guesses(model: Model) -> None:
    pictures = cutaway.read("digits")
    prepared = np.stack([model.net.preparation(pictures[n]) for n in range(40)])
    true = pictures.labels[:40]
    for curve in invariance(model, prepared, true):
        probs = model.probabilities(changed(prepared, curve.name, curve.values[1]))
        first = model.probabilities(prepared).argmax(axis=1)
        assert curve.same[1] == (probs.argmax(axis=1) == first).mean()
        assert curve.accuracy is not None and curve.accuracy[1] == (probs.argmax(axis=1) == true).mean()
        assert curve.prob[1] == pytest.approx(probs[np.arange(40), first].mean())
        assert curve.same[curve.values.index(curve.rest)] == 1


def test_the_guess_holds_from_where_to_where() -> None:
    same = (1.0, 0.0, 0.95, 1.0, 0.9, 0.89, 1.0)
    curve = Curve("rotation", (-45, -30, -15, 0, 15, 30, 45), 0, same, same)
    assert list(curve.holds) == [-15, 15]
    assert curve.at(-32, 44) == 0.5
    assert view.sentence(curve) == "rotation: 90% of the guesses hold from -15 to 15 degrees, clockwise"
    alone = Curve("scale", (0.5, 1.0, 2.0), 1.0, (0, 1.0, 0), (0, 1.0, 0), None, (3, 4, 3))
    assert view.sentence(alone) == "scale: the guess holds at no other value"


def curves(shift: float, turn: float, size: float) -> list[Curve]:
    """Five curves that are so high beside their middle."""
    return [
        Curve(name, values, rest, tuple(1.0 if value == rest else high for value in values), (1.0,) * len(values))
        for (name, values, rest), high in zip(axes((28, 28)), (turn, shift, shift, size, 1.0), strict=True)
    ]


def test_words_claim_no_more_than_the_numbers_show() -> None:
    said = view.in_words(curves(0.97, 0.31, 0.6), pooled=True)
    assert said[0] == (
        "Moved by 1 or 2 pixels, 97% stay as guessed; turned by 45 degrees, 31%; at 0.7 or 1.4 times the size, 60%."
    )
    assert said[1].endswith("here they are forgiven; turns and sizes it cannot give.")
    assert view.in_words(curves(0.97, 0.31, 0.95), pooled=True)[1].endswith("forgiven; turns it cannot give.")
    assert view.in_words(curves(0.97, 0.31, 0.6), pooled=False)[1] == "This net has no pooling layers."
    assert len(view.in_words(curves(0.97, 0.95, 0.96), pooled=True)) == 1
    assert "yet small shifts cost guesses" in view.in_words(curves(0.5, 0.3, 0.3), pooled=True)[1]


def test_a_small_shift_is_measured_however_large_the_picture() -> None:
    for side in (6, 28, 32, 128, 500):
        assert {-2, -1, 0, 1, 2} <= set(shifts(side))
    high = (0.5, 0.5, 1.0, 0.5, 0.5)
    assert Curve("shift right", (-40, -20, 0, 20, 40), 0, high, high).at(-1, 1) == 0.5, "never the unchanged picture"
    assert view.in_words(tiny(), pooled=True)[0].startswith("Moved by 1 pixel, 100% stay")


def tiny() -> list[Curve]:
    """Five curves of a picture of 5x5."""
    return [
        Curve(name, values, rest, (1.0,) * len(values), (1.0,) * len(values)) for name, values, rest in axes((5, 5))
    ]


def test_colours_come_in_as_the_border_has_them() -> None:
    red = np.full((1, 6, 6, 3), (240, 10, 0), np.uint8)
    np.testing.assert_array_equal(changed(red, "shift right", 2), red)
    np.testing.assert_array_equal(changed(red, "rotation", 45), red)


def test_a_model_whose_outputs_are_not_finite_is_refused() -> None:
    net = parse("input 4x4x1, flatten, dense 2, softmax")
    weights = {name: np.full_like(value, np.nan) for name, value in start(net, 0).items()}
    with pytest.raises(JobError, match="not a finite number"):
        invariance(Model(net, weights, ("a", "b")), noise((2, 4, 4, 1)))


def test_a_net_without_pooling_is_known() -> None:
    net = parse("input 4x4x1, flatten, dense 2, softmax")
    assert not has_pooling(Model(net, start(net, 0), ("a", "b")))


def test_a_net_that_sees_nothing_never_changes_its_mind() -> None:
    net = parse("input 6x5x1, flatten, dense 2, softmax")
    weights = {name: np.zeros_like(value) for name, value in start(net, 0).items()}
    found = invariance(Model(net, weights, ("a", "b")), noise((4, 6, 5, 1)), np.array([0, 1, 0, 1]))
    assert all(set(curve.same) == {1.0} and set(curve.accuracy or ()) == {0.5} for curve in found)


# --- the command -----------------------------------------------------------------------------------------


def test_one_picture(digits_run: Path, model: Model) -> None:
    said = ran("invariance", digits_run, "digits[17]")
    assert said.startswith(f"digits[17]: {model.predict(cutaway.read('digits')[17]).label} ")
    for name in ("rotation", "shift right", "shift down", "scale", "squash"):
        assert f"\n{name}: the guess holds " in said
    assert max(map(len, said.splitlines())) <= 80


def test_a_set_and_its_page(digits_run: Path, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    said = ran("invariance", digits_run, "digits", "-o", file)
    assert said.startswith("200 of the 377 validation pictures of digits, 9")
    assert "\nMoved by 1 or 2 pixels, " in said
    assert max(map(len, said.splitlines()[:-1])) <= 80  # the last names the file
    text = file.read_text()
    assert text.count("<svg") == 5 and text.count("<table") == 5
    assert "http" not in text.replace("http-equiv", "").replace("http://www.w3.org", "")
    ran("invariance", digits_run, "digits", "-o", file)
    assert file.read_text() == text, "the same numbers make the same page"


def test_json_and_drawings(digits_run: Path, tmp_path: Path) -> None:
    told = json.loads(ran("invariance", digits_run, "digits[3]", "--json", "-o", tmp_path / "d.svg"))
    assert [one["name"] for one in told["changes"]] == ["rotation", "shift right", "shift down", "scale", "squash"]
    assert (told["run"], told["count"], told["skipped"]) == (str(digits_run), 1, [])
    assert told["changes"][0]["guesses"][12] == "3" and told["changes"][0]["same"][12] == 1
    assert ElementTree.parse(tmp_path / "d.svg").getroot().tag.endswith("svg")
    ran("invariance", digits_run, "digits[3]", "-o", tmp_path / "d.png")
    assert (tmp_path / "d.png").read_bytes().startswith(b"\x89PNG")


def test_errors_say_what_would_work(digits_run: Path, tmp_path: Path) -> None:
    def error(*line: object) -> str:
        done = run("invariance", digits_run, *line)
        assert done.exit_code == 2
        return done.stderr

    assert "write the diagrams to page.html, or a drawing to .svg or .png" in error("digits", "-o", "page.txt")
    (tmp_path / "bad.png").write_bytes(b"no picture")
    assert "bad.png" in error(tmp_path / "bad.png")
    assert "is left as it is" in error(tmp_path / "bad.png", "-o", tmp_path / "bad.png")
    assert "does not know the class" in error("xs")
