"""A plugin that makes a skipped test a failure: `make test PYTEST_ARGS="-p tests.no_skips"`, as .ci/run does.

One thing may be missing: ../shared, the folder of real data sets, where the clone stands alone.
"""

from pathlib import Path

import pytest

NO_SHARED = "no ../shared"
"""How the reason to skip starts, where that folder is wanted."""

SHARED = Path(__file__).resolve().parents[2] / "shared"


def refused(report):
    """The report, as a failure if it is of a skip that is not allowed."""
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        if SHARED.exists() or not reason.startswith(NO_SHARED):
            report.outcome = "failed"
            report.longrepr = f"skipped, where nothing may be: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    return refused((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report():
    return refused((yield))
