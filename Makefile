# Every command sets up what it needs; a second run only does what changed. `make help` lists them.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=

CHECKS := check-style check-types check-imports check-generated check-js-types check-js-lint check-js-format

.PHONY: help setup setup-browser setup-tests check $(CHECKS) format test test-python test-js demo bench faults conformance docs screenshots generate lock wheel clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## make .venv/bin/tavernlink ready: Python packages, JS build
	@$(PYTHON) -m scripts.setup

setup-browser:
	@$(PYTHON) -m scripts.setup --browser

setup-tests:
	@$(PYTHON) -m scripts.setup --browser --older --database

demo: setup-browser ## a hub, a real SillyTavern, a stand-in model and one streamed reply (ARGS="--once", "--model-url URL" …)
	@$(BIN)/tavernlink demo $(ARGS)

test: test-js test-python ## all tests, on a real SillyTavern in Chromium too

# Two workers. Tests are marked with groups that are to share one (browser tests on the shared tab, say); pytest-xdist 3.8
# knows no groups under pytest 9.2, so nothing may depend on them. A test that fails is tried once more and, if
# it passes then, listed as RERUN (docs/adr/0023).
EVERYTHING := -n 2 --dist loadgroup --reruns 1 --rerun-show-tracebacks -rfER --durations 150

test-python: setup-tests ## only pytest (ARGS="tests/core -k name")
	$(BIN)/python -m pytest $(if $(ARGS),$(ARGS),$(EVERYTHING))

test-js: setup ## only vitest
	cd js && npm run --silent test

# Two at a time, each one's lines together where make can do that (that of macOS cannot).
TOGETHER := --no-print-directory --jobs 2 $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

check: setup ## style, types, direction of imports, stale generated files
	@+$(MAKE) $(TOGETHER) $(CHECKS)

check-style: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

check-types: setup
	$(BIN)/mypy

check-imports: setup
	$(BIN)/lint-imports --no-logo

check-generated: setup
	$(BIN)/python -m scripts.generate --check

check-js-types: setup
	cd js && npm run --silent typecheck

check-js-lint: setup
	cd js && npm run --silent lint

check-js-format: setup
	cd js && npm run --silent format:check

format: setup ## put every file in its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	cd js && npm run --silent format

generate: setup ## JSON Schema, TypeScript types and the reference page from the message catalogue
	$(BIN)/python -m scripts.generate

docs: setup ## the documentation site, which the hub shows at /docs (src/tavernlink/_docs)
	@$(BIN)/python -m scripts.docs $(ARGS)

screenshots: setup-browser ## the documents' pictures, taken of the real program (docs/images/screens)
	@$(BIN)/python -m scripts.screenshots

bench: setup ## measure the hub against Node's socket.io; writes benchmarks/results.md
	$(BIN)/python -m benchmarks $(ARGS)

faults: setup-tests ## kill, cut and freeze everything while apps send, then count (ARGS="--minutes 60 --seed 7")
	$(BIN)/python -m tests.faults $(ARGS)

conformance: setup ## the public suites (SOCKETIO_SUITE=folder ENGINEIO_SUITE=folder of their checkouts)
	$(BIN)/python -m scripts.conformance $(if $(SOCKETIO_SUITE),--socketio $(SOCKETIO_SUITE)) $(if $(ENGINEIO_SUITE),--engineio $(ENGINEIO_SUITE)) $(ARGS)

lock: setup ## compile requirements/dev.txt from pyproject.toml (ARGS=--upgrade for newer versions)
	$(BIN)/python -m scripts.lock $(ARGS)

wheel: setup ## build dist/*.whl with the extension inside
	$(BIN)/python -m build --wheel

clean: ## remove what was built (not .venv, not downloads)
	rm -rf dist build src/tavernlink/_extension src/tavernlink/_console src/tavernlink/_docs .cache/stamps .mypy_cache .ruff_cache .pytest_cache
