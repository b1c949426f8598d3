"""What a page asks, and what it is answered: numbers, patches, edited models; and in one line what is wrong."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cutaway as cw
from cutaway.errors import InputError
from cutaway.layers import KINDS
from cutaway.layers.words import Words
from cutaway.model import Model, load
from cutaway.net import parse, start
from cutaway.net.run import forward
from cutaway.trace import record
from cutaway.trace.reach import behind
from cutaway.views.explorer import looking
from cutaway.views.explorer.answers import Answers
from cutaway.views.explorer.at_hand import Shown
from cutaway.views.explorer.edits import alike, as_text, edited
from cutaway.views.explorer.subject import of_model
from tests.explorer import trained, untrained

NET = """input any, grey, resize 8x8, scale, conv 3 3x3 same, relu, residual(conv 3 3x3 same, relu),
maxpool 2, flatten, dense 2, softmax"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("runs") / "digits-1")


@pytest.fixture(scope="module")
def digits():
    return cw.read("digits")


def answers_of(model, folder=None, pictures=(), more=None):
    return Answers([of_model(model, folder)], looking(pictures, more))


@pytest.fixture(scope="module")
def answers(run, digits):
    return answers_of(load(run), run, more=lambda: digits)


def arrays(parts, shapes):
    """The numbers of an answer."""
    return [np.frombuffer(part, "<f4").reshape(shape) for part, shape in zip(parts, shapes, strict=True)]


def stages(answers, picture, names, **more):
    message = {
        "ask": "stages",
        "id": 1,
        "shape": list(picture.shape),
        "names": names,
        "edits": [],
        "epoch": None,
    } | more
    answer, parts = answers(message, [picture.tobytes()])
    assert "error" not in answer, answer
    assert answer["names"] == names
    return dict(zip(names, arrays(parts, [answer["shapes"][name] for name in names]), strict=True))


# ---- numbers


def test_stages_are_those_of_a_trace(answers, run, digits):
    trace = load(run).trace(digits[5])
    found = stages(answers, digits[5], ["input", "conv1", "softmax1"])
    for name, numbers in found.items():
        np.testing.assert_array_equal(numbers, trace[name].output)


def test_a_picture_of_any_size_is_taken_where_the_net_takes_it(answers):
    picture = np.random.default_rng(0).integers(0, 256, (30, 20, 3), dtype=np.uint8)
    assert stages(answers, picture, ["resize1"])["resize1"].shape == (8, 8, 1)


def test_stages_and_weights_of_another_epoch(answers, run, digits):
    own = cw.model.epochs.load(run, 1, load(run).net)
    trace = record(load(run).net, own, digits[5])
    np.testing.assert_array_equal(stages(answers, digits[5], ["dense1"], epoch=1)["dense1"], trace["dense1"].output)
    answer, parts = answers({"ask": "weights", "id": 7, "layer": "conv1", "epoch": 1})
    assert (answer["id"], answer["layer"], answer["order"]) == (7, "conv1", list(answer["weights"]))
    for name, numbers in zip(answer["order"], parts, strict=True):
        np.testing.assert_array_equal(
            np.frombuffer(numbers, "<f4").reshape(answer["weights"][name]["shape"]), own[f"conv1.{name}"]
        )
    answer, parts = answers({"ask": "epoch", "id": 8, "epoch": 1})
    for name, numbers in zip(
        answer["order"], arrays(parts, [answer["shapes"][n] for n in answer["order"]]), strict=True
    ):
        np.testing.assert_array_equal(numbers, own[name])
    assert set(answer["order"]) == set(own)


def test_weights_without_an_epoch_are_the_model_s(answers, run):
    answer, parts = answers({"ask": "weights", "id": 1, "layer": "dense1"})
    assert answer["order"] == ["weight", "bias"]
    np.testing.assert_array_equal(np.frombuffer(parts[1], "<f4"), load(run).weights["dense1.bias"])
    assert answers({"ask": "weights", "id": 1, "layer": "relu1"}) == (
        {"id": 1, "layer": "relu1", "weights": {}, "order": []},
        [],
    )


def test_a_message_says_which_model_it_means():
    one, two = (untrained(f"input 4x4x1, conv {count} 3x3, flatten, dense 2, softmax") for count in (1, 2))
    both = Answers([of_model(one), of_model(two)], looking([], None))
    picture = np.zeros((4, 4, 1), np.uint8)
    assert stages(both, picture, ["conv1"])["conv1"].shape == (2, 2, 1)
    assert stages(both, picture, ["conv1"], model=1)["conv1"].shape == (2, 2, 2)
    assert (
        both({"ask": "weights", "layer": "conv1", "model": 2})[0]["error"] == "there is no model 2; there are 2, from 0"
    )


