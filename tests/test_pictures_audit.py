"""What the check finds, on pictures made here: each file, near duplicates, bursts, the split, the manifest."""

import csv
import io
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance, ImageOps

from cutaway import cells
from cutaway.errors import PictureError
from cutaway.pictures import decode, read, split
from cutaway.pictures.audit import likeness, manifest
from cutaway.pictures.audit.audit import Audit, audit
from cutaway.pictures.audit.bursts import RATE, bursts
from cutaway.pictures.audit.grouping import Groups
from cutaway.pictures.audit.inspection import Inspection, inspect, inspect_array, taken
from cutaway.pictures.audit.journal import Journal
from cutaway.pictures.audit.kinds import BY_NAME, KINDS
from cutaway.pictures.tables import read_table


def photo(seed: int, size: tuple[int, int] = (120, 90)) -> Image.Image:
    """Noise that is smooth at several scales, as photos are: no two seeds look alike."""
    random = np.random.default_rng(seed)
    whole = np.zeros((size[1], size[0], 3))
    for cells_across in (3, 6, 12, 24, 48):
        coarse = Image.fromarray(random.integers(0, 256, (cells_across, cells_across, 3), np.uint8))
        whole += np.asarray(coarse.resize(size, Image.Resampling.BICUBIC), float) / cells_across
    whole -= whole.min()
    return Image.fromarray((whole * (255 / whole.max())).astype(np.uint8))


def encoded(image: Image.Image, kind: str = "JPEG", **settings: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **{"quality": 90} | settings if kind == "JPEG" else settings)
    return file.getvalue()


def saved(path: Path, image: Image.Image | bytes, **settings: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(image if isinstance(image, bytes) else encoded(image, **settings))  # type: ignore[arg-type]
    return path


def looked_at(folder: Path, **settings: float) -> Audit:
    return audit(read(folder, training=False), **settings)  # type: ignore[arg-type]


def kinds_of(found: Audit) -> dict[str, list[str]]:
    """The findings by kind, each as the file names it is about."""
    names = [Path(name).name for name in found.pictures.names]
    return {kind: [" ".join(names[row] for row in one.rows) for one in own] for kind, own in found.by_kind.items()}


# ---- one file


def test_every_awkward_file_is_told_as_it_decodes(shared_data):
    """All 322 files: what is refused is what `decode` refuses, whole, and for its reason; the size is what it gives."""
    rows = list(csv.DictReader((shared_data / "awkward" / "index.csv").read_text("utf-8").splitlines()))
    assert len(rows) == 322
    for row in rows:
        path = shared_data / "awkward" / row["file"]
        one = inspect(row["file"], path.read_bytes())
        try:
            height, width, channels = decode(path).shape
        except PictureError as error:
            assert one.refused == error.reason, row["file"]
        else:
            assert (one.height, one.width, one.channels, one.refused) == (height, width, channels, ""), row["file"]
        if row["verdict"] != "either":
            assert one.is_readable == (row["verdict"] == "accept"), row["file"]


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_is_found_to_be_cut_short_wherever_it_is(progressive):
    data = encoded(photo(0, (500, 375)), progressive=progressive)
    assert inspect("whole", data).is_readable
    for share in (0.05, 0.3, 0.6, 0.9, 0.98):
        assert not inspect("part", data[: int(len(data) * share)]).is_readable, share


def test_what_is_known_of_a_file():
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x0110] = 6, "Nikon", "D800"
    exif.get_ifd(0x8769)[0x9003] = "1970:01:02 00:00:01"
    one = inspect("photo", encoded(photo(1), exif=exif))
    assert (one.format, one.width, one.height, one.channels) == ("JPEG", 90, 120, 3)
    assert (one.orientation, one.taken, one.camera) == (6, 86401.0, "Nikon D800")
    assert one.digest == audit_digest(encoded(photo(1), exif=exif))


def audit_digest(data: bytes) -> str:
    import hashlib

    return hashlib.blake2b(data, digest_size=16).hexdigest()


