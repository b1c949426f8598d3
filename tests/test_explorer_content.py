"""What a page is given: the net, its weights, pictures, ranges; and what is too large for it."""

import base64
import json
from importlib import import_module

import numpy as np
import pytest
from PIL import Image

import cutaway as cw
from cutaway.errors import InputError
from cutaway.model import Model, epochs
from cutaway.net import parse, start
from cutaway.pictures.choice import evenly, in_turn
from cutaway.trace import record
from cutaway.views.explorer import at_hand, lab, packing
from cutaway.views.explorer.at_hand import Shown, kept_back, of_training
from cutaway.views.explorer.content import content, end, ranges
from cutaway.views.explorer.subject import of_model, of_trace
from tests.explorer import content_in, pixels_of, trained, untrained


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("runs") / "digits-1")


@pytest.fixture(scope="module")
def made(run):
    model = cw.load(run)
    return content(of_model(model, run), of_training(model)[0], served=True)


def random_pictures(shape, count=3):
    pixels = np.random.default_rng(0).integers(0, 256, (count, *shape), dtype=np.uint8)
    return [Shown(f"picture {number}", one) for number, one in enumerate(pixels)]


def test_the_facts(made, run):
    assert made["format"] == 1
    assert made["title"] == "digits-1"
    assert made["about"] == [
        f"{cw.load(run).facts['validation']['accuracy']:.1%} of 377 validation pictures right",
        "410 parameters",
    ]
    assert (made["kind"], made["classes"]) == ("one", list("0123456789"))
    assert made["input"] == [0, 0, 0]
    assert (made["loss"], made["ink"], made["remote"], made["served"]) == ("cross-entropy", True, False, True)
    assert json.loads(json.dumps(made, allow_nan=False)) == made


def test_the_layers(made):
    assert [layer["name"] for layer in made["layers"]][-4:] == ["maxpool1", "flatten1", "dense1", "softmax1"]
    conv = next(layer for layer in made["layers"] if layer["kind"] == "conv")
    assert conv["inputs"] == ["normalise1"]
    assert conv["settings"]["size"] == [3, 3]
    assert conv["settings"]["biased"] is True
    assert (conv["multiplications"], conv["parameters"], conv["keeps_pixels"]) == (6 * 6 * 4 * 9, 40, False)
    assert [layer["keeps_pixels"] for layer in made["layers"]][:3] == [True, True, False]


def test_the_weights_are_exact(made, run):
    weights = cw.load(run).weights
    assert set(made["weights"]) == set(weights)
    for name, own in made["weights"].items():
        array = np.frombuffer(base64.b64decode(own["data"]), "<f4").reshape(own["shape"])
        np.testing.assert_array_equal(array, weights[name])
        assert own["trained"] is True
    norm = content(of_model(untrained("input 4x4x1, norm, flatten, dense 2, softmax")), [])
    assert norm["weights"]["norm1.mean"]["trained"] is False


def test_the_pictures_are_validation_pictures_of_every_class_in_turn(made, run):
    digits = cw.read("digits")
    kept_back = {name: digits.validation[row] for row, name in enumerate(digits.validation.names)}
    assert [picture["label"] for picture in made["pictures"]] == [*range(10), 0, 1]
    assert len({picture["name"] for picture in made["pictures"]}) == 12
    for picture in made["pictures"]:
        assert (picture["part"], picture["prepared"]) == ("validation", False)
        np.testing.assert_array_equal(pixels_of(picture), kept_back[picture["name"]])
    again = of_training(cw.load(run))[0]
    assert [one.name for one in again] == [picture["name"] for picture in made["pictures"]]


