"""A table of pictures: one row for each, with its path and its class.

    path,label,split                    {"file_name": "1.jpg", "label": "cat"}
    cats/1.jpg,cat,train                {"file_name": "2.jpg", "label": ["cat", "dog"]}

CSV (commas, semicolons or tabs), JSON Lines or Parquet. What a cell holds is compared and shown, never interpreted.
"""

import csv
import io
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cutaway.cells import unguarded
from cutaway.errors import DataError
from cutaway.pictures import memory
from cutaway.pictures.arrow import Column, Columns
from cutaway.pictures.folders import PARTS
from cutaway.pictures.natural import ordered
from cutaway.pictures.pictures import Pictures
from cutaway.pictures.prepared import SHARE_OF_MEMORY, Skipped
from cutaway.pictures.source import Files, Source, stamp
from cutaway.wording import first, nearest, one_line
from cutaway.wording import memory as so_many_bytes

COLUMNS = {
    "path": ("path", "file_name", "filename"),
    "label": ("label", "class"),
    "split": ("split",),
    "group": ("group",),
    "weight": ("weight",),
}
"""What a column may be called, in upper or lower case; the first of these that is there counts."""

NEEDED = ("path", "label")

MANIFEST = {"path", "hash", "status", "findings"}
"""Columns that tell a table which `cutaway check` wrote: of such a one, only rows with the status `ok` are used."""

CSV, LINES, PARQUET = (".csv", ".tsv"), (".jsonl", ".ndjson"), (".parquet",)
ENDINGS = (*CSV, *LINES, *PARQUET)
"""What the name of a table ends in."""

BESIDE = tuple(f"metadata{ending}" for ending in (".csv", ".jsonl", ".parquet"))
"""A table of such a name in a folder says the classes of its pictures, as in an `imagefolder` of Hugging Face."""


@dataclass(frozen=True)
class Row:
    """What a table says of one picture."""

    place: str
    """Where it stands: `labels.csv, line 7`."""
    path: str
    labels: tuple[str, ...]
    part: str
    group: str
    weight: float | None


def read_table(path: Path, title: str, seed: int, label_delim: str | None = None) -> Pictures:
    """Pictures and classes out of a table: `read_table(Path("labels.csv"), "labels.csv", 0)`.

    Columns are known by name (`COLUMNS`), whatever their order and case; others are passed over. A path is absolute,
    or relative to the table's own folder, or else to the current one. With `label_delim`, such as `|`, a cell may hold
    several classes, or none.

    Raises DataError that names the row for what cannot be meant, and where no picture is there at all.
    """
    if column := embedded(path):
        return read_embedded(path, column, title, seed, label_delim)
    rows, ignored = rows_of(path, label_delim)
    return labelled(rows, Files(found(rows, path.parent, title)), title, seed, ignored, label_delim)


def rows_of(path: Path, label_delim: str | None) -> tuple[list[Row], list[Skipped]]:
    """The rows of a table that are to be used, and those that are passed over."""
    head, lines = opened(path)
    where = columns(path, head)
    manifest = MANIFEST <= {name.strip().lower() for name in head}
    status = next((place for place, name in enumerate(head) if name.strip().lower() == "status"), 0)
    rows: list[Row] = []
    ignored: list[Skipped] = []
    for place, given in lines:
        # what the check writes has a ' before all that a spreadsheet program would compute
        cells = [unguarded(cell) if isinstance(cell, str) else cell for cell in given] if manifest else given
        if manifest and cells[status] != "ok":
            ignored.append(Skipped(text(cells[where["path"]]), f"its status in {path.name} is {text(cells[status])!r}"))
        else:
            rows.append(row_of(place, {name: cells[at] for name, at in where.items()}, label_delim))
    if not rows:
        raise DataError(f"{path}: no row {'has the status ok' if ignored else 'below its first'}")
    return rows, ignored


