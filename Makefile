# Two commands are enough on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
# Labelled data for `make bench` and `make train` (bench/DATA.md says what and from where).
export LABELLED_DATA
LOCK   := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
          --no-emit-index-url --custom-compile-command "make lock"

# Tests share all cores; one more worker than those, since many tests wait for a server or a clock.
# WORKERS=0 runs them one after the other, in this process.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
PYTEST  := $(BIN)/pytest -n $(WORKERS)
OPA_VERSION := v1.22.2
export OPA_BINARY ?= $(CURDIR)/build/tools/opa
# The tests start this program a hundred times: let Python keep what it compiled.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo run test test-unit fuzz test-detoxify test-agents test-remote check format lock bench bench-detoxify bench-peers torture train docs verifier clean

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/ready: requirements/base.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "avatar-gateway needs Python 3.11 or newer: make PYTHON=python3.12 …"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes --requirement requirements/base.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/ready-dev: $(VENV)/ready requirements/dev.txt
	$(BIN)/pip install --quiet --require-hashes --requirement requirements/dev.txt
	@touch $@

demo: $(VENV)/ready ## the main job on sample conversations, over real HTTP, verified
	$(BIN)/avatar-gateway demo

run: $(VENV)/ready ## serve on 127.0.0.1:8080
	$(BIN)/avatar-gateway serve

$(VENV)-synapse/ready: requirements/synapse.txt
	$(PYTHON) -m venv $(VENV)-synapse
	$(VENV)-synapse/bin/pip install --quiet --require-hashes --requirement requirements/synapse.txt
	@touch $@

$(VENV)-clients/ready: requirements/clients.txt
	$(PYTHON) -m venv $(VENV)-clients
	$(VENV)-clients/bin/pip install --quiet --require-hashes --requirement requirements/clients.txt
	@touch $@

# The reference engine of the policies. Without it its tests are skipped; under CI=true they fail.
build/tools/opa:
	@mkdir -p build/tools
	@if command -v go >/dev/null; then \
	  GOBIN=$(CURDIR)/build/tools go install github.com/open-policy-agent/opa@$(OPA_VERSION) \
	    || echo "opa could not be built: tests that need it are skipped"; \
	elif command -v opa >/dev/null; then ln -sf "$$(command -v opa)" $@; \
	else echo "neither go nor opa is on the PATH: tests that need opa are skipped"; fi

test: $(VENV)/ready-dev $(VENV)-synapse/ready $(VENV)-clients/ready build/tools/opa ## all tests (but for those of test-detoxify, test-agents, test-remote)
	$(PYTEST) -m "not detoxify and not mlserver" $(ARGS)

test-unit: $(VENV)/ready-dev ## most unit tests, those that take no time: an answer within a minute
	$(PYTEST) -m "not programs and not slow and not detoxify and not mlserver" tests/unit $(ARGS)

fuzz: $(VENV)/ready-dev ## new examples for the property tests until Ctrl-C, or MINUTES=10; what breaks is kept as a case
	$(BIN)/python -m tests.fuzz --workers $(WORKERS) $(if $(MINUTES),--minutes $(MINUTES)) $(ARGS)

$(VENV)-detoxify/ready: requirements/detoxify.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)-detoxify
	$(VENV)-detoxify/bin/pip install --quiet --require-hashes --requirement requirements/detoxify.txt
	$(VENV)-detoxify/bin/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

test-detoxify: $(VENV)-detoxify/ready ## the Detoxify backend on real Detoxify code (PyPI's torch: several GB)
	$(VENV)-detoxify/bin/pytest -m detoxify $(ARGS)

$(VENV)-agents/ready: requirements/agents.txt
	$(PYTHON) -m venv $(VENV)-agents
	$(VENV)-agents/bin/pip install --quiet --require-hashes --requirement requirements/agents.txt
	@touch $@

