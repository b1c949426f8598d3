"""`cutaway nets`: the nets that ship, and what any net costs, before anything runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cutaway.cli.group import Command
from cutaway.cli.words import Sizes

if TYPE_CHECKING:
    from cutaway.layers import Shape
    from cutaway.net import Net

EXAMPLE = """cutaway nets
cutaway nets lenet5
cutaway nets resnet18 --batch 64
cutaway nets 'conv 8 3x3, relu, maxpool 2, flatten, dense classes, softmax' --input 28x28x1 --classes 10"""


@click.command(cls=Command, example=EXAMPLE)
@click.argument("net", required=False)
@click.option("--input", "shape", type=Sizes(3, "28x28x1"), help="Height, width and channels of a picture.")
@click.option("--classes", type=click.IntRange(1), help="What 'dense classes' stands for.")
@click.option("--batch", type=click.IntRange(1), help="Say how much memory training takes, so many pictures at a time.")
def command(net: str | None, shape: Shape | None, classes: int | None, batch: int | None) -> None:
    """Show the nets that ship; or the layers, shapes, parameters and cost of one: NET is a name or a net's text."""
    if net is not None:
        click.echo(one(net, shape, classes, batch))
    elif shape or classes or batch:
        raise click.UsageError(
            "--input, --classes and --batch go with a net, as in: cutaway nets small --input 64x64x3",
            click.get_current_context(),
        )
    else:
        click.echo(every() + "\n\n" + comparison())


def one(name: str, shape: Shape | None, classes: int | None, batch: int | None) -> str:
    """What it is, and a line for each layer; what training takes, where a batch is named."""
    from cutaway.cli.table import width
    from cutaway.net import zoo
    from cutaway.views import text

    entry = zoo.ZOO.get(name)
    net = zoo.net(name, input=shape, classes=classes)
    heading = [f"{entry.name}: {entry.what} ({entry.source})"] if entry else []
    return "\n\n".join([*heading, text.net(net, width=width()), *([training(net, batch)] if batch else [])])


def training(net: Net, batch: int) -> str:
    """The memory that it takes, with all cores; known without taking it."""
    from cutaway.cores import cores
    from cutaway.engines.native import refusal
    from cutaway.engines.native.machine import installed
    from cutaway.losses import loss_for
    from cutaway.training import recipe_for
    from cutaway.wording import memory

    if why := refusal(net):
        return f"training: the reference engine computes, and its memory is not predicted: {why}"
    from cutaway.engines.native.memory import needed

    loss, optimiser, count = loss_for(net.output.layer), recipe_for(1).rule(), cores()
    taken = needed(net, loss, optimiser, batch=batch, threads=count, precision="auto")
    more = f", more than the {memory(most)} that there are" if taken > (most := installed()) > 0 else ""
    threads = f"{count} thread{'s' * (count > 1)}"
    return f"training with batches of {batch:,} takes {memory(taken)} of memory with {threads}{more}"


def every() -> str:
    """A line for each net that ships, for the pictures that it was made for."""
    from cutaway.cli.table import columns
    from cutaway.layers.layer import describe
    from cutaway.net import zoo

    rows = [["net", "picture", "classes", "parameters", "multiplications", "what it is"]]
    for entry in zoo.ZOO.values():
        cost = zoo.net(entry.name).cost()
        costs = [f"{cost.parameters:,}", f"{cost.multiplications:,}"]
        rows.append([entry.name, describe(entry.input), str(entry.classes), *costs, entry.what])
    return columns(rows, right=[1, 2, 3, 4])


def comparison() -> str:
    """Why convolution: one neuron that sees all of a picture, beside a whole net of small windows."""
    from cutaway.net import zoo

    picture = (256, 256, 1)
    neuron = zoo.net("flatten, dense 1, sigmoid", input=picture).cost().parameters
    small = zoo.net("small", input=picture, classes=1).cost().parameters
    return (
        f"One dense neuron on a 256x256 grey picture has {neuron - 1:,} weights and 1 bias. "
        f"All of `small`, down to one output, has {small:,} parameters:\n"
        "  cutaway nets 'flatten, dense 1, sigmoid' --input 256x256x1\n"
        "  cutaway nets small --input 256x256x1 --classes 1"
    )
