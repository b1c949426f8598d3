r"""Class names and paths on one line each, whatever is in them.

>>> escaped("two\nlines"), unescaped(r"two\nlines")
('two\\nlines', 'two\nlines')
"""

import re

from cutaway.wording import SHORT, one_line

BACKSLASH = "\\"
LONG = {written: character for character, written in SHORT.items()} | {2 * BACKSLASH: BACKSLASH}


def escaped(name: str) -> str:
    r"""A name on one line (see `one_line`), with a backslash written twice, so that it can be read back."""
    return one_line(name.replace(BACKSLASH, 2 * BACKSLASH))


def unescaped(line: str) -> str:
    """The name that `escaped` wrote."""
    return re.sub(r"\\(?:u([0-9a-f]{4})|U([0-9a-f]{8})|.)", lambda m: _character(m[0], m[1] or m[2]), line)


def _character(written: str, code: str | None) -> str:
    return chr(int(code, 16)) if code else LONG.get(written, written)
