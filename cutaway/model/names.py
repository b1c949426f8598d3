r"""Class names and paths on one line each, whatever is in them.

>>> escaped("two\nlines"), unescaped(r"two\nlines")
('two\\nlines', 'two\nlines')
"""

import re

SHORT = {"\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t"}
LONG = {written: character for character, written in SHORT.items()}


def escaped(name: str) -> str:
    r"""A name without line breaks and control characters: `\\`, `\n`, `\r`, `\t` or `\uXXXX` stand for them.

    Bytes of a file name that are no text (which Python holds as lone surrogates) are written as `\udcXX`, so that the
    result can always be encoded.
    """
    return "".join(SHORT.get(c) or (c if c.isprintable() else _code(c)) for c in name)


def unescaped(line: str) -> str:
    """The name that `escaped` wrote."""
    return re.sub(r"\\(?:u([0-9a-f]{4})|U([0-9a-f]{8})|.)", lambda m: _character(m[0], m[1] or m[2]), line)


def _code(character: str) -> str:
    number = ord(character)
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _character(written: str, code: str | None) -> str:
    return chr(int(code, 16)) if code else LONG.get(written, written)
