"""Training and predicting against the best that others do, in one run: `python -m benchmarks.engine --help`."""
