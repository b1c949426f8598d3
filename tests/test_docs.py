"""The examples in README.md and docs/ do what they show."""

import os
import re
import sys
from pathlib import Path

import pytest

from tests.doc_examples import failures

ROOT = Path(__file__).parents[1]
PAGES = [page.relative_to(ROOT).as_posix() for page in [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]]
FROM_NOTHING = ("docs/engine.md", "docs/pictures.md")
"""Pages that show what is in the cache: it is theirs alone."""


@pytest.fixture(scope="session")
def fonts(tmp_path_factory):
    """Where matplotlib keeps its list of fonts, which takes it half a second to make."""
    return tmp_path_factory.mktemp("fonts")


@pytest.fixture(scope="session")
def compiled(tmp_path_factory):
    """Where the native engine keeps its code, which takes it five seconds to make."""
    return tmp_path_factory.mktemp("compiled")


@pytest.fixture
def empty_home(tmp_path, monkeypatch, fonts):
    """An empty folder to work in, as the reader's home too: examples write nowhere else."""
    monkeypatch.setenv("MPLCONFIGDIR", str(fonts))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # this tree's cutaway, wherever the environment's points
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.parametrize("page", PAGES)
def test_examples_of(page, empty_home, tmp_path, compiled):
    if page not in FROM_NOTHING:
        (tmp_path / ".cache" / "cutaway").mkdir(parents=True)
        (tmp_path / ".cache" / "cutaway" / "native").symlink_to(compiled)
    wrong = list(failures(page, (ROOT / page).read_text("utf-8")))
    assert not wrong, "\n\n" + "\n\n".join(wrong)


GOOD = """
```python
>>> one = 1
```

* ```python
  >>> one + 1
  2
  ```

```python
two = one + 1
assert two == 2
```

```python
>>> print("1\\n\\n\\n 2")
1


 2

>>> two + 1
3
```

```console
$ echo some text \\
  and more > file; cat file
some ... more
$ cat file
some text and more
```

```console
$ cat absent
...No such file...directory
```

<!-- not run: there is no such command -->
```console
$ no-such-command
```

```text
>>> 1 + 1
3
```
"""


def test_good_examples_pass(empty_home):
    assert list(failures("good.md", GOOD)) == []


def test_commands_are_those_of_this_python(empty_home):
    page = f"```console\n$ python -c 'import sys; print(sys.prefix)'\n{sys.prefix}\n```\n"
    assert list(failures("page.md", page)) == []


BAD = {
    "wrong value": (
        "\n```python\n>>> 1 + 1\n3\n```\n",
        r'File "bad.md", line 3,.*\n.*\n    1 \+ 1\nExpected:\n    3\nGot:\n    2',
    ),
    "raises": (
        "\n```python\none = 1\none / 0\n```\n",
        r"bad.md:3: the block raised\n(.*\n)*.*line 4.*\n(.*\n)*ZeroDiv",
    ),
    "wrong output": (
        "```console\n$ echo 1\n1\n$ echo 2\n3\n```\n",
        r"bad.md:4: \$ echo 2\nExpected:\n    3\nGot:\n    2",
    ),
    "output that is not shown": (
        "```console\n$ echo 1\n```\n",
        r"bad.md:2: \$ echo 1\nExpected:\n(.*\n)*Got:\n    1",
    ),
    "output that does not come": (
        "```console\n$ true\n1\n```\n",
        r"bad.md:2: \$ true\nExpected:\n    1\nGot:",
    ),
    "fails silently": ("```console\n$ false\n```\n", r"bad.md:2: \$ false\nfailed with exit code 1"),
    "fails behind dots": (
        "```console\n$ echo 1 2; echo 3; false\n1 2\n...\n```\n",
        r"bad.md:2: .*\nfailed with exit code 1",
    ),
    "no command": ("```console\nls\n```\n", "bad.md:2: a console block starts with"),
    "no reason": ("<!-- not run: -->\n```console\n$ ls\n```\n", 'bad.md:3: "not run:" wants a reason'),
    "another name": ("```bash\nls\n```\n", "bad.md:2: a block of bash is not run; call it console"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_examples_fail(case, empty_home):
    page, message = BAD[case]
    [wrong] = failures("bad.md", page)
    assert re.search(message, wrong)