# ---- edits


def test_an_edited_weight_counts_and_the_model_stays(answers, run, digits):
    edit = {"layer": "conv1", "weight": "kernel", "cell": [0, 1, 0, 3], "value": 0.25}
    model = load(run)
    weights = {name: value.copy() for name, value in model.weights.items()}
    weights["conv1.kernel"][0, 1, 0, 3] = 0.25
    trace = record(model.net, weights, digits[5])
    found = stages(answers, digits[5], ["conv1", "softmax1"], edits=[edit])
    np.testing.assert_array_equal(found["softmax1"], trace["softmax1"].output)
    plain = stages(answers, digits[5], ["conv1"])["conv1"]
    assert (found["conv1"][..., 3] != plain[..., 3]).any()
    np.testing.assert_array_equal(found["conv1"][..., :3], plain[..., :3])


@pytest.mark.parametrize("off", ["relu1", "conv2", "add1"])
def test_a_layer_that_is_off_passes_its_first_input_on(off):
    model = untrained(NET)
    picture = np.random.default_rng(0).integers(0, 256, (8, 8, 1), dtype=np.uint8)
    names = [node.name for node in model.net]
    found = stages(answers_of(model), picture, names, edits=[{"layer": off, "off": True}])
    np.testing.assert_array_equal(found[off], found[model.net[off].inputs[0]])
    first = names.index(off)
    plain = stages(answers_of(model), picture, names)
    for name in names[:first]:
        np.testing.assert_array_equal(found[name], plain[name])
    assert (found["softmax1"] != plain["softmax1"]).any()


@pytest.mark.parametrize("layer, kind", [("maxpool1", "meanpool"), ("maxpool1", "sumpool"), ("relu1", "tanh")])
def test_a_layer_of_another_kind(layer, kind):
    model = untrained(NET)
    picture = np.random.default_rng(0).integers(0, 256, (8, 8, 1), dtype=np.uint8)
    found = stages(
        answers_of(model), picture, [layer, model.net[layer].inputs[0]], edits=[{"layer": layer, "kind": kind}]
    )
    made = KINDS[kind].read(Words(["2"] if "pool" in kind else [], [""], None))
    wanted = made.forward([found[model.net[layer].inputs[0]][None]], {})[0]
    np.testing.assert_array_equal(found[layer], wanted)


def test_what_can_stand_in_for_a_layer():
    net = parse("input 8x8x3, conv 4 3x3, prelu, relu, leaky, maxpool 2, norm, flatten, dense 2, softmax")
    kinds = {node.name: alike(node.layer) for node in net}
    assert kinds["maxpool1"] == ["meanpool", "sumpool"]
    assert kinds["relu1"] == ["relu6", "tanh", "sigmoid", "silu", "gelu", "hardsigmoid", "hardswish"]
    assert all(not kinds[name] for name in ("conv1", "prelu1", "norm1", "flatten1", "dense1", "softmax1"))


def cell(weight, place, value):
    return {"layer": "conv1", "weight": weight, "cell": place, "value": value}


@pytest.mark.parametrize(
    "edit, said",
    [
        ({"layer": "maxpool1", "off": True}, "maxpool1 makes 4x4x3 of 8x8x3 and cannot be switched off; a layer whose"),
        ({"layer": "softmax1", "off": True}, "softmax1 is what the net says and cannot be switched off"),
        ({"layer": "grey1", "off": True}, "grey1 prepares the picture and cannot be switched off"),
        ({"layer": "relu1", "kind": "maxpool"}, "relu1 cannot be 'maxpool'; it can be relu6, tanh,"),
        ({"layer": "conv1", "kind": "dense"}, "conv1 cannot be 'dense'; it can be nothing else"),
        ({"layer": "relu9", "off": True}, "the net has no layer 'relu9'; did you mean 'relu"),
        (cell("kernle", [0], 1), "the net has no weights conv1.kernle; did you mean 'conv1.kernel'?"),
        (cell("kernel", [0, 9, 0, 0], 1), "there is no conv1.kernel[0, 9, 0, 0]; it is 3x3x1x3"),
        (cell("kernel", [0, 1], 1), "there is no conv1.kernel[0, 1]; it is 3x3x1x3"),
        (cell("bias", [0], "1"), "conv1.bias[0] cannot be '1'; it can be any number that a float32 holds"),
        (cell("bias", [0], 1e39), "conv1.bias[0] cannot be 1e+39"),
        (cell("bias", [0], float("nan")), "conv1.bias[0] cannot be nan"),
        ("relu1", "the page's question is not understood"),
    ],
)
def test_edits_that_have_no_place(edit, said):
    picture = np.zeros((8, 8, 1), np.uint8)
    message = {"ask": "stages", "id": 3, "shape": [8, 8, 1], "names": ["relu1"], "edits": [edit]}
    answer, parts = answers_of(untrained(NET))(message, [picture.tobytes()])
    assert said in answer["error"]
    assert (answer["id"], parts) == (3, [])


