r"""Predictions as CSV: written by `cutaway evaluate`, read by `cutaway compare`.

    path,status,true,guess,prob,loss,p: cat,p: dog
    pets/cat/1.jpg,ok,cat,cat,0.97,0.0305,0.97,0.03
    pets/cat/2.jpg,"unreadable: the file is empty",cat,,,,,

A text that a spreadsheet program would take for a formula (it begins with = + - @, a tab or a line break) has a ' put
before it, and a text that begins so already has one more; `read` takes it off again.
"""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cutaway import files
from cutaway.cells import line, unguarded
from cutaway.errors import DataError
from cutaway.model.predictions import Predictions
from cutaway.model.several import Marks

HEAD = ("path", "status", "true", "guess", "prob", "loss")
OURS = ",".join(HEAD).encode()
"""How a table begins that `write` wrote."""
CLASS = "p: "
"""Stands before the name of a class, so that a class called `path` is a class."""
OTHER_NAMES = {"path": ("file", "file_name", "filename", "image", "picture"), "true": ("label", "class", "target")}
"""What other programs call these columns."""
UNREADABLE = "unreadable: "
LEAST = float(np.finfo(np.float32).tiny)
"""A probability that rounded to 0 is taken for the smallest float32 where its logarithm is asked for."""


def write(predictions: Predictions, path: Path) -> None:
    """Writes them as UTF-8; bytes of a file name that are no text stay as they are. Raises JobError where it cannot."""
    _write(text(predictions), path)


def write_marks(marks: Marks, thresholds: NDArray[np.float64], delim: str, path: Path) -> None:
    """The same for pictures that may be of several classes, with a delimiter between those that are true or guessed:

    path,status,true,guess,loss,p: cat,p: dog
    pets/both.jpg,ok,cat|dog,dog,0.71,0.48,0.99
    """
    head = line(["path", "status", "true", "guess", "loss", *(CLASS + name for name in marks.classes)])
    _write(head + "".join(line(_marked(marks, row, thresholds, delim)) for row in range(len(marks))), path)


def _marked(given: Marks, row: int, thresholds: NDArray[np.float64], delim: str) -> list[str]:
    def names(which: NDArray[np.bool_]) -> str:
        return delim.join(name for name, chosen in zip(given.classes, which, strict=True) if chosen)

    own = [given.names[row], "ok", names(given.truths[row])]
    if given.reasons[row]:
        own[1] = UNREADABLE + given.reasons[row]
        return [*own, *[""] * (2 + len(given.classes))]
    own += [names(given.probs[row] > thresholds), repr(float(given.losses[row]))]
    return own + [str(prob) for prob in given.probs[row]]


def _write(own: str, path: Path) -> None:
    try:
        data = own.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # what no file name of bytes can have
        data = own.encode("utf-8", "backslashreplace")
    files.write(path, data)


def text(predictions: Predictions) -> str:
    """One row a picture, in order; numbers with as many digits as tell one float32 from another."""
    head = line([*HEAD, *(CLASS + name for name in predictions.classes)])
    return head + "".join(line(_row(predictions, row)) for row in range(len(predictions)))


def _row(given: Predictions, row: int) -> list[str]:
    own = [given.names[row], "ok", given.classes[given.true[row]]]
    if given.reasons[row]:
        own[1] = UNREADABLE + given.reasons[row]
        return [*own, *[""] * (len(HEAD) - len(own) + len(given.classes))]
    said = [given.classes[given.guessed[row]], str(given.sure[row]), repr(float(given.losses[row]))]
    return own + said + [str(prob) for prob in given.probs[row]]


