"""Chromium for tests of the page: the system's own, driven by Playwright; nothing from outside is ever fetched."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

QUIET = (
    "--no-sandbox",  # a container has no user namespaces; the pages are our own
    "--disable-gpu",
    "--no-first-run",
    "--disable-quic",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--use-fake-device-for-media-stream",
)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser; tests that need it are skipped where there is none."""
    sync = pytest.importorskip("playwright.sync_api", reason="no Playwright: pip install playwright")
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip("no Chromium on this computer: install it with the system's package manager (chromium)")
    with sync.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The checker, as text."""
    path = Path(__file__).resolve().parents[1] / "node_modules" / "axe-core" / "axe.min.js"
    if not path.is_file():
        pytest.skip("no node_modules/axe-core: make setup installs it where npm's registry can be reached")
    return path.read_text()


EXPLORER = ".cutaway .guesses li.best, .cutaway .trouble:not([hidden]), .cutaway .lab"
"""What there is to see once the explorer is open."""


@contextmanager
def page_of(browser: Any, address: str | Path, *, shown: str = EXPLORER, **settings: Any) -> Iterator[Any]:
    """An open page. On leaving it: nothing failed in it, and it asked for nothing outside itself."""
    where = address.as_uri() if isinstance(address, Path) else address
    home = where.split("#")[0].rsplit("/", 1)[0]
    usual: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce"}
    context = browser.new_context(**usual | settings)
    page = context.new_page()
    page.set_default_timeout(8000)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if failed(message) else None)
    page.on("request", lambda request: wrong.append(f"asked for {request.url}") if outside(request.url, home) else None)
    try:
        page.goto(where)
        page.wait_for_selector(shown)
        yield page
        assert wrong == [], "\n".join(wrong)
    finally:
        context.close()


def failed(message: Any) -> bool:
    """Whether the page says that something went wrong; that a server is gone is what some tests are about."""
    return message.type == "error" and not message.text.startswith("WebSocket connection to")


def outside(url: str, home: str) -> bool:
    """Whether an address is of anything but the page itself and what it holds."""
    return not url.startswith((home, "data:", "blob:", "about:", home.replace("http", "ws")))


def guess(page: Any) -> str:
    """The class that the page thinks most probable."""
    text: str = page.inner_text(".cutaway .guesses li.best b")
    return text


def look(page: Any, layer: str, *cell: int) -> None:
    """Pins a cell, as a click on it does."""
    page.evaluate(
        "([layer, cell]) => { const { app } = document.querySelector('.cutaway');"
        " app.pin({ layer, cell }); app.refresh(); }",
        [layer, list(cell)],
    )


def settled(page: Any) -> None:
    """Waits until everything that was to be drawn is."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def serious_faults(page: Any, axe: str) -> list[str]:
    """What a checker of accessibility finds that keeps people out."""
    page.evaluate(axe)
    found = page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")["violations"]
    serious = [one for one in found if one["impact"] in ("serious", "critical")]
    return [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in serious]
