"""The workbook, recalculated from nothing by LibreOffice: its numbers are those of the declarations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import product
from pathlib import Path

import numpy as np
import pytest

import cutaway
from cutaway.errors import InputError, JobError
from cutaway.layers.layer import Array, Shape
from cutaway.losses import CrossEntropy, LogLoss, Loss
from cutaway.net import Net, parse, start, zoo
from cutaway.net.run import backward, converted, forward
from cutaway.trace import Trace, record
from cutaway.views import workbook
from cutaway.views.workbook import Book
from cutaway.views.workbook.book import COST, GRADIENT, GUESS, LABEL, LOSS
from cutaway.views.workbook.expression import Ref
from cutaway.views.workbook.layout import Area
from tests.command import ran, run
from tests.spreadsheet import Values, formulas, read

NETS = {
    **{name: name for name in ("x5", "spreadsheet", "digits", "lenet5")},
    "activations": "input 6x5x2, scale, conv 2 3x3 same, norm, leaky 0.1, conv 3 3x3 stride 2 pad 1, prelu, gelu, "
    "conv 4 2x2 groups 1 no bias, silu, lrn 3, hardswish, meanpool 2 partial, flatten, dense 5, tanh, dropout 0.5, "
    "dense 4, norm, relu6, hardsigmoid, dense 3, logsoftmax",
    "branches": "input 7x6x1, conv 4 3x3 dilation 2 same, residual(conv 4 1x1, relu, conv 4 3x3 same groups 2 | ), "
    "concat(conv 2 1x1 | conv 3 3x3 same, sigmoid), squeeze(globalmean, dense 3, relu, dense 5, sigmoid), "
    "sumpool 2 stride 3, flatten, dense 4, sigmoid",
    "photo": "input any, colour, resize 4x5, grey, scale, normalise 0.5 0.25, flatten, dense 1, sigmoid",
}
CLOSE = 1e-9
"""Relative; a cell in which larger numbers cancel is held to that share of the largest of its layer."""

every_net = pytest.mark.parametrize("name", NETS)


def trace_of(name: str) -> Trace:
    """A picture and weights by chance, through one of the nets."""
    net = zoo.net(name) if name in zoo.ZOO else parse(NETS[name])
    return by_chance(net, (9, 7, 1) if name == "photo" else net.input, top(name))


def by_chance(net: Net, shape: Shape, brightest: int) -> Trace:
    draw = np.random.default_rng(3)
    weights = {
        key: (value + draw.normal(0, 0.03, value.shape)).astype(np.float32) for key, value in start(net, 1).items()
    }
    return record(net, weights, draw.integers(0, brightest + 1, shape, dtype=np.uint8))


def top(name: str) -> int:
    """The brightest pixel: nets that do not scale are shown faint pictures, so that they are not all too sure."""
    return 255 if "scale" in NETS[name] else 2


def exact(trace: Trace, picture: Array, weights: Mapping[str, Array]) -> dict[str, Array]:
    """Every stage in float64, by the declarations."""
    stages = forward(trace.net, converted(weights, np.float64), picture[None].astype(np.float64))
    return {name: stage[0] for name, stage in stages.items()}


def held(book: Book, values: Values, stages: Mapping[str, Array]) -> int:
    """Every cell of every stage is the number that it should be; how many were held."""
    count = 0
    for name, stage in stages.items():
        if name not in book.places:
            continue
        area = book.places[name].output
        cells = list(product(*area.region))
        found = np.array([values[area.ref(cell)] for cell in cells], np.float64)
        wanted = np.array([stage[cell] for cell in cells])
        np.testing.assert_allclose(found, wanted, rtol=CLOSE, atol=1e-3 * CLOSE * abs(stage).max(), err_msg=name)
        count += len(cells)
    return count


@every_net
def test_recalculated_from_nothing_it_is_the_trace(name: str, recalculate, tmp_path: Path) -> None:
    """As written, and after a pixel and a weight were typed over: every number of every layer, and the loss."""
    trace, file = trace_of(name), tmp_path / "net.xlsx"
    book = workbook.write(trace, file)
    picture, weights, typed = typed_over(trace, book, top(name))
    values, after = recalculate(file, {}, typed)
    stages, stages_after = exact(trace, trace.picture, trace.weights), exact(trace, picture, weights)
    assert held(book, values, stages) == sum(stage.size for stage in stages.values())
    held(book, after, stages_after)
    assert not np.array_equal(stages[trace.net.output.name], stages_after[trace.net.output.name])
    scores = stages_after[trace.net.output.inputs[0]][None]
    assert after[COST] == pytest.approx(loss_of(trace).value_of_scores(scores, wanted(book))[0], rel=CLOSE)
    came = read(file)
    for ref in formulas(file):  # what comes with the file is right for what does not calculate; on every sheet
        assert values[ref] == came[ref] or values[ref] == pytest.approx(came[ref], rel=CLOSE, abs=1e-12), ref
    for stage in trace:  # and float64's numbers are the engine's, but for its rounding
        np.testing.assert_allclose(stages[stage.name], stage.output, rtol=2e-3, atol=2e-4)
    told = workbook.measured(trace)
    assert told.cells == pytest.approx(len(book.grid.values), rel=0.01, abs=60)
    assert told.memory == pytest.approx(file.stat().st_size, rel=0.15, abs=8000)


def typed_over(trace: Trace, book: Book, brightest: int) -> tuple[Array, dict[str, Array], dict[Ref, float]]:
    """A picture with another pixel, weights with another one, and the two cells that are typed over for that."""
    pixel = tuple(size // 2 for size in trace.picture.shape)
    picture, weights = trace.picture.copy(), dict(trace.weights)
    picture[pixel] = brightest - picture[pixel]
    key = next(iter(trace.weights))
    layer, _, part = key.rpartition(".")
    weights[key] = weights[key].copy()
    spot = tuple(size - 1 for size in weights[key].shape)
    weights[key][spot] += np.float32(0.75)
    return (
        picture,
        weights,
        {
            book.places["input"].output.ref(pixel): float(picture[pixel]),
            book.places[layer].weights[part].ref(spot): float(weights[key][spot]),
        },
    )


def loss_of(trace: Trace) -> Loss:
    return LogLoss() if trace.net.output.layer.word == "sigmoid" else CrossEntropy()


def wanted(book: Book) -> Array:
    """The targets of the label, [1, outputs]."""
    assert book.ending
    if book.ending.kind == "two":
        return np.array([[float(book.ending.label)]])
    return np.eye(len(book.ending.classes))[[book.ending.label]]


def of_ten() -> Trace:
    """Ten classes, and little else."""
    return by_chance(parse("input 4x3x1, scale, flatten, dense 10, softmax"), (4, 3, 1), 255)


def test_the_guess_and_another_label(recalculate, tmp_path: Path) -> None:
    trace, names = of_ten(), [f"digit {k}" for k in range(10)]
    book = workbook.write(trace, tmp_path / "net.xlsx", classes=names)
    values = recalculate(tmp_path / "net.xlsx", {LABEL: "digit 4"})
    probs = exact(trace, trace.picture, trace.weights)["softmax1"]
    assert probs.min() > 1e-100, "so that their logarithms can be told"
    assert values[GUESS] == names[probs.argmax()]
    assert values[COST] == pytest.approx(-np.log(probs[4]), rel=CLOSE)
    losses = book.places[LOSS].weights["loss"]
    found = [values[losses.ref((k,))] for k in range(10)]
    np.testing.assert_allclose(np.array(found, np.float64), -np.log(probs), rtol=CLOSE)


@pytest.mark.parametrize("name", ["x5", "spreadsheet", "activations", "branches", "photo"])
def test_gradients_are_those_of_the_declarations(name: str, recalculate, tmp_path: Path) -> None:
    trace = trace_of(name)
    book = workbook.write(trace, tmp_path / "net.xlsx", backward=True)
    values = recalculate(tmp_path / "net.xlsx", {})
    stages = forward(trace.net, converted(trace.weights, np.float64), trace.picture[None].astype(np.float64))
    end = trace.net.output.inputs[0]
    dy = loss_of(trace).gradient_of_scores(stages[end], wanted(book))
    of_weights, of_stages = backward(trace.net, converted(trace.weights, np.float64), stages, end, dy)
    for stage, place in book.places.items():
        if stage in (LOSS, trace.net.output.name):  # the loss comes from the scores
            continue
        same(values, place.output, of_stages[stage][0])
        for part, area in place.weights.items():
            if f"{stage}.{part}" in of_weights:  # mean and variance of a norm are not trained
                same(values, area, of_weights[f"{stage}.{part}"])


def same(values: Values, area: Area, gradient: Array) -> None:
    """The gradients of an array, each in the place of its number on the sheet beside."""
    cells = list(product(*area.region))
    refs = [area.ref(cell) for cell in cells]
    found = np.array([values.get(Ref(ref.sheet + GRADIENT, ref.row, ref.col), 0.0) for ref in refs], np.float64)
    expected = np.array([gradient[cell] for cell in cells])
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-11 * abs(expected).max(), err_msg=area.name)


# --- less than all, and on one sheet ---------------------------------------------------------------------


def test_one_sheet_holds_all_layers(recalculate, tmp_path: Path) -> None:
    trace = trace_of("x5")
    book = workbook.write(trace, tmp_path / "net.xlsx", single_sheet=True)
    assert book.sheets == ["net"]
    assert held(book, recalculate(tmp_path / "net.xlsx", {}), exact(trace, trace.picture, trace.weights))


def test_a_crop_holds_what_a_cell_depends_on_and_no_more(recalculate, tmp_path: Path) -> None:
    trace = trace_of("lenet5")
    book = workbook.write(trace, tmp_path / "net.xlsx", crop="maxpool2[3, 4, 1]")
    assert {name: place.output.region for name, place in book.places.items()} == trace.receptive_field(
        "maxpool2[3, 4, 1]"
    )
    assert list(book.places)[-1] == "maxpool2"
    assert book.places["conv2"].weights["kernel"].region == (range(5), range(5), range(6), range(1, 2))
    held(book, recalculate(tmp_path / "net.xlsx", {}), exact(trace, trace.picture, trace.weights))


# --- how formulas look -----------------------------------------------------------------------------------


def test_precedents_are_the_window(tmp_path: Path) -> None:
    net = parse("input 16x16x1, conv 4 5x5 same, relu, maxpool 2, flatten, dense 10, softmax")
    trace = by_chance(net, net.input, 2)
    book = workbook.write(trace, tmp_path / "net.xlsx")

    def formula(address: str) -> str:
        cell = trace.cell(address)
        return book.grid.texts[book.places[cell.stage.name].output.ref(cell.place)]

    assert formula("conv1[9, 7, 3]") == "SUMPRODUCT(input!H13:L17,V63:Z67)+T63"
    assert formula("maxpool1[1, 1, 0]") == "MAX(relu1!E8:F9)"
    assert formula("dense1[0]") == "SUMPRODUCT(flatten1!C6:C261,G6:G261)+E6"
    assert formula("relu1[0, 0, 0]") == "MAX(0,conv1!C6)"


def test_a_long_sum_is_split(recalculate, tmp_path: Path) -> None:
    """A kernel of 1x1 over 600 channels: each product is a cell far from the next, and a formula has 8,192 letters."""
    net = parse("input 1x1x3, conv 600 1x1, conv 2 1x1, flatten, softmax")
    weights = {key: np.float32(0.01) * value for key, value in start(net, 0).items()}
    trace = record(net, weights, np.array([[[3, 200, 90]]], np.uint8))
    book = workbook.write(trace, tmp_path / "net.xlsx")
    assert max(map(len, formulas(tmp_path / "net.xlsx").values())) <= 8191
    assert "part of a sum" in book.places["conv2"].labels.values()
    held(book, recalculate(tmp_path / "net.xlsx", {}), exact(trace, trace.picture, trace.weights))


def test_a_photograph_that_is_scaled_down(recalculate, tmp_path: Path) -> None:
    """Each cell adds up hundreds of pixels, and then is rounded; in colour."""
    net = parse("input any, colour, resize 3x4, scale, flatten, dense 2, softmax")
    trace = by_chance(net, (45, 52, 3), 255)
    book = workbook.write(trace, tmp_path / "net.xlsx", crop="resize1[1, 2, 1]")
    assert len(trace["resize1"][1, 2, 1].working().terms) > 500
    held(book, recalculate(tmp_path / "net.xlsx", {}), exact(trace, trace.picture, trace.weights))


# --- what may not happen ---------------------------------------------------------------------------------


def test_names_never_become_formulas(recalculate, office, tmp_path: Path) -> None:
    names = ["=1+1", "+cmd|' /C calc'!A0", "@SUM(1)", "-2", "http://a.example/", "{=A1}", "<b>&"]
    names += ["tab\tname", "\ud800", "7"]
    trace, file = of_ten(), tmp_path / "net.xlsx"
    workbook.write(trace, file, classes=names, label="@SUM(1)", title="=2+2")
    values = read(file)
    assert values[Ref("start", 0, 0)] == "=2+2"
    assert [values[Ref("loss", 5 + k, 0)] for k in range(10)] == [*names[:7], "tab\\tname", "\\ud800", "7"]
    assert not any("cmd" in formula or "1+1" in formula for formula in formulas(file).values())
    probs = exact(trace, trace.picture, trace.weights)["softmax1"]
    assert recalculate(file, {})[COST] == pytest.approx(-np.log(probs[2]), rel=CLOSE)
    assert recalculate(file, {LABEL: "7"})[COST] == pytest.approx(-np.log(probs[9]), rel=CLOSE)


def test_too_large_is_refused_with_what_would_fit() -> None:
    net = parse("input 28x28x1, scale, conv 256 3x3 same, relu, maxpool 2, flatten, dense 10, softmax")
    trace = by_chance(net, net.input, 255)
    with pytest.raises(InputError, match=r"would have 1,007,678 cells.* the limit is 400,000 cells") as error:
        workbook.measured(trace)
    told = str(error.value)
    assert "% of its channels" in told and "the net 'lenet5'" in told
    crop = told.partition("--crop '")[2].partition("'")[0]
    assert workbook.measured(trace, crop=crop).fits


def test_what_is_not_finite_is_refused(tmp_path: Path) -> None:
    trace = trace_of("x5")
    weights = {key: np.full_like(value, np.inf) for key, value in trace.weights.items()}
    with pytest.raises(JobError, match="conv1 is not finite for this picture, and a spreadsheet holds no such numbers"):
        workbook.write(record(trace.net, weights, trace.picture), tmp_path / "net.xlsx")


def test_a_pixel_alone_can_be_cropped(tmp_path: Path) -> None:
    book = workbook.write(trace_of("x5"), tmp_path / "net.xlsx", crop="input[1, 2, 0]")
    assert len(book.grid.values) == 1


def test_errors_say_what_would_work(tmp_path: Path) -> None:
    trace = trace_of("x5")
    with pytest.raises(InputError, match=r"net\.xls: Excel opens what ends in \.xlsx; write it to .*net\.xlsx"):
        workbook.write(trace, tmp_path / "net.xls")
    with pytest.raises(InputError, match="a crop has no loss"):
        workbook.write(trace, tmp_path / "net.xlsx", crop="conv1[0, 0, 0]", backward=True)
    with pytest.raises(InputError, match=r"there is no cell conv1\[9, 0, 0\]"):
        workbook.write(trace, tmp_path / "net.xlsx", crop="conv1[9, 0, 0]")
    with pytest.raises(InputError, match="there is no class 'cat'; there are X, not X"):
        workbook.write(trace, tmp_path / "net.xlsx", classes=["X", "not X"], label="cat")
    maps = record(parse("input 4x4x1, maxpool 2"), {}, np.zeros((4, 4, 1), np.uint8))
    with pytest.raises(InputError, match="does not end in probabilities"):
        workbook.write(maps, tmp_path / "net.xlsx", backward=True)
    assert not list(tmp_path.iterdir())
    maps.to_workbook(tmp_path / "net.xlsx")
    assert read(tmp_path / "net.xlsx")[Ref("maxpool1", 5, 2)] == 0


# --- how it looks, and the command -----------------------------------------------------------------------


def test_it_opens_and_is_drawn(office, tmp_path: Path) -> None:
    """LibreOffice draws its first sheet: there is ink on it, and the orange of the most probable class."""
    from PIL import Image

    file = tmp_path / "net.xlsx"
    workbook.write(trace_of("x5"), file, single_sheet=True)
    with Image.open(office("png", file)[0]) as image:
        pixels = np.asarray(image.convert("RGB")).astype(int)
    assert (pixels.sum(axis=2) < 200).sum() > 1000
    assert (abs(pixels - (0xF0, 0xC4, 0x8F)).max(axis=2) < 8).sum() > 500


def test_the_command(digits_run: Path, recalculate, tmp_path: Path) -> None:
    model, pictures = cutaway.load(digits_run), cutaway.read("digits")
    wrong = int(np.flatnonzero(~model.predictions(pictures).right)[0])
    file = tmp_path / "wrong.xlsx"
    said = ran("workbook", digits_run, f"digits[{wrong}]", file)
    assert re.search(r"^4\d,\d{3} cells, about \d+\.\d kB; at most 400,000 cells$", said, re.MULTILINE)
    assert f"{file}: " in said
    values = recalculate(file, {})
    assert values[GUESS] == model.predict(pictures[wrong]).label
    assert values[LABEL] == pictures.classes[pictures.labels[wrong]]
    scores = exact(model.trace(pictures[wrong]), pictures[wrong], model.weights)["dense2"]
    targets = np.eye(10)[[pictures.labels[wrong]]]
    assert values[COST] == pytest.approx(CrossEntropy().value_of_scores(scores[None], targets)[0], rel=1e-6)


def test_the_command_refuses_to_overwrite_the_picture(digits_run: Path, tmp_path: Path) -> None:
    picture = tmp_path / "seven.xlsx"
    picture.write_bytes(b"mine")
    done = run("workbook", digits_run, picture, picture)
    assert done.exit_code == 2 and "is left as it is; give FILE another name" in done.stderr
    assert picture.read_bytes() == b"mine"
