"""What the model is and how it was made: the net, the data, the recipe, seeds, versions, times."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from cutaway.layers.layer import describe
from cutaway.views.report.html import Inside, Markup, facts, joined, section, table, tag
from cutaway.views.report.subject import Subject
from cutaway.wording import memory

NAMED = 100
"""So many files that were left out are named."""


def net(subject: Subject) -> Markup:
    """Each layer with its shape, parameters and cost."""
    whole = subject.model.net
    rows: list[tuple[Inside, ...]] = [
        (
            row.name,
            row.text,
            describe(row.shape),
            f"{row.cost.parameters:,}",
            f"{row.cost.multiplications:,}",
            memory(row.cost.memory),
        )
        for row in whole.rows()
    ]
    cost = whole.cost()
    total = (
        "in all",
        f"{len(whole)} layers",
        "",
        f"{cost.parameters:,}",
        f"{cost.multiplications:,}",
        memory(cost.memory),
    )
    head = ("layer", "what", "output", "parameters", "multiplications", "memory")
    text = (
        "From a picture to the probabilities, the preparation of the picture included; the cost is that of one picture."
    )
    lines = str(whole).splitlines()
    notation = tag("pre", *[part for line in lines for part in (line, Markup("\n"))], tabindex="0")
    return section(
        "net",
        "The net",
        tag("p", text, class_="note"),
        table(head, [*rows, total], caption="Layer by layer", left=(0, 1, 2), wide=True),
        tag("details", tag("summary", "the same as a text that cutaway reads"), notation),
    )


def data(subject: Subject) -> Markup:
    """Where the pictures came from, how many there are, and what was left out."""
    own = subject.facts.get("data", {})
    if not own:
        return Markup()
    counts = own.get("counts", {})
    height, width, channels = own.get("size") or (0, 0, 0)
    told = facts(
        [
            ("from", subject.source),
            ("pictures", f"{sum(counts.values()):,} in {len(counts):,} classes" if counts else None),
            ("to train on", number(own.get("training"))),
            ("to choose by (validation)", number(own.get("validation"))),
            ("to judge by (test)", number(own.get("test"))),
            ("kept on one side", together(own | {"head": subject.facts.get("head", {})})),
            ("their size", f"commonly {width} x {height}, {'colour' if channels == 3 else 'grey'}" if height else None),
            ("the net's size", describe(subject.model.net.preparation.shape)),
            ("fingerprint", own.get("fingerprint")),
        ]
    )
    return section("data", "The data", told, spread(counts), skipped(own))


def together(own: Mapping[str, Any]) -> str | None:
    """What belongs together, and what a split that does not know of it would have claimed."""
    groups, head = own.get("groups"), own.get("head", {})
    if not groups:
        return None
    text = (
        f"{groups['pictures']:,} pictures in {groups['count']:,} groups (copies, near copies, bursts, what a table "
        f"says). Drawn one by one, {groups['company']:.1%} of the pictures held out would have had company in training"
    )
    if "naive_accuracy" in head:
        text += (
            f"; cross-validation that parts them claims {head['naive_accuracy']:.2%} right, "
            f"one that does not {head['grouped_accuracy']:.2%}"
        )
    return text + "."


def spread(counts: Mapping[str, int]) -> Markup:
    """Pictures of each class, as bars."""
    if not counts:
        return Markup()
    most = max(counts.values())
    rows: list[tuple[Inside, ...]] = [
        (name, tag("i", tag("b", style=f"width: {100 * count / max(1, most):.1f}%"), aria_hidden="true"), f"{count:,}")
        for name, count in counts.items()
    ]
    made = table(("class", "share of the commonest", "pictures"), rows, caption="Pictures of each class", left=(0, 1))
    return tag("details", tag("summary", "how many of each class"), made, open=len(counts) <= 12, class_="spread")


def skipped(own: Mapping[str, Any]) -> Markup:
    """What was left out, and why."""
    files: Sequence[Mapping[str, str]] = own.get("skipped", [])
    ignored: Mapping[str, int] = own.get("ignored", {})
    if not files and not ignored:
        return tag("p", "Nothing was left out.", class_="note") if "skipped" in own else Markup()
    parts: list[Inside] = []
    if files:
        more = f", the first {NAMED}" if len(files) > NAMED else ""
        caption = f"{len(files):,} left out, since they cannot be read{more}"
        place = str(own.get("source", ""))
        rows = [(one["path"].removeprefix(place).lstrip("/"), one["reason"]) for one in files[:NAMED]]
        parts.append(table(("file", "why"), rows, caption=caption, left=(0, 1)))
    if ignored:
        rows_ignored = [(reason, f"{count:,}") for reason, count in ignored.items()]
        parts.append(table(("why", "files"), rows_ignored, caption="Passed over"))
    return joined(parts)


def recipe(subject: Subject) -> Markup:
    """How it was trained, when, with what."""
    own = subject.facts
    epochs = own.get("epochs", [])
    seconds = sum(one["seconds"] for one in epochs)
    data = own.get("data", {})
    rows: list[tuple[str, Inside]] = [(name, plain(value)) for name, value in own.get("recipe", {}).items()]
    rows += [
        ("seed of the split", plain(data.get("seed"))),
        ("epochs done", f"{len(epochs)}; kept: {own.get('epoch')}" if epochs else None),
        ("time to train", f"{seconds:,.1f} s, {seconds / len(epochs):.2f} s an epoch" if epochs else None),
        ("made", moment(own.get("created", ""))),
        ("engine", own.get("engine")),
    ]
    versions = [(name, str(version)) for name, version in own.get("versions", {}).items()]
    content = joined((facts(rows), tag("h3", "Versions") if versions else None, facts(versions)))
    return section("recipe", "How it was made", content)


def plain(value: Any) -> str | None:
    """A setting in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return None if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)


def moment(created: str) -> str:
    """`2026-11-28 11:23 UTC`."""
    return re.sub(r"T(\d\d:\d\d):\d\d\+00:00$", r" \1 UTC", created)


def number(value: Any) -> str | None:
    """A count."""
    return None if value is None else f"{value:,}"


def footer(subject: Subject) -> Markup:
    """What it cannot do, and what this file is."""
    text = (
        "It knows these classes only: a picture of anything else is taken for one of them. How well it does on "
        "pictures unlike those it was judged by has not been measured."
    )
    return tag("footer", tag("p", text), tag("p", "This file needs nothing else, and asks for nothing from outside."))
