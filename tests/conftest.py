"""What tests share."""

import os
from pathlib import Path

import pytest

from tests.browser import axe, chromium
from tests.command import ran
from tests.spreadsheet import office, recalculate

# One process a core runs tests, so NumPy's products need no threads of their own: those only wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Tests leave nothing in the user's cache of decoded pictures, but for those of that cache, which have one of their own.
os.environ.setdefault("CUTAWAY_CACHE_LIMIT", "0")

__all__ = ["axe", "chromium", "office", "recalculate"]

SHARED = Path(__file__).resolve().parents[1].parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets beside the clone; tests that need it are skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("no ../shared/data beside this clone")
    return SHARED


@pytest.fixture(scope="session")
def digits_run(tmp_path_factory) -> Path:
    """The run of a net that knows the bundled digits, with the weights of each of its eight epochs."""
    folder: Path = tmp_path_factory.mktemp("runs") / "digits-1"
    ran("train", "digits", "--net", "digits", "--epochs", 8, "--keep-epochs", "-o", folder)
    return folder
