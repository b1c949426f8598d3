"""`cutaway compare`: as people use it."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import cutaway
from cutaway.model import epochs, tables
from cutaway.model.comparison import compare
from cutaway.views.report import comparison as view
from tests.browser import serious_faults
from tests.command import ran, run

A = "path,true,cat,dog\n1.jpg,dog,0.1,0.9\n2.jpg,cat,0.9,0.1\n3.jpg,dog,0.6,0.4\n"
B = "path,true,cat,dog\n1.jpg,dog,0.4,0.6\n2.jpg,cat,0.7,0.3\n3.jpg,dog,0.9,0.1\n"


@pytest.fixture
def csvs(tmp_path):
    files = tmp_path / "a.csv", tmp_path / "b.csv"
    for file, text in zip(files, (A, B), strict=True):
        file.write_text(text)
    return files


@pytest.fixture(scope="module")
def two_runs(digits_run: Path, tmp_path_factory):
    """The run that is shared, and one of its first epoch."""
    folder = tmp_path_factory.mktemp("first") / "early"
    model = cutaway.load(digits_run)
    replace(model, weights=epochs.load(digits_run, 1, model.net)).save(folder)
    return digits_run, folder


def words(line: str) -> list[str]:
    return line.split()


def test_the_textbooks_table(csvs):
    lines = ran("compare", "--predictions", *csvs).splitlines()
    rows = {" ".join(words(line)[:-5]): words(line)[-5:] for line in lines if " to " in line and line[0] != "["}
    shown = {name.rpartition(" ")[0]: (name.rpartition(" ")[2], own[0]) for name, own in rows.items()}
    assert shown["classification error"] == ("0.33", "0.33")
    assert shown["mean squared error"] == ("0.25", "0.71")
    assert shown["cross-entropy"] == ("0.38", "1.06")


def test_two_runs_on_the_same_pictures(two_runs, tmp_path):
    page = tmp_path / "comparison.html"
    said = ran("compare", *two_runs, "digits", "-o", page)
    assert said.startswith("2 models on 377 pictures: digits, the validation pictures\n")
    late, early = (cutaway.load(run).evaluate(cutaway.read("digits").validation) for run in two_runs)
    assert f"{1 - late.accuracy:.4f}" in said and f"{1 - early.accuracy:.4f}" in said
    assert f"{late.loss:.4f}" in said and f"{early.loss:.4f}" in said
    assert "more wrong there" in said and "they disagree on" in said
    text = page.read_text()
    assert text.count("<img") == text.count("<figure>") > 5
    assert "http" not in text.replace("http-equiv", "")


def test_json_has_every_figure(two_runs):
    told = json.loads(ran("compare", *two_runs, "digits", "--json"))
    first, second = (cutaway.load(run).predictions(cutaway.read("digits").validation) for run in two_runs)
    compared = compare([first, second], list(map(str, two_runs)))
    assert told["count"] == 377
    error = told["measures"]["classification error"][1]
    assert error["value"] == pytest.approx(1 - second.right.mean())
    assert error["difference"] == pytest.approx(first.right.mean() - second.right.mean())
    assert error["difference_interval"][0] < error["difference"] < error["difference_interval"][1]
    assert len(told["disagreements"]) == (first.guessed != second.guessed).sum()
    assert sum(row["count"] for row in told["right"]) == 377
    assert told["by_chance"] == list(compared.by_chance)


def test_three_models_are_held_against_the_first(two_runs):
    said = ran("compare", two_runs[0], two_runs[1], two_runs[0], "digits")
    assert f"{two_runs[1]} less {two_runs[0]}" in said
    assert said.count("95% interval") == 3  # of two tables, and of the sentence on the one that differs


def test_what_evaluate_wrote_can_be_compared(two_runs, tmp_path):
    files = []
    for number, one in enumerate(two_runs):
        files.append(tmp_path / f"{number}.csv")
        ran("evaluate", one, "digits", "-o", files[-1])
    from_tables = json.loads(ran("compare", "--predictions", *files, "--json"))
    from_models = json.loads(ran("compare", *two_runs, "digits", "--json"))
    for one in (from_tables, from_models):
        del one["models"], one["disagreements"]
    assert from_tables == from_models


def test_errors_say_what_would_work(csvs, two_runs, tmp_path):
    def error(*line):
        done = run("compare", *line)
        assert done.exit_code == 2, done.stdout
        return done.stderr

    assert "name two models or more, then the pictures" in error(two_runs[0], "digits")
    assert "one model cannot be compared; name two or more" in error("--predictions", csvs[0])
    assert "write it to page.html" in error("--predictions", *csvs, "-o", "page.txt")
    csvs[1].write_text(B.replace("0.4,0.6", "0.4,1.6"))
    assert "row 2: 1.6 is not a probability; write a number from 0 to 1" in error("--predictions", *csvs)
    csvs[1].write_text(B.replace("dog,0.4", "fox,0.4"))
    assert "'fox' is none of the classes cat, dog" in error("--predictions", *csvs)


def test_hostile_names_are_text(chromium, axe, tmp_path):
    nasty = "<script>document.title = 'taken'</script>"
    (tmp_path / "a.csv").write_text(A.replace("cat", nasty))
    (tmp_path / "b.csv").write_text(B.replace("cat", nasty).replace("0.7,0.3", "0.2,0.8"))
    page = tmp_path / "page.html"
    said = [tables.read(tmp_path / name) for name in ("a.csv", "b.csv")]
    view.write(compare(said, ["<b>a</b>", "b&"]), "a < b", page)
    for scheme in ("light", "dark"):
        context = chromium.new_context(color_scheme=scheme, viewport={"width": 390, "height": 800})
        opened = context.new_page()
        opened.goto(page.as_uri())
        assert opened.title() == "comparison"
        assert nasty in opened.inner_text("body") and "<b>a</b>" in opened.inner_text("body")
        assert opened.evaluate("document.documentElement.scrollWidth") <= 390
        assert serious_faults(opened, axe) == []
        context.close()


def test_thumbnails_are_found_by_their_paths(tmp_path):
    from PIL import Image

    for number in (1, 2, 3):
        Image.fromarray(np.full((50, 60, 3), 40 * number, np.uint8)).save(tmp_path / f"{number}.png")
    files = []
    for name, text in (("a", A), ("b", B.replace("0.7,0.3", "0.2,0.8"))):
        files.append(tmp_path / f"{name}.csv")
        files[-1].write_text(text.replace(".jpg", ".png").replace("\n", f"\n{tmp_path}/").removesuffix(f"{tmp_path}/"))
    ran("compare", "--predictions", *files, "-o", tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text().count("<img") == 1
