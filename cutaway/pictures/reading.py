"""From what a person names to a set of pictures."""

import glob
import os
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cutaway.errors import DataError
from cutaway.pictures import archives, datasets, tables
from cutaway.pictures.checks import require_trainable
from cutaway.pictures.digits import digits
from cutaway.pictures.downloads import SETS, fetched
from cutaway.pictures.folders import read_folder
from cutaway.pictures.idx import is_idx, read_idx
from cutaway.pictures.listing import files
from cutaway.pictures.npz import read_npz
from cutaway.pictures.pictures import Pictures
from cutaway.pictures.source import Files
from cutaway.pictures.xs import xs
from cutaway.wording import nearest

CLASSES = {
    "mnist": tuple("0123456789"),
    "fashion-mnist": (
        *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
        *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    ),
}
"""Of the sets that are downloaded, in the order of their labels."""

NAMES = ("digits", "xs", *CLASSES)
"""The sets that are read by name."""


def read(
    source: str | Path | Sequence[str | Path],
    *,
    data: str | Path | None = None,
    seed: int = 0,
    training: bool = True,
    label_delim: str | None = None,
) -> Pictures:
    """Pictures with their classes.

    >>> read("digits").counts()["0"]
    178
    >>> read("pets/").classes                                       # doctest: +SKIP
    ('cat', 'dog')

    `source` is one of

    - a folder of class folders, also with train, validation (val, valid) and test above or below them;
    - a table, CSV, JSON Lines or Parquet, with columns path (or file_name, filename) and label (or class), and perhaps
      split, group and weight; or a folder with such a table in it, called metadata.csv, .jsonl or .parquet;
    - a folder of IDX files as MNIST is shipped, plain or .gz, or one such file with its labels beside it;
    - a zip or tar of class folders, read in place: .zip, .tar, .tar.gz, .tgz, .tar.bz2, .tar.xz;
    - an .npz file with arrays x and y;
    - a name: digits, xs (X or not X, 5x5; xs-28 draws them at 28x28), mnist, fashion-mnist. A folder that is called
      so is read as "./digits";
    - a data set of Hugging Face, "hf:cifar10", with the package `datasets` (see `datasets.read_dataset`);
    - one picture, a pattern such as "*.jpg", or a list of them: pictures without labels.

    `data` is a folder with the files of mnist or fashion-mnist, which are downloaded otherwise. `seed`
    chooses the validation pictures where the data does not (see `split.validation`). `training=False` allows
    what can be judged but not learned from: one class only, or a class with a single picture. `label_delim`, such as
    "|", stands between the classes of a picture in a table: then each may have any number of them (`Pictures.truths`).

    Raises DataError where there is nothing to be used, and JobError where a download fails. Whether a picture
    can be decoded is seen when it is.
    """
    if label_delim == "":
        raise DataError("label_delim is empty; it is what stands between the classes of a picture, such as '|'")
    if not isinstance(source, str | Path):
        return _unlabelled(source, "the pictures", seed)
    pictures = _named(source, data, seed) if isinstance(source, str) else None
    if pictures is None:
        if data is not None:
            raise DataError(f"data={str(data)!r} goes with a name, {' or '.join(SETS)}, not with {str(source)!r}")
        pictures = _at(source, seed, label_delim)
    if label_delim is not None and pictures.truths is None:
        raise DataError(f"label_delim={label_delim!r} goes with a table, such as labels.csv, not with {str(source)!r}")
    if training and pictures.classes:
        require_trainable(pictures)
    return pictures


def _named(name: str, data: str | Path | None, seed: int) -> Pictures | None:
    if name in SETS:
        folder = fetched(name) if data is None else Path(data)
        if not folder.is_dir():
            raise DataError(f"{folder}: no such folder; it has to hold {', '.join(f.name for f in SETS[name].files)}")
        return read_idx(folder, name, seed, CLASSES[name])
    if data is None and name == "digits":
        return digits(seed)
    if data is None and name.startswith(datasets.PREFIX):
        return datasets.read_dataset(name, seed)
    if data is None and (match := re.fullmatch(r"xs(?:-(\d{1,4}))?", name)):
        return xs(int(match[1] or 5), seed=0)
    return None


def _at(source: str | Path, seed: int, label_delim: str | None) -> Pictures:
    path, title = Path(source), str(source)
    try:
        if path.is_dir():
            return _in(path, title.rstrip("/"), seed, label_delim)
        if path.suffix.lower() in tables.ENDINGS and path.is_file():
            return tables.read_table(path, title, seed, label_delim)
        if path.suffix.lower() == ".npz" and path.is_file():
            return read_npz(path, title, seed)
        if is_idx(path) and path.is_file():
            return read_idx(path, title, seed)
        if path.name.lower().endswith(archives.ENDINGS) and path.is_file():
            return archives.read_archive(path, title, seed)
    except OSError as error:
        raise DataError(f"{title}: {error.strerror or error}") from error
    if path.suffix.lower() in archives.OTHERS and path.is_file():
        raise DataError(
            f"{title}: an archive of a kind that is not read; unpack it and name the folder, or pack it as zip or tar"
        )
    if not os.path.lexists(path) and not glob.has_magic(title):
        raise DataError(_missing(title))
    return _unlabelled([source], title, seed)


def _in(folder: Path, title: str, seed: int, label_delim: str | None) -> Pictures:
    if is_idx(folder):
        return read_idx(folder, title, seed)
    if found := tables.beside(folder):
        return tables.read_beside(found, folder, title, seed, label_delim)
    return read_folder(folder, title, seed)


def is_table(source: str | Path) -> bool:
    """Whether a source is a table, or a folder with its table in it."""
    path = Path(source)
    if path.is_dir():
        return not is_idx(path) and bool(tables.beside(path))
    return path.suffix.lower() in tables.ENDINGS and path.is_file()


def _unlabelled(inputs: Sequence[str | Path], title: str, seed: int) -> Pictures:
    found = files(inputs)
    return Pictures(
        source=Files(found),
        classes=(),
        labels=np.full(len(found), -1),
        rows=np.arange(len(found)),
        given=np.full(len(found), ""),
        title=title,
        seed=seed,
    )


def _missing(title: str) -> str:
    """What is said of a path that does not exist, with the nearest name that does."""
    folder = Path(title).parent
    beside = [str(path) for path in folder.iterdir()] if folder.is_dir() else []
    hint = nearest(title.rstrip("/"), [*NAMES, *beside])
    return f"{title}: no such folder or file" + (
        hint or f"; name a folder of class folders, a table, an archive, or one of {', '.join(NAMES)}"
    )
