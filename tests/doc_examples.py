"""Runs the examples of a Markdown page, so that what is printed there is what a reader gets.

    ```python                     prompts are run, and what follows each, up to the next, is compared; a block
    >>> 1 + 1                     without prompts is run and must not raise. Names live on in later blocks.
    2
    ```

    ```console                    each line that starts with "$ " is run in the shell, in the current folder;
    $ cutaway nets                a backslash at its end takes the next line with it. What follows is
    ...                           compared; "..." stands for anything.
    ```

    <!-- not run: reason -->      on the line before a block leaves that block out.

A command may fail only if the page shows how: what it shows must then end in words, not in "...".
"""

import doctest
import re
import subprocess
import traceback
from collections.abc import Iterator
from typing import Any

BLOCK = re.compile(
    r"^(?: *<!-- not run:(?P<reason>.*)-->\n)?(?P<indent> *)```(?P<kind>\w+)\n(?P<text>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)
COMMAND = re.compile(r"^\$ (?P<line>(?:.*\\\n)*.*)\n(?P<shown>(?:(?!\$ ).*\n)*)", re.MULTILINE)
BLANK_OUTPUT = re.compile(r"^\n(?=\n*(?!\n|>>>).)", re.MULTILINE)
"""An empty line that is not before a prompt is output; doctest wants it marked."""

OTHER_NAMES = {"bash": "console", "py": "python", "pycon": "python", "sh": "console", "shell": "console"}
"""Blocks that would look like examples and not be run, with what to call them."""

LONGEST = 120
"""Seconds that one command may take."""


def failures(name: str, page: str) -> Iterator[str]:
    """What is wrong with the examples of a page, each with file and line: nothing, if all is well."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for block in BLOCK.finditer(page):
        kind, text = block["kind"], re.sub(f"^{block['indent']}", "", block["text"], flags=re.MULTILINE)
        line = page.count("\n", 0, block.start("text")) + 1
        if block["reason"] is not None:
            if not block["reason"].strip():
                yield f'{name}:{line}: "not run:" wants a reason after it'
        elif kind in OTHER_NAMES:
            yield f"{name}:{line}: a block of {kind} is not run; call it {OTHER_NAMES[kind]}"
        elif kind == "python":
            yield from python_failures(name, line, text, names)
        elif kind == "console":
            yield from console_failures(name, line, text)


def python_failures(name: str, line: int, text: str, names: dict[str, Any]) -> Iterator[str]:
    if not re.search(r"^ *>>>", text, re.MULTILINE):
        try:
            exec(compile("\n" * (line - 1) + text, name, "exec"), names)
        except Exception:
            yield f"{name}:{line}: the block raised\n{traceback.format_exc(limit=-1)}"
        return
    text = BLANK_OUTPUT.sub("<BLANKLINE>\n", text)
    test = doctest.DocTestParser().get_doctest(text, {}, name, name, line - 1)
    test.globs = names  # shared, where get_doctest would have copied them
    report: list[str] = []
    doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS).run(test, out=report.append, clear_globs=False)
    if report:
        yield "".join(report)


def console_failures(name: str, line: int, text: str) -> Iterator[str]:
    if not text.startswith("$ "):
        yield f'{name}:{line}: a console block starts with "$ " and a command'
    for command in COMMAND.finditer(text):
        here = f"{name}:{line + text.count(chr(10), 0, command.start())}: $ {command['line']}"
        done = subprocess.run(
            command["line"],
            shell=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=LONGEST,
        )
        shown, printed = trimmed(command["shown"]), trimmed(done.stdout)
        checker, example = doctest.OutputChecker(), doctest.Example(command["line"], shown)
        if not checker.check_output(shown, printed, doctest.ELLIPSIS):
            yield f"{here}\n{checker.output_difference(example, printed, doctest.ELLIPSIS)}"
        elif done.returncode and (not shown.strip() or shown.endswith("...\n")):
            yield f"{here}\nfailed with exit code {done.returncode} and printed\n{printed}"


def trimmed(text: str) -> str:
    """Without the spaces at the ends of lines and the empty lines at the end, which nobody sees."""
    return "\n".join(line.rstrip() for line in text.rstrip().splitlines()) + "\n"
