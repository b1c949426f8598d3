"""How quickly the explorer follows: from a stroke to the votes, from pointing to the working, in headless Chromium.

Goals: a stroke or a slider step to the votes in under 33 ms for `lenet5`, under 80 ms for `small` at 64x64; pointing to
the working in under 16 ms (5 ms of script); a redraw of 100 maps under 4 ms, of 1,000 under 16 ms; the first paint of a
single file under 300 ms from disk; `lenet5` with 12 digits in under 500 kB; `mobilenetv2` at 224x224, with a server
behind it, open in under 3 s.

Needs Playwright, Chromium and, for the digits, ../shared/data/mnist.
"""

from __future__ import annotations

import json
import math
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

CUTAWAY = [sys.executable, "-m", "cutaway"]
MNIST = Path(__file__).resolve().parents[2] / "shared" / "data" / "mnist"
RUNS = 5
STEPS = 80

QUIET = [
    *("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-quic", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]

WATCH = """(event) => {
  const ms = (globalThis.ms = []), { port1, port2 } = new MessageChannel();
  addEventListener(event, () => {
    const began = performance.now();
    requestAnimationFrame(() => { port1.onmessage = () => ms.push(performance.now() - began); port2.postMessage(0); });
  }, { capture: true });
}"""
"""Notes, of each event of a kind, the milliseconds until the frame after it has been drawn."""

REDRAW = """() => {
  const { app, strip } = document.querySelector('.cutaway'), ms = [];
  for (let n = 0; n < 40; n++) { const began = performance.now(); strip.paint(); ms.push(performance.now() - began); }
  return ms.slice(5);
}"""
HOVER = """() => {
  const { app } = document.querySelector('.cutaway'), ms = [];
  const conv = app.net.filter(({ kind }) => kind.word === 'conv').at(-1), shape = app.shapes[conv.name];
  for (let n = 0; n < 60; n++) {
    app.change({ hover: { layer: conv.name, cell: [n % shape[0], (n * 3) % shape[1], n % shape[2]] } }, 'focus');
    const began = performance.now();
    app.refresh();
    ms.push(performance.now() - began);
  }
  return ms.slice(5);
}"""
PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
VOTES = "() => { const app = document.querySelector('.cutaway')?.app; return Boolean(app?.stages[app.output.name]); }"


def main() -> dict[str, object]:
    """Prints and returns the figures."""
    from playwright.sync_api import sync_playwright

    figures: dict[str, object] = {}

    def say(what: str, values: list[float], unit: str = "ms") -> None:
        figures[what] = values
        low, high = min(values), max(values)
        print(f"{what:46} {statistics.median(values):8.1f} {unit}  ({low:.1f} to {high:.1f}, n = {len(values)})")

    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        lenet5 = digits(folder)
        say("lenet5 with 12 digits, single file", [lenet5.stat().st_size / 1000], "kB")
        with opened(playwright, program, lenet5) as page:
            for what, follow in {"stroke": stroke, "slider step": slide, "pointing": point}.items():
                say(f"lenet5: {what} to the frame that shows it", follow(page))
            say("lenet5: pointing to the working, script", page.evaluate(HOVER))
            say("lenet5: redraw of all maps", page.evaluate(REDRAW))
        paints, nets = [], []
        for _ in range(RUNS):
            with opened(playwright, program, lenet5) as page:
                page.wait_for_function(PAINT)
                paints.append(page.evaluate(PAINT))
                nets.append(page.evaluate("() => document.querySelector('.cutaway').opened"))
        say("lenet5: first paint from disk", paints)
        say("lenet5: the whole net drawn, from disk", nets)
        with opened(playwright, program, drawn(folder, "small", (64, 64, 3))) as page:
            say("small at 64x64: slider step to the votes", slide(page))
        for count in (100, 1000):
            text = f"scale, conv {count} 3x3 same, globalmean, dense 10, softmax"
            with opened(playwright, program, drawn(folder, text, (28, 28, 1))) as page:
                say(f"redraw of {count:,} maps of 28x28", page.evaluate(REDRAW))
        say("mobilenetv2 at 224x224: open to votes", [served(playwright, program, folder) for _ in range(RUNS)], "s ")
    return figures


def moved(page: Any, event: str, box: dict[str, float], press: bool) -> list[float]:
    """Moves the mouse over a box as a hand does, and notes how long each move took to be drawn."""
    page.evaluate(WATCH, event)
    for n in range(STEPS):
        x, y = 0.15 + 0.7 * (n / STEPS), 0.5 + 0.3 * math.sin(n / 6)
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        if press and not n:
            page.mouse.down()
        page.wait_for_timeout(20 + 7 * n % 17)
    page.mouse.up()
    noted: list[float] = page.evaluate("() => globalThis.ms")
    return noted[5:]


def stroke(page: Any) -> list[float]:
    """Draws."""
    before = page.inner_text(".cutaway .guesses")
    noted = moved(page, "pointermove", page.locator(".pad canvas").bounding_box(), press=True)
    assert page.inner_text(".cutaway .guesses") != before, "the net does not follow"
    return noted


def slide(page: Any) -> list[float]:
    """Turns the picture."""
    return moved(page, "input", page.locator(".move input").first.bounding_box(), press=True)


def point(page: Any) -> list[float]:
    """Points at cell after cell of the second convolution, or the first."""
    before = page.inner_text(".cutaway .where")
    box = page.locator(".label:has([data-layer=conv2])").bounding_box()
    under = {"x": box["x"], "y": box["y"] + 60, "width": 60, "height": 200}
    noted = moved(page, "pointermove", under, press=False)
    assert page.inner_text(".cutaway .where") != before, "the working does not follow"
    return noted


def digits(folder: Path) -> Path:
    """LeNet-5 trained on MNIST for an epoch, with twelve of its digits, as a single file."""
    data = ["--data", str(MNIST)]
    run = ["train", "mnist", *data, "--net", "lenet5", "--epochs", "1", "-o", "lenet5"]
    subprocess.run([*CUTAWAY, *run], cwd=folder, check=True, capture_output=True)
    subprocess.run(
        [*CUTAWAY, "open", "lenet5", *data, "-o", "lenet5.html"], cwd=folder, check=True, capture_output=True
    )
    return folder / "lenet5.html"


def drawn(folder: Path, text: str, shape: tuple[int, int, int]) -> Path:
    """A net with weights drawn by chance and a picture of noise, as a single file."""
    from cutaway.model import Model
    from cutaway.net import start, zoo
    from cutaway.views import explorer

    net = zoo.net(text, input=shape, classes=10)
    model = Model(net, start(net, 0), tuple(f"class {number}" for number in range(10)))
    picture = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    path = folder / f"{len(list(folder.iterdir()))}.html"
    path.write_text(explorer.page(explorer.of_model(model), [explorer.Shown("noise", picture)]), encoding="utf-8")
    return path


@contextmanager
def opened(playwright: Any, program: str | None, path: Path) -> Iterator[Any]:
    """A page in a browser that was just started."""
    browser = playwright.chromium.launch(executable_path=program, args=QUIET)
    try:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(path.as_uri())
        page.wait_for_function(VOTES)
        page.wait_for_timeout(1500)  # until the plots over the sliders are drawn
        yield page
    finally:
        browser.close()


def served(playwright: Any, program: str | None, folder: Path) -> float:
    """Seconds from the page's address to its votes, for mobilenetv2 with a server behind it."""
    from cutaway.model import Model
    from cutaway.net import start, zoo

    run = folder / "mobilenetv2"
    if not run.is_dir():
        net = zoo.net("mobilenetv2")
        Model(net, start(net, 0), tuple(f"class {number}" for number in range(1000))).save(run)
        from PIL import Image

        Image.fromarray(np.random.default_rng(0).integers(0, 256, (224, 224, 3)).astype(np.uint8)).save(
            folder / "p.png"
        )
    command = [*CUTAWAY, "open", str(run), str(folder / "p.png"), "--no-browser"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout
    link = next(match[0] for line in process.stdout if (match := re.search(r"http://\S+", line)))
    browser = playwright.chromium.launch(executable_path=program, args=QUIET)
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    began = time.perf_counter()
    page.goto(link)
    page.wait_for_function(VOTES)
    taken = time.perf_counter() - began
    browser.close()
    process.terminate()
    process.wait()
    return taken


if __name__ == "__main__":
    print(json.dumps(main()))
