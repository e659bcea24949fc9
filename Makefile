# `make run` and `make test` are all that a fresh clone needs; each prepares what is missing and says so.
PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help run prepare test test-postgres nightly prepare-test lint format bench lock clean

help:  ## what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /  make \1 \t/' | expand -t 22
	@echo
	@echo "  QANAT_PORT and QANAT_DATA_DIR say where \`make run\` listens and keeps its data; docs/settings.md has the rest."

run: prepare  ## prepare, then serve at http://127.0.0.1:8000 until Ctrl-C
	@exec $(BIN)/qanat serve

prepare:  ## everything that running needs
	@$(PYTHON) -m scripts.prepare --for run

test: prepare-test  ## prepare, then lint and run every test
	@$(BIN)/python -m scripts.check all

test-postgres: prepare-test  ## the packages' tests once more, their records on a PostgreSQL server
	@QANAT_TEST_DATABASE=postgres $(BIN)/python -m pytest -q tests/agent_runtime tests/knowledge_vault tests/licensing

nightly: prepare-test  ## the tests that take long: many damaged files, huge ones, a million calls of the contracts
	@$(BIN)/python -m pytest -m nightly -s
	@npm run --silent --prefix licensing/contracts test:deep

prepare-test:  ## everything that the tests need: test packages, contract tools, a browser
	@$(PYTHON) -m scripts.prepare --for test

lint: prepare-test  ## ruff, mypy, and what the front end checks without running
	@$(BIN)/python -m scripts.check lint

format: prepare-test  ## put the Python sources in shape
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

bench: prepare  ## measure on this machine and write docs/performance.md
	@$(BIN)/python -m scripts.bench

lock:  ## pin the Python packages again
	@$(BIN)/python -m scripts.lock

clean:  ## remove what was prepared in this clone (the cache in ~/.cache/qanat stays)
	@rm -rf .venv build frontend/node_modules frontend/dist licensing/contracts/node_modules \
	  licensing/contracts/out licensing/contracts/cache .mypy_cache .ruff_cache .pytest_cache *.egg-info
