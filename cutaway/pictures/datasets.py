"""Data sets of Hugging Face, by name: `hf:cifar10`, `hf:ada/pets:small`, or a folder, `hf:./saved`.

They are loaded by the package `datasets` (`pip install 'cutaway[datasets]'`), which keeps them in its own cache. What
is there, or in a folder, is read without the network; before anything is fetched, that is said.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from cutaway.errors import DataError, JobError
from cutaway.pictures.arrow import Column, Columns
from cutaway.pictures.downloads import to_terminal
from cutaway.pictures.folders import PARTS
from cutaway.pictures.natural import ordered
from cutaway.pictures.pictures import Pictures
from cutaway.pictures.prepared import Skipped
from cutaway.pictures.tables import COLUMNS, firsts, said, text
from cutaway.wording import nearest, one_line

PREFIX = "hf:"
"""How the name of a data set of Hugging Face begins."""

NAME = re.compile(r"hf:(?P<set>[^#]+?)(?::(?P<config>[^:/#]+))?(?:#(?P<column>.+))?")
"""`hf:SET`, perhaps with `:CONFIG` and `#COLUMN`, the column of labels where there are several."""

INSTALL = "is read with the package datasets, which is not installed; pip install 'cutaway[datasets]'"


def read_dataset(name: str, seed: int, say: Callable[[str], None] = to_terminal) -> Pictures:
    """Pictures and classes of a data set: `read_dataset("hf:cifar10", 0)`.

    It has one column of pictures, and labels: a column called label or class, or the only one of class labels, or the
    one that is named behind #. A column of lists makes pictures of several classes. The splits train, validation and
    test are kept as parts; others are named in `ignored`. Raises DataError where it cannot be used, JobError where it
    cannot be fetched.
    """
    found = loaded(name, say)
    wanted, ignored = _matched(name)["column"], []
    columns: list[Column] = []
    labels: list[tuple[str, ...]] = []
    several = False
    for split, table in found.items():
        word = str(split).lower()
        if word not in PARTS and len(found) > 1:
            ignored.append(Skipped(f"{name} {split}", f"a split of {len(table):,} rows, not one of {', '.join(PARTS)}"))
            continue
        column, own, several = part_of(name, PARTS.get(word, ""), table, wanted)
        columns.append(column)
        labels += own
    if not labels:
        known = ", ".join(map(str, found)) or "no split"
        raise DataError(f"{name}: holds {known}, and no picture; they are looked for in {', '.join(PARTS)}")
    return gathered(columns, labels, name, seed, several, ignored)


def gathered(
    columns: Sequence[Column],
    labels: Sequence[tuple[str, ...]],
    title: str,
    seed: int,
    several: bool,
    ignored: Sequence[Skipped],
) -> Pictures:
    """One set of pictures out of columns and the classes of each row. A row without a class is left out, unless there
    may be several."""
    given = np.repeat([column.part for column in columns], [len(column) for column in columns])
    used = np.flatnonzero([several or bool(own) for own in labels])
    left_out = [Skipped(title, f"{len(labels) - len(used):,} rows have no label")] if len(used) < len(labels) else []
    classes = ordered(name for own in labels for name in own)
    truths = said(labels, classes)[used]
    return Pictures(
        source=Columns(columns, title),
        classes=classes,
        labels=np.where(truths.any(axis=1), firsts(labels, classes)[used], -1),
        rows=used,
        given=given[used],
        truths=truths if several else None,
        title=title,
        seed=seed,
        ignored=(*ignored, *left_out),
    )


# ---- what the package gives


def loaded(name: str, say: Callable[[str], None] = to_terminal) -> Mapping[Any, Any]:
    """The splits of a data set, from a folder, the package's cache, or, after that is said, the network."""
    package, match = _package(name), _matched(name)
    folder = Path(match["set"])
    try:
        if folder.is_dir():
            return _in_folder(package, folder)
        with offline():
            try:
                return _splits(package.load_dataset(match["set"], match["config"]))
            except (OSError, RuntimeError, ValueError):
                pass
        if not package.config.HF_HUB_OFFLINE:
            say(f"{name}: fetching it from huggingface.co to {package.config.HF_DATASETS_CACHE}")
        return _splits(package.load_dataset(match["set"], match["config"]))
    except package.exceptions.DatasetNotFoundError as error:
        raise DataError(f"{name}: no such data set on huggingface.co, and no such folder") from error
    except (ConnectionError, TimeoutError) as error:
        raise JobError(f"cannot fetch {name} ({_why(error)}); a folder of it is read as hf:./FOLDER") from error
    except (OSError, RuntimeError, ValueError, package.exceptions.DatasetsError) as error:
        raise DataError(f"{name}: cannot be loaded ({_why(error)})") from error


