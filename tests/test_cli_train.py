"""`cutaway train`: what it prints, where it writes, how it is stopped and taken up again."""

import contextlib
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cutaway.model import epochs, load
from tests.command import PYTHON, WHERE, ran, run, started
from tests.explorer import content_at, shown_until, talking

NET = "flatten, dense classes, softmax"
FAST = ["--net", NET, "--epochs", "2"]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make(folder, **classes):
    """Class folders of small pictures: dark ones, brighter ones, ..."""
    for number, (name, count) in enumerate(classes.items()):
        for one in range(count):
            path = folder / name / f"{one}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.full((6, 6, 3), (40 * number + one) % 256, np.uint8)).save(path)
    return folder


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_is_said_and_what_is_written(here):
    said = ran("train", "digits", *FAST)
    lines = said.splitlines()
    assert lines[0] == "digits: 1,797 pictures of 10 classes"
    assert lines[1:11:9] == ["  0  178", "  9  180"]
    assert lines[11] == "1,420 to train on, 377 to validate with, 0 to test with"
    assert lines[12].startswith("net of your own on 8x8x1: 7 layers, 650 parameters")
    assert re.fullmatch(r"2 epochs, batches of 32, adamw at up to 0\.\d+, seed 0; engine native", lines[13])
    assert lines[14] == "training into runs/digits-1"
    assert re.match(r"epoch 1/2  loss \d\.\d{4}  .*% right  validation: loss .*  \d+\.\d\d s  best$", lines[15])
    model = load("runs/digits-1")
    share = f"{model.facts['validation']['accuracy']:.2%} of 377 validation pictures right"
    assert lines[17] == f"{share} (weights of epoch 2)"
    assert lines[18] == "saved in runs/digits-1; try: cutaway predict runs/digits-1 PICTURE"
    assert lines[19] == "how good it is and where it fails: runs/digits-1/report.html"
    assert len((here / "runs/digits-1/predictions.csv").read_text().splitlines()) == 378
    assert not (here / "runs/digits-1/checkpoint").exists()


def test_runs_are_numbered_and_the_same_command_gives_the_same_bits(here):
    ran("train", "digits", *FAST)
    assert "training into runs/digits-2" in ran("train", "digits", *FAST)
    ran("train", "digits", *FAST, "--seed", 1)
    first, second, other = (load(f"runs/digits-{number}").weights["dense1.weight"] for number in (1, 2, 3))
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


def test_options_arrive_in_the_recipe(here):
    line = "--epochs 1 --batch 50 --rate 0.01 --optimiser sgd --seed 7 --until 1% --size 5x4 --engine reference"
    said = ran("train", "digits", "--net", NET, *line.split(), "-o", "mine")
    assert "1 epoch or until 1% are right, batches of 50, sgd at up to 0.01, seed 7" in said
    assert "on 5x4x1" in said
    recipe = load("mine").facts["recipe"]
    wanted = {"epochs": 1, "batch": 50, "rate": 0.01, "optimiser": "sgd", "seed": 7, "until": 0.01}
    assert {name: recipe[name] for name in wanted} == wanted


def test_until_stops_early(here):
    said = ran("train", "digits", "--net", NET, "--epochs", 30, "--until", "60%")
    assert 1 <= said.count("\nepoch ") < 30
    assert load("runs/digits-1").facts["validation"]["accuracy"] >= 0.6


def test_a_folder_of_pictures(here):
    pets = make(here / "pets", cat=6, dog=6, cow10=5, cow9=5)
    (pets / "cat" / "notes.txt").write_text("not a picture")
    for number in range(6):
        (pets / "dog" / f"bad{number}.jpg").write_bytes(b"\xff\xd8 nothing" + bytes([number]))
    (pets / "cow9" / "cut.png").write_bytes((pets / "cow9" / "1.png").read_bytes()[:40])
    before = contents(pets)
    said = ran("train", "pets/", *FAST)
    assert contents(pets) == before
    classes = re.findall(r"^  (\w+)  +(\d+)$", said, re.M)
    assert classes == [("cat", "6"), ("cow9", "6"), ("cow10", "5"), ("dog", "12")]
    assert "passed over: 1\n  pets/cat/notes.txt: not a picture by its ending" in said
    assert "left out, since they cannot be read: 7\n  pets/cow9/cut.png: a PNG with a damaged header" in said
    assert "  ... and 2 more" in said
    assert "training into runs/pets-1" in said
    facts = load("runs/pets-1").facts["data"]
    assert facts["counts"] == {"cat": 6, "cow9": 6, "cow10": 5, "dog": 12}
    assert len(facts["skipped"]) == 7


