"""Modules joined into one text: it runs, and does the same."""

import json
import re
from pathlib import Path

import pytest

from cutaway.views.explorer.html import PAGE, as_json, whole
from cutaway.views.explorer.join import join, read
from cutaway.views.explorer.scan import parts, without_comments
from tests.explorer import run_by_node

FILES = {
    "main.js": """\
import { add, two as pair } from './numbers.js';
import * as shapes from './deep/shapes.js';
import whole, { part } from './whole.js';
import './effect.js';
import {
  f,
  g as otherG,  // a comment, with } and from './no.js'
} from './functions.js';

/** import { nothing } from './absent.js' */
const text = `
import { x } from './absent.js';
export const fake = ${add(pair, 1)};
`;
const add2 = 'export default 7';
export default {
  sum: add(pair, 40), area: shapes.area(3), whole: whole(), part, f: f(), g: otherG(), text, add2, seen: globalThis.seen
};
""",
    "numbers.js": """\
export const one = 1, two = one + [1, 2][0], three = ((a, b) => a + b)(1, 2);
const secret = 'numbers';
export function add(a, b) { return a + b; }
export const kept = secret;
""",
    "deep/shapes.js": """\
import { add } from '../numbers.js';
const secret = 'shapes';
function square(x) { return x * x; }
class Box { constructor(side) { this.side = side; } }
export const area = (x) => add(square(x), secret.length) * new Box(1).side;
export { square, Box as Container };
export { two as zwei, kept } from '../numbers.js';
""",
    "whole.js": """\
import { square, zwei, Container } from './deep/shapes.js';
export default function whole() { return [square(zwei), new Container(5).side, typeof secret]; }
export const part = whole()[0];
""",
    "effect.js": "globalThis.seen = (globalThis.seen ?? 0) + 1;\n",
    "functions.js": """\
import './effect.js';
export async function* later() { yield 1; }
export let f = () => 'before';
f = () => 'after';
export class C {}
export var g = function () { return C.name; };
""",
}


def written(folder: Path, files: dict[str, str]) -> Path:
    """Files in a folder; the path of main.js."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder / "main.js"


def test_what_is_joined_does_the_same_as_the_modules(tmp_path):
    entry = written(tmp_path, FILES)
    show = "\nconsole.log(JSON.stringify(shown));\n"
    joined = re.sub(r"^export default (.*);$", r"const shown = \1;", join(entry).module, flags=re.M) + show
    apart = "import shown from './main.js';" + show
    (tmp_path / "package.json").write_text('{"type": "module"}')
    said = run_by_node(joined, "joined.mjs", tmp_path)
    assert json.loads(said) == json.loads(run_by_node(apart, "apart.mjs", tmp_path))
    assert json.loads(said) == {
        "sum": 42,
        "area": 15,
        "whole": [4, 5, "undefined"],
        "part": 4,
        "f": "after",
        "g": "C",
        "text": "\nimport { x } from './absent.js';\nexport const fake = 3;\n",
        "add2": "export default 7",
        "seen": 1,
    }


def test_each_module_comes_once_and_after_what_it_needs(tmp_path):
    code = join(written(tmp_path, FILES)).code
    order = re.findall(r"^// ---- (.*)$", code, re.M)
    assert "absent.js" in code  # in a text
    assert "nothing" not in code  # in a comment
    assert order == ["numbers.js", "deep/shapes.js", "whole.js", "effect.js", "functions.js", "main.js"]


CODE = r"""const a = 1; // one
/* two
lines */const b = `// ${a /* three */ + `/* ${a} */`} \` `;
const c = a /2/ 1; const d = /[/'"`]\/\//.test("//'") || '/*'; if (a) { /x"/.exec('') }
"""


def test_comments_go_and_nothing_else():
    assert "".join(part.text for part in parts(CODE)) == CODE
    assert without_comments(CODE) == CODE.replace("// one", " ").replace("/* two\nlines */", "\n").replace(
        "/* three */", " "
    )


def test_strings_templates_and_patterns_are_told_from_code():
    texts = [part.text for part in parts(CODE) if part.kind == "text"]
    assert texts == ["`// ${", "`/* ${", "} */`", r"} \` `", "/[/'\"`]\\/\\//", '"//\'"', "'/*'", '/x"/', "''"]


@pytest.mark.parametrize(
    "files, said",
    [
        (
            {"main.js": "import './a.js';\n", "a.js": "import './b.js';\n", "b.js": "import { c } from './a.js';"},
            r"in a circle: a\.js -> b\.js -> a\.js",
        ),
        ({"main.js": "const a = 1;\nimport { b } from './b.js';\n"}, r"b\.js: No such file"),
        ({"main.js": "\nimport { b } from 'three';\n"}, r"main\.js, line 2: 'three' is not a file beside this one"),
        ({"main.js": "export * from './b.js';\n"}, r"main\.js, line 1: \"export \* from './b\.js';\" is not joined"),
        ({"main.js": "export const { a } = b;\n"}, "what is taken apart is exported by its names"),
        ({"main.js": "export const a = 1\n"}, "no semicolon"),
        ({"main.js": "const a = await import('./b.js');\n"}, r"main\.js, line 1: 'import\(' is not joined"),
        ({"main.js": "const a = `b;\n"}, r"main\.js, line 1: what ` opens has no end"),
        ({"main.js": "import { a-b } from './b.js';\n"}, "'a-b' is not a name"),
    ],
)
def test_what_is_not_joined_is_said_with_its_place(files, said, tmp_path):
    with pytest.raises(ValueError, match=said):
        join(written(tmp_path, files))


# ---- the page itself


@pytest.mark.parametrize("entry", ["main.js", "host.js"])
def test_the_page_can_be_joined(entry, tmp_path):
    code = join(PAGE / entry).module if entry == "main.js" else join(PAGE / entry).code
    run_by_node(
        f"const check = () => {{\n{re.sub('^export default.*', '', code, flags=re.M)}\n}};\n", "page.mjs", tmp_path
    )
    assert read(PAGE / "main.js").exports == {"default": "$default"}


def test_a_page_holds_everything_and_allows_nothing_else():
    text = whole("index.html", {"title": "</script><!--<script>", "pictures": []})
    assert not re.search(r"""(?:src|href)=["'](?!data:)""", text)
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    rules = dict(rule.split(" ", 1) for rule in policy.replace("&#x27;", "'").split("; "))
    assert rules["default-src"] == rules["connect-src"] == "'none'"
    assert re.fullmatch(r"'sha256-\S{44}' 'sha256-\S{44}'", rules["script-src"])
    assert "http:" not in policy and "https:" not in policy
    assert text.count("<!--") == 0
    assert text.count("</script>") == text.count("<script") == 3


def test_content_is_safe_in_a_page_and_comes_back_whole():
    content = {"classes": ["</script>", "<!-- ", "\u2028\u2029", "日本", "\udcff", "&amp;\"'"]}
    text = as_json(content)
    assert text.isascii()
    assert "<" not in text
    assert json.loads(text) == content
    with pytest.raises(ValueError, match="not JSON compliant"):
        as_json({"loss": float("nan")})
