"""What an import brings with it: little, so that `import cutaway` and `cutaway --help` are quick."""

import subprocess
import sys
from pathlib import Path

import pytest

import cutaway

PACKAGE = Path(cutaway.__file__).parent
HEAVY = {
    "anywidget",
    "click",
    "datasets",
    "huggingface_hub",
    "llvmlite",
    "matplotlib",
    "numba",
    "numpy",
    "onnx",
    "onnxruntime",
    "PIL",
    "pyarrow",
    "safetensors",
    "scipy",
    "sklearn",
    "starlette",
    "torch",
    "uvicorn",
    "websockets",
    "xlsxwriter",
}
"""The libraries that take long to import."""

ONLY_WHEN_USED = HEAVY - {"click", "numpy", "PIL", "safetensors"}
"""Those that no module may import at its top."""


DOORS = "cutaway.net.onnx."
"""Modules that are made of one of them, and so are themselves imported only when used."""


def imported_by(*command):
    """The top-level packages that a fresh interpreter has imported when the command is done."""
    done = subprocess.run([sys.executable, "-X", "importtime", *command], capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    # "import time: [microseconds] | [with what it imports] | a.b.c"
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


def modules():
    """The name of every module of cutaway, but `__main__`, whose import runs it."""
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        if parts[-1] != "__main__":
            yield ".".join(parts).removesuffix(".__init__")


def test_the_list_of_imports_is_complete():
    assert {"numpy", "cutaway"} <= imported_by("-c", "import cutaway.losses")


def test_cutaway_imports_no_library():
    assert imported_by("-c", "import cutaway") & HEAVY == set()


def test_help_imports_click_alone():
    assert imported_by("-m", "cutaway", "--help") & HEAVY == {"click"}


def test_modules_import_heavy_libraries_only_when_used():
    names = [name for name in modules() if not name.startswith(DOORS)]
    assert {"cutaway", "cutaway.errors", "cutaway.layers.conv", "cutaway.net"} <= set(names)
    assert imported_by("-c", "\n".join(f"import {name}" for name in names)) & ONLY_WHEN_USED == set()


@pytest.mark.parametrize("command", [["predict", "{run}", "digits[3]"], ["evaluate", "{run}", "digits"]])
def test_a_model_is_used_without_what_trains_or_writes_it(digits_run, command, tmp_path):
    line = [word.format(run=digits_run) for word in command] + ["-o", str(tmp_path / "table.csv")]
    seen = imported_by("-m", "cutaway", *line)
    assert "numpy" in seen
    assert seen & {"llvmlite", "matplotlib", "numba", "onnx", "scipy", "torch"} == set()
    assert ("onnxruntime" in seen) == (command[0] == "evaluate")  # one small picture is done before it is ready


ALONE = """
import importlib, sys
for name in sys.argv[1:]:
    for loaded in [module for module in sys.modules if module.partition(".")[0] == "cutaway"]:
        del sys.modules[loaded]
    importlib.import_module(name)
"""


def test_each_part_can_be_the_first_one_imported():
    parts = [name for name in modules() if name.count(".") < 2]  # the modules inside import their package first
    done = subprocess.run([sys.executable, "-c", ALONE, *parts], capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
