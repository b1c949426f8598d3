"""`cutaway check`: what it finds, what it writes, and that training takes it."""

import csv
import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import cutaway as cw
from cutaway.pictures.audit.inspection import inspect
from tests.command import ran, run

NET = "input any, colour, resize 16x16 crop, scale, conv 4 3x3, relu, globalmean, dense 2, softmax"


def scene(seed, size=(200, 150)):
    """A smooth picture that is like no other."""
    draw = np.random.default_rng(seed)
    return Image.fromarray(draw.integers(0, 256, (6, 8, 3), np.uint8)).resize(size, Image.Resampling.BICUBIC)


@pytest.fixture
def pets(tmp_path, monkeypatch):
    """12 cats and 12 dogs, and one of everything that may be wrong."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "pets"
    for kind in ("cat", "dog"):
        (folder / kind).mkdir(parents=True)
        for number in range(12):
            scene(100 * (kind == "dog") + number).save(folder / kind / f"{number}.jpg", quality=92)
    cat = folder / "cat"
    shutil.copy(cat / "0.jpg", folder / "dog" / "same.jpg")
    scene(1).resize((140, 105)).save(cat / "small.jpg", quality=60)
    scene(2).transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(cat / "mirror.jpg", quality=92)
    (cat / "cut.jpg").write_bytes((cat / "3.jpg").read_bytes()[:2000])
    (cat / "text.jpg").write_text("no picture")
    Image.new("RGB", (200, 150), (3, 4, 5)).save(cat / "dark.png")
    scene(50, (9, 9)).save(cat / "tiny.png")
    turned = Image.Exif()
    turned[0x0112] = 6
    scene(51).save(cat / "turned.jpg", exif=turned)
    scene(52).convert("RGBA").save(cat / "clear.png")
    clear = scene(53).convert("RGBA")
    clear.putalpha(100)
    clear.save(cat / "half.png")
    scene(54).save(cat / "misnamed.png", "JPEG")
    Image.fromarray(np.arange(200 * 150, dtype=np.uint16).reshape(150, 200)).save(cat / "deep.png")
    scene(55).save(cat / "two.gif", save_all=True, append_images=[scene(56)])
    (cat / "notes.txt").write_text("")
    return folder


def test_it_names_everything_that_is_wrong(pets):
    rows = rows_of(pets)
    kinds = {path: {one.partition(":")[0] for one in row["findings"].split(";")} - {""} for path, row in rows.items()}
    expected = {
        "cat/0.jpg": {"duplicate", "conflict"},
        "dog/same.jpg": {"duplicate", "conflict"},
        "cat/1.jpg": {"near-duplicate"},
        "cat/small.jpg": {"near-duplicate"},
        "cat/mirror.jpg": {"mirrored"},
        "cat/cut.jpg": {"damaged"},
        "cat/text.jpg": {"no-picture"},
        "cat/tiny.png": {"tiny"},
        "cat/turned.jpg": {"rotated"},
        "cat/half.png": {"transparent"},
        "cat/misnamed.png": {"wrong-ending"},
        "cat/deep.png": {"deep"},
        "cat/two.gif": {"animated"},
    }
    for path, own in expected.items():
        assert own <= kinds[path], (path, kinds[path])
    assert {"blank", "dark"} & kinds["cat/dark.png"]
    assert kinds["cat/4.jpg"] == kinds["cat/clear.png"] == kinds["dog/5.jpg"] == set()
    assert {path: row["status"] for path, row in rows.items() if row["status"] != "ok"} == {
        "cat/cut.jpg": "unreadable",
        "cat/text.jpg": "unreadable",
        "cat/notes.txt": "ignored",
    }


def rows_of(pets, *more):
    """The rows of the table, by their path below the folder."""
    run("check", pets, "-o", "out", *more)
    with Path("out/manifest.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {row["path"].partition("pets/")[2]: row for row in rows}


def test_what_belongs_together_is_on_one_side(pets):
    for seed in range(6):
        shutil.rmtree("out", ignore_errors=True)
        rows = rows_of(pets, "--seed", seed, "--test", "20%")
        for one, other in (
            ("cat/0.jpg", "dog/same.jpg"),
            ("cat/1.jpg", "cat/small.jpg"),
            ("cat/2.jpg", "cat/mirror.jpg"),
        ):
            assert rows[one]["split"] == rows[other]["split"], (seed, one)
            assert rows[one]["group"] == rows[other]["group"] != ""
        assert {row["split"] for row in rows.values() if row["status"] == "ok"} == {"train", "validation", "test"}


def test_nothing_is_changed(pets):
    def state():
        return {
            path: (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns) for path in pets.rglob("*.*")
        }

    before = state()
    ran("check", pets)
    assert state() == before
    assert sorted(path.name for path in pets.parent.iterdir()) == ["checks", "pets"]


def test_training_takes_the_table(pets):
    rows = rows_of(pets)
    said = ran("train", "out/manifest.csv", "--net", NET, "--epochs", 1, "-o", "run")
    counts = {
        part: sum(row["split"] == part and row["status"] == "ok" for row in rows.values())
        for part in ("train", "validation")
    }
    assert f"{counts['train']} to train on, {counts['validation']} to validate with, 0 to test with" in said
    facts = cw.load("run").facts["data"]
    assert facts["groups"]["count"] == 3 and facts["groups"]["pictures"] == 6


def test_a_table_that_was_edited_is_left_alone(pets):
    rows_of(pets)
    with Path("out/manifest.csv").open("a", encoding="utf-8") as file:
        file.write("more.jpg,,cat,train,,ok,\n")
    result = run("check", pets, "-o", "out")
    assert result.exit_code == 2
    assert "was changed since `check` wrote it; move it away, or give -o another folder" in result.stderr


def test_a_second_run_looks_only_at_what_changed(pets, monkeypatch):
    first = rows_of(pets)
    seen: list[str] = []

    def noted(name, data):
        seen.append(name)
        return inspect(name, data)

    monkeypatch.setattr("cutaway.pictures.audit.audit.inspect", noted)
    scene(77).save(pets / "cat" / "5.jpg")
    second = rows_of(pets)
    assert sorted(name.rpartition("/")[2] for name in seen) == ["5.jpg", "cut.jpg", "text.jpg"]
    changed = {path for path in first if first[path]["hash"] != second[path]["hash"]}
    assert changed == {"cat/5.jpg"}
    # a line that was torn when the machine stopped is dropped, and its picture looked at again
    journal = pets.parent / "out" / "inspected.jsonl"
    journal.write_bytes(journal.read_bytes()[:-20])
    seen.clear()
    assert rows_of(pets) == second
    assert len(seen) == 3


def test_nothing_to_train_on_is_an_exit_code(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number in range(3):
        (tmp_path / "one" / "cat").mkdir(parents=True, exist_ok=True)
        scene(number).save(tmp_path / "one" / "cat" / f"{number}.jpg")
    result = run("check", "one")
    assert result.exit_code == 1
    assert "one class only" in result.stdout


def test_names_are_shown_and_never_interpreted(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("<script>alert(1)</script>", "=1+1"):
        for number in range(2):
            (tmp_path / "odd" / name.replace("/", "∕")).mkdir(parents=True, exist_ok=True)
            scene(hash(name) % 1000 + number).save(tmp_path / "odd" / name.replace("/", "∕") / f"{number}.jpg")
    ran("check", "odd")
    page = (tmp_path / "checks" / "odd" / "check.html").read_text()
    assert "<script>alert" not in page and "&lt;script&gt;alert" in page
    assert set(cw.read("checks/odd/manifest.csv").classes) == set(cw.read("odd").classes)


def test_awkward_files(shared_data, tmp_path, monkeypatch):
    """Each of them gets a row; what must be refused is, and what must be read is."""
    monkeypatch.chdir(tmp_path)
    folder = shared_data / "awkward"
    index = {
        row["file"]: row["verdict"] for row in csv.DictReader((folder / "index.csv").read_text("utf-8").splitlines())
    }
    result = run("check", folder, "-o", "out", "--json")
    assert result.exit_code == 0 and json.loads(result.stdout)
    with Path("out/manifest.csv").open(newline="", encoding="utf-8") as file:
        status = {row["path"].partition("awkward/")[2]: row["status"] for row in csv.DictReader(file)}
    wanted = {"accept": "ok", "reject": "unreadable"}
    wrong = {
        file: status[file]
        for file, verdict in index.items()
        if status.get(file, "ignored") not in ("ignored", wanted.get(verdict, status.get(file)))
    }
    assert wrong == {}
