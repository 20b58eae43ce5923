# Every command that people and CI run. `make help` lists them.
PYTHON ?= python3
# The torch build to install: the default is the ordinary one of your package index (CUDA, about 2.7 GB);
# a local wheel or another pin works too: make demo TORCH=/path/to/torch-2.13.0+cpu-....whl
TORCH ?= torch==2.13.0
# How long make fuzz goes on.
SECONDS ?= 60
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
export HF_HUB_OFFLINE ?= 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test faults fuzz check packages sbom dev docs bench lock clean

help: ## list the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: $(STAMP) ## create .venv with the pinned dependencies and the project itself

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if v >= (3, 11) else f"MCQ Foundry needs Python 3.11 or newer; $(PYTHON) is {v[0]}.{v[1]}. Name another one: make PYTHON=python3.12 ...")'
	@echo "Installing into $(VENV): about 0.9 GB to download and 3 GB on disk with a CPU build of torch,"
	@echo "about 3.5 GB to download and 8 GB on disk with the ordinary CUDA build ($(TORCH))."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check pip==26.3 setuptools==80.9.0
	@echo "1/3 $(TORCH)" && $(BIN)/python -m pip install --quiet "$(TORCH)"
	@echo "2/3 requirements.lock" && $(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements.lock
	@echo "3/3 mcq-foundry (editable)" && $(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(STAMP) ## the whole way on the bundled sample: raw questions to an evaluated adapter
	@$(BIN)/mcq run --config configs/sample.yaml

test: $(STAMP) ## all tests, and the examples in docstrings; one process a core, four at most
	@$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile

faults: $(STAMP) ## every fault of storage, file operations and processes (about two hours; MCQ_FAULTS=10: every tenth)
	@MCQ_FAULTS=$${MCQ_FAULTS:-all} $(BIN)/python -m pytest tests/faults --show-capture=no

fuzz: $(STAMP) ## changed inputs against every reader, the parser and the configuration, for SECONDS=60
	@$(BIN)/python -m benchmarks.fuzz --seconds $(SECONDS)

check: $(STAMP) ## lint, format, strict types, import direction, known vulnerabilities
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python .ci/packages --tell

packages: $(STAMP) ## look the locked packages up among the known vulnerabilities; fails when there is one
	@$(BIN)/python .ci/packages

sbom: $(STAMP) ## write build/sbom.json, the installed packages with their licences in CycloneDX form (needs uv)
	@mkdir -p build && uv tool run --from cyclonedx-bom==7.5.0 cyclonedx-py environment --pyproject pyproject.toml --of JSON -o build/sbom.json $(BIN)/python

dev: $(STAMP) ## the Dagster UI on http://127.0.0.1:3000
	@$(BIN)/dg dev --host 127.0.0.1

bench: $(STAMP) ## the benchmarks of docs/: speed, duplicates, quality signals
	@$(BIN)/python -m benchmarks.curation
	@$(BIN)/python -m benchmarks.curation --lsh
	@$(BIN)/python -m benchmarks.refresh
	@$(BIN)/python -m benchmarks.refresh --process
	@$(BIN)/python -m benchmarks.dedup_quality
	@$(BIN)/python -m benchmarks.quality

docs: $(STAMP) ## write the tables of docs/ that code knows better, and take new texts into the catalogues of languages
	@$(BIN)/python docs/generate.py
	@$(BIN)/python docs/translations.py

lock: ## resolve requirements.lock again (needs uv)
	@uv lock --quiet && uv export --quiet --frozen --all-extras --no-extra tensorboard --no-extra mlflow --no-emit-project --prune torch --no-header --format requirements-txt -o requirements.lock && rm uv.lock
	@$(MAKE) --no-print-directory setup && $(BIN)/python docs/licences.py

clean: ## remove what was computed (data/lake, models, run history), never data/raw
	@rm -rf data/lake data/models data/reports data/audit .dagster