def test_names_that_are_hard_to_print(here):
    names = ["a,b|c", "<i>", "two\nlines", "日本", "-x", "\udcff", "x" * 200]
    make(here / "hard", **dict.fromkeys(names, 4))
    said = ran("train", "hard", *FAST, "-o", "out")
    assert "  two\\nlines" in said
    assert set(load("out").classes) == set(names)


def test_test_pictures_are_judged_at_the_end_and_kept(here):
    for part, count in (("train", 8), ("test", 3)):
        make(here / "pets" / part, cat=count, dog=count)
    said = ran("train", "pets", *FAST)
    facts = load("runs/pets-1").facts["test"]
    assert facts["count"] == 6
    assert f"; {facts['accuracy']:.2%} of 6 test pictures right (weights of epoch" in said
    assert "of 6 test pictures right" in (here / "runs/pets-1/README.md").read_text()


@pytest.mark.parametrize("source", ["pets/", "pets", "../{here}/pets", "pets/train/.."])
def test_a_run_is_called_after_its_pictures(here, source):
    make(here / "pets" / "train", cat=4, dog=4)
    assert "training into runs/pets-1" in ran("train", source.format(here=here.name), *FAST)


def test_nothing_is_written_among_the_pictures(here, monkeypatch):
    before = contents(make(here / "pets", cat=4, dog=4))
    monkeypatch.chdir(here / "pets")
    for line in (["."], ["../pets"], [here / "pets"], [".", "-o", "mine"], ["..", "-o", here / "pets" / "cat"]):
        result = run("train", *line, *FAST)
        assert "would be written among the pictures" in result.stderr
        assert result.exit_code == 2
    assert contents(here / "pets") == before
    ran("train", ".", *FAST, "-o", "../mine")


# ---- what is refused


@pytest.mark.parametrize(
    "classes, said",
    [
        ({}, "pets: no such folder or file"),
        ({"cat": 5}, "pets: one class only (cat)"),
        ({"cat": 5, "dog": 1}, "only 1 picture in class dog"),
    ],
)
def test_folders_that_cannot_be_learned_from(here, classes, said):
    make(here / "pets", **classes)
    result = run("train", "pets", *FAST)
    assert said in result.stderr
    assert result.exit_code == 2
    assert not Path("runs").exists()


def test_a_net_that_does_not_fit(here):
    result = run("train", "digits", "--net", "conv 4 9x9, flatten, dense classes, softmax")
    assert "conv1: conv 9x9 does not fit 8x8x1" in result.stderr
    assert result.exit_code == 2
    assert run("train", "digits", "--net", "flatten, dense 9, softmax").exit_code == 2
    assert not Path("runs").exists()


def test_a_folder_that_holds_something_else_is_left_as_it_is(here):
    ran("train", "digits", *FAST, "-o", "mine")
    make(here / "pets", cat=4, dog=4)
    before = contents(here)
    for folder, what in (("mine", "a model"), ("pets", "'cat', ...")):
        result = run("train", "digits", *FAST, "-o", folder)
        assert f"{folder} holds {what} already" in result.stderr
        assert result.exit_code == 2
    assert contents(here) == before
    (here / "empty").mkdir()
    ran("train", "digits", *FAST, "-o", "empty")


def test_a_folder_that_cannot_be_written(here, monkeypatch):
    (here / "file").write_text("")
    result = run("train", "digits", *FAST, "-o", "file/run")
    assert "cannot write into file/run" in result.stderr
    assert result.exit_code == 1
    monkeypatch.setattr(os, "access", lambda *_: False)  # as for anyone but root
    result = run("train", "digits", *FAST)
    assert "no permission; choose another folder" in result.stderr
    assert result.stdout == ""


