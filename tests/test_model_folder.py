"""The model folder: what is saved is what is loaded, and nothing damaged, foreign or newer is ever taken for it."""

import csv
import json
import os
import random
from dataclasses import replace

import numpy as np
import pytest

from cutaway.errors import JobError, ModelError
from cutaway.model import Model, folder, load
from cutaway.model.card import plain
from cutaway.model.names import escaped, unescaped
from cutaway.net import parse, start

NAMES = (
    "2",
    "10",
    "one\ntwo",
    'a,b;"c"',
    "<b>&|`*_",
    "日本語",
    "😀",
    " ",
    "\\n",
    "ab\u2028c",
    "-x",
    "\udcff",
    "é",
    "e\u0301",
    "#",
)
FACTS = {
    "created": "2025-01-02T03:04:05+00:00",
    "engine": "reference",
    "recipe": {"epochs": 2, "rate": None, "flip": False},
    "data": {
        "source": "pets | <dogs>",
        "fingerprint": "ab",
        "counts": dict.fromkeys(NAMES, 3),
        "training": 30,
        "validation": 6,
        "skipped": [],
    },
    "validation": {"accuracy": 0.1 + 0.2, "loss": 1 / 3, "count": 6},
    "epochs": [{"number": 1, "loss": 1e-300, "accuracy": 0.5}, {"number": 2, "loss": 0.1, "accuracy": 1.0}],
}


def model_of(text="input 6x6x1, conv 2 3x3, relu, flatten, dense 15, softmax", classes=NAMES, seed=1, facts=FACTS):
    net = parse(text)
    return Model(net, start(net, seed), classes, facts)


def assert_same(a, b):
    assert (a.net, a.classes) == (b.net, b.classes)
    assert a.weights.keys() == b.weights.keys()
    for name, value in a.weights.items():
        np.testing.assert_array_equal(value, b.weights[name], strict=True)
    assert {**a.facts, "versions": 0} == {**b.facts, "versions": 0}


@pytest.fixture
def saved(tmp_path):
    model_of().save(tmp_path / "run")
    return tmp_path / "run"


def test_everything_comes_back(saved):
    assert_same(load(saved), model_of())
    assert load(str(saved)).facts["versions"]["numpy"] == np.__version__
    load(saved).save(saved)  # over itself
    assert_same(load(saved), model_of())


def test_a_saved_model_guesses_the_same(saved):
    picture = np.random.default_rng(0).integers(0, 256, (6, 6, 1), np.uint8)
    assert load(saved).predict(picture) == model_of().predict(picture)


def test_a_net_of_many_kinds_comes_back(tmp_path):
    text = """input any, colour, resize 9x9 crop, scale, normalise 0.4 0.5 0.6 / 0.2 0.3 0.4,
        conv 4 3x3 same no bias, norm, prelu, residual(conv 4 3x3 same, relu), concat(conv 2 1x1 | conv 3 1x1),
        globalmean, dense 2, softmax"""
    model = model_of(text, ("a", "b"))
    model.save(tmp_path)
    assert_same(load(tmp_path), model)


def test_the_files_are_those_of_the_design(saved):
    assert sorted(path.name for path in saved.iterdir()) == [
        *("README.md", "SHA256SUMS", "classes.txt", "config.json", "metrics.csv", "metrics.jsonl"),
        *("model.onnx", "model.safetensors"),
    ]


def test_other_programs_can_read_them(saved):
    from safetensors.numpy import load_file

    weights = load_file(saved / "model.safetensors")
    np.testing.assert_array_equal(weights["conv1.kernel"], model_of().weights["conv1.kernel"])
    config = json.loads((saved / "config.json").read_bytes())
    assert config["format"] == 1
    assert tuple(config["classes"]) == NAMES
    assert parse(config["net"]) == model_of().net
    lines = (saved / "classes.txt").read_bytes().decode().split("\n")
    assert tuple(unescaped(line) for line in lines[:-1]) == NAMES
    assert lines[:3] == ["2", "10", r"one\ntwo"]
    rows = list(csv.DictReader((saved / "metrics.csv").read_text().splitlines()))
    assert [{name: float(value) for name, value in row.items()} for row in rows] == FACTS["epochs"]
    assert [json.loads(line) for line in (saved / "metrics.jsonl").read_text().splitlines()] == FACTS["epochs"]


