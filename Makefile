# The only door to the project: `make help` lists what it can do.
SHELL := /bin/sh
.DEFAULT_GOAL := help
PYTHON ?= python3
TOOLS := .tools
UV := $(TOOLS)/bin/uv
UV_VERSION := 0.13.9
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
WORKERS ?= 2
export UV_PYTHON_DOWNLOADS := never
export UV_NO_PROGRESS := 1
# Compiled modules are kept, or each process that a test starts would compile all libraries again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup demo axe test lint types imports check bench bench-large peers fuzz docs lock clean

help: ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "tmescope needs Python 3.11 or newer; $(PYTHON) is older. Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --target $(TOOLS) --upgrade uv==$(UV_VERSION)

$(STAMP): requirements.lock pyproject.toml | $(UV)
	@test -x $(BIN)/python || $(UV) venv --quiet --python $(PYTHON) $(VENV)
	$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

setup: $(STAMP) ## create .venv with the locked dependencies (nothing is installed globally)

demo: $(STAMP) ## simulate a three-cohort study with known truth and write demo/report.html
	$(BIN)/tmescope demo --output demo

axe: $(STAMP) ## fetch axe-core, with which the tests check the report's accessibility (needs npm)
	$(BIN)/python -m tests.report.axe_core

test: $(STAMP) ## run the tests
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder $(ARGS)

lint: $(STAMP) ## formatting and lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(STAMP) ## mypy --strict on src
	$(BIN)/mypy

imports: $(STAMP) ## the layers of the house
	$(BIN)/lint-imports

check: lint types imports ## lint, types and import contracts

bench: $(STAMP) ## benchmarks beside their peers (not part of the tests)
	$(BIN)/python -m bench $(ARGS)

bench-large: $(STAMP) ## passes over an atlas of 5 million cells (needs 40 GB of free disk)
	$(BIN)/python -m bench atlas_scale --cells 5000000 --threads 1 2 --repeats 1 --free-gb 40

peers: | $(UV) ## create .venv-peers with the programs that benchmarks compare with
	@test -x .venv-peers/bin/python || $(UV) venv --quiet --python $(PYTHON) .venv-peers
	$(UV) pip install --quiet --python .venv-peers/bin/python --requirement bench/requirements-peers.txt

fuzz: | $(UV) ## fuzz the parsers, in .venv-fuzz (ARGS="--parser gct --seconds 1800")
	@test -x .venv-fuzz/bin/python || $(UV) venv --quiet --python $(PYTHON) .venv-fuzz
	$(UV) pip install --quiet --python .venv-fuzz/bin/python --requirement requirements.lock --requirement bench/requirements-fuzz.txt
	$(UV) pip install --quiet --python .venv-fuzz/bin/python --no-deps --no-build-isolation --editable .
	.venv-fuzz/bin/python -m bench fuzz $(ARGS)

docs: $(STAMP) ## regenerate the reference pages under docs/
	$(BIN)/python -m docs.build

lock: | $(UV) ## resolve requirements.lock anew for every supported Python
	$(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11 --group dev --no-emit-index-url --no-annotate --custom-compile-command "make lock" --output-file requirements.lock pyproject.toml

clean: ## remove everything that the other targets made
	rm -rf $(VENV) .venv-* $(TOOLS) demo build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
