"""The lab in a real browser: kernels, sizes that fit and that do not, and what `cutaway filter` makes of the same."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.browser import page_of, serious_faults, settled
from tests.command import ran

pytestmark = pytest.mark.usefixtures("chromium")


@pytest.fixture(scope="module")
def picture(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("pictures") / "noise.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (12, 10)).astype(np.uint8)).save(path)
    return path


@pytest.fixture
def page(chromium, picture, tmp_path):
    file = tmp_path / "lab.html"
    ran("lab", picture, "-o", file)
    with page_of(chromium, file, offline=True) as page:
        settled(page)
        yield page


def choose(page, key: str, value: str) -> None:
    page.click(f".cutaway [data-set={key}][data-value='{value}']")
    settled(page)


def sizes(page) -> str:
    return " ".join(page.locator(".panel .formula").all_inner_texts())


def test_a_kernel_gives_what_filter_gives(page, picture, tmp_path):
    """Sharpened here and by `cutaway filter`: the same numbers, away from the border that filter repeats."""
    choose(page, "kernel", "sharpen")
    choose(page, "activation", "none")
    choose(page, "pool", "none")
    ran("filter", picture, "--kernel", "sharpen", "-o", tmp_path / "sharp.png")
    filtered = np.asarray(Image.open(tmp_path / "sharp.png"), np.int64)[1:-1, 1:-1]
    page.locator(".panel[data-panel='1'] .name").focus()
    for row, column in ((0, 0), (4, 3), (9, 7)):
        page.keyboard.press("Home")
        for _ in range(12):
            page.keyboard.press("ArrowUp")
        for _ in range(row):
            page.keyboard.press("ArrowDown")
        for _ in range(column):
            page.keyboard.press("ArrowRight")
        settled(page)
        where = page.inner_text(".cutaway .where")
        assert f"[{row}, {column}, 0]" in where
        shown = float(where.split("=")[1].replace("−", "-"))
        assert np.clip(np.rint(shown), 0, 255) == filtered[row, column]


def test_the_sum_that_is_shown_adds_up(page):
    choose(page, "kernel", "emboss")
    page.locator(".panel[data-panel='1'] .name").focus()
    page.keyboard.press("ArrowRight")
    settled(page)
    terms, total = page.evaluate(
        "() => { const text = (one) => Number(one.textContent.replaceAll('−', '-').replace(/\\s/g, ''));"
        " const sum = document.querySelector('.working .sum');"
        " return [[...sum.querySelectorAll('.t')].map(text), text(sum.querySelector('.total'))]; }"
    )
    assert len(terms) >= 9
    assert sum(terms) == pytest.approx(total, abs=1e-9)


def test_sizes_are_said_also_where_they_do_not_fit(page):
    choose(page, "pool", "maxpool")
    choose(page, "edge", "floor")
    assert "(12 − 3 + 0) / 1 + 1" in sizes(page)
    assert "= 10" in sizes(page)
    page.locator(".cutaway [data-more=stride]").click()
    settled(page)
    assert "(12 − 3 + 0) / 2 + 1" in sizes(page)
    assert "5.5" in sizes(page) or "4.5" in sizes(page) or "unused" in page.inner_text(".cutaway")


def test_a_link_restores_the_lab(chromium, page):
    choose(page, "kernel", "outline")
    page.wait_for_function("() => location.hash.includes('-1+8+-1')")
    with page_of(chromium, page.url) as other:
        settled(other)
        assert other.locator("[data-set=kernel][data-value=outline]").get_attribute("aria-pressed") == "true"


@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_no_serious_fault_of_accessibility(chromium, picture, tmp_path, axe, width):
    file = tmp_path / "lab.html"
    ran("lab", picture, "-o", file)
    with page_of(chromium, file, viewport={"width": width, "height": 900}) as page:
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
        assert serious_faults(page, axe) == []
