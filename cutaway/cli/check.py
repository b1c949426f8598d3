"""`cutaway check`: what is in a set of pictures and what is wrong with it, before anything is trained."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cutaway.cli.group import Command
from cutaway.cli.words import Share
from cutaway.errors import InputError

if TYPE_CHECKING:
    from cutaway.pictures.audit.audit import Audit
    from cutaway.pictures.audit.kinds import Finding

EXAMPLE = "cutaway check pets/"

NAMED = 3
"""Findings of a kind that are named."""
CLASSES = 30
"""Classes that are listed."""
SEEN = "inspected.jsonl"
"""What is known of each file, so that the next run looks only at what changed."""
WRITTEN = ".manifest"
"""The hash of the table as it was written, and its source: what a person edited, or is of other pictures, stays."""


@click.command(cls=Command, example=EXAMPLE)
@click.argument("source")
@click.option("--test", type=Share(), help="Make a test part too, where the data brings none: 10%.")
@click.option("--seed", type=int, default=0, show_default=True, help="Decides the split, with the pictures' content.")
@click.option("--label-delim", metavar="TEXT", help="Between the classes of a picture in a table, as '|'.")
@click.option("--data", metavar="FOLDER", help="Where the files of mnist or fashion-mnist are.")
@click.option("-o", "--output", metavar="FOLDER", help="Where page and table go. Without it: checks/, named.")
@click.option("--json", "as_json", is_flag=True, help="One object with everything that was found.")
def command(
    source: str,
    test: float | None,
    seed: int,
    label_delim: str | None,
    data: str | None,
    output: str | None,
    as_json: bool,
) -> int:
    """Say what is in your pictures and what is wrong with them, before any training.

    SOURCE is anything that `train` takes. Every file is read and decoded once, and none is changed. Found are files
    that cannot be read or are cut short, rotated by tag, 16-bit, transparent, animated, misnamed, dark, blank or tiny;
    duplicates and near duplicates, also with different labels or in different parts; classes that are too small or are
    no classes.

    check.html shows what was found; manifest.csv has a row for each picture, with a split that keeps together what
    belongs together, and can be trained on. Stopped, the same command goes on from there.

    Ends with 1 where nothing could be trained on these pictures.
    """
    from cutaway.cli.progress import Progress
    from cutaway.pictures import read
    from cutaway.pictures.audit import manifest
    from cutaway.pictures.audit.audit import audit
    from cutaway.pictures.audit.journal import Journal
    from cutaway.views.report import check as view

    pictures = read(source, data=data, seed=seed, training=False, label_delim=label_delim)
    folder = Path(output) if output else Path("checks") / named(source)
    check_output(folder, source)
    with Progress("looking") as progress:
        journal = Journal(folder / SEEN)
        found = audit(pictures, journal, lambda done, of, what: progress(done, of, what=what), test or 0.0)
    table = manifest.write(found, folder)
    remember(table, source)
    view.write(found, folder / view.PAGE, following(found, table))
    made = [folder / view.PAGE, table]
    click.echo(json.dumps(record(found, made), allow_nan=False) if as_json else "\n".join(told(found, made)))
    return 1 if found.impossible else 0


def named(source: str) -> str:
    """The folder for a source: `pets` for data/pets/."""
    return re.sub(r"[^\w.-]+", "-", Path(source).resolve().name).strip("-.") or "pictures"


def check_output(folder: Path, source: str) -> None:
    """Raises InputError where nothing should be written."""
    from cutaway.pictures.audit.manifest import NAME
    from cutaway.training.runs import check_place

    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file; name a folder for the page and the table")
    check_place(folder, source)
    table = folder / NAME
    if not table.exists():
        return
    if Path(source).exists() and table.samefile(source):
        raise InputError(f"{table} is what is to be checked; give -o another folder")
    digest, other = written(table)
    if hashed(table) != digest:
        raise InputError(f"{table} was changed since `check` wrote it; move it away, or give -o another folder")
    if whole(source) != other:
        raise InputError(f"{folder} holds the check of {other}; give -o another folder")


def hashed(table: Path) -> str:
    """What tells a table from one that was edited."""
    return hashlib.blake2b(table.read_bytes(), digest_size=16).hexdigest()


def written(table: Path) -> tuple[str, str]:
    """The same of the table that was written here last, and of which source; nothing where that is not known."""
    try:
        digest, _, source = os.fsdecode(table.with_name(WRITTEN).read_bytes()).rstrip("\n").partition("\n")
    except OSError:
        return "", ""
    return digest, source


def whole(source: str) -> str:
    """A source wherever the command is run: a path from the root, or a name as it is."""
    return str(Path(source).resolve()) if Path(source).exists() else source


def remember(table: Path, source: str) -> None:
    """Keeps what tells this table from an edited one, and from that of other pictures."""
    from cutaway import files

    files.write(table.with_name(WRITTEN), os.fsencode(f"{hashed(table)}\n{whole(source)}\n"))


# ---- what is said


def told(found: Audit, made: list[Path]) -> list[str]:
    """Everything for a person."""
    from cutaway.model.names import escaped
    from cutaway.views.report import check as view

    about = "; ".join(f"{name} {text}" for name, text in view.about(found))
    lines = [f"{escaped(found.pictures.title)}: {view.headline(found)}", *([about] if about else []), ""]
    lines += [*classes(found), *findings(found), *view.split(found), ""]
    lines += [f"{made[0]}: what was found, with pictures", f"{made[1]}: every file, with its split and its findings"]
    if found.impossible:
        return [*lines, f"nothing can be trained on this: {found.impossible}"]
    then = following(found, made[1])
    return [*lines, *([f"then: {then}"] if then else [])]


def classes(found: Audit) -> list[str]:
    """The table of classes."""
    from cutaway.cli.table import columns
    from cutaway.model.names import escaped
    from cutaway.views.report.check import class_rows

    rows = [[escaped(row[0]), *row[1:]] for row in class_rows(found)]
    if not rows:
        return []
    more = [f"... and {len(rows) - 1 - CLASSES:,} more classes"] if len(rows) - 1 > CLASSES else []
    return [*columns(rows[: CLASSES + 1], right=range(1, len(rows[0]))).splitlines(), *more, ""]


def findings(found: Audit) -> list[str]:
    """A line for each kind, with the first few by name."""
    from cutaway.views.report.check import counted

    lines = [f"{counted(found, name)}: {first_names(found, own)}" for name, own in found.by_kind.items()]
    return [*(lines or ["nothing seems wrong"]), ""]


def first_names(found: Audit, own: list[Finding]) -> str:
    """Some findings of a kind on one line."""
    from cutaway.views.report.check import name_line
    from cutaway.wording import first

    return first([name_line(found, one) for one in own[:NAMED]] + [""] * (len(own) - NAMED), NAMED)


def following(found: Audit, table: Path) -> str:
    """The command that trains on the table; nothing where that cannot be: for lack of files, of classes, of weights."""
    from cutaway.pictures.source import Files

    pictures = found.pictures
    if (
        found.impossible
        or not isinstance(pictures.source, Files)
        or not pictures.classes
        or pictures.weights is not None
    ):
        return ""
    delim = f" --label-delim {shlex.quote(pictures.label_delim)}" if pictures.label_delim else ""
    return f"cutaway train {shlex.quote(str(table))}{delim}"


def record(found: Audit, made: list[Path]) -> dict[str, Any]:
    """What `--json` says."""
    from cutaway.pictures.audit.kinds import BY_NAME

    names = found.pictures.names
    return {
        "source": found.pictures.title,
        "pictures": len(names),
        "readable": int(found.readable.sum()),
        "classes": [{"class": name, "unreadable": unreadable, **parts} for name, unreadable, parts in found.counts()],
        "formats": found.formats(),
        "sizes": dict(zip(("smallest", "median", "largest"), found.sizes(), strict=False)),
        "findings": [
            {
                "kind": one.kind,
                "title": BY_NAME[one.kind].title,
                "level": BY_NAME[one.kind].level,
                "pictures": [names[row] for row in one.rows] or ([one.path] if one.path else []),
                "text": one.text,
            }
            for own in found.by_kind.values()
            for one in own
        ],
        "copies_in_training": {"drawn_one_by_one": found.naive, "here": found.leaking},
        "impossible": found.impossible or None,
        "files": [str(file) for file in made],
    }
