"""One file to one array: what is applied, what is refused, and that nothing else comes out of a decoder."""

import contextlib
import csv
import io
import os
import resource
import socket
import struct
import subprocess
import sys
import warnings
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

import cutaway
from cutaway.errors import PictureError
from cutaway.pictures import decode
from cutaway.pictures.decoding import BYTE_LIMIT, header

GRADIENT = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3) * 3


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def png(width: int, depth: int, colour: int, row: bytes, transparent: bytes) -> bytes:
    """A PNG of one row, which Pillow cannot write: any depth, with a transparent colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, 1, depth, colour, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"tRNS", transparent), (b"IDAT", zlib.compress(b"\0" + row)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*one) for one in chunks)


def test_every_awkward_file_gets_its_verdict(shared_data: Path) -> None:
    wrong, seen = [], 0
    with (shared_data / "awkward" / "index.csv").open(encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    for row in rows:
        try:
            picture = decode(shared_data / "awkward" / row["file"])
            verdict = "accept"
            assert picture.dtype == np.uint8 and picture.ndim == 3 and picture.shape[2] in (1, 3)
        except PictureError as error:
            verdict = "reject"
            assert error.path.endswith(row["file"]) and error.reason and "\n" not in error.reason
        seen += row["verdict"] == verdict
        if row["verdict"] not in (verdict, "either"):
            wrong.append((row["file"], verdict))
    assert wrong == []
    assert seen == 251 + 47


def test_reasons_say_what_the_file_is(shared_data: Path) -> None:
    expected = {
        "generated/empty.png": "the file is empty",
        "generated/lfs-pointer.png": "a Git LFS pointer in place of the picture",
        "generated/page.png": "a drawing or a web page, not a picture",
        "generated/plain.avif": "an AVIF or HEIC picture",
        "generated/bomb-1bit-30000.png": "a picture of 900,000,000 pixels; the limit is 100,000,000",
        "generated/bomb-13000-gray.png": "a picture of 169,000,000 pixels; the limit is 100,000,000",
        "generated/truncated-half.jpg": "damaged or cut short",
        "pngsuite/xhdn0g08.png": "a PNG with a damaged header",
        "generated": "a folder, not a picture",
        "nothing.png": "no such file",
    }
    for file, reason in expected.items():
        with pytest.raises(PictureError) as caught:
            decode(shared_data / "awkward" / file)
        assert caught.value.reason.startswith(reason), file


def test_16_bit_grey_is_scaled_and_not_clipped(shared_data: Path) -> None:
    folder = shared_data / "awkward" / "generated"
    assert np.array_equal(decode(folder / "gray16.png"), decode(folder / "gray.png"))


def test_16_bit_grey_rounds() -> None:
    values = np.array([[0, 128, 129, 257, 32896, 65407, 65535]], np.uint16)
    assert decode(encoded(Image.fromarray(values), "PNG"))[0, :, 0].tolist() == [0, 0, 1, 1, 128, 255, 255]
    assert decode(encoded(Image.fromarray(values), "TIFF"))[0, :, 0].tolist() == [0, 0, 1, 1, 128, 255, 255]


def test_16_bit_tiff_with_white_at_0_is_turned_over() -> None:
    values = np.array([[0, 65535]], np.uint16)
    assert decode(encoded(Image.fromarray(values), "TIFF", tiffinfo={262: 0}))[0, :, 0].tolist() == [255, 0]


def test_float_tiff_is_read_from_0_to_1_and_refused_beyond() -> None:
    inside = Image.fromarray(np.array([[0, 0.5, 1]], np.float32))
    assert decode(encoded(inside, "TIFF"))[0, :, 0].tolist() == [0, 128, 255]
    for beyond in (1.01, -0.01, np.nan):
        with pytest.raises(PictureError, match="white is unknown"):
            decode(encoded(Image.fromarray(np.array([[0, beyond]], np.float32)), "TIFF"))


def test_32_bit_tiff_is_refused() -> None:
    with pytest.raises(PictureError, match="32-bit whole numbers"):
        decode(encoded(Image.fromarray(np.array([[0, 70000]], np.int32)), "TIFF"))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_orientation_equals_pillows(orientation: int, kind: str, tmp_path: Path) -> None:
    tag = Image.Exif()
    tag[0x0112] = orientation
    options = {"lossless": True} if kind == "WEBP" else {}
    file = encoded(Image.fromarray(GRADIENT), kind, exif=tag, **options)
    upright = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(file))))
    assert np.array_equal(decode(file), upright)
    (tmp_path / "x").write_bytes(file)
    if kind != "PNG":
        assert header(tmp_path / "x") == upright.shape


def test_orientation_of_real_photos(shared_data: Path) -> None:
    folder = shared_data / "awkward" / "pillow"
    upright = decode(folder / "hopper.jpg").astype(int)
    for orientation in range(2, 9):
        turned = decode(folder / f"hopper_orientation_{orientation}.jpg")
        assert np.abs(turned - upright).mean() < 6  # JPEG noise; 40 or more where one is turned wrongly


def test_transparency_is_laid_over_white() -> None:
    pixels = np.array([[(255, 0, 0, 255), (255, 0, 0, 0), (0, 0, 0, 128)]], np.uint8)
    assert decode(encoded(Image.fromarray(pixels), "PNG"))[0].tolist() == [[255, 0, 0], [255] * 3, [127] * 3]
    grey = Image.fromarray(np.array([[(9, 255), (9, 0)]], np.uint8), "LA")
    assert decode(encoded(grey, "PNG"))[0].tolist() == [[9], [255]]
    palette = Image.fromarray(np.array([[0, 1]], np.uint8), "P")
    palette.putpalette([10, 20, 30, 40, 50, 60])
    assert decode(encoded(palette, "PNG", transparency=0))[0].tolist() == [[255] * 3, [40, 50, 60]]


@pytest.mark.parametrize(
    ("depth", "colour", "row", "transparent", "pixels"),
    [
        (1, 0, b"\x50", b"\0\0", [[255], [255], [255], [255]]),
        (2, 0, b"\x1b", b"\0\2", [[0], [85], [255], [255]]),
        (4, 0, b"\x07\xf1", b"\0\7", [[0], [255], [255], [17]]),
        (16, 0, struct.pack(">4H", 0, 1000, 65535, 257), struct.pack(">H", 1000), [[0], [255], [255], [1]]),
        (
            16,
            2,
            struct.pack(">12H", *[0] * 3, *[0x8000] * 3, *[0xFFFF] * 3, *[0x0101] * 3),
            struct.pack(">3H", *[0x8000] * 3),
            [[0] * 3, [255] * 3, [255] * 3, [1] * 3],
        ),
    ],
)
def test_a_transparent_colour_at_every_depth(
    depth: int, colour: int, row: bytes, transparent: bytes, pixels: list[list[int]]
) -> None:
    assert decode(png(4, depth, colour, row, transparent))[0].tolist() == pixels


def test_channels_follow_what_the_file_stores() -> None:
    colour = Image.fromarray(GRADIENT)
    assert decode(encoded(colour.convert("L"), "PNG")).shape == (4, 6, 1)
    assert decode(encoded(colour.convert("1"), "PNG")).shape == (4, 6, 1)
    assert set(np.unique(decode(encoded(colour.convert("1"), "PNG")))) <= {0, 255}
    assert decode(encoded(colour.convert("P"), "PNG")).shape == (4, 6, 3)
    assert decode(encoded(colour.convert("CMYK"), "JPEG")).shape == (4, 6, 3)
    assert np.array_equal(decode(encoded(colour, "BMP")), GRADIENT)


def test_an_animation_gives_its_first_frame(shared_data: Path) -> None:
    for kind in ("gif", "webp", "png"):
        picture = decode(shared_data / "awkward" / "generated" / f"animated.{kind}")
        assert picture[24, 24, 0] > 240 and picture[24, 24, 1:].max() < 16  # red


def test_bytes_files_and_paths_give_the_same(tmp_path: Path) -> None:
    path = tmp_path / "picture.of.a.kind"
    path.write_bytes(encoded(Image.fromarray(GRADIENT), "PNG"))
    with path.open("rb") as file:
        assert np.array_equal(decode(file), GRADIENT)
    assert np.array_equal(decode(path), GRADIENT)
    assert np.array_equal(decode(str(path)), GRADIENT)
    decode(path)[0, 0] = 0  # it can be written to


def test_a_pipe_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(PictureError, match="a pipe, socket or device"):
        decode(tmp_path / "pipe.jpg")


def test_devices_sockets_and_loops_are_refused(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket.png"))
        for path in (tmp_path / "socket.png", Path("/dev/zero")):
            with pytest.raises(PictureError, match="a pipe, socket or device"):
                decode(path)
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    with pytest.raises(PictureError, match=r"[Ll]evels of symbolic links"):
        decode(tmp_path / "loop.png")
    with pytest.raises(PictureError, match=r"null (byte|character)"):
        decode("a\0b.png")


def test_a_giant_file_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "giant.png").open("wb") as file:
        file.truncate(BYTE_LIMIT + 1)  # takes no room on disk
    with pytest.raises(PictureError, match="a file of 320 MB; the limit is 320 MB"):
        decode(tmp_path / "giant.png")


def test_a_bomb_takes_no_memory(shared_data: Path) -> None:
    bomb = shared_data / "awkward" / "generated" / "bomb-1bit-30000.png"
    code = "import sys; from cutaway.pictures import decode; decode(sys.argv[1])"
    limit = 2**30  # the interpreter with NumPy takes half of it; the picture would take 900 MB
    done = subprocess.run(
        [sys.executable, "-c", code, bomb],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    )
    assert "PictureError" in done.stderr and "900,000,000 pixels" in done.stderr


def test_damaged_tiffs_say_nothing_on_the_terminal(shared_data: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for path in (shared_data / "awkward" / "pillow").glob("crash-*.tif"):
        with contextlib.suppress(PictureError):
            decode(path)
    assert capfd.readouterr() == ("", "")


def test_warnings_stay_in_and_filters_come_back(shared_data: Path) -> None:
    odd = [shared_data / "awkward" / "pillow" / name for name in ("syntax_num_frames_zero.png", "hopper.jpg")]

    def attempt(number: int) -> None:
        with contextlib.suppress(PictureError):
            decode(odd[number % 2])

    before = list(warnings.filters)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(attempt, range(200)))
    assert list(warnings.filters) == before
    with pytest.warns(UserWarning, match="still heard"):
        warnings.warn("still heard", stacklevel=1)


def damaged(whole: bytes, random: np.random.Generator) -> Iterator[bytes]:
    for _ in range(150):
        changed = np.frombuffer(whole, np.uint8).copy()
        places = random.integers(0, min(len(changed), 400), 3)
        changed[places] = random.integers(0, 256, 3)
        yield changed.tobytes()
        yield whole[: random.integers(len(whole))]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_damage_gives_a_picture_or_a_picture_error(kind: str) -> None:
    whole = encoded(Image.fromarray(GRADIENT), kind)
    refused = 0
    for data in damaged(whole, np.random.default_rng(1)):
        try:
            assert decode(data).dtype == np.uint8
        except PictureError:
            refused += 1
    assert refused > 100


# ---- a JPEG that is scaled down while it is decoded

MODES = {"grey": "L", "colour": "RGB", "four inks": "CMYK"}


def smooth(mode: str, width: int = 240, height: int = 160, **options: object) -> bytes:
    """A JPEG without detail that is as small as its pixels."""
    coarse = np.random.default_rng(0).integers(0, 256, (height // 32, width // 32, 3), np.uint8)
    large = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    return encoded(large.convert(mode), "JPEG", quality=90, **options)


@pytest.mark.parametrize(
    ("needed", "by"),
    [
        ((20, 30), 8),
        ((21, 30), 4),
        ((20, 31), 4),
        ((40, 60), 4),
        ((41, 1), 2),
        ((80, 120), 2),
        ((81, 1), 1),
        ((999, 999), 1),
    ],
)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_as_far_as_enough_is_left(needed: tuple[int, int], by: int, orientation: int) -> None:
    """160 rows of 240, upright: asked of, and scaled, as a person sees it, however the file lies."""
    tag = Image.Exif()
    tag[0x0112] = orientation
    lying = (160, 240) if orientation >= 5 else (240, 160)
    asked = []

    def least(*size: int) -> tuple[int, int]:
        asked.append(size)
        return needed

    data = smooth("L", *lying, exif=tag)
    assert decode(data, least).shape == (160 // by, 240 // by, 1)
    assert asked == [(160, 240)] and decode(data).shape == (160, 240, 1)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_scaled_and_turned_equals_turned(orientation: int) -> None:
    tag = Image.Exif()
    tag[0x0112] = orientation
    data = smooth("RGB", exif=tag)
    turned = Image.fromarray(decode(smooth("RGB"), lambda h, w: (h // 4, w // 4)))
    turned.getexif()[0x0112] = orientation
    assert np.array_equal(decode(data, lambda h, w: (h // 4, w // 4)), np.asarray(ImageOps.exif_transpose(turned)))


@pytest.mark.parametrize("by", [2, 4, 8])
@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
def test_each_pixel_is_the_mean_of_those_it_stands_for(mode: str, progressive: bool, by: int) -> None:
    """Within 4 of 255 where a picture has no detail that small, on average within 1; measured: 3.5 and 0.5."""
    data = smooth(mode, progressive=progressive)
    means = decode(data).reshape(160 // by, by, 240 // by, by, -1).mean((1, 3))
    difference = np.abs(decode(data, lambda h, w: (h // by, w // by)) - means)
    assert difference.shape == means.shape and difference.max() < 4 and difference.mean() < 1


def test_a_size_that_does_not_divide_is_rounded_up() -> None:
    data = encoded(Image.new("RGB", (33, 17)), "JPEG")
    assert decode(data, lambda h, w: (5, 9)).shape == (5, 9, 3)
    assert decode(data, lambda h, w: (3, 5)).shape == (3, 5, 3)
    assert decode(data, lambda h, w: (4, 1)).shape == (5, 9, 3)


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
def test_what_is_cut_short_is_refused_when_scaled_too(mode: str, progressive: bool) -> None:
    whole = smooth(mode, progressive=progressive)
    for share in np.linspace(0, 0.95, 20):
        with pytest.raises(PictureError):
            decode(whole[: int(share * len(whole))], lambda h, w: (1, 1))


def test_other_kinds_are_not_scaled() -> None:
    for kind in ("PNG", "WEBP", "GIF", "BMP", "TIFF"):
        assert decode(encoded(Image.fromarray(GRADIENT), kind), lambda h, w: (1, 1)).shape == (4, 6, 3)


def test_photos_are_alike_at_the_size_of_a_net(shared_data: Path) -> None:
    """Decoded whole and scaled, then resized to 64x64: the root mean square of what differs, on average over photos."""
    preparation = cutaway.parse("input any, colour, resize 64x64").preparation
    photos = sorted((shared_data / "imagenet-samples" / "images").iterdir())
    differences = [
        preparation(decode(photo)).astype(float) - preparation(decode(photo, preparation.least)) for photo in photos
    ]
    assert len(photos) == 56 and np.mean([np.sqrt(np.mean(one**2)) for one in differences]) < 4
