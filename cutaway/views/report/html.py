"""HTML out of Python: whatever is not `Markup` already is text, and shows as just that text.

>>> tag("p", "a < b", class_="note")
'<p class="note">a &lt; b</p>'
"""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Iterable, Sequence
from pathlib import Path

from cutaway.wording import one_line

STYLE = Path(__file__).parent / "style.css"
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
"""What a browser is to allow: no script (but see `document`), and nothing from outside (https://www.w3.org/TR/CSP3)."""
EMPTY = frozenset(("br", "col", "img", "input", "meta", "source"))
"""Elements that hold nothing, and have no end."""


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Inside = Markup | str | int | None
"""What stands in an element; None is nothing."""


def escape(text: Inside) -> Markup:
    """Any text as HTML that shows it, on one line."""
    if text is None:
        return Markup()
    return text if isinstance(text, Markup) else Markup(html.escape(one_line(str(text))))


def tag(name: str, /, *inside: Inside, **attributes: str | float | bool | None) -> Markup:
    """An element: `class_` is `class`, `data_x` is `data-x`; True stands alone, None and False are left out."""
    given = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escape(str(value))}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    return Markup(f"<{name}{given}>" + ("" if name in EMPTY else f"{joined(inside)}</{name}>"))


def document(title: str, *body: Inside, script: str = "") -> str:
    """A whole page in the house's look, that needs nothing else. A script is the only one that the browser may run:
    it is known by its hash.
    """
    policy = f"{POLICY}; script-src '{hash_of(script)}'" if script else POLICY
    run = tag("script", Markup(script), type="module") if script else Markup()
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        tag("style", Markup(STYLE.read_text("utf-8"))),
    )
    return f"<!doctype html>\n{tag('html', head, tag('body', *body, run), lang='en')}\n"


def hash_of(script: str) -> str:
    """As a policy names a script (https://www.w3.org/TR/CSP3/#match-element-to-source-list)."""
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"


def joined(parts: Iterable[Inside]) -> Markup:
    """One after another."""
    return Markup("".join(map(escape, parts)))


def section(place: str, title: str, *inside: Inside) -> Markup:
    """A part of the page with a heading, which links can lead to; nothing where nothing is in it."""
    content = joined(inside)
    return tag("section", tag("h2", title), content, id=place) if content else Markup()


def listed(texts: Sequence[Inside]) -> Markup:
    """An unordered list; nothing where it is empty."""
    return tag("ul", *(tag("li", text) for text in texts)) if texts else Markup()


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[Inside]],
    *,
    caption: str,
    left: Sequence[int] = (0,),
    wide: bool = False,
) -> Markup:
    """A table whose first cells head their rows. Columns in `left` are text, all others numbers."""

    def cell(kind: str, place: int, text: Inside, **more: str) -> Markup:
        return tag(kind, text, class_="text" if place in left else None, **more)

    top = tag("tr", *(cell("th", place, text, scope="col") for place, text in enumerate(head)))
    body = [
        tag(
            "tr", *(cell("td" if n else "th", n, text, **({} if n else {"scope": "row"})) for n, text in enumerate(row))
        )
        for row in rows
    ]
    made = tag(
        "table", tag("caption", caption), tag("thead", top), tag("tbody", *body), class_="wide" if wide else None
    )
    return scrolling(made, caption)


def scrolling(inside: Markup, label: str) -> Markup:
    """What may be wider than a phone: it scrolls by itself, with the keyboard too."""
    return tag("div", inside, class_="scroll", tabindex="0", role="region", aria_label=label)


def facts(rows: Iterable[tuple[str, Inside]]) -> Markup:
    """Names and what is known; what is empty is left out."""
    kept = [(name, text) for name, text in rows if text not in (None, "")]
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", text)) for name, text in kept)) if kept else Markup()