def test_depth_transparency_and_frames():
    deep = inspect("deep", encoded(Image.fromarray(np.full((20, 30), 40000, np.uint16)), "PNG"))
    assert (deep.bits, deep.channels, deep.high) == (16, 1, 156)  # 40000 / 257, rounded
    clear = Image.new("RGBA", (20, 30), (255, 0, 0, 255))
    assert not inspect("solid", encoded(clear, "PNG")).transparent
    clear.putpixel((3, 3), (255, 0, 0, 100))
    assert inspect("clear", encoded(clear, "PNG")).transparent
    frames = [Image.new("RGB", (20, 30), colour) for colour in ("red", "green", "blue")]
    moving = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert inspect("moving", moving).frames == 3


def test_how_bright_is_by_hand():
    """A lamp in the night: of 100x100 pixels 120 are white and 9,880 almost black."""
    night = np.full((100, 100, 1), 3, np.uint8)
    night[:12, :10] = 250
    one = inspect_array(night, "")
    assert (one.low, one.high) == (3, 250)
    night[5:12, :10] = 3  # only 50 are: less than one in a hundred
    assert inspect_array(night, "").high == 3


def test_an_array_and_a_file_of_it_look_the_same():
    pixels = np.asarray(photo(2))
    one, other = inspect_array(pixels, "0" * 32), inspect("file", encoded(photo(2), "PNG"))
    assert (one.luma, one.colour, one.low, one.high) == (other.luma, other.colour, other.low, other.high)


@pytest.mark.parametrize("text", ["0000:00:00 00:00:00", "2020:13:01 00:00:00", "yesterday", "", "\0" * 19, "9" * 400])
def test_a_time_that_is_none(text):
    assert taken({0x9003: text}) is None


# ---- pictures that are the same

COPIES = {
    "again": lambda image: encoded(image, quality=50),
    "half": lambda image: encoded(image.resize((250, 188))),
    "cropped": lambda image: encoded(image.crop((12, 9, 488, 366))),
    "cut": lambda image: encoded(image.crop((25, 19, 500, 375))),
    "bright": lambda image: encoded(ImageEnhance.Brightness(image).enhance(1.25)),
    "grey": lambda image: encoded(image.convert("L")),
    "png": lambda image: encoded(image, "PNG"),
}


@pytest.mark.parametrize("kind", COPIES)
def test_a_copy_is_found_among_others(kind, tmp_path):
    for seed in range(12):
        saved(tmp_path / "cat" / f"{seed}.jpg", photo(seed, (500, 375)))
    saved(tmp_path / "cat" / "copy.jpg", COPIES[kind](photo(7, (500, 375))))
    found = looked_at(tmp_path)
    assert kinds_of(found)["near-duplicate"] == ["7.jpg copy.jpg"]
    assert "mirrored" not in found.by_kind and "duplicate" not in found.by_kind
    assert len(set(found.groups.tolist())) == 12


def test_a_mirrored_copy_is_told_apart_and_kept_together(tmp_path):
    for seed in range(12):
        saved(tmp_path / "bd"[seed % 2] / f"{seed}.jpg", photo(seed))
    saved(tmp_path / "b" / "turned.jpg", ImageOps.mirror(photo(7)))
    found = looked_at(tmp_path)
    assert kinds_of(found)["mirrored"] == ["turned.jpg 7.jpg"]
    assert "conflict" not in found.by_kind  # a letter b in a mirror is a d
    assert len(set(found.groups.tolist())) == 12


