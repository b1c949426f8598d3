"""`cutaway engine`: what it says of the processor, of its peak, and of compiled code."""

import re

import pytest

from cutaway.cores import cores
from cutaway.engines.native import support
from cutaway.engines.native.compiler import Library
from cutaway.engines.native.machine import this_machine
from tests.command import WHERE, ran, run, started


def rows(said):
    """What stands behind each name."""
    return {name: value for name, value in (re.split(r" {2,}", line, maxsplit=1) for line in said.splitlines())}


def test_it_says_what_computes():
    machine, said = this_machine(), rows(ran("engine"))
    assert said["processor"].startswith(f"{machine.cpu}, {machine.triple}")
    assert said["registers"].startswith(f"{machine.registers} of {32 * machine.lanes} bits: {machine.lanes} pictures")
    assert said["cores"] == str(cores())
    assert said["precisions"] == ("float32, bf16" if machine.pairs else "float32")
    assert set(said["features"].split(", ")) <= set(machine.features.replace("+", "").split(","))
    rates = re.findall(r"([\d,]+) GF/s with \d+ threads?", said["peak float32"])
    assert len(rates) == len({1, cores()})
    assert all(float(rate.replace(",", "")) > 1 for rate in rates)


def test_looking_compiles_nothing_but_the_loop_that_is_measured(tmp_path):
    done = started("engine", env=WHERE | {"CUTAWAY_CACHE": str(tmp_path)})
    said = rows(done.stdout)
    assert re.fullmatch(rf"{re.escape(str(tmp_path / 'native'))}: 1 file, \d\.\d kB", said["cache"])
    assert said["compiled"].startswith("no: about ")


def test_warm_compiles_everything_once(tmp_path):
    where = WHERE | {"CUTAWAY_CACHE": str(tmp_path), "CUTAWAY_CPU": "x86-64"}
    first, again, look = (started("engine", *more, env=where).stdout for more in (["--warm"], ["--warm"], []))
    assert re.fullmatch(rf"compiled in \d+\.\d s, into {re.escape(str(tmp_path))}.native\n", first)
    assert again == f"everything was compiled already, in {tmp_path / 'native'}\n"
    assert rows(look)["compiled"] == "yes"


def test_where_nothing_can_be_kept_it_says_so(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("CUTAWAY_CACHE", str(tmp_path / "file"))
    monkeypatch.setattr(Library, "load", lambda self, *groups: None)
    result = run("engine", "--warm")
    assert result.exit_code == 1
    assert re.fullmatch(
        r"cutaway: compiled in 0\.0 s, but \S+ cannot be written to, so it is not kept\n", result.stderr
    )


@pytest.mark.parametrize("more", [[], ["--warm"]])
def test_where_the_engine_cannot_be_used_it_says_why(monkeypatch, more):
    monkeypatch.setattr(support, "missing_library", lambda: "llvmlite is 0.40; the native engine needs 0.46 or newer")
    result = run("engine", *more)
    assert result.exit_code == 1
    assert result.stderr.endswith(
        "the reference engine computes: llvmlite is 0.40; the native engine needs 0.46 or newer\n"
    )
    assert result.stderr.count("\n") == 1
