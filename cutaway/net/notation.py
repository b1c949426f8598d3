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
from dataclasses import dataclass, field
from functools import reduce
from itertools import takewhile

from cutaway.errors import NotationError
from cutaway.layers import ANY, KINDS, Layer, Shape
from cutaway.layers.add import Add
from cutaway.layers.concat import Concat
from cutaway.layers.layer import describe
from cutaway.layers.merging import Merging
from cutaway.layers.multiply import Multiply
from cutaway.layers.words import Words, nearest
from cutaway.net.net import INPUT, Net, Node

SIGNS = {",", "(", ")", "|"}
TOKEN = re.compile(r"[^\s,()|]+|[,()|]")
BLOCKS: dict[str, type[Merging]] = {kind.block: kind for kind in (Add, Concat, Multiply)}
WORDS = [word for word, kind in KINDS.items() if not issubclass(kind, Merging)]


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

    `input` is the shape of a picture, unless the text starts with `input 28x28x1` or `input any`; `classes` is the
    number that the word stands for, in `dense classes` or `conv classes 1x1`. Raises NotationError that points at the
    word, ShapeError where a layer does not fit.
    """
    reader = _Reader(_tokens(text), classes)
    stated = reader.input()
    if stated is None and input is None:
        raise NotationError(
            "the net does not say what goes in: start it with 'input 28x28x1', or give the input's shape"
        )
    shape = stated if stated is not None else input
    assert shape is not None
    reader.sequence(INPUT)
    if reader.token:
        raise reader.unexpected("a comma or the end")
    if not reader.nodes:
        raise NotationError(f"the net {text!r} has no layers; a small one is 'flatten, dense classes, softmax'")
    net = Net(shape, tuple(reader.nodes))
    net.shapes()  # raises where a layer does not fit
    return net


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

    def input(self) -> Shape | None:
        """The shape that a leading `input` phrase states."""
        if not self.at("input"):
            return None
        words = self.phrase()
        words.next("input")
        word = words.next("'any' or a shape like 28x28x1")
        words.end()
        if word != "any" and not re.fullmatch(r"[1-9]\d*(x[1-9]\d*x[1-9]\d*)?", word):
            raise words.error(f"expected 'any' or a shape like 28x28x1; got {word!r}")
        if self.at(","):
            self.position += 1
        return (0, 0, 0) if word == "any" else tuple(map(int, word.split("x")))

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
        if word not in WORDS:
            choices = [*WORDS, *BLOCKS]
            raise words.error(f"there is no layer {word!r}{nearest(word, choices)}; known: {', '.join(choices)}")
        layer = KINDS[word].read(words)
        words.end()
        return self.add(layer, (source,))

    def block(self, source: str) -> str:
        assert self.token
        opening = self.token
        self.position += 1
        self.take("(", f"'(' after {opening.text}")
        ends = [self.sequence(source)]
        while self.at("|"):
            self.position += 1
            ends.append(self.sequence(source))
        self.take(")", f"a comma, '|' or the ')' of {opening.text} in line {opening.line}, column {opening.column}")
        return self.add(BLOCKS[opening.text](), self.merged(opening, ends, source))

    def merged(self, opening: Token, ends: list[str], source: str) -> tuple[str, ...]:
        """What the block's last layer takes in: the ends of the branches, and what went in where that is meant."""
        if ends == [source]:
            raise NotationError(f"{opening.place}{opening.text}() is empty; put layers into it")
        if opening.text == "squeeze":
            ends = [source, *ends] if len(ends) == 1 else ends
            if len(ends) > 2:
                raise NotationError(f"{opening.place}squeeze takes one or two branches; got {len(ends)}")
        elif opening.text == "residual" and len(ends) == 1:
            ends = [*ends, source]
        elif len(ends) == 1:
            raise NotationError(f"{opening.place}{opening.text} joins two or more branches, separated by '|'; got 1")
        return tuple(ends)

    def phrase(self) -> Words:
        """The words up to the next sign."""
        tokens = list(takewhile(lambda token: token.text not in SIGNS, self.tokens[self.position :]))
        if not tokens:
            raise self.unexpected("a layer")
        self.position += len(tokens)
        return Words([self.word(token.text) for token in tokens], [token.place for token in tokens], self.classes)

    def word(self, text: str) -> str:
        """`classes` is a number like any other, where it is known: `dense classes`, `conv classes 1x1`."""
        return str(self.classes) if text == "classes" and self.classes is not None else text

    def add(self, layer: Layer, inputs: tuple[str, ...]) -> str:
        self.counts[layer.word] += 1
        gap = "_" if layer.word[-1].isdigit() else ""  # relu6_1 is not the 61st relu
        name = f"{layer.word}{gap}{self.counts[layer.word]}"
        self.nodes.append(Node(name, layer, inputs))
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

    def chain(self, start: str, end: str) -> list[str]:
        """The phrases of what lies between two nodes, the second included."""
        phrases: list[str] = []
        while end != start:
            node = self.net[end]
            if end in self.written:
                raise NotationError(f"branches cross at {end}, which the notation cannot say")
            self.written.add(end)
            phrases.append(self.block(node) if isinstance(node.layer, Merging) else node.layer.text())
            end = self.before[end]
        return phrases[::-1]

    def block(self, node: Node) -> str:
        if len(node.inputs) < 2:
            raise NotationError(f"{node.name} has one input, which the notation cannot say")
        fork = self.before[node.name]
        branches = [", ".join(self.chain(fork, end)) for end in node.inputs]
        block = node.layer.block if isinstance(node.layer, Merging) else ""
        if block == "squeeze" and not branches[0] and branches[1]:
            branches = branches[1:]
        if block == "residual" and len(branches) == 2 and branches[0] and not branches[1]:
            branches = branches[:1]
        return f"{block}({' | '.join(branches)})"
