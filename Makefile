# The four commands anyone needs: run, test, check, schema. The rest is for who wants more.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
ASSETS := app/http/static/graphiql/.built

.PHONY: run test check schema assets test-slow check-clients bench clean

run: $(READY) assets  ## Set everything up and serve the demo at http://127.0.0.1:8000/graphql
	$(BIN)/customer-graph demo

test: $(READY)  ## Set everything up and run all tests on a real MongoDB
	$(BIN)/python -m pytest -n auto

check: $(READY)  ## Style, types, the committed schema, the import table
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/customer-graph schema --check schema.graphql
	$(BIN)/python -m pytest tests/test_architecture.py tests/test_schema.py

schema: $(READY)  ## Write schema.graphql anew from the code
	$(BIN)/customer-graph schema > schema.graphql.new && mv schema.graphql.new schema.graphql

$(READY): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $(READY)

assets:  ## GraphiQL's files from npm; without npm the page falls back to a CDN and says so
	@if test -e $(ASSETS); then true; \
	elif command -v npm >/dev/null 2>&1; then node tools/graphiql/build.mjs && touch $(ASSETS); \
	else echo "npm is not installed: GraphiQL will load its files from a CDN."; fi

test-slow: $(READY)  ## The million rows, the races and the faults
	$(BIN)/python -m pytest -n auto -m slow

check-clients: $(READY) assets  ## What frontends' own tools say of the schema and the server; needs Node and Chromium
	tests/clients/all.sh $(BIN) $(SCREENSHOT)

bench: $(READY)  ## The figures of benchmarks/
	$(BIN)/python -m benchmarks

clean:  ## Remove what these commands made
	rm -rf $(VENV) app/http/static/graphiql .pytest_cache .mypy_cache .ruff_cache .hypothesis
