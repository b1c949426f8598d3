"""The model card: README.md of a model folder, filled in from what is known."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cutaway.layers.layer import describe
from cutaway.model import findings, several
from cutaway.model.assessment import known_of
from cutaway.model.names import escaped

if TYPE_CHECKING:
    from cutaway.model.model import Model

MEANING = {
    "one": "Each picture gets a probability for every class; together they make 1.",
    "two": "Each picture gets the probability of the second class; what is left is that of the first.",
    "each": "Every class gets a probability by itself; those above their threshold are taken as true.",
}


def card(model: Model) -> str:
    """The card as Markdown, in ASCII and whatever letters the class names have."""
    parts = [
        _head(model),
        _accuracy(model),
        _findings(model),
        _classes(model),
        _net(model),
        _recipe(model),
        _use(),
        _limits(model),
    ]
    return "\n".join(filter(None, parts)).encode("utf-8", "backslashreplace").decode()


def plain(text: str) -> str:
    """Any text as Markdown that shows just that text, on one line, also in a table: signs with a meaning as entities.

    >>> plain("a|b <i>")
    'a&#124;b &#60;i&#62;'
    """
    return re.sub(r"[&<>|`*_\[\]\\~#$!()]", lambda match: f"&#{ord(match[0])};", escaped(text))


def _head(model: Model) -> str:
    made = model.facts.get("created")
    source = model.facts.get("data", {}).get("source")
    return (
        f"# A classifier of {len(model.classes)} classes\n\n"
        f"A convolutional network of {model.net.cost().parameters:,} parameters, made with "
        f"cutaway{f' on {plain(made)}' if made else ''}"
        f"{f' from the pictures in {plain(source)}' if source else ''}. {MEANING[model.kind]}\n"
    )


def _accuracy(model: Model) -> str:
    facts = model.facts
    if "validation" not in facts:
        return "## Accuracy\n\nNot measured.\n"
    held_out = facts["validation"]
    lines = [
        f"{held_out['accuracy']:.2%} of {held_out['count']:,} validation pictures right (loss {held_out['loss']:.4f}). "
        "The weights were not trained on these pictures, but chosen by them."
    ]
    if test := facts.get("test"):
        lines.append(
            f"{test['accuracy']:.2%} of {test['count']:,} test pictures right, which played no part in training."
        )
    return "## Accuracy\n\n" + "\n\n".join(lines) + "\n"


def _findings(model: Model) -> str:
    """What the report says as well; nothing where it was not measured."""
    known = known_of(model)
    if known is None or not known.classes:
        return ""
    parts = {
        "How good": [findings.on_which(known), *findings.short(known)],
        "Where it fails": findings.failures(known),
        "What to do next": findings.next_steps(model, known),
    }
    listed = [
        "\n".join([f"## {title}", "", *(f"- {plain(one)}" for one in told), ""])
        for title, told in parts.items()
        if told
    ]
    return "\n".join(listed)


def _classes(model: Model) -> str:
    counts = model.facts.get("data", {}).get("counts", {})
    if several.FACT in model.facts:
        return _several(model.facts[several.FACT], counts)
    known = known_of(model)
    if known is None or not known.classes:
        rows = [f"| {plain(name)} | {counts.get(name, '')} |" for name in model.classes]
        return "\n".join(["## Classes", "", "| class | pictures |", "|---|---:|", *rows, ""])
    rows = [
        f"| {plain(one.label)} | {counts.get(one.label, '')} | {one.support} "
        f"| {_share(one.recall)} | {_share(one.precision)} |"
        for one in known.classes
    ]
    head = ["| class | pictures | judged | recall | precision |", "|---|---:|---:|---:|---:|"]
    return "\n".join(["## Classes", "", *head, *rows, ""])


def _several(facts: Mapping[str, Any], counts: Mapping[str, int]) -> str:
    """The classes, each of which is true or not by itself."""
    rows = [
        f"| {plain(one.label)} | {counts.get(one.label, '')} | {one.support} | {one.threshold:.3f} "
        f"| {_share(one.precision)} | {_share(one.recall)} | {_share(one.f1)} | {_share(one.average_precision)} |"
        for one in several.from_facts(facts)
    ]
    means = " | ".join(_share(facts["macro"][name]) for name in several.MEANS)
    head = "| class | pictures | judged | threshold | precision | recall | F1 | average precision |"
    lines = [head, "|---|" + "---:|" * 7, *rows, f"| mean of the classes | | | | {means} |", ""]
    return "\n".join(["## Classes", "", several.explained(facts["part"]), "", *lines])


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


def _net(model: Model) -> str:
    rows = [
        f"| {row.name} | {plain(row.text)} | {describe(row.shape)} "
        f"| {row.cost.parameters:,} | {row.cost.multiplications:,} |"
        for row in model.net.rows()
    ]
    table = ["| layer | what | output | parameters | multiplications |", "|---|---|---|---:|---:|", *rows]
    text = f"The first layers prepare a picture; nothing is done to it outside of the net.\n\n```\n{model.net}\n```\n"
    return "\n".join(["## Net", "", text, *table, ""])


def _recipe(model: Model) -> str:
    facts = model.facts
    parts = [
        _table("Recipe", facts.get("recipe", {})),
        _table("Data", _told(facts.get("data", {}))),
        _table("Made with", facts.get("versions", {})),
    ]
    return "\n".join(part for part in parts if part)


def _told(data: Mapping[str, Any]) -> dict[str, Any]:
    """The facts about the data that fit into a cell: a list is told by its length."""
    short = {name: len(value) if isinstance(value, list) else value for name, value in data.items()}
    return {name: value for name, value in short.items() if not isinstance(value, dict)}


def _table(title: str, facts: Mapping[str, Any]) -> str:
    rows = [f"| {plain(name)} | {plain(str(value))} |" for name, value in facts.items() if value is not None]
    return "\n".join([f"## {title}", "", "| | |", "|---|---|", *rows, ""]) if rows else ""


def _use() -> str:
    return (
        "## Use\n\n```\ncutaway predict THIS_FOLDER photo.jpg\ncutaway explain THIS_FOLDER photo.jpg\n```\n\n"
        '```python\nimport cutaway\n\nmodel = cutaway.load("THIS_FOLDER")\nprint(model.predict("photo.jpg"))\n```\n\n'
        "`model.safetensors` has the weights for any other program, `config.json` the net and the classes.\n"
    )


def _limits(model: Model) -> str:
    return (
        "## Limits\n\nIt knows these classes only: a picture of anything else is taken for one of them. "
        "How well it does on pictures unlike those it was trained on has not been measured.\n"
    )
