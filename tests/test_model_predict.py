"""What a model says of pictures: guesses, probabilities, errors."""

import math

import numpy as np
import pytest
from PIL import Image

from cutaway.errors import InputError, JobError, ModelError, PictureError, ShapeError
from cutaway.model import Guess, Model
from cutaway.net import parse, start


def model_of(text, classes, **weights):
    """A model whose weights are zero, but for those given: its outputs are known."""
    net = parse(text)
    zeros = {name: np.zeros(p.shape, np.float32) for name, p in net.parameters().items()}
    return Model(
        net, zeros | {name.replace("_", "."): np.asarray(value, np.float32) for name, value in weights.items()}, classes
    )


SUM = "input 1x1x1, flatten, dense 3, softmax"
ONE = np.array([[[1]]], np.uint8)


def test_guesses_are_ranked_and_add_up():
    model = model_of(SUM, ("a", "b", "c"), dense1_bias=[math.log(1), math.log(5), math.log(2)])
    guesses = model.predict(ONE)
    assert [guess.label for guess in guesses] == ["b", "c", "a"]
    assert [guess.prob for guess in guesses] == pytest.approx([5 / 8, 2 / 8, 1 / 8], abs=1e-7)
    assert (guesses.label, guesses.labels, len(guesses)) == ("b", ("b",), 3)
    assert guesses.prob == pytest.approx(5 / 8, abs=1e-7)
    assert guesses[1] == guesses.guesses[1]
    assert guesses[:2] == guesses.guesses[:2]
    assert repr(guesses) == "<the picture: b 62.5%, c 25.0%, a 12.5%>"


def test_equal_probabilities_keep_the_order_of_the_classes():
    assert [g.label for g in model_of(SUM, ("z", "m", "a")).predict(ONE)] == ["z", "m", "a"]


def test_top_says_how_many():
    model = model_of(SUM, ("a", "b", "c"))
    assert len(model.predict(ONE, top=2)) == 2
    assert len(model.predict(ONE, top=99)) == 3
    with pytest.raises(InputError, match="top is 0"):
        model.predict(ONE, top=0)


def test_the_bytes_of_a_file_are_a_picture(tmp_path):
    model = model_of(SUM, ("a", "b", "c"))
    Image.fromarray(ONE[..., 0]).save(tmp_path / "one.png")
    assert model.predict((tmp_path / "one.png").read_bytes()).guesses == model.predict(ONE).guesses
    with pytest.raises(PictureError, match="the picture: not a picture"):
        model.predict(b"no picture")


@pytest.mark.parametrize("given", [5, None, [None], bytearray(b"x")])
def test_what_is_no_picture_at_all(given):
    with pytest.raises(InputError, match="a picture is a file's path, its bytes or a uint8 array; got "):
        model_of(SUM, ("a", "b", "c")).predict(given)


def test_one_sigmoid_is_the_probability_of_the_second_class():
    model = model_of("input 1x1x1, flatten, dense 1, sigmoid", ("not X", "X"), dense1_bias=[math.log(3)])
    assert model.kind == "two"
    assert [(g.label, round(g.prob, 6)) for g in model.predict(ONE)] == [("X", 0.75), ("not X", 0.25)]
    assert model.probabilities(ONE[None]).tolist() == [[0.25, 0.75]]


def test_several_sigmoids_stand_each_by_itself():
    logits = [math.log(3), math.log(9), -math.log(3)]
    model = model_of("input 1x1x1, flatten, dense 3, sigmoid", ("sea", "sky", "dog"), dense1_bias=logits)
    guesses = model.predict(ONE, top=1)
    assert model.kind == "each"
    assert guesses.guesses == (Guess("sky", guesses.prob),)
    assert guesses.prob == pytest.approx(0.9, abs=1e-7)
    assert guesses.labels == ("sky", "sea")  # both above one half, though only one guess was asked for
    nothing = model_of("input 1x1x1, flatten, dense 3, sigmoid", ("a", "b", "c"), dense1_bias=[-1, -2, -3])
    assert nothing.predict(ONE).labels == ()


def test_logarithms_of_probabilities_become_probabilities():
    model = model_of(SUM.replace("softmax", "logsoftmax"), ("a", "b", "c"), dense1_bias=[0, math.log(2), 0])
    assert model.probabilities(ONE[None])[0] == pytest.approx([0.25, 0.5, 0.25], abs=1e-7)


@pytest.mark.parametrize(
    "text, classes",
    [
        ("input 1x1x1, flatten, dense 3, softmax", ("a", "b")),
        ("input 1x1x1, flatten, dense 3, relu", ("a", "b", "c")),
        ("input 1x1x1, flatten, dense 1, sigmoid", ("a", "b", "c")),
        ("input 1x1x1, flatten, dense 1, softmax", ("a", "b")),
        ("input 2x2x1, conv 3 1x1, softmax", ("a", "b", "c")),
    ],
)
def test_outputs_that_are_no_probabilities_of_the_classes_are_refused(text, classes):
    with pytest.raises(ModelError, match="dense classes, softmax"):
        model_of(text, classes)


