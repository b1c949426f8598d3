"""What a file from elsewhere cannot do: run anything, fill the memory, become markup or a formula, pass as whole.

Safety that belongs to one part is tested with it: archives in test_pictures_archives.py, tables in
test_pictures_tables.py, the page's server in test_explorer_server.py, workbooks in test_workbook.py.
"""

import ast
import csv
import hashlib
import io
import json
import os
import pickle
import re
import resource
import shutil
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from markdown_it import MarkdownIt
from PIL import Image

import cutaway as cw
from cutaway import cells
from cutaway.errors import CutawayError, InputError, ModelError, PictureError
from cutaway.model import tables
from cutaway.model.folder import SUMMED, SUMS
from cutaway.pictures import decode
from tests.browser import page_of
from tests.command import ROOT, WHERE, ran, run
from tests.spreadsheet import formulas
from tests.spreadsheet import read as values_of

FAST = ["--net", "conv 2 3x3, relu, flatten, dense classes, softmax", "--size", "6x6", "--epochs", "1"]

CLASSES = (
    "<img src=x onerror=alert(1)>",
    '=HYPERLINK("http:∕∕a.example","x")',
    "@SUM(1)|`*_[b](c)",
    "-2+3+cmd|' ∕C calc'!A0",
    "{{7*7}}${7*7}%s{0}",
)
"""Names of class folders that a page, a spreadsheet, Markdown or a template would take for its own."""
FILES = ("=1+1.png", "+1.png", "@x.png", "-1.png", "'.png", '"><script>alert(2)<∕script>.png', "\t=2.png", "a\nb.png")
"""Names of files, likewise."""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory) -> Path:
    """A folder in which everything has a name that is an injection, and a run trained on it."""
    place: Path = tmp_path_factory.mktemp("hostile")
    draw = np.random.default_rng(0)
    for number, label in enumerate(CLASSES):
        folder = place / "=<b>photos" / label
        folder.mkdir(parents=True)
        for name in FILES:
            pixels = draw.integers(0, 120, (6, 6, 3)) + 30 * number
            Image.fromarray(pixels.astype(np.uint8)).save(folder / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        ran("train", "=<b>photos", *FAST, "-o", "=<i>run")
    return place


@pytest.fixture
def here(hostile, monkeypatch) -> Path:
    monkeypatch.chdir(hostile)
    return hostile


RUN = "=<i>run"
PICTURE = f"=<b>photos/{CLASSES[0]}/{FILES[5]}"


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet program would compute it: anything in such a cell that is no number."""
    return cell.startswith(cells.DANGEROUS) and not re.fullmatch(r"-?[\d.]+(e[+-]\d+)?", cell)


# ---- names


def test_the_model_knows_its_classes_by_their_names(here):
    model = cw.load(RUN)
    assert set(model.classes) == set(CLASSES)
    assert model.predict(PICTURE).path == PICTURE
    said = onnx.load(Path(RUN) / "model.onnx")
    kept = {one.key: one.value for one in said.metadata_props}
    assert json.loads(kept["cutaway.classes"]) == list(model.classes)


def test_tables_hold_no_formula_and_give_every_name_back(here):
    ran("predict", RUN, "=<b>photos", "--csv", "--why", "-o", "said.csv")
    ran("evaluate", RUN, "=<b>photos", "-o", "judged.csv")
    everything = {f"=<b>photos/{label}/{name}" for label in CLASSES for name in FILES}
    for file in ("said.csv", "judged.csv", f"{RUN}/predictions.csv", f"{RUN}/metrics.csv"):
        rows = list(csv.reader(io.StringIO(Path(file).read_text("utf-8"), newline="")))
        assert not [cell for row in rows for cell in row if is_formula(cell)], file
        if file == "said.csv":
            assert {cells.unguarded(row[0]) for row in rows[1:]} == everything
            assert {cells.unguarded(row[2]) for row in rows[1:]} <= set(CLASSES)
    assert {cells.unguarded(name) for name in tables.read(f"{RUN}/predictions.csv").names} <= everything
    assert set(tables.read("judged.csv").classes) == set(CLASSES)
    printed = ran("predict", RUN, "--csv", "=<b>photos")
    assert printed.encode() == Path("said.csv").read_bytes()


def test_a_formula_as_a_picture_of_its_own(here, tmp_path, monkeypatch):
    """The path that comes first in a row may begin with the formula itself."""
    monkeypatch.chdir(tmp_path)
    for name in FILES:
        shutil.copy(here / PICTURE, tmp_path / name)
    said = ran("predict", here / RUN, "--csv", "--", *FILES)
    rows = list(csv.reader(io.StringIO(said, newline="")))
    assert [cells.unguarded(row[0]) for row in rows[1:]] == list(FILES)
    assert not [cell for row in rows for cell in row if is_formula(cell)]
    for line, name in zip(ran("predict", here / RUN, "--json", "--", *FILES).splitlines(), FILES, strict=True):
        assert json.loads(line)["path"] == name


def test_a_workbook_shows_them_as_text(here):
    ran("workbook", RUN, PICTURE, "book.xlsx", "--label", CLASSES[1])
    inside = values_of(here / "book.xlsx")
    texts = {value for value in inside.values() if isinstance(value, str)}
    assert set(CLASSES) <= texts
    assert not re.search(r"HYPERLINK|cmd|1\+1", " ".join(formulas(here / "book.xlsx").values()))
    with zipfile.ZipFile(here / "book.xlsx") as file:
        assert not [name for name in file.namelist() if "external" in name.lower() or "vba" in name.lower()]
        relations = [file.read(name) for name in file.namelist() if name.endswith(".rels")]
    assert not any(b'TargetMode="External"' in one for one in relations)


def test_the_model_card_shows_them_as_text(here):
    page = MarkdownIt("commonmark").enable("table").parse((here / RUN / "README.md").read_text("utf-8"))
    tokens = [inner for token in page for inner in [token, *(token.children or [])]]
    assert not {"html_block", "html_inline", "link_open", "image", "s_open"} & {token.type for token in tokens}
    shown = {"".join(inner.content for inner in token.children or []) for token in page if token.type == "inline"}
    assert all(any(label in one for one in shown) for label in CLASSES), shown


def test_pages_show_them_as_text_and_nothing_runs(here, chromium):
    ran("open", RUN, "-o", "page.html")
    ran("explain", RUN, PICTURE, "--cell", "conv1[0, 0, 0]", "--html", "cell.html", "--svg", "cell.svg")
    seen: list[str] = []
    for file, shown in {f"{RUN}/report.html": "h1", "page.html": ".cutaway .guesses li.best"}.items():
        with page_of(chromium, here / file, shown=shown, offline=True) as page:
            page.on("dialog", lambda dialog: seen.append(dialog.message))
            text = page.inner_text("body")
            for label in CLASSES:
                assert label in text, (file, label)
            assert page.locator("img[src=x], a[href*='a.example']").count() == 0
            assert page.evaluate("() => [...document.querySelectorAll('*')].every((one) => !one.onerror)")
            page.wait_for_timeout(100)
    assert seen == []
    for file in ("cell.html", "cell.svg"):
        assert "<script" not in Path(file).read_text("utf-8")


def test_commands_print_them_on_one_line_and_run_nothing(here):
    for line in (["info", RUN], ["evaluate", RUN, "=<b>photos"], ["explain", RUN, PICTURE], ["report", RUN]):
        said = ran(*line)
        assert "\x1b" not in said and "49" not in re.findall(r"\{\{.*?\}\}", said)
    unknown = here / "unknown" / "$(touch taken)\x1b[31m"
    unknown.mkdir(parents=True, exist_ok=True)
    shutil.copy(PICTURE, unknown / "1.png")
    result = run("evaluate", RUN, "unknown")
    assert result.exit_code == 2 and result.stderr.count("\n") == 1 and "\x1b" not in result.stderr
    assert not list(here.rglob("taken"))


# ---- nothing is unpickled


class Evil:
    """What makes a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.folder),)


