"""Tables of pictures as people have them, and what they have by mistake."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cutaway.errors import DataError, PictureError
from cutaway.pictures import Pictures, read

Write = Callable[[str | bytes], Path]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve small pictures, all different, called 0.png to 11.png."""
    for number in range(12):
        Image.fromarray(np.full((3, 5, 3), number * 20, np.uint8)).save(tmp_path / f"{number}.png")
    return tmp_path


@pytest.fixture
def write(folder: Path) -> Write:
    """Writes labels.csv."""

    def write(content: str | bytes) -> Path:
        path = folder / "labels.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


HEAD = "path,label\n"
FOUR = "0.png,cat\n1.png,cat\n2.png,dog\n3.png,dog\n"


def message(path: Path | str, **settings) -> str:
    with pytest.raises(DataError) as caught:
        read(path, **settings)
    assert "\n" not in str(caught.value)
    return str(caught.value).replace(f"{path}", "TABLE")


def said(pictures: Pictures) -> dict[str, str]:
    """The class of each picture."""
    return {
        Path(name).name: pictures.classes[label] for name, label in zip(pictures.names, pictures.labels, strict=True)
    }


def test_a_table(write: Write) -> None:
    path = write("path,label\n3.png,10\n0.png,2\n1.png,2\n2.png,10\n4.png,a\n5.png,a\n")
    pictures = read(path)
    assert pictures.classes == ("2", "10", "a") and pictures.labels.tolist() == [1, 0, 0, 1, 2, 2]
    assert pictures.names[0] == str(path.parent / "3.png") and pictures[0][0, 0, 0] == 60
    assert pictures.title == str(path) and pictures.size == (3, 5, 3)
    assert (pictures.groups, pictures.weights, pictures.truths) == (None, None, None)
    assert set(pictures.splits.tolist()) == {"train", "validation"}


def test_a_table_is_the_same_set_as_its_class_folders(folder: Path, write: Write) -> None:
    for number in range(12):
        own = folder / "pets" / "ab"[number % 2] / f"{number}.png"
        own.parent.mkdir(parents=True, exist_ok=True)
        own.write_bytes((folder / f"{number}.png").read_bytes())
    plain = read(folder / "pets")
    rows = [f"{name},{plain.classes[label]}" for name, label in zip(plain.names, plain.labels, strict=True)]
    table = read(write("\n".join(["path,label", *rows])))
    assert table.fingerprint == plain.fingerprint and table.splits.tolist() == plain.splits.tolist()


@pytest.mark.parametrize(
    "content",
    [
        "file_name,class\n" + FOUR,
        " Filename , LABEL \n" + FOUR,
        "\ufeffpath,label\r\n" + FOUR.replace("\n", "\r\n"),
        "label;path\n" + "".join(f"{b};{a}\n" for a, b in (line.split(",") for line in FOUR.split())),
        "path\tlabel\n" + FOUR.replace(",", "\t"),
        "\n\nid,path,label,note\n" + "".join(f'{n},{line},"a;b;c\n\n"\n\n' for n, line in enumerate(FOUR.split())),
        'path,label\n"0.png","cat"\n"1.png"," cat "\n2.png,dog\n3.png,dog',
        "filename,path,label\n" + "".join(f"other.png,{line}\n" for line in FOUR.split()),
    ],
)
def test_names_of_columns_and_ways_to_write_csv(write: Write, content: str) -> None:
    assert said(read(write(content))) == {"0.png": "cat", "1.png": "cat", "2.png": "dog", "3.png": "dog"}


def test_a_delimiter_in_the_cells_is_not_taken_for_the_tables(write: Write) -> None:
    pictures = read(write("path,label\n0.png,a;b;c\n1.png,a;b;c\n2.png,d;e;f\n3.png,d;e;f\n"))
    assert pictures.classes == ("a;b;c", "d;e;f")


def test_a_delimiter_in_the_names_of_columns_is_not_taken_for_the_tables(write: Write) -> None:
    rows = "".join(f"{line},x\n" for line in FOUR.split())
    assert read(write('path,label,"red;green;blue;other"\n' + rows)).classes == ("cat", "dog")


