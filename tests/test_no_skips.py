"""The plugin that makes skipped tests fail does so; it runs here in a clone of its own, with and without ../shared."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SKIPPED = """
import pytest

def test_wants_a_part():
    pytest.skip("no Chromium on this machine")

def test_wants_shared():
    pytest.skip("no ../shared/data beside this clone")

@pytest.mark.xfail(reason="known")
def test_fails_as_expected():
    raise ValueError

def test_passes():
    pass
"""


@pytest.fixture
def clone(tmp_path):
    tests = tmp_path / "clone" / "tests"
    tests.mkdir(parents=True)
    shutil.copy(Path(__file__).with_name("no_skips.py"), tests)
    (tests / "test_skipped.py").write_text(SKIPPED)
    return tests.parent


def failed(clone):
    """The names of the tests that fail in the clone."""
    command = [sys.executable, "-m", "pytest", "-p", "tests.no_skips", "-rA", "--color=no"]
    done = subprocess.run(command, cwd=clone, capture_output=True, encoding="utf-8")
    assert "PASSED tests/test_skipped.py::test_passes" in done.stdout
    return set(re.findall(r"FAILED .*::(test_\w+)", done.stdout))


def test_only_shared_may_be_missing(clone):
    assert failed(clone) == {"test_wants_a_part"}


def test_shared_is_used_where_it_is(clone):
    (clone.parent / "shared").mkdir()
    assert failed(clone) == {"test_wants_a_part", "test_wants_shared"}
