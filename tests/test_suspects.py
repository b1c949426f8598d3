"""Labels that are probably wrong: the method by hand, real errors found, the page, the tables."""

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import cutaway
from cutaway.errors import DataError, InputError
from cutaway.pictures import corrections
from cutaway.training.suspects import Cleaning, found, suspects
from cutaway.views.report import suspects as view
from tests.browser import page_of, serious_faults
from tests.command import empty_cache, ran, run

OF_CAT = np.array([0.9, 0.9, 0.9, 0.9, 0.1, 0.2, 0.2, 0.2, 0.2, 0.7])
PROBS = np.stack([OF_CAT, 1 - OF_CAT], axis=1)
CATS, DOGS = "=cats", "<b>dogs"
"""Names that a spreadsheet program would compute, and a browser interpret."""
NET = "conv 6 3x3, relu, maxpool 2, flatten, dense 24, relu, dense classes, softmax"


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUTAWAY_CACHE", str(empty_cache(tmp_path_factory.mktemp("cache") / "own")))
        yield


# ---- the method


def test_thresholds_decide_what_is_suspect():
    """The fifth cat looks like a dog, more than dogs usually do; the last dog is no cat by what cats usually reach."""
    known = found(PROBS, np.repeat([0, 1], 5))
    assert known.thresholds == pytest.approx([3.7 / 5, 3.5 / 5])
    assert known.rows.tolist() == [4]
    assert known.suggested.tolist() == [1]
    assert known.of_label[0], known.of_suggested[0] == (pytest.approx(0.1), pytest.approx(0.9))
    assert known.errors == pytest.approx(np.array([[0, 1], [0, 0]]))
    assert known.agreement == 0.8


def test_errors_are_scaled_to_all_pictures_of_a_label():
    """Of five cats four are told for sure, one of them as a dog: a quarter of five."""
    probs = np.array([[0.95, 0.05]] * 3 + [[0.1, 0.9], [0.6, 0.4]] + [[0.2, 0.8]] * 5)
    known = found(probs, np.repeat([0, 1], 5))
    assert known.errors == pytest.approx(np.array([[0, 1.25], [0, 0]]))
    ((true, guess, count),) = known.pairs()
    assert (true, guess) == (0, 1) and count == pytest.approx(1.25)


def test_the_worst_come_first():
    probs = np.vstack([PROBS, [[0.02, 0.98], [0.25, 0.75]]])
    assert found(probs, np.array([0] * 5 + [1] * 5 + [0, 0])).rows.tolist() == [10, 4, 11, 9]


def test_a_class_too_small_to_judge_is_neither_suspect_nor_suggested():
    labels = np.array([0] * 5 + [1] * 5 + [2] * 4)
    probs = np.hstack(
        [np.vstack([PROBS, [[0.9, 0.05]] * 4]), np.array([[0.0]] * 4 + [[5.0]] + [[0]] * 5 + [[0.05]] * 4)]
    )
    known = found(probs, labels)
    assert np.isinf(known.thresholds[2])
    assert known.rows.tolist() == [4]
    assert known.suggested.tolist() == [1]


def test_the_evidence_is_nearest_and_neither_a_suspect_nor_itself():
    """Picture 1 points the same way as picture 0, but is suspect itself; 2 and 3 are the next of its class."""
    angles = np.radians([0, 0, 40, 10, 60, 90])
    labels = np.array([0, 1, 1, 1, 1, 0])
    known = replace(found(np.eye(2)[labels], labels), rows=np.array([0, 1]))
    features = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    cleaning = Cleaning(cutaway.read("xs").chosen(range(6)), known, features, [b""] * 6)
    assert cleaning.nearest(np.array([0, 0]), np.array([1, 0])) == [[3, 2], [5]]
    assert cleaning.nearest(np.array([5]), np.array([0])) == [[]]


# ---- real errors


def flipped(labels, classes, share=0.06):
    """Labels of which some are another class, the same ones each time; and which."""
    rng = np.random.default_rng(0)
    rows = rng.choice(len(labels), round(share * len(labels)), replace=False)
    wrong = labels.copy()
    wrong[rows] = (labels[rows] + rng.integers(1, classes, len(rows))) % classes
    return wrong, rows


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """A run on bundled digits of which 6% have a wrong label, and which those are."""
    folder, pictures = tmp_path_factory.mktemp("digits"), cutaway.read("digits")
    some = np.arange(len(pictures))[:600]
    wrong, rows = flipped(pictures.labels[some], 10)
    np.savez(folder / "digits.npz", x=np.stack([pictures[int(row)] for row in some]), y=wrong)
    ran("train", folder / "digits.npz", "--net", "digits", "--epochs", 6, "-o", folder / "run")
    return folder, rows