test-agents: $(VENV)/ready-dev $(VENV)-agents/ready ## the client's processors in real Pipecat and LiveKit Agents (750 MB)
	AGENTS_PYTHON=$(abspath $(VENV)-agents/bin/python) $(BIN)/pytest tests/sdk/test_agents.py $(ARGS)

$(VENV)-mlserver/ready: requirements/mlserver.txt
	$(PYTHON) -m venv $(VENV)-mlserver
	$(VENV)-mlserver/bin/pip install --quiet --require-hashes --requirement requirements/mlserver.txt
	@touch $@

test-remote: $(VENV)/ready-dev $(VENV)-mlserver/ready ## the remote toxicity backend on a real MLServer
	MLSERVER=$(abspath $(VENV)-mlserver/bin/mlserver) $(BIN)/pytest -m mlserver $(ARGS)

check: $(VENV)/ready-dev ## ruff, mypy, import contracts, policy checks, docs made from the code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(PYTHON) sdk/python/generate.py --check
	$(BIN)/lint-imports
	$(BIN)/avatar-gateway policy check
	$(BIN)/avatar-gateway policy test
	$(BIN)/python -m docs.generate --check

format: $(VENV)/ready-dev ## format the code and the policies
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(VENV)-training/ready: training/requirements.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)-training
	$(VENV)-training/bin/pip install --quiet --requirement training/requirements.txt --editable .
	@touch $@

train: $(VENV)-training/ready ## make the embedded toxicity model again: teacher, then pupil (PyPI's torch: several GB; 1 to 2 hours)
	$(VENV)-training/bin/python -m training.teacher
	$(VENV)-training/bin/python -m training.embedded --answers build/toxicity/answers.npz

verifier: ## the stand-alone verifier of the audit log as one file (needs Python alone)
	$(PYTHON) -m gateway.verifier.build_zipapp build/avatar-gateway-verifier.pyz

docs: $(VENV)/ready-dev ## write the reference pages that are made from the code
	$(BIN)/python -m docs.generate

torture: $(VENV)/ready-dev ## kill and fail the gateway at each of its calls; EVERY=10 for one of ten
	$(BIN)/python -m torture $(if $(EVERY),--every $(EVERY)) $(ARGS)

bench: $(VENV)/ready-dev ## measure everything; ONLY=pii,policy for a part
	$(BIN)/python -m bench $(if $(ONLY),--only $(ONLY))

bench-detoxify: $(VENV)-detoxify/ready ## the Detoxify path against Detoxify itself
	$(VENV)-detoxify/bin/python -m bench --only detoxify

PEERS := $(patsubst requirements/peers/%.txt,build/peers/%/ready,$(wildcard requirements/peers/*.txt))

build/peers/%/ready: requirements/peers/%.txt
	$(PYTHON) -m venv build/peers/$*
	build/peers/$*/bin/pip install --quiet --require-hashes --requirement $<
	@touch $@

bench-peers: $(VENV)/ready-dev $(PEERS) ## the same messages through other people's filters (3 GB)
	$(BIN)/python -m bench.peers $(ARGS)

lock: ## resolve and pin the dependencies again (needs uv)
	$(LOCK) pyproject.toml requirements/build.in --extra dev --extra detoxify requirements/detoxify.in --output-file requirements/detoxify.txt
	$(LOCK) pyproject.toml requirements/build.in --extra dev --constraint requirements/detoxify.txt --output-file requirements/dev.txt
	$(LOCK) pyproject.toml requirements/build.in --constraint requirements/detoxify.txt --output-file requirements/base.txt
	for one in synapse clients agents mlserver $(patsubst requirements/%.in,%,$(wildcard requirements/peers/*.in)); do \
	  $(LOCK) requirements/$$one.in --output-file requirements/$$one.txt || exit 1; done

clean: ## remove what was made (not the data in var/)
	rm -rf build $(VENV) $(VENV)-synapse $(VENV)-clients $(VENV)-agents $(VENV)-mlserver $(VENV)-detoxify $(VENV)-training .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