def as_torch_saves(evil: Evil) -> bytes:
    """The zip that torch.save writes, with another pickle in it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(evil))
        archive.writestr("archive/version", "3\n")
    return file.getvalue()


PICKLED: dict[str, Callable[[Evil], bytes]] = {
    "a pickle": pickle.dumps,
    "of torch": as_torch_saves,
    "of numpy": lambda evil: b"\x93NUMPY\x01\x00" + npy(evil),
}


def npy(evil: Evil) -> bytes:
    """An array of objects, as .npy holds it, after its first eight bytes."""
    file = io.BytesIO()
    np.save(file, np.array([evil], object), allow_pickle=True)
    return file.getvalue()[8:]


def test_the_pickles_would_run(tmp_path):
    """Otherwise the tests below would show nothing."""
    for number, (name, made) in enumerate(PICKLED.items()):
        content = made(Evil(tmp_path / str(number)))
        if name == "of torch":
            content = zipfile.ZipFile(io.BytesIO(content)).read("archive/data.pkl")
        if name == "of numpy":
            np.load(io.BytesIO(content), allow_pickle=True)
        else:
            pickle.loads(content)
        assert (tmp_path / str(number)).is_dir()


@pytest.mark.parametrize("made", PICKLED)
@pytest.mark.parametrize("ending", ["pth", "pt", "pkl", "ckpt", "bin", "safetensors", "onnx"])
def test_pickled_weights_are_refused_and_not_run(made, ending, tmp_path):
    path = tmp_path / f"weights.{ending}"
    path.write_bytes(PICKLED[made](Evil(tmp_path / "taken")))
    with pytest.raises(ModelError, match=re.escape(str(path))) as caught:
        cw.load(path)
    assert "\n" not in str(caught.value)
    if ending not in ("safetensors", "onnx"):
        assert "is a pickle, which can run anything when it is opened; save it as .safetensors" in str(caught.value)
    assert not (tmp_path / "taken").exists()


def test_commands_refuse_them_in_a_line(tmp_path):
    path = tmp_path / "weights.pth"
    path.write_bytes(as_torch_saves(Evil(tmp_path / "taken")))
    picture = tmp_path / "a" / "1.png"
    for place in (picture, tmp_path / "a" / "2.png", tmp_path / "b" / "1.png", tmp_path / "b" / "2.png"):
        place.parent.mkdir(exist_ok=True)
        Image.new("RGB", (8, 8), (len(str(place)), 0, int(place.stem))).save(place)
    for line in (["predict", path, picture], ["info", path], ["train", tmp_path, "--weights", path, "--epochs", 1]):
        result = run(*line)
        assert (result.exit_code, result.stderr.count("\n")) == (2, 1), result.stderr
        assert "is a pickle" in result.stderr
    assert not (tmp_path / "taken").exists()


def test_pickles_as_pictures_sets_and_tables_are_not_run(tmp_path):
    evil = Evil(tmp_path / "taken")
    for made in PICKLED.values():
        with pytest.raises(PictureError):
            decode(made(evil))
        for name in (
            "set.npz",
            "set.zip",
            "set.tar",
            "labels.csv",
            "labels.jsonl",
            "labels.parquet",
            "train-labels.gz",
        ):
            (tmp_path / name).write_bytes(made(evil))
            with pytest.raises(CutawayError):
                [*cw.read(tmp_path / name)]
    with zipfile.ZipFile(tmp_path / "set.npz", "w") as archive:
        archive.writestr("x.npy", PICKLED["of numpy"](evil))
        archive.writestr("y.npy", PICKLED["of numpy"](evil))
    with pytest.raises(CutawayError):
        cw.read(tmp_path / "set.npz")
    assert not evil.folder.exists()


def test_a_checkpoint_is_not_unpickled(tmp_path):
    """Not even one with the SHA-256 that its list says: the run is left as it is."""

    def first_epoch(folder: Path) -> int:
        for epoch in cw.training("xs", "x5", folder=folder, epochs=3, engine="reference", batch=500):
            return epoch.number
        return 0

    assert first_epoch(tmp_path / "run") == 1
    checkpoint = tmp_path / "run" / "checkpoint"
    latest = json.loads((checkpoint / "latest.json").read_text())
    assert first_epoch(Path(shutil.copytree(tmp_path / "run", tmp_path / "whole"))) == 2
    content = pickle.dumps(Evil(tmp_path / "taken"))
    (checkpoint / latest["file"]).write_bytes(content)
    (checkpoint / "latest.json").write_text(json.dumps(latest | {"sha256": hashlib.sha256(content).hexdigest()}))
    with pytest.raises(InputError, match="left as it is"):
        first_epoch(tmp_path / "run")
    assert not (tmp_path / "taken").exists()


RUNS_WHAT_IT_READS = {
    *("pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "yaml", "code", "runpy"),
}


def test_no_module_of_ours_can_unpickle():
    """By its own text: no such import, no allow_pickle but False, no torch.load."""
    for path in (ROOT / "cutaway").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            imported = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            imported += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            assert not RUNS_WHAT_IT_READS & {name.split(".")[0] for name in imported}, path
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "load":
                called, options = ast.unparse(node.func), {one.arg: ast.unparse(one.value) for one in node.keywords}
                assert options.get("allow_pickle", "False") == "False", path
                assert called not in ("np.load", "numpy.load") or "allow_pickle" in options, path
                assert called != "torch.load" or options.get("weights_only") == "True", path


# ---- damage


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """A fresh run, with all that a run has."""
    place: Path = tmp_path_factory.mktemp("whole")
    ran(
        "train",
        "digits",
        "--net",
        "flatten, dense 16, relu, dense classes, softmax",
        "--epochs",
        1,
        "-o",
        place / "run",
    )
    return place / "run"


def test_sha256sum_finds_every_file_as_it_was_written(whole):
    """The program that people have, not our own reading of the list."""
    listed = [line.split("  ", 1)[1] for line in (whole / SUMS).read_text().splitlines()]
    assert listed == list(SUMMED)
    done = subprocess.run(["sha256sum", "--strict", "-c", SUMS], cwd=whole, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == [f"{name}: OK" for name in listed]
    assert (done.returncode, done.stderr) == (0, "")


def test_what_evaluate_and_report_write_leaves_the_list_right(whole, tmp_path):
    run_ = shutil.copytree(whole, tmp_path / "run")
    ran("evaluate", run_, "digits")
    ran("report", run_)
    done = subprocess.run(["sha256sum", "--quiet", "-c", SUMS], cwd=run_, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "model.onnx", "training.safetensors"])
def test_a_damaged_file_is_refused_by_its_name(name, whole, tmp_path):
    place = Path(shutil.copytree(whole, tmp_path / "run"))
    content = (place / name).read_bytes()
    picture = cw.read("digits")[0]
    assert cw.load(place).predict(picture).label
    draw = np.random.default_rng(len(content))
    places = [0, 9, len(content) // 2, len(content) - 2, *draw.integers(0, len(content), 8).tolist()]
    damaged = [flipped(content, at) for at in places]
    damaged += [content[:at] for at in (0, 1, len(content) // 2, len(content) - 2)]
    damaged += [content + b"x", bytes(len(content))]
    for number, one in enumerate(damaged):
        (place / name).write_bytes(one)
        with pytest.raises(ModelError, match=re.escape(str(place / name))) as caught:
            cw.load(place)
        assert "\n" not in str(caught.value), number
    result = run("predict", place, "digits[0]")
    assert result.exit_code == 2 and result.stderr.startswith(f"cutaway: {place / name}")
    (place / name).write_bytes(content)
    assert cw.load(place).predict(picture).label


@pytest.mark.parametrize("name", ["README.md", "classes.txt", "metrics.csv", "metrics.jsonl"])
def test_what_is_written_for_people_is_not_read_and_sha256sum_finds_it(name, whole, tmp_path):
    """A person may add a line to the card; the model stays what it is."""
    place = Path(shutil.copytree(whole, tmp_path / "run"))
    picture = cw.read("digits")[0]
    before = cw.load(place).predict(picture)
    (place / name).write_bytes(flipped((place / name).read_bytes(), 5))
    assert cw.load(place).predict(picture) == before
    done = subprocess.run(["sha256sum", "-c", SUMS], cwd=place, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and f"{name}: FAILED" in done.stdout


def test_a_damaged_list_never_makes_another_model(whole, tmp_path):
    place = Path(shutil.copytree(whole, tmp_path / "run"))
    content = (place / SUMS).read_bytes()
    picture = cw.read("digits")[0]
    before = cw.load(place).predict(picture)
    for at in range(0, len(content), 7):
        (place / SUMS).write_bytes(flipped(content, at))
        try:
            after = cw.load(place).predict(picture)
        except ModelError as error:
            assert str(place) in str(error)
        else:
            assert after.label == before.label and after.prob == pytest.approx(before.prob, abs=1e-6)


# ---- pictures that would fill the memory


def png(width: int, height: int, *more: bytes) -> bytes:
    """A PNG that claims a size and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(more) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def gif(width: int, height: int) -> bytes:
    screen = struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6)
    return b"GIF89a" + screen + b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x00;"