def rates(known, rows):
    """Precision and recall."""
    right = len(set(known.found.rows.tolist()) & set(rows.tolist()))
    return right / len(known.found), right / len(rows)


@pytest.fixture(scope="module")
def judged(digits):
    """Judged by nets that are trained anew, and by the features of the run."""
    folder, _ = digits
    model, pictures = cutaway.load(folder / "run"), cutaway.read(folder / "digits.npz")
    return suspects(model, pictures), suspects(model, pictures, retrain=False)


def test_wrong_labels_are_found_and_a_net_trained_on_them_misses_more(judged, digits):
    known, own = judged
    assert known.anew and known.apart and not own.anew and not own.apart
    precision, recall = rates(known, digits[1])
    assert precision > 0.6 and recall > 0.6
    assert rates(own, digits[1])[1] < recall
    assert known.found.estimated == pytest.approx(len(digits[1]), rel=0.5)


def test_a_sigmoid_of_two_classes(folder_of_two, tmp_path):
    model = cutaway.train(folder_of_two, NET.replace("classes, softmax", "1, sigmoid"), epochs=12)
    for retrain in (False, True):
        known = suspects(model, cutaway.read(folder_of_two), retrain=retrain)
        assert "cats/wrong.png" in [name.rpartition("two/=")[2] for name in named(known)]


def named(known):
    return [known.pictures.names[row] for row in known.found.rows]


def test_what_cannot_be_judged_is_said(digits):
    folder, _ = digits
    pictures, model = cutaway.read(folder / "digits.npz"), cutaway.load(folder / "run")
    without = cutaway.train("xs", "conv 2 3x3, relu, globalmean, softmax", epochs=1)
    with pytest.raises(InputError, match="no dense layer, so it gives no features to judge labels by; use a run"):
        suspects(without, cutaway.read("xs"))
    with pytest.raises(InputError, match=r"cannot be trained anew: it does not say how .*leave out --retrain"):
        suspects(replace(model, facts={}), pictures, retrain=True)
    with pytest.raises(DataError, match=r"two classes need 5 readable pictures or more .*there are: 0 2, 1 2"):
        suspects(model, pictures.chosen([np.flatnonzero(pictures.labels == n)[k] for n in range(10) for k in (0, 1)]))
    truths = np.eye(10, dtype=bool)[pictures.labels]
    with pytest.raises(DataError, match="a picture may be of several classes; labels are checked where each is of one"):
        suspects(model, replace(pictures, truths=truths))


# ---- the command


@pytest.fixture(scope="module")
def folder_of_two(tmp_path_factory):
    """Bright cats and dark dogs, one dark picture among the cats, one cat twice, once as a dog."""
    folder, rng = tmp_path_factory.mktemp("pets") / "two", np.random.default_rng(0)

    def write(name, bright):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 90, (12, 12, 3)) + 150 * bright
        Image.fromarray(pixels.astype(np.uint8)).save(path)

    for number in range(20):
        write(f"{CATS}/{number}.png", True)
        write(f"{DOGS}/{number}.png", False)
    write(f"{CATS}/wrong.png", False)
    (folder / DOGS / "twin.png").write_bytes((folder / CATS / "3.png").read_bytes())
    return folder


@pytest.fixture(scope="module")
def two(folder_of_two):
    """The folder and a run of it, with its suspects written."""
    run_ = folder_of_two.parent / "run"
    ran("train", folder_of_two, "--net", NET, "--epochs", 12, "-o", run_)
    return folder_of_two, run_, ran("suspects", run_)


def rows_of(file):
    return list(csv.DictReader(io.StringIO(file.read_text(), newline="")))


