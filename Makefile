# `make` alone lists what there is and changes nothing. Newcomers need `make run` and `make test`.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
LOCK := $(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock"
ASSETS := app/http/static/graphiql/.built

.DEFAULT_GOAL := help
.PHONY: help run test check lint types fix schema lock upgrade build assets test-slow check-clients bench clean

help:  ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(READY) assets  ## Set everything up and serve the demo at http://127.0.0.1:8000/graphql
	$(BIN)/customer-graph demo

test: $(READY)  ## Set everything up and run all tests on a real MongoDB
	$(BIN)/python -m pytest -n auto

check: lint types  ## Check style, types, the committed schema and which room imports which
	$(BIN)/customer-graph schema --check schema.graphql
	$(BIN)/python -m pytest tests/test_architecture.py tests/test_schema.py

lint: $(READY)  ## Check style alone
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)  ## Check types alone
	$(BIN)/mypy

fix: $(READY)  ## Mend what tools can mend: style, format, schema.graphql
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .
	$(MAKE) --no-print-directory schema

schema: $(READY)  ## Write schema.graphql anew from the code
	$(BIN)/customer-graph schema > schema.graphql.new && mv schema.graphql.new schema.graphql

$(READY): pyproject.toml requirements/dev.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(INSTALL) --require-hashes -r requirements/dev.txt
	$(INSTALL) --no-deps --no-build-isolation -e .
	touch $(READY)

lock: $(READY)  ## Write requirements/ anew from pyproject.toml; versions that still fit are kept
	$(LOCK) $(UPGRADE) pyproject.toml -o requirements/app.txt
	$(LOCK) $(UPGRADE) pyproject.toml --group dev -c requirements/app.txt -o requirements/dev.txt
	$(LOCK) $(UPGRADE) --group build -c requirements/dev.txt -o requirements/build.txt

upgrade:  ## Write requirements/ anew with the newest versions that pyproject.toml allows
	$(MAKE) --no-print-directory lock UPGRADE=--upgrade

build: $(READY) assets  ## Build the wheel into dist/
	rm -rf build dist
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .

assets:  ## Fetch GraphiQL's files from npm; without npm its page loads them from a CDN and says so
	@if test -e $(ASSETS); then true; \
	elif command -v npm >/dev/null 2>&1; then node tools/graphiql/build.mjs && touch $(ASSETS); \
	else echo "npm is not installed: GraphiQL will load its files from a CDN."; fi

test-slow: $(READY)  ## Run the slow tests: the million rows, the races and the faults
	$(BIN)/python -m pytest -n auto -m slow

check-clients: $(READY) assets  ## Check schema and server with frontends' own tools; needs Node and Chromium
	tests/clients/all.sh $(BIN) $(SCREENSHOT)

bench: $(READY)  ## Measure the figures of benchmarks/
	$(BIN)/python -m benchmarks

clean:  ## Remove what these commands made
	rm -rf $(VENV) build dist app/http/static/graphiql .pytest_cache .mypy_cache .ruff_cache .hypothesis
