# Everything here works in .venv, a virtual environment beside this file; nothing else on the computer is changed.

# Which Python makes .venv: 3.11 or newer.
PYTHON ?= python3
# More for pytest: make test PYTEST_ARGS="-k conv -x"
PYTEST_ARGS ?=

BIN := .venv/bin
# Exact versions, for what is installed and for what builds it. Variables, and not "-c", because the pip that comes
# with Python 3.11 hands only these on to the build.
PIP := PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt PIP_DISABLE_PIP_VERSION_CHECK=1 \
	$(BIN)/python -m pip install --quiet

.DEFAULT_GOAL := help
.PHONY: help setup demo test check fix docs bench clean exporters

help:  ## show this list
	@sed -n 's/^\([a-z]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | while IFS='	' read -r name text; do \
		printf 'make %-11s%s\n' "$$name" "$$text"; done

setup: .venv/setup.stamp node_modules/setup.stamp  ## make .venv with all that development needs (a moment when it is up to date)

demo: .venv/demo.stamp  ## train on real handwritten digits, show the guesses and one of them explained
	$(BIN)/python examples/demo.py

test: setup  ## run the tests, and the examples in README.md and docs/, one process a core
	$(BIN)/python -m pytest -n auto --dist worksteal $(PYTEST_ARGS)

exporters: setup  ## add PyTorch, Keras and others whose ONNX files the tests import (large; without them these are skipped)
	$(PIP) --editable '.[dev,docs,exporters]'

check: setup docs  ## what must hold before a commit: format, lint, types, who imports whom, docs without a warning
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	@if [ -x node_modules/.bin/tsc ]; then PATH="$(CURDIR)/$(BIN):$$PATH" node_modules/.bin/tsc -p .; \
		else echo "the page's types are not checked: npm's packages could not be installed"; fi

fix: setup  ## put right what a tool can: format, and the simple part of lint
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

docs: setup  ## build the documentation: docs/_build/index.html
	$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet docs docs/_build

bench: setup  ## measure speed, memory and accuracy
	$(BIN)/python -m benchmarks

clean:  ## remove .venv and all that was built; models in runs/ stay
	rm -rf .venv node_modules docs/_build build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find benchmarks cutaway docs examples tests -name __pycache__ -type d -prune -exec rm -rf {} +

# What is installed is stamped with the time: make installs again only when one of these files is newer.
.venv/demo.stamp: pyproject.toml constraints.txt | $(BIN)/pip
	$(PIP) --editable .
	@touch $@

.venv/setup.stamp: pyproject.toml constraints.txt | $(BIN)/pip
	$(PIP) --editable '.[dev,docs]'
	@touch .venv/demo.stamp $@

# What checks the page. Without npm's registry everything else still works, and says what it leaves out.
node_modules/setup.stamp: package.json package-lock.json | .venv/setup.stamp
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm ci --silent --no-audit --no-fund --fetch-retries 1 \
		--fetch-retry-mintimeout 1000 && touch $@ || \
		echo "npm's packages could not be installed: the page's types and accessibility will not be checked"

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "cutaway needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) --version 2>&1);" \
			"name a newer one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv .venv
