"""Machine code on disk: made once, made anew where it is damaged, not used for another processor."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from cutaway.engines.native import cache
from cutaway.engines.native.compiler import Library
from cutaway.engines.native.machine import Machine, this_machine
from tests.command import WHERE

CODE = b"code" * 100


@pytest.fixture(autouse=True)
def _a_cache_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUTAWAY_CACHE", str(tmp_path / "cache"))


class Compiler:
    """Counts how often it is asked."""

    def __init__(self, code: bytes = CODE) -> None:
        self.code, self.times = code, 0

    def __call__(self) -> bytes:
        self.times += 1
        return self.code


def test_code_is_made_once() -> None:
    compiler = Compiler()
    assert [cache.stored("a", compiler) for _ in range(3)] == [CODE] * 3
    assert compiler.times == 1
    assert cache.stored("b", Compiler(b"other")) == b"other"
    assert cache.stored("a", compiler) == CODE


@pytest.mark.parametrize("place", [0, cache.DIGEST - 1, cache.DIGEST, -1])
def test_a_damaged_file_is_made_anew(place: int) -> None:
    cache.stored("a", Compiler())
    path = cache.path_of("a")
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    compiler = Compiler()
    assert [cache.stored("a", compiler) for _ in range(2)] == [CODE] * 2
    assert compiler.times == 1


@pytest.mark.parametrize("length", [0, 1, cache.DIGEST, cache.DIGEST + 1, cache.DIGEST + len(CODE) - 1])
def test_a_file_that_is_cut_short_is_made_anew(length: int) -> None:
    cache.stored("a", Compiler())
    path = cache.path_of("a")
    path.write_bytes(path.read_bytes()[:length])
    compiler = Compiler()
    assert [cache.stored("a", compiler) for _ in range(2)] == [CODE] * 2
    assert compiler.times == 1


def test_only_the_newest_are_kept() -> None:
    for number in range(cache.KEPT + 3):
        cache.stored(str(number), Compiler())
        os.utime(cache.path_of(str(number)), (number, number))
    kept = {path.name for path in cache.folder().iterdir()}
    assert kept == {cache.path_of(str(number)).name for number in range(3, cache.KEPT + 3)}


def test_where_nothing_can_be_written_code_is_made_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("CUTAWAY_CACHE", str(tmp_path / "file"))
    compiler = Compiler()
    assert [cache.stored("a", compiler) for _ in range(2)] == [CODE] * 2
    assert compiler.times == 2


def files_of(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that would be used for all code of a machine."""
    used: list[str] = []

    def read(path: Path) -> bytes:
        used.append(path.name)
        return b""

    monkeypatch.setattr(cache, "read", read)
    assert Library(machine).there("kernels", "products")
    monkeypatch.undo()
    return used


def test_a_processor_with_other_features_has_files_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A feature may vanish between two runs: in another virtual machine, by a setting of the BIOS."""
    machine = this_machine()
    others = [
        replace(machine, features=machine.features.replace("+", "-", 1)),
        replace(machine, cpu="another"),
        replace(machine, pairs=not machine.pairs),
        replace(machine, lanes=machine.lanes // 2),
    ]
    known = files_of(machine, monkeypatch)
    assert known
    assert files_of(machine, monkeypatch) == known
    for other in others:
        assert not set(files_of(other, monkeypatch)) & set(known)


PROGRAM = """
import numpy as np
from cutaway.engines import choose
from cutaway.net import parse, start
net = parse("input 6x6x1, scale, conv 9 3x3, relu, flatten, dense 2, softmax")
print(choose("native", net, 1, "float32").predictor(net, start(net))(np.zeros((3, 6, 6, 1), np.uint8)).tolist())
"""


def test_two_processes_compile_into_one_empty_folder_at_once() -> None:
    words = [sys.executable, "-c", PROGRAM]
    env = WHERE | {"CUTAWAY_CACHE": os.environ["CUTAWAY_CACHE"]}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    both = [subprocess.Popen(words, env=env, text=True, **pipes) for _ in range(2)]  # type: ignore[call-overload]
    said = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert said[0] == said[1] == ("[[0.5, 0.5], [0.5, 0.5], [0.5, 0.5]]\n", "")
    left = [path for path in cache.folder().iterdir() if cache.read(path) is None]
    assert not left, "something that is not whole"
    whole = {path: path.stat().st_mtime_ns for path in cache.folder().iterdir()}
    again = subprocess.run(words, env=env, text=True, capture_output=True, check=True)
    assert again.stdout == said[0][0]
    assert {path: path.stat().st_mtime_ns for path in cache.folder().iterdir()} == whole
