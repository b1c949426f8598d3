"""The explorer: any trained net, opened in a browser or a notebook, down to the single multiplication.

    page(subject, pictures)         one file of HTML that works by itself; `write` does all for a model or a trace
    serve(subjects, pictures, ...)  the same behind a server, for large nets and for a training that goes on
    widget(subject, pictures)       in a notebook; `notebook` makes all that one shows of a model or a trace
    lab(pictures)                   a page without a model: any picture, any kernel

`subject.py` says what is looked at, `at_hand.py` which pictures, `content.py` what the page is given, `answers.py` what
it can ask; `join.py` and `html.py` make one file of the modules in `page/`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cutaway import files
from cutaway.errors import CutawayError
from cutaway.model import Model
from cutaway.model.origin import source_of
from cutaway.views.explorer import at_hand, html
from cutaway.views.explorer.answers import Answers
from cutaway.views.explorer.at_hand import Shown
from cutaway.views.explorer.content import FORMAT, IN_A_FILE, SERVED, Content, content, packed
from cutaway.views.explorer.patches import MOST, Gallery
from cutaway.views.explorer.server import Server
from cutaway.views.explorer.subject import Subject, of_model, of_trace
from cutaway.views.explorer.widget import answering, is_installed

if TYPE_CHECKING:
    from anywidget import AnyWidget

    from cutaway.model.model import Picture
    from cutaway.pictures import Pictures
    from cutaway.trace import Trace

__all__ = ["Shown", "Subject", "content", "lab", "notebook", "of_model", "of_trace", "page", "serve", "widget", "write"]

LARGEST_OUTPUT = 4_000_000
"""Signs of a page that is put into a notebook's file; a larger one is only spoken of."""


def page(subject: Subject, pictures: Sequence[Shown], beside: Sequence[Subject] = ()) -> str:
    """One file of HTML that shows a net with some pictures, off-line. Raises InputError where the net is too large."""
    return html.whole("index.html", given(subject, pictures, beside))


def lab(pictures: Sequence[Shown] = ()) -> str:
    """The page without a model: any picture, any kernel. Without pictures it has some digits and X's."""
    shown = pictures or at_hand.samples()
    own = packed(shown, [one.pixels for one in shown], IN_A_FILE)
    return html.whole("lab.html", {"format": FORMAT, "lab": True, "title": "lab", "pictures": own})


def serve(
    subjects: Sequence[Subject],
    pictures: Sequence[Shown],
    more: Callable[[], Pictures] | None = None,
    *,
    live: Callable[[], bool] | None = None,
) -> Server:
    """A server of the page, to be entered: `with serve([subject], pictures) as server: print(server.link)`.

    All subjects are compared with the first. `more` reads the pictures in which a map's patches are sought; without it,
    those at hand are. `live` says whether a training still goes on, where there is one: then
    `server.answers.subjects[0]` may be replaced at any time.
    """
    answers = Answers(subjects, looking(pictures, more))

    def current() -> Content:
        first, *beside = answers.subjects
        return given(first, pictures, beside, served=True, live=bool(live and live()), room=SERVED)

    made = None if live else current()
    return Server(lambda connect: html.whole("index.html", None, connect), lambda: made or current(), answers)


def widget(subject: Subject, pictures: Sequence[Shown], more: Callable[[], Pictures] | None = None) -> AnyWidget:
    """The page as a widget of a notebook. Needs anywidget."""
    return answering(given(subject, pictures, served=True), Answers([subject], looking(pictures, more)))


def given(subject: Subject, pictures: Sequence[Shown], beside: Sequence[Subject] = (), **settings: Any) -> Content:
    """The content of a page, with that of other nets to compare with; those show the same pictures."""
    made = content(subject, pictures, **settings)
    others = [content(other, pictures, **settings) | {"pictures": []} for other in beside]
    return made | ({"beside": others} if others else {})


def looking(pictures: Sequence[Shown], more: Callable[[], Pictures] | None) -> Callable[[Subject], Gallery]:
    """How the pictures are got in which patches are sought: validation pictures, or else those at hand."""

    def look(subject: Subject) -> Gallery:
        if more:
            try:
                return at_hand.gallery(more(), subject.net, subject.classes, MOST)
            except CutawayError:
                pass  # they were there when the page was opened, and are gone; those at hand are still there
        return at_hand.gallery_of(pictures, subject.net)

    return look


def write(shown: Model | Trace, file: Path, pictures: Sequence[Picture] | None = None) -> None:
    """Writes the page of a model or a trace. Raises PictureError for a picture that cannot be read."""
    if pictures is None or not isinstance(shown, Model):
        subject, some, _ = opened(shown)
    else:
        subject = of_model(shown)
        some, unreadable = at_hand.given(at_hand.named(pictures), subject.classes, subject.net.preparation.least)
        for error in unreadable:
            raise error
    files.write(file, page(replace(subject, title=file.stem), some))


# ---- what a notebook shows


def notebook(shown: Model | Trace) -> dict[str, Any]:
    """What a notebook shows for the last line of a cell, by the kind of text: a widget, a page in a frame, one line."""
    told: dict[str, Any] = {"text/plain": repr(shown)}
    try:
        subject, pictures, more = opened(shown)
        told["text/html"] = framed(subject, pictures)
        return told | (view(widget(subject, pictures, more)) if is_installed() else {})
    except CutawayError as error:  # raised in here, it would be shown as a fault of the notebook
        return {"text/html": html.line(f"{shown!r}: {error}")} | told


def view(made: AnyWidget) -> dict[str, Any]:
    """How a notebook's file speaks of a widget."""
    bundle = made._repr_mimebundle_()
    own = bundle[0] if isinstance(bundle, tuple) else bundle
    return {kind: value for kind, value in (own or {}).items() if kind.startswith("application/")}


def opened(shown: Model | Trace) -> tuple[Subject, list[Shown], Callable[[], Pictures] | None]:
    """A model with pictures that it was chosen by, or a trace with its own."""
    if not isinstance(shown, Model):
        return of_trace(shown), [Shown("the picture", shown.picture)], None
    pictures, missing = at_hand.of_training(shown)
    return of_model(shown), pictures, None if missing else lambda: source_of(shown)


def framed(subject: Subject, pictures: Sequence[Shown]) -> str:
    """A page as a notebook's file can hold it: in a frame; or a line that says why it cannot."""
    try:
        text = page(subject, pictures)
        if len(text) <= LARGEST_OUTPUT:
            return html.framed(text)
        why = f"its page has {len(text) / 1e6:.1f} MB"
    except CutawayError as error:
        why = str(error)
    return html.line(
        f"{subject.title} is too large to be shown without a widget ({why}); pip install anywidget shows it here"
    )
