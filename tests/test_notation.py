"""Nets as text, both ways, and errors that point at the word."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cutaway.errors import NotationError, ShapeError
from cutaway.layers import Shape
from cutaway.layers.add import Add
from cutaway.layers.concat import Concat
from cutaway.layers.conv import Conv
from cutaway.layers.flatten import Flatten
from cutaway.layers.relu import Relu
from cutaway.layers.tanh import Tanh
from cutaway.net import Net, Node, parse
from cutaway.net.notation import DEEPEST, _Branches, states_input

DIGIT = (28, 28, 1)


def wiring(net: Net) -> dict[str, tuple[str, ...]]:
    return {node.name: node.inputs for node in net}


# --- reading --------------------------------------------------------------------------------------


def test_a_chain() -> None:
    net = parse("conv 6 5x5 same, relu,\n maxpool 2,\tflatten, dense classes, softmax", input=DIGIT, classes=10)
    assert net.names == ["conv1", "relu1", "maxpool1", "flatten1", "dense1", "softmax1"]
    assert net["conv1"].layer == Conv(6, (5, 5), padding="same")
    assert wiring(net)["conv1"] == ("input",)
    assert all(wiring(net)[after] == (before,) for before, after in pairwise(net.names))
    assert net.shapes()["softmax1"] == (10,)


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("input 28x20x3, relu", (28, 20, 3)),
        ("input any, grey, resize 8x8", (0, 0, 0)),
        ("input 784, dense 10", (784,)),
    ],
)
def test_the_text_may_say_what_goes_in(text: str, shape: Shape) -> None:
    assert parse(text).input == parse(text, input=shape).input == shape
    assert states_input(text)


@pytest.mark.parametrize(
    ("stated", "given"), [("28x28x1", "32x32x1"), ("any", "28x28x1"), ("784", "28x28x1"), ("28x28x1", "784")]
)
def test_text_and_caller_must_not_say_different_inputs(stated: str, given: str) -> None:
    with pytest.raises(NotationError) as raised:
        parse(f"input {stated}, grey, resize 28, flatten", input=tuple(map(int, given.split("x"))))
    assert str(raised.value) == (
        f"line 1, column 7: in 'input {stated}': the input that is given beside the net is {given}; "
        "leave one of them out"
    )


@pytest.mark.parametrize("text", ["relu, flatten", "", " \n", ", input 8x8x1", "inputs"])
def test_a_text_that_does_not_say_what_goes_in(text: str) -> None:
    assert not states_input(text)


def test_classes_stand_for_a_number_wherever_one_can_be() -> None:
    net = parse("conv classes 1x1, globalmean, dense classes", input=DIGIT, classes=7)
    assert net == parse("conv 7 1x1, globalmean, dense 7", input=DIGIT)


def test_a_comma_at_the_end_is_allowed() -> None:
    assert parse("relu, flatten,", input=DIGIT) == parse("relu, flatten", input=DIGIT)


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("relu, residual(tanh)", ("tanh1", "relu1")),
        ("relu, residual(tanh | )", ("tanh1", "relu1")),
        ("relu, residual( | tanh)", ("relu1", "tanh1")),
        ("relu, residual(tanh | sigmoid)", ("tanh1", "sigmoid1")),
        ("relu, residual(tanh | sigmoid | gelu)", ("tanh1", "sigmoid1", "gelu1")),
        ("relu, residual(tanh | | gelu)", ("tanh1", "relu1", "gelu1")),
        ("relu, residual( | )", ("relu1", "relu1")),
        ("relu, concat(tanh | | gelu, silu)", ("tanh1", "relu1", "silu1")),
        ("relu, squeeze(tanh)", ("relu1", "tanh1")),
        ("relu, squeeze(tanh | gelu)", ("tanh1", "gelu1")),
        ("relu, squeeze(tanh | )", ("tanh1", "relu1")),
        ("relu, squeeze( | )", ("relu1", "relu1")),
        ("relu, residual(tanh, residual(gelu), silu)", ("silu1", "relu1")),
        ("residual(tanh)", ("tanh1", "input")),
    ],
)
def test_blocks(text: str, last: tuple[str, ...]) -> None:
    net = parse(text, input=DIGIT)
    assert net.output.inputs == last
    assert parse(str(net)) == net


# --- writing --------------------------------------------------------------------------------------


def test_what_is_written() -> None:
    text = (
        "conv 4 3x3 stride 2x2 pad 1 1 1 1 groups 1, residual(norm, relu | conv 4 1 no bias), "
        "squeeze( | globalmean, dense 4, sigmoid), flatten, dense classes no bias"
    )
    assert str(parse(text, input=DIGIT, classes=3)) == (
        "input 28x28x1, conv 4 3x3 stride 2 pad 1, residual(norm, relu | conv 4 1x1 no bias),\n"
        "squeeze(globalmean, dense 4, sigmoid), flatten, dense 3 no bias"
    )


ACTIVATIONS = ["relu", "relu6", "leaky", "leaky 0.25", "prelu", "tanh", "sigmoid", "silu", "gelu", "hardswish"]
SAME = [
    "norm",
    "lrn 3",
    "dropout 0.1",
    "maxpool 3 stride 1 same",
    "meanpool 3x5 stride 1 same",
    "sumpool 2 stride 1 same",
]
SHRINKING = [
    "maxpool 2 partial",
    "meanpool 3 stride 2 pad 1 partial",
    "sumpool 2x1",
    "conv 3 2x2 stride 2",
    "maxpool 1 fit",
]


@st.composite
def convolutions(draw: st.DrawFn, channels: int, count: int | None = None) -> tuple[str, int]:
    """A convolution that keeps rows and columns, and its number of kernels."""
    count = count or draw(st.integers(1, 6))
    height, width = draw(st.sampled_from([1, 2, 3])), draw(st.sampled_from([1, 3, 4]))
    options = [draw(st.sampled_from(["", " no bias"])), draw(st.sampled_from(["", " dilation 2x1", " dilation 3"]))]
    if channels == count:
        options.append(draw(st.sampled_from(["", f" groups {channels}"])))
    return f"conv {count} {height}x{width} same{''.join(draw(st.permutations(options)))}", count


@st.composite
def bodies(draw: st.DrawFn, channels: int, room: int) -> tuple[list[str], int]:
    """Phrases of up to `room` layers (or a few more, to make branches fit) that keep rows and columns."""
    phrases: list[str] = []
    for _ in range(draw(st.integers(0, room))):
        kind = draw(st.sampled_from(["conv", "same", "activation", "residual", "concat", "squeeze"]))
        if kind == "conv" or (kind in ("residual", "concat", "squeeze") and room < 3):
            phrase, channels = draw(convolutions(channels))
        elif kind in ("same", "activation"):
            phrase = draw(st.sampled_from(SAME if kind == "same" else ACTIVATIONS))
        else:
            phrase, channels = draw(
                {"residual": residuals, "concat": concats, "squeeze": squeezes}[kind](channels, room // 2)
            )
        phrases.append(phrase)
    return phrases, channels


@st.composite
def branches(draw: st.DrawFn, channels: int, room: int, count: int) -> str:
    """A branch that ends in `count` channels; it may be empty where those are what comes in."""
    phrases, last = draw(bodies(channels, room))
    if last != count:
        phrases.append(draw(convolutions(last, count))[0])
    return ", ".join(phrases)


@st.composite
def residuals(draw: st.DrawFn, channels: int, room: int) -> tuple[str, int]:
    if draw(st.booleans()):
        return f"residual({draw(branches(channels, room, channels)) or 'norm'})", channels
    count = draw(st.integers(1, 4))
    return (
        f"residual({' | '.join(draw(branches(channels, room, count)) for _ in range(draw(st.integers(2, 3))))})",
        count,
    )


@st.composite
def concats(draw: st.DrawFn, channels: int, room: int) -> tuple[str, int]:
    ends = [draw(bodies(channels, room)) for _ in range(draw(st.integers(2, 3)))]
    return f"concat({' | '.join(', '.join(phrases) for phrases, _ in ends)})", sum(last for _, last in ends)


@st.composite
def squeezes(draw: st.DrawFn, channels: int, room: int) -> tuple[str, int]:
    gate = draw(st.sampled_from([f"globalmean, dense {channels}, sigmoid", f"conv {channels} 1x1, sigmoid"]))
    if draw(st.booleans()):
        return f"squeeze({gate})", channels
    return f"squeeze({draw(branches(channels, room, channels))} | {gate})", channels


@st.composite
def nets(draw: st.DrawFn) -> Net:
    """A whole net, from preparation to softmax, with blocks within blocks."""
    start, shape = draw(
        st.sampled_from(
            [
                ("input any, colour, resize 9x8 fit, scale, normalise 0.5 0.4 0.3 / 0.1 0.2 1e-05", 3),
                ("input 9x8x1, grey, scale 127.5, normalise 0.1307 0.3081", 1),
                ("input 9x8x2", 2),
            ]
        )
    )
    phrases, _ = draw(bodies(shape, 5))
    shrinking = draw(st.lists(st.sampled_from(SHRINKING), max_size=2))
    end = draw(st.sampled_from(["flatten", "globalmean"]))
    last = draw(st.sampled_from(["softmax", "sigmoid", "logsoftmax"]))
    return parse(", ".join([start, *phrases, *shrinking, end, "dropout 0.5", "dense classes", last]), classes=3)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(nets())
def test_what_is_written_reads_back(net: Net) -> None:
    text = str(net)
    assert parse(text) == net
    assert str(parse(text)) == text


def paths(net: Net, name: str) -> list[set[str]]:
    """Every way from the picture to a node, as the nodes that it passes before it."""
    if name == "input":
        return [set()]
    return [way | {source} for source in set(net[name].inputs) for way in paths(net, source)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(nets())
def test_the_node_before_is_the_last_that_every_way_passes(net: Net) -> None:
    order = ["input", *net.names]
    found = _Branches(net).before
    for node in net.nodes[:12]:
        shared = set.intersection(*paths(net, node.name))
        assert found[node.name] == max(shared, key=order.index)


def net_of(*nodes: Node) -> Net:
    return Net(DIGIT, nodes)


def test_branches_that_cross_cannot_be_written() -> None:
    net = net_of(
        Node("relu1", Relu(), ("input",)),
        Node("tanh1", Tanh(), ("input",)),
        Node("add1", Add(), ("relu1", "tanh1")),
        Node("add2", Add(), ("add1", "relu1")),
    )
    with pytest.raises(NotationError, match="branches cross at relu1, which the notation cannot say"):
        str(net)


def test_crossing_is_found_at_once_in_deep_nets() -> None:
    """Fibonacci's graph: the number of ways doubles with every other layer, the number of layers does not."""
    nodes = [Node("relu1", Relu(), ("input",)), Node("relu2", Relu(), ("relu1",))]
    for number in range(1, 100):
        nodes.append(Node(f"add{number}", Add(), (nodes[-1].name, nodes[-2].name)))
    with pytest.raises(NotationError, match="branches cross"):
        str(net_of(*nodes))