@pytest.mark.parametrize("name", [*NAMES, "\\u0041", "\x00\x1b[31m", "\U000e0001", "a\\"])
def test_names_on_one_line(name):
    line = escaped(name)
    assert unescaped(line) == name
    assert line.isprintable()
    assert len(line.splitlines()) <= 1
    line.encode()


def test_the_card_is_filled_in(saved):
    card = (saved / "README.md").read_text("utf-8")
    assert "30.00% of 6 validation pictures right (loss 0.3333)" in card
    assert "| conv1 | conv 2 3x3 | 4x4x2 | 20 | 288 |" in card
    assert f"| {plain(NAMES[2])} | 3 |" in card
    assert "| &#60;b&#62;&#38;&#124;&#96;&#42;&#95; | 3 |" in card
    assert "pets &#124; &#60;dogs&#62;" in card
    assert "| numpy | " in card
    table = [line for line in card.splitlines() if line.startswith("|")]
    assert all(line.endswith("|") for line in table)


def test_a_card_with_test_pictures_and_without_anything(tmp_path):
    model = model_of(facts=FACTS | {"test": {"accuracy": 0.25, "loss": 1.0, "count": 8}})
    model.save(tmp_path)
    assert "25.00% of 8 test pictures right" in (tmp_path / "README.md").read_text("utf-8")
    model_of(facts={}).save(tmp_path)
    assert "Not measured." in (tmp_path / "README.md").read_text("utf-8")


# ---- what is no model folder


def test_folders_that_are_not_there_or_hold_no_model(saved, tmp_path):
    with pytest.raises(ModelError, match=r"rum: no such model folder; did you mean '.*run'\?"):
        load(tmp_path / "rum")
    with pytest.raises(ModelError, match=r"is a file; give the model folder that it is in"):
        load(saved / "config.json")
    with pytest.raises(ModelError, match=r"no config.json in it; .*did you mean .*run"):
        load(tmp_path)
    (tmp_path / "left" / "checkpoint").mkdir(parents=True)
    with pytest.raises(ModelError, match="did not get to the end of an epoch"):
        load(tmp_path / "left")
    (saved / "model.safetensors").unlink()
    with pytest.raises(ModelError, match=r"no model.safetensors in it"):
        load(saved)


def rewrite(path, **changes):
    """config.json with other values and a right SHA-256."""
    config = json.loads(path.read_bytes()) | changes
    path.write_text(json.dumps(config | {"config_sha256": folder.self_digest(config)}))


def test_a_newer_format_names_the_version_that_is_needed(saved):
    rewrite(saved / "config.json", format=2, cutaway="7.8.9", unheard_of=1)
    with pytest.raises(ModelError, match=r"newer cutaway, 7.8.9 \(format 2\).*install cutaway 7.8.9"):
        load(saved)


def test_a_changed_config_is_refused(saved):
    config = saved / "config.json"
    text = config.read_text()
    config.write_text(text.replace('"10"', '"11"'))
    with pytest.raises(ModelError, match="was changed after it was saved"):
        load(saved)
    config.write_text(text[:-20])
    with pytest.raises(ModelError, match="not JSON"):
        load(saved)
    config.write_text("[" * 100_000)
    with pytest.raises(ModelError, match="not JSON"):
        load(saved)
    for wrong in ("[]", "{}", '{"format": "1"}', "null"):
        config.write_text(wrong)
        with pytest.raises(ModelError, match="does not say its format"):
            load(saved)
    config.write_text(text)
    rewrite(config, clases=["a"])
    with pytest.raises(ModelError, match="unknown key 'clases'; did you mean 'classes'"):
        load(saved)
    config.write_text(text)
    rewrite(config, classes="abc")
    with pytest.raises(ModelError, match="its classes is 'abc'"):
        load(saved)


def test_weights_and_config_of_two_models_are_refused(saved, tmp_path):
    model_of("input 6x6x1, conv 3 3x3, relu, flatten, dense 15, softmax").save(tmp_path / "other")
    (saved / "model.safetensors").write_bytes((tmp_path / "other" / "model.safetensors").read_bytes())
    with pytest.raises(ModelError, match="of two models: their net differ"):
        load(saved)