Cells = Sequence[Any]
"""The values of one row: text of a CSV; numbers, lists and nothing too, of the others."""
Lines = Iterator[tuple[str, Cells]]
"""The rows of a table, each with where it stands."""


def opened(path: Path) -> tuple[list[str], Lines]:
    """The names of a table's columns, and its rows."""
    kind = path.suffix.lower()
    if kind in PARQUET:
        return parquet(path)
    content = decoded(path)
    return json_lines(path, content) if kind in LINES else separated(path, content)


# ---- text


def decoded(path: Path) -> str:
    """The text of a table. UTF-8; a byte order mark in front of it is passed over."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from None
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError(f"{path}: is UTF-16 text; save it as UTF-8 (in a spreadsheet program: CSV UTF-8)")
    if data.startswith(b"PK\3\4"):
        raise DataError(f"{path}: is a spreadsheet or an archive, not text; save it as CSV UTF-8")
    ours = MANIFEST <= set(data.partition(b"\n")[0].decode("utf-8-sig", "replace").strip().split(","))
    try:
        # in a table of ours, bytes that are no UTF-8 are those of a file's name
        return data.decode("utf-8-sig", "surrogateescape" if ours else "strict")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{path}, line {line}: byte {data[error.start]:#04x} is not UTF-8; save the table as UTF-8 "
            "(in a spreadsheet program: CSV UTF-8)"
        ) from None


def separated(path: Path, content: str) -> tuple[list[str], Lines]:
    """Rows of cells with commas, semicolons or tabs between them: whichever makes most of the first line."""
    start = content.lstrip("\r\n").partition("\n")[0]
    delimiter = max(",;\t", key=lambda one: known_in(cells_of(start, one)))
    rows = csv_rows(path, content, delimiter)
    _, head = next(rows, ("", []))
    if not head:
        raise DataError(f"{path}: is empty; it needs a first line such as path,label and a line for each picture")

    def lines() -> Lines:
        for place, cells in rows:
            if len(cells) != len(head):
                raise DataError(
                    f"{place}: {len(cells)} cells where the first line has {len(head)}; {quoting(delimiter)}"
                )
            yield place, cells

    return head, lines()


def cells_of(line: str, delimiter: str) -> list[str]:
    """The cells of one line."""
    return next(csv.reader([line], delimiter=delimiter), [])


def known_in(head: Sequence[str]) -> tuple[int, int]:
    """How many of these names are known, and how many there are."""
    names = {name.strip().lower() for name in head}
    return sum(bool(names & set(words)) for words in COLUMNS.values()), len(head)


def csv_rows(path: Path, content: str, delimiter: str) -> Iterator[tuple[str, list[str]]]:
    """The rows of a CSV that are not blank, each with the line in which it begins."""
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter, strict=True)
    while True:
        place = f"{path}, line {reader.line_num + 1}"
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise DataError(f"{place}: is not CSV ({error})") from None
        if any(cell.strip() for cell in cells):
            yield place, cells


def quoting(delimiter: str) -> str:
    """What to do about too many or too few cells."""
    name = {",": "comma", ";": "semicolon", "\t": "tab"}[delimiter]
    return f'put a cell that has a {name} in it into quotes, as "a{delimiter}b"'


def json_lines(path: Path, content: str) -> tuple[list[str], Lines]:
    """A JSON object a line; their names, all of them, are the columns."""
    objects = []
    for number, line in enumerate(content.split("\n"), 1):
        if line.strip():
            place = f"{path}, line {number}"
            objects.append((place, json_object(place, line)))
    if not objects:
        raise DataError(
            f'{path}: is empty; it needs a line such as {{"path": "1.jpg", "label": "cat"}} for each picture'
        )
    head = list(dict.fromkeys(name for _, one in objects for name in one))
    return head, ((place, [one.get(name) for name in head]) for place, one in objects)


def json_object(place: str, line: str) -> Mapping[str, Any]:
    """The object that a line holds."""
    try:
        one = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{place}: is not JSON ({one_line(str(error))})") from None
    if not isinstance(one, dict):
        raise DataError(f'{place}: is no JSON object; write {{"path": "1.jpg", "label": "cat"}}')
    return one


# ---- Parquet


def parquet(path: Path, needed: Sequence[str] = NEEDED) -> tuple[list[str], Lines]:
    """The columns of a Parquet file that are known, and its rows. Raises DataError where a needed one is missing."""
    with parquet_file(path) as file:
        columns(path, file.schema_arrow.names, needed)
        head = [name for name in file.schema_arrow.names if known_in([name])[0] or name.lower() in MANIFEST]
        table = file.read(columns=head)
        names = class_names(table.schema)
        values = [column_values(table.column(name), names.get(name)) for name in head]
    return head, ((f"{path}, row {row}", cells) for row, cells in enumerate(zip(*values, strict=True), 1))


@contextmanager
def parquet_file(path: Path) -> Iterator[Any]:
    """An open Parquet file; what goes wrong within becomes a DataError."""
    try:
        import pyarrow
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise DataError(
            f"{path}: Parquet is read with pyarrow, which is not installed; pip install 'cutaway[parquet]'"
        ) from None
    try:
        with ParquetFile(path) as file:
            yield file
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(f"{path}: cannot be read as Parquet ({one_line(str(error))})") from None


def embedded(path: Path) -> str | None:
    """The column of a Parquet file that holds the pictures themselves, as `{bytes, path}`, where none has paths."""
    if path.suffix.lower() not in PARQUET:
        return None
    with parquet_file(path) as file:
        schema = file.schema_arrow
    if any(name.strip().lower() in COLUMNS["path"] for name in schema.names):
        return None
    kinds = ((name, str(schema.field(name).type)) for name in schema.names)
    return next((name for name, kind in kinds if kind.startswith("struct<") and "bytes: binary" in kind), None)


def read_embedded(path: Path, column: str, title: str, seed: int, label_delim: str | None) -> Pictures:
    """The pictures that a Parquet file holds, kept in memory as they are stored, and what it says of each."""
    head, lines = parquet(path, needed=("label",))
    where = columns(path, head, needed=("label",))
    rows = [
        row_of(place, {"path": f"[{number}]"} | {name: cells[at] for name, at in where.items()}, label_delim)
        for number, (place, cells) in enumerate(lines)
    ]
    with parquet_file(path) as file:
        groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
        size = sum(group.total_byte_size for group in groups)  # unpacked
        room = int(SHARE_OF_MEMORY * memory.available())
        if size > room:
            raise DataError(
                f"{path}: unpacks to {so_many_bytes(size)}, and {so_many_bytes(room)}, {SHARE_OF_MEMORY:.0%} of the "
                f"memory that is free, may be used; with the package datasets, its folder is read as hf:{path.parent}"
            )
        cells = file.read(columns=[column]).column(column)
    source = Columns([Column("", cells, " ".join(stamp(path)))], title)
    return labelled(rows, source, title, seed, [], label_delim)


def class_names(schema: Any) -> dict[str, list[str]]:
    """The names of numbered classes, column by column, as Hugging Face writes them into a file's schema."""
    try:
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        return {name: feature["names"] for name, feature in features.items() if feature.get("_type") == "ClassLabel"}
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return {}


