"""What an import brings with it: little, so that `import cutaway` and `cutaway --help` are quick."""

import subprocess
import sys
from pathlib import Path

import cutaway

PACKAGE = Path(cutaway.__file__).parent
HEAVY = {
    "anywidget",
    "click",
    "llvmlite",
    "matplotlib",
    "numba",
    "numpy",
    "onnx",
    "onnxruntime",
    "PIL",
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
    names = list(modules())
    assert {"cutaway", "cutaway.errors", "cutaway.layers.conv", "cutaway.net"} <= set(names)
    assert imported_by("-c", "\n".join(f"import {name}" for name in names)) & ONLY_WHEN_USED == set()


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
