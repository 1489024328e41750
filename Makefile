# Needs python3 and make; each target sets up what it needs, in .venv, and is quick the second time.
# The commands a person types: make demo, make test. The rest is for those who change the code.

PYTHON ?= python3
DATA ?=
BIN := .venv/bin
WORKERS ?= 2

.PHONY: help demo test fast lint bench docs screenshots requirements clean

help:
	@echo "make demo                        a sample shop on this machine, with today's next best actions"
	@echo "make demo DATA=complete-journey  the same on 2,469 real households"
	@echo "make test                        everything that must hold: format, lint, types, imports, tests"
	@echo "make fast                        the tests that take no more than a minute together"
	@echo "make lint                        format, lint, types and imports only"
	@echo "make bench                       the promises of speed and memory, measured"
	@echo "make docs                        the documentation as a site in build/docs"
	@echo "make screenshots                 docs/images, made anew from a running sample shop"
	@echo "make requirements                requirements/, compiled from pyproject.toml (UPGRADE=1: newest)"
	@echo "make clean                       remove what these commands have made"

demo:
	@$(PYTHON) scripts/setup.py $(or $(filter complete-journey,$(DATA)),base)
	@$(BIN)/openchair demo $(if $(DATA),--data $(DATA))

test: lint
	@$(PYTHON) scripts/setup.py browser
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

fast:
	@$(PYTHON) scripts/setup.py dev
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile -m "not slow and not browser and not spark and not postgres"

lint:
	@$(PYTHON) scripts/setup.py dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench:
	@$(PYTHON) scripts/setup.py dev
	$(BIN)/python -m benchmarks

docs:
	@$(PYTHON) scripts/setup.py dev
	$(BIN)/python scripts/docs.py

screenshots:
	@$(PYTHON) scripts/setup.py browser
	$(BIN)/python scripts/screenshots.py

requirements:
	$(PYTHON) scripts/setup.py requirements $(if $(UPGRADE),--upgrade)

clean:
	rm -rf .venv build dist demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
