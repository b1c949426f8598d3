"""One picture through a net with every number kept: workings, receptive fields, votes, and the check of all numbers."""

from cutaway.net.check import StageCheck
from cutaway.trace.cell import Cell, CellWorking
from cutaway.trace.record import record
from cutaway.trace.stage import Stage
from cutaway.trace.trace import Trace
from cutaway.trace.votes import Lead, Leads, Vote, Votes

__all__ = ["Cell", "CellWorking", "Lead", "Leads", "Stage", "StageCheck", "Trace", "Vote", "Votes", "record"]