def test_three_files_and_no_picture_touched(two):
    folder, run_, said = two
    assert "42 pictures" in said and "--corrections" in said
    rows = rows_of(run_ / "suspects.csv")
    assert list(rows[0]) == ["path", "hash", "label", "suggested", "prob_label", "prob_suggested"]
    found_ = {row["path"].rpartition("/")[2]: row for row in rows}
    assert {"wrong.png", "twin.png"} <= set(found_)
    assert (found_["wrong.png"]["label"], found_["wrong.png"]["suggested"]) == (f"'{CATS}", DOGS)
    assert float(found_["wrong.png"]["prob_label"]) < float(found_["wrong.png"]["prob_suggested"])
    assert len(list(folder.rglob("*.png"))) == 42
    assert len(list(folder.rglob("*"))) == 44


def test_corrections_are_a_persons_and_stay(two):
    folder, run_, _ = two
    file, pictures = run_ / "corrections.csv", cutaway.read(folder)
    assert corrections.apply(pictures, file).rows == ()
    before = file.read_text()
    edited = before.replace(f",'{CATS},'{CATS},", f",{DOGS},'{CATS},")
    assert edited != before
    file.write_text(edited)
    done = corrections.apply(pictures, file)
    assert done.relabelled == 1
    assert dict(zip(pictures.names, done.pictures.labels, strict=True))[str(folder / CATS / "wrong.png")] == 0
    said = ran("suspects", run_)
    assert "corrections.csv is there already, and is left as it is" in said
    assert file.read_text() == edited
    file.write_text(before)


def test_the_next_table_has_the_earlier_corrections(two):
    folder, run_, _ = two
    model, pictures = cutaway.load(run_), cutaway.read(folder)
    row = corrections.Correction(str(folder / CATS / "wrong.png"), "", DOGS)
    done = corrections.applied(pictures, [row])
    told = view.Written.of(suspects(model, done.pictures), done.facts())
    text = view.head(told) + "".join(one.to_edit() for one in told.suspects)
    file = folder.parent / "next.csv"
    file.write_text(text)
    assert corrections.apply(pictures, file).pictures.fingerprint == done.pictures.fingerprint


def test_json_has_every_suspect(two):
    _, run_, _ = two
    told = json.loads(ran("suspects", run_, "--json"))
    assert [one["path"] for one in told["suspects"]] == [row["path"] for row in rows_of(run_ / "suspects.csv")]
    assert told["pictures"] == 42
    assert told["retrained"] is True


def test_nothing_is_written_among_the_pictures(two):
    folder, run_, _ = two
    done = run("suspects", run_, "-o", folder / "here")
    assert done.exit_code == 2 and "among the pictures" in done.stderr
    done = run("suspects", run_, "-o", run_ / "config.json")
    assert done.exit_code == 2 and "is a file; name a folder" in done.stderr


# ---- the page


def test_the_page_shows_names_as_text_and_the_twin(two):
    text = (two[1] / "suspects.html").read_text()
    assert "<b>dogs" not in text.replace("<b>&lt;b&gt;dogs", "")
    assert "3.png is the same picture" in text
    assert "http" not in text.replace("http-equiv", "")
    assert "script-src &#x27;sha256-" in text


def test_choices_become_a_table_that_the_next_run_takes(two, chromium, axe):
    folder, run_, _ = two
    with page_of(chromium, run_ / "suspects.html", shown="#bar button") as page:
        assert page.locator("#bar button").is_disabled()
        wrong = page.locator("li", has=page.locator(".name", has_text="wrong.png"))
        wrong.get_by_text(f"it is {DOGS}").click()
        twin = page.locator("li", has=page.locator(".name", has_text="twin.png"))
        twin.get_by_text("leave it out").click()
        assert page.inner_text("#bar output").startswith("2 of ")
        assert serious_faults(page, axe) == []
        with page.expect_download() as download:
            page.click("#bar button")
        file = folder.parent / "downloaded.csv"
        download.value.save_as(file)
    done = corrections.apply(cutaway.read(folder), file)
    decided = {(row.path.rpartition("/")[2], row.label) for row in done.rows}
    assert decided == {("twin.png", ""), ("wrong.png", DOGS)}


def test_without_scripts_the_page_shows_the_same_and_offers_nothing(two, chromium):
    with page_of(chromium, two[1] / "suspects.html", shown="h1", java_script_enabled=False) as page:
        assert page.locator(".suspects > li img").count() > 2
        assert not page.locator("fieldset").first.is_visible()
        assert not page.locator("#bar").is_visible()
        assert "decide below" not in page.inner_text("#steps")
