"""What is wrong with one file, with the classes, and with the parts. Thresholds stand here, with their reasons."""

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePath

import numpy as np
from numpy.typing import NDArray

from cutaway.pictures.audit.inspection import Inspection
from cutaway.pictures.audit.kinds import Finding
from cutaway.pictures.folders import PARTS
from cutaway.pictures.listing import EXTENSIONS

DARK = 64
"""The 99% quantile of brightness, of 255. The darkest of 1,656 photos (cats-dogs, imagenet-samples, faces) has 101;
white digits on black have 218 or more."""

BLANK = 12
"""The 1% and 99% quantiles of brightness are no further apart: noise of a sensor. The flattest photo has 71."""

TINY, SHARE, USUAL = 16, 0.25, 64
"""Pixels of the shorter side: below the first always; below the last if that is less than a quarter of the median."""

LONG = 3.0
"""The longer side over the shorter one. Of the photos above the longest has 2.2, a panorama 4; a crop to a square loses
two thirds."""

FEW = 10
"""With a fifth kept back, a class of fewer has one or two pictures to be judged by."""

UNEVEN = 10.0
"""The largest class over the smallest: to say always the larger of these two is right 91% of the time."""

SPLIT_WORDS = frozenset((*PARTS, "training", "testing", "eval", "evaluation", "dev", "holdout"))

ENDINGS = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
    "MPO": (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
    "PNG": (".png", ".apng"),
    "WEBP": (".webp",),
    "GIF": (".gif",),
    "BMP": (".bmp", ".dib"),
    "TIFF": (".tif", ".tiff"),
}

TURNS = {
    2: "mirrored",
    3: "upside down",
    4: "upside down, mirrored",
    5: "on its side, mirrored",
    6: "on its side",
    7: "on its side, mirrored",
    8: "on its side",
}
"""How a picture lies in the file, by its EXIF orientation (CIPA DC-008 4.6.4)."""


def of_file(row: int, name: str, one: Inspection, usual: float) -> Iterator[Finding]:
    """What is wrong with one file. `usual` is the median of the shorter sides of all."""
    if not one.is_readable:
        yield Finding(refusal(one.refused), (row,), one.refused)
        return
    for kind, text in (*seen(one, usual), *stored(name, one)):
        yield Finding(kind, (row,), text)


def refusal(reason: str) -> str:
    """The kind of finding for a reason (`cutaway.pictures.reasons`)."""
    if reason.startswith("damaged or cut short") or "with a damaged header" in reason:
        return "damaged"
    foreign = ("not a picture", "the file is empty", "Git LFS", "a PDF", "a drawing or a web page")
    return "no-picture" if any(word in reason for word in foreign) else "unreadable"


def seen(one: Inspection, usual: float) -> Iterator[tuple[str, str]]:
    """What a person would see in it."""
    short, long = sorted((one.width, one.height))
    if one.high - one.low <= BLANK:
        yield "blank", f"brightness {one.low} to {one.high} of 255"
    elif one.high < DARK:
        yield "dark", f"brightness {one.high} of 255 at most"
    if short < TINY or (short < USUAL and short < SHARE * usual):
        yield "tiny", f"{one.width}x{one.height}"
    if long > LONG * short:
        yield "long", f"{one.width}x{one.height}"


def stored(name: str, one: Inspection) -> Iterator[tuple[str, str]]:
    """What is odd about how it is stored."""
    if one.orientation > 1:
        yield "rotated", f"stored {TURNS[one.orientation]}"
    if one.bits > 8:
        yield "deep", f"{one.bits} bits"
    if one.transparent:
        yield "transparent", ""
    if one.frames > 1:
        yield "animated", f"{one.frames:,} frames"
    ending = PurePath(name).suffix.lower()
    if ending in EXTENSIONS and ending not in ENDINGS.get(one.format, (ending,)):
        yield "wrong-ending", f"{one.format} in a {ending}"


# ---- classes


def of_classes(classes: Sequence[str], counts: Sequence[int]) -> Iterator[Finding]:
    """What is odd about the classes; `counts` are their readable pictures."""
    for name in classes:
        if name.strip().lower() in SPLIT_WORDS:
            yield Finding("split-word", text=name)
    alike: dict[str, list[str]] = {}
    for name in classes:
        alike.setdefault(re.sub(r"[\W_]+", "", name.casefold()) or name, []).append(name)
    for names in alike.values():
        if len(names) > 1:
            yield Finding("similar-names", text=", ".join(names))
    for name, count in zip(classes, counts, strict=True):
        if count < FEW:
            yield Finding("small-class", text=f"{name}: {count:,}")
    if len(counts) > 1 and min(counts) > 0 and max(counts) > UNEVEN * min(counts):
        least, most = int(np.argmin(counts)), int(np.argmax(counts))
        yield Finding("uneven", text=f"{classes[most]}: {counts[most]:,}, {classes[least]}: {counts[least]:,}")


# ---- pictures that are the same


def of_alike(
    alike: Sequence[Sequence[int]], classes: Sequence[str], labels: NDArray[np.int64], parts: NDArray[np.str_]
) -> Iterator[Finding]:
    """Pictures that are the same and have different labels, or lie in different parts."""
    for rows in alike:
        names = list(dict.fromkeys(classes[label] for row in rows if (label := labels[row]) >= 0))
        if len(names) > 1:
            yield Finding("conflict", tuple(rows), " and ".join(names))
    for rows in alike:
        where = list(dict.fromkeys(str(parts[row]) for row in rows if parts[row]))
        if len(where) > 1:
            yield Finding("leak", tuple(rows), " and ".join(where))
