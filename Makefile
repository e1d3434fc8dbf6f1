# Needs Python 3.11 or newer, make, and the package registries. PYTHON=python3.12 make … takes another interpreter.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: dev demo test lint bench conformance hostile soak clean

dev: $(VENV)/ready ## an environment for a contributor, and a quick check that it works
	$(BIN)/pytest -q tests/test_cli.py tests/test_architecture.py
	@echo "ready: $(BIN)/modellint, $(BIN)/pytest"

demo: ## check and fix the example application, in a fresh environment
	rm -rf .demo
	$(PYTHON) -m venv .demo
	.demo/bin/pip install --quiet --disable-pip-version-check .
	@echo '$$ modellint check fixtures/demo'
	@.demo/bin/modellint check fixtures/demo || test $$? -eq 1
	@echo '$$ modellint fix --unsafe --diff fixtures/demo'
	@.demo/bin/modellint fix --unsafe --diff fixtures/demo

# Those that run many whole programs at once come apart from those that measure how long something takes.
CROWDED := tests/docker/test_real.py tests/docker/test_serve.py tests/docker/test_endings.py tests/smoke/test_endings.py

test: lint ## run everything that guards this project
	$(BIN)/pytest -n 2 --dist worksteal -q -rs $(addprefix --ignore=,$(CROWDED))
	$(BIN)/pytest -n 2 --dist loadfile -q -rs $(CROWDED)

lint: $(VENV)/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python

bench: $(VENV)/ready ## compare the speed with the interpreter's own and with the peers'
	$(BIN)/python tests/bench/bench.py

conformance: $(VENV)/ready ## compare what Docker Compose and modellint make of many projects
	$(BIN)/python tests/conformance/conformance.py

hostile: $(VENV)/ready ## ask a registry that does everything wrong, and print what came of it
	$(BIN)/python tests/hostile.py

# Those of which `make test` has a small share only.
REPEATED := tests/test_threads.py tests/test_replace.py tests/runner/test_process.py tests/runner/test_gguf.py tests/store \
	$(addprefix tests/report/test_,injection_formats.py github.py rdjson.py large.py)

soak: $(VENV)/ready ## what takes too long for every change: many repetitions, growth in CPU seconds and memory, a long fuzz
	MODELLINT_SOAK=1 MODELLINT_ENDINGS=20 $(BIN)/pytest -n 2 --dist worksteal -q -rs tests/soak $(REPEATED)
	MODELLINT_ENDINGS=20 $(BIN)/pytest -n 2 --dist loadfile -q -rs tests/docker/test_endings.py tests/smoke/test_endings.py

$(VENV)/ready: pyproject.toml
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/pip install --quiet --editable . --group dev
	touch $@

clean:
	rm -rf $(VENV) .demo .tools dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
