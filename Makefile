# Needs make and python3 (3.10 or newer, with venv); everything else is fetched into .tools/, as
# uv.lock pins it, and nothing is written outside the checkout.

PYTHON ?= python3

tools := $(CURDIR)/.tools
venv := $(tools)/venv
ready := $(venv)/.ready

UV_CACHE_DIR ?= $(tools)/cache/uv
export UV_CACHE_DIR
export UV_PYTHON_DOWNLOADS := never
# As pip does: where a proxy shows certificates of its own, only the system knows its authority.
UV_SYSTEM_CERTS ?= true
export UV_SYSTEM_CERTS
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_CACHE_DIR := 1
export HYPOTHESIS_STORAGE_DIRECTORY := $(tools)/cache/hypothesis
export XDG_CACHE_HOME := $(tools)/cache
unexport VIRTUAL_ENV PYTHONHOME PYTHONPATH UV_PROJECT_ENVIRONMENT

tox = $(venv)/bin/tox run -qq -e

# tox makes the environment $(1); what follows then runs in it without tox between it and the
# terminal, so that signals reach it once and at once, and its last line stays the last.
in_env = $(tox) $(1) --notest && PATH="$(tools)/tox/$(1)/bin:$$PATH" exec

# The same for what imports the charm without pytest.
from_source = $(tox) $(1) --notest && PATH="$(tools)/tox/$(1)/bin:$$PATH" PYTHONPATH=src:lib:. exec

# Three processes keep two cores busy, since tests of services wait. What takes longest comes first;
# which tests stay together is said in tests/support/openstack/fixtures.py.
side_by_side := tests/packed tests/functional tests/reliability tests/monitoring tests/unit \
  tests/support/tests tests/integration/tests --numprocesses 3 --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help test soak verify judge mutation pictures rehearsal benchmark docs format lint zizmor unit \
  reliability monitoring functional packed support integration bundles metrics clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

test: $(ready) ## lint, then all tests, in one go
	@$(tox) lint
	@$(call in_env,test) pytest $(or $(strip $(ARGS)),$(side_by_side))

soak: $(ready) ## the tests of reliability for hours: 120,000 examples, 500 kills, 1,000 events
	@export TELEMETRY_SOAK=1; $(call in_env,soak) pytest tests/reliability --timeout=0 $(ARGS)

rehearsal: $(ready) ## play the main job on real services, or a fault: SCENARIO=help lists them
	@$(call from_source,rehearsal) python -m tests.rehearsal $(if $(SCENARIO),--scenario $(SCENARIO)) $(ARGS)

verify: $(ready) ## report on your cloud (OS_* or OS_CLOUD); DEEP=1 ANONYMOUS=1 SERVICES=... FORMAT=...
	@$(call from_source,tryout) python -m tools.tryout.verify

judge: $(ready) ## what a saved model says: STATUS=status.json of juju status --format json; CHANNEL=...
	@$(call from_source,tryout) python -m tools.tryout.judge

mutation: $(ready) ## change the decision code a little; do tests notice? ARGS="status --sample 50"
	@$(call from_source,mutation) python -m tests.mutation $(ARGS)

pictures: $(ready) ## photograph report and dashboard for the documentation; needs chromium
	@$(call from_source,unit) python -m tests.pictures

benchmark: $(ready) ## measure the packed charm on real services; parts by ARGS="P2 P3"
	@$(call in_env,benchmark) python -m tests.benchmark $(ARGS)

docs: $(ready) ## make the documentation a site in .tools/docs; needs Python 3.11
	@$(tox) docs

format: $(ready) ## format the code
	@$(tox) format

lint: $(ready) ## style, spelling, types, workflows and the charm's own files
	@$(tox) lint

zizmor: $(ready) ## workflows again, with what GitHub knows; needs GH_TOKEN
	@$(call in_env,lint) zizmor $(ARGS) .github

unit reliability monitoring functional packed: $(ready)
	@$(call in_env,$@) pytest tests/$@ $(ARGS)
support: $(ready)
	@$(call in_env,$@) pytest tests/support/tests tests/integration/tests $(ARGS)
integration: $(ready)
	@$(call in_env,$@) python -m tests.integration $(ARGS)
unit: ## fast tests without services
reliability: ## the client against broken and hostile services
monitoring: ## metrics and alert rules on a real Prometheus
functional: ## the charm against real services
packed: ## the packed charm as a process
support: ## the stand-ins and the stack that other tests stand on
integration: ## on a real Juju controller; needs juju and CHARM_PATH

bundles: $(ready) ## make bundles/ anew from the blueprint
	@$(call in_env,unit) python -m tests.bundles

metrics: $(ready) ## make docs/reference/metrics.md anew from src/monitoring
	@$(call in_env,unit) python -m tests.metrics_page

clean: ## remove everything that the targets made
	rm -rf .tools
	find src tests -name __pycache__ -prune -exec rm -rf {} +

$(ready): uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
	  echo "$(PYTHON) is missing or older than 3.10: install Python 3.10 or newer," \
	    "or name one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "$(PYTHON) has no venv module: on Debian and Ubuntu, apt install python3-venv" >&2; exit 1; }
	@echo "Setting up uv and tox in .tools/ ..."
	@$(PYTHON) -m venv --clear $(venv)
	@sed -n '/^name = "uv"$$/,/^$$/{s/^version = "\(.*\)"$$/uv==\1/p;s/.*hash = "\([^"]*\)".*/--hash=\1/p;}' uv.lock \
	  | tr '\n' ' ' > $(venv)/uv.txt
	@$(venv)/bin/python -m pip --quiet install --require-hashes --only-binary=uv -r $(venv)/uv.txt
	@UV_PROJECT_ENVIRONMENT=$(venv) $(venv)/bin/uv sync --quiet --frozen --inexact --only-group tools
	@touch $@
