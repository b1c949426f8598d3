"""`cutaway open`: a page in a file, a page that is served, and what is refused."""

import contextlib
import os
import pty
import re
import signal
import subprocess

import numpy as np
import pytest
from PIL import Image

from cutaway.model import Model, load
from cutaway.net import parse, start
from tests.command import PYTHON, WHERE, ran, run
from tests.explorer import content_at, content_in, pixels_of, shown_until, talking, trained


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("place")
    trained(folder / "runs" / "digits-1")
    return folder


@pytest.fixture
def here(place, monkeypatch):
    monkeypatch.chdir(place)
    return place


def content_of(path):
    """What a page in a file was given."""
    return content_in(path.read_text("utf-8"))


# ---- a file


def test_a_file_has_pictures_of_the_validation_set(here):
    said = ran("open", "runs/digits-1", "-o", "digits.html")
    assert re.fullmatch(r"digits\.html: \d+\.\d kB, 12 pictures; it opens in a browser and needs nothing else\n", said)
    content = content_of(here / "digits.html")
    assert (content["title"], content["served"], content["remote"]) == ("digits-1", False, False)
    assert [one["label"] for one in content["pictures"]] == [*range(10), 0, 1]


def test_a_file_has_the_pictures_that_are_named(here):
    (here / "photos" / "7").mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (20, 10), (200, 100, 0)).save(here / "photos" / "7" / "a.png")
    ran("open", "runs/digits-1", "digits[17]", "photos/", "-o", "some.HTML")
    first, second = content_of(here / "some.HTML")["pictures"]
    assert (first["name"], first["label"], first["shape"]) == ("digits[17]", 7, [8, 8, 1])
    assert (second["name"], second["label"], second["shape"]) == ("7/a.png", 7, [10, 20, 3])
    assert pixels_of(second)[0, 0].tolist() == [200, 100, 0]


def test_pictures_that_cannot_be_read_are_said_and_the_others_shown(here):
    (here / "notes.txt").write_text("no picture")
    result = run("open", "runs/digits-1", "notes.txt", "digits[0]", "-o", "one.html")
    assert result.exit_code == 0
    assert re.fullmatch(r"notes\.txt: not a picture;.*\n", result.stderr)
    assert [one["name"] for one in content_of(here / "one.html")["pictures"]] == ["digits[0]"]


def test_where_its_pictures_are_gone_the_page_opens_without(here):
    net = parse("input 4x4x1, flatten, dense 2, softmax")
    Model(net, start(net), ("a", "b"), {"data": {"source": "far/away", "seed": 0}}).save(here / "alone")
    result = run("open", "alone", "-o", "alone.html")
    assert result.exit_code == 0
    assert re.fullmatch(r"no pictures are shown: far/away: no such folder or file; name .*\n", result.stderr)
    assert content_of(here / "alone.html")["pictures"] == []


def test_the_files_of_mnist_can_be_named(here, shared_data):
    net = parse("input any, grey, resize 28x28, flatten, dense 10, softmax")
    counts = dict.fromkeys("0123456789", 1)
    Model(net, start(net), tuple("0123456789"), {"data": {"source": "mnist", "seed": 0, "counts": counts}}).save(
        here / "m"
    )
    ran("open", "m", "--data", shared_data / "mnist", "-o", "m.html")
    assert [one["label"] for one in content_of(here / "m.html")["pictures"]] == [*range(10), 0, 1]


def test_models_beside_each_other(here):
    model = load("runs/digits-1")
    model.save(here / "runs" / "other")
    ran("open", "runs/digits-1", "--beside", "runs/other", "-o", "two.html")
    assert [other["title"] for other in content_of(here / "two.html")["beside"]] == ["other"]


def test_a_page_is_written_over_an_old_one_whole(here):
    (here / "old.html").write_text("old")
    ran("open", "runs/digits-1", "-o", "old.html")
    assert (here / "old.html").read_text().startswith("<!doctype html>")
    assert not list(here.glob(".old.html*"))


