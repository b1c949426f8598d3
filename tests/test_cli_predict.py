"""`cutaway predict`: one line for each picture, in order, whatever is in the file."""

import csv
import json
import re

import numpy as np
import pytest
from PIL import Image

from cutaway.model import Model
from cutaway.net import parse, start
from tests.command import ran, run, started

NET = "input any, grey, resize 8x8 crop, scale, conv 4 3x3, relu, maxpool 2, flatten, dense 3, softmax"


@pytest.fixture
def model(tmp_path, monkeypatch):
    """A model folder `run` in an empty working folder."""
    monkeypatch.chdir(tmp_path)
    net = parse(NET)
    model = Model(net, start(net, 1), ("cat", "two\nlines", "<b>|,"))
    model.save("run")
    return model


def picture(path, level=100):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (9, 7), level).save(path)
    return path


def test_rows_for_people(model, tmp_path):
    picture(tmp_path / "a.png")
    (tmp_path / "empty.jpg").write_bytes(b"")
    said = ran("predict", "run", "a.png", "empty.jpg", "--top", 2).splitlines()
    first = model.predict("a.png", top=2)
    assert said[0] == f"a.png      {first[0]}  {first[1]}"
    assert said[1] == "empty.jpg  unreadable: the file is empty"
    assert r"two\nlines" in ran("predict", "run", "a.png")


def test_json_for_programs(model, tmp_path):
    picture(tmp_path / "a.png")
    (tmp_path / "bad.png").write_bytes(b"bad")
    lines = [json.loads(line) for line in ran("predict", "run", "a.png", "bad.png", "no.png", "--json").splitlines()]
    guesses = [{"label": guess.label, "prob": guess.prob} for guess in model.predict("a.png")]
    assert lines[0] == {"path": "a.png", "status": "ok", "guesses": guesses}
    assert set(lines[1]) == {"path", "status", "reason"}
    assert [line["status"] for line in lines] == ["ok", "unreadable", "unreadable"]
    assert "no such file" in lines[2]["reason"].lower()


def test_folders_patterns_and_order(model, tmp_path):
    for name in ("other/10.png", "other/2.png", "other/deep/x.jpg", "z.png", "b.png"):
        picture(tmp_path / name)
    (tmp_path / "other" / "notes.txt").write_text("")
    inputs = ["z.png", "other/", "?.png", "z.png"]
    paths = [json.loads(line)["path"] for line in ran("predict", "run", *inputs, "--json").splitlines()]
    assert paths == ["z.png", "other/2.png", "other/10.png", "other/deep/x.jpg", "b.png", "z.png", "z.png"]


def test_names_of_every_kind(model, tmp_path):
    names = ["-dash.png", "é.png", "日本 😀.png", "two\nlines.png", "udc\udcff.png", "a" * 240 + ".png", "[1].png"]
    for name in names:
        picture(tmp_path / name)
    paths = [json.loads(line)["path"] for line in ran("predict", "run", "--json", "--", *names).splitlines()]
    assert paths == names
    rows = ran("predict", "run", "--", *names).splitlines()
    assert len(rows) == len(names)
    assert rows[3].startswith(r"two\nlines.png")
    assert json.loads(started("predict", "run", "--json", "two\nlines.png").stdout)["status"] == "ok"


def test_the_exit_code_says_whether_anything_was_readable(model, tmp_path):
    picture(tmp_path / "a.png")
    (tmp_path / "bad.png").write_bytes(b"bad")
    (tmp_path / "empty").mkdir()
    assert run("predict", "run", "a.png", "bad.png").exit_code == 0
    for inputs in (["bad.png"], ["no.png", "bad.png"], ["empty"], ["no*.png"]):
        result = run("predict", "run", *inputs)
        assert result.exit_code == 1
        assert len(result.stdout.splitlines()) == len(inputs)


def test_pictures_of_a_set(model, tmp_path):
    (tmp_path / "digits[3]").write_bytes(b"a file comes first")
    rows = [
        json.loads(line)
        for line in ran("predict", "run", "digits[1796]", "xs[0]", "xs-28[3]", "digits[3]", "--json").splitlines()
    ]
    assert [(row["path"], row["status"]) for row in rows] == [
        *(("digits[1796]", "ok"), ("xs[0]", "ok"), ("xs-28[3]", "ok"), ("digits[3]", "unreadable")),
    ]
    result = run("predict", "run", "digits[1797]")
    assert "digits has 1,797 pictures, numbered from 0 to 1796" in result.stderr
    assert result.exit_code == 2


def test_an_empty_name_is_not_the_current_folder(model):
    result = run("predict", "run", "")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "an empty name was given" in result.stderr


def test_many_pictures_come_in_order(model, tmp_path):
    for level in range(70):
        picture(tmp_path / "many" / f"{level}.png", 3 * level)
    rows = [json.loads(line) for line in ran("predict", "run", "many", "--json").splitlines()]
    alone = [model.predict(tmp_path / "many" / f"{level}.png").prob for level in range(70)]
    assert [row["guesses"][0]["prob"] for row in rows] == pytest.approx(alone, abs=1e-6)


