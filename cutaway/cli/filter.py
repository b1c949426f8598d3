"""`cutaway filter`: one kernel over a photo, as the first layer of a net would do it."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cutaway.cli.group import Command
from cutaway.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

KERNELS = {
    "identity": "0 0 0; 0 1 0; 0 0 0",
    "blur": "1 1 1; 1 1 1; 1 1 1 / 9",
    "mean-5x5": "1 1 1 1 1; 1 1 1 1 1; 1 1 1 1 1; 1 1 1 1 1; 1 1 1 1 1 / 25",
    "gaussian": "1 2 1; 2 4 2; 1 2 1 / 16",
    "gaussian-5x5": "1 4 6 4 1; 4 16 24 16 4; 6 24 36 24 6; 4 16 24 16 4; 1 4 6 4 1 / 256",
    "sharpen": "0 -1 0; -1 5 -1; 0 -1 0",
    "sharpen-5x5": "0 0 0 0 0; 0 0 -1 0 0; 0 -1 5 -1 0; 0 0 -1 0 0; 0 0 0 0 0",
    "edge": "0 1 0; 1 -4 1; 0 1 0",
    "outline": "-1 -1 -1; -1 8 -1; -1 -1 -1",
    "emboss": "-2 -1 0; -1 1 1; 0 1 2",
    "sobel-x": "-1 0 1; -2 0 2; -1 0 1",
    "sobel-y": "-1 -2 -1; 0 0 0; 1 2 1",
}
"""The kernels of the textbooks, as in the lab. The border of zeros of `sharpen-5x5` changes nothing."""

KINDS = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".webp": "WEBP",
    ".bmp": "BMP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
}

EXAMPLE = """cutaway filter photo.jpg --kernel sharpen -o sharp.png
cutaway filter photo.jpg --kernel '1 0 -1; 2 0 -2; 1 0 -1' -o edges.png"""


@click.command(cls=Command, example=EXAMPLE)
@click.argument("photo")
@click.option(
    "--kernel",
    required=True,
    metavar="KERNEL",
    help=f"{', '.join(KERNELS)}; or rows: '0 1 0; 1 -4 1; 0 1 0'.",
)
@click.option("-o", "--output", required=True, metavar="FILE", help=f"Where to: {', '.join(KINDS)}.")
def command(photo: str, kernel: str, output: str) -> None:
    """Run a kernel over a photo.

    Each number of the result is the sum of the numbers under the kernel, each times the number of the kernel on
    it (the kernel is not turned round), for red, green and blue by itself. At the edge the photo's outermost
    pixels are repeated outwards. What is below 0 becomes 0, what is above 255 becomes 255. '/ 9' after the rows
    divides.
    """
    from cutaway.files import write
    from cutaway.pictures import decode

    target = Path(output)
    if target.suffix.lower() not in KINDS:
        raise InputError(f"{output}: the ending says the kind of file; it can be {', '.join(KINDS)}")
    if target.exists() and Path(photo).exists() and target.samefile(photo):
        raise InputError(f"{output} is the photo itself, which is left as it is; give -o another name")
    weights = parsed(kernel)
    pixels = filtered(decode(photo), weights)
    write(target, encoded(pixels, KINDS[target.suffix.lower()]))
    click.echo(f"{photo} -> {output}: {pixels.shape[1]}x{pixels.shape[0]} pixels, kernel {shown(weights)}")


def parsed(text: str) -> NDArray[np.float64]:
    """The kernel of a name, or that rows of numbers say: [kh, kw]."""
    import numpy as np

    from cutaway.wording import nearest

    rows, _, divisor = KERNELS.get(text, text).partition("/")
    try:
        by = float(divisor or 1)
        lines = re.split(r"[;\n]", rows.strip("; \n"))
        kernel = np.array([[float(word) / by for word in re.split(r"[\s,]+", line.strip())] for line in lines])
        if not np.isfinite(kernel).all():
            raise ValueError
    except (ValueError, ZeroDivisionError):
        raise InputError(
            f"there is no kernel {text!r}{nearest(text, list(KERNELS))}; known: {', '.join(KERNELS)}; "
            "or write rows of equally many numbers, as '0 1 0; 1 -4 1; 0 1 0'"
        ) from None
    return kernel


def filtered(pixels: NDArray[np.uint8], kernel: NDArray[np.float64]) -> NDArray[np.uint8]:
    """uint8 [h, w, c] -> the same: the conv layer over each channel, rounded and held to 0 .. 255."""
    import numpy as np

    from cutaway.layers.conv import Conv

    border = [((size - 1) // 2, size // 2) for size in kernel.shape]
    padded = np.pad(pixels, (*border, (0, 0)), mode="edge").astype(np.float32)
    channels = padded.transpose(2, 0, 1)[..., None]  # each as a picture of its own: [c, h, w, 1]
    height, width = kernel.shape
    layer = Conv(1, (height, width), biased=False)
    sums = layer.forward([channels], {"kernel": kernel[..., None, None].astype(np.float32)})
    return np.rint(sums[..., 0].transpose(1, 2, 0)).clip(0, 255).astype(np.uint8)


def encoded(pixels: NDArray[np.uint8], kind: str) -> bytes:
    """A picture as the bytes of a file."""
    from PIL import Image

    file = io.BytesIO()
    try:
        Image.fromarray(pixels if pixels.shape[2] == 3 else pixels[..., 0]).save(file, kind)
    except (ValueError, OSError) as error:
        height, width = pixels.shape[:2]
        raise InputError(f"{width}x{height} pixels do not fit into {kind} ({error}); .png takes any size") from None
    return file.getvalue()


def shown(kernel: NDArray[np.float64]) -> str:
    """The kernel as it can be typed again."""
    return "; ".join(" ".join(f"{number:.4g}" for number in row) for row in kernel)
