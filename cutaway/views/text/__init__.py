"""A trace or a net as text for a terminal: functions that return strings, up to `width` columns, without colour codes.

    print(text.working(trace["conv1"][12, 7, 3].working()))

Every sum that is printed adds up as printed.
"""

from cutaway.views.text.drawings import guesses, map
from cutaway.views.text.tables import layers, net
from cutaway.views.text.workings import working

__all__ = ["guesses", "layers", "map", "net", "working"]