def test_weights_that_do_not_fit_are_named():
    net = parse("input 5x5x1, conv 2 3x3, flatten, dense 2, softmax")
    weights = start(net)
    wrong = weights | {"dense1.weight": np.zeros((7, 2), np.float32)}
    with pytest.raises(ModelError, match=r"dense1.weight are float32 7x2; the net needs float32 18x2"):
        Model(net, wrong, ("a", "b"))
    with pytest.raises(ModelError, match=r"conv1.bias are float64 2; the net needs float32 2"):
        Model(net, weights | {"conv1.bias": np.zeros(2)}, ("a", "b"))  # type: ignore[arg-type]
    with pytest.raises(ModelError, match=r"conv1.kernel \(3x3x1x2\) are missing"):
        Model(net, {n: w for n, w in weights.items() if n != "conv1.kernel"}, ("a", "b"))
    with pytest.raises(ModelError, match=r"no weights called conv2.kernel"):
        Model(net, weights | {"conv2.kernel": weights["conv1.kernel"]}, ("a", "b"))


# ---- pictures of every kind


@pytest.fixture
def prepared():
    """A net that takes any picture, and tells bright ones from dark ones."""
    text = "input any, grey, resize 2x2 squash, scale, flatten, dense 2, softmax"
    return model_of(text, ("dark", "bright"), dense1_weight=[[-1, 1]] * 4, dense1_bias=[2, -2])


def test_files_arrays_and_lists(prepared, tmp_path):
    Image.new("RGB", (30, 20), "white").save(tmp_path / "white.png")
    Image.new("L", (7, 9), 0).save(tmp_path / "black.png")
    white, black = tmp_path / "white.png", str(tmp_path / "black.png")
    assert prepared.predict(white).label == "bright"
    assert prepared.predict(black).path == black
    assert [g.label for g in prepared.predict([black, white, black], top=1)] == ["dark", "bright", "dark"]
    array = np.full((3, 4, 3), 255, np.uint8)
    assert prepared.predict(array).label == "bright"
    assert prepared.predict(array[..., 0]).label == "bright"  # [h, w]: grey
    assert prepared.predict(array[..., :1]).prob == prepared.predict(white).prob
    assert prepared.predict([]) == []


def test_many_pictures_are_said_in_order(prepared):
    pictures = [np.full((2, 2), level, np.uint8) for level in range(100)]
    together = prepared.predict(pictures)
    assert [dict((g.label, g.prob) for g in one)["bright"] for one in together] == sorted(
        prepared.predict(picture)[1].prob for picture in pictures
    )


def test_unreadable_pictures_are_raised_or_come_in_their_place(prepared, tmp_path):
    good, bad = tmp_path / "good.png", tmp_path / "bad.png"
    Image.new("L", (4, 4), 200).save(good)
    bad.write_bytes(b"")
    with pytest.raises(PictureError, match="empty"):
        prepared.predict(bad)
    with pytest.raises(PictureError, match=r"bad\.png"):
        prepared.predict([good, bad])
    first, second, third = prepared.guesses([good, bad, good])
    assert isinstance(second, PictureError)
    assert first == third


def test_guesses_come_before_all_is_read(prepared):
    def endless():
        while True:
            yield ONE

    assert next(prepared.guesses(endless())).path == "the picture"


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((2, 2)),
        np.zeros((2, 2, 2), np.uint8),
        np.zeros((1, 2, 2, 1), np.uint8),
        np.zeros((0, 3), np.uint8),
    ],
)
def test_arrays_that_are_no_picture_are_refused(prepared, array):
    with pytest.raises(InputError, match="a picture is uint8"):
        prepared.predict(array)


def test_a_picture_that_the_net_cannot_take_is_refused():
    with pytest.raises(ShapeError, match=r"takes pictures of 1x1x1; this one is 2x3x1"):
        model_of(SUM, ("a", "b", "c")).predict(np.zeros((2, 3), np.uint8))


def test_numbers_that_are_not_finite_are_an_error():
    model = model_of(SUM, ("a", "b", "c"), dense1_bias=[0, math.inf, 0])
    with pytest.raises(JobError, match="not a finite number"), np.errstate(invalid="ignore"):
        model.predict(ONE)


def test_prediction_of_one_and_of_many_agree():
    net = parse("input 8x8x1, conv 4 3x3, relu, maxpool 2, flatten, dense 10, softmax")
    model = Model(net, start(net, 3), tuple("0123456789"))
    pictures = np.random.default_rng(0).integers(0, 17, (40, 8, 8, 1), np.uint8)
    together = model.probabilities(pictures)
    alone = np.stack([model.probabilities(picture[None])[0] for picture in pictures])
    assert together == pytest.approx(alone, abs=1e-6)
    assert together.sum(axis=1) == pytest.approx(np.ones(40), abs=1e-6)


def test_the_trace_ends_in_what_is_predicted(prepared):
    picture = np.random.default_rng(1).integers(0, 256, (9, 7, 3), np.uint8)
    trace = prepared.trace(picture)
    assert trace.output.tolist() == pytest.approx(
        [g.prob for g in sorted(prepared.predict(picture), key=lambda g: g.label != "dark")]
    )
    trace.check()
    with pytest.raises(InputError):
        prepared.trace(np.zeros((3, 3)))
