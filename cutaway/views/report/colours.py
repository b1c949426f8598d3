"""Signed numbers as pictures: blue below zero, paper at zero, orange above; told apart by colour-blind eyes too.

The same colours as the explorer's (its page/colour.js), mixed in OKLab (Ottosson 2020), symmetric in lightness.
"""

from __future__ import annotations

import base64
import io
from functools import cache

import numpy as np
from numpy.typing import NDArray

from cutaway.layers.layer import Array
from cutaway.views.report.html import Markup, tag

STOPS = {
    "light": ("#0a3a78", "#3f86cf", "#b5d4f1", "#ffffff", "#fbd0a5", "#e07a1f", "#7f3300"),
    "dark": ("#a6d3ff", "#549be8", "#1d4a7d", "#101114", "#6f3f12", "#dc8430", "#ffc98c"),
}
ZERO = 128
"""The entry of zero, and of what is no number; 1 and 255 are the ends of the scale."""

TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_LAB = np.array(
    [
        [0.2104542553, 0.793617785, -0.0040720468],
        [1.9779984951, -2.428592205, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.808675766],
    ]
)


@cache
def palette(theme: str) -> NDArray[np.uint8]:
    """[256, 3]: red, green, blue of each entry."""
    labs = np.array([to_lab(stop) for stop in STOPS[theme]])
    at = (np.maximum(np.arange(256), 1) - 1) / 254 * (len(labs) - 1)
    mixed = np.stack([np.interp(at, np.arange(len(labs)), labs[:, part]) for part in range(3)], axis=1)
    linear = np.linalg.solve(TO_LMS, np.linalg.solve(TO_LAB, mixed.T) ** 3).T.clip(0, 1)
    gamma = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.rint(255 * gamma.clip(0, 1)).astype(np.uint8)


def to_lab(colour: str) -> Array:
    """`#0a3a78` in OKLab."""
    v = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)
    lab: Array = TO_LAB @ np.cbrt(TO_LMS @ linear)
    return lab


def entries(values: Array, end: float) -> NDArray[np.uint8]:
    """The entry of each number on a scale from -end to +end."""
    scaled = np.nan_to_num(values.astype(np.float64) / (end or 1), nan=0, posinf=1, neginf=-1)
    return np.rint(ZERO + 127 * scaled).clip(1, 255).astype(np.uint8)


def drawing(values: Array, end: float, label: str, width: int) -> Markup:
    """Numbers [h, w], coloured on a scale from -end to +end, so many pixels wide; for paper and for the dark."""
    rows, columns = values.shape
    found = entries(values, end)
    dark = tag("source", srcset=data_uri(found, "dark"), media="(prefers-color-scheme: dark)")
    height = max(1, round(width * rows / columns))
    light = tag("img", src=data_uri(found, "light"), alt=label, width=width, height=height, class_="cells")
    return tag("picture", dark, light)


def data_uri(found: NDArray[np.uint8], theme: str) -> str:
    """Entries as a PNG with these colours, as it stands in a page."""
    from PIL import Image

    image = Image.frombytes("P", found.shape[::-1], found.tobytes())
    image.putpalette(palette(theme).tobytes())
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=9)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def scale(end: float) -> Markup:
    """What the colours mean."""
    stops = {theme: ", ".join(f"rgb({r} {g} {b})" for r, g, b in palette(theme)[1::16]) for theme in STOPS}
    bar = tag(
        "i", style=f"--light: linear-gradient(90deg, {stops['light']}); --dark: linear-gradient(90deg, {stops['dark']})"
    )
    said = f"blue is below zero, white is zero, orange is above; the scale ends at {end:.3g} on both sides"
    return tag(
        "p", tag("span", f"−{end:.3g}"), bar, tag("span", f"+{end:.3g}"), class_="scale", role="img", aria_label=said
    )
