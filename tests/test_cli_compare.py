"""`cutaway compare`: as people use it."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import cutaway
from cutaway.cli.group import cutaway as cutaway_command
from cutaway.model import epochs, tables
from cutaway.model.comparison import compare
from cutaway.pictures import Pictures
from cutaway.pictures.pictures import TRAIN, VALIDATION
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


def test_the_textbooks_table(csvs, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    lines = ran("compare", "--predictions", *csvs).splitlines()
    rows = {" ".join(words(line)[:-5]): words(line)[-5:] for line in lines if " to " in line and line[0] != "["}
    shown = {name.rpartition(" ")[0]: (name.rpartition(" ")[2], own[0]) for name, own in rows.items()}
    assert shown["classification error"] == ("0.33", "0.33")
    assert shown["mean squared error"] == ("0.25", "0.71")
    assert shown["cross-entropy"] == ("0.38", "1.06")


def test_two_runs_on_the_same_pictures(two_runs, tmp_path):
    page = tmp_path / "comparison.html"
    said = ran("compare", *two_runs, "digits", "-o", page)
    assert said.startswith(
        "2 models on 377 pictures: digits, the validation pictures; both were trained on the others\n"
    )
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
    assert re.search(r"^…\S*early less …\S*digits-1$", said, re.M)
    assert re.search(r"digits-1 \(2\) less …\S*digits-1$", said, re.M)
    assert said.count("95% interval") == 3  # of two tables, and of the sentence on the one that differs


def test_what_evaluate_wrote_can_be_compared(two_runs, tmp_path):
    files = []
    for number, one in enumerate(two_runs):
        files.append(tmp_path / f"{number}.csv")
        ran("evaluate", one, "digits", "-o", files[-1])
    from_tables = json.loads(ran("compare", "--predictions", *files, "--json"))
    from_models = json.loads(ran("compare", *two_runs, "digits", "--json"))
    for one in (from_tables, from_models):
        for differs in ("models", "disagreements", "all_wrong", "part", "pictures"):
            del one[differs]
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
    for number in (1, 2, 3):
        Image.fromarray(np.full((50, 60, 3), 40 * number, np.uint8)).save(tmp_path / f"{number}.png")
    files = []
    for name, text in (("a", A), ("b", B.replace("0.7,0.3", "0.2,0.8"))):
        files.append(tmp_path / f"{name}.csv")
        files[-1].write_text(text.replace(".jpg", ".png").replace("\n", f"\n{tmp_path}/").removesuffix(f"{tmp_path}/"))
    ran("compare", "--predictions", *files, "-o", tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert page.count("<img") == 2  # they disagree on one, and are wrong on another
    assert page.count(", more wrong)") == 1


def test_pictures_of_a_set_are_found_by_its_name(tmp_path):
    for name, text in (("a", A), ("b", B.replace("0.7,0.3", "0.2,0.8"))):
        (tmp_path / name).with_suffix(".csv").write_text(text.replace("2.jpg", "digits[17]"))
    ran("compare", "--predictions", tmp_path / "a.csv", tmp_path / "b.csv", "-o", tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert page.count("<img") == 1 and page.count("<figure>") == 2  # they disagree on one, are wrong on another


def test_nothing_is_downloaded_for_a_page(tmp_path, monkeypatch):
    monkeypatch.setenv("CUTAWAY_CACHE", str(tmp_path))
    monkeypatch.setattr("cutaway.pictures.reading.fetched", lambda *_: pytest.fail("fetched"))
    for name, text in (("a", A), ("b", B.replace("0.7,0.3", "0.2,0.8"))):
        (tmp_path / name).with_suffix(".csv").write_text(text.replace("2.jpg", "mnist[17]"))
    ran("compare", "--predictions", tmp_path / "a.csv", tmp_path / "b.csv", "-o", tmp_path / "page.html")
    assert "<img" not in (tmp_path / "page.html").read_text()


# --- which pictures ---------------------------------------------------------------------------------------


@pytest.fixture
def pets(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    for label, level in (("cat", 60), ("dog", 150)):
        Path("pets", label).mkdir(parents=True)
        for number in range(30):
            picture(f"pets/{label}/{number}.png", random.normal(level, 60, (6, 6, 3)))
    train("pets", "runs/one")


def picture(file, pixels):
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(file)


def train(source, folder, *more, last="softmax"):
    ran("train", source, "--net", f"flatten, dense classes, {last}", "--epochs", 2, "-o", folder, *more)


def told(*line):
    return json.loads(ran("compare", *line, "--json"))


def test_of_another_seed_only_pictures_new_to_both_are_left(pets):
    train("pets", "runs/two", "--seed", 7)
    both = told("runs/one", "runs/two", "pets")
    one, two = (set(cutaway.read("pets", seed=seed).validation.names) for seed in (0, 7))
    assert both["part"] == "validation"
    assert 0 < both["count"] == len(one & two) < len(one)
    assert "their validation pictures differ" in both["pictures"] and both["remarks"] == []


def test_where_no_picture_is_new_to_both_it_is_said(pets, monkeypatch):
    train("pets", "runs/two", "--seed", 7)
    splits = {0: VALIDATION, 7: TRAIN}
    monkeypatch.setattr(Pictures, "splits", property(lambda own: np.array(5 * [splits[own.seed]] + 55 * [TRAIN])))
    both = told("runs/one", "runs/two", "pets")
    assert both["count"] == 5
    assert both["remarks"] == ["runs/two was trained on 5 of these pictures, which flatters it"]


def test_who_was_trained_on_the_pictures_as_they_were_before(pets):
    picture("pets/cat/new.png", np.full((6, 6, 3), 60))
    train("pets", "runs/two")
    remark = "runs/one was trained on these pictures as they were before, so that some of them flatter it"
    assert told("runs/two", "runs/one", "pets")["remarks"] == [remark]
    said = ran("compare", "runs/two", "runs/one", "pets", "-o", "page.html")
    assert said.splitlines()[1] == remark
    assert remark in Path("page.html").read_text()


def test_who_was_trained_on_other_pictures(pets):
    picture("pets/cat/new.png", np.full((6, 6, 3), 60))
    Path("pets").rename("others")
    train("others", "runs/two")
    both = told("runs/two", "runs/one", "others")
    remark = "runs/one was trained on other pictures (pets); if some of these were among them, they flatter it"
    assert (both["part"], both["remarks"]) == ("validation", [remark])
    Path("others/cat/new.png").unlink()
    picture("others/dog/new.png", np.full((6, 6, 3), 60))
    Path("others").rename("third")
    both = told("runs/two", "runs/one", "third")
    assert (both["part"], both["pictures"], both["remarks"]) == ("all", "all pictures", [])


def test_a_net_of_outputs_by_themselves_is_judged_by_cross_entropy_too(pets):
    train("pets", "runs/each", last="sigmoid")
    said = ran("compare", "runs/one", "runs/each", "pets")
    assert "The losses of runs/each count every class by itself" in said
    known = cutaway.load("runs/each").predictions(cutaway.read("pets").validation)
    expected = -np.log(known.probs[np.arange(len(known)), known.true]).mean()
    found = told("runs/one", "runs/each", "pets")["measures"]["cross-entropy"][1]["value"]
    assert found == pytest.approx(expected, rel=1e-5)


def test_the_same_run_twice_is_told_apart(pets):
    assert told("runs/one", "runs/one", "pets")["models"] == ["runs/one", "runs/one (2)"]


def test_it_fits_the_terminal(pets, monkeypatch):
    train("pets", "runs/a-run-with-quite-a-long-name-for-a-table")
    for columns in (60, 80):
        monkeypatch.setenv("COLUMNS", str(columns))
        said = ran("compare", "runs/one", "runs/a-run-with-quite-a-long-name-for-a-table", "pets")
        rows = [line for line in said.splitlines() if line.startswith(("classification", "mean", "pets/"))]
        assert len(rows) >= 2 and max(map(len, rows)) <= columns


def test_names_cannot_write_to_the_terminal(pets):
    Path("pets").rename("p\x1b[31mets")
    done = CliRunner().invoke(cutaway_command, ["compare", "runs/one", "runs/one", "p\x1b[31mets"], color=True)
    assert r"p\u001b[31mets" in done.stdout and "\x1b" not in done.stdout