def test_a_layer_that_leads_nowhere_cannot_be_written() -> None:
    nodes = (
        Node("relu1", Relu(), ("input",)),
        Node("tanh1", Tanh(), ("relu1",)),
        Node("flatten1", Flatten(), ("relu1",)),
    )
    with pytest.raises(NotationError, match="tanh1 leads nowhere, which the notation cannot say"):
        str(net_of(*nodes))


@pytest.mark.parametrize("word", ["residual", "squeeze"])
def test_how_deep_blocks_may_stand_in_blocks(word: str) -> None:
    def nested(depth: int) -> str:
        return f"{word}(" * depth + "relu" + ")" * depth

    net = parse(nested(DEEPEST), input=DIGIT)
    assert parse(str(net)) == net
    assert len(parse(f"{nested(DEEPEST)}, {nested(DEEPEST)}", input=DIGIT)) == 2 * len(net)
    for depth in (DEEPEST + 1, 3000):
        with pytest.raises(NotationError, match=r"^line 1, column \d+: blocks stand in blocks 100 deep here"):
            parse(nested(depth), input=DIGIT)


def test_deeper_blocks_than_can_be_read_are_not_written() -> None:
    nodes = [Node("relu1", Relu(), ("input",))]
    for number in range(1, DEEPEST + 2):
        nodes.append(Node(f"add{number}", Add(), (nodes[-1].name, "input")))
    assert parse(str(net_of(*nodes[:-1]))).names == net_of(*nodes[:-1]).names
    with pytest.raises(NotationError, match="add1 stands 101 blocks deep, the notation goes 100 deep"):
        str(net_of(*nodes))


