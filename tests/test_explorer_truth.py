"""Every number that the page shows is right: read back from a real browser, and held against the declarations.

The page's own stages become a trace, as an engine's do, and `trace.check()` holds each number against its layer. Then
cells are looked at one after another; every printed sum is added up as a person would, and every number of every grid
is compared with what the declaration says of this cell.
"""

import base64
import random
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from cutaway.layers.working import Term
from cutaway.model import Model
from cutaway.net import parse, start, zoo
from cutaway.trace import record
from cutaway.trace.digits import ruler
from tests.browser import page_of
from tests.nets import NETS

pytestmark = pytest.mark.usefixtures("chromium")

CELLS = 1000
"""Cells of each net that are looked at."""

STAGES = """() => {
  const { app } = document.querySelector('.cutaway');
  return Object.fromEntries(Object.entries(app.stages).map(([name, { shape, data }]) => {
    const bytes = new Uint8Array(data.slice().buffer);
    let text = '';
    for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
    return [name, { shape, data: btoa(text) }];
  }));
}"""
"""Every stage as the page computed it."""

READ = """(cells) => {
  const page = document.querySelector('.cutaway'), { app } = page, root = document.querySelector('.working');
  const text = (element) => element.textContent.replaceAll('−', '-').replace(/\\s/g, '');
  const all = (within, selector) => [...within.querySelectorAll(selector)];
  const called = (grid) => grid.querySelector('figcaption').firstChild.textContent.trim().split(' ')[0];
  return cells.map(([layer, cell]) => {
    Object.assign(app.state, { pin: { layer, cell }, hover: null, channel: null });
    page.showWorking();                                    // the strip need not be drawn a thousand times
    const own = (sum, selector) =>
      all(sum, selector).filter((one) => one.closest('.sum') === sum || sum.matches('table')).map(text);
    const sums = all(root, '.sum').map((sum) => ({ terms: own(sum, '.t'), total: own(sum, '.total')[0] }));
    return {
      where: root.querySelector('.where').textContent,
      grids: Object.fromEntries(all(root, '.grid').map((grid) => [called(grid), all(grid, 'td').map(text)])),
      sums: sums.filter(({ terms, total }) => terms.length && total),
      totals: all(root, '.total, .step b').map(text),
      exact: (root.querySelector('.exact')?.textContent ?? '').replaceAll('−', '-'),
    };
  });
}"""
"""What the working of each cell shows."""


def zoo_model(name: str) -> Model:
    """A net of the zoo with weights drawn by chance."""
    net = zoo.net(name)
    outputs = net.shapes()[net.output.name][0]
    classes = ("no", "yes") if outputs == 1 else tuple(f"class {number}" for number in range(outputs))
    return Model(net, moved(start(net, 0)), classes)


def text_model(text: str) -> Model:
    """A net of the tests, in which are the kinds that the small nets of the zoo lack."""
    net = parse(text, input=(12, 11, 3))
    outputs = net.shapes()[net.output.name][0]
    return Model(net, moved(start(net, 0)), tuple(f"class {number}" for number in range(outputs)))


def moved(weights):
    """Biases and running means are not all zero."""
    chance = np.random.default_rng(1)
    return {
        name: chance.normal(0, 0.1, value.shape).astype(np.float32) if name.endswith(("bias", "mean")) else value
        for name, value in weights.items()
    }


MODELS = {name: (zoo_model, name) for name in ("x5", "spreadsheet", "digits", "lenet5", "small")} | {
    f"test {name}": (text_model, text) for name, text in NETS.items() if "squares" not in name
}


