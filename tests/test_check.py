"""`cutaway check`: what is said, what is written, the page, exit codes, stopping and going on."""

import csv
import io
import json
import os
import signal
import subprocess
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.browser import page_of, serious_faults
from tests.command import PYTHON, WHERE, ran, run, started

DANGER = "<img src=x onerror=alert(1)>.png"


def drawn(seed: int, side: int = 64) -> Image.Image:
    """Noise that is smooth at several scales: no two seeds look alike."""
    random = np.random.default_rng(seed)
    whole = np.zeros((side, side, 3))
    for cells in (4, 8, 16, 32):
        coarse = Image.fromarray(random.integers(0, 256, (cells, cells, 3), np.uint8))
        whole += np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC), float) / cells
    whole -= whole.min()
    return Image.fromarray((whole * (255 / whole.max())).astype(np.uint8))


def pets(folder: Path, count: int = 24) -> Path:
    """So many pictures of two classes, no two alike."""
    for label in ("cat", "dog"):
        (folder / "pets" / label).mkdir(parents=True)
    for seed in range(count):
        drawn(seed).save(folder / "pets" / ("cat", "dog")[seed % 2] / f"{seed}.png")
    return folder / "pets"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return pets(tmp_path)


@pytest.fixture
def troubled(folder):
    """With a picture under two labels, a copy, one cut short, and names that are no good HTML."""
    drawn(0).save(folder / "dog" / "same.png")
    drawn(2).save(folder / "cat" / "copy.jpg", quality=60)
    (folder / "dog" / "cut.png").write_bytes((folder / "dog" / "1.png").read_bytes()[:2000])
    drawn(4).save(folder / "cat" / DANGER)
    (folder / "notes.txt").write_text("x")
    return folder