@pytest.mark.parametrize("at_once", [2**28, 1])
def test_the_ranges_hold_nearly_all_numbers_of_all_pictures(at_once, monkeypatch):
    monkeypatch.setattr(import_module("cutaway.views.explorer.content"), "AT_ONCE", at_once)
    subject = of_model(untrained("input 6x6x3, scale, conv 3 3x3, relu, flatten, dense 2, softmax"))
    pictures = random_pictures((6, 6, 3), 5)
    traces = [record(subject.net, subject.weights, one.pixels) for one in pictures]
    found = ranges(subject, [one.pixels for one in pictures])
    for name, value in found.items():
        sizes = np.abs(np.concatenate([trace[name].output.ravel() for trace in traces]))
        assert 0 < value <= sizes.max() * (1 + 1e-6)
        assert np.mean(sizes <= value * (1 + 1e-6)) >= 0.9  # of ten numbers, the largest lies beyond
    rare = np.zeros(10_000)
    rare[7], rare[8] = -3, np.inf
    assert end(rare) == 3, "nearly all are 0: then the largest that is finite"
    assert end(np.r_[np.ones(9_990), np.full(10, 50.0)]) == 1, "ten outliers of ten thousand do not count"
    assert content(subject, [])["ranges"] == {}


def test_the_epochs_are_those_that_are_kept_and_can_be_asked_for(made, run, monkeypatch):
    assert [epoch["number"] for epoch in made["epochs"]] == [1, 2, 3]
    facts = cw.load(run).facts
    assert made["epoch"] == facts["epoch"]
    assert made["epochs"][1]["validation_loss"] == facts["epochs"][1]["validation_loss"]
    assert set(made["epochs"][0]) == {"number", "loss", "accuracy", "validation_loss", "validation_accuracy"}
    alone = content(of_model(cw.load(run), run), [])
    assert [epoch["number"] for epoch in alone["epochs"]] == [1, 2, 3]
    kernel = np.frombuffer(base64.b64decode(alone["kept"][2]["conv1.kernel"]), np.float32)
    np.testing.assert_array_equal(kernel, epochs.load(run, 2, cw.load(run).net)["conv1.kernel"].ravel())
    monkeypatch.setattr(import_module("cutaway.views.explorer.content"), "KEPT", 1000)
    assert content(of_model(cw.load(run), run), [])["epochs"] == [], "too many for a file"
    assert content(of_model(cw.load(run)), [], served=True)["epochs"] == []


@pytest.mark.parametrize("shape", [(1, 1, 1), (5, 7, 3), (1, 9, 1), (8, 1, 3)])
def test_pixels_come_back(shape):
    picture = random_pictures(shape, 1)[0].pixels
    text = packing.pixels(picture)
    np.testing.assert_array_equal(pixels_of({"pixels": text, "shape": shape}), picture)


def test_second_differences_are_short_for_what_is_smooth():
    slope = np.add.outer(np.arange(64), np.arange(64)).astype(np.uint8)[..., None]
    assert len(packing.pixels(slope)) < 60


# ---- what is too large


def test_pictures_that_take_too_much_are_given_as_the_net_sees_them():
    subject = of_model(untrained("input any, colour, resize 4x4, flatten, dense 2, softmax"))
    pictures = random_pictures((40, 30, 3))
    as_they_are = content(subject, pictures)["pictures"]
    np.testing.assert_array_equal(pixels_of(as_they_are[2]), pictures[2].pixels)
    prepared = content(subject, pictures, room=5000)["pictures"]
    assert [picture["prepared"] for picture in prepared] == [True] * 3
    np.testing.assert_array_equal(pixels_of(prepared[2]), subject.net.preparation(pictures[2].pixels))


def test_a_net_that_a_page_cannot_compute_is_asked_for_where_something_answers():
    costly = of_model(untrained("input 200x200x1, conv 64 5x5 same, globalmean, dense 2, softmax"))
    assert costly.cost > 60_000_000
    alone, asking = content(costly, []), content(costly, [], served=True)
    assert (alone["remote"], asking["remote"]) == (False, True)
    assert all(own["data"] is None for own in asking["weights"].values())
    assert all(own["data"] for own in alone["weights"].values())
    heavy = of_model(untrained("input 40x60x1, flatten, dense 1000, dense 2, softmax"))
    assert content(heavy, [], served=True)["remote"]
    assert not content(heavy, [])["remote"]


