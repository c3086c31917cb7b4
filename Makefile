# `make demo` and `make test` do everything on a machine with git, make and Python >= 3.11.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test test-long torture bench bench-quick clean

demo: $(VENV)/installed
	$(BIN)/vikt demo

test: $(VENV)/installed-for-tests
	scripts/check

# What takes minutes: real corpora, browsers, scikit-learn's own tests, thousands of new examples.
test-long: $(VENV)/installed-for-tests
	$(BIN)/python -m pytest -m 'slow or hypothesis' --hypothesis-profile long

# What comes of damaged and crafted files, malformed requests, kills and full disks; the better part of an hour.
torture: $(VENV)/installed-for-tests
	$(BIN)/python tests/torture

# Every benchmark, then the tables of the README and of docs/; hours. Peers that are not installed are left out.
bench: $(VENV)/installed-for-tests
	$(BIN)/python benchmarks/run_all.py $(BENCH)

# The same in minutes, to see whether all of it runs: some rows, one repeat, nothing kept.
bench-quick: $(VENV)/installed-for-tests
	$(BIN)/python benchmarks/run_all.py --quick $(BENCH)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "vikt needs Python 3.11 or later; found $$($(PYTHON) --version). Try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/installed-for-tests: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@ $(VENV)/installed

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache
