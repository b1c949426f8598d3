"""What happens to people's photographs elsewhere, and does not here: docs/photographs.md, case by case.

Every file has a colour of its own, so that a row that belongs to another file is seen.
"""

import csv
import ctypes
import hashlib
import io
import json
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from PIL import Image

import cutaway as cw
from cutaway.errors import PictureError
from cutaway.model import tables
from cutaway.pictures import decode
from cutaway.pictures.decoding import Pixels
from cutaway.trace import record
from tests.command import PYTHON, WHERE, ran, run
from tests.explorer import content_in, pixels_of

COLOURS = {"red": (255, 40, 40), "green": (40, 255, 40), "blue": (40, 40, 255)}
FAST = ["--net", "conv 4 3x3, relu, maxpool 2, flatten, dense classes, softmax", "--size", "8x8", "--epochs", "1"]


def by_colour(*classes: str, layers: str = "colour, resize 1x1 squash") -> cw.Model:
    """A model whose scores are the mean red, green and blue of a picture, divided by 64: it knows every answer."""
    net = cw.parse(f"input any, {layers}, flatten, dense 3, softmax")
    order = [list(COLOURS).index(name) for name in classes]
    scores = (np.eye(3)[:, order] / 64).astype(np.float32)
    weights = {"dense1.weight": scores, "dense1.bias": np.zeros(3, np.float32)}
    return cw.Model(net, weights, classes)


def probabilities(colour: tuple[int, ...]) -> dict[str, float]:
    """What that model has to say of a picture of one colour: the softmax of it divided by 64."""
    e = np.exp(np.array(colour) / 64)
    return dict(zip(COLOURS, (e / e.sum()).tolist(), strict=True))


def shade(name: str, number: int) -> tuple[int, int, int]:
    """The colour of a file: its class at a glance, and its number at a second one."""
    red, green, blue = ((level if level > 100 else number % 100) for level in COLOURS[name])
    return red, green, blue


def save(path: Path, colour: tuple[int, int, int], **how: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (12, 9), colour).save(path, **how)
    return path


def encoded(picture: Image.Image, kind: str, **how: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **how)
    return file.getvalue()


def half(kind: str) -> bytes:
    """The first half of a picture's file."""
    noise = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    whole = encoded(Image.fromarray(noise), kind)
    return whole[: len(whole) // 2]


BROKEN: dict[str, Callable[[], bytes]] = {
    "empty.jpg": bytes,
    "text.jpg": lambda: b"this is no picture\n" * 50,
    "cut.jpg": partial(half, "JPEG"),
    "cut.png": partial(half, "PNG"),
    "cut.webp": partial(half, "WEBP"),
    "header.jpg": lambda: half("JPEG")[:20],
    "zeros.png": lambda: bytes(5000),
}


# ---- 1. a file that cannot be read


Files = dict[str, tuple[int, int, int] | None]
"""The colour of each file, in the order of the folder; None for one that cannot be read."""


def mixed(folder: Path, count: int = 70) -> Files:
    """A folder in which broken files stand first, last, side by side, and where 32 pictures are read at a time."""
    kinds = list(BROKEN.values())
    broken = [0, 5, 6, 7, 31, 32, 63, 64, count - 1]
    files: Files = {}
    for number in range(count):
        path = folder / f"{number}.png"
        colour = None if number in broken else shade(list(COLOURS)[number % 3], number)
        if colour:
            save(path, colour)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(kinds[broken.index(number) % len(kinds)]())
        files[str(path)] = colour
    return files


def rows_of_json(text: str) -> Iterator[tuple[str, str, dict[str, float]]]:
    for line in text.splitlines():
        row = json.loads(line)
        yield row["path"], row["status"], {one["label"]: one["prob"] for one in row.get("guesses", [])}


def rows_of_csv(text: str) -> Iterator[tuple[str, str, dict[str, float]]]:
    for row in csv.DictReader(io.StringIO(text, newline="")):
        ends = [end for end in ("", "_2", "_3") if row[f"label{end}"]]
        yield row["path"], row["status"], {row[f"label{end}"]: float(row[f"prob{end}"]) for end in ends}


def rows_of_parquet(path: Path) -> Iterator[tuple[str, str, dict[str, float]]]:
    import pyarrow.parquet as pq

    for row in pq.read_table(path).to_pylist():
        ends = [end for end in ("", "_2", "_3") if row[f"label{end}"] is not None]
        yield row["path"], row["status"], {row[f"label{end}"]: row[f"prob{end}"] for end in ends}


@pytest.mark.parametrize("form", ["json", "csv", "json -o", "csv -o", "parquet -o", "for people"])
def test_every_file_has_its_own_row(form, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    by_colour(*COLOURS).save("run")
    absent = "photos/absent.jpg"
    files: Files = {absent: None, **mixed(Path("photos"))}
    kind = form.split()[0]
    output = ["-o", f"said.{kind}"] if "-o" in form else []
    said = ran("predict", "run", absent, "photos", *([f"--{kind}"] if form in ("json", "csv") else []), *output)
    if form == "for people":
        pattern = re.compile(r"^(\S+) +(?:(unreadable): |)(.*)$")
        rows = []
        for line in said.splitlines():
            found = pattern.match(line)
            assert found
            guesses = re.findall(r"(\w+) +([\d.]+)%", found[3]) if not found[2] else []
            rows.append((found[1], found[2] or "ok", {label: float(share) / 100 for label, share in guesses}))
    elif form == "parquet -o":
        rows = list(rows_of_parquet(Path("said.parquet")))
    else:
        text = Path(output[1]).read_text("utf-8") if output else said
        rows = list((rows_of_json if kind == "json" else rows_of_csv)(text))
    assert [path for path, _, _ in rows] == list(files)
    for path, status, probs in rows:
        colour = files[path]
        assert status == ("unreadable" if colour is None else "ok"), path
        assert probs == pytest.approx(probabilities(colour) if colour else {}, abs=1e-3 if "people" in form else 1e-6)


def test_each_kind_of_damage_is_named_and_is_nobodys_answer(tmp_path):
    model = by_colour(*COLOURS)
    paths: list[Path] = []
    for name, content in BROKEN.items():
        (tmp_path / name).write_bytes(content())
        paths += [tmp_path / name, save(tmp_path / f"after {name}.png", shade("blue", len(paths)))]
    said = list(model.guesses(paths))
    for path, one in zip(paths, said, strict=True):
        if path.name in BROKEN:
            assert isinstance(one, PictureError) and one.path == str(path) and one.reason
        else:
            assert not isinstance(one, PictureError)
            assert (one.path, one.label) == (str(path), "blue")
    assert [one.reason.split("(")[0].strip() for one in said[::2] if isinstance(one, PictureError)] == [
        "the file is empty",
        "not a picture; JPEG, PNG, WebP, GIF, BMP and TIFF are read",
        *["damaged or cut short"] * 3,
        "a JPEG with a damaged header",
        "not a picture; JPEG, PNG, WebP, GIF, BMP and TIFF are read",
    ]


@pytest.fixture(scope="module")
def many(tmp_path_factory) -> tuple[Path, Files]:
    """Three classes of 100, more than are judged at a time, with broken files among them."""
    place = tmp_path_factory.mktemp("many")
    kinds = list(BROKEN.items())
    files: Files = {}
    for label in sorted(COLOURS):
        for number in range(100):
            path = place / "photos" / label / f"{number}.png"
            broken = number in (0, 40, 41, 55, 56, 99)
            files[str(path)] = None if broken else shade(label, number)
            if broken:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(kinds[number % len(kinds)][1]())
            else:
                save(path, shade(label, number))
    return place, files


def test_the_table_of_evaluate_has_a_row_for_each_file(many, tmp_path):
    place, files = many
    by_colour(*COLOURS).save(tmp_path / "run")
    told = json.loads(ran("evaluate", tmp_path / "run", place / "photos", "--json"))
    with (tmp_path / "run" / "predictions.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["path"] for row in rows] == list(files)
    for row in rows:
        label, colour = Path(row["path"]).parent.name, files[row["path"]]
        assert row["true"] == label
        if colour is None:
            assert row["status"].startswith("unreadable: ")
            assert {row[name] for name in ("guess", "prob", "loss", "p: red", "p: green", "p: blue")} == {""}
        else:
            wanted = probabilities(colour)
            assert (row["status"], row["guess"]) == ("ok", label)
            assert {name: float(row[f"p: {name}"]) for name in wanted} == pytest.approx(wanted, abs=1e-6)
            assert float(row["loss"]) == pytest.approx(-np.log(wanted[label]), abs=1e-5)
    assert (told["accuracy"], told["count"], len(told["skipped"])) == (1, 282, 18)


def test_training_leaves_broken_files_out_and_shifts_no_label(many):
    place, files = many
    pictures = cw.read(place / "photos")
    seen: dict[str, str] = {}
    for part in (pictures.train, pictures.validation):
        prepared = part.prepared(cw.parse("input any, colour, resize 1x1 squash").preparation)
        colours = prepared.take(range(len(prepared)))[:, 0, 0].tolist()
        for name, label, colour in zip(prepared.names, prepared.labels, colours, strict=True):
            assert files[name] == tuple(colour)
            assert pictures.classes[label] == Path(name).parent.name
        seen |= dict.fromkeys(prepared.names, "") | {one.path: one.reason for one in prepared.skipped}
    assert set(seen) == set(files)
    assert {path for path, reason in seen.items() if reason} == {path for path, colour in files.items() if not colour}


def test_training_names_them(many):
    place, files = many
    said = ran("train", place / "photos", *FAST, "-o", place / "run")
    assert "left out, since they cannot be read: 18\n" in said
    assert "blue/0.png: the file is empty\n" in said
    skipped = cw.load(place / "run").facts["data"]["skipped"]
    assert {one["path"] for one in skipped} == {path for path, colour in files.items() if not colour}


# ---- 2. files are read, and not written


def album(folder: Path) -> Path:
    """Photos as they come: a trailer after a JPEG's end, an orientation, a broken file, notes, a hidden folder."""
    for label in COLOURS:
        for number in range(8):
            save(folder / label / f"{number}.png", shade(label, number))
    plain = encoded(Image.new("RGB", (64, 48), (200, 30, 30)), "JPEG")
    (folder / "red" / "phone.jpg").write_bytes(plain + b"SEFH" + bytes(range(200)))
    turned = Image.Exif()
    turned[0x0112] = 6
    turned[0x0110] = "a camera"
    Image.new("RGB", (64, 48), (30, 200, 30)).save(folder / "green" / "turned.jpg", exif=turned, quality=40)
    (folder / "blue" / "half.jpg").write_bytes(half("JPEG"))
    (folder / "blue" / "notes.txt").write_text("no picture")
    (folder / ".hidden").mkdir()
    (folder / ".hidden" / "x.png").write_bytes(b"")
    return folder


def state(folder: Path) -> dict[str, tuple[object, ...]]:
    """Everything that is in a folder, and when each file, and each folder's list of names, was changed last."""
    found: dict[str, tuple[object, ...]] = {}
    for path in [folder, *sorted(folder.rglob("*"))]:
        status = path.lstat()
        content = hashlib.sha256(path.read_bytes()).hexdigest() if stat.S_ISREG(status.st_mode) else ""
        found[str(path)] = (content, status.st_mode, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    return found


def unprivileged() -> None:
    """In a child: not even root may then write to what is read-only (CAP_DAC_OVERRIDE leaves with the next exec)."""
    if os.geteuid() == 0:
        assert ctypes.CDLL(None, use_errno=True).prctl(24, 1, 0, 0, 0) == 0  # PR_CAPBSET_DROP


COMMANDS = (
    ("train", "photos", *FAST, "-o", "run"),
    ("evaluate", "run", "photos"),
    ("evaluate", "run", "photos", "-o", "said.csv"),
    ("report", "run"),
    ("report", "run", "photos", "-o", "again.html"),
    ("predict", "run", "photos", "--json"),
    ("predict", "run", "photos", "-o", "rows.csv", "--why"),
    ("explain", "run", "photos/green/turned.jpg", "--why"),
    ("explain", "run", "photos/red/phone.jpg", "--cell", "conv1[0, 0, 0]", "--svg", "cell.svg"),
    ("open", "run", "-o", "page.html"),
    ("open", "run", "photos/red/phone.jpg", "-o", "phone.html"),
    ("workbook", "run", "photos/red/phone.jpg", "phone.xlsx"),
    ("invariance", "run", "photos/red/phone.jpg"),
    ("export", "run", "--onnx", "net.onnx"),
    ("filter", "photos/red/phone.jpg", "--kernel", "sharpen", "-o", "sharp.png"),
    ("compare", "run", "run", "photos"),
)
"""Every command that is given pictures, or finds those of its training again."""


def test_no_file_is_changed_added_or_removed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    album(tmp_path / "photos")
    before = state(tmp_path / "photos")
    for line in COMMANDS:
        result = run(*line)
        assert result.exit_code == 0, (line, result.output)
        assert state(tmp_path / "photos") == before, line


def test_a_read_only_folder_is_enough(tmp_path):
    folder = album(tmp_path / "photos")
    for path in [*folder.rglob("*"), folder]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = state(folder)
    child: dict[str, Any] = {"cwd": tmp_path, "env": WHERE, "preexec_fn": unprivileged, "text": True}
    try:
        refused = subprocess.run(["touch", "photos/red/new"], capture_output=True, check=False, **child)
        assert refused.returncode != 0  # or the folder would not be read-only
        for line in COMMANDS[0], ("predict", "run", "photos", "--json"):
            done = subprocess.run([*PYTHON, *line], capture_output=True, timeout=60, check=False, **child)
            assert done.returncode == 0, done.stderr
            assert state(folder) == before
    finally:
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)


# ---- 3. classes go by name


def labelled(folder: Path, *classes: str, count: int = 4) -> Path:
    for label in classes:
        for number in range(count):
            save(folder / label / f"{number}.png", shade(label, number))
    return folder


@pytest.mark.parametrize("known", [("red", "green", "blue"), ("blue", "green", "red"), ("green", "red", "blue")])
@pytest.mark.parametrize("there", [("red",), ("red", "blue"), ("green", "red"), ("blue", "green", "red")])
def test_a_folder_may_lack_classes_or_number_them_otherwise(known, there, tmp_path):
    by_colour(*known).save(tmp_path / "run")
    labelled(tmp_path / "photos", *there)
    told = json.loads(ran("evaluate", tmp_path / "run", tmp_path / "photos", "--json"))
    assert (told["accuracy"], told["count"]) == (1, 4 * len(there))
    assert [one["label"] for one in told["classes"]] == list(known)
    assert [one["support"] for one in told["classes"]] == [4 * (label in there) for label in known]
    for row in csv.DictReader((tmp_path / "run" / "predictions.csv").read_text("utf-8").splitlines()):
        assert row["true"] == row["guess"] == Path(row["path"]).parent.name


@pytest.mark.parametrize("below", [False, True])
def test_parts_may_lack_classes(below, tmp_path):
    """Training, validation and test folders with other classes each, so that numbers of their own would differ."""
    parts = {"train": ("red", "green", "blue"), "validation": ("red", "blue"), "test": ("red", "green")}
    for part, classes in parts.items():
        for label in classes:
            for number in range(3):
                where = f"{label}/{part}" if below else f"{part}/{label}"
                save(tmp_path / "photos" / where / f"{number}.png", shade(label, number))
    pictures = cw.read(tmp_path / "photos")
    assert pictures.classes == ("blue", "green", "red")
    for part, classes in parts.items():
        some = getattr(pictures, part)
        assert some.classes == pictures.classes and len(some) == 3 * len(classes)
        for name, label, picture in zip(some.names, some.labels, some, strict=True):
            assert pictures.classes[label] in Path(name).parts
            assert tuple(picture[0, 0]) == shade(pictures.classes[label], int(Path(name).stem))
    result = by_colour("red", "green", "blue").evaluate(pictures.test)
    assert (result.accuracy, result.count) == (1, 6)


def test_a_class_that_is_nowhere_in_training_is_said_in_a_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    by_colour(*COLOURS).save("run")
    labelled(Path("photos"), "red", "green")
    save(Path("photos/Blue/0.png"), shade("blue", 0))
    before = sorted(Path("run").iterdir())
    result = run("evaluate", "run", "photos")
    assert result.stderr == (
        "cutaway: photos: the model does not know the class 'Blue'; did you mean 'blue'?; it knows red, green, blue\n"
    )
    assert (result.exit_code, result.stdout, sorted(Path("run").iterdir())) == (2, "", before)
    labelled(Path("parts/train"), "red", "green")
    labelled(Path("parts/validation"), "red", "green", "blue")
    result = run("train", "parts", *FAST)
    assert result.stderr == ("cutaway: parts: no picture to train on in class blue; add some, or remove the class\n")
    assert result.exit_code == 2 and not Path("runs").exists()


def test_classes_are_counted_as_people_count_and_stay_with_the_model(tmp_path):
    for number in range(1, 13):
        for one in range(2):
            save(tmp_path / "photos" / str(number) / f"{one}.png", (20 * number, one, 0))
    ran("train", tmp_path / "photos", *FAST, "-o", tmp_path / "run")
    classes = tuple(str(number) for number in range(1, 13))
    assert cw.load(tmp_path / "run").classes == classes
    assert (tmp_path / "run" / "classes.txt").read_text().split() == list(classes)


# ---- 4. 16 bits


LEVELS = np.arange(256, dtype=np.uint16).reshape(16, 16)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "TIFF, big-endian", "TIFF, compressed"])
def test_all_levels_of_16_bit_grey_are_kept(kind, tmp_path):
    deep = Image.fromarray(LEVELS * 257)
    path = tmp_path / "deep"
    if kind == "TIFF, big-endian":
        Image.frombytes("I;16B", (16, 16), (LEVELS * 257).astype(">u2").tobytes()).save(path, "TIFF")
    else:
        deep.save(path, kind[:4].strip(","), **({"compression": "tiff_lzw"} if "compressed" in kind else {}))
    assert np.array_equal(decode(path)[..., 0], LEVELS)
    assert len(np.unique(np.asarray(Image.open(path).convert("RGB")))) < 5  # as most tools read it


def test_levels_between_are_rounded_and_none_is_clipped():
    values = np.linspace(0, 65535, 4096).astype(np.uint16).reshape(64, 64)
    for kind in ("PNG", "TIFF"):
        found = decode(encoded(Image.fromarray(values), kind))[..., 0]
        assert np.array_equal(found, np.floor(values / 257 + 0.5))


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_and_8_bits_of_a_picture_get_one_answer(kind, tmp_path):
    draw = np.random.default_rng(4)
    model = small(draw)
    for number in range(5):
        grey = draw.integers(0, 256, (40, 31), np.uint16)
        Image.fromarray(grey.astype(np.uint8)).save(tmp_path / "shallow.png")
        Image.fromarray(grey * 257).save(tmp_path / "deep", kind)
        assert answers(model, tmp_path / "deep") == answers(model, tmp_path / "shallow.png"), number


def test_a_folder_of_16_bits_is_trained_on_as_one_of_8(tmp_path):
    draw = np.random.default_rng(5)
    for number in range(8):
        grey = draw.integers(0, 256, (20, 20), np.uint16)
        for folder, values in ("deep", grey * 257), ("shallow", grey.astype(np.uint8)):
            path = tmp_path / folder / "ab"[number % 2] / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(values).save(path)
    prepare = cw.parse("input any, grey, resize 9x9").preparation
    deep, shallow = (cw.read(tmp_path / folder).prepared(prepare).take(range(8)) for folder in ("deep", "shallow"))
    assert np.array_equal(deep, shallow) and 0 < deep.mean() < 200


# ---- 5. orientation


BLOCKS = np.zeros((48, 80, 3), np.uint8)
"""A picture of which no turned or mirrored one is the same: another colour in each corner."""
BLOCKS[:24, :40], BLOCKS[:24, 40:], BLOCKS[24:, :40] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
TURNS: dict[int, Callable[[Pixels], Pixels]] = {
    1: lambda x: x,
    2: lambda x: x[:, ::-1],
    3: lambda x: x[::-1, ::-1],
    4: lambda x: x[::-1],
    5: lambda x: x.swapaxes(0, 1),
    6: lambda x: np.rot90(x, 1),
    7: lambda x: np.rot90(x, 2).swapaxes(0, 1),
    8: lambda x: np.rot90(x, -1),
}
"""How a camera has stored an upright picture, if its tag says so: each is undone by what the tag asks for."""


def taken(path: Path, orientation: int) -> Path:
    """The blocks as a camera that was held so would store them."""
    tag = Image.Exif()
    tag[0x0112] = orientation
    options: dict[str, dict[str, Any]] = {".jpg": {"quality": 95, "subsampling": 0}, ".webp": {"lossless": True}}
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.ascontiguousarray(TURNS[orientation](BLOCKS))).save(
        path, exif=tag, **options.get(path.suffix, {})
    )
    return path


@pytest.mark.parametrize("orientation", TURNS)
@pytest.mark.parametrize("ending", ["jpg", "png", "tif", "webp"])
def test_one_upright_picture_whatever_the_camera_stored(orientation, ending, tmp_path):
    path = taken(tmp_path / f"photo.{ending}", orientation)
    found = decode(path).astype(int)
    assert found.shape == BLOCKS.shape
    assert np.abs(found - BLOCKS).max() <= (4 if ending == "jpg" else 0)


def test_all_orientations_get_the_answer_of_the_upright_one(tmp_path):
    model = small(np.random.default_rng(2), channels="colour")
    upright = answers(model, BLOCKS)
    for orientation in TURNS:
        assert answers(model, taken(tmp_path / f"{orientation}.png", orientation)) == upright
        jpeg = answers(model, taken(tmp_path / f"{orientation}.jpg", orientation))
        assert jpeg == pytest.approx(upright, abs=0.02)
    sideways = answers(model, np.ascontiguousarray(TURNS[6](BLOCKS)))
    assert max(abs(a - b) for a, b in zip(sideways, upright, strict=True)) > 0.05  # or nothing would have been shown


def test_training_prediction_trace_and_page_see_the_same_upright_pixels(tmp_path):
    for orientation in TURNS:
        taken(tmp_path / "photos" / "ab"[orientation % 2] / f"{orientation}.jpg", orientation)
    model = small(np.random.default_rng(2), channels="colour")
    prepared = cw.read(tmp_path / "photos").prepared(model.net.preparation)
    trained_on = dict(zip(prepared.names, prepared.take(range(len(prepared))), strict=True))
    assert len(trained_on) == 8
    page = tmp_path / "page.html"
    model.to_html(page, list(map(Path, trained_on)))
    shown = {picture["name"]: pixels_of(picture) for picture in content_in(page.read_text("utf-8"))["pictures"]}
    upright = model.net.preparation(BLOCKS).astype(int)
    for name, pixels in trained_on.items():
        path = Path(name)
        assert np.abs(pixels.astype(int) - upright).max() <= 4
        assert np.array_equal(model.net.preparation(decode(path, model.net.preparation.least)), pixels)
        assert np.array_equal(prepared_stage(model, model.trace(path).picture), pixels)
        assert np.array_equal(prepared_stage(model, shown["/".join(path.parts[-2:])]), pixels)


# ---- 6. copies of a picture


def test_copies_are_never_on_both_sides_of_the_split(tmp_path):
    """Under other names, in other folders, of other classes even: equal files go together."""
    draw = np.random.default_rng(7)
    for number in range(60):
        noise = Image.fromarray(draw.integers(0, 256, (6, 6, 3), np.uint8))
        first = tmp_path / "photos" / "ab"[number % 2] / f"IMG_{number}.png"
        first.parent.mkdir(parents=True, exist_ok=True)
        noise.save(first)
        shutil.copy(first, first.with_name(f"copy of {number}.png"))
        if number % 10 == 0:
            other = tmp_path / "photos" / "ba"[number % 2] / "deeper" / f"{number}.png"
            other.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(first, other)
    for seed in range(5):
        pictures = cw.read(tmp_path / "photos", seed=seed)
        sides: dict[str, set[str]] = {}
        for name, side in zip(pictures.names, pictures.splits, strict=True):
            sides.setdefault(hashlib.sha256(Path(name).read_bytes()).hexdigest(), set()).add(str(side))
        assert len(pictures) == 126 and len(sides) == 60
        assert all(len(one) == 1 for one in sides.values())
        assert set.union(*sides.values()) == {"train", "validation"}


def test_a_group_that_a_table_names_is_never_on_both_sides(tmp_path):
    """Frames of one film are alike without being equal: another content each, one side for all."""
    draw = np.random.default_rng(10)
    (tmp_path / "frames").mkdir()
    rows = ["path,label,group"]
    for film in range(24):
        for frame in range(6):
            Image.fromarray(draw.integers(0, 256, (5, 5), np.uint8)).save(tmp_path / "frames" / f"{film}-{frame}.png")
            rows.append(f"frames/{film}-{frame}.png,{'ab'[film % 2]},film {film}")
    (tmp_path / "labels.csv").write_text("\n".join(rows))
    for seed in range(5):
        pictures = cw.read(tmp_path / "labels.csv", seed=seed)
        assert pictures.groups is not None and len(pictures) == 144
        sides = [set(pictures.splits[pictures.groups == group].tolist()) for group in np.unique(pictures.groups)]
        assert len(sides) == 24 and all(len(one) == 1 for one in sides)
        assert set.union(*sides) == {"train", "validation"}


# ---- 7. preparation


def small(draw: np.random.Generator, channels: str = "grey", resize: str = "resize 8x8 crop") -> cw.Model:
    """A net with a convolution and weights by chance, which answers differently to whatever changes in a picture."""
    net = cw.parse(f"input any, {channels}, {resize}, scale, conv 4 3x3, relu, maxpool 2, flatten, dense 3, softmax")
    weights = {
        name: draw.normal(0, 2 / np.sqrt(np.prod(parameter.shape[:-1])), parameter.shape).astype(np.float32)
        for name, parameter in net.parameters().items()
    }
    return cw.Model(net, weights, tuple(COLOURS))


def answers(model: cw.Model, picture: Path | Pixels) -> list[float]:
    """The probability of each class, in the order of the classes."""
    said = {one.label: one.prob for one in model.predict(picture)}
    return [said[name] for name in model.classes]


def prepared_stage(model: cw.Model, picture: Pixels) -> Pixels:
    """What the last layer of the preparation made of a picture, by the declarations."""
    name = model.net.nodes[len(model.net.preparation.layers) - 1].name
    return record(model.net, model.weights, picture).stages[name].astype(np.uint8)


def kinds(folder: Path) -> dict[str, Path]:
    """A file of each kind: odd sizes, grey and colour, transparent, CMYK, palettes, deep, turned, large."""
    draw = np.random.default_rng(8)

    def noise(*shape: int) -> Image.Image:
        return Image.fromarray(draw.integers(0, 256, shape, np.uint8))

    ramp = np.add.outer(np.arange(1200), np.arange(1600))[..., None] * np.array([0.05, 0.08, 0.03]) % 256
    turned = Image.Exif()
    turned[0x0112] = 6
    large = Image.fromarray(ramp.astype(np.uint8))
    pictures: dict[str, tuple[Image.Image, dict[str, Any]]] = {
        "one pixel.png": (noise(1, 1, 3), {}),
        "odd.png": (noise(37, 53, 3), {}),
        "wide.png": (noise(3, 211, 3), {}),
        "tall.png": (noise(97, 2, 3), {}),
        "its own size.png": (noise(8, 8, 3), {}),
        "grey.png": (noise(31, 29), {}),
        "grey.jpg": (noise(50, 41), {}),
        "deep.png": (Image.fromarray(draw.integers(0, 65536, (23, 34), np.uint16)), {}),
        "one bit.png": (noise(19, 23).convert("1"), {}),
        "palette.gif": (noise(25, 36, 3).quantize(16), {}),
        "palette.png": (noise(25, 36, 3).quantize(16), {"transparency": 3}),
        "transparent.png": (noise(30, 21, 4), {}),
        "transparent.webp": (noise(30, 21, 4), {"lossless": True}),
        "transparent grey.png": (noise(30, 21, 2), {}),
        "cmyk.jpg": (noise(64, 48, 3).convert("CMYK"), {}),
        "cmyk.tif": (noise(64, 48, 3).convert("CMYK"), {}),
        "photo.jpg": (noise(75, 101, 3), {"quality": 80}),
        "large.jpg": (large, {}),
        "large grey.jpg": (large.convert("L"), {}),
        "large turned.jpg": (large, {"exif": turned}),
        "progressive.jpg": (large, {"progressive": True}),
    }
    paths = {}
    for number, (name, (picture, how)) in enumerate(pictures.items()):
        path = folder / ("red", "blue")[number % 2] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(path, **how)
        paths[name] = path
    return paths


