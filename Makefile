# Everything runs in a virtual environment of its own; a machine needs Python 3.11 to 3.13 and make, nothing else.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
VENV_TORCH ?= .venv-torch
BIN_TORCH := $(VENV_TORCH)/bin
STUDIO ?= demo-studio
export DAGSTER_DISABLE_TELEMETRY := 1

.DEFAULT_GOAL := help
.PHONY: help demo dev install test test-browser test-torch lint type format bench schemas clean

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /|/' | while IFS='|' read -r name text; do printf '  make %-14s %s\n' "$$name" "$$text"; done

$(BIN)/vtx: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $@

$(BIN)/.dev: $(BIN)/vtx
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,browser]'
	@touch $@

install: $(BIN)/vtx ## Make the virtual environment and install vtx in it

demo: $(BIN)/vtx ## Make the demo film in ./demo-studio
	$(BIN)/vtx demo $(STUDIO)

dev: $(BIN)/vtx ## Open the Dagster UI of ./demo-studio
	$(BIN)/vtx dev --studio $(STUDIO)

# By file, in order: the browser tests share one `vtx dev` and take longest, so they start first, on a worker of their own.
# (Groups of pytest-xdist 3.8 are not heeded with pytest 9.)
test: $(BIN)/.dev ## Run the tests, with every line of the package covered (browser tests where Chromium is installed)
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder --cov --cov-report=term --cov-fail-under=100

test-browser: $(BIN)/.dev ## Run only the tests that drive the UI in headless Chromium
	$(BIN)/python -m pytest tests/browser -m browser

# In a virtual environment of its own, so that all other tests show that vtx needs no torch.
$(BIN_TORCH)/.dev: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV_TORCH)
	$(BIN_TORCH)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	$(BIN_TORCH)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,diffusers]'
	@touch $@

test-torch: $(BIN_TORCH)/.dev ## Render by diffusers for real, with a tiny model on the CPU (installs torch)
	$(BIN_TORCH)/python -m pytest tests/torch --cov --cov-config=tests/torch/coverage.toml --cov-report=term --cov-fail-under=100

lint: $(BIN)/.dev ## Check style, imports between layers, and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache

type: $(BIN)/.dev ## Check types
	$(BIN)/pyright --pythonpath $(BIN)/python

format: $(BIN)/.dev ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# moviepy, beside which assembly is measured, asks for an older Pillow than ours and runs with ours: hence --no-deps.
bench: $(BIN)/.dev $(BIN_TORCH)/.dev ## Measure speed and memory and write docs/benchmarks.md
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps moviepy imageio decorator proglog tqdm
	VTX_DIFFUSERS_PYTHON=$(BIN_TORCH)/python $(BIN)/python -m benchmarks

schemas: $(BIN)/vtx ## Write the JSON Schemas anew from the models
	$(BIN)/python -m vtx_dagster.studio.schemas

clean: ## Remove the virtual environment, caches and the demo studio
	rm -rf $(VENV) $(VENV_TORCH) $(STUDIO) .pytest_cache .ruff_cache .hypothesis .import_linter_cache .coverage .coverage.* build dist *.egg-info
