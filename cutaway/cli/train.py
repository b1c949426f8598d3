"""`cutaway train`: from pictures to a model folder."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cutaway.cli.failing import INTERRUPTED
from cutaway.cli.group import Command
from cutaway.cli.words import Share, Sizes
from cutaway.errors import InputError
from cutaway.wording import one_line

if TYPE_CHECKING:
    from cutaway.cli.progress import Progress
    from cutaway.cli.watching import Watching
    from cutaway.engines.engine import Engine
    from cutaway.model import Model
    from cutaway.pictures import Pictures, Skipped
    from cutaway.training import Epoch, Recipe, Setup, Step

EXAMPLE = """cutaway train pets/                                  (pets/cat/1.jpg, pets/dog/2.jpg, ...)
cutaway train digits --until 99%
cutaway train pets/ --net 'conv 16 3x3, relu, maxpool 2, flatten, dense classes, softmax' --size 32x32"""

LISTED = 20
"""So many classes are listed."""
NAMED = 5
"""So many files that were left out are named."""
QUICK = 10_000_000_000
"""Multiplications that judging a run may cost which was stopped: a fraction of a second."""


@click.command(cls=Command, example=EXAMPLE)
@click.argument("source")
@click.option(
    "--net",
    help="A name (`cutaway nets` lists them), or a net's text. Without it: small, medium from 48 pixels on, or for "
    "photographs a net that was trained on ImageNet, if its weights are at hand.",
)
@click.option("--weights", metavar="FILE", help="Weights to start from: .safetensors with torchvision's names.")
@click.option("--scratch", is_flag=True, help="Start from nothing, also where pretrained weights are at hand.")
@click.option("--finetune", is_flag=True, help="Train all pretrained weights further, after the last layer.")
@click.option("--epochs", type=int, help="How often every picture is seen. Without it: what suits their number.")
@click.option("--batch", type=int, help="Pictures per step. Without it: what suits their number.")
@click.option("--rate", type=float, help="The highest learning rate. Without it: the optimiser's usual one.")
@click.option("--optimiser", metavar="NAME", help="adamw (if nothing is said), sgd or muon.")
@click.option("--until", type=Share(), help="Stop once so many of the validation pictures are right: 99%.")
@click.option(
    "--seed",
    type=int,
    help="Decides first weights, order and the choice of validation pictures. Without it: 0.",
)
@click.option(
    "--flip/--no-flip",
    default=None,
    help="Mirror half of the pictures, left to right. Without it: for photographs, if that does not change what they "
    "show.",
)
@click.option("--shift", type=int, metavar="PIXELS", help="Move pictures by up to so many pixels each way.")
@click.option("--rotate", type=float, metavar="DEGREES", help="Turn pictures by up to so many degrees each way.")
@click.option("--scale", type=float, metavar="SHARE", help="Enlarge or shrink pictures by up to this share: 0.15.")
@click.option("--brightness", type=float, metavar="SHARE", help="Brighten or darken them by up to this share: 0.1.")
@click.option("--contrast", type=float, metavar="SHARE", help="Raise or lower their contrast by up to this share: 0.2.")
@click.option(
    "--balance/--no-balance",
    default=None,
    help="See all classes equally often. Without it: where one has more than twice the pictures of another.",
)
@click.option("--size", type=Sizes(2, "64x64"), help="Height and width at which the net sees pictures.")
@click.option(
    "--label-delim", metavar="TEXT", help="Between the classes of a picture in a table, as '|': any number each."
)
@click.option("--data", metavar="FOLDER", help="Where the files of mnist or fashion-mnist are, instead of a download.")
@click.option(
    "--corrections", metavar="FILE", help="Corrected labels: the table that `cutaway suspects` wrote, as you edited it."
)
@click.option("-o", "--output", metavar="FOLDER", help="Where the model goes. Without it: runs/, named and numbered.")
@click.option("--keep-epochs", is_flag=True, help="Keep the weights of every epoch, to look at in `cutaway open`.")
@click.option("--watch", is_flag=True, help="Open a page that follows the training; it keeps the epochs too.")
@click.option("--engine", default="auto", show_default=True, help="What computes: auto, native or reference.")
@click.option("--threads", type=int, metavar="N", help="Cores that it uses. Without it: all.")
@click.option(
    "--precision",
    default="auto",
    show_default=True,
    help="Of products: float32, bf16 (faster, where the processor has it), or auto: bf16 where the net bears it.",
)
def command(
    source: str,
    net: str | None,
    weights: str | None,
    scratch: bool,
    finetune: bool,
    label_delim: str | None,
    data: str | None,
    corrections: str | None,
    output: str | None,
    engine: str,
    threads: int | None,
    precision: str,
    size: Any,
    keep_epochs: bool,
    watch: bool,
    **given: Any,
) -> int:
    """Train a net on your pictures.

    SOURCE is a folder of class folders (with train, val, test in or above them if you like), a zip or tar of such
    folders, a table (CSV, JSON Lines, Parquet) with a path and a label in each row, IDX or .npz files, or a name:
    digits, xs, mnist, fashion-mnist, hf:NAME. Nothing is written into it.

    Ctrl-C stops and keeps what was reached (exit code 130); the same command goes on from there.
    """
    from cutaway.cli.progress import Progress
    from cutaway.cli.watching import Watching
    from cutaway.engines import check, choose
    from cutaway.pictures import companions, read
    from cutaway.pictures.checks import require_trainable
    from cutaway.pictures.corrections import apply
    from cutaway.training import recipe_for, set_up
    from cutaway.training.loop import trains
    from cutaway.training.runs import check_place
    from cutaway.training.setup import pretrained_for, usual_net, usual_recipe

    settings = {name: value for name, value in given.items() if value is not None}
    check(engine, threads, precision)
    check_start(net, weights, scratch)
    recipe_for(1, **settings)  # raises for what cannot be, before anything is read
    check_place(Path(output or "runs"), source)
    pictures = read(source, data=data, seed=settings.get("seed", 0), label_delim=label_delim)
    corrected = apply(pictures, corrections) if corrections else None
    pictures = corrected.pictures if corrected else pictures
    require_trainable(pictures)
    click.echo("\n".join([about_pictures(source, pictures), *(corrected.says() if corrected else [])]))
    with Progress("looking for copies") as progress:
        pictures = companions.found(pictures, progress)
    known = None if scratch else pretrained_for(pictures, net, weights)
    if finetune and not known:
        raise InputError("--finetune needs pretrained weights to train further; give them as --weights FILE")
    recipe = usual_recipe(pictures, known, size, **settings)
    net = net or usual_net(pictures, size)
    with Progress("reading pictures") as progress:
        setup = set_up(pictures, known or net, recipe, size=size, finetune=finetune, progress=progress)
    if corrected:
        setup = replace(setup, data=setup.data | {"corrections": corrected.facts()})
    chosen = choose(engine if trains(setup) else "reference", setup.net, threads, precision)
    click.echo(about_setup(setup, pictures, net, chosen.name))
    folder, resumed = run_folder(source, output, setup, chosen.name)
    click.echo(f"{'going on in' if resumed else 'training into'} {folder}")
    try:
        with Watching(setup, folder, pictures) if watch else contextlib.nullcontext() as page:
            code = follow(setup, folder, chosen, keep_epochs, page)
            if not code:
                finish(folder, pictures, setup)
                if page:
                    page.stay()
            elif code == INTERRUPTED and is_quick(folder, setup):
                report(folder, pictures, setup)
            return code
    finally:
        with contextlib.suppress(OSError):  # which it is where anything is in it
            folder.rmdir()


def check_start(net: str | None, weights: str | None, scratch: bool) -> None:
    """Raises where what a net starts with is said twice."""
    if weights and scratch:
        raise InputError("--scratch starts from nothing and --weights from a file; give one of them")
    if weights and net and re.search(r"[\s,()|]", net):
        raise InputError("--weights are those of a net that is known by its name; leave out --net, or name the net")


def follow(setup: Setup, folder: Path, engine: Engine, keep_epochs: bool, page: Watching | None) -> int:
    """Trains, and prints what happens. The exit code: not 0 where it was stopped."""
    from cutaway.cli.progress import Progress
    from cutaway.cli.stopping import Stopping
    from cutaway.training import Epoch, Looked, run

    where = ""
    with Progress("training") as progress, Stopping("stopping after this step") as stop:
        kept = run(setup, folder, engine, keep_epochs=keep_epochs or page is not None)
        with contextlib.closing(kept) as events:  # closing it saves what is needed to go on
            for event in events:
                if isinstance(event, Looked):
                    where = "while features were computed"
                    progress(event.done, event.of, what="features")
                elif isinstance(event, Epoch):
                    where = f"after epoch {event.number}"
                    progress.clear()
                    click.echo(epoch_line(event, "last layer " if setup.pretrained and event.number == 1 else ""))
                    if page:
                        page.show(event)
                else:
                    where = f"in epoch {event.epoch}, step {event.step}"
                    show_step(progress, event, setup)
                if stop:
                    break
    if not stop or not (folder / "checkpoint").is_dir():  # stopped at its very end, it is finished all the same
        return 0
    click.echo(f"stopped {where}; everything is kept in {folder}: the same command goes on from there", err=True)
    return stop.exit_code


def finish(folder: Path, pictures: Pictures, setup: Setup) -> None:
    """Judges the model, and says how good and where it is."""
    model = report(folder, pictures, setup)
    click.echo(outcome(model))
    click.echo(f"saved in {folder}; try: cutaway predict {folder} PICTURE")
    if (folder / "report.html").is_file():
        click.echo(f"how good it is and where it fails: {folder / 'report.html'}")


def report(folder: Path, pictures: Pictures, setup: Setup) -> Model:
    """Judges the model in a folder, and writes its report; what does not work is said."""
    from cutaway.cli.progress import Progress
    from cutaway.model import load
    from cutaway.training.judge import concluded

    with Progress("judging") as progress:
        model, troubles = concluded(load(folder), pictures, setup, folder, progress)
    for trouble in troubles:
        click.echo(f"cutaway: {one_line(trouble)}", err=True)
    return model


def is_quick(folder: Path, setup: Setup) -> bool:
    """Whether a run that was stopped has a model that is judged in a moment: nobody waits after Ctrl-C."""
    from cutaway.errors import ModelError
    from cutaway.model import load

    try:
        complete = bool(load(folder).facts["epochs"])
    except ModelError:
        return False
    return complete and len(setup.validation) * setup.net.cost().multiplications <= QUICK


def run_folder(source: str, output: str | None, setup: Setup, engine: str) -> tuple[Path, bool]:
    """The folder for this run, and whether it was left there before. A folder with anything else in it is refused."""
    from cutaway.training.runs import folder_for, left

    if output is None:
        path = Path(source)
        stem = path.stem if path.is_file() else path.resolve().name
        return folder_for(stem, setup, engine)
    return Path(output), left(Path(output), setup, engine)


# ---- what is said


def about_pictures(source: str, pictures: Pictures) -> str:
    """The classes with their counts, in natural order; and what lay beside the pictures."""
    from cutaway.cli.table import columns
    from cutaway.model.names import escaped

    counts = [(f"  {escaped(name)}", f"{count:,}") for name, count in pictures.counts().items()]
    more = [f"  ... and {len(counts) - LISTED:,} more"] if len(counts) > LISTED else []
    lines = [
        f"{source}: {len(pictures):,} pictures of {len(counts)} classes",
        *([columns(counts[:LISTED], right=[1])] if counts else []),
        *more,
        *named(pictures.ignored, "passed over"),
    ]
    return "\n".join(lines)


def about_setup(setup: Setup, pictures: Pictures, net: str, engine: str) -> str:
    """The parts, what was skipped, the net, the recipe."""
    from cutaway.layers.layer import describe
    from cutaway.net import zoo
    from cutaway.pictures.natural import natural

    cost, test = setup.net.cost(), len(pictures.test)
    unreadable = sorted((*setup.train.skipped, *setup.validation.skipped), key=lambda one: natural(one.path))
    groups = setup.data.get("groups")
    head = [
        *([f"kept on one side: {groups['pictures']:,} pictures that are alike or belong together"] if groups else []),
        f"{len(setup.train):,} to train on, {len(setup.validation):,} to validate with, {test:,} to test with",
        *named(unreadable, "left out, since they cannot be read"),
    ]
    if setup.pretrained:
        return "\n".join([*head, *about_transfer(setup, engine), *setup.said])
    changes = changes_text(setup.recipe)
    lines = [
        f"net {net if net in zoo.ZOO else 'of your own'} on {describe(setup.net.preparation.shape)}: "
        f"{len(setup.net)} layers, {cost.parameters:,} parameters, {cost.multiplications:,} multiplications a picture",
        f"{recipe_text(setup.recipe, setup.rate)}; engine {engine}",
        *([f"pictures are changed each time: {changes}"] if changes else []),
        *setup.said,
    ]
    return "\n".join([*head, *lines])


def about_transfer(setup: Setup, engine: str) -> list[str]:
    """What a pretrained net is, and what is done with it."""
    from cutaway.layers.layer import describe

    known, cost = setup.pretrained, setup.net.cost()
    assert known
    last = sum(cost.parameters for cost in (row.cost for row in setup.net.rows() if row.text.startswith("dense")))
    then = f"; then {recipe_text(setup.recipe, setup.rate)}; engine {engine}" if setup.finetune else ""
    return [
        f"net {known.name} on {describe(setup.net.preparation.shape)}, trained on ImageNet ({known.source}): "
        f"{cost.parameters:,} parameters, {cost.multiplications:,} multiplications a picture",
        f"its features are computed once, and a last layer of {last:,} parameters is fitted to them{then}",
    ]


def named(skipped: Sequence[Skipped], why: str) -> list[str]:
    """How many files, why, and the first of them."""
    from cutaway.model.names import escaped

    if not skipped:
        return []
    lines = [f"  {escaped(one.path)}: {one.reason}" for one in skipped[:NAMED]]
    more = [f"  ... and {len(skipped) - NAMED:,} more"] if len(skipped) > NAMED else []
    return [f"{why}: {len(skipped):,}", *lines, *more]


def recipe_text(recipe: Recipe, rate: float) -> str:
    """`40 epochs, batches of 32, adamw at up to 0.003, seed 0`."""
    epochs = f"{recipe.epochs} epoch{'s' * (recipe.epochs > 1)}"
    until = f" or until {100 * recipe.until:g}% are right" if recipe.until else ""
    return f"{epochs}{until}, batches of {recipe.batch}, {recipe.optimiser} at up to {rate:g}, seed {recipe.seed}"


def changes_text(recipe: Recipe) -> str:
    """`mirrored, moved by up to 4 pixels, turned by up to 10 degrees`"""
    done = {
        "mirrored": recipe.flip,
        f"moved by up to {recipe.shift} pixels": recipe.shift,
        f"turned by up to {recipe.rotate:g} degrees": recipe.rotate,
        f"scaled by up to {recipe.scale:.0%}": recipe.scale,
        f"brighter or darker by up to {recipe.brightness:.0%}": recipe.brightness,
        f"contrast up or down by up to {recipe.contrast:.0%}": recipe.contrast,
    }
    return ", ".join(text for text, asked in done.items() if asked)


def show_step(progress: Progress, step: Step, setup: Setup) -> None:
    """Draws how far the epoch is."""
    count, recipe = len(setup.train), setup.recipe
    done = min(count, step.step * recipe.batch)
    more = f"  loss {step.loss:.4f}  {step.accuracy:.1%} right"
    progress(done, count, more, what=f"epoch {step.epoch}/{recipe.epochs}")


def epoch_line(epoch: Epoch, what: str = "") -> str:
    """One line for each epoch, or for the last layer of a pretrained net."""
    width = len(str(epoch.epochs))
    return (
        f"{what or f'epoch {epoch.number:>{width}}/{epoch.epochs}'}  loss {epoch.loss:.4f}  {epoch.accuracy:7.2%} right"
        f"  validation: loss {epoch.validation_loss:.4f}  {epoch.validation_accuracy:7.2%} right"
        f"  {epoch.seconds:.2f} s{'  best' if epoch.best else ''}"
    )


def outcome(model: Model) -> str:
    """What was reached, on which pictures."""
    facts = model.facts
    parts = [
        f"{facts[part]['accuracy']:.2%} of {facts[part]['count']:,} {part} pictures right"
        for part in ("validation", "test")
        if part in facts
    ]
    return f"{'; '.join(parts)} (weights of epoch {facts.get('epoch')})"