@pytest.fixture(scope="module")
def every_kind(tmp_path_factory) -> dict[str, Path]:
    return kinds(tmp_path_factory.mktemp("kinds") / "photos")


@pytest.mark.parametrize("channels", ["grey", "colour"])
@pytest.mark.parametrize("resize", ["resize 8x8 crop", "resize 9x5 squash", "resize 12x16 fit"])
def test_preparation_is_one_and_the_same_everywhere(channels, resize, every_kind):
    """Training, prediction, evaluation, the trace, and the exported file, from the bytes of each file on."""
    model = small(np.random.default_rng(2), channels, resize)
    pictures = cw.read(next(iter(every_kind.values())).parents[1])
    prepared = pictures.prepared(model.net.preparation)
    assert not prepared.skipped and len(prepared) == len(every_kind)
    trained_on = dict(zip(prepared.names, prepared.take(range(len(prepared))), strict=True))
    judged = model.predictions(pictures)
    evaluated = dict(zip(judged.names, judged.probs, strict=True))
    session = onnxruntime.InferenceSession(model.to_onnx(), providers=["CPUExecutionProvider"])
    for name, path in every_kind.items():
        pixels = decode(path, model.net.preparation.least)
        given = model.net.preparation(pixels)
        assert np.array_equal(given, trained_on[str(path)]), name
        assert np.array_equal(prepared_stage(model, pixels), given), name
        said = answers(model, path)
        assert said == pytest.approx(evaluated[str(path)].tolist(), abs=1e-6), name
        assert said == pytest.approx(model.trace(path).output.tolist(), abs=1e-6), name
        (exported,) = session.run(["probabilities"], {"pictures": pixels[None]})
        assert said == pytest.approx(exported[0].tolist(), abs=1e-6), name