def test_a_net_that_takes_one_size_only(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    net = parse("input 8x8x1, flatten, dense 2, softmax")
    Model(net, start(net), ("a", "b")).save("run")
    picture(tmp_path / "a.png")
    result = run("predict", "run", "a.png")
    assert "takes pictures of 8x8x1; this one is 7x9x1" in result.stderr
    assert result.exit_code == 2


def test_a_damaged_model_is_refused(model, tmp_path):
    path = tmp_path / "run" / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    result = run("predict", "run", picture(tmp_path / "a.png"))
    assert re.match(r"cutaway: run/model.safetensors is damaged or cut short", result.stderr)
    assert (result.stdout, result.exit_code) == ("", 2)


def test_awkward_files(model, shared_data):
    """All of them in one go: what must be read is read, what must be refused is refused."""
    folder = shared_data / "awkward"
    index = list(csv.DictReader((folder / "index.csv").read_text("utf-8").splitlines()))
    assert len(index) == 322
    files = [folder / row["file"] for row in index]
    result = run("predict", "run", "--json", *files)
    assert (result.exit_code, result.stderr) == (0, "")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["path"] for row in rows] == [str(path) for path in files]
    status = {"accept": "ok", "reject": "unreadable"}
    wrong = [
        (verdict["file"], verdict["verdict"], row)
        for verdict, row in zip(index, rows, strict=True)
        if row["status"] != status.get(verdict["verdict"], row["status"])
    ]
    assert wrong == []
    assert all(np.isclose(sum(g["prob"] for g in row["guesses"]), 1) for row in rows if row["status"] == "ok")
    assert all("\n" not in row["reason"] for row in rows if row["status"] == "unreadable")


def test_csv_has_a_row_for_each_in_order(model, tmp_path):
    picture(tmp_path / "=a.png")
    (tmp_path / "bad.png").write_bytes(b"bad")
    rows = list(csv.DictReader(ran("predict", "run", "=a.png", "bad.png", "=a.png", "--top", 2, "--csv").splitlines()))
    said = model.predict("=a.png", top=2)
    assert list(rows[0]) == ["path", "status", "label", "prob", "label_2", "prob_2", "reason"]
    assert [row["path"] for row in rows] == ["'=a.png", "bad.png", "'=a.png"]
    assert [row["status"] for row in rows] == ["ok", "unreadable", "ok"]
    assert rows[0] == rows[2]
    assert float(rows[0]["prob_2"]) == pytest.approx(said[1].prob, rel=1e-6)
    assert rows[1]["label"] == rows[1]["prob"] == "" and "not a picture" in rows[1]["reason"]


def test_parquet_holds_the_same(model, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    picture(tmp_path / "a.png")
    ran("predict", "run", "a.png", "no.png", "--top", 1, "-o", "said.parquet")
    rows = parquet.read_table(tmp_path / "said.parquet").to_pylist()
    (best,) = model.predict("a.png", top=1)
    assert rows[0] == {
        "path": "a.png",
        "status": "ok",
        "label": best.label,
        "prob": pytest.approx(best.prob),
        "reason": None,
    }
    assert rows[1] == {"path": "no.png", "status": "unreadable", "label": None, "prob": None, "reason": "no such file"}
    assert "written to a file" in run("predict", "run", "a.png", "--parquet").stderr


def test_a_file_appears_when_all_is_said(model, tmp_path):
    picture(tmp_path / "a.png")
    (tmp_path / "said.csv").write_text("from before")
    assert run("predict", "run", "a.png", "-o", "said.txt").exit_code == 2
    net = parse("input 8x8x1, flatten, dense 2, softmax")
    Model(net, start(net), ("a", "b")).save("strict")
    assert run("predict", "strict", "a.png", "-o", "said.csv").exit_code == 2  # it takes pictures of 8x8 alone
    assert (tmp_path / "said.csv").read_text() == "from before"
    ran("predict", "run", "a.png", "-o", "said.csv")
    assert (tmp_path / "said.csv").read_text().startswith("path,status,")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "run", "said.csv", "strict"]


def test_paths_from_standard_input(model, tmp_path):
    for name in ("a.png", "b b.png"):
        picture(tmp_path / name)
    done = started("predict", "run", "-", "a.png", "--json", input="b b.png\n\nno.png\r\n")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(row["path"], row["status"]) for row in rows] == [
        ("b b.png", "ok"),
        ("no.png", "unreadable"),
        ("a.png", "ok"),
    ]


def test_abstaining(digits_run):
    paths = [f"digits[{number}]" for number in range(40)]
    free = [json.loads(line) for line in ran("predict", digits_run, *paths, "--json").splitlines()]
    result = run("predict", digits_run, *paths, "--json", "--abstain", "0.5%")
    held = [json.loads(line) for line in result.stdout.splitlines()]
    (sure,) = (
        float(share) / 100 for share in re.findall(r"answers where it is at least ([\d.]+)% sure: ", result.stderr)
    )
    for own, row in zip(free, held, strict=True):
        far = own.get("reason") == "unlike anything seen in training"
        answered = own["guesses"][0]["prob"] >= sure - 5e-4 and not far
        assert (row["status"] == "ok") == answered, row
        assert ("guesses" in row) == answered and (answered or row["reason"])
    refused = run("predict", digits_run, paths[0], "--abstain", "0.0001%")
    assert refused.exit_code in (0, 2)
    if refused.exit_code:
        assert "no threshold keeps the error at" in refused.stderr


def test_what_is_unlike_all_training_pictures(digits_run, tmp_path):
    """A checkerboard is no digit; most digits that were kept back are like those that were learned."""
    board = 255 * (np.indices((8, 8)).sum(axis=0) % 2).astype(np.uint8)
    Image.fromarray(board).save(tmp_path / "board.png")
    lines = ran("predict", digits_run, tmp_path / "board.png", "digits[17]", "--top", 1, "--why").splitlines()
    assert lines[0].endswith("(unlike anything seen in training)")
    assert "unlike" not in lines[2] and re.search(r"like digits\[\d+\] \(7, 0\.\d{3}\)  digits", lines[3])


def test_why_needs_training_pictures(model, tmp_path):
    picture(tmp_path / "a.png")
    result = run("predict", "run", "a.png", "--why")
    assert result.exit_code == 2 and "run keeps no training pictures to compare with" in result.stderr