def test_a_block_of_one_branch_cannot_be_written() -> None:
    with pytest.raises(NotationError, match="concat1 has one input, which the notation cannot say"):
        str(net_of(Node("relu1", Relu(), ("input",)), Node("concat1", Concat(), ("relu1",))))


# --- errors ---------------------------------------------------------------------------------------

LAYERS = (
    "grey, colour, resize, scale, normalise, conv, norm, lrn, relu, relu6, leaky, prelu, tanh, sigmoid, silu, gelu, "
    "hardsigmoid, hardswish, maxpool, meanpool, sumpool, globalmean, flatten, dense, dropout, softmax, logsoftmax, "
    "residual, concat, squeeze"
)

ERRORS = {
    # a word that is not known, in whatever line it stands
    "relu,\n  maxpol 2": (
        f"line 2, column 3: in 'maxpol 2': there is no layer 'maxpol'; did you mean 'maxpool'?; known: {LAYERS}"
    ),
    "relu, residul(relu)": (
        f"line 1, column 7: in 'residul': there is no layer 'residul'; did you mean 'residual'?; known: {LAYERS}"
    ),
    "relu, add": f"line 1, column 7: in 'add': there is no layer 'add'; known: {LAYERS}",
    "conv 6 5x5 sme": (
        "line 1, column 12: in 'conv 6 5x5 sme': expected stride, same, valid, pad, groups, dilation, no, fit; "
        "got 'sme'; did you mean 'same'?"
    ),
    "relu, maxpool 2 partail": (
        "line 1, column 17: in 'maxpool 2 partail': expected stride, same, valid, pad, partial, fit; got 'partail'; "
        "did you mean 'partial'?"
    ),
    "relu relu": "line 1, column 6: in 'relu relu': expected nothing after 'relu'; got 'relu'",
    # numbers
    "conv": "line 1, column 1: in 'conv': expected the number of kernels at the end",
    "conv 9999999999 3x3": (
        "line 1, column 6: in 'conv 9999999999 3x3': expected the number of kernels, a whole number from 1 up; "
        "got '9999999999'"
    ),
    "conv x 3x3": (
        "line 1, column 6: in 'conv x 3x3': expected the number of kernels, a whole number from 1 up; got 'x'"
    ),
    "conv 6 3by3": "line 1, column 8: in 'conv 6 3by3': expected a kernel size like 3 or 3x5; got '3by3'",
    "dropout 1.5": "line 1, column 9: in 'dropout 1.5': expected a share from 0 up to, not including, 1; got 1.5",
    "flatten, dense classes": (
        "line 1, column 16: in 'dense classes': how many classes there are is not known here; "
        "give classes=10, or write 'dense 10'"
    ),
    # signs
    ", relu": "line 1, column 1: expected a layer; got ','",
    "relu,\n, relu": "line 2, column 1: expected a layer; got ','",
    "relu | relu": "line 1, column 6: expected a comma or the end; got '|'",
    "relu)": "line 1, column 5: expected a comma or the end; got ')'",
    "relu (relu)": "line 1, column 6: expected a comma or the end; got '('",
    # blocks
    "relu, residual relu": "line 1, column 16: expected '(' after residual; got 'relu'",
    "residual": "at the end of the net: expected '(' after residual",
    "relu,\nconcat(relu | tanh": (
        "at the end of the net: expected a comma, '|' or the ')' of concat in line 2, column 1"
    ),
    "residual(relu, (tanh))": "line 1, column 16: expected a layer; got '('",
    "relu, residual()": "line 1, column 7: residual() is empty; put layers into it",
    "squeeze()": "line 1, column 1: squeeze() is empty; put layers into it",
    "concat(relu)": "line 1, column 1: concat joins two or more branches, separated by '|'; got 1",
    "squeeze(relu | tanh | gelu)": "line 1, column 1: squeeze takes one or two branches; got 3",
    # what goes in
    "input": "line 1, column 1: in 'input': expected 'any' or a shape like 28x28x1 at the end",
    "input 28x28, relu": ("line 1, column 7: in 'input 28x28': expected 'any' or a shape like 28x28x1; got '28x28'"),
    "input 0x28x1, relu": ("line 1, column 7: in 'input 0x28x1': expected 'any' or a shape like 28x28x1; got '0x28x1'"),
    "input 8x8x1 relu": ("line 1, column 13: in 'input 8x8x1 relu': expected nothing after 'input 8x8x1'; got 'relu'"),
    "input 8x8x1": "the net 'input 8x8x1' has no layers; a small one is 'flatten, dense classes, softmax'",
    "": "the net '' has no layers; a small one is 'flatten, dense classes, softmax'",
    " \n": "the net ' \\n' has no layers; a small one is 'flatten, dense classes, softmax'",
}