@pytest.mark.parametrize("name", MODELS)
def test_every_number_shown_is_right(chromium, tmp_path: Path, name: str) -> None:
    make, what = MODELS[name]
    model = make(what)
    shape = tuple(size or 12 for size in model.net.input)
    picture = np.random.default_rng(2).integers(0, 256, shape).astype(np.uint8)
    path = tmp_path / "page.html"
    path.write_text(page(model, picture), encoding="utf-8")
    with page_of(chromium, path) as opened:
        stages = {
            stage: np.frombuffer(base64.b64decode(one["data"]), np.float32).reshape(one["shape"])
            for stage, one in opened.evaluate(STAGES).items()
        }
        trace = record(model.net, model.weights, picture, stages)
        trace.check()
        cells = chosen(trace, CELLS if name in zoo.ZOO else CELLS // 4)
        for cell, shown in zip(cells, opened.evaluate(READ, cells), strict=True):
            holds(trace, cell, shown)


def page(model: Model, picture) -> str:
    """The model as a single file with one picture."""
    from cutaway.views import explorer

    return explorer.page(explorer.of_model(model), [explorer.Shown("picture", picture)])


def chosen(trace, count: int) -> list[tuple[str, list[int]]]:
    """Cells by chance, as many of each layer; of every layer the corners too."""
    chance = random.Random(3)
    names = [stage.name for stage in trace if stage.node]
    corners = [(name, [0 for _ in trace.shapes[name]]) for name in names]
    ends = [(name, [size - 1 for size in trace.shapes[name]]) for name in names]
    others = [
        (name, [chance.randrange(size) for size in trace.shapes[name]])
        for name in (names[number % len(names)] for number in range(max(0, count - 2 * len(names))))
    ]
    return corners + ends + others


def holds(trace, cell, shown) -> None:
    """What is shown of one cell is what the declaration says."""
    name, place = cell
    working = trace[name][tuple(place)].working()
    address = f"{name}{place}"
    assert shown["where"].startswith(f"{name}[{', '.join(map(str, place))}] ="), address
    for sum_ in shown["sums"]:
        added = sum((Decimal(term) for term in sum_["terms"]), Decimal(0))
        assert added == Decimal(sum_["total"]), f"{address}: {sum_}"
    if shown["exact"]:
        exact, kept = (float(part.split(":")[1].split(";")[0].split(",")[0]) for part in shown["exact"].split(";")[:2])
        assert exact == pytest.approx(working.value, rel=2e-11, abs=1e-37), address
        assert np.float32(kept) == np.float32(working.engine), address
    if working.terms and "nan" not in shown["where"]:
        ends = [working.total, *(step.value for step in working.working.steps)]
        assert all(any(near(text, end) for text in shown["totals"]) for end in ends), (
            f"{address}: {shown['totals']} {ends}"
        )
    if "window" in shown["grids"] and working.working.rule == "sum":
        windows(working, shown["grids"], address)


def windows(working, grids, address: str) -> None:
    """The window, what multiplies it, and the products, cell by cell, of the channel that is shown."""
    terms: dict[int, list[Term]] = {}
    for term in working.terms:
        factor = term.factors[0]
        if factor.of == "input" and len(factor.cell) == 3:
            terms.setdefault(factor.cell[2], []).append(term)
    shown = [text for text in grids["window"] if text != "edge"]
    matching = [
        own
        for own in terms.values()
        if shown == [printed(term.factors[0].value, [one.factors[0].value for one in own]) for term in own]
    ]
    assert matching, f"{address}: no channel has the window {shown}"
    if "products" in grids:
        products = [Decimal(text) for text in grids["products"] if text]
        exact = [[term.value for term in own] for own in matching]
        unit = place_of(products[0])
        assert any(
            all(abs(Decimal(value) - product) < unit for value, product in zip(own, products, strict=True))
            for own in exact
        ), f"{address}: {products}"


def printed(value: float, beside: list[float]) -> str:
    return ruler(beside).text(value)


def near(text: str, value: float) -> bool:
    """Whether a printed number is this one, rounded."""
    digits = Decimal(text.rstrip("%"))
    scaled = value * 100 if text.endswith("%") else value
    unit = place_of(digits)
    return abs(Decimal(scaled) - digits) <= unit * Decimal("0.5000001")


def place_of(digits: Decimal) -> Decimal:
    """One in the last printed place: 0.001 of 1.234."""
    return Decimal(1).scaleb(int(digits.as_tuple().exponent))
