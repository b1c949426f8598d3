"""A trace or a net as text for a terminal: functions that return strings, up to `width` columns, without colour codes.

    print(text.working(trace["conv1"][12, 7, 3].working()))

Every sum that is printed adds up as printed.
"""

from cutaway.views.text.drawings import guesses, map
from cutaway.views.text.fields import field
from cutaway.views.text.strips import strip
from cutaway.views.text.tables import layers, net
from cutaway.views.text.votes import odds, votes, why_not
from cutaway.views.text.workings import working

__all__ = ["field", "guesses", "layers", "map", "net", "odds", "strip", "votes", "why_not", "working"]