def column_values(column: Any, names: list[str] | None) -> list[Any]:
    """The values of a column; numbers of classes by their names."""
    values: list[Any] = column.to_pylist()
    return [names[v] if names and isinstance(v, int) and 0 <= v < len(names) else v for v in values]


# ---- what rows say


def columns(path: Path, head: Sequence[str], needed: Sequence[str] = NEEDED) -> dict[str, int]:
    """Where each known column is. Raises DataError where a needed one is missing, or one stands there twice."""
    names = [name.strip().lower() for name in head]
    where: dict[str, int] = {}
    for own, words in COLUMNS.items():
        if used := next((word for word in words if word in names), None):
            if names.count(used) > 1:
                raise DataError(f"{path}: has {names.count(used)} columns called {used}; keep one")
            where[own] = names.index(used)
    for own in needed:
        if own not in where:
            hint = next((hint for word in COLUMNS[own] if (hint := nearest(word, names))), "")
            wanted = " or ".join(COLUMNS[own])
            raise DataError(f"{path}: has no column {wanted}; it has {first([*map(one_line, head)], 10)}{hint}")
    return where


def row_of(place: str, cells: Mapping[str, Any], label_delim: str | None) -> Row:
    """One row, checked."""
    path = text(cells["path"])
    if not path:
        raise DataError(f"{place}: no path; write one, or leave the row out")
    return Row(
        place,
        path,
        labels_of(place, cells["label"], label_delim),
        part_of(place, text(cells.get("split")).strip()),
        text(cells.get("group")).strip(),
        weight_of(place, cells.get("weight")),
    )


