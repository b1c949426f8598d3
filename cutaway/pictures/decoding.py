"""One picture file to an array of bytes.

What is done to a picture, always and everywhere the same (training, prediction, service, page):

- the kind is known by the content, never by the file's name: JPEG, PNG, WebP, GIF, BMP, TIFF;
- the orientation tag is applied; of an animation, or a file of several pages, the first one counts;
- 16-bit grey is scaled (value / 257, rounded), so that nothing is clipped to white;
  16-bit colour keeps its upper 8 bits;
- what is transparent is laid over white (`BACKGROUND`);
- palettes, CMYK and other colour spaces become red, green, blue; one bit becomes 0 and 255;
- a file that is cut short or damaged is refused, never filled up with grey;
- a JPEG that is needed much smaller than it is stored may be decoded at a half, a quarter or an eighth of its size,
  which takes a third of the time or less: what the file's format offers, each pixel the mean of those it stands for.
"""

import contextlib
import io
import os
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin, TiffImagePlugin, WebPImagePlugin  # noqa: F401  (importing registers)

from cutaway.errors import PictureError
from cutaway.pictures.quiet import quiet
from cutaway.pictures.reasons import Refused, reason, require_size

Pixels = NDArray[np.uint8]
Shape = tuple[int, int, int]
Least = Callable[[int, int], tuple[int, int]]
"""From the height and width of a picture, upright, to those that are needed of it at least."""

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
"""What is read. MPO, two or more JPEGs in one file, comes in by the door of JPEG."""

BYTE_LIMIT = 320_000_000
"""A larger file is refused unread: 100 million pixels of three bytes fit in."""

BACKGROUND = 255
"""What transparent pixels are laid over: white."""

SCALES = (8, 4, 2)
"""By which libjpeg divides the size of a picture while it decodes it, best first."""

LARGE = 25_000_000
"""Pictures of more pixels are decoded one at a time, so that many threads do not take many times 1 GB."""

ORIENTATION, BITS, PHOTOMETRIC = 0x0112, 258, 262  # tags of EXIF and TIFF


def decode(source: str | Path | bytes | BinaryIO, least: Least | None = None) -> Pixels:
    """The picture in a file, as uint8 [h, w, c].

    >>> decode("photo.jpg").shape                                   # doctest: +SKIP
    (480, 640, 3)

    `source` is a path, the bytes of a file, or a file open for reading bytes. c is 1 where the file stores
    grey, 3 (red, green, blue) otherwise; 0 is black and 255 is white. The array is new and can be written to.
    With `least`, such as `net.preparation.least`, a JPEG is scaled down while it is decoded, as far as that leaves so
    many rows and columns.

    Raises PictureError, with the reason in plain words, for everything that cannot be decoded.
    """
    if isinstance(source, str | Path):
        return decoded(str(source), content(source), least)
    if isinstance(source, bytes):
        return decoded("the picture", source, least)
    return decoded(str(getattr(source, "name", "the picture")), source.read(), least)


def header(path: str | Path) -> Shape:
    """The shape (h, w, c) that `decode` would give, from the first bytes of the file alone."""
    with _opened(path) as file, _reading(str(path), file) as image:
        return _shape(image)


def header_of(name: str, data: bytes) -> Shape:
    """The same from the bytes of a file; `name` is what errors call it."""
    with _reading(name, io.BytesIO(data)) as image:
        return _shape(image)


def content(path: str | Path) -> bytes:
    """The bytes of a file. A pipe, device, socket or folder is refused without waiting for it."""
    with _opened(path) as file:
        return file.read()


# ---- files


@contextlib.contextmanager
def _opened(path: str | Path) -> Iterator[BinaryIO]:
    try:
        _require_file(path, Path(path).stat())
        file = open(path, "rb", opener=_without_waiting)
    except PictureError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a name with a zero byte in it
        raise PictureError(str(path), _system_reason(error)) from error
    with file:
        _require_file(path, os.fstat(file.fileno()))
        try:
            yield file
        except (OSError, MemoryError) as error:
            raise PictureError(str(path), _system_reason(error)) from error


