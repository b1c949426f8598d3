"""What one picture file is: read once, decoded once, and everything that the check asks about it kept in 2 kB."""

import contextlib
import hashlib
import io
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cutaway.errors import PictureError
from cutaway.pictures.decoding import FORMATS, ORIENTATION, Pixels, decoded
from cutaway.pictures.quiet import quiet

SIDE, COARSE = 32, 8
"""The sides of the small copies that are kept: of brightness, and of colour."""

SAMPLE = 64
"""Brightness is judged by about so many rows and columns of a picture; and a JPEG is decoded no smaller than this."""

EXIF_IFD, TAKEN, DIGITIZED, PART_OF_SECOND, OFFSET = 0x8769, 0x9003, 0x9004, 0x9291, 0x9011
MAKE, MODEL, SERIAL = 0x010F, 0x0110, 0xA431
BITS = 258
"""Tags of EXIF and TIFF (CIPA DC-008 4.6, TIFF 6.0)."""

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""The shares of red, green and blue in brightness (ITU-R BT.601), as JPEG has them."""


@dataclass(frozen=True)
class Inspection:
    """What is known of one file. Where it cannot be read, `refused` says why, and the rest is empty."""

    digest: str = ""
    """32 hexadecimal digits of blake2b over the bytes of the file; nothing where these cannot be read."""
    refused: str = ""
    format: str = ""
    """As Pillow calls it: JPEG, MPO, PNG, ...; "" of an array."""
    width: int = 0
    """In pixels, upright, as people see it."""
    height: int = 0
    channels: int = 0
    """1 (grey) or 3 (colour), as training sees it."""
    bits: int = 8
    """Of each number in the file."""
    orientation: int = 1
    """The EXIF tag: 1 is upright."""
    transparent: bool = False
    """Whether any pixel is not solid."""
    frames: int = 1
    taken: float | None = None
    """When the shutter opened, in seconds since 1970 by the camera's clock."""
    camera: str = ""
    """Its maker, model and serial number."""
    low: int = 0
    """All but the darkest 1% of the pixels are at least this bright, of 255."""
    high: int = 255
    """All but the brightest 1% are at most this bright."""
    luma: bytes = b""
    """[32, 32] of uint8: how bright each part of the picture is."""
    colour: bytes = b""
    """[8, 8, 2] of int8: how blue and how red each part is, halved."""

    @property
    def is_readable(self) -> bool:
        return not self.refused


def inspect(name: str, data: bytes) -> Inspection:
    """What the bytes of a file hold; `name` is what errors call it. No picture raises anything.

    A JPEG is decoded at an eighth of its size or more, which reads every byte of it: one that is cut short is found.
    1 ms for a photo of 500x375.
    """
    digest = hashlib.blake2b(data, digest_size=16).hexdigest()
    facts = header(data)
    try:
        pixels = decoded(name, data, _least)
    except PictureError as error:
        return Inspection(digest, error.reason, format=facts.get("format", ""))
    return Inspection(digest, **_upright(facts, pixels), **seen(pixels))


def inspect_array(pixels: Pixels, digest: str) -> Inspection:
    """The same of a picture that is there already, uint8 [h, w, c]."""
    height, width, channels = pixels.shape
    return Inspection(digest, width=width, height=height, channels=channels, **seen(pixels))


def _least(height: int, width: int) -> tuple[int, int]:
    return SAMPLE, SAMPLE


def _upright(facts: dict[str, Any], pixels: Pixels) -> dict[str, Any]:
    """The facts with width and height as people see them, which the decoded picture tells."""
    w, h = facts.pop("size", pixels.shape[1::-1])
    turned = facts.get("orientation", 1) >= 5 and facts.get("format") != "TIFF"  # Pillow turns a TIFF by itself
    return facts | {"width": h if turned else w, "height": w if turned else h, "channels": pixels.shape[2]}


# ---- what is seen


def seen(pixels: Pixels) -> dict[str, Any]:
    """How dark and how even a picture is, and small copies of it. 0.1 ms."""
    h, w, channels = pixels.shape
    sample = pixels[:: max(1, h // SAMPLE), :: max(1, w // SAMPLE)]
    grey = sample[..., 0] if channels == 1 else (sample @ LUMA).astype(np.uint8)
    share = np.cumsum(np.bincount(grey.ravel(), minlength=256)) / grey.size
    small = shrunk(pixels)
    luma = small[..., 0] if channels == 1 else small @ LUMA
    return {
        "low": int(np.searchsorted(share, 0.01, "right")),
        "high": int(np.searchsorted(share, 0.99)),
        "luma": np.rint(luma).astype(np.uint8).tobytes(),
        "colour": colour_of(small).tobytes(),
    }


def shrunk(pixels: Pixels) -> NDArray[np.float32]:
    """[32, 32, c]: each cell the mean of the pixels that it covers."""
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    small = np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BOX), np.float32)
    return small.reshape(SIDE, SIDE, -1)


