# `make demo` tells the life of a pull request, from push to a bucket; `make test` passes the tests; `make help` lists the rest.
# All create their environment.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
comma := ,
# A machine without Terraform gets it as a wheel (64 MB).
TERRAFORM := $(if $(shell command -v terraform || command -v tofu),,$(comma)terraform)

.PHONY: demo help test slow checkov check docs schemas catalogue release clean

demo: $(VENV)/demo ## eight resources from push to AWS and a way back, in a sandbox (KEEP=dir keeps it, to play with)
	@$(BIN)/engine sandbox --scenario demo $(if $(KEEP),--state '$(KEEP)' --reset)

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

test: $(VENV)/dev ## the tests
	$(BIN)/pytest

slow: $(VENV)/dev ## the slow ones
	$(BIN)/pytest -m slow

# A real Checkov for slow tests, once per machine, in an environment of its own (291 MB); without it they are skipped.
checkov: $(VENV)/dev ## a Checkov for the slow tests, once per machine
	@$(BIN)/python -m tests.support.checkov

check: $(VENV)/dev ## linters, types, layers, the engine's own checks of what is shipped
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/engine lint
	$(BIN)/engine test tests/specs --coverage --fail-under 100
	$(BIN)/engine policy test --fail-under 90

docs: $(VENV)/dev ## the reference, made anew, and all pages as a site in build/site
	$(BIN)/python tools/reference.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

catalogue: $(VENV)/dev ## AWS's lists of actions and runtimes, made anew
	$(BIN)/python -m tools.aws_catalogue
	$(BIN)/python -m tools.aws_runtimes

release: $(VENV)/dev ## what is published of this commit: wheel, sdist, libraries with hashes, SBOM, sums
	@$(BIN)/python tools/release.py dist

schemas: $(VENV)/dev ## the validators, made anew
	$(BIN)/python tools/generate_validators.py

$(VENV)/demo: pyproject.toml
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV), once; this takes a minute or two …"
	@$(BIN)/python -m pip install --disable-pip-version-check -e '.[sandbox$(TERRAFORM)]'
	@$(BIN)/python -m compileall -q engine # as installing a wheel does; an editable install leaves it to the first start
	@touch $@

$(VENV)/dev: pyproject.toml
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev$(TERRAFORM)]'
	@$(BIN)/python -m compileall -q engine
	@touch $@ $(VENV)/demo

clean: ## remove what these have made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
