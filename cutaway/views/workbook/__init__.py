"""A trace as an Excel workbook with live formulas: change a pixel or a weight, and everything after it follows.

    workbook.write(trace, "seven.xlsx", classes=model.classes)

Formulas come from the workings that layers declare; nothing here knows what a convolution is.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator, Sequence
from pathlib import Path

from cutaway import files
from cutaway.errors import InputError, ModelError
from cutaway.layers.layer import Region, whole
from cutaway.model import outputs
from cutaway.trace import Trace
from cutaway.views.workbook.book import Book, Ending, build
from cutaway.views.workbook.size import CELLS, Size, refuse, size

__all__ = ["CELLS", "Book", "Size", "check", "measured", "write"]


def measured(trace: Trace, *, crop: str | None = None, backward: bool = False) -> Size:
    """How large the workbook of a trace would be. Raises InputError, with what would fit, where that is too large."""
    found = size(trace, _regions(trace, crop), backward=backward)
    refuse(trace, found, cropped=crop is not None)
    return found


def write(
    trace: Trace,
    file: Path,
    *,
    classes: Sequence[str] | None = None,
    label: str | None = None,
    crop: str | None = None,
    single_sheet: bool = False,
    backward: bool = False,
    title: str = "",
) -> Book:
    """Writes the workbook, and returns what is in it.

    `label` is the class that the loss is computed for at first (without it, the guess). `crop` is a cell: only what it
    depends on is written. Raises InputError for what cannot be, JobError where the file cannot be written.
    """
    from cutaway.views.workbook.sheets import Writing

    check(file)
    measured(trace, crop=crop, backward=backward)
    ending = None if crop else _ending(trace, classes, label)
    if backward and not ending:
        why = "a crop has no loss" if crop else "this net does not end in probabilities, so it has no loss"
        raise InputError(f"--backward writes the gradients of the loss, and {why}")
    with _uncollected():
        book = build(trace, _regions(trace, crop), ending, single=single_sheet, backward=backward)
        content = Writing(book, title or "every number of a net, live").bytes()
    files.write(file, content)
    return book


def check(file: Path) -> None:
    """Raises InputError where no workbook should be written."""
    if file.suffix.lower() != ".xlsx":
        raise InputError(f"{file}: Excel opens what ends in .xlsx; write it to {file.with_suffix('.xlsx')}")
    if file.is_dir():
        raise InputError(f"{file} is a folder; name a file in it, such as {file / 'net.xlsx'}")


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Without Python's search for circles of objects: millions are made here, none in a circle; a fifth of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _regions(trace: Trace, crop: str | None) -> dict[str, Region]:
    """The part of each stage that is written."""
    if crop:
        return trace.receptive_field(crop)
    return {name: whole(shape) for name, shape in trace.shapes.items()}


def _ending(trace: Trace, classes: Sequence[str] | None, label: str | None) -> Ending | None:
    """What the outputs mean; None where they are no probabilities."""
    count = 2 if trace.output.shape == (1,) else trace.output.size
    names = tuple(classes) if classes is not None else tuple(f"class {k}" for k in range(count))
    try:
        kind = outputs.kind(trace.net, names)
    except ModelError:
        if classes is not None:
            raise
        return None
    if label is not None and label not in names:
        raise InputError(f"there is no class {label!r}; there are {', '.join(names[:10])}")
    probs = outputs.probabilities(trace.net, kind, trace.output[None])[0]
    return Ending(kind, names, int(probs.argmax()) if label is None else names.index(label))