def test_split_group_and_weight(write: Write) -> None:
    path = write(
        "path,label,split,group,weight\n0.png,a,train,x,1\n1.png,b,Train,,0.5\n2.png,a,VALID,y,\n"
        "3.png,b,val,y,2e1\n4.png,a,test,z,0\n5.png,b,,x,3\n"
    )
    pictures = read(path)
    assert pictures.given.tolist() == ["train", "train", "validation", "validation", "test", ""]
    assert pictures.groups is not None and pictures.groups.tolist() == ["x", "", "y", "y", "z", "x"]
    assert pictures.weights is not None and pictures.weights.tolist() == [1, 0.5, 1, 20, 0, 3]
    part = pictures.validation
    assert part.groups is not None and part.groups.tolist() == ["y", "y"]
    assert part.weights is not None and part.weights.tolist() == [1, 20]
    assert len(pictures.train) == 3 and len(pictures.test) == 1


def test_a_group_is_on_one_side(tmp_path: Path) -> None:
    rows = []
    for number in range(300):
        Image.fromarray(np.array([[number % 256, number // 256]], np.uint8)).save(tmp_path / f"{number}.png")
        rows.append(f"{number}.png,{'ab'[number // 3 % 2]},{'' if number >= 240 else number // 6}")
    (tmp_path / "labels.csv").write_text("\n".join(["path,label,group", *rows]))
    pictures = read(tmp_path / "labels.csv")
    assert pictures.groups is not None
    sides = {group: set(pictures.splits[pictures.groups == group]) for group in np.unique(pictures.groups).tolist()}
    assert len(sides) == 41 and sides.pop("") == {"train", "validation"}
    assert all(len(side) == 1 for side in sides.values())
    assert {next(iter(side)) for side in sides.values()} == {"train", "validation"}


def test_the_fingerprint_follows_groups_and_weights(write: Write) -> None:
    def fingerprint(name: str, first: str) -> str:
        rows = [f"{line},{first if number == 0 else ''}\n" for number, line in enumerate(FOUR.split())]
        return read(write(f"path,label,{name}\n" + "".join(rows))).fingerprint

    plain = read(write(HEAD + FOUR)).fingerprint
    assert fingerprint("note", "x") == fingerprint("group", "") == fingerprint("weight", "") == plain
    assert len({plain, fingerprint("group", "1"), fingerprint("group", "2"), fingerprint("weight", "1")}) == 4


def test_json_lines(folder: Path) -> None:
    path = folder / "labels.jsonl"
    rows: list[dict[str, object]] = [
        {"File_Name": f"{n}.png", "label": n % 2, "split": None, "box": [1, 2]} for n in range(4)
    ]
    rows.append({"label": "ünï☃", "File_Name": "4.png", "weight": 2})
    rows.append({"label": True, "File_Name": "5.png"})
    path.write_text("\n\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n", encoding="utf-8-sig")
    pictures = read(path, training=False)
    assert pictures.classes == ("0", "1", "True", "ünï☃") and pictures.labels.tolist() == [0, 1, 0, 1, 3, 2]
    assert pictures.weights is not None and pictures.weights.tolist() == [1, 1, 1, 1, 2, 1]


def test_parquet(folder: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow.parquet import write_table

    path = folder / "labels.parquet"
    columns = {"path": [f"{n}.png" for n in range(4)], "class": [0, 1, 0, 1], "split": ["train"] * 3 + [None]}
    write_table(pyarrow.table(columns), path)
    pictures = read(path)
    assert pictures.classes == ("0", "1") and pictures.given.tolist() == ["train", "train", "train", ""]
    names = {"info": {"features": {"class": {"names": ["dog", "cat"], "_type": "ClassLabel"}}}}
    table = pyarrow.table(columns).replace_schema_metadata({"huggingface": json.dumps(names)})
    write_table(table, path)
    assert said(read(path)) == {"0.png": "dog", "1.png": "cat", "2.png": "dog", "3.png": "cat"}
    write_table(pyarrow.table(columns | {"class": [0, 1, None, 1]}), path)
    assert message(path).startswith("TABLE, row 3: no label")
    path.write_bytes(path.read_bytes()[:-10])
    assert message(path).startswith("TABLE: cannot be read as Parquet")


def test_where_pictures_are(folder: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "here").mkdir()
    for name in ("0.png", "8.png"):
        (folder / "here" / name).write_bytes((folder / "9.png").read_bytes())
    monkeypatch.chdir(folder / "here")
    path = write(f"path,label\n{folder / '1.png'},a\n0.png,a\n8.png,b\n./here/0.png,b\nhere/../2.png,b\ngone.png,a\n")
    (folder / "8.png").unlink()
    names = read(path).names
    assert names == [
        *(str(folder / "1.png"), str(folder / "0.png"), "8.png"),
        *(str(folder / "here/0.png"), str(folder / "here/../2.png"), str(folder / "gone.png")),
    ]
    with pytest.raises(PictureError, match="no such file"):
        read(path)[5]
    assert message(write(HEAD + "x/1.png,a\nx/2.png,b\n"), training=False) == (
        f"TABLE: none of its 2 pictures is there, such as x/1.png (TABLE, line 2); a path is absolute, or relative to "
        f"{folder} or to the current folder"
    )


@pytest.mark.parametrize("odd", ["-rf.png", "%s{}.png", " space .png", "ünï☃🐈.png", "=1+1.png", "~.png", "$HOME.png"])
def test_nothing_in_a_cell_is_interpreted(folder: Path, write: Write, odd: str) -> None:
    (folder / "0.png").rename(folder / odd)
    path = write(f"path,label\n{odd},=HYPERLINK(1)\n1.png,$(reboot)\n2.png,=HYPERLINK(1)\n3.png,$(reboot)\n")
    pictures = read(path)
    assert pictures.classes == ("$(reboot)", "=HYPERLINK(1)") and pictures[0][0, 0, 0] == 0


def test_a_name_with_a_zero_byte(write: Write) -> None:
    pictures = read(write(HEAD + FOUR + "a\0b.png,cat\n"))
    with pytest.raises(PictureError, match="null byte"):
        pictures[4]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "TABLE: is empty; it needs a first line such as path,label and a line for each picture"),
        ("path,label\n", "TABLE: no row below its first"),
        ("path,lable\n" + FOUR, "TABLE: has no column label or class; it has path, lable; did you mean 'lable'?"),
        ("image,label\n" + FOUR, "TABLE: has no column path or file_name or filename; it has image, label"),
        ("pth;label\n", "TABLE: has no column path or file_name or filename; it has pth, label; did you mean 'pth'?"),
        ("path,Label,label\n0.png,a,b\n", "TABLE: has 2 columns called label; keep one"),
        (HEAD + FOUR + "\n4.png,\n", "TABLE, line 7: no label; write one, or leave the row out"),
        (HEAD + FOUR + "4.png,  \n", "TABLE, line 6: no label; write one, or leave the row out"),
        (HEAD + FOUR + ",cat\n", "TABLE, line 6: no path; write one, or leave the row out"),
        (
            HEAD + FOUR + "4.png,cat,x\n",
            "TABLE, line 6: 3 cells where the first line has 2; "
            'put a cell that has a comma in it into quotes, as "a,b"',
        ),
        (
            "path;label\n0.png\n",
            "TABLE, line 2: 1 cells where the first line has 2; "
            'put a cell that has a semicolon in it into quotes, as "a;b"',
        ),
        ('path,label\n"0.png,a\n1.png,b\n', "TABLE, line 2: is not CSV (unexpected end of data)"),
        (
            "path,label,split\n0.png,a,trian\n",
            "TABLE, line 2: split 'trian' is not known; did you mean 'train'?; "
            "known: train, val, validation, valid, test",
        ),
        ("path,label,weight\n0.png,a,-1\n", "TABLE, line 2: weight '-1' is not a number from 0 up, such as 0.5"),
        ("path,label,weight\n0.png,a,nan\n", "TABLE, line 2: weight 'nan' is not a number from 0 up, such as 0.5"),
        ("path,label,weight\n0.png,a,much\n", "TABLE, line 2: weight 'much' is not a number from 0 up, such as 0.5"),
        (HEAD + FOUR + "1.png,dog\n", "TABLE, line 6: 1.png has another label than in line 3: 'cat' there, 'dog' here"),
        (
            "path,label,split\n0.png,a,train\n0.png,a,test\n",
            "TABLE, line 3: 0.png has another split, group or weight than in line 2",
        ),
        (
            HEAD.encode() + b"0.png,caf\xe9\n",
            "TABLE, line 2: byte 0xe9 is not UTF-8; save the table as UTF-8 (in a spreadsheet program: CSV UTF-8)",
        ),
        (HEAD.encode("utf-16"), "TABLE: is UTF-16 text; save it as UTF-8 (in a spreadsheet program: CSV UTF-8)"),
        (b"PK\3\4xl", "TABLE: is a spreadsheet or an archive, not text; save it as CSV UTF-8"),
        (HEAD + "0.png," + "x" * 200_000, "TABLE, line 2: is not CSV (field larger than field limit (131072))"),
    ],
)
def test_mistakes_get_a_line_that_names_the_row(write: Write, content: str | bytes, expected: str) -> None:
    assert message(write(content), training=False) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("{", "line 2: is not JSON (Expecting property name"),
        ("[1]", 'line 2: is no JSON object; write {"path": "1.jpg", "label": "cat"}'),
        ("[" * 100_000, "line 2: is not JSON ("),
        ('{"label": "cat"}', "line 2: no path; write one, or leave the row out"),
        ('{"path": "1.png"}', "line 2: no label; write one, or leave the row out"),
        ('{"path": "1.png", "label": {}}', "line 2: a label is a text or a number, not dict"),
        (
            '{"path": "1.png", "label": ["cat"]}',
            "line 2: a list of labels; give --label-delim (label_delim) for several classes a picture",
        ),
        ('{"path": "1.png", "label": "cat", "weight": [1]}', "line 2: weight '[1]' is not a number from 0 up"),
    ],
)
def test_mistakes_in_json_lines(folder: Path, line: str, expected: str) -> None:
    path = folder / "labels.jsonl"
    path.write_text('{"path": "0.png", "label": "cat"}\n' + line + "\n")
    assert message(path).startswith("TABLE, " + expected)
    path.write_text("")
    assert message(path).startswith("TABLE: is empty; it needs a line such as")


