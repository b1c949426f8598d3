"""A classifier out of an ONNX file that was made elsewhere (or here): its net, how pictures are prepared, its classes.

A file seldom says how pictures become the numbers that it takes. What is known counts, in this order: what is given,
the file's own metadata (`preparation`), a text beside it (`other.preparation.txt`, `preparation.txt`), layers of its
own that take whole numbers from 0 to 255. Otherwise it is assumed that they are divided by 255, and one line says so.
"""

from __future__ import annotations

import ast
import json
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from cutaway.errors import InputError, ModelError
from cutaway.layers import (
    Concat,
    Flatten,
    Layer,
    LogSoftmax,
    Normalise,
    Scale,
    Shape,
    Sigmoid,
    Softmax,
)
from cutaway.layers.layer import describe
from cutaway.model.model import Model
from cutaway.model.names import unescaped
from cutaway.net import INPUT, Net, Node, parse
from cutaway.net.onnx import names
from cutaway.net.run import by_layer
from cutaway.wording import one_line

LONGEST = 2**20
"""Bytes of a text beside the file."""
WIDE = 20
"""A net whose first layer divides by this or more takes numbers up to 255: up to 1, it would see hardly any."""


def from_onnx(path: str | Path, preparation: str | None = None) -> Model:
    """The model of an ONNX file: `from_onnx("other.onnx", preparation="scale, normalise 0.5 0.25")`.

    `preparation` is in the notation. `colour` (or `grey`) and `resize` to the size that the file takes come before it,
    unless it has them itself; "" leaves the numbers from 0 to 255 as they are. A net that ends in scores is given a
    softmax (one score: a sigmoid). Raises ModelError, with the file's name.
    """
    from cutaway.net.onnx.reading import imported, log

    path = Path(path)
    stated = preparation if preparation is not None else _text_beside(path, "preparation")
    found = imported(path, _shape(stated, path))
    if found.own:
        return _own(path, found.net, found.weights, found.classes, found.metadata)
    log(found, str(path))
    try:
        if not len(found.net):
            raise ModelError("there are no layers in it: its output is its input")
        missing_end(found.net)  # raises where it is no classifier
        if found.output is None or not _in_order(found.output.places(found.net.shapes()[found.net.output.name])):
            raise ModelError("its output is a list in an order of its own, not one score a class")
        stated = stated if stated is not None else found.metadata.get("preparation")
        ahead = _preparation(stated, found.net, found.pixels or takes_pixels(found.net), path)
        net, weights = joined(ahead, found.net, found.weights)
        classes = _classes(path, found.metadata, found.classes, net)
        facts = {"imported": {"file": path.name, "undeclared": list(found.undeclared)}}
        return Model(net, weights, classes, facts)
    except InputError as error:
        raise ModelError(str(error) if str(error).startswith(str(path)) else f"{path}: {error}") from None


def _own(
    path: Path, net: Net, weights: Mapping[str, np.ndarray], classes: Sequence[str], metadata: Mapping[str, str]
) -> Model:
    """A file that cutaway wrote: nothing is assumed, and the weights are those that it was written with."""
    from cutaway.model.folder import digest

    if metadata.get(names.WEIGHTS) not in (None, digest(weights)):
        raise ModelError(f"{path} is damaged: its weights do not have the SHA-256 that they were written with")
    try:
        return Model(net, weights, tuple(classes), {"imported": {"file": path.name}}, path.read_bytes())
    except (InputError, OSError) as error:
        raise ModelError(f"{path}: {error}") from None


def _in_order(places: np.ndarray) -> bool:
    return bool((places.ravel() == np.arange(places.size)).all())


# ---- preparation


def _shape(stated: str | None, path: Path) -> Shape | None:
    """The shape that a stated preparation ends in, where it says one."""
    if stated is None:
        return None
    try:
        text = stated if _has(stated, "input") else f"input any, {stated}"
        net = parse(text)
        return net.shapes()[net.output.name]
    except InputError:  # it has no 'resize': the file has to say the size
        return None


