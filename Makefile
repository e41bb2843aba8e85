# A fresh clone needs Python 3.10 or later and make. `make test` also needs npm, for a validator of the Amazon States Language.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory --warn-undefined-variables

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed
PIP = $(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt
LOCALLY = --no-build-isolation -e '.[test,lint]'
TESTS ?= tests
# One more than there are processors: the tests of engines wait for much of their time.
PROCESSES ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
PYTEST = $(BIN)/python -m pytest -q -n $(PROCESSES) --dist loadgroup $(TESTS) --ignore tests/test_layers.py --ignore tests/test_packaging.py \
  --ignore tests/cluster

.PHONY: demo retrain test test-nightly test-argo lint format bench constraints clean

# Runs the digits flow on this machine, and its compiled files in Airflow, on an emulator of Step Functions and on an interpreter of Argo's
# documents.
demo: $(INSTALLED)
	rm -rf build/demo
	$(BIN)/flowport check examples/digits.py
	$(BIN)/flowport run examples/digits.py --max_depth 6 --store build/demo --run-id on-this-machine
	$(BIN)/flowport compile examples/digits.py --target airflow --target sfn --target argo -o build/
	$(BIN)/flowport dry-run examples/digits.py --target airflow --max_depth 6 --store build/demo --run-id on-airflow
	$(BIN)/flowport dry-run examples/digits.py --target sfn --max_depth 6 --store build/demo --run-id on-step-functions
	$(BIN)/flowport dry-run examples/digits.py --target argo --max_depth 6 --store build/demo --run-id on-argo
	@echo; echo 'on this machine:'; $(BIN)/flowport artifacts DigitsFlow/on-this-machine/end --name summary --store build/demo
	@echo 'on Airflow:'; $(BIN)/flowport artifacts DigitsFlow/on-airflow/end --name summary --store build/demo
	@echo 'on Step Functions:'; $(BIN)/flowport artifacts DigitsFlow/on-step-functions/end --name summary --store build/demo
	@echo 'on Argo:'; $(BIN)/flowport artifacts DigitsFlow/on-argo/end --name summary --store build/demo

# Lets twenty weeks go by in which a model becomes stale and is trained again: docs/retraining.md. The models are registered with a server of
# MLflow. It has an environment of its own, and so have the tasks, which need its client.
retrain: $(INSTALLED)
	[ -f .cache/retrain/installed ] || { $(PYTHON) -m venv .cache/retrain && \
	  $(BIN)/uv pip install -q --python .cache/retrain/bin/python -c constraints.txt -e '.[cards,mlflow]' && touch .cache/retrain/installed; }
	PYTHONPATH=tests $(BIN)/python -c 'from own_environment import *; own_environment(ROOT / "tests/reports/mlflow.txt")'
	.cache/retrain/bin/python examples/retrain/demo.py --mlflow .cache/mlflow/bin/python

# Tests every behaviour on every engine, and a random selection of the largest tests. `--seed N` repeats the selection of the last line.
# Some tests install what only they need into .cache, in exact versions: Airflow 2, the second emulator and the validator.
test: lint
	$(PYTEST)

# Runs every case: the whole corpus and all random flows on all engines.
test-nightly: lint
	$(PYTEST) --nightly

# Compares the cluster that KUBECONFIG names with the local interpreter: tests/cluster/README.md.
test-argo: $(INSTALLED)
	@[ -n "$${KUBECONFIG:-}" ] || { echo 'KUBECONFIG names no cluster: tests/cluster/README.md makes one with kind, in five commands' >&2; exit 2; }
	$(BIN)/python -m pytest -q -n 4 tests/cluster

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_layers.py tests/test_packaging.py

format: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(INSTALLED)
	$(BIN)/python bench/run.py

# hatchling comes from the constraints as well, so every installation gets the same versions. uv takes seconds where pip takes a minute. It
# does not read pip's settings, so it gets pip's index here; if uv fails, pip installs.
$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 10) else "flowport needs Python 3.10 or later: make PYTHON=...")'
	[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV)
	$(PIP) hatchling
	$(PIP) --only-binary uv uv && \
	  index=$${PIP_INDEX_URL:-$$($(BIN)/python -m pip config get global.index-url 2>/dev/null || true)} && \
	  env $${index:+UV_DEFAULT_INDEX="$$index"} $(BIN)/uv pip install -q --python $(BIN)/python -c constraints.txt $(LOCALLY) || \
	  $(PIP) $(LOCALLY)
	touch $@

# Writes exact versions for every Python from 3.10 on, without index addresses.
constraints:
	$(PYTHON) -m venv .cache/uv && .cache/uv/bin/python -m pip install -q uv
	.cache/uv/bin/uv pip compile -q --upgrade --universal --python-version 3.10 --no-emit-index-url --no-annotate --no-header \
	  --all-extras pyproject.toml -o constraints.txt

clean:
	rm -rf build dist .cache .mypy_cache .ruff_cache .pytest_cache $(VENV)
