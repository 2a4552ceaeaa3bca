# `make` alone lists what there is and changes nothing. Newcomers need `make run` and `make test`.

# `make run PORT=9000` serves elsewhere; `make test PYTHON=python3.13` takes that Python, VENV=… another environment.
VENV ?= .venv
BIN := $(VENV)/bin
LOCK := $(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock"
ASSETS := app/http/static/graphiql/.built

.DEFAULT_GOAL := help
.PHONY: help run demo-reset environment test check lint types fix schema lock upgrade build assets test-slow check-clients bench clean

help:  ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: environment assets  ## Set everything up and serve the demo at http://127.0.0.1:8000/graphql
	$(BIN)/customer-graph demo $(if $(PORT),--port $(PORT))

demo-reset: environment  ## Load the demo's data anew, in place of all that was changed
	$(BIN)/customer-graph demo-reset

test: environment  ## Set everything up and run all tests on a real MongoDB
	$(BIN)/python -m pytest -n auto

check: lint types  ## Check style, types, the committed schema and which room imports which
	$(BIN)/customer-graph schema --check schema.graphql
	$(BIN)/python -m pytest tests/test_architecture.py tests/test_schema.py

lint: environment  ## Check style alone
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: environment  ## Check types alone
	$(BIN)/mypy

fix: environment  ## Mend what tools can mend: style, format, schema.graphql
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .
	$(MAKE) --no-print-directory schema

schema: environment  ## Write schema.graphql anew from the code
	$(BIN)/customer-graph schema > schema.graphql.new && mv schema.graphql.new schema.graphql

environment:  ## Set up the environment of the other targets, with PYTHON=… if given, else the first from python3.11 on
	@tools/environment.sh "$(VENV)" "$(PYTHON)"

lock: environment  ## Write requirements/ anew from pyproject.toml; versions that still fit are kept
	$(LOCK) $(UPGRADE) pyproject.toml -o requirements/app.txt
	$(LOCK) $(UPGRADE) pyproject.toml --extra embedded --group dev -c requirements/app.txt -o requirements/dev.txt
	$(LOCK) $(UPGRADE) --group build -c requirements/dev.txt -o requirements/build.txt

upgrade:  ## Write requirements/ anew with the newest versions that pyproject.toml allows
	$(MAKE) --no-print-directory lock UPGRADE=--upgrade

build: environment assets  ## Build the wheel into dist/
	rm -rf build dist
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .

assets:  ## Fetch GraphiQL's files from npm; without npm its page loads them from a CDN and says so
	@if test -e $(ASSETS); then true; \
	elif command -v npm >/dev/null 2>&1; then node tools/graphiql/build.mjs && touch $(ASSETS); \
	else echo "npm is not installed: GraphiQL will load its files from a CDN."; fi

test-slow: environment  ## Run the slow tests: the million rows, the races and the faults
	$(BIN)/python -m pytest -n auto -m slow

check-clients: environment assets  ## Check schema and server with frontends' own tools; needs Node and Chromium
	tests/clients/all.sh $(BIN) $(SCREENSHOT)

bench: environment  ## Measure the figures of benchmarks/
	$(BIN)/python -m benchmarks

clean:  ## Remove what these commands made in this folder; the README says what is left elsewhere
	rm -rf $(VENV) build dist *.egg-info app/http/static/graphiql .pytest_cache .mypy_cache .ruff_cache .hypothesis
