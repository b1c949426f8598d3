"""The last line of a notebook's cell, in a real JupyterLab: the widget, alive; and a frame, where there is none."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser import settled
from tests.command import WHERE, ran

pytestmark = pytest.mark.usefixtures("chromium")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder with a model, and a notebook whose one cell shows it."""
    place = tmp_path_factory.mktemp("notebooks")
    ran("train", "digits", "--net", "digits", "--epochs", 2, "-o", place / "digits-1")
    code = "import cutaway\ncutaway.load('digits-1')"
    cell: dict[str, Any] = {
        "cell_type": "code",
        "id": "a",
        "source": code,
        "metadata": {},
        "outputs": [],
        "execution_count": None,
    }
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = {"cells": [cell], "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    (place / "look.ipynb").write_text(json.dumps(notebook))
    return place


@pytest.fixture(scope="module")
def lab(folder) -> Iterator[str]:
    """JupyterLab, and the address of the notebook in it."""
    pytest.importorskip("jupyterlab", reason="no JupyterLab: pip install jupyterlab")
    options = ["--no-browser", "--ip=127.0.0.1", "--port=0", "--allow-root", "--IdentityProvider.token=t"]
    line = [sys.executable, "-m", "jupyterlab", *options, f"--ServerApp.root_dir={folder}"]
    process = subprocess.Popen(line, stderr=subprocess.PIPE, text=True, env=WHERE, cwd=folder)
    assert process.stderr
    try:
        found = next(match for text in process.stderr if (match := re.search(r"http://127\.0\.0\.1:\d+/", text)))
        yield f"{found[0]}lab/tree/look.ipynb?token=t"
    finally:
        process.terminate()
        process.wait(20)
        process.stderr.close()


def test_a_model_is_a_widget_that_lives(chromium: Any, lab: str) -> None:
    context = chromium.new_context(viewport={"width": 1440, "height": 1000})
    try:
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.goto(lab)
        page.locator(".jp-Notebook .jp-Cell .cm-content").first.click()
        page.wait_for_selector("text=| Idle")
        page.keyboard.press("Shift+Enter")
        page.wait_for_selector(".jp-OutputArea .cutaway .guesses li.best")
        assert page.locator(".jp-OutputArea .cutaway .guesses li").count() == 10
        before = page.inner_text(".cutaway .guesses")
        page.click(".cutaway .thumbs button >> nth=5")
        settled(page)
        assert page.inner_text(".cutaway .guesses") != before, "it follows"
        page.locator(".cutaway .patches").first.scroll_into_view_if_needed()
        page.wait_for_function("() => document.querySelectorAll('.cutaway .patches li').length > 3")
        assert "validation pictures" in page.inner_text(".cutaway .patches .lede"), "the kernel answers"
    finally:
        context.close()


def test_without_widgets_there_is_a_frame(chromium: Any, folder: Path, tmp_path: Path) -> None:
    code = "import cutaway; print(cutaway.load('digits-1')._repr_mimebundle_()['text/html'])"
    made = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=WHERE, capture_output=True, text=True, check=True
    )
    path = tmp_path / "output.html"
    path.write_text(f"<!doctype html><meta charset=utf-8>{made.stdout}", encoding="utf-8")
    context = chromium.new_context(viewport={"width": 1200, "height": 1000}, offline=True)
    try:
        page = context.new_page()
        page.goto(path.as_uri())
        frame = page.frame_locator("iframe")
        frame.locator(".cutaway .guesses li.best").wait_for()
        assert frame.locator(".cutaway .guesses li").count() == 10
    finally:
        context.close()
