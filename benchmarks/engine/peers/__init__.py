"""The contenders, each a program of its own: `python -m benchmarks.engine.peers.NAME`, which `serving.py` lets talk.

Nothing here imports cutaway, save `native.py`, which is our own: the others run in a Python that does not have it.
"""
