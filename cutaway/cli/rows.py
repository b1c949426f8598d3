"""What is said of pictures, one after another: as lines for people, CSV, JSON lines or Parquet.

The same rows in every form, written as they come: any number of pictures takes no more memory than a few.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from cutaway.errors import InputError, JobError, PictureError
from cutaway.model.abstaining import Threshold
from cutaway.model.guesses import Guess, Guesses
from cutaway.model.names import escaped
from cutaway.model.seen import Near
from cutaway.wording import one_line

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

UNLIKE = "unlike anything seen in training"
TOGETHER = 4096
"""Rows of one group in a Parquet file."""
WIDEST = 50
"""Characters up to which the guesses stand below each other."""


@dataclass(frozen=True)
class Answer:
    """One row."""

    path: str
    status: str
    """`ok`, `abstained` (then there are no guesses) or `unreadable`."""
    guesses: tuple[Guess, ...] = ()
    reason: str = ""
    nearest: tuple[Near, ...] = ()
    labels: tuple[str, ...] | None = None
    """Every class that is true, where there may be several."""

    @classmethod
    def of(cls, path: str, said: Guesses | PictureError, threshold: Threshold | None) -> Answer:
        """What is answered, where only guesses that are sure enough are."""
        if isinstance(said, PictureError):
            return cls(path, "unreadable", reason=said.reason)
        reason = UNLIKE if said.unlike else ""
        labels = said.labels if said.several else None
        if threshold is None:
            return cls(path, "ok", said.guesses, reason, said.nearest, labels)
        if said.prob < threshold.sure:
            reason = reason or f"less than {threshold.sure:.1%} sure"
        if reason:
            return cls(path, "abstained", (), reason, said.nearest)
        return cls(path, "ok", said.guesses, "", said.nearest, labels)


Write = Callable[[Answer], None]


def writer(
    form: str | None, output: str | None, inputs: Sequence[str], top: int, *, why: bool
) -> AbstractContextManager[Write]:
    """`with writer("csv", "guesses.csv", ["a.jpg"], top=5, why=False) as write: write(answer)`."""
    if form == "parquet":
        if output is None:
            raise InputError("Parquet is written to a file; name it: -o guesses.parquet")
        return _parquet(Path(output), top)
    if form == "csv":
        return _lines(output, csv_line, header=csv_row(["path", "status", *guess_names(top), "reason"]), top=top)
    if form == "json":
        return _lines(output, lambda answer, _: json_line(answer, why=why), top=top)
    return _for_people(max((len(one) for one in inputs), default=0), why=why)


def guess_names(top: int) -> list[str]:
    """`label, prob, label_2, prob_2, ...`"""
    return [name + (f"_{place}" if place > 1 else "") for place in range(1, top + 1) for name in ("label", "prob")]


# ---- the forms


def json_line(answer: Answer, *, why: bool) -> str:
    """One object: path, status, guesses or reason."""
    record: dict[str, Any] = {"path": answer.path, "status": answer.status}
    if answer.status == "ok":
        record["guesses"] = [{"label": guess.label, "prob": guess.prob} for guess in answer.guesses]
        if answer.labels is not None:
            record["labels"] = list(answer.labels)
    if answer.reason:
        record["reason"] = answer.reason
    if why and answer.status != "unreadable":
        record["nearest"] = [one._asdict() for one in answer.nearest]
    return json.dumps(record)


def csv_line(answer: Answer, top: int) -> str:
    """The row of a picture; texts that a spreadsheet program would take for a formula are guarded (`cutaway.cells`)."""
    return csv_row([answer.path, answer.status, *cells(answer, top), answer.reason])


def csv_row(row: Sequence[str]) -> str:
    """A line of CSV without its end."""
    from cutaway.cells import line

    return line(list(row)).removesuffix("\n")


def cells(answer: Answer, top: int) -> list[str]:
    """`cat, 0.97, dog, 0.03`, empty where there is no guess."""
    said = [cell for guess in answer.guesses[:top] for cell in (guess.label, f"{guess.prob:.9g}")]
    return said + [""] * (2 * top - len(said))


def person_line(answer: Answer, width: int, *, why: bool) -> str:
    """A line for people, and with `why` one more for the training pictures that are like it."""
    true = () if answer.labels is None else answer.labels
    said = "  ".join(f"+{guess}" if guess.label in true else str(guess) for guess in answer.guesses)
    reason = one_line(answer.reason)
    if answer.status == "ok":
        what = f"{said}  ({reason})" if reason else said
    else:
        what = f"{answer.status}: {reason}"
    near = [f"{escaped(one.path)} ({escaped(one.label)}, {one.distance:.3f})" for one in answer.nearest]
    more = f"\n{'':{width}}  like {'  '.join(near)}" if why and near else ""
    return f"{escaped(answer.path):<{width}}  {what}{more}"


# ---- where they go


@contextmanager
def _for_people(width: int, *, why: bool) -> Iterator[Write]:
    widest = min(WIDEST, width)

    def write(answer: Answer) -> None:
        nonlocal widest
        widest = max(widest, min(WIDEST, len(escaped(answer.path))))
        click.echo(person_line(answer, widest, why=why))

    yield write


@contextmanager
def _lines(output: str | None, line: Callable[[Answer, int], str], *, header: str = "", top: int) -> Iterator[Write]:
    with _opened(output) as write:
        if header:
            write(header)
        yield lambda answer: write(line(answer, top))


@contextmanager
def _opened(output: str | None) -> Iterator[Callable[[str], None]]:
    """Lines to a file that takes its name when all are there, or to standard output."""
    if output is None:
        yield click.echo
        return
    with (
        _beside(Path(output)) as beside,
        beside.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file,
    ):
        yield lambda text: _put(file, text)


def _put(file: TextIO, text: str) -> None:
    file.write(text + "\n")


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A path beside a file's final one, which it takes when all went well."""
    if path.is_dir():
        raise InputError(f"{path} is a folder; name a file in it, such as {path / 'guesses.csv'}")
    beside = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield beside
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise JobError(f"cannot write {path}: {error.strerror or error}; make room, or choose another folder") from None


@contextmanager
def _parquet(path: Path, top: int) -> Iterator[Write]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise InputError("Parquet needs pyarrow: pip install 'cutaway[parquet]'; or write --csv") from None
    names = ["path", "status", *guess_names(top), "reason"]
    schema = pa.schema([(name, pa.float32() if name.startswith("prob") else pa.string()) for name in names])
    held: list[dict[str, Any]] = []
    with _beside(path) as beside, pq.ParquetWriter(beside, schema) as file:

        def flush() -> None:
            file.write_table(pa.Table.from_pylist(held, schema=schema))
            held.clear()

        def write(answer: Answer) -> None:
            row: dict[str, Any] = {"path": _text(answer.path), "status": answer.status, "reason": answer.reason or None}
            for place, guess in enumerate(answer.guesses[:top], 1):
                end = f"_{place}" if place > 1 else ""
                row |= {f"label{end}": guess.label, f"prob{end}": guess.prob}
            held.append(row)
            if len(held) == TOGETHER:
                flush()

        yield write
        flush()


def _text(path: str) -> str:
    """A path as UTF-8 can hold it: bytes that are no text as \\xff."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