def colour_of(small: NDArray[np.float32]) -> NDArray[np.int8]:
    """[8, 8, 2]: the blue and the red difference (Cb, Cr of ITU-R BT.601, -64 to 63) of 4x4 cells."""
    if small.shape[2] == 1:
        return np.zeros((COARSE, COARSE, 2), np.int8)
    each = small.reshape(COARSE, SIDE // COARSE, COARSE, SIDE // COARSE, 3).mean(axis=(1, 3))
    luma = each @ LUMA
    both = np.stack([(each[..., 2] - luma) * 0.564, (each[..., 0] - luma) * 0.713], axis=-1)
    return np.rint(both / 2).clip(-64, 63).astype(np.int8)


# ---- what the header says


def header(data: bytes) -> dict[str, Any]:
    """Format, size, depth, orientation, transparency, frames, time and camera; nothing where it cannot be read.

    A picture that may be transparent is decoded for that, and so twice.
    """
    with quiet, contextlib.suppress(Exception), Image.open(io.BytesIO(data), formats=FORMATS) as image:
        exif = _exif(image, data)
        facts = {
            "format": image.format or "",
            "size": image.size,
            "bits": _bits(image),
            "orientation": _orientation(exif),
            "frames": _frames(image),
            "taken": taken(exif),
            "camera": _camera(exif),
        }
        return facts | {"transparent": _is_transparent(image)}
    return {}


def _bits(image: Image.Image) -> int:
    if image.mode == "1":
        return 1
    tiles: Any = getattr(image, "tile", None)  # of files alone
    storage = str(tiles[0].args) if tiles else ""
    if image.mode.startswith("I;16") or "16B" in storage or "16L" in storage or "16N" in storage:
        tags: Any = getattr(image, "tag_v2", {})
        return int(tags.get(BITS, (16,))[0])
    return 32 if image.mode in ("I", "F") else 8


def _frames(image: Image.Image) -> int:
    """How many pictures the file holds that are shown one after another; the previews in a photo (MPO) are none."""
    with contextlib.suppress(Exception):  # a damaged second frame does not matter to the first
        if image.format != "MPO" and getattr(image, "is_animated", False):
            return int(getattr(image, "n_frames", 1))
    return 1


def _is_transparent(image: Image.Image) -> bool:
    if not image.has_transparency_data or image.width * image.height > 100_000_000:
        return False
    with contextlib.suppress(Exception):
        clear = image.convert("RGBA").getchannel("A").getextrema()
        return float(clear[0]) < 255  # type: ignore[arg-type]
    return False


# ---- EXIF


def _exif(image: Image.Image, data: bytes) -> dict[int, Any]:
    """Its tags; none where the block is broken. To ask a PNG without one would decode it."""
    if image.format == "PNG" and b"eXIf" not in data and b"Raw profile type exif" not in data:
        return {}
    found: dict[int, Any] = {}
    with contextlib.suppress(Exception):
        block = image.getexif()
        found |= dict(block)
        found |= dict(block.get_ifd(EXIF_IFD))
    return found


def _orientation(exif: dict[int, Any]) -> int:
    value = exif.get(ORIENTATION)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _camera(exif: dict[int, Any]) -> str:
    words = [str(exif[tag]).strip("\0 ") for tag in (MAKE, MODEL, SERIAL) if tag in exif]
    return " ".join(words)[:200]


def taken(exif: dict[int, Any]) -> float | None:
    """When the shutter opened.

    >>> taken({0x9003: "1970:01:02 00:00:01", 0x9291: "25"})
    86401.25

    The time at which a file was changed (tag 0x0132) is not asked: an editor gives a whole folder the same.
    """
    text = str(exif.get(TAKEN) or exif.get(DIGITIZED) or "").strip("\0 ")
    try:
        whole = datetime.strptime(text, "%Y:%m:%d %H:%M:%S").replace(tzinfo=UTC).timestamp()
    except (ValueError, OverflowError):
        return None
    digits = str(exif.get(PART_OF_SECOND, "")).strip("\0 ")
    part = float(f"0.{digits}") if digits.isascii() and digits.isdecimal() else 0.0
    return whole + part if math.isfinite(whole) else None