def test_a_table_needs_what_folders_need(write: Write) -> None:
    assert "one class only (cat)" in message(write(HEAD + "0.png,cat\n1.png,cat\n"))
    assert "only 1 picture in class dog" in message(write(HEAD + "0.png,cat\n1.png,cat\n2.png,dog\n"))
    assert "no such folder or file; did you mean" in message(write(HEAD + FOUR).parent / "label.csv")


def test_the_table_of_an_audit(folder: Path, write: Write) -> None:
    head = "path,hash,label,split,group,status,findings\n"
    rows = "0.png,00,cat,train,g1,ok,\n1.png,01,cat,train,,unreadable: empty,\n2.png,02,dog,,g1,ok,duplicate\n"
    latin = os.fsdecode(b"caf\xe9.png")
    (folder / "3.png").rename(folder / latin)
    path = write(os.fsencode(head + rows) + b"caf\xe9.png,03,dog,test,,ok,\n4.png,04,,,,excluded,\n")
    pictures = read(path, training=False)
    assert [Path(name).name for name in pictures.names] == ["0.png", "2.png", latin]
    assert pictures.given.tolist() == ["train", "", "test"] and pictures[2][0, 0, 0] == 60
    assert {one.path: one.reason for one in pictures.ignored} == {
        "1.png": "its status in labels.csv is 'unreadable: empty'",
        "4.png": "its status in labels.csv is 'excluded'",
    }
    assert read(write("path,label,status\n0.png,a,alive\n1.png,b,dead\n"), training=False).ignored == ()
    assert message(write(head + "0.png,00,cat,,,bad,\n")) == "TABLE: no row has the status ok"


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_a_folder_with_its_table_in_it(folder: Path, ending: str) -> None:
    (folder / "train").mkdir()
    names = [f"{'train/' if n % 3 else ''}{n}.png" for n in range(12)]
    for name in names:
        (folder / Path(name).name).rename(folder / name)
    path = folder / f"metadata.{ending}"
    labels = ["ab"[n % 2] for n in range(12)]
    if ending == "parquet":
        pyarrow = pytest.importorskip("pyarrow")
        pytest.importorskip("pyarrow.parquet").write_table(pyarrow.table({"file_name": names, "label": labels}), path)
    elif ending == "csv":
        path.write_text("\n".join(f"{a},{b}" for a, b in zip(["file_name", *names], ["label", *labels], strict=True)))
    else:
        rows = zip(names, labels, strict=True)
        path.write_text("\n".join(json.dumps({"file_name": a, "label": b}) for a, b in rows))
    pictures = read(folder)
    assert pictures.counts() == {"a": 6, "b": 6} and pictures.title == str(folder)
    assert pictures.given.tolist() == ["train" if n % 3 else "" for n in range(12)]
    assert pictures[4][0, 0, 0] == 80