def text(value: Any) -> str:
    """A cell as text; nothing where it is empty.

    >>> text("cat"), text(3), text(None)
    ('cat', '3', '')
    """
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # a column of whole numbers in which one is missing
    return "" if value is None or value != value else str(value)


def labels_of(place: str, value: Any, label_delim: str | None) -> tuple[str, ...]:
    """The classes that a cell names: one, or any number where a delimiter is given."""
    if isinstance(value, list):
        if label_delim is None:
            raise DataError(
                f"{place}: a list of labels; give --label-delim (label_delim) for several classes a picture"
            )
        found = [text(one).strip() for one in value]
    elif isinstance(value, dict | tuple | bytes):
        raise DataError(f"{place}: a label is a text or a number, not {type(value).__name__}")
    else:
        found = text(value).split(label_delim) if label_delim else [text(value)]
    labels = tuple(dict.fromkeys(label for one in found if (label := one.strip())))
    if not labels and label_delim is None:
        raise DataError(f"{place}: no label; write one, or leave the row out")
    return labels


def part_of(place: str, word: str) -> str:
    """The part that a word stands for."""
    if word and word.lower() not in PARTS:
        known = ", ".join(PARTS)
        raise DataError(f"{place}: split {word!r} is not known{nearest(word.lower(), [*PARTS])}; known: {known}")
    return PARTS[word.lower()] if word else ""


def weight_of(place: str, value: Any) -> float | None:
    """A weight; None where none is given."""
    if not text(value).strip():
        return None
    try:
        weight = float(value)
    except (TypeError, ValueError):
        weight = math.nan
    if not 0 <= weight <= np.finfo(np.float32).max:
        raise DataError(f"{place}: weight {text(value)!r} is not a number from 0 up, such as 0.5")
    return weight


# ---- from rows to pictures


def labelled(
    rows: Sequence[Row], source: Source, title: str, seed: int, ignored: Sequence[Skipped], label_delim: str | None
) -> Pictures:
    """The pictures of a source, of each of which a row tells."""
    require_agreement(rows)
    labels = [row.labels for row in rows]
    classes = ordered(label for own in labels for label in own)
    return Pictures(
        source=source,
        classes=classes,
        labels=firsts(labels, classes),
        rows=np.arange(len(rows)),
        given=np.array([row.part for row in rows]),
        groups=np.array([row.group for row in rows]) if any(row.group for row in rows) else None,
        weights=weights(rows),
        truths=None if label_delim is None else said(labels, classes),
        label_delim=label_delim,
        title=title,
        seed=seed,
        ignored=tuple(ignored),
    )


def firsts(labels: Sequence[Sequence[str]], classes: Sequence[str]) -> NDArray[np.int64]:
    """[n]: the place of the first class that each picture names; -1 where it names none."""
    place = {name: label for label, name in enumerate(classes)}
    return np.array([place[own[0]] if own else -1 for own in labels], np.int64)