@pytest.mark.parametrize("text", ERRORS)
def test_an_error_points_at_the_word(text: str) -> None:
    with pytest.raises(NotationError) as raised:
        parse(text, input=None if states_input(text) else DIGIT)
    assert str(raised.value) == ERRORS[text]
    assert "\n" not in str(raised.value)


def test_a_net_needs_to_know_what_goes_in() -> None:
    with pytest.raises(
        NotationError, match="the net does not say what goes in: start it with 'input 28x28x1', or give"
    ):
        parse("relu, flatten")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (
            "conv 6 5x5, maxpool 30",
            "maxpool1: maxpool 30x30 does not fit 24x24x6: .* use a smaller window, 'same', or 'pad 3'",
        ),
        (
            "conv 6 5x5, dense 10",
            "dense1: dense 10 needs a list of features; got 24x24x6; put 'flatten' or 'globalmean' before",
        ),
        (
            "residual(conv 4 3x3 same)",
            "add1: residual cannot add 28x28x4 and 28x28x1; give the other branch a 'conv N 1x1'",
        ),
        ("concat(conv 4 3x3 | )", "concat1: concat cannot join 26x26x4 and 28x28x1: rows and columns must agree"),
    ],
)
def test_a_layer_that_does_not_fit_is_named(text: str, error: str) -> None:
    with pytest.raises(ShapeError, match=error):
        parse(text, input=DIGIT)