def test_the_same_shirt_in_another_colour_is_another_picture(tmp_path):
    red, _, blue = photo(0).split()
    saved(tmp_path / "a" / "1.png", encoded(Image.merge("RGB", (red, red.point(lambda v: v // 3), blue)), "PNG"))
    saved(tmp_path / "a" / "2.png", encoded(Image.merge("RGB", (red.point(lambda v: v // 3), red, blue)), "PNG"))
    luma = [np.frombuffer(one.luma, np.uint8).astype(float) for one in looked_at(tmp_path).known]
    assert np.corrcoef(luma)[0, 1] > 0.9  # grey, they would pass for one
    assert "near-duplicate" not in looked_at(tmp_path).by_kind


def test_small_drawings_of_one_thing_are_not_taken_for_copies():
    """The digits: 1,797 of 8x8, many of which look alike."""
    found = audit(read("digits"))
    assert not {"near-duplicate", "mirrored"} & set(found.by_kind)


def test_different_photos_are_not_taken_for_copies(shared_data):
    """600 photos of cats and dogs, 180,000 pairs: the one that is found is one dog, stored twice."""
    found = looked_at(shared_data / "cats-dogs" / "train")
    assert kinds_of(found)["near-duplicate"] == ["dog.74.jpg dog.180.jpg"]
    assert "mirrored" not in found.by_kind


def test_blank_pages_are_not_copies_of_each_other(tmp_path):
    """Scans of empty pages, all a little darker at the left, each with a speck of its own."""
    shade = np.linspace(200, 205, 120)[None, :, None]
    for number in range(6):
        pixels = (shade + np.zeros((90, 120, 3))).astype(np.uint8)
        pixels[number, 0] = 190
        saved(tmp_path / "a" / f"{number}.png", encoded(Image.fromarray(pixels), "PNG"))
    assert set(looked_at(tmp_path).by_kind) == {"blank", "small-class"}


def test_a_thousand_copies_are_one_group(tmp_path):
    for number in range(300):
        saved(tmp_path / "a" / f"{number}.jpg", encoded(photo(0, (64, 64)), quality=40 + number % 60))
    found = looked_at(tmp_path)
    assert len(set(found.groups.tolist())) == 1


def test_what_agrees_only_coarsely_is_another_picture(tmp_path):
    """One scene with other things in it: the coarse patterns agree, what is in them does not."""
    scene = np.linspace(20, 180, 128)[None, :, None] + np.zeros((96, 128, 3))
    for number in range(2):
        things = np.random.default_rng(number).integers(0, 22, (12, 16, 3), np.uint8)
        pixels = (scene + np.asarray(Image.fromarray(things).resize((128, 96)))).astype(np.uint8)
        saved(tmp_path / "a" / f"{number}.png", encoded(Image.fromarray(pixels), "PNG"))
    found = looked_at(tmp_path)
    own = likeness.patterns(np.array([np.frombuffer(one.luma, np.uint8).reshape(32, 32) for one in found.known]))
    assert own[0] @ own[1] > 0.99
    assert "near-duplicate" not in found.by_kind


def test_the_search_finds_every_pair():
    """Of 1,500 patterns, some of them close, the same pairs as by comparing each with each; mirrored ones too."""
    random = np.random.default_rng(0)
    some = random.normal(size=(1500, 63)) / (1 + np.arange(63))
    some[1000:] = some[:500] + 0.04 * random.normal(size=(500, 63))
    some[500:800] = likeness.mirrored(some[:300].astype(np.float32)) + 0.02 * random.normal(size=(300, 63))
    own = (some / np.linalg.norm(some, axis=1, keepdims=True)).astype(np.float32)
    for other in (own, likeness.mirrored(own)):
        found = np.concatenate([pairs for _, _, pairs in likeness.search(own, other, 0.93)])
        every = np.argwhere(np.triu(own @ other.T >= 0.93, 1))
        assert len(every) > 200
        assert sorted(map(tuple, found.tolist())) == sorted(map(tuple, every.tolist()))


def test_where_all_are_alike_only_the_most_alike_are_candidates():
    """Frames of a film: 3,000 that are within 0.95 of each other would make 4.5 million pairs."""
    random = np.random.default_rng(0)
    some = np.ones(63) + 0.2 * random.normal(size=(3000, 63))
    own = (some / np.linalg.norm(some, axis=1, keepdims=True)).astype(np.float32)
    least = likeness.candidate(own, likeness.LARGE)
    assert least > 0.95
    assert 0.3 < (np.triu(own @ own.T, 1) >= least).sum() / likeness.MOST < 3


# ---- what is wrong


def test_each_kind_of_trouble_is_named(tmp_path):
    """One file of each kind, among enough others."""
    for seed in range(24):
        saved(tmp_path / ("cat", "dog")[seed % 2] / f"{seed}.jpg", photo(seed))
    whole = encoded(photo(50))
    exif = Image.Exif()
    exif[0x0112] = 3
    made = {
        "damaged": ("damaged.jpg", whole[: len(whole) // 2]),
        "no-picture": ("words.jpg", b"no picture at all"),
        "unreadable": ("film.jpg", b"\0\0\0\x20ftypheic" + bytes(40)),
        "rotated": ("rotated.jpg", encoded(photo(51), exif=exif)),
        "deep": (
            "deep.png",
            encoded(Image.fromarray(np.asarray(photo(52).convert("L")).astype(np.uint16) * 257), "PNG"),
        ),
        "transparent": ("clear.png", encoded(with_alpha(photo(53)), "PNG")),
        "animated": ("moving.gif", encoded(photo(54), "GIF", save_all=True, append_images=[photo(55)])),
        "wrong-ending": ("png.jpg", encoded(photo(56), "PNG")),
        "dark": ("dark.png", encoded(photo(57).point(lambda value: value // 5), "PNG")),
        "blank": ("blank.png", encoded(Image.new("RGB", (120, 90), (9, 99, 200)), "PNG")),
        "tiny": ("tiny.png", encoded(photo(58, (20, 14)), "PNG")),
        "long": ("long.jpg", encoded(photo(59, (400, 100)))),
    }
    for name, data in made.values():
        saved(tmp_path / "cat" / name, data)
    (tmp_path / "cat" / "notes.txt").write_text("a note")
    found = looked_at(tmp_path)
    told = kinds_of(found)
    assert [one.path for one in found.by_kind["passed-over"]] == [str(tmp_path / "cat" / "notes.txt")]
    assert {kind: told.get(kind) for kind in made} == {kind: [name] for kind, (name, _) in made.items()}
    assert set(told) == {*made, "passed-over"}
    assert not found.impossible


def with_alpha(image: Image.Image) -> Image.Image:
    clear = image.convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(image.size))
    return clear


def test_the_same_picture_under_two_labels(tmp_path):
    for seed in range(6):
        saved(tmp_path / ("cat", "dog")[seed % 2] / f"{seed}.jpg", photo(seed))
    saved(tmp_path / "dog" / "same.jpg", encoded(photo(0)))
    saved(tmp_path / "dog" / "again.jpg", photo(2), quality=60)
    found = looked_at(tmp_path)
    assert kinds_of(found)["conflict"] == ["0.jpg same.jpg", "2.jpg again.jpg"]
    assert [one.text for one in found.by_kind["conflict"]] == ["cat and dog"] * 2


def test_a_copy_in_the_test_part_is_a_leak(tmp_path):
    for seed in range(8):
        saved(tmp_path / ("train", "test")[seed % 2] / "cat" / f"{seed}.jpg", photo(seed))
    saved(tmp_path / "test" / "cat" / "leaked.jpg", photo(0), quality=60)
    found = looked_at(tmp_path)
    assert kinds_of(found)["leak"] == ["leaked.jpg 0.jpg"]
    assert found.by_kind["leak"][0].text == "test and train"
    held_out = [row for row, part in enumerate(found.parts) if part != "train"]
    copied = [row for row in held_out if Path(found.pictures.names[row]).name in ("0.jpg", "leaked.jpg")]
    in_training = [row for row in copied if len(copied) == 1]  # the other one is trained on
    assert found.leaking == pytest.approx(len(in_training) / len(held_out))


def test_classes_that_are_none(tmp_path):
    for folder in ("train", "Cat", "cat ", "dog"):
        for number in range(2):
            saved(tmp_path / folder / f"{number}.jpg", photo(hash(folder) % 1000 + number))
    found = looked_at(tmp_path)
    assert [one.text for one in found.by_kind["split-word"]] == ["train"]
    assert [one.text for one in found.by_kind["similar-names"]] == ["Cat, cat "]
    assert len(found.by_kind["small-class"]) == 4


def test_what_cannot_be_trained_on(tmp_path):
    for number in range(3):
        saved(tmp_path / "cat" / f"{number}.jpg", photo(number))
        saved(tmp_path / "dog" / f"{number}.jpg", b"not a picture")
    assert "no picture to train on in class dog" in looked_at(tmp_path).impossible
    for number in range(3):
        (tmp_path / "cat" / f"{number}.jpg").write_bytes(b"")
    found = looked_at(tmp_path)
    assert found.impossible.endswith("none of 6 pictures can be read")
    assert not found.parts.any() and found.naive == 0


def test_a_folder_that_is_not_there_any_more(tmp_path):
    for number in range(4):
        saved(tmp_path / "cat" / f"{number}.jpg", photo(number))
    pictures = read(tmp_path, training=False)
    (tmp_path / "cat" / "2.jpg").unlink()
    found = audit(pictures)
    assert [one.refused for one in found.known] == ["", "", "no such file", ""]
    assert kinds_of(found)["unreadable"] == ["2.jpg"]


# ---- bursts


def test_shots_within_seconds_are_together(tmp_path):
    for number, when in enumerate((0, 2, 4, 30, 31, 300)):
        exif = Image.Exif()
        exif[0x0110] = "D800"
        exif.get_ifd(0x8769)[0x9003] = f"2024:05:01 10:{when // 60:02}:{when % 60:02}"
        saved(tmp_path / "a" / f"{number}.jpg", photo(number), exif=exif)
    found = looked_at(tmp_path)
    assert kinds_of(found)["burst"] == ["0.jpg 1.jpg 2.jpg", "3.jpg 4.jpg"]
    assert found.groups.tolist() == [0, 0, 0, 3, 3, 5]


def test_two_cameras_make_no_burst_and_one_stamp_for_all_is_no_time():
    shots = [Inspection(taken=float(second), camera=camera) for second, camera in enumerate("abababab")]
    assert bursts(shots) == [[0, 2, 4, 6], [1, 3, 5, 7]]
    assert bursts([replace(shots[0], taken=0.0)] * (RATE + 1)) == []
    assert bursts([replace(shots[0], taken=0.0)] * RATE) == [list(range(RATE))]


# ---- groups and the split


@given(st.lists(st.tuples(st.integers(0, 19), st.integers(0, 19)), max_size=30))
def test_groups_are_those_of_walking(pairs):
    groups = Groups(20)
    for pair in pairs:
        groups.join(*pair)
    reached = [{one} for one in range(20)]
    for _ in range(20):
        for a, b in pairs:
            reached[a] |= reached[b]
            reached[b] |= reached[a]
    assert groups.tops().tolist() == [min(own) for own in reached]


def test_no_group_is_parted_and_the_naive_share_is_what_drawing_gives(tmp_path):
    """Ten pictures in four copies each: drawn one by one, 1 - 0.2^3 of the held-out have a copy in training."""
    for seed in range(10):
        for copy in range(4):
            saved(tmp_path / "a" / f"{seed}-{copy}.jpg", photo(seed), quality=60 + 5 * copy)
    found = looked_at(tmp_path, test=0.2)
    for group in set(found.groups.tolist()):
        assert len(set(found.parts[found.groups == group].tolist())) == 1
    assert set(found.parts.tolist()) == {"train", "validation", "test"}
    assert found.naive == pytest.approx(1 - 0.2**3)
    assert found.leaking == 0
    random = np.random.default_rng(0)
    seen = []
    for _ in range(2000):
        out = random.random(40) < 0.2
        trained = np.unique(found.groups[~out])
        seen += np.isin(found.groups[out], trained).tolist()
    assert np.mean(seen) == pytest.approx(found.naive, abs=0.01)


def test_without_copies_the_split_is_the_one_of_training(tmp_path):
    for seed in range(40):
        saved(tmp_path / ("cat", "dog")[seed % 2] / f"{seed}.jpg", photo(seed, (64, 64)))
    pictures = read(tmp_path)
    assert audit(pictures).parts.tolist() == pictures.splits.tolist()


# ---- the journal


def counting(monkeypatch, also=lambda: None) -> list[str]:
    """The names of the files that are looked at from now on."""
    names: list[str] = []

    def looked(name: str, data: bytes) -> Inspection:
        names.append(Path(name).name)
        also()
        return inspect(name, data)

    monkeypatch.setattr("cutaway.pictures.audit.audit.inspect", looked)
    return names


def same(one: Audit, other: Audit) -> bool:
    return one.known == other.known and one.findings == other.findings and one.parts.tolist() == other.parts.tolist()


def test_a_second_look_is_only_at_what_changed(tmp_path, monkeypatch):
    for seed in range(40):
        saved(tmp_path / "pets" / "cat" / f"{seed}.jpg", photo(seed, (64, 64)))
    file = tmp_path / "seen.jsonl"
    before = audit(read(tmp_path / "pets", training=False), Journal(file))
    names = counting(monkeypatch)
    assert same(audit(read(tmp_path / "pets", training=False), Journal(file)), before)
    assert names == []
    saved(tmp_path / "pets" / "cat" / "7.jpg", photo(99, (64, 64)))
    (tmp_path / "pets" / "cat" / "8.jpg").unlink()
    assert len(audit(read(tmp_path / "pets", training=False), Journal(file)).known) == 39
    assert names == ["7.jpg"]


def test_a_look_that_is_stopped_is_taken_up(tmp_path, monkeypatch):
    for seed in range(64):
        saved(tmp_path / "pets" / "cat" / f"{seed}.jpg", photo(seed, (64, 64)))

    def stop(done: int, of: int, what: str) -> None:
        if done >= 32:
            raise KeyboardInterrupt

    file = tmp_path / "seen.jsonl"
    with pytest.raises(KeyboardInterrupt):
        audit(read(tmp_path / "pets", training=False), Journal(file), stop)
    names = counting(monkeypatch)
    again = audit(read(tmp_path / "pets", training=False), Journal(file))
    assert len(names) == 32
    assert same(again, audit(read(tmp_path / "pets", training=False)))


@pytest.mark.parametrize("cut", [1, 40, 700, 1600])
def test_a_torn_line_is_dropped_and_written_anew(tmp_path, cut):
    for seed in range(3):
        saved(tmp_path / "pets" / "cat" / f"{seed}.jpg", photo(seed, (64, 64)))
    file = tmp_path / "seen.jsonl"
    before = audit(read(tmp_path / "pets", training=False), Journal(file))
    whole = file.read_bytes()
    file.write_bytes(whole[:-cut])
    assert len(Journal(file).known) == 2
    assert same(audit(read(tmp_path / "pets", training=False), Journal(file)), before)
    assert file.read_bytes() == whole


def test_a_journal_of_another_version_counts_for_nothing(tmp_path, monkeypatch):
    saved(tmp_path / "pets" / "cat" / "1.jpg", photo(1))
    file = tmp_path / "seen.jsonl"
    audit(read(tmp_path / "pets", training=False), Journal(file))
    monkeypatch.setitem(__import__("cutaway.pictures.audit.journal", fromlist=["HEAD"]).HEAD, "pillow", "1.0")
    assert Journal(file).known == {}
    audit(read(tmp_path / "pets", training=False), Journal(file))
    assert len(file.read_bytes().splitlines()) == 2


def test_lines_out_of_date_are_cleared_away(tmp_path):
    path = saved(tmp_path / "pets" / "cat" / "1.jpg", photo(1))
    file = tmp_path / "seen.jsonl"
    for when in range(6):
        os.utime(path, ns=(when, when))
        audit(read(tmp_path / "pets", training=False), Journal(file))
    assert len(file.read_bytes().splitlines()) <= 3


# ---- the manifest

NAMES = [
    "=cmd.jpg",
    "-1+1.jpg",
    "@x.jpg",
    "'=y.jpg",
    'quo"te.jpg',
    "com,ma;semi.jpg",
    "li\nne.jpg",
    "ta\tb.jpg",
    "ü ß.jpg",
]


def by_path(file: Path) -> dict[str, dict[str, str]]:
    data = file.read_bytes().decode("utf-8", "surrogateescape")
    rows = list(csv.DictReader(io.StringIO(data, newline="")))
    return {cells.unguarded(row["path"]): row for row in rows}


def test_names_come_back_as_they_were(tmp_path):
    names = [*NAMES, os.fsdecode(b"by\xfftes.jpg")]
    for number, name in enumerate(names):
        saved(tmp_path / "pets" / "cat" / name, photo(number, (64, 64)))
    file = manifest.write(looked_at(tmp_path / "pets"), tmp_path)
    assert set(by_path(file)) == {f"pets/cat/{name}" for name in names}
    for row in csv.reader(io.StringIO(file.read_bytes().decode("utf-8", "surrogateescape"), newline="")):
        assert not any(cell.startswith(cells.DANGEROUS) for cell in row)


def test_dangerous_names_at_the_start_of_a_cell_are_guarded(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for label in ("=1+1", "@cat"):
        for number in range(2):
            saved(tmp_path / label / "x.jpg", photo(number))
    file = manifest.write(looked_at(tmp_path), tmp_path)
    head, *lines = file.read_text().splitlines()
    assert head == "path,hash,label,split,group,status,findings"
    assert [line.partition(",")[0] for line in lines] == ["'=1+1/x.jpg", "'@cat/x.jpg"]
    assert set(by_path(file)) == {"=1+1/x.jpg", "@cat/x.jpg"}


def test_the_manifest_says_all_and_training_reads_it(tmp_path):
    for seed in range(12):
        saved(tmp_path / "pets" / ("cat", "dog")[seed % 2] / f"{seed}.jpg", photo(seed))
    saved(tmp_path / "pets" / "cat" / "copy.jpg", photo(2), quality=60)
    saved(tmp_path / "pets" / "cat" / "bad.jpg", b"")
    (tmp_path / "pets" / "cat" / "notes.txt").write_text("x")
    found = looked_at(tmp_path / "pets")
    rows = by_path(manifest.write(found, tmp_path))
    group = rows["pets/cat/copy.jpg"]["group"]
    assert group == rows["pets/cat/2.jpg"]["group"] and group.startswith("group-")
    assert rows["pets/cat/copy.jpg"]["split"] == rows["pets/cat/2.jpg"]["split"]
    assert rows["pets/cat/copy.jpg"]["findings"] == "near-duplicate"
    assert rows["pets/cat/0.jpg"] | {"split": ""} == {
        "path": "pets/cat/0.jpg",
        "hash": "blake2b:" + audit_digest(encoded(photo(0))),
        "label": "cat",
        "split": "",
        "group": "",
        "status": "ok",
        "findings": "",
    }
    assert (rows["pets/cat/bad.jpg"]["status"], rows["pets/cat/bad.jpg"]["split"]) == ("unreadable", "")
    assert rows["pets/cat/bad.jpg"]["findings"] == "no-picture: the file is empty"
    assert rows["pets/cat/notes.txt"]["status"] == "ignored"
    again = read_table(tmp_path / "manifest.csv", "manifest.csv", 0)
    assert len(again) == 13
    assert again.splits.tolist() == found.parts[found.readable].tolist()
    assert again.counts() == {"cat": 7, "dog": 6}
    assert [one.reason for one in again.ignored] == [
        f"its status in manifest.csv is '{s}'" for s in ("unreadable", "ignored")
    ]


def test_a_semicolon_only_stands_between_findings(tmp_path):
    saved(tmp_path / "pets" / "cat" / "lfs.jpg", b"version https://git-lfs.github.com/spec/v1")
    rows = by_path(manifest.write(looked_at(tmp_path / "pets"), tmp_path))
    told = "no-picture: a Git LFS pointer in place of the picture, `git lfs pull` fetches it"
    assert rows["pets/cat/lfs.jpg"]["findings"] == told


def test_paths_are_absolute_where_the_pictures_lie_elsewhere(tmp_path):
    for number in range(2):
        saved(tmp_path / "pets" / "cat" / f"{number}.jpg", photo(number))
    rows = by_path(manifest.write(looked_at(tmp_path / "pets"), tmp_path / "checks"))
    assert set(rows) == {str(tmp_path / "pets" / "cat" / f"{number}.jpg") for number in range(2)}


def test_a_group_of_the_data_keeps_its_name_and_takes_copies_in(tmp_path):
    lines = ["path,label,group"]
    for seed in range(6):
        saved(tmp_path / f"{seed}.jpg", photo(seed))
        lines.append(f"{seed}.jpg,cat,{('ann', 'bob', '')[seed // 2]}")
    saved(tmp_path / "copy.jpg", photo(0), quality=60)
    (tmp_path / "labels.csv").write_text("\n".join([*lines, "copy.jpg,cat,"]) + "\n")
    found = audit(read(tmp_path / "labels.csv", training=False))
    assert found.groups.tolist() == [0, 0, 2, 2, 4, 5, 0]
    rows = by_path(manifest.write(found, tmp_path))
    groups = {name: row["group"] for name, row in rows.items()}
    assert groups == dict.fromkeys(("0.jpg", "1.jpg", "copy.jpg"), "ann") | dict.fromkeys(("2.jpg", "3.jpg"), "bob") | {
        "4.jpg": "",
        "5.jpg": "",
    }


def test_kinds_have_one_name_each():
    assert len(BY_NAME) == len(KINDS)
    assert not any(set(";:,") & set(name) for name in BY_NAME)


def test_parts_are_those_of_the_split():
    assert (split.TRAIN, split.VALIDATION, split.TEST) == (0, 1, 2)
