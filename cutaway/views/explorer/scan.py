"""Which parts of a JavaScript text are code, and which are comments, strings, templates and regular expressions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["code", "comment", "text"]

VALUE_FOLLOWS = re.compile(
    r"(?:^|[(,=:\[!&|?{};*%<>~^]|(?<!\+)\+|(?<!-)-"
    r"|(?<![\w$.])(?:return|typeof|case|in|of|delete|void|throw|new|else|do|await|yield))\s*$"
)
"""After this a slash begins a regular expression; after anything else it divides."""
NEAR = 20
"""So many signs before a slash say which."""

SIGNS = re.compile(r"//|/\*|[\"'`/{}]")
ENDS = {
    '"': re.compile(r'(?:[^"\\\n]|\\.)*"', re.S),
    "'": re.compile(r"(?:[^'\\\n]|\\.)*'", re.S),
    "/": re.compile(r"(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*"),
    "//": re.compile(r"[^\n]*"),
    "/*": re.compile(r".*?\*/", re.S),
    "`": re.compile(r"(?:[^`\\$]|\\.|\$(?!\{))*(?:`|\$\{)", re.S),
}
"""What comes after the sign that opens a part, up to its end; a template's part ends where something is put in."""


@dataclass(frozen=True)
class Part:
    """A stretch of a program; `text` is what stands in quotes, backticks or slashes, with them."""

    kind: Kind
    text: str


def parts(source: str) -> Iterator[Part]:
    """The whole program, part after part.

    >>> [(part.kind, part.text) for part in parts('a = "/*" // b')]
    [('code', 'a = '), ('text', '"/*"'), ('code', ' '), ('comment', '// b')]

    Raises ValueError where a string, template or comment has no end.
    """
    at = begun = 0
    before = ""
    inside: list[int] = []
    """Of each template that something is being put into: how many braces are open there."""
    while found := SIGNS.search(source, at):
        start, sign = found.start(), found[0]
        before = (before + source[at:start])[-NEAR:]
        goes_on = sign == "}" and inside[-1:] == [0]  # with the template
        if (sign in "{}" and not goes_on) or (sign == "/" and not VALUE_FOLLOWS.search(before)):
            if inside:
                inside[-1] += {"{": 1, "}": -1}.get(sign, 0)
            at, before = found.end(), before + sign
            continue
        end = _end(source, "`" if goes_on else sign, found.end())
        opens = source[end - 1] == "{" and sign in "`}"
        inside = [*(inside[:-1] if goes_on else inside), *([0] if opens else [])]
        if start > begun:
            yield Part("code", source[begun:start])
        is_comment = sign in ("//", "/*")
        yield Part("comment" if is_comment else "text", source[start:end])
        before = before if is_comment else "{" if opens else '"'
        at = begun = end
    if inside:
        raise ValueError("a template has no end")
    if begun < len(source):
        yield Part("code", source[begun:])


def blanked(source: str, *kinds: Kind) -> str:
    """The program with its parts of some kinds as blanks: every other sign stays at its place."""
    return "".join(re.sub(r"[^\n]", " ", part.text) if part.kind in kinds else part.text for part in parts(source))


def without_comments(source: str) -> str:
    """The program without its comments. One of several lines leaves a line break, which can end a statement."""
    left = {True: "\n", False: " "}
    return "".join(left["\n" in part.text] if part.kind == "comment" else part.text for part in parts(source))


def _end(source: str, sign: str, start: int) -> int:
    found = ENDS[sign].match(source, start)
    if not found:
        raise ValueError(f"line {source.count(chr(10), 0, start) + 1}: what {sign} opens has no end")
    return found.end()
