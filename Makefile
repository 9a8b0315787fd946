SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

lock: $(BIN)/uv
	$(BIN)/uv pip compile -q --universal --python-version 3.10 --no-header --no-annotate requirements.in -o requirements.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.10 --no-header --no-annotate requirements-dev.in -o requirements-dev.txt
$(BIN)/uv:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q uv