def bmp(width: int, height: int) -> bytes:
    return b"BM" + struct.pack("<IHHI", 58, 0, 0, 54) + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, *[0] * 6)


def tiff(width: int, height: int) -> bytes:
    entries = [(256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 8), (277, 3, 1)]
    entries += [(278, 4, height), (279, 4, 10)]
    body = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    return b"II*\x00" + struct.pack("<I", 8) + struct.pack("<H", len(entries)) + body + bytes(4)


def jpeg(width: int, height: int) -> bytes:
    return b"\xff\xd8\xff\xc0" + struct.pack(">HBHHB", 17, 8, height, width, 3) + bytes.fromhex("011100021100031100")


def webp(width: int, height: int) -> bytes:
    canvas = b"\x00" * 4 + struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    body = b"WEBPVP8X" + struct.pack("<I", 10) + canvas
    return b"RIFF" + struct.pack("<I", len(body)) + body


CLAIMS = {
    "png": png(2_000_000_000, 2_000_000_000),
    "png of 110 million": png(11_000, 10_000),
    "gif": gif(65_535, 65_535),
    "bmp": bmp(50_000, 50_000),
    "tiff": tiff(60_000, 60_000),
    "jpeg": jpeg(65_500, 65_500),
    "webp": webp(16_000, 16_000),
}
"""Files of some bytes that ask for gigabytes."""

