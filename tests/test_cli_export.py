"""`cutaway export`: one file that says what the model says, for pictures of any size; with 8 bits where that pays."""

import json
from dataclasses import replace

import numpy as np
import onnxruntime
import pytest

import cutaway as cw
from cutaway.errors import JobError
from cutaway.model import Model
from cutaway.model.proof import Proof, prove
from cutaway.model.quantising import Comparison, compared, quantised
from cutaway.net import parse, start
from tests.command import ran, run

NET = "input any, {}, resize {} {}, scale, conv 4 3x3, relu, maxpool 2, flatten, dense 6, relu, dense 3, softmax"


def session_of(path):
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def test_the_file_says_the_same_and_carries_its_classes(digits_run, tmp_path):
    said = ran("export", digits_run, "--onnx", tmp_path / "digits.onnx")
    assert "the same guess on 377 pictures; probabilities differ by" in said
    session, model = session_of(tmp_path / "digits.onnx"), cw.load(digits_run)
    known = session.get_modelmeta().custom_metadata_map
    assert tuple(json.loads(known["cutaway.classes"])) == model.classes
    assert parse(known["cutaway.net"]) == model.net
    digits = cw.read("digits")
    pictures = np.stack([digits[row] for row in range(50)])
    probabilities, scores, features = session.run(["probabilities", "scores", "features"], {"pictures": pictures})
    assert abs(probabilities - replace(model, onnx=None).probabilities(pictures)).max() < 1e-5
    assert (scores.argmax(axis=1) == probabilities.argmax(axis=1)).all()
    assert features.shape == (50, 64)


@pytest.mark.parametrize("how", ["crop", "squash", "fit"])
@pytest.mark.parametrize(("kind", "channels"), [("grey", 1), ("colour", 3)])
def test_pictures_of_any_size_and_of_one_or_three_channels(how, kind, channels):
    net = parse(NET.format(kind, "9x11", how))
    model = Model(net, start(net, 3), ("a", "b", "c"))
    session = onnxruntime.InferenceSession(model.to_onnx(), providers=["CPUExecutionProvider"])
    draw = np.random.default_rng(0)
    for height, width in ((9, 11), (40, 13), (5, 60), (7, 7), (100, 101)):
        for given in (1, 3):
            pictures = draw.integers(0, 256, (2, height, width, given), np.uint8)
            (said,) = session.run(["probabilities"], {"pictures": pictures})
            ready = np.stack([net.preparation(picture) for picture in pictures])
            assert abs(said - model.probabilities(ready)).max() < 1e-5, (height, width, given)


def test_two_classes_with_one_output():
    net = parse("input 4x4x1, flatten, dense 1, sigmoid")
    model = Model(net, start(net, 1), ("no", "yes"))
    session = onnxruntime.InferenceSession(model.to_onnx(), providers=["CPUExecutionProvider"])
    pictures = np.random.default_rng(0).integers(0, 256, (3, 4, 4, 1), np.uint8)
    (said,) = session.run(["probabilities"], {"pictures": pictures})
    assert abs(said - model.probabilities(pictures)).max() < 1e-6
    assert np.allclose(said.sum(axis=1), 1)


def test_a_file_that_guesses_otherwise_is_not_written(digits_run, tmp_path, monkeypatch):
    honest = Model.to_onnx

    def other(self):
        """The first two classes change places."""
        weights = dict(self.weights)
        for name in ("dense2.weight", "dense2.bias"):
            weights[name] = weights[name][..., [1, 0, *range(2, 10)]].copy()
        return honest(replace(self, weights=weights, onnx=None))

    monkeypatch.setattr(Model, "to_onnx", other)
    result = run("export", digits_run, "--onnx", tmp_path / "digits.onnx")
    assert result.exit_code == 1
    assert "the file is not written: of digits[" in result.stderr and "where the model says" in result.stderr
    assert not (tmp_path / "digits.onnx").exists()


def test_classes_that_are_equally_probable_may_change_places():
    """A model that cannot decide is held to be the same, whichever is named first."""
    net = parse("input 4x4x1, flatten, dense 2, softmax")
    weights = {"dense1.weight": np.zeros((16, 2), np.float32), "dense1.bias": np.zeros(2, np.float32)}
    model = Model(net, weights, ("a", "b"))
    other = replace(model, weights=weights | {"dense1.bias": np.array([0, 1e-6], np.float32)})
    pictures = _prepared(np.zeros((3, 4, 4, 1), np.uint8))
    assert prove(model, other.to_onnx(), pictures).count == 3
    decided = replace(model, weights=weights | {"dense1.bias": np.array([1e-3, 0], np.float32)})
    with pytest.raises(JobError, match="it says 'b' where the model says 'a'"):
        prove(decided, other.to_onnx(), pictures)
    assert str(Proof(1, 2.4e-7)) == "the same guess on 1 picture; probabilities differ by 2.4e-07 at most"


def _prepared(pictures):
    from cutaway.pictures.arrays import Part, from_arrays

    held = from_arrays([Part(pictures, np.arange(len(pictures)) % 2, "train")], "drawn", seed=0)
    return held.prepared(
        parse(f"input {pictures.shape[1]}x{pictures.shape[2]}x1, flatten, dense 2, softmax").preparation
    )


def test_without_pictures_it_is_not_shown_to_be_the_same(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    net = parse("input 4x4x1, flatten, dense 2, softmax")
    Model(net, start(net), ("a", "b")).save("run")
    result = run("export", "run", "--onnx", "a.onnx")
    assert result.exit_code == 2
    assert "no pictures to show the file on" in result.stderr and "--pictures SOURCE" in result.stderr


def test_eight_bits_are_nearly_as_good(digits_run):
    model = cw.load(digits_run)
    pictures = cw.read("digits")
    train, held = (part.prepared(model.net.preparation) for part in (pictures.train, pictures.validation))
    before = model.to_onnx()
    small = quantised(model, pictures.train.chosen(np.arange(64)).prepared(model.net.preparation))
    found = compared(model, before, small, held)
    assert found.count == len(held) and found.right_before / found.count > 0.9
    assert found.right >= found.right_before - 6
    assert found.bytes < found.bytes_before / 2
    (said,) = onnxruntime.InferenceSession(small, providers=["CPUExecutionProvider"]).run(
        ["probabilities"], {"pictures": train.take(np.arange(9))}
    )
    assert np.allclose(said.sum(axis=1), 1, atol=1e-5)


def test_eight_bits_have_to_be_worth_it():
    Comparison(980, 981, 1000, 1.3, 1, 4).require_better()
    with pytest.raises(JobError, match=r"0.30 points are lost, 0.3 would be too many"):
        Comparison(978, 981, 1000, 1.3, 1, 4).require_better()
    with pytest.raises(JobError, match=r"1.10 times as fast, .* it has to be 1.2 times as fast to be worth it here"):
        Comparison(981, 981, 1000, 1.1, 1, 4).require_better()