def test_the_first_array_that_does_not_fit_is_named(tmp_path, monkeypatch):
    """A folder that is whole, but whose net asks for other weights than are in it."""
    model = model_of()
    monkeypatch.setattr(
        type(model.net), "__str__", lambda net: "input 6x6x1, conv 2 5x5, relu, flatten, dense 15, softmax"
    )
    model.save(tmp_path)
    monkeypatch.undo()
    (tmp_path / "model.onnx").unlink()  # with it, weights that are as they were saved are not looked into
    with pytest.raises(
        ModelError,
        match=r"model.safetensors: the weights conv1.kernel are float32 3x3x1x2; the net needs float32 5x5x1x2",
    ):
        load(tmp_path)


def test_weights_of_another_program_are_refused(saved):
    from safetensors.numpy import save

    path = saved / "model.safetensors"
    path.write_bytes(save({"x": np.zeros(3, np.float32)}))
    with pytest.raises(ModelError, match="was not written by cutaway"):
        load(saved)
    path.write_bytes(save({"x": np.zeros(3)}, {"config": (saved / "config.json").read_text()}))
    with pytest.raises(ModelError, match="F64 where F32"):
        load(saved)


def test_a_pickle_is_not_run(saved):
    import pickle

    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(saved / "evil"),)

    for name in ("model.safetensors", "config.json"):
        before = (saved / name).read_bytes()
        (saved / name).write_bytes(pickle.dumps(Evil()))
        with pytest.raises(ModelError):
            load(saved)
        (saved / name).write_bytes(before)
    assert not (saved / "evil").exists()


# ---- damage


def loads_right_or_not_at_all(saved):
    try:
        model = load(saved)
    except ModelError as error:
        assert str(saved) in str(error)
        assert "\n" not in str(error)
        return False
    assert_same(model, model_of())
    return True


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_cut_short_at_any_length(saved, name):
    whole = (saved / name).read_bytes()
    lengths = {*range(20), *range(0, len(whole), max(1, len(whole) // 60)), len(whole) - 1}
    loaded = []
    for length in sorted(lengths):
        (saved / name).write_bytes(whole[:length])
        if loads_right_or_not_at_all(saved):
            loaded.append(length)
    assert loaded in ([], [len(whole) - 1])  # the last byte of config.json is a line break
    assert name != "model.safetensors" or not loaded


def test_flipped_bits_are_never_loaded_as_something_else(saved):
    draw = random.Random(0)
    refused = {path.name: 0 for path in saved.iterdir()}
    tried = dict(refused)
    for _ in range(200):
        path = draw.choice(sorted(saved.iterdir()))
        whole = path.read_bytes()
        place, bit = draw.randrange(len(whole)), draw.randrange(8)
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :])
        tried[path.name] += 1
        refused[path.name] += not loads_right_or_not_at_all(saved)
        path.write_bytes(whole)
    assert refused["model.safetensors"] > 0.9 * tried["model.safetensors"] > 10
    assert refused["config.json"] > 0.9 * tried["config.json"] > 10
    for name in ("README.md", "classes.txt", "metrics.csv", "metrics.jsonl"):  # nothing is read from these
        assert refused[name] == 0 < tried[name]


# ---- saving


@pytest.mark.parametrize("fails", range(1, 7))
def test_a_save_that_fails_leaves_the_old_model_or_the_new(saved, monkeypatch, fails):
    newer = model_of(seed=2, facts=FACTS | {"engine": "another"})
    real, calls = os.replace, []

    def replace_until(source, target):
        calls.append(target)
        if len(calls) == fails:
            raise OSError(28, "No space left on device")
        real(source, target)

    monkeypatch.setattr(os, "replace", replace_until)
    with pytest.raises(JobError, match="No space left"):
        newer.save(saved)
    monkeypatch.undo()
    assert_same(load(saved), model_of() if fails == 1 else newer)
    assert not [path for path in saved.iterdir() if path.name.startswith(".")]


def test_a_folder_copied_between_two_writes_can_be_loaded(saved):
    newer = replace(model_of(seed=2), facts=FACTS | {"engine": "another"})
    older = (saved / "config.json").read_bytes()
    newer.save(saved)
    (saved / "config.json").write_bytes(older)
    assert_same(load(saved), newer)


def test_no_room_and_no_folder(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(JobError, match="cannot write"):
        model_of().save(tmp_path / "file" / "run")
