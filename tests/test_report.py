"""The report of a run: everything in one file, safe whatever names are in it, readable by everybody, off-line."""

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import cutaway as cw
from cutaway import _show
from cutaway.model import tables
from cutaway.model.assessment import FACT, known_of
from cutaway.views import report
from cutaway.views.report import colours, confusion, gallery, thumbnails
from cutaway.views.report.html import escape, tag
from tests.browser import page_of, serious_faults
from tests.command import ran, run

FAST = ["--net", "conv 2 3x3, relu, flatten, dense classes, softmax", "--epochs", "2"]
HOSTILE = ("<script>alert(1)</script>".replace("/", "∕"), '"><img src=x onerror=alert(2)>', "'&amp;{{x}}", "two\nlines")
"""Names of class folders, as far as a file system allows them."""


def make(folder, *classes, count=8):
    """Class folders of small coloured pictures, alike enough for mistakes."""
    random = np.random.default_rng(0)
    for number, name in enumerate(classes):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for one in range(count):
            pixels = random.integers(0, 120, (12, 16, 3)) + 20 * number
            Image.fromarray(pixels.astype(np.uint8)).save(folder / name / f"{one}.png")
    return folder


class Elements(HTMLParser):
    """What elements a page has, that all of them end, and all the addresses in them."""

    def __init__(self, page):
        super().__init__()
        self.open: list[str] = []
        self.names: list[str] = []
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, name, attrs):
        self.names.append(name)
        self.ids += [value for key, value in attrs if key == "id"]
        self.addresses += [value for key, value in attrs if key in ("src", "href", "srcset", "xlink:href")]
        assert not [key for key, _ in attrs if key.startswith("on")]
        if name not in ("img", "meta", "source", "path", "use", "br"):
            self.open.append(name)

    def handle_startendtag(self, name, attrs):
        if name not in ("path", "use"):
            self.handle_starttag(name, attrs)
            self.open = [one for one in self.open if one != name] if name not in ("img", "meta") else self.open

    def handle_endtag(self, name):
        if name not in ("path", "use"):
            assert self.open.pop() == name


@pytest.fixture(scope="module")
def pets(tmp_path_factory) -> Path:
    """A folder of three classes, with what cannot be read, and a run trained on it."""
    place = tmp_path_factory.mktemp("report")
    pets = make(place / "pets", "cat", "dog", "fox", count=20)
    (pets / "cat" / "bad.png").write_bytes(b"")
    (pets / "dog" / "notes.txt").write_text("no picture")
    ran("train", pets, *FAST, "-o", place / "run")
    return place


def text_of(folder):
    return (folder / "report.html").read_text("utf-8")


# ---- in every run folder


def test_training_writes_it_with_all_its_parts(pets):
    page = text_of(pets / "run")
    elements = Elements(page)
    parts = (
        "fails",
        "next",
        "learning",
        "confusion",
        "mistakes",
        "unsure",
        "classes",
        "calibration",
        "first-layer",
        "net",
        "data",
        "recipe",
    )
    assert set(parts) <= set(elements.ids)
    assert len(elements.ids) == len(set(elements.ids)), "an id twice"
    assert elements.names.count("svg") == 4
    assert "script" not in elements.names
    assert all(one.startswith(("data:image/", "#")) for one in elements.addresses)
    assert "bad.png" in page and "the file is empty" in page
    assert "not a picture by its ending" in page
    assert str(pets)[1:] not in page, "the way to the pictures is nobody else's business"


def test_python_writes_it_too_and_says_what_could_not_be(tmp_path, monkeypatch):
    model = cw.train("xs", "x5", epochs=1, folder=tmp_path / "one")
    assert "report" in text_of(tmp_path / "one")
    assert model.facts[FACT]["part"] == "test"
    assert len(tables.read(tmp_path / "one" / "predictions.csv")) == 400

    def breaks(*_):
        raise RuntimeError("no ink")

    monkeypatch.setattr(_show, "write_report", breaks)
    with pytest.warns(UserWarning, match="its report could not be written: RuntimeError: no ink"):
        cw.train("xs", "x5", epochs=1, folder=tmp_path / "two")
    assert cw.load(tmp_path / "two").facts["finished"]


