"""A net as text, both ways: `parse(write(net)) == net`.

    input 28x28x1,
    conv 6 5x5 same, relu, maxpool 2,
    flatten, dense classes, softmax

Phrases are separated by commas; new lines are white space. Blocks hold branches, separated by `|`:
`residual(body)` adds the body to what went into it, `residual(body | shortcut)` adds both branches, `concat(a | b | c)`
joins channels, `squeeze(gate)` multiplies by the gate. An empty branch is what went in.
"""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import takewhile

from cutaway.errors import NotationError
from cutaway.layers import ANY, KINDS, READABLE, Foreign, Layer, Shape
from cutaway.layers.layer import describe
from cutaway.layers.merging import Merging
from cutaway.layers.words import Words, nearest
from cutaway.net.net import INPUT, Net, Node

SIGNS = {",", "(", ")", "|"}
TOKEN = re.compile(r"[^\s,()|]+|[,()|]")
BLOCKS = {kind.block: kind for kind in KINDS.values() if issubclass(kind, Merging)}
WORDS = [word for word, kind in KINDS.items() if not issubclass(kind, Merging)]
DEEPEST = 100
"""Blocks within blocks; reading and writing go as deep as the blocks do, which Python ends at some hundreds."""


@dataclass(frozen=True)
class Token:
    """A word or a sign, and where it stands (from 1)."""

    text: str
    line: int
    column: int

    @property
    def place(self) -> str:
        """For errors: `line 2, column 7: `."""
        return f"line {self.line}, column {self.column}: "


def parse(text: str, *, input: Shape | None = None, classes: int | None = None) -> Net:
    """The net that a text describes.

    >>> parse("conv 6 5x5 same, relu, flatten, dense classes, softmax", input=(28, 28, 1), classes=10).names
    ['conv1', 'relu1', 'flatten1', 'dense1', 'softmax1']

    `input` is the shape of a picture, where the text does not start with `input 28x28x1` or `input any`; `classes` is
    the number that the word stands for, in `dense classes` or `conv classes 1x1`. Raises NotationError that points at
    the word, also where text and `input` say different shapes, ShapeError where a layer does not fit.
    """
    reader = _Reader(_tokens(text), classes)
    shape = reader.input(input)
    reader.sequence(INPUT)
    if reader.token:
        raise reader.unexpected("a comma or the end")
    if not reader.nodes:
        raise NotationError(f"the net {text!r} has no layers; a small one is 'flatten, dense classes, softmax'")
    net = Net(shape, tuple(reader.nodes))
    net.shapes()  # raises where a layer does not fit
    return net


def states_input(text: str) -> bool:
    """Whether a text says itself what goes in.

    >>> states_input("input any, grey, resize 8x8, flatten"), states_input("flatten")
    (True, False)
    """
    return [token.text for token in _tokens(text)[:1]] == ["input"]


def write(net: Net) -> str:
    """The text of a net, in lines of up to 100 characters."""
    branches = _Branches(net)
    phrases = branches.chain(INPUT, net.output.name)
    if unused := [name for name in net.names if name not in branches.written]:
        raise NotationError(f"{unused[-1]} leads nowhere, which the notation cannot say")
    sizes = "any" if ANY in net.input else describe(net.input)
    text = ", ".join([f"input {sizes}", *phrases])
    kept = re.sub(r"(?<![,|]) (?!\|)", "\0", text)  # lines break after a comma or a bar, never within a phrase
    return textwrap.fill(kept, 100, break_long_words=False, break_on_hyphens=False).replace("\0", " ")


def _tokens(text: str) -> list[Token]:
    return [
        Token(match[0], number, match.start() + 1)
        for number, line in enumerate(text.splitlines(), 1)
        for match in TOKEN.finditer(line)
    ]


