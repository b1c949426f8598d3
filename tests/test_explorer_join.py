"""Modules joined into one text: it runs, and does the same."""

import json
import re
from pathlib import Path

import pytest

from cutaway.views.explorer.html import PAGE, as_json, whole
from cutaway.views.explorer.join import join
from tests.explorer import run_by_node

FILES = {
    "main.js": """\
import { add, two as pair } from './numbers.js';
import { area } from './deep/shapes.js';
import whole from './whole.js';

/** import { nothing } from './absent.js' */
const text = `
  import { x } from './absent.js';
`;
const secret = 'main';
export default {
  sum: add(pair, 40), area: area(3), whole, text, secret
};
""",
    "numbers.js": """\
/**
 * Numbers, and a secret of their own.
 */

const secret = 'numbers';

/** Two of them. */
export const two = secret.length - 5;
export function add(a, b) { return a + b; /* inside a line a comment stays */ }
""",
    "deep/shapes.js": """\
import { add } from '../numbers.js';
const secret = 'shapes';
export class Box { constructor(side) { this.side = side; } }
export const area = (x) => add(x * x, secret.length) * new Box(1).side;
export async function later() { return 1; }
""",
    "whole.js": "import { Box } from './deep/shapes.js';\nexport default new Box(5);\n",
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
    said = json.loads(run_by_node(joined, "joined.mjs", tmp_path))
    assert said == json.loads(run_by_node(apart, "apart.mjs", tmp_path))
    text = "\n  import { x } from './absent.js';\n"
    assert said == {"sum": 42, "area": 15, "whole": {"side": 5}, "text": text, "secret": "main"}


def test_each_module_comes_once_and_after_what_it_needs(tmp_path):
    code = join(written(tmp_path, FILES)).code
    assert re.findall(r"^// ---- (.*)$", code, re.M) == ["numbers.js", "shapes.js", "whole.js", "main.js"]
    assert "nothing" not in code
    assert "inside a line" in code


@pytest.mark.parametrize(
    "files, said",
    [
        (
            {
                "main.js": "import { b } from './a.js';\n",
                "a.js": "import { c } from './b.js';\n",
                "b.js": "import { d } from './a.js';\n",
            },
            r"in a circle: a\.js -> b\.js -> a\.js",
        ),
        ({"main.js": "import { b } from 'three';\n"}, r"main\.js: \"import \{ b \} from 'three';\" is not joined"),
        ({"main.js": "export * from './b.js';\n"}, r"is not joined"),
        ({"main.js": "const a = 1;\nexport { a };\n"}, r"is not joined"),
    ],
)
def test_what_is_not_joined_is_said(files, said, tmp_path):
    with pytest.raises(ValueError, match=said):
        join(written(tmp_path, files))


def test_a_module_that_is_missing_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"b\.js"):
        join(written(tmp_path, {"main.js": "import { b } from './b.js';\n"}))


# ---- the page itself


@pytest.mark.parametrize("entry", ["main.js", "host.js", "lab.js"])
def test_the_page_can_be_joined(entry, tmp_path):
    code = join(PAGE / entry).code
    run_by_node(f"const check = async () => {{\n{code}\n}};\n", "page.mjs", tmp_path)


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
