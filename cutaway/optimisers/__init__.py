"""Optimisers: how weights move against their gradients. Declared once, in NumPy; the engines are held against them.

`optimiser.py` says what all rules share: groups, clipping, averages. Each rule is a file beside it.
"""

from cutaway.optimisers.adamw import AdamW as AdamW
from cutaway.optimisers.muon import Muon as Muon
from cutaway.optimisers.optimiser import Group as Group
from cutaway.optimisers.optimiser import Optimiser as Optimiser
from cutaway.optimisers.optimiser import Settings as Settings
from cutaway.optimisers.sgd import Sgd as Sgd

OPTIMISERS: dict[str, type[Sgd] | type[AdamW] | type[Muon]] = {kind.name: kind for kind in (Sgd, AdamW, Muon)}
"""Every optimiser by its name."""
