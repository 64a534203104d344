# `make demo` and `make test` set up everything they need in .venv; nothing is installed outside it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: demo test lint bench audit space-dry-run clean
.DELETE_ON_ERROR:

demo: $(VENV)/app.done
	$(BIN)/python app.py

test: $(VENV)/dev.done
	$(BIN)/python -m pytest $(ARGS)

lint: $(VENV)/dev.done
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/dev.done
	$(BIN)/python -m benchmarks

# Known weaknesses of the pinned versions; in an environment of its own, so that what audits is not audited
audit: constraints.txt | $(BIN)/python
	@test -x $(VENV)-audit/bin/pip-audit || { $(BIN)/python -m venv $(VENV)-audit && \
	  $(VENV)-audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit==2.10.1; }
	$(VENV)-audit/bin/pip-audit --strict --no-deps --disable-pip -r constraints.txt $(ARGS)

# What a Space does with this repository; a new environment of its own, some minutes
space-dry-run:
	@$(PYTHON) scripts/space_dry_run.py

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "MRCMV Studio needs Python 3.11 or newer: name it with make PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || $(PYTHON) -m virtualenv $(VENV) || \
	  { echo "Python cannot make a virtual environment: install the package python3-venv and try again." >&2; exit 1; }
	@# pytorchvideo's iopath and fvcore come as sources that are built with these two
	@$(PIP) setuptools wheel

$(VENV)/app.done: requirements.txt constraints.txt | $(BIN)/python
	@echo "Setting up (once; a few minutes) ..."
	$(PIP) -r requirements.txt
	@touch $@

$(VENV)/dev.done: requirements.txt requirements-mcp.txt requirements-train.txt requirements-dev.txt requirements-scale.txt constraints.txt | $(BIN)/python
	@echo "Setting up (once; a few minutes) ..."
	$(PIP) -r requirements.txt -r requirements-mcp.txt -r requirements-train.txt -r requirements-dev.txt -r requirements-scale.txt
	@touch $@ $(VENV)/app.done

clean:
	rm -rf $(VENV) $(VENV)-audit .pytest_cache .mypy_cache .ruff_cache