@pytest.mark.parametrize(
    "line, said",
    [
        (["runs/digits-2", "-o", "x.html"], "runs/digits-2: no such model folder; did you mean 'runs/digits-1'?"),
        (["runs/digits-1", "no.png", "-o", "x.html"], "no.png: no such file"),
        (["runs/digits-1", "", "-o", "x.html"], "an empty name was given where a picture should be"),
        (["runs/digits-1", "digits[9999]", "-o", "x.html"], "digits has 1,797 pictures, numbered from 0"),
        (
            ["runs/digits-1", "-o", "page.txt"],
            "page.txt: a browser opens what ends in .html; write it to page.txt.html",
        ),
        (
            ["runs/digits-1", "-o", "pages.html"],
            "pages.html is a folder; name a file in it, such as pages.html/page.html",
        ),
        (
            ["runs/digits-1", "photo.html", "-o", "photo.html"],
            "photo.html was given as a picture, and is left as it is",
        ),
        (["small", "digits[0]", "-o", "x.html"], "digits[0]: the net takes pictures of 4x4x1; this one is 8x8x1"),
        (
            ["large", "-o", "x.html"],
            "large has 25.6 MB of weights, and a file of its own holds up to 20.0 MB; cutaway open,",
        ),
        ([], "missing argument 'RUN' (see cutaway open --help)"),
    ],
)
def test_what_is_refused(here, line, said):
    (here / "pages.html").mkdir(exist_ok=True)
    Image.new("L", (8, 8)).save(here / "photo.html", "PNG")
    for name, text in (("small", "input 4x4x1, flatten"), ("large", "input 80x80x1, flatten, dense 1000")):
        net = parse(f"{text}, dense 2, softmax")
        if line[:1] == [name]:
            Model(net, start(net), ("a", "b")).save(here / name)
    result = run("open", *line)
    assert said in result.stderr
    assert result.exit_code == 2
    assert result.stdout == ""
    assert not (here / "x.html").exists()
    with Image.open(here / "photo.html") as photo:
        assert photo.size == (8, 8)


# ---- served


@contextlib.contextmanager
def opened(*line):
    """A page that is served, and its link; ended with Ctrl-C."""
    words = [*PYTHON, "open", *map(str, line), "--no-browser"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=WHERE) as process:
        assert process.stdout and process.stderr
        first = process.stdout.readline()
        found = re.search(r"(http://127\.0\.0\.1:\d+/[\w-]{20,}/)$", first.strip())
        try:
            assert found, first + process.stderr.read()
            assert process.stdout.readline() == "Ctrl-C ends it\n"
            yield process, found[1]
        finally:
            process.kill()


def test_a_page_is_served_until_ctrl_c(here):
    with opened("runs/digits-1") as (process, link):
        assert len(content_at(link)["pictures"]) == 12
        with talking(link) as page:
            answer, buffers = page.ask({"ask": "patches", "id": 1, "layer": "conv1", "map": 0, "count": 3})
            assert len(answer["patches"]) == len(buffers) == 3
            off = {"layer": "relu1", "off": True}
            answer, _ = page.ask({"ask": "save", "id": 2, "edits": [off], "name": "edited"})
            assert answer == {"id": 2, "folder": "runs/edited"}
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
        assert (process.returncode, out, err) == (130, "", "\nthe page is closed\n")
    assert "dropout 0.0" in str(load("runs/edited").net)


def test_a_net_that_is_too_large_for_a_page_is_asked_for(here):
    net = parse("input 200x200x1, conv 64 5x5 same, globalmean, dense 2, softmax")
    Model(net, start(net), ("a", "b")).save(here / "costly")
    Image.fromarray(np.full((200, 200), 7, np.uint8)).save(here / "grey.png")
    with opened("costly", "grey.png") as (process, link):
        content = content_at(link)
        assert content["remote"] is True
        assert content["weights"]["conv1.kernel"]["data"] is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 143


def test_the_browser_is_opened_on_a_terminal(here):
    """$BROWSER is what Python's webbrowser starts: here a program that says what it was given."""
    ours, its = pty.openpty()
    environment = WHERE | {"BROWSER": "echo opened %s", "TERM": "xterm"}
    line = [*PYTHON, "open", "runs/digits-1"]
    with subprocess.Popen(line, stdin=its, stdout=its, stderr=its, env=environment) as process:
        os.close(its)
        try:
            shown = shown_until(ours, b"opened http", b"/\r\nCtrl-C ends it").decode()
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
    link, opened = re.findall(r"http://127\.0\.0\.1:\d+/[\w-]+/", shown + shown_until(ours, b"is closed").decode())
    os.close(ours)
    assert link == opened