@dataclass
class _Reader:
    """Walks through the tokens once and collects nodes."""

    tokens: list[Token]
    classes: int | None
    position: int = 0
    depth: int = 0
    nodes: list[Node] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def token(self) -> Token | None:
        return self.tokens[self.position] if self.position < len(self.tokens) else None

    def at(self, *signs: str) -> bool:
        return self.token is not None and self.token.text in signs

    def take(self, sign: str, expected: str) -> None:
        if not self.at(sign):
            raise self.unexpected(expected)
        self.position += 1

    def unexpected(self, expected: str) -> NotationError:
        if self.token is None:
            return NotationError(f"at the end of the net: expected {expected}")
        return NotationError(f"{self.token.place}expected {expected}; got {self.token.text!r}")

    def input(self, given: Shape | None) -> Shape:
        """The shape that a leading `input` phrase states, or the one that is given."""
        if not self.at("input"):
            if given is None:
                raise NotationError(
                    "the net does not say what goes in: start it with 'input 28x28x1', or give the input's shape"
                )
            return given
        words = self.phrase()
        words.next("input")
        word = words.next("'any' or a shape like 28x28x1")
        words.end()
        if word != "any" and not re.fullmatch(r"[1-9]\d*(x[1-9]\d*x[1-9]\d*)?", word):
            raise words.error(f"expected 'any' or a shape like 28x28x1; got {word!r}")
        if self.at(","):
            self.position += 1
        stated = (ANY, ANY, ANY) if word == "any" else tuple(map(int, word.split("x")))
        if given not in (None, stated):
            raise words.error(f"the input that is given beside the net is {describe(given)}; leave one of them out")
        return stated

    def sequence(self, source: str) -> str:
        """Phrases up to a `|`, a `)` or the end; returns the name of the last node."""
        while self.token and not self.at("|", ")"):
            source = self.block(source) if self.token.text in BLOCKS else self.layer(source)
            if not self.at(","):
                break
            self.position += 1
        return source

    def layer(self, source: str) -> str:
        words = self.phrase()
        word = words.next("a layer")
        if word not in (*WORDS, Foreign.word):
            choices = [*WORDS, *BLOCKS]
            raise words.error(f"there is no layer {word!r}{nearest(word, choices)}; known: {', '.join(choices)}")
        layer = READABLE[word].read(words)
        words.end()
        return self.add(layer, [source])

    def block(self, source: str) -> str:
        assert self.token
        opening = self.token
        self.depth += 1
        if self.depth > DEEPEST:
            raise NotationError(f"{opening.place}blocks stand in blocks {DEEPEST} deep here, and cannot stand deeper")
        self.position += 1
        self.take("(", f"'(' after {opening.text}")
        ends = [self.sequence(source)]
        while self.at("|"):
            self.position += 1
            ends.append(self.sequence(source))
        self.take(")", f"a comma, '|' or the ')' of {opening.text} in line {opening.line}, column {opening.column}")
        self.depth -= 1
        if ends == [source]:
            raise NotationError(f"{opening.place}{opening.text}() is empty; put layers into it")
        kind = BLOCKS[opening.text]
        try:
            return self.add(kind(), kind.inputs(ends, source))
        except NotationError as error:
            raise NotationError(f"{opening.place}{error}") from None

    def phrase(self) -> Words:
        """The words up to the next sign."""
        tokens = list(takewhile(lambda token: token.text not in SIGNS, self.tokens[self.position :]))
        if not tokens:
            raise self.unexpected("a layer")
        self.position += len(tokens)
        return Words([token.text for token in tokens], [token.place for token in tokens], self.classes)

    def add(self, layer: Layer, inputs: Sequence[str]) -> str:
        self.counts[layer.word] += 1
        gap = "_" if layer.word[-1].isdigit() else ""  # relu6_1 is not the 61st relu
        name = f"{layer.word}{gap}{self.counts[layer.word]}"
        self.nodes.append(Node(name, layer, tuple(inputs)))
        return name


class _Branches:
    """Finds the blocks of a graph again: a layer with several inputs closes what its nearest common source opened."""

    def __init__(self, net: Net) -> None:
        self.net = net
        self.order = {INPUT: -1} | {node.name: i for i, node in enumerate(net)}
        self.before: dict[str, str] = {}
        """The nearest node that every way from the picture to a node passes (its dominator)."""
        for node in net:
            self.before[node.name] = reduce(self.common, node.inputs)
        self.written: set[str] = set()

    def common(self, a: str, b: str) -> str:
        """The nearest node that both come from, whatever the way."""
        while a != b:
            if self.order[a] > self.order[b]:
                a = self.before[a]
            else:
                b = self.before[b]
        return a

    def chain(self, start: str, end: str, depth: int = 0) -> list[str]:
        """The phrases of what lies between two nodes, the second included, this many blocks deep."""
        phrases: list[str] = []
        while end != start:
            node = self.net[end]
            if end in self.written:
                raise NotationError(f"branches cross at {end}, which the notation cannot say")
            self.written.add(end)
            layer = node.layer
            phrases.append(self.block(node, layer, depth + 1) if isinstance(layer, Merging) else layer.text())
            end = self.before[end]
        return phrases[::-1]

    def block(self, node: Node, merging: Merging, depth: int) -> str:
        if depth > DEEPEST:
            raise NotationError(f"{node.name} stands {depth} blocks deep, the notation goes {DEEPEST} deep")
        if len(node.inputs) < 2:
            raise NotationError(f"{node.name} has one input, which the notation cannot say")
        fork = self.before[node.name]
        branches = [", ".join(self.chain(fork, end, depth)) for end in node.inputs]
        return f"{merging.block}({' | '.join(merging.written(branches))})"
