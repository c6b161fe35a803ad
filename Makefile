# Roadworthy. `make demo` shows it, `make test` proves it; everything stays inside this clone.
# Needs Python >= 3.11, make and git. Lock files name no index: pip and npm use what this computer has set up.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export npm_config_cache := $(CURDIR)/build/npm
ARGS ?=

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

.PHONY: setup
setup: ## Make .venv with everything that tests need, and the system packages where it may
	@PYTHON=$(PYTHON) tools/setup.sh dev
	@tools/system_packages.sh

.PHONY: setup-run
setup-run:
	@PYTHON=$(PYTHON) tools/setup.sh run

.PHONY: demo
demo: setup-run ## Show the whole story on 127.0.0.1:8080; ARGS=--headless prints it and ends
	@$(BIN)/roadworthy demo $(ARGS)

.PHONY: check
check: setup ## Format, lint, types and architecture, without changing a file
	@tools/check.sh

.PHONY: fix
fix: setup ## Let ruff format and repair what it can
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format --quiet .

.PHONY: test
test: setup check ## All checks and all tests (at most 15 minutes on 2 cores); ARGS are pytest's
	@tools/test.sh $(ARGS)

.PHONY: test-long
test-long: setup check ## The same tests at full size
	@ROADWORTHY_LONG=1 tools/test.sh $(ARGS)

.PHONY: bench
bench: setup ## Print the measured ratios; ARGS name the benchmarks, default all
	@$(BIN)/python -m bench $(ARGS)

.PHONY: docs
docs: setup ## Write the generated pages anew
	@$(BIN)/python -m tools.gen_states
	@$(BIN)/python -m tools.gen_cli
	@$(BIN)/python -m tools.gen_clauses

.PHONY: migration
migration: setup ## Write a migration for what the tables say now; ARGS="name" or ARGS="first_cut --replace"
	@$(BIN)/python -m tools.new_migration $(ARGS)

.PHONY: lock
lock: ## Resolve the newest versions and pin them by hash
	@PYTHON=$(PYTHON) tools/lock.sh

.PHONY: clean
clean: ## Remove everything that make made
	@rm -rf .venv build dist demo-data evidence.zip *.egg-info \
	  .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . \( -name __pycache__ -o -name node_modules \) -type d -prune -exec rm -rf {} +
