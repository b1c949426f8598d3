"""A pretrained net with a last layer of one's own, on real photographs."""

import os
import shutil

import pytest

import cutaway as cw
from cutaway.training import features, set_up
from cutaway.training.loop import Epoch, run
from cutaway.training.recipe import finetuning
from cutaway.training.setup import pretrained_for
from cutaway.training.transfer import Looked
from tests.command import empty_cache, ran
from tests.command import run as run_command


@pytest.fixture(scope="module")
def cache(tmp_path_factory, shared_data):
    """A cache of its own, with MobileNetV2's weights in it."""
    folder = empty_cache(tmp_path_factory.mktemp("cache") / "own")
    (folder / "weights").mkdir()
    shutil.copy(shared_data / "weights" / "mobilenet_v2_imagenet.safetensors", folder / "weights")
    return folder


@pytest.fixture(autouse=True)
def at_hand(cache, monkeypatch):
    monkeypatch.setenv("CUTAWAY_CACHE", str(cache))


@pytest.fixture(scope="module")
def pets(tmp_path_factory, shared_data):
    """40 cats and 40 dogs, and 20 of each to test with."""
    folder = tmp_path_factory.mktemp("data") / "pets"
    for part, count in (("train", 40), ("test", 20)):
        for kind in ("cats", "dogs"):
            (folder / part / kind).mkdir(parents=True)
            for path in sorted((shared_data / "cats-dogs" / part / kind).iterdir())[:count]:
                shutil.copy(path, folder / part / kind)
    return folder


@pytest.fixture(scope="module")
def trained(pets, cache, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "pets-1"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUTAWAY_CACHE", str(cache))
        said = ran("train", pets, "-o", folder)
    return folder, said


def mobilenet(pets):
    known = pretrained_for(cw.read(pets))
    assert known is not None
    return known


def test_it_says_what_it_does_and_is_good_at_once(trained):
    folder, said = trained
    assert "net mobilenetv2 on 224x224x3, trained on ImageNet (google-coral" in said
    assert "its features are computed once, and a last layer of 2,562 parameters is fitted to them" in said
    model = cw.load(folder)
    assert model.facts["test"]["accuracy"] >= 0.9  # of 40; 98.1% of 160 with all of the training photographs
    assert model.facts["pretrained"]["net"] == "mobilenetv2"
    assert ", norm," not in str(model.net)
    assert (folder / "report.html").is_file()


def test_it_is_one_net_from_pixels_to_classes(trained, pets):
    model = cw.load(trained[0])
    photo = sorted((pets / "test" / "cats").iterdir())[0]
    trace = model.trace(photo)
    said = model.predict(photo)
    own = trace["softmax1"].output[list(model.classes).index(said.label)]
    assert own == pytest.approx(said.prob, abs=1e-5)
    assert trace["conv1"][3, 4, 5].working().total == pytest.approx(float(trace["conv1"][3, 4, 5].value), abs=1e-4)


def test_a_second_run_computes_no_feature_again(pets, trained, monkeypatch, tmp_path):
    monkeypatch.setattr(cw.Model, "features", None)
    events = list(run(set_up(cw.read(pets), mobilenet(pets))))
    assert [event.done for event in events if isinstance(event, Looked)][-1] == 80
    (epoch,) = (event for event in events if isinstance(event, Epoch))
    assert epoch.validation_accuracy > 0.8


def test_features_that_are_damaged_are_computed_again(pets, trained, tmp_path, monkeypatch, cache):
    other = tmp_path / "cache"
    shutil.copytree(cache, other, symlinks=True)
    monkeypatch.setenv("CUTAWAY_CACHE", str(other))
    (net,) = (other / "features").iterdir()
    for path in net.iterdir():
        data = bytearray(path.read_bytes())
        data[-5] ^= 1
        path.write_bytes(data)
    setup = set_up(cw.read(pets), mobilenet(pets))
    model = cw.Model(setup.net, cw.load(trained[0]).weights, setup.classes)
    computer = features.Computer(model)
    assert computer.known == {}
    seen, _ = next(iter(computer(setup.validation)))
    monkeypatch.setenv("CUTAWAY_CACHE", str(cache))
    kept, _ = next(iter(features.Computer(model)(setup.validation)))
    assert abs(seen - kept).max() < 1e-3


def test_finetuning_starts_from_the_last_layer_and_never_ends_worse(pets, tmp_path):
    gentle = finetuning(64, epochs=1, shift=0)
    setup = set_up(cw.read(pets), mobilenet(pets), gentle, size=(64, 64), finetune=True)
    events = [event for event in run(setup, tmp_path / "run") if isinstance(event, Epoch)]
    first, last = events[0], events[-1]
    assert (first.number, last.number, last.epochs) == (1, 2, 2)
    moved = {name for name, value in last.model.weights.items() if (value != first.model.weights[name]).any()}
    assert {"conv1.kernel", "conv30.kernel", "dense1.weight"} <= moved
    best = cw.load(tmp_path / "run")
    assert best.facts["validation"]["accuracy"] >= first.validation_accuracy


def test_weights_and_scratch_do_not_go_together(pets):
    result = run_command("train", pets, "--weights", "w.safetensors", "--scratch")
    assert result.exit_code == 2 and "give one of them" in result.stderr
    result = run_command("train", "digits", "--finetune")
    assert result.exit_code == 2 and "--finetune needs pretrained weights" in result.stderr


def test_the_longest_unused_features_go_first(tmp_path, monkeypatch):
    monkeypatch.setenv("CUTAWAY_CACHE", str(tmp_path))
    for number, name in enumerate(("old", "newer", "newest")):
        folder = features.folder() / name
        folder.mkdir(parents=True)
        (folder / "1.safetensors").write_bytes(b"x" * 100)
        os.utime(folder, (number, number))
    features.make_room(200, features.folder() / "newest")
    assert [len(list((features.folder() / name).iterdir())) for name in ("old", "newer", "newest")] == [0, 1, 1]
