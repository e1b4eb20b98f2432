# The whole interface of the repository. Each target sets up what it needs; continuous integration calls the same.
#   make demo     simulate a company, run everything, print the findings, write demo/report.html
#   make test     the whole suite, with the coverage gate
#   make lint     ruff, mypy, import-linter
#   make bench    measure, and write bench/results.md
#   make docs     build the documentation into site/
# Also: lock (write the locks anew), reference (write docs/reference anew), clean.

VENV ?= .venv
BIN := $(VENV)/bin

# The lowest share of the core that the suite may cover, in per cent, branches counted. It only goes up.
COVERAGE_FLOOR := 95

RUN := $(VENV)/.ready-run
DEV := $(VENV)/.ready-dev

.DEFAULT_GOAL := help
.PHONY: help demo test lint bench docs lock reference clean

help:
	@sed -n 's/^#   //p' Makefile

demo: $(RUN)
	@$(BIN)/gouttes demo

test: $(DEV)
	@mkdir -p build
	@$(BIN)/pytest -n auto --dist loadfile --cov --cov-report=term --cov-fail-under=$(COVERAGE_FLOOR) --junitxml=build/tests.xml

lint: $(DEV)
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(DEV)
	@$(BIN)/python bench/run.py

docs: $(DEV)
	@mkdir -p build
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict >build/docs.log 2>&1 || { cat build/docs.log; exit 1; }
	@echo "Written: site/index.html"

reference: $(DEV)
	@$(BIN)/python scripts/reference.py

lock:
	@scripts/lock

clean:
	@rm -rf build dist site demo .bench .coverage .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis

$(RUN): requirements.lock pyproject.toml scripts/environment
	@scripts/environment $(VENV) run
	@touch $@

$(DEV): requirements-dev.lock requirements.lock pyproject.toml scripts/environment
	@scripts/environment $(VENV) dev
	@touch $@ $(RUN)
