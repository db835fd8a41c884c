# Two commands to know: `make demo` shows what this is, `make test` shows that it works.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
VIDEOS ?=
SERVE ?= 1
PORT ?= 8642

.PHONY: demo test test-all lint clean

demo: $(VENV)/installed-basic
	@$(BIN)/python scripts/demo.py $(if $(VIDEOS),--videos "$(VIDEOS)") --port $(PORT) \
		$(if $(filter 0,$(SERVE)),--no-serve)

# Two more than there are cores: many tests wait for a program that they started.
test: lint
	@sh scripts/need_debian_packages.sh
	$(BIN)/python -m pytest --numprocesses $$(($$(nproc) + 2)) --dist worksteal

# With those that kill real processes at random moments, fill disks and set clocks.
test-all: lint
	@sh scripts/need_debian_packages.sh
	$(BIN)/python -m pytest --numprocesses $$(($$(nproc) + 2)) --dist worksteal -m ""

lint: $(VENV)/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed-basic: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[basic]'
	@touch $@

# Torch is pinned here to one release so that a test run never meets a newer, larger build.
$(VENV)/installed-test: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet 'torch==2.13.0' --editable '.[basic,models,onnx,test]'
	@touch $@ $(VENV)/installed-basic

clean:
	rm -rf $(VENV) .demo
