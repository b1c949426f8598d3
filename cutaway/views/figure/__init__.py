"""One working as a figure for a slide or a page: grids of coloured cells with their numbers, and the sum.

    figure.svg(trace["conv1"][12, 7, 3].working())

Every sum that is drawn adds up as drawn. Blue is below 0, orange above; every sign is also written.
"""

from cutaway.views.figure.html import page
from cutaway.views.figure.svg import svg

__all__ = ["page", "svg"]