def files_of(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*") if path.is_file()}


def test_what_is_said_and_written(troubled):
    before = files_of(troubled)
    said = ran("check", "pets/")
    assert said.startswith("pets: 28 pictures of 2 classes\nformats PNG 26, JPEG 1; size 64x64\n")
    lines = said.splitlines()
    assert "cut short or damaged: 1: dog/cut.png (damaged or cut short (image file is truncated))" in said
    assert "the same picture under different labels: 1 (2 pictures): cat/0.png = dog/same.png (cat and dog)" in lines
    assert "near duplicates: 1 (2 pictures): cat/2.png = cat/copy.jpg" in lines
    assert "files that are passed over: 1: notes.txt (not in a class folder)" in lines
    assert lines[-1] == "then: cutaway train checks/pets/manifest.csv"
    rows = list(csv.DictReader(io.StringIO(Path("checks/pets/manifest.csv").read_text())))
    assert len(rows) == 29
    assert {row["status"] for row in rows} == {"ok", "unreadable", "ignored"}
    assert files_of(troubled) == before


def test_a_second_run_says_the_same(troubled):
    first = ran("check", "pets/"), Path("checks/pets/manifest.csv").read_bytes()
    assert (ran("check", "pets/"), Path("checks/pets/manifest.csv").read_bytes()) == first


def test_the_manifest_can_be_trained_on(troubled):
    ran("check", "pets/", "--test", "10%")
    said = ran(
        "train",
        "checks/pets/manifest.csv",
        "--net",
        "conv 2 3x3, relu, globalmean, dense classes, softmax",
        "--epochs",
        1,
    )
    assert "27 pictures" in said


def test_a_clean_set(folder):
    said = ran("check", "pets")
    assert "nothing seems wrong" in said
    assert "Drawn one by one" not in said


def test_json_says_it_all(troubled):
    said = json.loads(ran("check", "pets", "--json"))
    assert (said["pictures"], said["readable"], said["impossible"]) == (28, 27, None)
    assert {one["class"]: one["unreadable"] for one in said["classes"]} == {"cat": 0, "dog": 1}
    conflict = next(one for one in said["findings"] if one["kind"] == "conflict")
    assert (conflict["pictures"], conflict["text"]) == (["pets/cat/0.png", "pets/dog/same.png"], "cat and dog")
    assert said["files"] == ["checks/pets/check.html", "checks/pets/manifest.csv"]


def test_what_cannot_be_trained_on_ends_with_1(folder):
    for path in (folder / "dog").iterdir():
        path.write_bytes(b"")
    done = run("check", "pets")
    assert done.exit_code == 1
    last = done.stdout.splitlines()[-1]
    assert last.startswith("nothing can be trained on this: pets: no picture to train on in class dog")
    assert Path("checks/pets/check.html").is_file()


@pytest.mark.parametrize(
    "line, said",
    [
        (["nowhere"], "nowhere: no such folder or file"),
        (["pets", "-o", "pets/checks"], "pets/checks would be written among the pictures of pets"),
        (["pets", "-o", "pets/cat/0.png"], "pets/cat/0.png is a file; name a folder"),
        (["pets", "--test", "2"], "'2' is not a share; write 99% or 0.99"),
    ],
)
def test_wrong_use_ends_with_2(folder, line, said):
    done = run("check", *line)
    assert said in done.stderr
    assert done.exit_code == 2
    assert not Path("checks").exists()


def test_a_manifest_that_was_edited_is_not_written_over(folder):
    ran("check", "pets")
    file = Path("checks/pets/manifest.csv")
    edited = file.read_text().replace(",ok,", ",left out,", 1)
    file.write_text(edited)
    done = run("check", "pets")
    assert "checks/pets/manifest.csv was changed since `check` wrote it" in done.stderr
    assert (done.exit_code, file.read_text()) == (2, edited)
    assert "checks/pets/manifest.csv is what is to be checked" in run("check", file, "-o", "checks/pets").stderr
    assert "23 pictures" in ran("check", file, "-o", "again")


def test_the_check_of_other_pictures_is_not_written_over(folder, tmp_path):
    ran("check", "pets")
    before = Path("checks/pets/manifest.csv").read_bytes()
    other = pets(tmp_path / "other")
    done = run("check", other)
    assert f"checks/pets holds the check of {folder}; give -o another folder" in done.stderr
    assert (done.exit_code, Path("checks/pets/manifest.csv").read_bytes()) == (2, before)
    ran("check", folder)


def test_other_sources(folder, tmp_path):
    with zipfile.ZipFile("pets.zip", "w") as archive:
        for path in folder.rglob("*.png"):
            archive.write(path, path.relative_to(tmp_path))
        archive.writestr("pets/dog/bad.png", b"no picture")
    said = ran("check", "pets.zip")
    assert "not pictures, whatever their name says: 1: " in said
    assert "then:" not in said  # a table cannot name what is in an archive
    np.savez("pets.npz", x=np.stack([np.asarray(drawn(seed)) for seed in range(8)]), y=np.arange(8) % 2)
    assert "pets.npz: 8 pictures of 2 classes\nsize 64x64" in ran("check", "pets.npz")
    assert "1,797 pictures of 10 classes" in ran("check", "digits")
    assert run("check", "pets/cat/0.png").exit_code == 1  # a picture without a class


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_stopped_it_goes_on(tmp_path, number):
    """Killed, or stopped, in the middle: the next run finds what was done, and says the same as one that was not."""
    folder = pets(tmp_path, 64)
    whole = ran("check", folder, "-o", tmp_path / "whole")
    seen = tmp_path / "part" / "inspected.jsonl"
    slow = "import time, cutaway.pictures.audit.audit as a; f = a.inspect\n"
    slow += "a.inspect = lambda *given: (time.sleep(0.05), f(*given))[1]\n"
    slow += "from cutaway.cli.group import cutaway; cutaway()"
    line = [PYTHON[0], "-c", slow, "check", str(folder), "-o", str(tmp_path / "part")]
    process = subprocess.Popen(line, env=WHERE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 30
    while not seen.exists() and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(number)
    assert process.wait() == {signal.SIGKILL: -9, signal.SIGINT: 130}[number]
    kept = seen.read_bytes().count(b"\n") - 1
    assert 0 < kept < 64
    again = ran("check", folder, "-o", tmp_path / "part")
    assert again.replace("/part/", "/whole/") == whole
    manifests = [(tmp_path / name / "manifest.csv").read_bytes() for name in ("part", "whole")]
    assert manifests[0] == manifests[1]


def test_a_name_that_is_no_text(folder):
    name = os.fsdecode(b"by\xfftes.png")
    drawn(99).save(folder / "cat" / "x.png")
    (folder / "cat" / "x.png").rename(folder / "cat" / name)
    (folder / "cat" / "li\nne.png").write_bytes(b"")
    done = started("check", "pets", cwd=folder.parent)
    assert done.returncode == 0
    assert r"cat/li\nne.png (the file is empty)" in done.stdout
    assert os.fsencode(name) in Path("checks/pets/manifest.csv").read_bytes()


# ---- the page


def test_the_page_shows_names_as_text(troubled, chromium, axe):
    drawn(4).save(troubled / "dog" / "<script>alert(2)<script>.png")
    ran("check", "pets")
    with page_of(chromium, Path("checks/pets/check.html").resolve(), shown="h1") as page:
        text = page.inner_text("main")
        assert DANGER in text
        assert page.locator("main script, main img[onerror]").count() == 0
        assert page.locator("#conflict .maps img").count() == 5
        assert page.locator("#conflict .maps img").evaluate_all("all => all.every((one) => one.naturalWidth > 0)")
        assert page.inner_text("h1") == "29 pictures of 2 classes"
        page.click("text=near duplicates")
        assert page.evaluate("() => location.hash") == "#near-duplicate"
        assert serious_faults(page, axe) == []
    with page_of(
        chromium, Path("checks/pets/check.html").resolve(), shown="h1", viewport={"width": 360, "height": 700}
    ) as page:
        assert page.evaluate("() => document.documentElement.scrollWidth") == 360


def test_a_page_of_ten_thousand_findings_is_small_and_names_them_all(tmp_path):
    """10,000 tiny pictures, half of which are copies of the others."""
    from cutaway.pictures.audit.audit import audit
    from cutaway.pictures.reading import read
    from cutaway.views.report import check as view

    random = np.random.default_rng(0)
    x = np.tile(random.integers(0, 256, (5000, 8, 8), np.uint8), (2, 1, 1))
    np.savez(tmp_path / "many.npz", x=x, y=np.arange(10_000) % 2)
    found = audit(read(tmp_path / "many.npz", training=False))
    assert (found.count("duplicate"), found.count("tiny")) == (5000, 10_000)
    page = view.page(found)
    assert len(page) < 2_500_000
    assert page.count("<img") <= view.MOST
    assert page.count("many.npz[9999]") >= 2
