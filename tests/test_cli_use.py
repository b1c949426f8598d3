"""The command line as such: help, wrong use, exit codes, what is said when something breaks."""

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from cutaway import __version__
from cutaway.cli import failing, group
from cutaway.cli.group import COMMANDS, cutaway
from cutaway.errors import InputError, JobError
from tests.command import ROOT, run, started


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_shows_an_example_first(name):
    result = run(*name.split(), "--help")
    assert result.exit_code == 0
    first = result.output.splitlines()
    assert first[0] == "Example:"
    assert first[1].strip().startswith(f"cutaway {name}".strip())
    assert "--debug" in result.output


@pytest.mark.parametrize("name", COMMANDS)
def test_the_examples_parse(name):
    """Options and arguments of every example are known; nothing is run."""
    command = cutaway.get_command(click.Context(cutaway), name)
    assert isinstance(command, group.Command)
    for line in command.example.splitlines():
        words = [a or b for a, b in re.findall(r"'([^']*)'|([^\s'>(]\S*)", re.sub(r"(\(|> ).*|^cutaway \S+", "", line))]
        command.make_context(name, words)


def test_the_help_of_all_commands_is_that_of_each():
    for name, said in COMMANDS.items():
        assert said in re.sub(r"\s+", " ", run("--help").output)
        assert cutaway.get_command(click.Context(cutaway), name) is not None


def test_version():
    assert run("--version").output == f"cutaway, version {__version__}\n"