def test_a_net_that_is_too_large_for_a_file_says_what_shows_it():
    subject = of_model(untrained("input 80x80x1, flatten, dense 1000, dense 2, softmax"), title="large")
    with pytest.raises(
        InputError, match=r"large has 25\.6 MB of weights, .* holds up to 20\.0 MB; cutaway open, without"
    ):
        content(subject, [])
    assert content(subject, [], served=True)["remote"]


def test_a_picture_that_does_not_fit_is_named():
    subject = of_model(untrained("input 4x4x1, flatten, dense 2, softmax"))
    with pytest.raises(InputError, match="picture 0: the net takes pictures of 4x4x1; this one is 5x5x1"):
        content(subject, random_pictures((5, 5, 1)))


# ---- other nets


@pytest.mark.parametrize(
    "text, kind, classes, loss",
    [
        ("input 4x4x1, flatten, dense 1, sigmoid", "two", 2, "log loss"),
        ("input 4x4x1, flatten, dense 3, sigmoid", "each", 3, "log loss"),
        ("input 4x4x1, flatten, dense 3, softmax", "one", 3, "cross-entropy"),
        ("input 4x4x1, flatten, dense 3, logsoftmax", "one", 3, None),
        ("input 4x4x1, flatten, dense 3", "each", 3, "squared error"),
        ("input 4x4x1, conv 2 3x3", "each", 0, None),
    ],
)
def test_a_trace_numbers_its_outputs(text, kind, classes, loss):
    net = parse(text)
    made = content(of_trace(record(net, start(net), np.zeros((4, 4, 1), np.uint8))), [])
    assert (made["kind"], made["classes"], made["loss"]) == (kind, [str(n) for n in range(classes)], loss)


def test_names_from_outside_are_on_one_line():
    net = parse("input 2x2x1, flatten, dense 2, softmax")
    model = Model(net, start(net), ("two\nlines", "\udcff"))
    made = content(of_model(model, title="a\nb"), [Shown("x", np.zeros((2, 2, 1), np.uint8))])
    assert (made["classes"], made["title"]) == (["two\\nlines", "\\udcff"], "a\\nb")


@pytest.mark.parametrize(
    "pixels, ink",
    [
        (np.full((8, 8, 1), 0), False),
        (np.eye(8)[..., None] * 255, True),
        (255 - np.eye(8)[..., None] * 255, False),
        (np.repeat(np.eye(8)[..., None] * 255, 3, axis=2), False),
    ],
)
def test_ink(pixels, ink):
    assert at_hand.is_ink([Shown("x", pixels.astype(np.uint8))]) is ink
    assert at_hand.is_ink([]) is False


# ---- which pictures


def colours(folder, count=30, classes=("red", "green", "blue")):
    """A folder of class folders with tiny pictures, all different."""
    for number, name in enumerate(classes):
        (folder / name).mkdir(parents=True)
        for one in range(count):
            pixels = np.full((3, 3, 3), one, np.uint8)
            pixels[..., number % 3] = 255 - number
            Image.fromarray(pixels).save(folder / name / f"{one}.png")
    return folder


def model_of(folder, seed=0, **more):
    pictures = cw.read(folder, seed=seed)
    net = parse(f"input any, colour, resize 3x3, flatten, dense {len(pictures.classes)}, softmax")
    data = {"source": pictures.title, "seed": seed, "counts": pictures.counts()}
    return Model(net, start(net), pictures.classes, {"data": data | more})


