"""A network as data: the graph, its text, its shapes and cost, its first weights, and the nets that ship."""

from cutaway.net.net import INPUT, Net, Node
from cutaway.net.notation import parse
from cutaway.net.start import start

__all__ = ["INPUT", "Net", "Node", "parse", "start"]
