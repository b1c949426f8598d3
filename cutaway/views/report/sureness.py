"""Whether its probabilities can be taken at their word, before and after temperature scaling."""

from __future__ import annotations

from cutaway.model import findings
from cutaway.model.assessment import Assessment, Calibration
from cutaway.pictures.pictures import TEST, VALIDATION
from cutaway.views.report import plots
from cutaway.views.report.html import Markup, section, tag


def calibration(known: Assessment) -> Markup:
    """A diagram of each."""
    one = known.calibration
    if one is None:
        return Markup()
    drawn = [plots.reliability(one.bins, name="before", title=f"as it is: off by {one.error:.2%}")]
    if one.after is not None and one.temperature is not None:
        title = f"all scores divided by {one.temperature:.2f}: off by {one.after:.2%}"
        drawn.append(plots.reliability(one.bins_after, name="after", title=title))
    text = (
        "Of all guesses that it is 80% sure of, 80% should be right: then the dots lie on the line. A dot is all "
        "guesses of about the same sureness, the larger the more there are. How far the dots are off, on average over "
        f"the pictures, is the expected calibration error. {scaling(one, known.part)} {findings.too_sure(known)}"
    )
    return section(
        "calibration",
        "How sure it is",
        tag("p", text.strip(), class_="note"),
        tag("div", *drawn, class_="plots square"),
    )


def scaling(one: Calibration, part: str) -> str:
    """How the temperature was chosen."""
    if one.temperature is None:
        return "No temperature suits it best: it made no mistake that one could be chosen by, or learned nothing."
    if one.after is None:
        return f"The temperature that suits it best is {one.temperature:.2f}; too few pictures are there to test that."
    meaning = "it was a little too sure" if one.temperature > 1 else "it could be a little surer"
    if one.halves:
        how = "measured in two halves, each with the temperature that suits the other"
    elif part == TEST:
        how = f"chosen by the {VALIDATION} pictures, measured on the test pictures"
    else:
        how = f"chosen by the {VALIDATION} pictures of its training"
    return (
        f"To divide all scores by a number changes no guess, only how sure it is; the best is {one.temperature:.2f}: "
        f"{meaning} ({how})."
    )
