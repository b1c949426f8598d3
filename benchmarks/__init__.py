"""Measurements: `python -m benchmarks` runs the short set, `python -m benchmarks startup` one of them."""
