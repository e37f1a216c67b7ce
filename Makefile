# `make help` lists what there is. Everything is set up inside this folder; nothing is installed by hand.

PYTHON ?=
VENV := .venv
TOOLS_VENV := .venv-tools
PEERS_VENV := .venv-peers
BIN := $(VENV)/bin
PINS := tools/constraints.txt
OUT ?= out/demo
TASK ?= cartilage
PYTEST_ARGS ?=
# `make bench BENCH_ARGS=--quick` sees in some minutes whether all of it runs.
BENCH_ARGS ?=
FUZZ_SECONDS ?= 60
# One process for each processor, four at most; what one has left over, another takes. `make test TEST_JOBS=0`: none.
TEST_JOBS ?= auto
PYTEST := $(BIN)/python -m pytest --durations 15 --durations-min 5 --numprocesses $(TEST_JOBS) --maxprocesses 4 --dist worksteal
TRAININGS := train-cartilage train-muscle train-nerve train-synovitis train-tissue train-outline train-hip train-spine

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test test-slow lint fuzz coverage-c bench arm $(TRAININGS) clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 20

demo: $(VENV)/run.stamp ## measure on the built-in simulated probe (TASK=cartilage, muscle, nerve, hip, spine ...); results in out/demo
	$(BIN)/sonoedge demo $(TASK) --out $(OUT)

test: $(VENV)/dev.stamp ## every test but the slow ones, with coverage
	@bash tools/setup/system.sh gcc make
	$(PYTEST) -m "not slow" --cov --cov-report=term $(PYTEST_ARGS)

test-slow: $(VENV)/dev.stamp ## the slow tests: the page in Chromium, emulated Cortex-M3 and ARM64 boards, mutants, fuzzing
	@bash tools/setup/system.sh
	@# A device must answer in time: its tests run by themselves, not beside those that keep all cores busy. None: 5.
	$(PYTEST) -m slow -rP $(PYTEST_ARGS) tests/hil || [ $$? -eq 5 ]
	@# So must a page in a browser.
	$(PYTEST) -m slow -rP $(PYTEST_ARGS) --numprocesses 0 tests/browser || [ $$? -eq 5 ]
	$(PYTEST) -m slow -rP $(PYTEST_ARGS) --ignore=tests/hil --ignore=tests/browser || [ $$? -eq 5 ]

lint: $(VENV)/dev.stamp ## formatter, linter and types; the firmware's C too
	$(BIN)/ruff check --config tools/ruff.toml .
	$(BIN)/ruff format --check --config tools/ruff.toml .
	$(BIN)/mypy
	$(BIN)/python -m tools.quality.lint

fuzz: $(VENV)/dev.stamp ## search the firmware for faults, FUZZ_SECONDS for each part; keeps the inputs that reach more
	@bash tools/setup/system.sh
	$(BIN)/python -m tools.quality.fuzz --seconds $(FUZZ_SECONDS) --keep

coverage-c: $(VENV)/dev.stamp ## lines and branches of the firmware that its tests reach
	@bash tools/setup/system.sh
	$(BIN)/python -m tools.quality.coverage

bench: $(VENV)/dev.stamp ## sonoedge side by side with bare inference and other software; writes docs/performance.md (about an hour)
	@bash tools/setup/system.sh Xvfb clinfo
	@bash tools/bench/peers/install.sh $(PEERS_VENV) $(BIN)/python
	$(BIN)/python -m tools.bench $(BENCH_ARGS)

arm: $(VENV)/dev.stamp ## the models and the demo on emulated ARM64 boards
	@bash tools/setup/system.sh
	bash tools/arm/run.sh

train-cartilage: ## train, quantize and measure the cartilage model again (about an hour)
train-muscle: ## the same for the muscle model; needs ../shared/data/muscle and muscle_masks (about an hour)
train-nerve: ## the same for the nerve model; needs ../shared/data/nerve and muscle_masks (about an hour)
train-synovitis: ## the same for the synovitis model, on phantoms alone (about an hour)
train-tissue: ## the same for the tissue model; needs ../shared/data/nerve and muscle_masks (a quarter of an hour)
train-outline: ## the same for the outline model; needs ../shared/data/nerve and muscle_masks (about an hour)
train-spine: ## the same for the spine model; needs ../shared/data/nerve and muscle_masks (about an hour)
train-hip: ## the same for the hip model; needs ../shared/data/nerve and muscle_masks (about an hour)

$(TRAININGS): train-%: $(TOOLS_VENV)/tools.stamp
	for step in train quantize bundle evaluate card; do $(TOOLS_VENV)/bin/python -m tools.$$step $* || exit 1; done

clean: ## remove what was built or measured; the environments too
	rm -rf $(VENV) $(TOOLS_VENV) $(PEERS_VENV) build dist out sonoedge.egg-info .coverage .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis

# The run environment is the test environment without the test tools, so one folder serves both.
$(VENV)/run.stamp: setup.cfg pyproject.toml $(PINS) tools/setup/venv.sh
	@PYTHON="$(PYTHON)" bash tools/setup/venv.sh $(VENV) $(PINS) '.[all]'
	@touch $@

$(VENV)/dev.stamp: setup.cfg pyproject.toml $(PINS) tools/setup/venv.sh
	@PYTHON="$(PYTHON)" bash tools/setup/venv.sh $(VENV) $(PINS) '.[dev]'
	@touch $@ $(VENV)/run.stamp

$(TOOLS_VENV)/tools.stamp: setup.cfg pyproject.toml $(PINS) tools/requirements.txt tools/setup/venv.sh
	@PYTHON="$(PYTHON)" bash tools/setup/venv.sh $(TOOLS_VENV) $(PINS) '.[dev]' -r tools/requirements.txt
	@touch $@