def _has(stated: str, *words: str) -> bool:
    return any(phrase.split()[:1] == [word] for phrase in stated.split(",") for word in words)


def takes_pixels(net: Net) -> bool:
    """Whether the first layer brings numbers from 0 to 255 down itself, as Keras's Rescaling does.

    >>> [takes_pixels(parse(f"input 8x8x3, {layer}, flatten")) for layer in ("scale", "normalise 0.5 0.2")]
    [True, False]
    """
    first = net.nodes[0].layer
    if isinstance(first, Scale):
        return abs(first.divisor) >= WIDE
    return isinstance(first, Normalise) and min(map(abs, first.deviation)) >= WIDE


def _preparation(stated: str | None, net: Net, pixels: bool, path: Path) -> Net:
    """What comes before the net, from a picture of any size. What is assumed is said in one line."""
    known = stated is not None or pixels
    text = stated if stated is not None else "" if pixels else "scale"
    ahead = parse(_whole(text, net.input))
    if (made := ahead.shapes()[ahead.output.name]) != net.input:
        raise ModelError(f"the preparation {text!r} makes {describe(made)}, and the net takes {describe(net.input)}")
    if not known:
        logging.getLogger("cutaway").warning(
            "%s does not say how pictures are prepared; it is assumed that %r does it. State another in %s",
            path,
            str(ahead).removeprefix("input any, "),
            path.with_suffix(".preparation.txt").name,
        )
    return ahead


def _whole(text: str, shape: Shape) -> str:
    """A preparation with what it leaves out: `input any, colour, resize 224x224 crop, scale`."""
    if _has(text, "input"):
        return text
    sides, channels = _picture(shape)
    parts = [] if _has(text, "grey", "colour") else ["grey" if channels == 1 else "colour"]
    parts += [] if _has(text, "resize") else [f"resize {sides[0]}x{sides[1]} crop"]
    own = [phrase.strip() for phrase in text.split(",") if phrase.strip()]
    early = [phrase for phrase in own if phrase.split()[0] in ("grey", "colour", "resize")]
    late = [phrase for phrase in own if phrase not in early]
    flat = ["flatten"] if len(shape) == 1 and not _has(text, "flatten") else []
    return ", ".join(["input any", *parts, *early, *flat, *late])


