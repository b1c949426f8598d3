"""Machine code made in a process of its own, or here where none can be started."""

import ast
import sys
from pathlib import Path

import pytest

from cutaway.engines.native import objects
from cutaway.engines.native.compiler import OTHERS, OURS
from cutaway.engines.native.machine import this_machine
from cutaway.engines.native.modules import GROUPS, modules

TEXT = "define void @nothing(i64 %record) nounwind {\nentry:\nret void\n}\n"
MACHINE = this_machine()
TARGET = MACHINE.triple, MACHINE.cpu, MACHINE.features


def test_another_process_makes_what_this_one_would(monkeypatch):
    here = objects.compiled(TEXT, *TARGET)
    monkeypatch.setattr(objects, "compiled", None)  # so that it cannot be this one
    assert objects.made(TEXT, *TARGET) == here


@pytest.mark.parametrize("program", ["no such program", "", "false"])
def test_where_no_process_can_be_started_this_one_compiles(monkeypatch, program):
    monkeypatch.setattr(sys, "executable", program)
    assert objects.made(TEXT, *TARGET) == objects.compiled(TEXT, *TARGET)


def test_text_that_is_none_is_an_error_of_this_process():
    with pytest.raises(RuntimeError, match="parsing error"):
        objects.made("define nothing", *TARGET)


def test_modules_deal_out_every_function_once():
    for group, functions in GROUPS.items():
        names = [name for part in modules(group) for name in part.names(MACHINE)]
        assert sorted(names) == sorted(name for name, _ in functions(MACHINE))
        assert len(set(names)) == len(names)


def test_modules_of_a_group_are_of_about_one_length():
    lengths = [len(part.text(MACHINE)) for part in modules("products")]
    assert max(lengths) < 1.2 * min(lengths)


def test_the_cache_knows_every_file_that_the_code_depends_on():
    folder, package = Path(objects.__file__).parent, "cutaway.engines.native"
    known = {f"cutaway.{name}" for name in OTHERS} | {f"{package}.{name}" for name in OURS}
    paths = [folder / f"{name}.py" for name in OURS] + list(folder.glob("kernels/*.py"))
    found = set()
    for node in (node for path in paths for node in ast.walk(ast.parse(path.read_text()))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{package}.{name.name}" for name in node.names] if node.module == package else [node.module]
            found |= {name for name in names if name.startswith("cutaway") and ".native.kernels" not in name}
    assert found <= known
