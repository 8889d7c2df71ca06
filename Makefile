# The README's two commands are `make run` and `make test`; each does its own set-up in .venv/.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TORCH_VERSION := 2.13.0
# where the texts of the public sets lie, whose labels are kept without text (data/README.md)
SETS ?= ../shared
.DEFAULT_GOAL := help
.PHONY: help setup run test test-all check model format clean lock

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: $(READY)  ## make .venv with everything pinned, PyTorch as its CPU build

$(READY): pyproject.toml requirements/lock.txt scripts/setup.sh
	PYTHON="$(PYTHON)" VENV="$(VENV)" TORCH_VERSION="$(TORCH_VERSION)" sh scripts/setup.sh
	@touch $@

run: $(READY)  ## the whole nightly job on the sample export in data/
	$(BIN)/cxnlp models pull --if-missing
	$(BIN)/cxnlp run --config data/cxnlp.toml

test: $(READY)  ## formatter, linter, types, import contract, tests
	$(BIN)/cxnlp models pull --if-missing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2 -m "not slow"

test-all: $(READY)  ## `make test`, then the long checks
	$(MAKE) test
	$(BIN)/pytest -m slow

model: $(READY)  ## train the default model anew from data/labelled (10 minutes on 2 idle cores) and evaluate it
	$(BIN)/cxnlp models pull --if-missing
	$(BIN)/cxnlp train data/labelled --sets $(SETS) --epochs 3 --out models/candidate
	$(BIN)/cxnlp evaluate data/labelled --sets $(SETS) --model models/candidate --save --html models/candidate.html
	@echo "Put it to use, if it is not worse: cxnlp models promote candidate"

format: $(READY)  ## format and mend what the linter can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(READY)  ## resolve requirements/lock.txt anew from pyproject.toml (needs uv)
	sh scripts/lock.sh

clean:  ## remove the set-up, caches and reports (never the data, models or labels)
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache build ./*.egg-info reports