def test_a_model_that_cannot_be_reported_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr("cutaway.views.report.page", lambda _: 1 / 0)
    result = run("train", "digits", "--net", "flatten, dense classes, softmax", "--epochs", 1, "-o", tmp_path / "run")
    assert result.exit_code == 0
    assert (
        result.stderr
        == "cutaway: the model is saved, but its report could not be written: ZeroDivisionError: division by zero\n"
    )
    assert "report.html" not in result.stdout
    assert cw.load(tmp_path / "run").facts[FACT]["count"] == 377


def test_the_same_run_gives_the_same_bytes(pets):
    before = (pets / "run" / "report.html").read_bytes()
    said = ran("report", pets / "run")
    assert said.endswith("it opens in a browser and needs nothing else\n")
    assert (pets / "run" / "report.html").read_bytes() == before


def test_the_first_screen_is_in_plain_words(pets):
    known = known_of(cw.load(pets / "run"))
    page = re.sub(r"<[^>]*>", " ", text_of(pets / "run").split("</header>")[0])
    assert known and known.nearest and known.commonest
    assert f"{known.accuracy:.1%} right" in page
    assert f"{known.right} of {known.count} validation pictures. Of 100 other pictures of the same kind, expect" in page
    assert "to be right (95% confidence)." in page
    assert "It tells 3 classes apart: &#x27;cat&#x27;, &#x27;dog&#x27;, &#x27;fox&#x27;." in page
    assert f"always saying &#x27;{known.commonest.label}&#x27;" in page
    assert f"{known.nearest.accuracy:.1%}" in page
    assert "1 file could not be read and was left out" in page


# ---- written anew


def test_where_the_pictures_are_gone_it_has_what_the_model_knows(pets, tmp_path):
    shutil.copytree(pets / "run", tmp_path / "run")
    model = cw.load(tmp_path / "run")
    gone = dict(model.facts) | {"data": model.facts["data"] | {"source": str(tmp_path / "gone")}}
    cw.Model(model.net, model.weights, model.classes, gone).save(tmp_path / "run")
    result = run("report", tmp_path / "run")
    assert result.exit_code == 0
    assert result.stderr.startswith("No pictures are shown: ") and result.stderr.count("\n") == 1
    page = text_of(tmp_path / "run")
    assert "No pictures are shown" in page
    ids = Elements(page).ids
    assert {"learning", "confusion", "classes", "calibration", "first-layer", "net"} <= set(ids)
    assert not {"mistakes", "unsure"} & set(ids) and "popovertarget" not in page
    assert f"{known_of(model).accuracy:.1%} right" in page  # type: ignore[union-attr]


def test_a_model_that_knows_nothing_of_itself(tmp_path, pets):
    model = cw.load(pets / "run")
    cw.Model(model.net, model.weights, model.classes).save(tmp_path / "bare")
    result = run("report", tmp_path / "bare")
    assert "does not say what it was trained on." in result.stderr
    page = text_of(tmp_path / "bare")
    assert "How good this model is has not been measured" in page
    assert {"first-layer", "net", "recipe"} <= set(Elements(page).ids)


def test_of_a_run_of_before_there_were_reports(tmp_path, pets):
    model = cw.load(pets / "run")
    facts = {name: value for name, value in model.facts.items() if name != FACT}
    facts["data"] = {
        name: facts["data"][name]
        for name in ("source", "seed", "fingerprint", "counts", "training", "validation", "skipped")
    }
    cw.Model(model.net, model.weights, model.classes, facts).save(tmp_path / "old")
    ran("report", tmp_path / "old")
    assert {"mistakes", "data"} <= set(Elements(text_of(tmp_path / "old")).ids)


def test_by_other_pictures(pets, tmp_path):
    make(tmp_path / "others", "cat", "fox", count=3)
    ran("report", pets / "run", tmp_path / "others", "-o", tmp_path / "o.html")
    page = (tmp_path / "o.html").read_text("utf-8")
    assert "of 6 pictures" in page
    assert "others: all pictures." in page
    assert "No comparison with the most similar training picture" in page
    assert "most similar of the" not in page


def test_what_is_refused(pets, tmp_path):
    (tmp_path / "d.html").mkdir()
    for line, said in (
        (["-o", tmp_path / "x.txt"], "a browser opens what ends in .html; write it to x.txt.html"),
        (["-o", tmp_path / "d.html"], "is a folder; name a file in it"),
        ([tmp_path / "absent"], "no such folder or file"),
    ):
        result = run("report", pets / "run", *line)
        assert said in result.stderr and result.exit_code == 2, line
    (tmp_path / "f").write_text("")
    result = run("report", pets / "run", "-o", tmp_path / "f" / "x.html")
    assert result.exit_code == 1 and "cannot write" in result.stderr


