# Breakwater: everything runs in .venv, which the first target makes by itself.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
PORT ?= 8765
WORKERS ?= 2

.PHONY: help demo demo-check test check bench golden pictures lock clean

help:                ## show what can be made
	@grep -hE '^[a-z-]+: .*##|^[a-z-]+: +##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

demo: .venv/run      ## serve the demo company: prints the address of a Slack-like page to click in
	$(BIN)/breakwater demo --port $(PORT)

demo-check: .venv/run ## drive the demo once through every main job and compare with its known truth
	$(BIN)/breakwater demo --check

test: .venv/dev      ## run all tests, on SQLite and PostgreSQL
	$(BIN)/python -m pytest -n $(WORKERS)

check: .venv/dev     ## ruff, mypy strict, and the floors of the house
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/test_floors.py -q

bench: .venv/dev     ## measure speed by ratio, in one run (see benchmarks/)
	$(BIN)/python -m benchmarks

golden: .venv/dev    ## rewrite the golden files; read the diff before you commit it
	$(BIN)/python -m pytest -n $(WORKERS) --golden-update

pictures: .venv/dev  ## take the pictures of the docs anew, with Chromium
	$(BIN)/python docs/take_pictures.py

lock: .venv/dev      ## pin every dependency with hashes, without download addresses
	$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --quiet $(UPGRADE) \
	  pyproject.toml --extra postgres requirements/build.in --output-file requirements/run.txt
	$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --quiet $(UPGRADE) \
	  --constraint requirements/run.txt pyproject.toml --extra postgres --extra spark --extra sftp --extra s3 requirements/build.in requirements/dev.in --output-file requirements/dev.txt

clean:               ## remove the environment and caches
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache var

# Hash mode refuses an editable install, so the build tools are locked too and the package is installed without dependencies.
.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "error: Breakwater needs Python 3.11 or newer, this is " + sys.version.split()[0] + ".\n  try: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv

.venv/run: requirements/run.txt pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/run.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev: requirements/dev.txt requirements/run.txt pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@ .venv/run