@pytest.mark.parametrize(
    "line, said",
    [
        (["trian"], "cutaway: there is no command 'trian'; did you mean 'train'? (see cutaway --help)"),
        (["frobnicate"], "cutaway: there is no command 'frobnicate'; known: check, train"),
        (["train"], "cutaway: missing argument 'SOURCE' (see cutaway train --help)"),
        (
            ["train", "digits", "--epoch", "3"],
            "cutaway: no such option '--epoch'. (Did you mean one of: '--epochs', '--keep-epochs'?)",
        ),
        (
            ["train", "digits", "--epochs", "many"],
            "cutaway: invalid value for '--epochs': 'many' is not a valid integer",
        ),
        (["train", "digits", "--epochs", "0"], "cutaway: epochs is 0; it can be a whole number from 1"),
        (["train", "digits", "--rate", "-1"], "cutaway: rate is -1.0; it can be a number from 0"),
        (["train", "digits", "--optimiser", "adam"], "cutaway: there is no optimiser 'adam'; did you mean 'adamw'?"),
        (
            ["train", "digits", "--until", "99"],
            "cutaway: invalid value for '--until': '99' is not a share; write 99% or 0.99",
        ),
        (
            ["train", "digits", "--size", "64x"],
            "cutaway: invalid value for '--size': '64x' is not a size; write it as 64x64",
        ),
        (["train", "digits", "--engine", "warp"], "cutaway: there is no engine 'warp'"),
        (["train", "digits", "--net", "lenet"], "cutaway: there is no net 'lenet'; did you mean 'lenet5'?"),
        (["train", "no/such"], "cutaway: no/such: no such folder or file"),
        (["train", "digits", "--data", "x"], "cutaway: data='x' goes with a name"),
        (["evaluate", "no/run", "digits"], "cutaway: no/run: no such model folder"),
        (["predict", "no/run"], "cutaway: missing argument 'PICTURE...'"),
        (["predict", "no/run", "a.jpg", "--top", "0"], "cutaway: invalid value for '--top'"),
        (["explain", "no/run", "a.jpg"], "cutaway: no/run: no such model folder"),
        (["info", "."], "cutaway: . is not a model folder: there is no config.json in it"),
        (["nets", "lenet55"], "cutaway: there is no net 'lenet55'; did you mean 'lenet5'?"),
        (
            ["nets", "conv 8 3x3, dens 3", "--input", "9x9x1"],
            "cutaway: line 1, column 13: in 'dens 3': there is no layer 'dens'; did you mean 'dense'?",
        ),
        (["nets", "conv 1 3x3 stride 2 fit", "--input", "10x10x1"], "= 4.5 is not a whole number"),
        (["nets", "--classes", "3"], "cutaway: --input, --classes and --batch go with a net"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(line, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run(*line)
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.exit_code == 2
    assert not list(tmp_path.iterdir())


def test_nothing_at_all_shows_the_help():
    result = run()
    assert result.exit_code == 2
    assert "Commands:" in result.stderr


# ---- what breaks


@pytest.fixture
def broken(monkeypatch):
    """`cutaway nets` raises what it is told to."""

    def breaks(error):
        def raises(*_):
            raise error

        monkeypatch.setattr("cutaway.cli.nets.every", raises)

    return breaks


@pytest.mark.parametrize(
    "error, said, code",
    [
        (InputError("no such \nthing\x1b; try another"), r"cutaway: no such \nthing\u001b; try another", 2),
        (JobError("it failed"), "cutaway: it failed", 1),
        (KeyError("x"), "cutaway: internal error (KeyError: 'x'); run the same with --debug and report", 1),
        (MemoryError(), "cutaway: not enough memory", 1),
        (KeyboardInterrupt(), "cutaway: stopped", 130),
        (OSError(28, "No space left on device"), "cutaway: cannot write the output: No space left on device", 1),
        (PermissionError(13, "Permission denied", "x"), "cutaway: x: no permission", 2),
    ],
)
def test_failures_are_one_line(broken, error, said, code):
    broken(error)
    result = CliRunner().invoke(cutaway, ["nets"])
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert result.exit_code == code


def test_debug_shows_the_traceback_wherever_it_stands(broken):
    broken(JobError("it failed"))
    for line in (["nets", "--debug"], ["--debug", "nets"]):
        result = run(*line)
        assert "Traceback" in result.stderr
        assert result.stderr.endswith("cutaway: it failed\n")
        assert result.exit_code == 1


def test_what_cannot_be_told_is_never_without_words():
    for error in (click.Abort(), click.ClickException("Bad."), ValueError(), CutawaySurprise()):
        said, code = failing.told(error)
        assert said.strip()
        assert code in (1, 2, 130)


class CutawaySurprise(Exception):
    def __str__(self):
        return ""


# ---- as a process


def test_exit_codes_and_streams_of_a_process():
    good = started("nets", "lenet5")
    assert (good.returncode, good.stderr) == (0, "")
    assert "61,706" in good.stdout
    bad = started("nets", "lenet55")
    assert (bad.returncode, bad.stdout) == (2, "")
    assert bad.stderr.startswith("cutaway: there is no net 'lenet55'")


@pytest.mark.skipif(sys.platform == "win32", reason="a shell with pipes is needed")
def test_a_closed_pipe_is_no_failure():
    line = f"{sys.executable} -m cutaway nets mobilenetv2 | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] in ("141", "0")  # 0 where all was written before head ended
    gone = subprocess.run(
        ["bash", "-c", f"(sleep 1; {sys.executable} -m cutaway nets; echo $? >&2) | true"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert gone.stderr == "141\n"
    closed = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m cutaway nets x5 >&-"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert (closed.returncode, closed.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_output_that_cannot_be_written():
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "cutaway", "nets"],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert done.stderr == "cutaway: cannot write the output: No space left on device\n"
    assert done.returncode == 1


HELP = """
import sys
from cutaway.cli.group import cutaway
try:
    cutaway(["--help"])
except SystemExit:
    print(sorted({"numpy", "PIL", "safetensors"} & set(sys.modules)))
"""


def test_help_needs_no_arrays_and_no_pictures():
    done = subprocess.run([sys.executable, "-c", HELP], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.endswith("[]\n"), done.stderr


def test_a_terminal_without_the_letters(tmp_path):
    """What cannot be shown is shown as its code."""
    done = started("info", "é日本\udcff", env={"PYTHONIOENCODING": "latin-1", "PATH": ""}, encoding="latin-1")
    assert done.returncode == 2
    assert done.stderr == "cutaway: é\\u65e5\\u672c\\udcff: no such model folder\n"
