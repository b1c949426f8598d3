"""Joins ES modules into one text, so that a page works from a single file and a widget from a single module.

Each module becomes a function that is called once and gives what it exports, in an order in which each comes after
what it imports: equal names in two modules do not meet. Understood is what the page is written with, a line each:

    import { a, b as c } from './x.js';     import whole from './x.js';
    export const a = 1;     export function f() {     export class C {     export default { ... };
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

IMPORT = re.compile(r"^import (?:(?P<whole>\w+)|\{(?P<names>[^}]*)\}) from '(?P<path>\.[^']+)';\n", re.M)
EXPORT = re.compile(r"^export (?:const|(?:async )?function\*?|class) (?P<name>\w+)", re.M)
DEFAULT = re.compile(r"^export default ", re.M)
OTHER = re.compile(r"^(?:import|export)\b.*", re.M)
"""What is left of an import or export that was not understood."""
COMMENT = re.compile(r"^[ \t]*/\*\*(?:(?!\*/).)*\*/[ \t]*\n", re.M | re.S)
"""A comment that begins and ends with a line: types, and reasons. The files have them."""


@dataclass(frozen=True)
class Joined:
    """The modules that an entry reaches, as one text."""

    code: str
    entry: str
    """The name of the object that holds what the entry exports."""

    @property
    def module(self) -> str:
        """One ES module that exports what the entry exports by default."""
        return f"{self.code}export default {self.entry}.default;\n"


def join(entry: Path) -> Joined:
    """Everything that an entry reaches, the entry last: `join(Path("page/main.js")).module`.

    Raises ValueError for an import or export that is not understood, and for modules that import each other.
    """
    order = list(in_order(entry.resolve(), set(), ()))
    names = {path: f"${number}" for number, path in enumerate(order)}
    return Joined("".join(scoped(path, names) for path in order), names[order[-1]])


def in_order(path: Path, done: set[Path], above: tuple[Path, ...]) -> Iterator[Path]:
    """What a module needs, then itself; each once."""
    if path in above:
        circle = " -> ".join(one.name for one in (*above[above.index(path) :], path))
        raise ValueError(f"modules import each other in a circle: {circle}")
    if path in done:
        return
    done.add(path)
    for match in IMPORT.finditer(path.read_text("utf-8")):
        yield from in_order((path.parent / match["path"]).resolve(), done, (*above, path))
    yield path


def scoped(path: Path, names: dict[Path, str]) -> str:
    """A module as a function that is called at once."""

    def imported(match: re.Match[str]) -> str:
        source = names[(path.parent / match["path"]).resolve()]
        if match["whole"]:
            return f"const {match['whole']} = {source}.default;\n"
        return f"const {{{match['names'].replace(' as ', ': ')}}} = {source};\n"

    body = IMPORT.sub(imported, COMMENT.sub("", path.read_text("utf-8")))
    exports = EXPORT.findall(body)
    if DEFAULT.search(body):
        exports.append("default: $default")
    body = DEFAULT.sub("const $default = ", EXPORT.sub(lambda match: match[0].removeprefix("export "), body))
    if wrong := OTHER.search(body):
        raise ValueError(f"{path}: {wrong[0]!r} is not joined; {Path(__file__).name} says what is")
    return f"// ---- {path.name}\nconst {names[path]} = (() => {{\n{body}return {{ {', '.join(exports)} }};\n}})();\n"
