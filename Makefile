# Every target sets up what it needs: a virtual environment from requirements.lock, made once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2
export PYTHONHASHSEED := 0
# Small matrices in several processes: threads of one library would only wait for each other.
export OPENBLAS_NUM_THREADS := 1

.PHONY: report test lab engines bench bench-causes bench-ingest bench-lab bench-coverage bench-runner bench-scale catalogues lock clean help

help:
	@echo "make report   simulate a delivery, ingest it and render the latest week of every market"
	@echo "make test     run the tests (FAST=1: the part that takes under two minutes)"
	@echo "make engines  install the drivers of PostgreSQL, Spark and S3, too (half a gigabyte): their tests are skipped without"
	@echo "make lab      open JupyterLab on the notebooks"
	@echo "make bench-causes  find simulated incidents, beside other methods (ARGS: --cases 20 --real FOLDER)"
	@echo "make bench-coverage  does the report's interval hold its 95 % (ARGS: replications, seed)"
	@echo "make bench-ingest  rows a second of an ingest with all checks (ARGS: --repeats 9)"
	@echo "make bench-lab  the desk in JupyterLab in Chromium: click to screen, random clicks (ARGS: --soak 20)"
	@echo "make bench-runner  the runner beside papermill and nbconvert, growing runs, 500 pages (ARGS: --only soak)"
	@echo "make catalogues  bring the translations up to date with the sentences in the code, and count what is missing"
	@echo "make bench-scale  100 M annotations: a market's page, the overview, a delivery of 10 GB (ARGS: --times 2 --only page)"
	@echo "make bench    measure time and memory of demo, ingest and reports"

$(VENV)/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "labelqa needs Python 3.11 or newer; name one with make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip install --quiet --compile-bytecode --no-deps --python $(BIN)/python --requirement requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

$(VENV)/.engines: requirements-engines.lock $(VENV)/.ready
	$(BIN)/uv pip install --quiet --compile-bytecode --no-deps --python $(BIN)/python --requirement requirements-engines.lock
	@touch $@

engines: $(VENV)/.engines

report: $(VENV)/.ready
	@$(BIN)/labelqa demo
	@$(BIN)/labelqa ingest data/demo
	@$(BIN)/labelqa run

test: $(VENV)/.ready
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(if $(FAST),-m "not slow and not browser") $(ARGS)

lab: $(VENV)/.ready
	$(BIN)/jupyter lab notebooks/start_here.ipynb

data/demo: | $(VENV)/.ready
	@$(BIN)/labelqa demo

data/snapshots/CURRENT: | data/demo
	@$(BIN)/labelqa ingest data/demo

bench: $(VENV)/.ready data/demo data/snapshots/CURRENT
	$(BIN)/python tests/bench.py
	$(BIN)/python tests/bench_page.py
	$(BIN)/python tests/bench_agreement.py $(PACKAGES)
	$(BIN)/python tests/bench_desk.py
	-$(BIN)/python tests/bench_lab.py
	$(BIN)/python tests/bench_runner.py
	$(BIN)/python tests/bench_frame.py
	$(BIN)/python tests/bench_ingest.py

bench-coverage: $(VENV)/.ready
	$(BIN)/python tests/bench_coverage.py $(ARGS)

bench-ingest: $(VENV)/.ready data/demo
	$(BIN)/python tests/bench_ingest.py $(ARGS)

bench-lab: $(VENV)/.ready data/snapshots/CURRENT
	$(BIN)/python tests/bench_lab.py $(ARGS)

bench-runner: $(VENV)/.ready
	$(BIN)/python tests/bench_runner.py $(ARGS)

bench-scale: $(VENV)/.ready data/demo data/snapshots/CURRENT
	$(BIN)/python tests/bench_scale.py $(ARGS)

bench-causes: $(VENV)/.ready
	$(BIN)/python tests/bench_causes.py $(ARGS)

catalogues:
	PYTHONPATH=. $(BIN)/python tests/catalogues.py

lock:
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate --group test pyproject.toml --output-file requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate --group test --group stores --all-extras \
		--constraint requirements.lock pyproject.toml | grep -vxFf requirements.lock > requirements-engines.lock

clean:
	rm -rf $(VENV) data/demo
