"""Joins ES modules into one text, so that a page works from a single file and a widget from a single module.

Each module becomes a function that is called once and returns what it exports, in an order in which each comes after
what it imports: equal names in two modules do not meet. What is joined is what this project writes,

    import { a, b as c } from './x.js';     import d from './x.js';     import * as x from './x.js';    import './x.js';
    export const a = 1, b = 2;              export function f() {}      export class C {}
    export { a, b as c };                   export { a } from './x.js'; export default ...;

with `import` and `export` at the start of a line. Importers see an exported `let` as it was at the end of its module.
Everything else raises ValueError, with the file and the line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cutaway.views.explorer.scan import blanked, without_comments

STATEMENT = re.compile(r"^(?:import|export)\b(?!\s*[(.])", re.M)
NAME = r"[A-Za-z_$][\w$]*"
FROM = r"(?P<quote>['\"])(?P<path>[^'\"\n]+)(?P=quote)[ \t]*;?"
IMPORT = re.compile(
    rf"import\b\s*(?:(?P<default>{NAME})\s*,?\s*)?(?:\*\s*as\s+(?P<all>{NAME})|\{{(?P<names>[^{{}}]*)\}})?\s*"
    rf"(?:\bfrom\b\s*)?{FROM}"
)
LIST = re.compile(rf"export\s*\{{(?P<names>[^{{}}]*)\}}(?:\s*from\s*{FROM}|[ \t]*;?)")
DEFAULT = re.compile(rf"export\s+default\b\s*(?=(?:(?:async\s+)?function\s*\*?|class)\s+(?P<name>{NAME}))?")
DECLARED = re.compile(rf"export\s+(?=(?:(?:async\s+)?function\b\s*\*?|class\b)\s*(?P<name>{NAME}))")
VARIABLES = re.compile(r"export\s+(?=(?P<how>const|let|var)\b)")
NOT_JOINED = re.compile(r"\bimport\s*\(|\bimport\s*\.\s*meta\b|^await\b", re.M)
PLACE = re.compile(r"\0(\d+)\0")
"""Stands for a module in one that imports it, by its place among those, until all have their numbers."""


@dataclass
class Module:
    """One file: what is left of it when its imports and exports are taken out."""

    path: Path
    body: str = ""
    needs: list[Path] = field(default_factory=list)
    """The files that it imports, in order."""
    exports: dict[str, str] = field(default_factory=dict)
    """What each exported name is, as an expression in the module."""


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
    """Everything that an entry reaches, the entry last: `join(Path("page/main.js")).module`. 60 files take 0.1 s."""
    root = entry.parent.resolve()
    modules = list(_in_order(entry.resolve(), set(), ()))
    numbers = {module.path: number for number, module in enumerate(modules)}
    return Joined("".join(_written(module, numbers, root) for module in modules), f"${len(modules) - 1}")


def _in_order(path: Path, done: set[Path], above: tuple[Path, ...]) -> Iterator[Module]:
    """What a module needs, then itself; each once."""
    if path in above:
        circle = " -> ".join(one.name for one in (*above[above.index(path) :], path))
        raise ValueError(f"modules import each other in a circle: {circle}")
    if path in done:
        return
    done.add(path)
    module = read(path)
    for needed in module.needs:
        yield from _in_order(needed, done, (*above, path))
    yield module


def _written(module: Module, numbers: dict[Path, int], root: Path) -> str:
    """A module as a function that is called at once."""
    own = [f"${numbers[path]}" for path in module.needs]
    exports = ", ".join(name if name == what else f"{name}: {what}" for name, what in module.exports.items())
    inside = PLACE.sub(lambda match: own[int(match[1])], f"{module.body.strip()}\nreturn {{ {exports} }};")
    name = module.path.relative_to(root).as_posix() if module.path.is_relative_to(root) else module.path.name
    return f"// ---- {name}\nconst ${numbers[module.path]} = (() => {{\n{inside}\n}})();\n"


# ---- one module


class _Wrong(ValueError):
    """Something that is not joined, and where it stands."""

    def __init__(self, at: int, what: str) -> None:
        super().__init__(what)
        self.at = at


def read(path: Path) -> Module:
    """A module with its imports and exports taken out; `PLACE` stands for what those export that it imports."""
    try:
        source = path.read_text("utf-8").replace("\r\n", "\n")
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror or error}") from None
    try:
        return _taken_apart(path, source)
    except _Wrong as wrong:
        line = source.count("\n", 0, wrong.at) + 1
        raise ValueError(f"{path}, line {line}: {wrong}") from None
    except ValueError as error:
        raise ValueError(f"{path}, {error}") from None


def _taken_apart(path: Path, source: str) -> Module:
    module = Module(path)
    code, plain = blanked(source, "comment", "text"), blanked(source, "comment")
    if found := NOT_JOINED.search(code):
        raise _Wrong(found.start(), f"{found[0]!r} is not joined")
    at = 0
    for statement in STATEMENT.finditer(code):
        left, end = _statement(module, code, plain, statement.start())
        module.body += source[at : statement.start()] + left
        at = end
    module.body = without_comments(module.body + source[at:])
    return module


def _statement(module: Module, code: str, plain: str, at: int) -> tuple[str, int]:
    """Takes one import or export in: what stands in its place, and where what it replaces ends."""
    if found := IMPORT.match(plain, at):
        return _imported(module, found), found.end()
    if found := LIST.match(plain, at):
        place = f"{_needed(module, found)}." if found["path"] else ""
        module.exports |= {called: f"{place}{name}" for name, called in _pairs(found["names"], at)}
        return "", found.end()
    if found := DEFAULT.match(plain, at):
        module.exports["default"] = found["name"] or "$default"
        return "" if found["name"] else "const $default = ", found.end()
    if found := DECLARED.match(plain, at):
        module.exports[found["name"]] = found["name"]
        return "", found.end()
    if found := VARIABLES.match(plain, at):
        module.exports |= {name: name for name in _variables(code, found.end() + len(found["how"]), at)}
        return "", found.end()
    line = plain[at:].splitlines()[0]
    raise _Wrong(at, f"{line!r} is not joined; see the top of {Path(__file__).name} for what is")


def _imported(module: Module, found: re.Match[str]) -> str:
    """The constants that stand for an import."""
    place = _needed(module, found)
    names = [f"default: {found['default']}"] if found["default"] else []
    names += [f"{name}: {own}" if name != own else name for name, own in _pairs(found["names"] or "", found.start())]
    lines = [f"const {{ {', '.join(names)} }} = {place};"] if names else []
    lines += [f"const {found['all']} = {place};"] if found["all"] else []
    return " ".join(lines)


def _needed(module: Module, found: re.Match[str]) -> str:
    """Notes a module that is imported, and gives what stands for it."""
    if not found["path"].startswith(("./", "../")):
        raise _Wrong(found.start(), f"{found['path']!r} is not a file beside this one, which would be './...'")
    path = (module.path.parent / found["path"]).resolve()
    if path not in module.needs:
        module.needs.append(path)
    return f"\0{module.needs.index(path)}\0"


def _pairs(names: str, at: int) -> Iterator[tuple[str, str]]:
    """`a, b as c`: (a, a), (b, c)."""
    for one in filter(None, (part.strip() for part in names.split(","))):
        found = re.fullmatch(rf"({NAME})(?:\s+as\s+({NAME}))?", one)
        if not found:
            raise _Wrong(at, f"{one!r} is not a name")
        yield found[1], found[2] or found[1]


def _variables(code: str, start: int, at: int) -> Iterator[str]:
    """The names that a declaration makes, up to its semicolon."""
    depth, expected = 0, True
    for found in re.compile(rf"{NAME}|[(){{}}\[\],;]").finditer(code, start):
        sign = found[0]
        if expected and not re.fullmatch(NAME, sign):
            raise _Wrong(at, "what is taken apart is exported by its names: export { a }")
        if expected:
            yield sign
            expected = False
        elif sign == ";" and not depth:
            return
        elif sign == ",":
            expected = not depth
        else:
            depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(sign, 0)
    raise _Wrong(at, "the declaration has no semicolon at its end")
