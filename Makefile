# Needs make and python3 (3.10 or newer, with venv); everything else is fetched into .tools/, as
# uv.lock pins it, and nothing is written outside the checkout.

PYTHON ?= python3

tools := $(CURDIR)/.tools
venv := $(tools)/venv
ready := $(venv)/.ready
uv_version = $(shell sed -n '/^name = "uv"$$/{n;s/^version = "\(.*\)"$$/\1/p;}' uv.lock)

UV_CACHE_DIR ?= $(tools)/cache/uv
export UV_CACHE_DIR
export UV_PYTHON_DOWNLOADS := never
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_CACHE_DIR := 1
export XDG_CACHE_HOME := $(tools)/cache
export XDG_DATA_HOME := $(tools)/share
unexport VIRTUAL_ENV PYTHONHOME PYTHONPATH UV_PROJECT_ENVIRONMENT

# Quiet, without tox between the command and the terminal, and ending on SIGTERM as on Ctrl-C:
# tox alone would leave the command behind.
terminable := import signal, tox.run; signal.signal(signal.SIGTERM, signal.default_int_handler); tox.run.run()
tox = $(venv)/bin/python -c '$(terminable)' run -qq --no-capture -e

.DEFAULT_GOAL := help
.PHONY: help test rehearsal format lint unit functional packed clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

test: $(ready) ## lint, then all tests, in one go
	@$(tox) lint
	@$(tox) test -- $(ARGS)

rehearsal: $(ready) ## boot the real services and play the main job on them
	@$(tox) rehearsal -- $(ARGS)

format: $(ready) ## format the code
	@$(tox) format

lint: $(ready) ## style, spelling and types
	@$(tox) lint

unit functional packed: $(ready)
	@$(tox) $@ -- $(ARGS)
unit: ## fast tests without services
functional: ## the charm against real services
packed: ## the packed charm as a process

clean: ## remove everything that the targets made
	rm -rf .tools
	find src lib tests -name __pycache__ -prune -exec rm -rf {} +

$(ready): uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
	  echo "$(PYTHON) is missing or older than 3.10: install Python 3.10 or newer," \
	    "or name one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "$(PYTHON) has no venv module: on Debian and Ubuntu, apt install python3-venv" >&2; exit 1; }
	@echo "Setting up uv and tox in .tools/ ..."
	@$(PYTHON) -m venv --clear $(venv)
	@$(venv)/bin/python -m pip --quiet install uv==$(uv_version)
	@UV_PROJECT_ENVIRONMENT=$(venv) $(venv)/bin/uv sync --quiet --frozen --inexact --only-group tools
	@touch $@
