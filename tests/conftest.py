"""What tests share."""

from pathlib import Path

import pytest

from tests.browser import axe, chromium

__all__ = ["axe", "chromium"]

SHARED = Path(__file__).resolve().parents[1].parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets beside the clone; tests that need it are skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("no ../shared/data beside this clone")
    return SHARED
