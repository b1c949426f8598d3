"""The command line for tests: in this process, and as people start it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from cutaway.cli.group import cutaway
from cutaway.engines.native import cache as native

ROOT = Path(__file__).resolve().parents[1]
PYTHON = [sys.executable, "-m", "cutaway"]
WHERE = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


def empty_cache(folder: Path) -> Path:
    """A folder for $CUTAWAY_CACHE that has the compiled code, which takes 5 seconds to make, and nothing else."""
    native.folder().mkdir(parents=True, exist_ok=True)
    folder.mkdir(parents=True)
    (folder / "native").symlink_to(native.folder())
    return folder


def run(*line: object) -> Result:
    """`run("train", folder)`: in this process. An error that is not told in a line is raised."""
    result = CliRunner().invoke(cutaway, [str(word) for word in line])
    assert "internal error" not in result.stderr, result.stderr
    return result


def ran(*line: object) -> str:
    """What a command prints that has to succeed."""
    result = run(*line)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def started(*line: object, **settings: Any) -> subprocess.CompletedProcess[Any]:
    """In a process of its own, to its end."""
    words = [*PYTHON, *map(str, line)]
    usual: dict[str, Any] = {"text": True, "timeout": 60, "env": WHERE}
    return subprocess.run(words, capture_output=True, **usual | settings)