# ---- keeping


def test_an_edited_model_is_kept_beside_the_old_one(answers, run, digits):
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    edits: list[dict[str, Any]] = [
        {"layer": "conv1", "weight": "bias", "cell": [2], "value": 1.5},
        {"layer": "maxpool1", "kind": "meanpool"},
    ]
    folders = [
        answers({"ask": "save", "id": 1, "edits": edits, "name": "digits-1-edited"})[0]["folder"] for _ in range(2)
    ]
    assert folders == [str(run.parent / "digits-1-edited"), str(run.parent / "digits-1-edited-2")]
    kept = load(folders[0])
    net, weights = edited(load(run).net, load(run).weights, edits)
    wanted = forward(net, weights, digits[5][None].astype(np.float32))["softmax1"]
    np.testing.assert_allclose(kept.probabilities(digits[5][None]), wanted, rtol=1e-5)
    assert kept.facts["edited"]["changes"] == ["conv1.bias[2] = 1.5", "maxpool1 is meanpool"]
    assert "validation" not in kept.facts  # those figures were another net's
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


def test_layers_that_are_off_are_numbered_anew_where_it_is_kept():
    model = untrained(NET)
    picture = np.random.default_rng(0).integers(0, 256, (1, 8, 8, 1)).astype(np.float32)
    for off in ("relu1", "conv2", "add1"):
        net, weights = edited(model.net, model.weights, [{"layer": off, "off": True}])
        own, named = as_text(net, weights)
        Model(own, named, model.classes)
        np.testing.assert_array_equal(
            forward(own, named, picture)["softmax1"], forward(net, weights, picture)["softmax1"]
        )
    assert "dropout1" in own.names


def test_a_branch_that_leads_nowhere_is_not_kept():
    model = untrained("input 8x8x1, residual(conv 2 3x3 same | conv 2 1x1), flatten, dense 2, softmax")
    own, weights = as_text(*edited(model.net, model.weights, [{"layer": "add1", "off": True}]))
    assert own.names == ["conv1", "dropout1", "flatten1", "dense1", "softmax1"]
    assert set(weights) == set(own.parameters())


@pytest.mark.parametrize("name", ["../../elsewhere", "/tmp/x", ".hidden", "a/b", ""])
def test_a_name_from_the_page_stays_beside_the_run(tmp_path, name):
    model = untrained(NET)
    model.save(tmp_path / "runs" / "mine")
    answer, _ = answers_of(model, tmp_path / "runs" / "mine")({"ask": "save", "edits": [], "name": name})
    assert Path(answer["folder"]).resolve().parent == tmp_path / "runs"
    assert load(answer["folder"]).classes == model.classes


# ---- what a map looks for


def test_patches_are_the_strongest_of_the_validation_pictures(answers, run, digits):
    model = load(run)
    answer, parts = answers({"ask": "patches", "id": 1, "layer": "conv1", "map": 2, "epoch": None, "count": 5})
    held = digits.validation
    best = {}
    for row, name in enumerate(held.names):
        maps = model.trace(held[row])["conv1"].output[..., 2]
        best[name] = float(maps.max())
    patches = answer["patches"]
    assert [patch["value"] for patch in patches] == sorted(best.values(), reverse=True)[:5]
    for patch, part in zip(patches, parts, strict=True):
        assert patch["value"] == best[patch["picture"]]
        row = held.names.index(patch["picture"])
        assert held.classes[held.labels[row]] == str(patch["label"])
        trace = model.trace(held[row])
        assert trace["conv1"][tuple(patch["cell"])].value == patch["value"]
        rows, columns, _ = behind(model.net, trace.shapes, "conv1", tuple(patch["cell"]))["resize1"]
        assert patch["box"] == [rows.start, rows.stop, columns.start, columns.stop]
        wanted = trace["resize1"].output[rows.start : rows.stop, columns.start : columns.stop]
        np.testing.assert_array_equal(np.frombuffer(part, np.uint8).reshape(patch["shape"]), wanted)