def read(path: str | Path) -> Predictions:
    """The predictions in a CSV file: what `cutaway evaluate` wrote, or any with a column per class.

    Of another program's file the columns `path` and `true` are needed (or `file`, `image`, `label`, `class`, ...); all
    others are taken for classes, with their probability. Raises DataError, with the line, for what cannot be.
    """
    path = Path(path)
    rows = _rows(path)
    if not rows:
        raise DataError(f"{path} is empty; it needs a row of names and a row for each picture")
    head = _head([name if name.startswith(CLASS) else unguarded(name.strip()) for name in rows[0]])
    for name in ("path", "true"):
        if name not in head:
            raise DataError(f"{path} has no column {name!r}; it has {', '.join(rows[0])}")
    places = _classes(head)
    if len(places) < 2:
        raise DataError(f"{path} has {len(places)} columns of probabilities; it needs one for each class")
    classes = tuple(places)
    return _filled(path, head, classes, rows[1:], list(places.values()))


def _rows(path: Path) -> list[list[str]]:
    try:
        data = path.read_bytes()
        # of our own tables, what is no UTF-8 are file names
        content = data.decode("utf-8-sig", "surrogateescape" if data.startswith(OURS) else "strict")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text ({error.reason} at byte {error.start})") from None
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from None
    try:
        return [row for row in csv.reader(io.StringIO(content, newline=""), strict=True) if row]
    except csv.Error as error:
        raise DataError(f"{path} is not CSV: {error}") from None


def _head(names: list[str]) -> dict[str, int]:
    """Where each column is, by our own names."""
    places = {name: place for place, name in enumerate(names)}
    for own, others in OTHER_NAMES.items():
        found = next((other for other in others if other in places), None)
        if own not in places and found:
            places[own] = places.pop(found)
    return places


def _classes(head: dict[str, int]) -> dict[str, int]:
    """The columns of probabilities, by class."""
    marked = {name.removeprefix(CLASS): place for name, place in head.items() if name.startswith(CLASS)}
    return marked or {name: place for name, place in head.items() if name not in HEAD}


def _filled(
    path: Path, head: dict[str, int], classes: tuple[str, ...], rows: list[list[str]], places: list[int]
) -> Predictions:
    names, reasons = [], []
    true = np.zeros(len(rows), np.int64)
    probs = np.full((len(rows), len(classes)), np.nan, np.float64)
    losses = np.full(len(rows), np.nan)
    for number, row in enumerate(rows):
        line = f"{path}, row {number + 2}"
        if len(row) != len(head):
            raise DataError(f"{line} has {len(row)} cells; the first row has {len(head)}")
        names.append(unguarded(row[head["path"]]))
        status = unguarded(row[head["status"]]) if "status" in head else "ok"
        reasons.append("" if status == "ok" else status.removeprefix(UNREADABLE) or "no status")
        label = unguarded(row[head["true"]])
        if label not in classes:
            raise DataError(f"{line}: {label!r} is none of the classes {', '.join(classes)}")
        true[number] = classes.index(label)
        if status == "ok":
            probs[number] = _probabilities(line, [row[place] for place in places])
            losses[number] = _loss(line, row[head["loss"]] if "loss" in head else "", probs[number, true[number]])
    return Predictions(classes, tuple(names), true, probs.astype(np.float32), losses, tuple(reasons))


def _probabilities(line: str, cells: list[str]) -> NDArray[np.float64]:
    try:
        found = np.array([float(unguarded(cell)) for cell in cells])
    except ValueError:
        bad = next(cell for cell in cells if not _numeric(cell))
        raise DataError(f"{line}: {bad!r} is not a probability; write a number from 0 to 1") from None
    if not ((found >= 0) & (found <= 1)).all():
        bad_number = found[~((found >= 0) & (found <= 1))][0]
        raise DataError(f"{line}: {bad_number:g} is not a probability; write a number from 0 to 1")
    return found


def _numeric(cell: str) -> bool:
    try:
        float(unguarded(cell))
    except ValueError:
        return False
    return True


def _loss(line: str, cell: str, prob: float) -> float:
    """The loss that is given, or cross-entropy."""
    if not cell:
        return -math.log(max(prob, LEAST))
    if not _numeric(cell):
        raise DataError(f"{line}: {cell!r} is not a loss")
    return float(unguarded(cell))
