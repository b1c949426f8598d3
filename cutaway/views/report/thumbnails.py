"""Pictures small enough for a page: up to so many, and up to so many bytes of them all."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from cutaway.errors import PictureError
from cutaway.pictures.decoding import Pixels
from cutaway.pictures.ink import is_ink
from cutaway.pictures.threads import over_threads

SIDE = 96
"""Pixels that a picture is high or wide at most; a larger one is made smaller."""
SMALL = 40
"""Up to so many, every pixel is kept as it is."""
MOST = 360
"""Pictures in one report."""
ROOM = 2_000_000
"""Signs that all of them may take."""

Thumbnail = tuple[str, int, int]
"""A data URI, and its width and height."""


class Source(Protocol):
    """Numbered pictures: `Pictures`, or files."""

    def __getitem__(self, row: int, /) -> Pixels: ...


@dataclass(frozen=True, eq=False)
class Thumbnails:
    """`small(pictures, rows)[17]`: a picture as a data URI with its size; None where there is none."""

    found: Mapping[int, Thumbnail] = field(repr=False)
    ink: bool = False
    """Whether these are light strokes on black, which are shown as ink on paper."""

    def __getitem__(self, row: int) -> Thumbnail | None:
        return self.found.get(row)


def small(pictures: Source | None, rows: Sequence[int], most: int = MOST, room: int = ROOM) -> Thumbnails:
    """Some of these pictures, each once, the first first; what can no longer be read is left out."""
    if pictures is None:
        return Thumbnails({})
    wanted = list(dict.fromkeys(rows))[:most]

    def made(row: int) -> tuple[Thumbnail, bool] | None:
        try:
            pixels = pictures[row]
        except PictureError:
            return None
        return data_uri(pixels), is_ink([pixels])

    done = {row: one for row, one in zip(wanted, over_threads(made, wanted), strict=True) if one}
    dark = [ink for _, ink in done.values()]
    return Thumbnails(within({row: one for row, (one, _) in done.items()}, room), sum(dark) > 0.8 * len(dark))


def within(given: Mapping[int, Thumbnail], room: int) -> dict[int, Thumbnail]:
    """Those that there is room for."""
    found = {}
    for row, one in given.items():
        if len(one[0]) <= room:
            room -= len(one[0])
            found[row] = one
    return found


def data_uri(pixels: Pixels) -> Thumbnail:
    """A picture as text that stands in a page, with its width and height there."""
    from PIL import Image

    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    file = io.BytesIO()
    if max(image.size) <= SMALL:
        image.save(file, "PNG", compress_level=9)
        kind = "png"
    else:
        image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
        image.save(file, "WEBP", quality=72)
        kind = "webp"
    return f"data:image/{kind};base64,{base64.b64encode(file.getvalue()).decode()}", *image.size