def test_patches_of_an_edited_net_and_of_another_epoch_differ(answers):
    ask = {"ask": "patches", "id": 1, "layer": "conv1", "map": 2, "count": 3}
    edit = {"layer": "conv1", "weight": "bias", "cell": [2], "value": 9.0}
    found = [answers(ask | more)[0]["patches"][0]["value"] for more in ({}, {"epoch": 1}, {"edits": [edit]})]
    assert len(set(found)) == 3


def test_patches_are_sought_in_the_pictures_at_hand_where_there_are_no_others():
    pixels = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 1), dtype=np.uint8)
    shown = [Shown(f"picture {number}", one, label=1) for number, one in enumerate(pixels)]

    def gone():
        raise InputError("gone")

    for more in (None, gone):
        answer, _ = answers_of(untrained(NET), pictures=shown, more=more)(
            {"ask": "patches", "layer": "conv2", "map": 0}
        )
        assert {patch["picture"] for patch in answer["patches"]} == {"picture 0", "picture 1", "picture 2"}
    answer, _ = answers_of(untrained(NET))({"ask": "patches", "layer": "conv2", "map": 0})
    assert answer["error"] == "there are no pictures to look through; open the model with some"


# ---- what is wrong


@pytest.mark.parametrize(
    "message, said",
    [
        (
            {"ask": "stage"},
            "nobody can ask 'stage'; did you mean 'stages'?; known: stages, weights, epoch, patches, save",
        ),
        ({}, "nobody can ask 'None'"),
        (["stages"], "the page's question is not understood"),
        (7, "the page's question is not understood"),
        ({"ask": "stages", "shape": [8, 8, 1], "names": ["conv9"]}, "the net has no layer 'conv9'"),
        ({"ask": "stages", "shape": [8, 8, 1]}, "not understood (KeyError('names'))"),
        ({"ask": "stages", "shape": [8, 8], "names": []}, "the page's question is not understood"),
        ({"ask": "stages", "shape": [8, 9, 1], "names": []}, "a picture of shape [8, 9, 1] does not have 64 bytes"),
        ({"ask": "stages", "shape": [-8, -8, 1], "names": []}, "a picture of shape [-8, -8, 1] does not have"),
        ({"ask": "stages", "shape": [8, 4, 2], "names": []}, "a picture of shape [8, 4, 2] does not have"),
        ({"ask": "stages", "shape": [8, 8, 1], "names": [], "epoch": 9}, "epoch 9 were not kept; there are 1, 2, 3"),
        ({"ask": "stages", "shape": [8, 8, 1], "names": [], "epoch": "1"}, "the epoch is '1'; it can be a number"),
        ({"ask": "epoch", "epoch": -1}, "the weights of epoch -1 were not kept"),
        ({"ask": "weights", "layer": None}, "the net has no layer 'None'"),
        ({"ask": "patches", "layer": "conv1", "map": 4}, "conv1 has no map 4: its maps are 0 to 3"),
        ({"ask": "patches", "layer": "dense1", "map": 0}, "dense1 is a list of 10 numbers, it has no maps"),
        ({"ask": "save", "edits": [{"layer": "softmax1", "off": True}]}, "softmax1 is what the net says"),
        ({"ask": "weights", "layer": "conv1", "model": "x"}, "the page's question is not understood"),
    ],
)
def test_nonsense_is_answered_in_one_line(answers, message, said):
    answer, parts = answers(message, [bytes(64)])
    assert said in answer["error"]
    assert "\n" not in answer["error"]
    assert parts == []


def test_a_picture_that_does_not_fit_the_net():
    answers = answers_of(untrained("input 4x4x1, flatten, dense 2, softmax"))
    answer, _ = answers({"ask": "stages", "shape": [5, 4, 1], "names": ["dense1"]}, [bytes(20)])
    assert answer["error"] == "the picture is 5x4x1; this net takes 4x4x1"


def test_an_epoch_without_a_folder():
    answer, _ = answers_of(untrained(NET))({"ask": "epoch", "epoch": 3})
    assert answer["error"] == "the weights of epoch 3 were not kept; train with --keep-epochs to keep them"


def test_a_net_for_saving_has_start_weights_of_its_own():
    net = parse(NET)
    own, named = as_text(net, start(net))
    assert own == net
    assert set(named) == set(net.parameters())