def is_here(name: str) -> bool:
    """Whether a data set can be read without the network."""
    package, match = _package(name), _matched(name)
    if Path(match["set"]).is_dir():
        return True
    try:
        with offline():
            package.load_dataset(match["set"], match["config"])
    except (OSError, RuntimeError, ValueError):
        return False
    return True


@contextmanager
def offline() -> Iterator[None]:
    """Within it, the package does not use the network: what is not in its cache is an error."""
    import datasets
    import huggingface_hub

    settings: tuple[Any, ...] = (datasets.config, huggingface_hub.constants)
    before = [one.HF_HUB_OFFLINE for one in settings]
    for one in settings:
        one.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        for one, value in zip(settings, before, strict=True):
            one.HF_HUB_OFFLINE = value


def _package(name: str) -> Any:
    try:
        import datasets
    except ImportError:
        raise DataError(f"{name}: {INSTALL}") from None
    return datasets


def _matched(name: str) -> re.Match[str]:
    match = NAME.fullmatch(name)
    if match is None:
        raise DataError(f"{name}: names no data set; write hf:NAME, hf:NAME:CONFIG or hf:FOLDER, and #COLUMN behind it")
    return match


def _in_folder(package: Any, folder: Path) -> Mapping[Any, Any]:
    if (folder / "dataset_dict.json").is_file() or (folder / "state.json").is_file():
        return _splits(package.load_from_disk(str(folder)))
    return _splits(package.load_dataset(str(folder)))


def _splits(found: Any) -> Mapping[Any, Any]:
    return found if isinstance(found, Mapping) else {"": found}


def part_of(name: str, part: str, table: Any, wanted: str | None) -> tuple[Column, list[tuple[str, ...]], bool]:
    """The pictures of a split, the classes of each, and whether there may be several."""
    table = table.flatten_indices() if table._indices is not None else table  # where it was chosen from, or shuffled
    features = table.features
    images = [own for own, kind in features.items() if type(kind).__name__ == "Image"]
    if len(images) != 1:
        raise DataError(f"{name}: has {len(images)} columns of pictures ({', '.join(features)}); it needs one")
    label = label_column(name, features, wanted)
    labels = [names_in(features[label], value) for value in table.data.column(label).to_pylist()]
    several = hasattr(features[label], "feature") or isinstance(features[label], list)
    return Column(part, table.data.column(images[0]), table._fingerprint), labels, several


def label_column(name: str, features: Mapping[str, Any], wanted: str | None) -> str:
    """Which column holds the classes."""
    if wanted is not None:
        if wanted not in features:
            raise DataError(
                f"{name}: has no column {wanted}{nearest(wanted, [*features])}; it has {', '.join(features)}"
            )
        return wanted
    classes = [own for own, kind in features.items() if _class_label(kind) is not None]
    for own in features:
        if own.lower() in COLUMNS["label"]:
            return own
    if len(classes) == 1:
        return classes[0]
    if classes:
        raise DataError(f"{name}: has labels in {', '.join(classes)}; name one, as {name}#{classes[0]}")
    raise DataError(f"{name}: has no column label or class; it has {', '.join(features)}; name one, as {name}#COLUMN")


def _class_label(kind: Any) -> Any:
    """What gives numbers of classes their names, for a column of them, or of lists of them; None for any other."""
    kind = kind[0] if isinstance(kind, list) else getattr(kind, "feature", kind)
    return kind if type(kind).__name__ == "ClassLabel" else None


def names_in(kind: Any, value: Any) -> tuple[str, ...]:
    """The classes that a cell names."""
    names = _class_label(kind)
    values = value if isinstance(value, list) else [] if value is None else [value]
    numbered = names is not None and all(isinstance(one, int) for one in values)
    # -1 says, in test splits whose labels are secret, that there is none
    found = [names.names[one] for one in values if one >= 0] if numbered else [text(one) for one in values]
    return tuple(dict.fromkeys(label for one in found if (label := one.strip())))


def _why(error: Exception) -> str:
    return one_line(" ".join(str(error).split())) or type(error).__name__
