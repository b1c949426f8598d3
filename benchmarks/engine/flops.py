"""How many floating-point operations a net takes for one picture."""

from __future__ import annotations

from cutaway.layers.conv import Conv
from cutaway.layers.dense import Dense
from cutaway.layers.pooling import Pooling
from cutaway.net import Net, Node


def flops(net: Net, training: bool) -> float:
    """Two for each multiplication with its addition, in convolutions and dense layers alone.

    Training takes three times as many as prediction, for the outputs, for the gradients of the weights and for those
    of the inputs; twice as many in the first layer, whose inputs are the picture. Taps that lie on the border count;
    rows and columns that the pooling behind leaves out do not. What a layer costs besides (activations, norms, pooling,
    dropout, the update) does not count: it is time that is lost.
    """
    shapes = net.shapes()
    total, first = 0.0, True
    for node in net:
        if isinstance(node.layer, Conv | Dense):
            once = 2.0 * node.layer.multiplications(*(shapes[name] for name in node.inputs)) * used(net, node)
            total += once * ((2 if first else 3) if training else 1)
            first = False
    return total


def used(net: Net, node: Node) -> float:
    """The share of a layer's cells that something reads: pooling may leave out the last rows and columns."""
    shape = net.shapes()[node.name]
    while len(readers := net.consumers(node.name)) == 1:
        (node,) = readers
        if isinstance(node.layer, Pooling):
            rows, columns = node.layer.axes(shape)
            return (1 - rows.unused / rows.length) * (1 - columns.unused / columns.length)
        if net.shapes()[node.name] != shape or isinstance(node.layer, Conv):
            break
    return 1.0