def test_a_table_in_each_part(folder: Path) -> None:
    for part, numbers in (("train", range(8)), ("Test", range(8, 12))):
        (folder / part).mkdir()
        for number in numbers:
            (folder / f"{number}.png").rename(folder / part / f"{number}.png")
        rows = [f"{number}.png,{'ab'[number % 2]}" for number in numbers]
        (folder / part / "metadata.csv").write_text("\n".join(["file_name,label", *rows]))
    pictures = read(folder)
    assert pictures.given.tolist() == ["test"] * 4 + ["train"] * 8
    assert pictures.test.counts() == {"a": 2, "b": 2} and Path(pictures.names[0]) == folder / "Test" / "8.png"


def test_a_table_in_the_folder_itself_goes_before_those_in_its_parts(folder: Path) -> None:
    (folder / "train").mkdir()
    (folder / "train/metadata.csv").write_text("file_name,label\n../0.png,other\n")
    (folder / "metadata.csv").write_text("file_name,label\n" + FOUR)
    assert read(folder).counts() == {"cat": 2, "dog": 2}


def test_captions_leave_the_classes_to_the_folders(folder: Path) -> None:
    for number in range(12):
        (folder / "pets" / "ab"[number % 2]).mkdir(parents=True, exist_ok=True)
        (folder / f"{number}.png").rename(folder / "pets" / "ab"[number % 2] / f"{number}.png")
    (folder / "pets/metadata.csv").write_text("file_name,text\na/0.png,a cat\n")
    pictures = read(folder / "pets")
    assert pictures.counts() == {"a": 6, "b": 6} and [one.reason for one in pictures.ignored] == [
        "not in a class folder"
    ]