def test_pictures_that_went_missing_leave_an_empty_frame(pets, tmp_path):
    shutil.copytree(pets / "pets", tmp_path / "pets")
    model = cw.load(pets / "run")
    pictures = cw.read(tmp_path / "pets", seed=0).validation
    said = model.predictions(pictures)
    worst = gallery.worst(said)[0]
    Path(pictures.names[worst]).unlink()
    page = report.page(report.Subject(model, "pets", pictures, said))
    assert page.count('<div class="frame empty">not shown</div>') >= 1
    Elements(page)


# ---- what is shown


def test_cells_hold_their_pictures_and_no_more_than_is_said(monkeypatch):
    random = np.random.default_rng(0)
    said = cw.model.Predictions(
        ("a", "b"),
        tuple(map(str, range(500))),
        random.integers(0, 2, 500),
        random.dirichlet([1, 1], 500).astype(np.float32),
        np.zeros(500),
        ("",) * 500,
    )
    found = confusion.cells(said)
    for (true, guess), rows in found.items():
        assert (said.true[rows] == true).all() and (said.guessed[rows] == guess).all()
        assert len(rows) == confusion.EACH
        assert (np.diff(said.sure[rows]) <= 0).all() if true != guess else (np.diff(said.sure[rows]) >= 0).all()
    monkeypatch.setattr(confusion, "ROOM", 10)
    assert sorted(map(len, confusion.cells(said).values())) == [2, 2, 3, 3]


def test_galleries_have_the_surest_mistakes_and_the_least_sure_guesses():
    probs = np.array([[0.9, 0.1], [0.4, 0.6], [np.nan, np.nan], [0.99, 0.01], [0.3, 0.7], [0.45, 0.55]], np.float32)
    true = np.array([1, 0, 0, 0, 0, 1])
    said = cw.model.Predictions(("a", "b"), tuple("012345"), true, probs, np.zeros(6), ("", "", "x", "", "", ""))
    assert gallery.worst(said) == [0, 4, 1]
    assert gallery.unsure(said) == [5, 1, 4, 0, 3]


def test_thumbnails_are_small_and_bounded():
    photo = np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8)
    uri, width, height = thumbnails.data_uri(photo)
    assert (width, height) == (96, 72) and uri.startswith("data:image/webp") and len(uri) < 8000
    assert thumbnails.data_uri(photo[:28, :28, :1])[1:] == (28, 28)
    assert thumbnails.data_uri(photo[:1, :90])[1:] == (90, 1)
    pictures = cw.read("digits")
    some = thumbnails.small(pictures, [3, 3, *range(500)])
    assert len(some.found) == thumbnails.MOST and some.ink
    assert sum(len(one[0]) for one in thumbnails.small(pictures, range(50), room=1000).found.values()) <= 1000


def test_colours_are_symmetric_and_zero_is_paper():
    values = np.array([[-2.0, -1.0, 0.0, 1.0, 2.0, np.nan]])
    assert colours.entries(values, 2.0).tolist() == [[1, 64, 128, 192, 255, 128]]
    assert colours.palette("light")[[1, 128, 255]].tolist() == [[10, 58, 120], [255, 255, 255], [127, 51, 0]]
    assert colours.palette("dark")[128].tolist() == [16, 17, 20]


def test_a_hundred_classes_are_listed_in_pairs(tmp_path):
    net = cw.parse("input 4x4x1, flatten, dense 100, softmax")
    names = tuple(f"class {number}" for number in range(100))
    random = np.random.default_rng(0)
    said = cw.model.Predictions(
        names,
        tuple(map(str, range(150))),
        random.integers(0, 100, 150),
        random.dirichlet([1] * 100, 150).astype(np.float32),
        np.ones(150),
        ("",) * 150,
    )
    from cutaway.model.assessment import assess
    from cutaway.net import start

    model = cw.Model(net, start(net, 0), names)
    page = report.page(report.Subject(model, "many", None, said, assess("all", said, "one")))
    assert "The 40 most frequent" in page and 'class="matrix"' not in page
    assert len(page) < 400_000


@pytest.mark.parametrize("text", ["<b>", '"', "'", "&amp;", "a\nb", "\x00\x1b", "\udcff", "</style><script>"])
def test_text_is_text(text):
    shown = tag("p", text, title=text)
    assert escape(shown) is shown
    assert not re.search(r"<(?!/?p)|\n|\x00", shown)
    shown.encode()


