"""The page as one file of HTML: style, script and content in it, and no request to anywhere allowed."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cutaway.views.explorer.join import join

PAGE = Path(__file__).parent / "page"
"""The page's own files."""

FIRST = '<meta charset="utf-8">'
STYLE = re.compile(r'<link rel="stylesheet" href="(?P<file>[\w.-]+)">')
SCRIPT = re.compile(r'<script type="module" src="(?P<file>[\w.-]+)"></script>')

UNPACK = """const packed = document.getElementById('script');
const bytes = Uint8Array.from(atob(packed.textContent), (c) => c.charCodeAt(0));
const text = await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'))).text();
packed.replaceWith(Object.assign(document.createElement('script'), { type: 'module', textContent: text }));
"""
"""Runs the script that the page carries deflated, which is a third as long."""


def whole(name: str, content: Mapping[str, Any] | None = None, connect: str = "'none'") -> str:
    """A page with all that it needs in it: `whole("index.html", content)`.

    Without content, the page fetches it from beside itself; `connect` is what it may then ask, as in a policy of
    content security (https://www.w3.org/TR/CSP3). Nothing else is allowed: no other script, no picture from elsewhere.
    """
    page = (PAGE / name).read_text("utf-8")
    script = SCRIPT.search(page)
    if not STYLE.search(page) or not script or FIRST not in page:
        raise ValueError(
            f"{name} lacks {FIRST}, or names its style and script in other words than {Path(__file__).name}"
        )
    code = join(PAGE / script["file"]).code
    told = "" if content is None else f'<script type="application/json" id="content">{as_json(content)}</script>\n'
    packed = base64.b64encode(zlib.compress(code.encode(), 9)).decode()
    run = f'<script type="text/plain" id="script">{packed}</script>\n<script type="module">{UNPACK}</script>'
    page = page.replace(script[0], told + run)
    page = STYLE.sub(lambda link: f"<style>{inside_style((PAGE / link['file']).read_text('utf-8'))}</style>", page)
    return page.replace(FIRST, f"{FIRST}\n{policy([UNPACK, code], connect)}", 1)


def styles(name: str) -> str:
    """The style sheets that a page names, one after the other."""
    page = (PAGE / name).read_text("utf-8")
    return "\n".join((PAGE / link["file"]).read_text("utf-8") for link in STYLE.finditer(page))


def as_json(content: Mapping[str, Any]) -> str:
    """Plain ASCII that no HTML ends: `<` is written as `\\u003c`, so there is neither `</script>` nor `<!--` in it."""
    return json.dumps(content, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def policy(scripts: list[str], connect: str) -> str:
    """What the browser is to allow, as a tag."""
    own = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()}'" for one in scripts)
    rules = {
        "default-src": "'none'",
        "script-src": own,
        "style-src": "'unsafe-inline'",
        "img-src": "data: blob:",
        "media-src": "data: blob:",
        "connect-src": connect,
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    text = "; ".join(f"{name} {value}" for name, value in rules.items())
    return f'<meta http-equiv="Content-Security-Policy" content="{html.escape(text)}">'


def inside_style(css: str) -> str:
    """A style sheet that can stand in a page."""
    return re.sub(r"</(style)", r"<\\/\1", css, flags=re.I)


def framed(page: str, height: int = 900) -> str:
    """A page in a frame, as a notebook shows it: shut off from the notebook, and this from it."""
    return (
        f'<iframe srcdoc="{html.escape(page)}" sandbox="allow-scripts allow-downloads" title="cutaway" '
        f'style="width: 100%; height: {height}px; border: 0"></iframe>'
    )


def line(text: str) -> str:
    """One line of text."""
    return f"<p>{html.escape(text)}</p>"
