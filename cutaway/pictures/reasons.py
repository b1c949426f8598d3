"""Why a picture cannot be read, in plain words."""

import re
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError

PIXEL_LIMIT = 100_000_000
"""A picture that declares more pixels is refused before any memory is taken for it."""

READS = "JPEG, PNG, WebP, GIF, BMP and TIFF are read"

LOOKS_LIKE = (
    (rb"version https://git-lfs", "a Git LFS pointer in place of the picture; `git lfs pull` fetches it"),
    (rb".{4}ftyp", f"an AVIF or HEIC picture or a film; {READS}"),
    (rb"\x00\x00\x01\x00", f"an icon (ICO); {READS}"),
    (rb"\x00\x00\x00\x0cjP", f"a JPEG 2000 picture; {READS}"),
    (rb"\s*(<\?xml|<svg|<!doctype|<html)", f"a drawing or a web page, not a picture; {READS}"),
    (rb"%PDF", f"a PDF document; {READS}"),
    (rb"\xff\xd8", "a JPEG with a damaged header"),
    (rb"\x89PNG", "a PNG with a damaged header"),
    (rb"GIF8", "a GIF with a damaged header"),
    (rb"RIFF.{4}WEBP", "a WebP with a damaged header"),
    (rb"II\*\x00|MM\x00\*", "a TIFF with a damaged header"),
    (rb"BM", "a BMP with a damaged header"),
)


class Refused(Exception):
    """A reason in plain words, raised while a picture is decoded."""


def require_size(pixels: int) -> None:
    """Refuse a picture that declares too many pixels."""
    if pixels > PIXEL_LIMIT:
        raise Refused(_too_many(f"{pixels:,}"))


def reason(error: Exception, file: BinaryIO) -> str:
    """What to tell of an error that came out of a decoder, or of Pillow before one was chosen."""
    if isinstance(error, Refused):
        return str(error)
    if isinstance(error, Image.DecompressionBombError):
        declared = re.search(r"\d+", str(error))
        return _too_many(f"{int(declared[0]):,}" if declared else "far too many")
    if isinstance(error, MemoryError):
        return "not enough memory to decode it"
    if isinstance(error, UnidentifiedImageError):
        return _unidentified(file)
    return f"damaged or cut short ({' '.join(str(error).split()) or type(error).__name__})"


def _unidentified(file: BinaryIO) -> str:
    file.seek(0)
    start = file.read(64)
    if not start:
        return "the file is empty"
    for pattern, words in LOOKS_LIKE:
        if re.match(pattern, start, re.DOTALL | re.IGNORECASE):
            return words
    return f"not a picture; {READS}"


def _too_many(pixels: str) -> str:
    return f"a picture of {pixels} pixels; the limit is {PIXEL_LIMIT:,}"
