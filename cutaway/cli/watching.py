"""`cutaway train --watch`: a page that follows the training."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cutaway.cli import browser
from cutaway.cli.stopping import Stopping

if TYPE_CHECKING:
    from cutaway.model import Model
    from cutaway.pictures import Pictures
    from cutaway.training import Epoch, Setup


class Watching:
    """`with Watching(setup, folder, pictures) as page: page.show(epoch)`: in a thread that mostly waits."""

    def __init__(self, setup: Setup, folder: Path, pictures: Pictures) -> None:
        from cutaway.views import explorer
        from cutaway.views.explorer.at_hand import validation

        self.folder, self.goes_on = folder, True
        subject = explorer.of_model(so_far(setup, folder), folder)
        shown = validation(pictures, setup.classes, least=setup.net.preparation.least)
        self.server = explorer.serve([subject], shown, lambda: pictures, live=lambda: self.goes_on)

    def __enter__(self) -> Watching:
        self.server.__enter__()
        click.echo(f"watch it at {self.server.link}")
        if sys.stdout.isatty():
            browser.show(self.server.link)
        return self

    def __exit__(self, *_: object) -> None:
        self.server.__exit__()

    def show(self, epoch: Epoch) -> None:
        """Tells every page that is open that an epoch is complete."""
        from cutaway.views import explorer
        from cutaway.views.explorer.content import figures

        self.server.answers.subjects[0] = explorer.of_model(epoch.model, self.folder)
        self.server.tell({"tell": "epoch", "epoch": figures(vars(epoch))})

    def stay(self) -> None:
        """Leaves the page open after the training, where a person sits at the terminal to close it."""
        self.goes_on = False
        if sys.stdout.isatty():
            with Stopping("the page is closed") as stop:
                click.echo("the page is still open; Ctrl-C ends it")
                browser.wait(stop)


def so_far(setup: Setup, folder: Path) -> Model:
    """The best model of a run that is taken up, or the net with the weights that it starts from."""
    from cutaway.errors import ModelError
    from cutaway.model import Model, load
    from cutaway.net import start

    try:
        return load(folder)
    except ModelError:
        return Model(setup.net, start(setup.net, setup.recipe.seed), setup.classes, {"data": setup.data})