def _picture(shape: Shape) -> tuple[tuple[int, int], int]:
    """The rows and columns, and the channels, of a net's input: of a list, those of a square picture."""
    if len(shape) == 3 and shape[2] in (1, 3):
        return (shape[0], shape[1]), shape[2]
    for channels in (1, 3) if len(shape) == 1 else ():
        side = math.isqrt(shape[0] // channels)
        if side * side * channels == shape[0]:
            return (side, side), channels
    raise ModelError(
        f"it takes {describe(shape)}, which is no picture in grey or colour; "
        "state a preparation from pictures to that, in the notation"
    )


# ---- the end


def joined(ahead: Net, net: Net, weights: Mapping[str, np.ndarray]) -> tuple[Net, dict[str, np.ndarray]]:
    """Preparation, net, and what makes probabilities of its scores, as one net; each layer named anew."""
    from cutaway.net.onnx.building import named

    nodes = {f"before {node.name}": _moved(node, "before ", INPUT) for node in ahead}
    start = f"before {ahead.output.name}"
    net = one_sigmoid(net)
    nodes |= {f"own {node.name}": _moved(node, "own ", start) for node in net}
    end = f"own {net.output.name}"
    for number, layer in enumerate(missing_end(net)):
        name = f"end {number}"
        nodes[name] = Node(name, layer, (end,))
        end = name
    kept = {f"own {name}": own for name, own in by_layer(weights).items()}
    return named(ahead.input, nodes, end, kept)


def _moved(node: Node, prefix: str, start: str) -> Node:
    """A node under another name; what took the picture takes what is made of it."""
    inputs = tuple(start if name == INPUT else prefix + name for name in node.inputs)
    return replace(node, name=prefix + node.name, inputs=inputs)


def one_sigmoid(net: Net) -> Net:
    """A net that ends in the pair (1 - p, p) up to p itself: cutaway's own form for two classes.

    >>> print(one_sigmoid(parse("input 3, dense 1, sigmoid, concat(normalise 1.0 -1.0 | )")))
    input 3, dense 1, sigmoid
    """
    last = net.output
    if not isinstance(last.layer, Concat) or len(last.inputs) != 2:
        return net
    other, own = last.inputs
    if other == INPUT or own == INPUT or net[other].inputs != (own,) or net.shapes()[own] != (1,):
        return net
    turned = net[other].layer == Normalise((1.0,), (-1.0,))
    return net.until(own) if turned and isinstance(net[own].layer, Sigmoid) else net


def missing_end(net: Net) -> list[Layer]:
    """The layers that are missing for probabilities. Raises ModelError where the net gives no list of scores.

    >>> missing_end(parse("input 3, dense 4")), missing_end(parse("input 3, dense 1"))
    ([Softmax()], [Sigmoid()])
    """
    last, shape = net.output.layer, net.shapes()[net.output.name]
    if isinstance(last, Softmax | LogSoftmax | Sigmoid) and len(shape) == 1:
        return []
    flat: list[Layer] = [Flatten()] if len(shape) == 3 and shape[:2] == (1, 1) else []
    if len(shape) != 1 and not flat:
        raise ModelError(
            f"it ends in {describe(shape)}, and a classifier in one score a class; "
            "cutaway.net.onnx.read gives its net as it is"
        )
    return [*flat, Sigmoid() if math.prod(shape) == 1 else Softmax()]


# ---- classes


def _classes(path: Path, metadata: Mapping[str, str], known: Sequence[str], net: Net) -> tuple[str, ...]:
    """The names of the classes: from a text beside the file, from its metadata, or numbers."""
    (count,) = net.shapes()[net.output.name]
    count = 2 if count == 1 else count
    beside = _text_beside(path, "classes")
    if beside is not None:
        found = tuple(unescaped(line) for line in beside.splitlines() if line.strip())
        if len(found) != count:
            raise ModelError(f"the classes beside it are {len(found)}, and it has {count} outputs")
        return found
    for names_of in (known, *(_names(metadata[key]) for key in ("classes", "names", "labels") if key in metadata)):
        if len(names_of) == count and len(set(names_of)) == count:
            return tuple(names_of)
    return tuple(map(str, range(count)))


def _names(text: str) -> tuple[str, ...]:
    """Names in metadata: a JSON list or object, a list or dict as Python prints it, or lines.

    >>> _names('["cat", "dog"]'), _names("{0: 'cat', 1: 'dog'}"), _names("cat,dog")
    (('cat', 'dog'), ('cat', 'dog'), ('cat', 'dog'))
    """
    if len(text) > LONGEST:
        return ()
    found: object = None
    for read in (json.loads, ast.literal_eval):  # neither runs anything
        try:
            found = read(text)
            break
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
    if isinstance(found, dict):
        found = [value for _, value in sorted(found.items(), key=lambda item: _number(item[0]))]
    if isinstance(found, list | tuple):
        return tuple(one_line(str(one)) for one in found)
    return tuple(part.strip() for part in (text.splitlines() if "\n" in text else text.split(",")) if part.strip())


def _number(key: object) -> float:
    try:
        return float(str(key))
    except ValueError:
        return math.inf


def _text_beside(path: Path, what: str) -> str | None:
    """`other.classes.txt`, or else `classes.txt`, in the folder of the file; None where there is neither."""
    for file in (path.with_suffix(f".{what}.txt"), path.with_name(f"{what}.txt")):
        try:
            if file.is_file() and file.stat().st_size <= LONGEST:
                return file.read_text("utf-8").strip()
        except (OSError, ValueError) as error:
            raise ModelError(f"cannot read {file}: {error}") from None
    return None