def test_training_that_fails_says_so(here):
    result = run(
        "train",
        "digits",
        *FAST,
        "--optimiser",
        "sgd",
        "--rate",
        1000,
        "--net",
        "flatten, dense 9, relu, dense classes, softmax",
    )
    assert "not finite" in result.stderr
    assert result.exit_code == 1


# ---- stopping

LONG = [
    *PYTHON,
    "train",
    "digits",
    "--net",
    "conv 4 3x3, relu, dropout 0.2, flatten, dense classes, softmax",
    "--epochs",
    "9",
]


def stopped_after(line_start, number, *words):
    """Starts a long run, and sends a signal once a line of output begins so."""
    with subprocess.Popen(
        [*LONG, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=WHERE
    ) as process:
        assert process.stdout
        for line in process.stdout:
            if line.startswith(line_start):
                process.send_signal(number)
                break
        _, err = process.communicate(timeout=60)
    return process.returncode, err


def test_ctrl_c_keeps_what_was_reached_and_the_same_command_goes_on(here):
    code, said = stopped_after("epoch 2/9", signal.SIGINT)
    assert code == 130
    assert "stopping after this step" in said
    assert re.search(r"stopped (in epoch \d+, step \d+|after epoch \d+); everything is kept in runs/digits-1", said)
    assert load("runs/digits-1").facts["finished"] is False
    assert "It was stopped after " in Path("runs/digits-1/report.html").read_text()
    code, said = stopped_after("epoch 4/9", signal.SIGTERM)
    assert code == 143
    done = subprocess.run(LONG, capture_output=True, text=True, env=WHERE)
    assert "going on in runs/digits-1" in done.stdout
    assert "epoch 6/9" in done.stdout
    assert "epoch 3/9" not in done.stdout
    assert done.returncode == 0
    subprocess.run([*LONG, "-o", "whole"], capture_output=True, env=WHERE, check=True)
    for name, value in load("whole").weights.items():
        np.testing.assert_array_equal(load("runs/digits-1").weights[name], value)
    assert [p.name for p in Path("runs").iterdir()] == ["digits-1"]


def test_a_folder_of_ones_own_is_taken_up_too(here):
    code, _ = stopped_after("epoch 1/9", signal.SIGINT, "-o", "mine")
    assert code == 130
    done = subprocess.run([*LONG, "-o", "mine"], capture_output=True, text=True, env=WHERE)
    assert "going on in mine" in done.stdout


STOPPING = """
import signal, sys, time
from cutaway.cli.stopping import Stopping
signal.signal(signal.SIGHUP, signal.{hangup})
with Stopping("stopping") as stop:
    print("ready", flush=True)
    for _ in range(100):
        time.sleep(0.05)
        if stop and {gentle}:
            sys.exit(stop.exit_code)
print("not stopped")
"""


@pytest.mark.parametrize(
    "signals, gentle, hangup, code",
    [
        ([signal.SIGINT], True, "SIG_DFL", 130),
        ([signal.SIGHUP], True, "SIG_DFL", 129),
        ([signal.SIGHUP, signal.SIGTERM], True, "SIG_IGN", 143),  # as under nohup
        ([signal.SIGINT, signal.SIGINT], False, "SIG_DFL", 130),
    ],
)
def test_signals(signals, gentle, hangup, code):
    program = STOPPING.format(gentle=gentle, hangup=hangup)
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=WHERE
    ) as process:
        assert process.stdout and process.stdout.readline() == b"ready\n"
        for number in signals:
            process.send_signal(number)
            time.sleep(0.2)
        out, err = process.communicate(timeout=10)
    assert process.returncode == code
    assert (out, err) == (b"", b"\nstopping\n")


def test_whoever_reads_the_output_may_leave(here):
    line = " ".join(f"'{word}'" for word in LONG) + " | head -16; exit ${PIPESTATUS[0]}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, env=WHERE)
    assert done.stderr == ""
    assert done.returncode == 141
    assert "going on in runs/digits-1" in started(*LONG[3:]).stdout


# ---- watching


def test_epochs_are_kept_where_they_are_asked_for(here):
    ran("train", "digits", *FAST)
    ran("train", "digits", *FAST, "--keep-epochs")
    assert epochs.numbers("runs/digits-1") == []
    assert epochs.numbers("runs/digits-2") == [1, 2]
    first, second = (load(f"runs/digits-{number}").weights["dense1.weight"] for number in (1, 2))
    np.testing.assert_array_equal(first, second)


