"""The two ends of a net: how pictures get in, what becomes of the scores."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cutaway.engines.native.kernels import run as running
from cutaway.engines.native.lowering.lowering import Lowering, Unsupported, lowers, whole
from cutaway.engines.native.maps import Place
from cutaway.layers import LogSoftmax, Normalise, Scale, Shape, Softmax
from cutaway.losses import CrossEntropy, LogLoss, Loss, SquaredError
from cutaway.net import Net, Node
from cutaway.net.net import INPUT

LEVELS = np.arange(256)
"""What a pixel can be."""


def prepared(net: Net) -> list[Node]:
    """The first layers, which make whole numbers from 0 to 255 of such: the declarations themselves run them."""
    return list(net.nodes[: len(net.preparation.layers)])


def tabulated(net: Net, after: str) -> list[Node]:
    """The layers behind them that see a pixel by itself: of each of the 256 there can be, they make one number."""
    found: list[Node] = []
    while True:
        consumers = net.consumers(after)
        if len(consumers) != 1 or not isinstance(consumers[0].layer, Scale | Normalise) or after == net.output.name:
            return found
        found.append(consumers[0])
        after = consumers[0].name


def table(nodes: list[Node], channels: int) -> NDArray[np.float32]:
    """[channels, 256]: what these layers, as they are declared, make of each pixel."""
    x = np.broadcast_to(LEVELS.astype(np.float32)[None, None, :, None], (1, 1, 256, channels))
    for node in nodes:
        x = node.layer.forward([x], {})
    return np.ascontiguousarray(x[0, 0].T)


def pictures_in(low: Lowering) -> None:
    """Pictures into lanes, through the table."""
    ready = prepared(low.net)
    name = ready[-1].name if ready else INPUT
    shape = low.shapes[name]
    if len(shape) != 3:
        raise Unsupported(f"the net's input is {shape}, not a picture")
    places = found(low, shape)
    chain = tabulated(low.net, name)
    every = range(len(chain) + 1) if low.purpose.keeping else [len(chain)]
    for count in every:
        last = chain[count - 1].name if count else name
        y = low.map(shape, 0)
        low.maps[last] = y
        low.add(
            "lay_out",
            0,
            places=places,
            table=low.build.constants(table(chain[:count], shape[2])),
            y=y,
            **whole(y),
        )
    low.taken |= {node.name for node in (*ready, *chain)}


def found(low: Lowering, shape: Shape) -> Place:
    """Where the address of each lane's picture is; in training it may be one that was changed."""
    height, width, channels = shape
    lanes = low.machine.lanes
    places = low.build.in_thread(8 * lanes)
    room = low.build.in_thread(lanes * height * width * channels) if low.training else low.zeros
    columns = low.build.scratchpad(8 * width)
    low.add(
        "find_pictures",
        0,
        header=low.header,
        pictures=low.word(running.PICTURES),
        rows=low.word(running.ROWS),
        changes=low.word(running.CHANGES),
        places=places,
        room=room,
        columns=columns,
        height=height,
        width=width,
        channels=channels,
    )
    return places


@lowers(Softmax, LogSoftmax)
def softmax(low: Lowering, node: Node) -> None:
    (x,) = low.inputs(node)
    y = low.output(node, x.level)
    low.want(node, y, [x])
    logarithms = int(isinstance(node.layer, LogSoftmax))
    low.add("softmax", x.level, x=x, y=y, logarithms=logarithms, **whole(x))

    def back() -> None:
        if low.has_slope(y) and low.wants(x):
            dy, dx = low.slope(y), low.slope(x)
            settings = {"logarithms": logarithms, **whole(x)}
            low.add("softmax_back", dy.root.level, into=x, writer=node.name, y=y, dx=dx, dy=dy, **settings)

    low.back(back)


def outputs_out(low: Lowering) -> None:
    """What the net says, out of lanes."""
    y = low.maps[low.net.output.name]
    low.add("deliver", y.root.level, header=low.header, x=y, out=low.word(running.OUTPUTS), **whole(y))


def loss(low: Lowering, kind: Loss) -> None:
    """The loss of every picture and its gradient, from the scores where the last layer is part of it."""
    fused = type(low.net.output.layer) is kind.last
    end = low.net.output.inputs[0] if fused else low.net.output.name
    x = low.maps[end]
    if len(x.shape) != 1:
        raise Unsupported(f"{low.net.output.name} gives maps, and a loss needs a list of features")
    if isinstance(kind, SquaredError):
        kernel = "squared_error"
    elif fused and isinstance(kind, CrossEntropy | LogLoss):
        kernel = "cross_entropy" if isinstance(kind, CrossEntropy) else "log_loss"
    else:
        raise Unsupported(f"{low.net.output.name} ({low.net.output.layer.text()}) is not trained by {kind.name}")
    room = {} if kernel == "squared_error" else {"y": low.build.scratchpad(x.channels * x.vector).after(0)}
    targets = low.build.in_thread(x.channels * x.vector)
    dx = low.slope(x)
    low.add(
        kernel,
        x.root.level,
        into=x,
        writer="loss",
        header=low.header,
        units=x.channels,
        x=x,
        dx=dx,
        wanted=targets,
        targets=low.word(running.TARGETS),
        losses=low.word(running.LOSSES),
        outputs=low.word(running.OUTPUTS),
        trouble=low.trouble,
        **room,
    )
