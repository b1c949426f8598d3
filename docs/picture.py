"""Draws docs/images/trace.png, the picture of the README: one digit through a net, and one number of it worked out.

    .venv/bin/python docs/picture.py

Every map and number in it is real: the net is trained here, in a few seconds.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

import cutaway as cw

NET = "conv 5 3x3 same, relu, maxpool 2, conv 10 3x3 same, relu, flatten, dense classes, softmax"
SHOWN = ("resize1", "conv1", "relu1", "maxpool1", "conv2", "relu2")
WIDTH, HEIGHT, MARGIN = 1200, 760, 40
INK, FAINT, ACCENT, PAPER = (30, 30, 30), (130, 130, 130), (190, 30, 120), (255, 255, 255)
CELL = (4, 5, 2)
"""The cell of conv1 that is worked out."""


def main() -> None:
    """Trains, traces one held-out digit, draws."""
    pictures = cw.read("digits")
    model = cw.train(pictures, net=NET, epochs=12)
    held_out = pictures.validation
    number = next(n for n, label in enumerate(held_out.labels) if label == 3)
    trace = model.trace(held_out[number])
    trace.check()
    sheet = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    draw = ImageDraw.Draw(sheet)
    x = MARGIN
    for name in SHOWN:
        x = column(sheet, draw, trace, name, x) + 44
    bars(draw, trace.output, model.classes, x)
    text(draw, (MARGIN, 485), str(trace["conv1"][CELL].working()), 14, INK, mono=True)
    sheet.save(Path(__file__).parent / "images" / "trace.png", optimize=True)


def column(sheet: Image.Image, draw: ImageDraw.ImageDraw, trace: cw.Trace, name: str, x: int) -> int:
    """The maps of one layer, five to a column; returns where it ends."""
    stage = trace[name]
    rows, columns, count = stage.shape
    zoom = {8: 64, 4: 64}[rows] // rows if count > 1 else 160 // rows
    each = rows * zoom + 12
    across = -(-count // 5)
    title = {"resize1": "picture"}.get(name, name)
    text(draw, (x, MARGIN - 8), title, 15, INK)
    text(draw, (x, MARGIN + 12), f"{rows}x{columns}x{count}", 12, FAINT)
    scale = float(abs(stage.output).max()) or 1.0
    for k in range(count):
        left, top = x + (k % across) * each, MARGIN + 40 + (k // across) * each
        picture = ink(stage.map(k)) if name == "resize1" else signed(stage.map(k) / scale)
        size = (columns * zoom, rows * zoom)
        sheet.paste(Image.fromarray(picture).resize(size, Image.Resampling.NEAREST), (left, top))
        draw.rectangle((left - 1, top - 1, left + size[0], top + size[1]), outline=(210, 210, 210))
        if name == "conv1" and k == CELL[2]:
            mark(draw, left + CELL[1] * zoom, top + CELL[0] * zoom, zoom)
        if name == "resize1":
            mark(draw, left + (CELL[1] - 1) * zoom, top + (CELL[0] - 1) * zoom, 3 * zoom)
    return x + across * each - 12


def mark(draw: ImageDraw.ImageDraw, left: int, top: int, size: int) -> None:
    """A frame around what is worked out below."""
    draw.rectangle((left - 1, top - 1, left + size, top + size), outline=ACCENT, width=2)


def bars(draw: ImageDraw.ImageDraw, probabilities: NDArray[np.float32], classes: tuple[str, ...], x: int) -> None:
    """The guesses, as bars."""
    text(draw, (x, MARGIN - 8), "guess", 15, INK)
    for k, (name, share) in enumerate(zip(classes, probabilities, strict=True)):
        y = MARGIN + 40 + 36 * k
        best = share == probabilities.max()
        text(draw, (x, y), name, 16, INK if best else FAINT)
        draw.rectangle((x + 24, y + 3, x + 25 + int(150 * share), y + 17), fill=ACCENT if best else FAINT)
        if share > 0.005:
            text(draw, (x + 32 + int(150 * share), y + 1), f"{share:.1%}", 13, INK)


def ink(array: NDArray[np.float32]) -> NDArray[np.uint8]:
    """A picture as ink on paper."""
    return (255 - array).astype(np.uint8)


def signed(array: NDArray[np.float32]) -> NDArray[np.uint8]:
    """-1 to 1 as blue, white, orange: told apart by colour-blind eyes."""
    blue, orange = np.array([20, 90, 170]), np.array([220, 110, 0])
    share = abs(array)[..., None]
    colour = np.where((array < 0)[..., None], blue, orange)
    return (255 + share * (colour - 255)).astype(np.uint8)


def text(
    draw: ImageDraw.ImageDraw,
    at: tuple[int, int],
    words: str,
    size: int,
    colour: tuple[int, int, int],
    mono: bool = False,
) -> None:
    """Words in Pillow's own typeface, or in a monospaced one where the system has it."""
    font = ImageFont.truetype("DejaVuSansMono.ttf", size) if mono else ImageFont.load_default(size)
    draw.multiline_text(at, words, colour, font, spacing=4)


if __name__ == "__main__":
    main()