WATCHED = [*PYTHON, "train", "digits", "--net", NET, "--engine", "reference", "--watch"]


@contextlib.contextmanager
def watched(*line):
    """A training with a page, and the page's link."""
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=WHERE) as process:
        assert process.stdout
        yield process, next(line for line in process.stdout if line.startswith("watch it at ")).split()[-1]


def test_a_page_follows_the_training(here):
    """It is there before the first epoch, with the weights that the net starts from; then it is told each epoch."""
    told: list[dict[str, Any]] = []
    answers: list[tuple[Any, list[memoryview]]] = []
    with watched(*WATCHED, "--epochs", "20") as (process, link):
        with talking(link) as page:
            content = content_at(link)
            while not told or told[-1]["number"] < 20 or not answers:
                message, buffers = page.hear()
                if "tell" not in message:
                    answers.append((message, buffers))
                    continue
                told.append(message["epoch"])
                if len(told) == 1:
                    page.say({"ask": "epoch", "id": 1, "epoch": told[0]["number"]})
        out, err = process.communicate(timeout=60)
    assert (content["live"], content["title"], len(content["pictures"])) == (True, "digits-1", 12)
    assert [epoch["number"] for epoch in told] == list(range(told[0]["number"], 21))
    assert process.returncode == 0, err  # it ends by itself: nobody sits at a terminal
    assert "the page is still open" not in out
    ((answer, buffers),) = answers
    kept = epochs.load("runs/digits-1", told[0]["number"], load("runs/digits-1").net)
    for name, buffer in zip(answer["order"], buffers, strict=True):
        np.testing.assert_array_equal(np.frombuffer(buffer, "<f4"), kept[name].ravel())
    assert told[-1]["validation_loss"] == load("runs/digits-1").facts["epochs"][-1]["validation_loss"]


def test_a_page_shows_a_run_that_is_taken_up_as_it_was_left(here):
    code, _ = stopped_after("epoch 2/9", signal.SIGINT, "--watch")
    assert code == 130
    with watched(*LONG, "--watch") as (process, link):
        content = content_at(link)
        process.communicate(timeout=60)
    assert [epoch["number"] for epoch in content["epochs"]][:2] == [1, 2]
    assert epochs.numbers("runs/digits-1") == list(range(1, 10))


def test_on_a_terminal_the_page_stays_until_ctrl_c(here):
    ours, its = pty.openpty()
    environment = WHERE | {"BROWSER": "echo opened %s", "TERM": "xterm"}
    line = [*WATCHED, "--epochs", "1"]
    with subprocess.Popen(line, stdin=its, stdout=its, stderr=its, env=environment) as process:
        os.close(its)
        try:
            shown_until(ours, b"opened http://127.0.0.1:", b"still open; Ctrl-C ends it")
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0  # the training was done
    os.close(ours)
    assert load("runs/digits-1").facts["finished"]


# ---- on a terminal


def on_a_terminal(columns, *words):
    """Everything that a command shows on a terminal of so many columns."""
    ours, its = pty.openpty()
    environment = WHERE | {"COLUMNS": str(columns), "TERM": "xterm"}
    with subprocess.Popen([*PYTHON, *words], stdin=its, stdout=its, stderr=its, env=environment) as process:
        os.close(its)
        shown = b""
        with contextlib.suppress(OSError):  # so ends a terminal, on Linux
            while some := os.read(ours, 65536):
                shown += some
    os.close(ours)
    assert process.returncode == 0
    return shown.decode()


@pytest.mark.parametrize("columns", [80, 1])
def test_progress_is_drawn_on_a_terminal(here, columns):
    shown = on_a_terminal(columns, "train", "digits", *FAST)
    assert "Traceback" not in shown
    drawn = [line for line in re.split(r"[\r\n]", shown) if "[" in line]
    assert all(len(line) < columns for line in drawn)
    if columns == 80:
        assert any(re.match(r"epoch 1/2 \[#*\.*\] [\d,]+/1,420 ", line) for line in drawn)
    else:
        assert not drawn
