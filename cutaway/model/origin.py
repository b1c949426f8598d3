"""The pictures that a model was trained on, found again; and what to judge a model by."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cutaway.errors import DataError
from cutaway.model.model import Model
from cutaway.model.names import escaped
from cutaway.pictures import Pictures, companions, datasets, downloads, read
from cutaway.pictures.pictures import TEST, VALIDATION
from cutaway.pictures.reading import is_table

ALL = "all"
"""Of pictures that training knows no parts of: every one is judged."""


def source_of(model: Model, data: str | Path | None = None) -> Pictures:
    """The pictures that a model was trained on, read again. Raises DataError or JobError where they are not there.

    Nothing is downloaded for it. `data` is a folder with the files of mnist or fashion-mnist.
    """
    facts: Mapping[str, Any] = model.facts.get("data", {})
    source = facts.get("source")
    if not source:
        raise DataError("the model does not say what it was trained on; name some pictures")
    if data is None and source in downloads.SETS and not downloads.are_here(source):
        raise DataError(f"{source} is not on this computer; name some pictures, or give --data FOLDER")
    if source.startswith(datasets.PREFIX) and not datasets.is_here(source):
        raise DataError(f"{source} is not on this computer; name some pictures")
    pictures = read(source, data=data, seed=facts.get("seed", 0), training=False, label_delim=facts.get("label_delim"))
    if kept := facts.get("corrections"):
        from cutaway.pictures.corrections import again

        pictures = again(pictures, kept).pictures
    pictures = as_split(model, pictures)
    if known := facts.get("counts"):
        if set(pictures.classes) != set(known):
            raise DataError(f"{source} has other classes now than when the model was trained on it; name some pictures")
    return pictures


def as_split(model: Model, pictures: Pictures) -> Pictures:
    """The pictures with what training found to belong together, so that they are split as they were."""
    return companions.again(pictures, model.facts.get("data", {}).get("companions", []))


def read_for(
    model: Model, source: str | Path, data: str | Path | None = None, label_delim: str | None = None
) -> Pictures:
    """A source of pictures to judge a model by: split by the model's own seed, and, where it is a table of which a
    picture may be of several classes, with the delimiter that it was trained with, unless another is given."""
    facts: Mapping[str, Any] = model.facts.get("data", {})
    if label_delim is None and is_table(source):
        label_delim = facts.get("label_delim")
    return read(source, data=data, seed=facts.get("seed", 0), training=False, label_delim=label_delim)


def short(pictures: Pictures, name: str) -> str:
    """A picture's name within its set: `cat/12.jpg` of pets/cat/12.jpg, `mnist[17]` of data/mnist[17]."""
    title = pictures.title.rstrip("/")
    rest = name.removeprefix(title)
    return escaped(name if rest == name else rest[1:] if rest.startswith("/") else Path(title).name + rest)


def changed(model: Model, pictures: Pictures) -> bool:
    """Whether these are not, picture by picture, those that it was trained on. Reads every file once."""
    return bool(model.facts.get("data", {}).get("fingerprint") != pictures.fingerprint)


def to_judge_by(model: Model, pictures: Pictures) -> tuple[Pictures, str, str]:
    """The pictures to judge a model by: `(pictures, "validation", "the validation pictures; ...")`.

    The test pictures if there are any; otherwise, if it was trained on these, the validation pictures; otherwise all.
    With the name of the part, and how to say it.
    """
    trained_on = as_split(model, pictures)
    if same := not changed(model, trained_on):
        pictures = trained_on
    if len(pictures.test):
        return pictures.test, TEST, "the test pictures" + (", which training never saw" if same else "")
    if same:
        return pictures.validation, VALIDATION, "the validation pictures; it was trained on the others"
    if Path(model.facts.get("data", {}).get("source", "")).resolve() == Path(pictures.title).resolve():
        return pictures, ALL, "all pictures, which changed since training: some it has seen"
    return pictures, ALL, "all pictures"
