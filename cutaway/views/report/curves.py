"""How the training went: loss and accuracy, epoch by epoch."""

from __future__ import annotations

from cutaway.views.report import plots
from cutaway.views.report.first import share
from cutaway.views.report.html import Markup, section, table, tag
from cutaway.views.report.subject import Subject


def learning(subject: Subject) -> Markup:
    """Two plots, and the table that they are drawn from."""
    epochs = subject.facts.get("epochs", [])
    if not epochs:
        return Markup()
    numbers, best = [one["number"] for one in epochs], subject.facts.get("epoch")
    lines = {
        kind: {
            "training": [one[kind] for one in epochs],
            "validation": [one[f"validation_{kind}"] for one in epochs],
        }
        for kind in ("loss", "accuracy")
    }
    drawn = [
        plots.curve(numbers, lines["accuracy"], best, name="right", title="pictures that are right", share=True),
        plots.curve(numbers, lines["loss"], best, name="loss", title="loss: how wrong it is", share=False),
    ]
    rows = [
        (
            f"{one['number']}{', kept' if one['number'] == best else ''}",
            share(one["accuracy"]),
            share(one["validation_accuracy"]),
            f"{one['loss']:.4f}",
            f"{one['validation_loss']:.4f}",
            f"{one['rate']:.2g}",
            f"{one['seconds']:.2f} s",
        )
        for one in epochs
    ]
    head = ("epoch", "training", "validation", "training loss", "validation loss", "rate", "time")
    numbers_told = tag("details", tag("summary", "the numbers"), table(head, rows, caption="Every epoch"))
    text = (
        "An epoch is one pass over all training pictures. Those are counted as they came, while the net still changed; "
        f"the validation pictures at its end. The weights kept are those of epoch {best}."
    )
    return section(
        "learning", "How it learned", tag("p", text, class_="note"), tag("div", *drawn, class_="plots"), numbers_told
    )