@pytest.mark.parametrize("seed", [0, 7])
def test_files_are_chosen_among_those_that_were_kept_back(tmp_path, seed):
    folder = colours(tmp_path / "pets")
    shown, missing = of_training(model_of(folder, seed))
    kept = {name.removeprefix(f"{folder}/") for name in cw.read(folder, seed=seed).validation.names}
    assert missing == ""
    assert len(shown) == 12
    assert {one.name for one in shown} <= kept
    assert [one.label for one in shown[:4]] == [0, 1, 2, 0]


def test_only_some_files_of_a_large_set_are_read(tmp_path, monkeypatch):
    folder = colours(tmp_path / "pets", 30)
    whole = cw.read(folder)
    held = kept_back(whole, classes=2, each=10)
    assert set(held.labels.tolist()) <= {0, 2}
    assert "digests" not in vars(whole.source)
    assert set(kept_back(whole, classes=3, each=100).names) == set(whole.validation.names)


def test_the_data_s_own_validation_part_is_taken(tmp_path):
    folder = tmp_path / "pets"
    colours(folder / "train", 4)
    colours(folder / "val", 5)
    shown, _ = of_training(model_of(folder))
    assert len(shown) == 12
    assert all("val/" in one.name for one in shown)


def test_an_unreadable_picture_gives_way_to_the_next(tmp_path):
    folder = colours(tmp_path / "pets", 40)
    model = model_of(folder)
    name = of_training(model)[0][0].name
    for number in range(100):  # the split goes by content: some damage leaves it among the validation pictures
        (folder / name).write_bytes(b"no picture" + bytes([number]))
        if str(folder / name) in cw.read(folder).validation.names:
            break
    shown, missing = of_training(model)
    assert (len(shown), missing) == (12, "")
    assert name not in [one.name for one in shown]
    assert [one.label for one in shown[:3]] == [1, 2, 0]


@pytest.mark.parametrize(
    "change, said",
    [
        (lambda folder: {"source": str(folder / "gone")}, r"gone: no such folder or file"),
        (lambda folder: {"source": ""}, "does not say what it was trained on; name some pictures"),
        (
            lambda folder: {"source": "mnist"},
            r"mnist is not on this computer; name some pictures, or give --data FOLDER",
        ),
        (lambda folder: {"counts": {"cat": 3}}, "has other classes now than when the model was trained"),
    ],
)
def test_where_the_pictures_are_gone_a_line_says_so(tmp_path, monkeypatch, change, said):
    monkeypatch.setenv("CUTAWAY_CACHE", str(tmp_path / "cache"))
    folder = colours(tmp_path / "pets", 3)
    shown, missing = of_training(model_of(folder, **change(folder)))
    assert shown == []
    assert said in missing
    assert "\n" not in missing
    assert not (tmp_path / "cache").exists()


def test_given_pictures(tmp_path):
    folder = colours(tmp_path / "pets", 2)
    (folder / "red" / "bad.png").write_bytes(b"no picture")
    paths = [folder / "red" / "0.png", folder / "red" / "bad.png", np.zeros((2, 2), np.uint8)]
    shown, unreadable = at_hand.given(at_hand.named(paths), ("blue", "red"))
    assert [(one.name, one.label) for one in shown] == [("red/0.png", 1), ("picture 3", None)]
    assert [error.path for error in unreadable] == [str(folder / "red" / "bad.png")]


def test_choosing():
    assert evenly(0, 3).tolist() == []
    assert evenly(5, 1).tolist() == [0]
    assert evenly(1000, 12).tolist()[::11] == [0, 999]
    assert in_turn(np.array([1, 1, 0, 2, 0])) == [2, 0, 3, 4, 1]


def test_the_lab_has_pictures_and_no_model():
    made = content_in(lab())
    assert (made["format"], made["lab"], len(made["pictures"])) == (1, True, 12)
    assert "layers" not in made
    own = random_pictures((5, 4, 3), 1)
    (picture,) = content_in(lab(own))["pictures"]
    np.testing.assert_array_equal(pixels_of(picture), own[0].pixels)