def test_several_classes_a_picture(write: Write) -> None:
    rows = "0.png,cat|dog\n1.png, dog | cat |\n2.png,cat\n3.png,10|dog\n4.png,\n5.png,10|2|10\n6.png,2\n"
    pictures = read(write(HEAD + rows), label_delim="|")
    assert pictures.classes == ("2", "10", "cat", "dog") and pictures.label_delim == "|"
    assert pictures.truths is not None
    assert pictures.truths.astype(int).tolist() == [
        [0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 1, 0], [0, 1, 0, 1], [0, 0, 0, 0], [1, 1, 0, 0], [1, 0, 0, 0]
    ]  # fmt: skip
    assert pictures.labels.tolist() == [2, 3, 2, 1, -1, 1, 0]
    assert pictures.counts() == {"2": 2, "10": 2, "cat": 3, "dog": 3}
    part = pictures.train
    assert part.truths is not None and part.truths.shape == (len(part), 4)
    other = read(write(HEAD + rows.replace("cat|dog", "cat|10")), label_delim="|")
    assert np.array_equal(other.labels, pictures.labels) and other.fingerprint != pictures.fingerprint
    plain = read(write(HEAD + "0.png,cat|dog\n1.png,cat|dog\n2.png,a\n3.png,a\n"))
    assert plain.classes == ("a", "cat|dog") and plain.truths is None


def test_lists_of_classes(folder: Path) -> None:
    path = folder / "labels.jsonl"
    labels = [["cat", "dog"], [], ["dog"], "cat|dog"]
    path.write_text("\n".join(json.dumps({"path": f"{n}.png", "label": own}) for n, own in enumerate(labels)))
    pictures = read(path, label_delim="|")
    assert pictures.truths is not None
    assert pictures.truths.astype(int).tolist() == [[1, 1], [0, 0], [0, 1], [1, 1]]


def test_a_delimiter_where_there_is_no_table(folder: Path, write: Write) -> None:
    assert message(write(HEAD + FOUR), label_delim="").startswith("label_delim is empty")
    assert message("digits", label_delim="|") == (
        "label_delim='|' goes with a table, such as labels.csv, not with 'TABLE'"
    )


def test_every_rare_class_is_on_both_sides(tmp_path: Path) -> None:
    rows = []
    for number in range(120):
        Image.fromarray(np.full((2, 2), number, np.uint8)).save(tmp_path / f"{number}.png")
        rows.append(f"{number}.png,common{'|rare' if number % 30 == 0 else ''}{'|some' if number % 7 == 0 else ''}")
    (tmp_path / "labels.csv").write_text("\n".join(["path,label", *rows]))
    for seed in range(5):
        pictures = read(tmp_path / "labels.csv", label_delim="|", seed=seed)
        assert min(pictures.train.counts().values()) > 0 and min(pictures.validation.counts().values()) > 0
