# One line per command a person types. Each target brings what it needs, once.
SHELL := /bin/bash
STACK ?= dev
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PARALLEL := -n 2 --dist loadgroup --no-loadscope-reorder
# Where it is set, each command would compile the libraries anew: seconds instead of a fraction.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test test-systems lint docs bench clean lock packages

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: WITH = $(if $(shell grep -ls '^ *aws-cache:web:' 'Pulumi.$(STACK).yaml' 'examples/$(STACK).yaml'),mariadb)
demo: packages $(READY) ## from nothing to a verified cache and its report; STACK=NAME takes examples/NAME.yaml too
	@$(BIN)/python demo.py --stack '$(STACK)'

test: WITH := mariadb
test: packages $(READY) ## the tests: under 8 minutes
	@$(BIN)/python -m pytest -q -m 'not system' $(PARALLEL)

test-systems: WITH := mariadb browser
test-systems: packages $(READY) $(VENV)/.browser ## whole environments through faults and refusals: some minutes more
	@$(BIN)/python -m pytest -q -m system $(PARALLEL)

lint: $(READY) ## ruff and pyright
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/pyright

docs: $(READY) ## renew what is generated in docs from the source
	@$(BIN)/python scripts/reference
	@$(BIN)/python scripts/rules
	@$(BIN)/python scripts/schema
	@$(BIN)/python scripts/deploy-policy
	@$(BIN)/python scripts/drawings

bench: packages $(READY) ## the measurements, one after the other; each prints a table and writes JSON
	@set -e; for file in bench/[a-z]*.py; do echo "== $$file"; $(BIN)/python $$file; done

clean: ## stop the sandbox; remove what was built and installed here (stack states too)
	@# It needs no package, as an environment that was cut off has none.
	@if [ -d .sandbox ]; then python3 -m sandbox.launching; fi
	@rm -rf build .sandbox $(VENV) .pytest_cache .ruff_cache .hypothesis

lock: $(READY) ## renew the locked requirements
	@for name in requirements requirements-dev requirements-browser; do \
	  $(BIN)/uv pip compile -q --universal --python-version 3.10 --no-header --no-annotate $$name.in -o $$name.txt; done
	@for name in bundle function web; do file=components/data/$$name-requirements; \
	  $(BIN)/uv pip compile -q --python-version 3.11 --python-platform linux --no-header --no-annotate $$file.in -o $$file.txt; done

packages:
	@scripts/system-packages $(WITH)

$(READY): requirements-dev.txt scripts/environment
	@scripts/environment $(VENV) requirements-dev.txt
	@touch $@

$(VENV)/.browser: requirements-browser.txt $(READY)
	@scripts/environment $(VENV) requirements-dev.txt requirements-browser.txt
	@touch $@
