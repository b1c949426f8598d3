"""Photographs that belong together stay on one side of the split, in training and whenever they are read again."""

import numpy as np
import pytest
from PIL import Image

import cutaway as cw
from cutaway.model.origin import source_of, to_judge_by
from cutaway.pictures import companions, read
from tests.command import empty_cache, ran

NET = "input any, colour, resize 16x16 crop, scale, conv 4 3x3, relu, globalmean, dense 2, softmax"


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """20 of each class, each a smooth scene of its own; every second one is there again, smaller and worse."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CUTAWAY_CACHE", str(empty_cache(tmp_path / "cache")))
    draw = np.random.default_rng(0)
    for number in range(40):
        folder = tmp_path / "data" / ("cat", "dog")[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        scene = Image.fromarray(draw.integers(0, 256, (6, 8, 3), np.uint8)).resize((200, 150), Image.Resampling.BICUBIC)
        scene.save(folder / f"{number}.jpg", quality=95)
        if number % 4 < 2:
            scene.resize((140, 105)).save(folder / f"{number}-copy.jpg", quality=60)
    return tmp_path / "data"


def groups(pictures):
    """The name of the group of each picture, by the picture's name."""
    assert pictures.groups is not None
    return dict(zip(pictures.names, pictures.groups.tolist(), strict=True))


def parted(pictures):
    """Copies on another side than their original."""
    side = dict(zip(pictures.names, pictures.splits, strict=True))
    return [name for name in side if "-copy" in name and side[name] != side[name.replace("-copy", "")]]


def test_near_copies_are_parted_without_and_kept_together_with_it(photos):
    plain = read(photos)
    assert len(parted(plain)) > 2  # of 20: a fifth is held out, by content
    found = companions.found(plain)
    assert parted(found) == []
    assert sum(group != "" for group in groups(found).values()) == 40
    alone = [name for name, group in groups(found).items() if not group]
    before = dict(zip(plain.names, plain.splits, strict=True))
    after = dict(zip(found.names, found.splits, strict=True))
    assert {name: before[name] for name in alone} == {name: after[name] for name in alone}


def test_what_was_found_is_remembered(photos, monkeypatch):
    first = companions.found(read(photos))
    monkeypatch.setattr("cutaway.pictures.audit.audit.inspect", None)
    assert groups(companions.found(read(photos))) == groups(first)


def test_order_and_other_files_do_not_matter(photos):
    whole = companions.found(read(photos))
    names = groups(whole)
    for path in sorted(photos.rglob("*.jpg"))[::9]:
        if "-copy" not in path.name and not path.with_name(f"{path.stem}-copy.jpg").exists():
            path.unlink()
    fewer = companions.found(read(photos))
    assert len(fewer) < len(whole)
    assert {name: names[name] for name in fewer.names} == groups(fewer)


def test_a_model_knows_what_it_was_trained_on(photos):
    said = ran("train", "data", "--net", NET, "--epochs", 1, "-o", "run")
    assert "kept on one side: 40 pictures that are alike or belong together" in said
    model = cw.load("run")
    again = source_of(model)
    assert parted(again) == []
    assert len(again.validation) == model.facts["data"]["validation"]
    pictures, part, why = to_judge_by(model, read("data", training=False))
    assert (part, sorted(pictures.names)) == ("validation", sorted(again.validation.names))
    assert "it was trained on the others" in why
    assert 0.4 < model.facts["data"]["groups"]["company"] < 0.6  # two thirds of the pictures, with a probability of 0.8
    report = (photos.parent / "run" / "report.html").read_text()
    assert "40 pictures in 20 groups" in report and "would have had company in training" in report


def test_small_pictures_and_given_parts_are_left_alone(photos, tmp_path):
    digits = read("digits")
    assert companions.found(digits) is digits
    for path in photos.rglob("*.jpg"):
        Image.open(path).resize((32, 24)).save(path)
    small = read(photos)
    assert companions.found(small) is small
    assert companions.again(small, []) is small
