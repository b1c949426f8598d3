"""The explorer in a notebook: a widget where anywidget is installed, and plain HTML, which works everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from cutaway.views.explorer.answers import Answers
from cutaway.views.explorer.html import PAGE, styles
from cutaway.views.explorer.join import join

if TYPE_CHECKING:
    from anywidget import AnyWidget


def is_installed() -> bool:
    """Whether widgets can be made here."""
    return find_spec("anywidget") is not None


def answering(content: dict[str, Any], answers: Answers) -> AnyWidget:
    """A widget that shows a content, and whose questions are answered in this process."""
    made: AnyWidget = _kind()(content=content)

    def answer(_: AnyWidget, message: Any, buffers: Sequence[memoryview]) -> None:
        made.send(*answers(message, buffers))

    made.on_msg(answer)
    return made


@cache
def _kind() -> type[AnyWidget]:
    """The class of the widget; made when it is used, since anywidget need not be there."""
    import anywidget
    import traitlets

    class Explorer(anywidget.AnyWidget):
        _esm = join(PAGE / "main.js").module
        _css = styles("index.html")
        content = traitlets.Dict().tag(sync=True)

    return Explorer
