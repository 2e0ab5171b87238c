# The way in. Every target sets up what it needs in .venv by itself, from pyproject.toml at the
# versions of constraints.txt; once that is done, it starts at once. `make help` lists the targets.

PYTHON ?= python3#       any Python from 3.11 on
TORCH_INDEX ?=#          one more package index, say https://download.pytorch.org/whl/cpu: no CUDA
PORT ?=#                 of `make serve`; without it PROGAN_PORT or .env decide, and else 8000
JOBS ?= 3#               test files that run side by side; a quarter of their time they wait
TESTS ?= tests#          a folder, a file or file::test for `make test`
VERIFY ?=#               options for `make verify-cuda`, say --device cuda:1 or --precision bf16
IMAGE_FOLDER ?= runs/image# where `make verify-image` keeps base and image; about 6 GB

DEMO := runs/demo-32
# What `make bench` runs: the scripts among the parts, but for what takes half an hour.
BENCHES := $(filter-out few kills promise soak verify_cuda,$(basename $(notdir $(shell grep -l '^if __name__' bench/*.py))))

SHELL := /bin/bash
.DEFAULT_GOAL := help
.NOTPARALLEL: # two pips in one .venv would trip over each other
.PHONY: help setup serve serve-cluster train test test-faults fuzz check coverage bench soak verify-seeds \
	verify-cuda verify-resume verify-ops verify-monitoring verify-image clean FORCE

BIN := .venv/bin

# Runs a command that talks even when all is well, and shows what it said only if it fails.
hushed = said=$$($(1) 2>&1) || { echo "$$said"; exit 1; }

help: ## print this list
	@echo "make TARGET   (PYTHON=python3.12, PORT=9000, TORCH_INDEX=URL, TESTS=tests/models may follow)"
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

serve: .venv/ready-service ## start the service with the shipped models on port 8000
	@$(if $(PORT),PROGAN_PORT=$(PORT)) exec $(BIN)/python -m service

serve-cluster: .venv/ready-cluster ## the same in replicas on Ray Serve, as many as there are cores
	@$(if $(PORT),PROGAN_PORT=$(PORT)) exec $(BIN)/python -m service.cluster

train: .venv/ready-training ## a small real training run, from nothing to an exported model
	@test -e $(DEMO)/data/manifest.json || \
		$(BIN)/python -m training prepare 'dicebear:personas?count=4000&size=32' $(DEMO)/data
	@$(BIN)/python -m training train --data $(DEMO)/data --run $(DEMO)/run --preset demo-32
	@$(BIN)/python -m training export --run $(DEMO)/run --out $(DEMO)/bundles/demo-32 --replace \
		--exit-steps 600
	@echo "To see it:  PROGAN_BUNDLES=$(DEMO)/bundles make serve"

setup: .venv/ready-training ## install what training needs, and do nothing else

# Byte code is kept even where the environment forbids it: tests start some hundred processes.
test: .venv/ready-dev ## run the tests
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --quiet --numprocesses $(JOBS) \
		--dist loadfile --no-loadscope-reorder $(TESTS)

test-faults: .venv/ready-dev ## strike a running service with faults, for minutes; print what clients saw
	@$(BIN)/python -m pytest -m "long or not long" tests/faults

fuzz: .venv/ready-dev ## many more requests and examples than the tests try, new ones each time
	@FUZZ_EXAMPLES=300 $(BIN)/python -m pytest --quiet tests/journeys/test_openapi.py
	@$(BIN)/python -m pytest --quiet -m hypothesis --hypothesis-profile=thorough

check: .venv/ready-dev ## format, lint, types, import rules, dependencies, spelling, images
	@$(BIN)/ruff format --check --quiet . || { echo "to mend it: $(BIN)/ruff format ."; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(call hushed,$(BIN)/basedpyright --project pyproject.toml)
	@$(call hushed,$(BIN)/lint-imports --no-logo)
	@$(call hushed,$(BIN)/deptry --no-ansi .)
	@$(BIN)/codespell
	@$(BIN)/hadolint docker/*.Dockerfile
	@echo "format, lint, types, import rules, dependencies, spelling, images: fine"

coverage: .venv/ready-dev ## run the tests and tell which branches none of them takes
	@$(BIN)/coverage run -m pytest --quiet $(TESTS)
	@$(BIN)/coverage report

bench: .venv/ready-dev ## measure engine, PNG, start, serving and training again, on this machine
	@for each in $(BENCHES); do echo "== $$each"; $(BIN)/python -m "bench.$$each" || exit 1; done

soak: .venv/ready-dev ## half an hour of mixed traffic at 80 % load: memory, errors, latency
	@$(BIN)/python -m bench.soak

verify-seeds: .venv/ready-dev ## the shipped models keep the promise of a seed, over 2,000 seeds (minutes)
	@$(BIN)/python -m bench.promise

verify-cuda: .venv/ready-dev ## check a CUDA device: exact pictures, reloads, speed, equal runs (8 minutes at most)
	@$(BIN)/python -m bench.verify_cuda $(VERIFY)

verify-resume: .venv/ready-dev ## a training run killed twenty times ends byte for byte as one left alone (minutes)
	@$(BIN)/python -m bench.kills

verify-ops: verify-monitoring verify-image ## both of the following

verify-monitoring: .venv/ready-dev ## a real Prometheus watches a real service (needs prometheus)
	@$(BIN)/python -m docker.verify

verify-image: ## the image, built, started and asked without an engine (root, buildah, debootstrap)
	@docker/build_without_engine.sh $(IMAGE_FOLDER)

clean: ## remove .venv and the tools' caches; data/ and runs/ stay
	@$(PYTHON) -c "$$LOCKED" rm -rf .venv
	rm -rf .venv.lock .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage

# ----------------------------------------------------------------------------------------
# .venv: one stamp per set of extras. A .venv whose Python is gone or whose installation was cut
# off is made anew.

EXTRAS_service := service tracing
EXTRAS_cluster := service tracing cluster
EXTRAS_training := training tensorboard tune
EXTRAS_dev := service tracing cluster training tensorboard tune dev

# pip shows its progress to people, and errors alone to a log. It would compile half a minute longer,
# on one core. Some packages carry files that no Python 3 compiles; none of these is ever imported.
# NEVER_IMPORTED, a pattern of paths, is 40 % of what is installed: other people's tests, and what
# torch, Ray and others need for what is not done here. Python would compile it when it is imported.
# REQUIREMENTS prints, one a line, what pyproject.toml asks for; by itself pip would build a wheel.
REQUIREMENTS := import sys, tomllib; \
	project = tomllib.load(open("pyproject.toml", "rb"))["project"]; \
	extras = project["optional-dependencies"]; \
	print(*project["dependencies"], *(line for name in sys.argv[1:] for line in extras[name]), sep="\n")

NEVER_IMPORTED := /(tests?|networkx|setuptools|pip|sqlalchemy|alembic|graphql|numpy/distutils$\
	|pygments/lexers|ray/(data|llm|rllib|train|tune)|sympy/physics|torch/(_inductor|_vendor|testing)$\
	|torchgen)/

WHOLE := $(shell $(BIN)/python -c 'import pip' 2>/dev/null && test ! -e .venv/unfinished && echo yes)

# One make at a time changes .venv; one that had to wait looks again, and finds the work done. The
# system frees the lock of a make that is killed.
define LOCKED
import fcntl, subprocess, sys
with open(".venv.lock", "w") as lock:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("Waiting for another make that installs into .venv", flush=True)
        fcntl.flock(lock, fcntl.LOCK_EX)
    sys.exit(subprocess.call(sys.argv[1:]))
endef
export LOCKED

ifndef HAS_LOCK
.venv/ready-%: $(if $(WHOLE),,FORCE) pyproject.toml constraints.txt
	@$(PYTHON) -c "$$LOCKED" $(MAKE) --no-print-directory HAS_LOCK=yes $@
else
.venv/pyvenv.cfg: $(if $(WHOLE),,FORCE)
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Progan needs Python 3.11 or newer, \
	not " + sys.version.split()[0] + ": say which to use, as in  make PYTHON=python3.12 ...")'
	@$(PYTHON) -m venv --clear .venv

.venv/ready-%: .venv/pyvenv.cfg pyproject.toml constraints.txt
	@echo "Installing into .venv what these need: models $(EXTRAS_$*) (minutes, the first time)"
	@touch .venv/unfinished
	@$(BIN)/python -c '$(REQUIREMENTS)' $(EXTRAS_$*) > .venv/requirements-$*.txt
	@[ -t 1 ] || quiet='--quiet --quiet'; \
	$(BIN)/python -m pip install $$quiet --no-compile --disable-pip-version-check \
		--constraint constraints.txt $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) \
		--requirement .venv/requirements-$*.txt
	@$(BIN)/python -m compileall -qq --workers 0 -x '$(NEVER_IMPORTED)' .venv/lib || true
	@rm .venv/unfinished
	@touch $@
endif
