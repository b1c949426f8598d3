"""A working as a page: the figure, and the same numbers as a table that can be copied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cutaway.layers.working import Term
from cutaway.trace import CellWorking
from cutaway.trace.digits import shortest
from cutaway.trace.parts import Account, account, channels, listed
from cutaway.trace.verdict import verdict
from cutaway.trace.windows import window
from cutaway.views.figure.drawing import escaped
from cutaway.views.figure.svg import heading, sentence, svg

STYLE = """
body { font: 16px/1.5 Helvetica, Arial, sans-serif; color: #1a1a1a; background: #fff; margin: 2em auto;
  max-width: 72em; padding: 0 1em; }
h1 { font-size: 16px; font-weight: normal; color: #5c5c5c; margin-left: 20px; }
svg { max-width: 100%; height: auto; }
table, p { margin: 1.5em 20px; } table { border-collapse: collapse; font: 14px/1.5 Menlo, Consolas, monospace; }
caption { text-align: left; font: 14px/1.5 Helvetica, Arial, sans-serif; color: #5c5c5c; padding: 4px 0; }
th, td { padding: 2px 12px 2px 0; text-align: right; white-space: nowrap; }
th[scope=row] { text-align: left; font-weight: normal; }
thead th { text-align: right; border-bottom: 1px solid #5c5c5c; } thead th:first-child { text-align: left; }
tbody.sum tr:first-child > * { border-top: 1px solid #5c5c5c; } tbody.sum :is(th, td) { font-weight: bold; }
"""
Row = tuple[str, ...]


def page(cell: CellWorking, *, everything: bool = False) -> str:
    """The figure and its table. Numbers that go in are written in full; what they give adds up as written."""
    name, drawn = escaped(heading(cell)), svg(cell, everything=everything)
    body = [drawn, *([] if sentence(cell) else _tables(cell, everything)), _foot(cell)]
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            f'<head><meta charset="utf-8"><title>{name}</title>',
            f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>',
            "<body><h1>How one number came about</h1>",
            *body,
            "</body>",
            "</html>",
            "",
        ]
    )


def _tables(cell: CellWorking, everything: bool) -> Iterator[str]:
    found = window(cell.working)
    if not found or cell.working.rule != "sum":
        yield _list(cell, everything or found is not None)  # of a largest term, always the whole window
        return
    shown = channels(cell, found, everything)
    totals = dict(shown.account.above)
    for one, products in shown.printed.items():
        terms = [term for row in found.grids[one] for term in row]
        name = f"channel {one}"
        rows = [(*_factors(cell, term, terms), text) for term, text in zip(terms, products, strict=True)]
        yield _table(name, (*_heads(terms), "gives"), rows, [(name, totals[name])] if name in totals else [])
    yield _table("what they come to", ("", "gives"), shown.account.above, _under(shown.account))


def _list(cell: CellWorking, everything: bool) -> str:
    """The terms one below the other, and what they come to."""
    chosen = listed(cell, everything)
    known = [*chosen.terms, *chosen.fixed]
    names = [cell.where(term.factors[0]) for term in known]
    count = len(chosen.terms)
    added = account(names[:count], names[count:], chosen.parts, cell.working, "others")
    own = [_factors(cell, term, known) for term in known]
    rest = len(added.above) - len(known)  # 0 or 1: what is not listed, between the terms and the bias
    between = [(added.above[count][0], *[""] * (len(own[0]) - 1))] if rest else []
    cells = [*own[:count], *between, *own[count:]]
    rows = [(*parts, text) for parts, (_, text) in zip(cells, added.above, strict=True)]
    return _table("the terms", (*_heads(known), "gives"), rows, _under(added))


def _heads(terms: Sequence[Term]) -> Row:
    """Over the factors: where each stands, and its number."""
    most = max(len(term.factors) for term in terms)
    formula = ("formula",) if any(term.formula for term in terms) else ()
    return ("cell", "number", *("times", "number") * (most - 1), *formula)


def _factors(cell: CellWorking, term: Term, terms: Sequence[Term]) -> Row:
    """As many columns as `_heads` has."""
    most = max(len(other.factors) for other in terms)
    parts = [part for factor in term.factors for part in (cell.where(factor), shortest(factor.value))]
    formula = (cell.working.written(term.formula),) if any(other.formula for other in terms) else ()
    return (*parts, *[""] * (2 * (most - len(term.factors))), *formula)


def _under(added: Account) -> list[Row]:
    return [*added.total, *added.steps]


def _table(caption: str, heads: Row, rows: Sequence[Row], under: Sequence[Row]) -> str:
    """A table whose rows are headed by their first cell; what they come to, below a line, spans the columns between."""
    top = "".join(f'<th scope="col">{escaped(head)}</th>' for head in heads)
    body = "\n".join(_row(row) for row in rows)
    span = len(heads) - 1
    sums = "\n".join(
        f'<tr><th scope="row" colspan="{span}">{escaped(name)}</th><td>{escaped(text)}</td></tr>'
        for name, text in under
    )
    foot = f'\n<tbody class="sum">\n{sums}\n</tbody>' if under else ""
    return (
        f"<table>\n<caption>{escaped(caption)}</caption>\n<thead><tr>{top}</tr></thead>\n"
        f"<tbody>\n{body}\n</tbody>{foot}\n</table>"
    )


def _row(row: Row) -> str:
    first, *others = row
    cells = "".join(f"<td>{escaped(text)}</td>" for text in others)
    return f'<tr><th scope="row">{escaped(first)}</th>{cells}</tr>'


def _foot(cell: CellWorking) -> str:
    said = verdict(cell)
    return f"<p>exact {escaped(said.exact)}<br>engine {escaped(said.engine)}, {escaped(said.remark)}</p>"