def _without_waiting(path: str, flags: int) -> int:
    # a file that turned into a pipe since it was looked at must not block us
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _require_file(path: str | Path, status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        inside = "" if _can_look_into(path) else " that cannot be looked into"
        raise PictureError(str(path), f"a folder{inside}, not a picture")
    if not stat.S_ISREG(status.st_mode):
        raise PictureError(str(path), "a pipe, socket or device, not a picture")
    if status.st_size > BYTE_LIMIT:
        size = f"{status.st_size / 1e6:,.0f} MB"
        raise PictureError(str(path), f"a file of {size}; the limit is {BYTE_LIMIT / 1e6:,.0f} MB")


def _can_look_into(folder: str | Path) -> bool:
    return os.access(folder, os.R_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids)


def _system_reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such file"
    if isinstance(error, MemoryError):
        return "not enough memory to read it"
    return getattr(error, "strerror", None) or str(error)


# ---- from bytes to pixels


def decoded(name: str, data: bytes, least: Least | None = None) -> Pixels:
    """The picture in the bytes of a file; `name` is what errors call it. See `decode`."""
    with _reading(name, io.BytesIO(data)) as image:
        if least is not None and image.format in ("JPEG", "MPO"):
            _scale_down(image, least)
        with _room_for(image):
            _scale_transparent_colour(image)
            image.load()
            return _upright(_pixels(image), _orientation(image))


def _scale_down(image: Image.Image, least: Least) -> None:
    """Let libjpeg leave out what is not needed: it makes every block of 8x8 pixels 4x4, 2x2 or 1x1."""
    height, width = image.size if _orientation(image) >= 5 else image.size[::-1]
    rows, columns = least(height, width)
    by = next((by for by in SCALES if -(-height // by) >= rows and -(-width // by) >= columns), 1)
    if by > 1:
        image.draft(None, (max(1, image.width // by), max(1, image.height // by)))


_one_large = threading.Lock()


def _room_for(image: Image.Image) -> contextlib.AbstractContextManager[object]:
    return _one_large if image.width * image.height > LARGE else contextlib.nullcontext()


@contextlib.contextmanager
def _reading(name: str, file: BinaryIO) -> Iterator[Image.Image]:
    """An open picture of acceptable size; whatever a decoder raises becomes a PictureError."""
    with quiet:
        try:
            with Image.open(file, formats=FORMATS) as image:
                require_size(image.width * image.height)
                yield image
        except Exception as error:  # a decoder may raise anything: OSError, ValueError, struct.error, ...
            raise PictureError(name, reason(error, file)) from error


def _shape(image: Image.Image) -> Shape:
    # the size of a TIFF is turned already; a PNG, seldom turned, would be decoded to look for its tag
    lies = image.format not in ("TIFF", "PNG") and _orientation(image) >= 5
    w, h = reversed(image.size) if lies else image.size
    return h, w, _channels(image)


def _channels(image: Image.Image) -> int:
    grey = image.mode in ("1", "L", "LA", "La", "I", "F") or image.mode.startswith("I;")
    return 1 if grey else 3


def _pixels(image: Image.Image) -> Pixels:
    """A loaded picture as uint8 [h, w, c], before it is turned upright."""
    if image.mode.startswith("I;16"):
        pixels = _from_16_bit(image)
    elif image.mode == "F":
        pixels = _from_float(image)
    elif image.mode == "I":
        raise Refused("32-bit whole numbers, so white is unknown; save it with 8 or 16 bits")
    elif image.has_transparency_data:
        pixels = _over_background(image)
    else:
        pixels = np.array(image.convert("L" if _channels(image) == 1 else "RGB"))
    return pixels.reshape(image.height, image.width, -1)


def _from_16_bit(image: Image.Image) -> Pixels:
    values = np.asarray(image).astype(np.uint32)
    tags = getattr(image, "tag_v2", {})  # of a TIFF alone
    white = 2 ** int(tags.get(BITS, (16,))[0]) - 1
    grey: Pixels = ((values * 255 + white // 2) // white).astype(np.uint8)
    if tags.get(PHOTOMETRIC) == 0:  # 0 is white
        grey = 255 - grey
    if "transparency" in image.info:
        grey[values == image.info["transparency"]] = BACKGROUND
    return grey


def _from_float(image: Image.Image) -> Pixels:
    values = np.asarray(image)
    if not (values.min() >= 0 and values.max() <= 1):  # also false where a value is not a number
        raise Refused("decimal numbers outside of 0 to 1, so white is unknown; save it with 8 or 16 bits")
    grey: Pixels = np.rint(values * 255).astype(np.uint8)
    return grey


def _scale_transparent_colour(image: Image.Image) -> None:
    """Bring the one transparent colour of a PNG to 8 bits, as its pixels are; Pillow leaves it as stored."""
    colour = image.info.get("transparency")
    storage = image.tile[0].args if isinstance(image, PngImagePlugin.PngImageFile) and image.tile else None
    if storage in ("L;2", "L;4") and isinstance(colour, int):
        image.info["transparency"] = colour * (85 if storage == "L;2" else 17)
    elif storage == "RGB;16B" and isinstance(colour, tuple):
        image.info["transparency"] = tuple(value >> 8 for value in colour)


def _over_background(image: Image.Image) -> Pixels:
    grey = _channels(image) == 1
    clear = image.convert("LA" if grey else "RGBA")
    solid = Image.new("L" if grey else "RGB", image.size, BACKGROUND if grey else (BACKGROUND,) * 3)
    solid.paste(clear.convert(solid.mode), mask=clear.getchannel("A"))
    return np.array(solid)


# ---- the orientation tag


def _orientation(image: Image.Image) -> int:
    """1 to 8 as in EXIF; 1, upright, where there is no legal tag. Pillow applies that of a TIFF itself."""
    value = None
    with contextlib.suppress(Exception):  # a broken tag block does not make the picture unreadable
        value = image.getexif().get(ORIENTATION)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _upright(pixels: Pixels, orientation: int) -> Pixels:
    """Turn and mirror as EXIF tag 0x0112 asks (CIPA DC-008, 4.6.4): rows and columns swapped from 5 on."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    down = -1 if orientation in (3, 4, 7, 8) else 1
    right = -1 if orientation in (2, 3, 6, 7) else 1
    return np.ascontiguousarray(pixels[::down, ::right])
