"""Takes the pictures of the page and of the workbook for the docs: a LeNet-5 on real digits, in headless Chromium.

The workbook is drawn by LibreOffice and poppler's tools.

    .venv/bin/python docs/screens.py ../shared/data/mnist

Every number in them is the page's own: the net is trained here, in half a minute.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops
from playwright.sync_api import sync_playwright

import cutaway

IMAGES = Path(__file__).parent / "images"
MARGIN = 24
"""Pixels of white around a sheet."""
CUTAWAY = [sys.executable, "-m", "cutaway"]


def main(mnist: str) -> None:
    """Trains, writes the pages, takes the pictures."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        data = ["--data", mnist]
        Image.fromarray(cutaway.read("mnist", data=mnist).test[17][:, :, 0]).save(folder / "seven.png")
        for line in (
            ["train", "mnist", *data, "--net", "lenet5", "--epochs", "6", "-o", "lenet5"],
            ["open", "lenet5", *data, "-o", "net.html"],
            ["lab", "-o", "lab.html"],
            ["workbook", "lenet5", "seven.png", "net.xlsx"],
        ):
            subprocess.run([*CUTAWAY, *line], cwd=folder, check=True)
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])

        def take(name: str, page: str, act: Callable[[Any], None], size: tuple[int, int], **settings: Any) -> None:
            context = browser.new_context(viewport={"width": size[0], "height": size[1]}, **settings)
            opened = context.new_page()
            opened.goto((folder / page).as_uri())
            opened.wait_for_timeout(3000)
            act(opened)
            opened.wait_for_timeout(1500)
            path = IMAGES / f"{name}.png"
            opened.screenshot(path=path)
            Image.open(path).convert("RGB").save(path, optimize=True)
            context.close()

        take("explorer-drawing", "net.html", draw_a_seven, (1440, 900))
        take("explorer-pointing", "net.html", point_at("conv2", [4, 5, 5]), (1440, 900), color_scheme="dark")
        take("explorer-why", "net.html", turned, (1440, 900))
        take("explorer-two", "net.html", two_at_once, (1440, 1000))
        take("explorer-phone", "net.html", point_at("maxpool1", [5, 8, 5]), (390, 844), device_scale_factor=2)
        take("explorer-lab", "lab.html", lambda page: None, (1440, 900))
        browser.close()
        draw_workbook(folder / "net.xlsx", "conv1: ")


def draw_workbook(file: Path, title: str) -> None:
    """The top of the sheet with this title, as it is printed."""
    subprocess.run(["soffice", "--headless", "--convert-to", "pdf", "--outdir", file.parent, file], check=True)
    printed = file.with_suffix(".pdf")
    for page in map(str, range(1, 100)):
        text = subprocess.run(["pdftotext", "-f", page, "-l", page, printed, "-"], capture_output=True, check=True)
        if text.stdout.decode().startswith(title):
            break
    subprocess.run(
        ["pdftoppm", "-r", "150", "-png", "-singlefile", "-f", page, printed, file.with_suffix("")], check=True
    )
    with Image.open(file.with_suffix(".png")) as image:
        left, top, right, bottom = ImageChops.invert(image.convert("L")).getbbox()
        sheet = image.convert("RGB").crop((left - MARGIN, top - MARGIN, right + MARGIN, bottom))
        sheet.quantize(64).save(IMAGES / "workbook.png", optimize=True)


def draw_a_seven(page: Any) -> None:
    """With the mouse, on an empty sheet."""
    page.click(".clear")
    box = page.locator(".pad canvas").bounding_box()
    places = [(0.25, 0.2), (0.72, 0.2), (0.45, 0.85)]
    for number, (x, y) in enumerate(places):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=20)
        if not number:
            page.mouse.down()
    page.mouse.up()
    page.mouse.move(5, 880)
    pin(page, "conv2", [4, 5, 5])


def point_at(layer: str, cell: list[int]) -> Callable[[Any], None]:
    """Another digit, and a cell pointed at."""

    def act(page: Any) -> None:
        page.click(".thumbs button >> nth=7")
        page.evaluate(
            "([layer, cell]) => document.querySelector('.cutaway').app.change({ hover: { layer, cell } }, 'focus')",
            [layer, cell],
        )

    return act


def turned(page: Any) -> None:
    """A 7 turned until it is something else, and why."""
    page.click(".thumbs button >> nth=7")
    page.locator("input[aria-label^=rotate]").fill("40")
    page.locator(".why").evaluate("(section) => scrollTo(0, section.offsetTop - 20)")


def two_at_once(page: Any) -> None:
    """Two digits on one colour scale, one cell of both."""
    page.click(".thumbs button >> nth=4")
    page.click(".show-beside")
    page.select_option(".picture-of", "9")
    pin(page, "conv1", [8, 14, 1])


def pin(page: Any, layer: str, cell: list[int]) -> None:
    """Keeps a cell."""
    page.evaluate("([layer, cell]) => document.querySelector('.cutaway').app.pin({ layer, cell })", [layer, cell])


if __name__ == "__main__":
    main(str(Path(sys.argv[1]).resolve()))
