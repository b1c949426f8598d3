"""The page with a program behind it: large nets, kept epochs, a training that is followed, a server that goes away."""

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cutaway
from cutaway.model import Model
from cutaway.net import start, zoo
from tests.browser import guess, look, page_of, settled
from tests.command import PYTHON, WHERE

pytestmark = pytest.mark.usefixtures("chromium")


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> Path:
    """A net that is too costly for a page to run."""
    net = zoo.net(
        "conv 64 3x3 same, relu, conv 64 3x3 same, globalmean, dense classes, softmax", input=(64, 64, 3), classes=2
    )
    folder = tmp_path_factory.mktemp("runs") / "large-1"
    Model(net, start(net, 0), ("cat", "dog")).save(folder)
    return folder


@contextmanager
def started(*line: Any) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A command that serves a page, and the page's link."""
    words = [*PYTHON, *map(str, line)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=WHERE)
    assert process.stdout
    try:
        said = []
        for text in process.stdout:
            said.append(text)
            if link := re.search(r"http://127\.0\.0\.1:\d+/[\w-]+/", text):
                yield process, link[0]
                return
        raise AssertionError("".join(said))
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


def value(page, name: str, *cell: int) -> float:
    found: float = page.evaluate(
        "([name, cell]) => document.querySelector('.cutaway').app.valueOf(name, cell)", [name, list(cell)]
    )
    return found


def test_a_slider_over_the_epochs_moves_everything(chromium, digits_run):
    with started("open", digits_run, "--no-browser") as (_, link), page_of(chromium, link) as page:
        page.wait_for_selector(".cutaway .epochs input")
        look(page, "conv1", 3, 3, 2)
        last = page.inner_text(".cutaway .guesses"), page.inner_text(".cutaway .where")
        page.locator(".cutaway .epochs input").fill("0")
        page.wait_for_function("() => document.querySelector('.cutaway').app.state.epoch === 1")
        settled(page)
        assert "1 of 8:" in page.inner_text(".cutaway .epochs output")
        assert page.inner_text(".cutaway .guesses") != last[0]
        assert page.inner_text(".cutaway .where") != last[1]


def test_two_epochs_at_once(chromium, digits_run):
    with started("open", digits_run, "--no-browser") as (_, link), page_of(chromium, link) as page:
        page.wait_for_selector(".cutaway .epochs input")
        page.click(".show-beside")
        page.select_option(".beside .epoch-of select", "1")
        page.wait_for_function("() => document.querySelector('.cutaway').app.other.state.epoch === 1")
        look(page, "conv1", 3, 3, 2)
        settled(page)
        here, there = page.evaluate(
            "() => { const { app } = document.querySelector('.cutaway');"
            " return [app, app.other].map((one) => one.valueOf('conv1', [3, 3, 2])); }"
        )
        assert here != there
        assert "a difference of" in page.inner_text(".cutaway .where")


def test_what_was_changed_is_kept_as_a_model(chromium, digits_run):
    with started("open", digits_run, "--no-browser") as (_, link), page_of(chromium, link) as page:
        look(page, "conv1", 3, 3, 0)
        page.locator(".working td[data-weight]").nth(4).click()
        page.keyboard.type("0.5")
        page.keyboard.press("Enter")
        page.locator(".cutaway .what-if").scroll_into_view_if_needed()
        settled(page)
        page.click(".what-if .keep")
        page.wait_for_function("() => document.querySelector('.what-if .said').textContent.startsWith('kept in')")
        folder = page.inner_text(".what-if .said").removeprefix("kept in ")
        kept, old = cutaway.load(folder), cutaway.load(digits_run)
        assert kept.weights["conv1.kernel"][1, 1, 0, 0] == np.float32(0.5)
        assert old.weights["conv1.kernel"][1, 1, 0, 0] != np.float32(0.5)


def test_a_large_net_is_computed_behind_the_page_and_its_cells_explain(chromium, large, tmp_path):
    from PIL import Image

    picture = tmp_path / "noise.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)).save(picture)
    with started("open", large, picture, "--no-browser") as (process, link), page_of(chromium, link) as page:
        assert page.evaluate("() => document.querySelector('.cutaway').app.content.remote")
        page.wait_for_function("() => document.querySelector('.cutaway').app.stages.softmax1")
        look(page, "conv2", 20, 30, 5)
        page.wait_for_selector(".working .grid")
        trace = cutaway.load(large).trace(picture)
        assert value(page, "conv2", 20, 30, 5) == pytest.approx(trace.cell("conv2[20, 30, 5]").value, rel=1e-5)
        assert "64" in page.inner_text(".cutaway .label:has([data-layer=conv2])")

        before = page.inner_text(".cutaway .where")
        process.terminate()
        process.wait(10)
        page.wait_for_selector(".cutaway .trouble:not([hidden])")
        assert "does not answer" in page.inner_text(".cutaway .trouble")
        assert page.inner_text(".cutaway .where") == before
        assert guess(page) in ("cat", "dog")


def test_follows_a_training(chromium, tmp_path):
    """From the first weights to the last, epoch after epoch, without being touched."""
    line = (
        "train",
        "digits",
        "--net",
        "conv 32 5x5 same, relu, conv 64 5x5 same, relu, flatten, dense classes, softmax",
    )
    with started(*line, "--epochs", 40, "--watch", "-o", tmp_path / "run") as (process, link):
        with page_of(chromium, link) as page:
            seen: set[tuple[int, float]] = set()
            until = time.monotonic() + 60
            while len(seen) < 3 and time.monotonic() < until and process.poll() is None:
                epoch, cell = page.evaluate(
                    "() => { const { app } = document.querySelector('.cutaway');"
                    " return [app.state.epoch, app.valueOf('conv1', [3, 3, 1])]; }"
                )
                if epoch:
                    seen.add((epoch, cell))
                page.wait_for_timeout(50)
            assert len(seen) >= 3
            assert len({number for _, number in seen}) == len(seen), "the weights move"
            assert page.is_visible(".cutaway .epochs output")
