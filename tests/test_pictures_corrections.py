"""Corrected labels: which picture a row means, and that no file is touched."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

import cutaway
from cutaway.errors import DataError
from cutaway.pictures import corrections
from cutaway.pictures.corrections import again, apply, hashes_of


@pytest.fixture
def pets(tmp_path):
    """Three cats and two dogs, all different."""
    for number, name in enumerate(["cat/1", "cat/2", "cat/3", "dog/4", "dog/5"]):
        path = tmp_path / "pets" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((4, 4, 3), 10 * number, np.uint8)).save(path)
    return tmp_path / "pets"


def table(pets, *lines, head="path,hash,label,given"):
    file = pets.parent / "corrections.csv"
    file.write_text("\n".join([head, *lines]) + "\n")
    return file


def labels(pictures):
    """The class of each picture, by its name within the set."""
    names = [name.rpartition("pets/")[2] for name in pictures.names]
    return {name: pictures.classes[label] for name, label in zip(names, pictures.labels, strict=True)}


def hash_of(pets, name):
    pictures = cutaway.read(pets)
    return "blake2b:" + hashes_of(pictures)[pictures.names.index(str(pets / name))]


def test_labels_change_and_pictures_are_left_out(pets):
    before = {path: path.read_bytes() for path in pets.rglob("*.png")}
    one, two = hash_of(pets, "cat/1.png"), hash_of(pets, "dog/4.png")
    done = apply(cutaway.read(pets), table(pets, f"cat/1.png,{one},dog,cat", f"dog/4.png,{two},,dog"))
    assert labels(done.pictures) == {"cat/1.png": "dog", "cat/2.png": "cat", "cat/3.png": "cat", "dog/5.png": "dog"}
    assert (done.relabelled, done.left_out, done.by_path, done.lost) == (1, 1, 0, ())
    assert done.says() == ["corrections: 1 label changed, 1 picture left out"]
    assert {path: path.read_bytes() for path in pets.rglob("*.png")} == before


def test_the_fingerprint_changes_and_the_split_does_not(pets):
    pictures = cutaway.read(pets)
    done = apply(pictures, table(pets, "cat/1.png,,dog,cat")).pictures
    assert done.fingerprint != pictures.fingerprint
    assert apply(pictures, table(pets, "cat/1.png,,cat,cat")).pictures.fingerprint == pictures.fingerprint
    digits = cutaway.read("digits")
    changed = apply(digits, table(pets, f"{digits.names[5]},,3,"))
    assert changed.relabelled == 1
    assert (changed.pictures.splits == digits.splits).all()


def test_a_picture_is_known_by_its_content_wherever_it_is(pets):
    own = hash_of(pets, "cat/1.png")
    (pets / "cat/1.png").rename(pets / "cat/renamed.png")
    (pets / "cat/2.png").rename(pets / "cat/1.png")  # another picture at the old path stays what it is
    done = apply(cutaway.read(pets), table(pets, f"cat/1.png,{own},dog,cat"))
    assert labels(done.pictures)["cat/renamed.png"] == "dog"
    assert labels(done.pictures)["cat/1.png"] == "cat"


def test_by_path_where_no_picture_has_the_content(pets):
    done = apply(cutaway.read(pets), table(pets, f"cat/1.png,blake2b:{'0' * 32},dog,cat", f"cat/9.png,{'1' * 32},dog,"))
    assert labels(done.pictures)["cat/1.png"] == "dog"
    assert done.by_path == 1
    assert [row.path for row in done.lost] == ["cat/9.png"]
    assert done.says()[1:] == [
        "  1 by path alone: no picture has that content, the file may have changed",
        "  not applied, since there is no such picture: cat/9.png",
    ]


def test_what_was_not_decided_changes_nothing_not_even_back(pets):
    own = hash_of(pets, "cat/1.png")
    (pets / "cat/1.png").rename(pets / "dog/1.png")  # put right by hand since the table was written
    done = apply(cutaway.read(pets), table(pets, f"cat/1.png,{own},cat,cat"))
    assert labels(done.pictures)["dog/1.png"] == "dog"
    assert done.rows == ()


def test_of_equal_pictures_the_one_that_is_named(pets):
    shutil.copy(pets / "cat/1.png", pets / "dog/copy.png")
    own = hash_of(pets, "cat/1.png")
    kept = labels(apply(cutaway.read(pets), table(pets, f"dog/copy.png,{own},,dog")).pictures)
    assert "dog/copy.png" not in kept and kept["cat/1.png"] == "cat"
    moved = labels(apply(cutaway.read(pets), table(pets, f"cat/gone.png,{own},dog,cat")).pictures)
    assert moved["cat/1.png"] == moved["dog/copy.png"] == "dog"
    rows = f"cat/gone.png,{own},dog,cat", f"cat/1.png,{own},cat,dog"
    both = labels(apply(cutaway.read(pets), table(pets, *rows)).pictures)
    assert (both["cat/1.png"], both["dog/copy.png"]) == ("cat", "dog")


def test_what_a_run_keeps_does_the_same_again(pets):
    pictures = cutaway.read(pets)
    done = apply(pictures, table(pets, "cat/1.png,,dog,cat", "dog/4.png,,,dog"))
    once = again(pictures, json.loads(json.dumps(done.facts()))).pictures
    assert once.fingerprint == done.pictures.fingerprint
    assert again(once, done.facts()).pictures.fingerprint == once.fingerprint
    assert [row[3] for row in done.facts()] == ["cat", "dog"]


def test_what_a_spreadsheet_program_makes_of_it(pets):
    own = hash_of(pets, "cat/1.png").upper()
    for text in (f"\ufeffpath;hash;label;given\r\ncat/1.png;{own};dog;cat\r\n", f"HASH\tlabel\n{own}\tdog \n"):
        file = pets.parent / "corrections.csv"
        file.write_text(text)
        assert labels(apply(cutaway.read(pets), file).pictures)["cat/1.png"] == "dog"


def test_class_names_that_a_spreadsheet_program_would_compute(pets):
    (pets / "dog").rename(pets / "=1+1")
    for label in ("'=1+1", "=1+1"):
        assert labels(apply(cutaway.read(pets), table(pets, f"cat/1.png,,{label},cat")).pictures)["cat/1.png"] == "=1+1"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["cat/1.png,,dgo,cat"], r"corrections.csv, line 2: 'dgo' is none of the classes cat, dog; did you mean 'dog'"),
        (["cat/1.png,,fox,cat", "cat/2.png,,fox,cat"], "line 2: 'fox' is none .*; an empty label leaves"),
        (["cat/1.png,,dog,cat", "cat/1.png,,,cat"], "line 3: the same picture as in .*line 2, but 'dog' and left out"),
        (["cat/1.png,abc,dog,cat"], "line 2: 'abc' is not blake2b: and 32 hexadecimal digits"),
        ([",,dog,cat"], "line 2: neither path nor hash"),
        (["cat/1.png,,dog"], "line 2: 3 cells where the first line has 4"),
    ],
)
def test_errors_name_the_row(pets, lines, message):
    with pytest.raises(DataError, match=message):
        apply(cutaway.read(pets), table(pets, *lines))


def test_a_table_needs_its_columns(pets):
    with pytest.raises(DataError, match=r"has columns path, class; it needs path \(or hash\) and label"):
        apply(cutaway.read(pets), table(pets, "cat/1.png,dog", head="path,class"))
    with pytest.raises(DataError, match="has 2 columns called label; keep one"):
        corrections.read(table(pets, "cat/1.png,dog,cat", head="path,label,Label"))
    with pytest.raises(DataError, match="cannot be read"):
        apply(cutaway.read(pets), pets / "none.csv")