def test_a_large_photo_is_scaled_down_the_same_way_for_all(every_kind):
    """While it is decoded; otherwise the last test would have shown nothing of it."""
    least = cw.parse("input any, colour, resize 32x32").preparation.least
    for name in ("large.jpg", "large grey.jpg", "large turned.jpg", "progressive.jpg"):
        assert decode(every_kind[name], least).shape[:2] in ((150, 200), (200, 150))
        assert decode(every_kind[name]).shape[:2] in ((1200, 1600), (1600, 1200))


def test_a_trained_run_prepares_as_it_was_trained(every_kind, tmp_path):
    """From the command that trains, through the folder on disk, to the command that predicts and model.onnx."""
    photos = next(iter(every_kind.values())).parents[1]
    ran("train", photos, *FAST, "-o", tmp_path / "run")
    model = cw.load(tmp_path / "run")
    session = onnxruntime.InferenceSession(tmp_path / "run" / "model.onnx", providers=["CPUExecutionProvider"])
    table = tables.read(tmp_path / "run" / "predictions.csv")
    kept = dict(zip(table.names, table.probs, strict=True))
    assert 0 < len(kept) < len(every_kind)
    said = list(rows_of_json(ran("predict", tmp_path / "run", photos, "--json")))
    assert {path for path, _, _ in said} == set(map(str, every_kind.values()))
    for path, status, probs in said:
        own = [probs[name] for name in model.classes]
        pixels = decode(path, model.net.preparation.least)
        outputs = {one.name: one for one in session.get_outputs()}
        exported = session.run(["probabilities"], {"pictures": pixels[None]})[0][0].tolist()
        assert "probabilities" in outputs and status == "ok"
        assert own == pytest.approx(exported, abs=1e-6), path
        if path in kept:
            assert own == pytest.approx(kept[path].tolist(), abs=1e-6), path