LIMIT = 2**30
"""Bytes of addresses that the child may take: the interpreter with NumPy and Pillow take half of them."""
CHILD = """
import resource, sys, time
from cutaway.errors import PictureError
from cutaway.pictures import decode
decode(sys.argv[1])                                             # everything is loaded from here on
before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
for path in sys.argv[2:]:
    try:
        print(path, "READ", decode(path).shape)
    except PictureError as error:
        print(path, "REFUSED", error.reason)
more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(more, round(time.monotonic() - start, 1))
"""


def in_a_small_child(*paths: Path) -> tuple[dict[str, str], int, float]:
    """What it said of each, how many KB of memory that took beyond a small picture, and how many seconds."""

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (LIMIT, LIMIT))

    done = subprocess.run(
        [sys.executable, "-c", CHILD, *map(str, paths)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=WHERE | {"OPENBLAS_NUM_THREADS": "1"},
        preexec_fn=limited,
    )
    assert done.returncode == 0, done.stderr
    *lines, last = done.stdout.splitlines()
    more, seconds = last.split()
    said = dict(zip(map(str, paths[1:]), lines, strict=True))
    return {path: line.removeprefix(path).strip() for path, line in said.items()}, int(more), float(seconds)


@pytest.fixture
def good(tmp_path) -> Path:
    Image.new("RGB", (9, 9)).save(tmp_path / "good.png")
    return tmp_path / "good.png"


def test_claims_of_gigabytes_are_refused_before_anything_is_allocated(good, tmp_path):
    paths = []
    for name, content in CLAIMS.items():
        paths.append(tmp_path / name)
        paths[-1].write_bytes(content)
    said, more, seconds = in_a_small_child(good, *paths)
    for path, line in said.items():
        assert line.startswith("REFUSED a picture of ") and line.endswith("pixels; the limit is 100,000,000"), path
    assert more < 20_000 and seconds < 2


def test_real_bombs_take_no_memory(good, shared_data):
    folder = shared_data / "awkward"
    index = csv.DictReader((folder / "index.csv").read_text("utf-8").splitlines())
    bombs = {str(folder / row["file"]): row["verdict"] for row in index if "bomb" in row["file"]}
    assert len(bombs) == 7
    said, more, seconds = in_a_small_child(good, *map(Path, bombs))
    assert [
        path for path, verdict in bombs.items() if verdict == "reject" and not said[path].startswith("REFUSED")
    ] == []
    assert more < 40_000 and seconds < 5


def test_bombs_in_a_folder_are_left_out_and_named(tmp_path):
    for label in ("a", "b"):
        (tmp_path / "photos" / label).mkdir(parents=True)
        for number in range(4):
            Image.new("RGB", (9, 9), (number, len(label), ord(label))).save(
                tmp_path / "photos" / label / f"{number}.png"
            )
    for number, content in enumerate(CLAIMS.values()):
        (tmp_path / "photos" / "a" / f"bomb {number}.png").write_bytes(content)
    prepared = cw.read(tmp_path / "photos").prepared(cw.parse("input any, colour, resize 4x4").preparation)
    assert len(prepared) == 8
    assert {Path(one.path).name for one in prepared.skipped} == {f"bomb {number}.png" for number in range(len(CLAIMS))}
    assert {one.reason.endswith("pixels; the limit is 100,000,000") for one in prepared.skipped} == {True}


# ---- only these formats


def eps() -> bytes:
    return b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n(x) run\n"


def saved_as(kind: str) -> bytes:
    file = io.BytesIO()
    Image.new("F" if kind == "SPIDER" else "RGB", (16, 16)).save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["EPS", "ICNS", "ICO", "JPEG2000", "PCX", "PPM", "SGI", "SPIDER", "TGA", "DDS"])
def test_formats_that_are_not_listed_are_not_even_tried(kind, tmp_path, monkeypatch):
    """Pillow would open them, some with other programs; a name that promises a JPEG changes nothing."""
    content = eps() if kind == "EPS" else saved_as(kind)
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    with Image.open(path) as image:  # outside of cutaway
        assert image.format == kind
    with pytest.raises(PictureError) as caught:
        decode(path)
    assert "are read" in caught.value.reason


def test_no_program_is_started_for_a_picture(monkeypatch):
    """Pillow would start Ghostscript for the first of these."""
    started: list[object] = []
    monkeypatch.setattr(subprocess, "Popen", lambda *line, **_: started.append(line))
    monkeypatch.setattr(os, "system", started.append)
    for content in (eps(), saved_as("JPEG2000"), b"%PDF-1.4\n", b"<svg/>", *CLAIMS.values()):
        with pytest.raises(PictureError):
            decode(content)
    assert started == []
