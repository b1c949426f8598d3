"""The native engine with the code for other processors: those whose instructions this one has too."""

import subprocess
import sys

import pytest
from llvmlite import binding as llvm

from cutaway.engines.native.machine import VARIABLE
from tests.command import ROOT, WHERE

FEATURES = llvm.get_host_cpu_features()
X86 = llvm.get_process_triple().startswith("x86_64")
OTHERS = ["haswell"] * bool(X86 and FEATURES.get("avx2")) + ["x86-64" if X86 else "generic"]
"""With registers of 8 floats (AVX2), and of 4."""
FILES = [f"tests/test_engines{part}.py" for part in ("", "_sizes", "_memory")]
COMPACT = "(native and (test_gradients or integer)) or small_whole_numbers or TestPoison"


@pytest.mark.parametrize("cpu", OTHERS)
def test_passes_the_compact_part_of_these_tests(cpu: str) -> None:
    words = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *FILES, "-k", COMPACT]
    ended = subprocess.run(words, cwd=ROOT, env=WHERE | {VARIABLE: cpu}, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stdout[-3000:]
    assert " passed" in ended.stdout


@pytest.mark.parametrize(("cpu", "lanes"), [(cpu, 8 if cpu == "haswell" else 4) for cpu in OTHERS])
def test_registers_are_those_of_the_processor_that_is_named(cpu: str, lanes: int) -> None:
    program = "from cutaway.engines.native.machine import this_machine as m; print(m().cpu, m().lanes, m().pairs)"
    words = [sys.executable, "-c", program]
    ended = subprocess.run(words, env=WHERE | {VARIABLE: cpu}, capture_output=True, text=True, check=True)
    assert ended.stdout.split() == [cpu, str(lanes), "False"]
