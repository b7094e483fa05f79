SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv/bin

.PHONY: install run test check bench docs lock clean

# The development set: everything that make check, make test and make bench need.
install: .venv/.dev

# The run-time set alone is enough to use the product.
run: .venv/.run
	@$(VENV)/tocsin run $(ARGS)

test: .venv/.dev
	@$(VENV)/python -m pytest $(ARGS)

check: .venv/.dev
	@$(VENV)/python -m tests.gates

bench: .venv/.dev
	@$(VENV)/python -m bench.all $(ARGS)

docs: .venv/.dev
	@$(VENV)/python -m docs.generate && $(VENV)/python -m docs.schemas && $(VENV)/python -m docs.asyncapi

lock: .venv/.dev
	@$(PYTHON) requirements/lock.py && $(VENV)/python requirements/broker_lock.py

clean:
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage

.venv/.run .venv/.dev: .venv/.%: requirements/%.lock pyproject.toml
	@$(PYTHON) requirements/install.py $*