# ---- in a browser


def test_names_show_as_what_they_are_and_nothing_runs(tmp_path, chromium):
    make(tmp_path / "<u>x", *HOSTILE, count=8)
    for path in list((tmp_path / "<u>x").rglob("*.png")):
        path.rename(path.with_name(f'"><img src=x onerror=alert(3)>{path.name}'))
    ran("train", tmp_path / "<u>x", *FAST, "-o", tmp_path / "<i>run")
    page = text_of(tmp_path / "<i>run")
    assert "alert" in page and not {"script", "iframe"} & set(Elements(page).names)
    with page_of(chromium, tmp_path / "<i>run" / "report.html", shown="h1", offline=True) as shown:
        shown.on("dialog", lambda dialog: pytest.fail(dialog.message))
        said = shown.inner_text("body")
        for name in HOSTILE:
            assert name.replace("\n", r"\n") in said
        assert "<i>run" in said and "<u>x" in said
        assert shown.locator("script, img[src=x], main i:not([aria-hidden], [style])").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_people_out(pets, chromium, axe, scheme):
    with page_of(chromium, pets / "run" / "report.html", shown="h1", color_scheme=scheme) as page:
        assert serious_faults(page, axe) == []
        page.locator(".matrix button").first.click()
        assert serious_faults(page, axe) == []


def test_a_cell_opens_its_pictures_by_the_keyboard_alone(pets, chromium):
    with page_of(chromium, pets / "run" / "report.html", shown="h1", java_script_enabled=False) as page:
        button = page.locator(".matrix .wrong button").first
        count = int(button.inner_text())
        sheet = page.locator(f"[id='{button.get_attribute('popovertarget')}']")
        assert not sheet.is_visible()
        button.focus()
        page.keyboard.press("Enter")
        sheet.wait_for(state="visible")
        assert sheet.locator("img").count() == min(count, confusion.EACH)
        assert "taken for" in sheet.inner_text()
        page.keyboard.press("Escape")
        sheet.wait_for(state="hidden")


@pytest.mark.parametrize("width", [390, 1200])
def test_it_fits_the_screen(pets, chromium, width):
    with page_of(chromium, pets / "run" / "report.html", shown="h1", viewport={"width": width, "height": 844}) as page:
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
        box = page.locator("header .bars").bounding_box()
        assert box and box["y"] + box["height"] < 844


# ---- predictions.csv


def test_evaluate_writes_a_row_for_each_picture(pets, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(pets / "run", "run")
    make(tmp_path / "more", "cat", "dog", count=3)
    (tmp_path / "more" / "cat" / "1.png").write_bytes(b"")
    said = ran("evaluate", "run", "more")
    assert said.endswith("\n\nwhat it says of each picture: run/predictions.csv\n")
    assert re.search(r"^95% interval of the accuracy: \d+\.\d\d% to \d+\.\d\d%$", said, re.M)
    assert "\nalways saying 'dog' would be right for 60.00%\n" in said
    assert "(expected calibration error)" in said
    found = tables.read("run/predictions.csv")
    assert list(found.names) == [f"more/{label}/{number}.png" for label in ("cat", "dog") for number in range(3)]
    assert found.reasons[1] and found.read.sum() == 5
    told = json.loads(ran("evaluate", "run", "more", "--json", "-o", "other.csv"))
    assert tables.read("other.csv").names == found.names
    assert (told["guessing"], told["commonest"], told["predictions"]) == (0.6, "dog", "other.csv")
    assert told["interval"][0] < told["accuracy"] < told["interval"][1]
    assert 0 <= told["calibration_error"] <= 1


def test_what_cannot_be_written_is_said_after_the_result(pets, tmp_path):
    (tmp_path / "file").write_text("")
    result = run("evaluate", pets / "run", pets / "pets", "-o", tmp_path / "file" / "p.csv")
    assert "% right" in result.stdout and "what it says of each" not in result.stdout
    assert result.stderr.startswith("cutaway: cannot write") and result.exit_code == 1
    told = run("evaluate", pets / "run", pets / "pets", "--json", "-o", tmp_path / "file" / "p.csv")
    assert json.loads(told.stdout)["predictions"] is None and told.exit_code == 1
    assert run("evaluate", pets / "run", pets / "pets", "-o", tmp_path / "p.txt").exit_code == 2