def said(labels: Sequence[Sequence[str]], classes: Sequence[str]) -> NDArray[np.bool_]:
    """[n, classes]: which classes each picture names."""
    place = {name: label for label, name in enumerate(classes)}
    truths = np.zeros((len(labels), len(classes)), bool)
    for row, own in enumerate(labels):
        truths[row, [place[label] for label in own]] = True
    return truths


def weights(rows: Sequence[Row]) -> NDArray[np.float32] | None:
    """[n]: 1 where a row says nothing; None where none says anything."""
    if all(row.weight is None for row in rows):
        return None
    return np.array([1 if row.weight is None else row.weight for row in rows], np.float32)


def require_agreement(rows: Sequence[Row]) -> None:
    """Raises DataError where two rows say different things of one picture."""
    seen: dict[str, Row] = {}
    for row in rows:
        other = seen.setdefault(row.path, row)
        if replace(other, place=row.place) != row:
            what = "label" if other.labels != row.labels else "split, group or weight"
            said = f": {' '.join(other.labels)!r} there, {' '.join(row.labels)!r} here" if what == "label" else ""
            raise DataError(
                f"{row.place}: {row.path} has another {what} than in {other.place.rpartition(', ')[2]}{said}"
            )


def found(rows: Sequence[Row], folder: Path, title: str) -> list[Path]:
    """Where each picture is: relative to a folder, or else to the current one. Raises DataError where none is there."""
    paths, there = [], False
    for row in rows:
        path = folder / row.path
        if is_there(path):
            there = True
        elif is_there(Path(row.path)):
            path, there = Path(row.path), True
        paths.append(path)
    if not there:
        raise DataError(
            f"{title}: none of its {len(rows):,} pictures is there, such as {rows[0].path} ({rows[0].place}); "
            f"a path is absolute, or relative to {folder} or to the current folder"
        )
    return paths


def is_there(path: Path) -> bool:
    """Whether there is a file, or anything else, of that name."""
    try:
        return path.exists()
    except (OSError, ValueError):  # a name with a zero byte in it, or too long to be one
        return False


# ---- a table in a folder


def beside(folder: Path) -> list[tuple[str, Path]]:
    """The tables that say the classes of a folder's pictures, and the part that each is of.

    One in the folder itself, or one in each of train, validation and test.
    """
    above = [("", folder)] + [
        (PARTS[inside.name.lower()], inside)
        for inside in sorted(folder.iterdir())
        if inside.name.lower() in PARTS and inside.is_dir()
    ]
    tables = [(part, path / name) for part, path in above for name in BESIDE if (path / name).is_file()]
    own = [(part, path) for part, path in tables if not part]
    usable = own[:1] or tables
    return [(part, path) for part, path in usable if has_labels(path)]


def has_labels(path: Path) -> bool:
    """Whether a table has what is needed: one of captions alone leaves the classes to the folders."""
    names = {name.strip().lower() for name in opened(path)[0]}
    return all(names & set(COLUMNS[own]) for own in NEEDED)


def read_beside(tables: Sequence[tuple[str, Path]], folder: Path, title: str, seed: int, delim: str | None) -> Pictures:
    """The pictures of a folder, by the tables in it."""
    rows: list[Row] = []
    ignored: list[Skipped] = []
    for part, path in tables:
        own, passed_over = rows_of(path, delim)
        ignored += passed_over
        within = path.parent.relative_to(folder)
        rows += [replace(row, path=str(within / row.path), part=row.part or part or part_in(row.path)) for row in own]
    return labelled(rows, Files(found(rows, folder, title)), title, seed, ignored, delim)


def part_in(path: str) -> str:
    """The part that the first folder of a path stands for."""
    above, _, rest = path.partition("/")
    return PARTS.get(above.lower(), "") if rest else ""
