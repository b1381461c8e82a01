# Everything that is done with this project by hand or by machine. `make` alone lists it.
#
# What has been done is remembered in stamp files (.venv/*.stamp, build/*.stamp): a second call does again
# only what its inputs ask for.

PYTHON ?= python3
SERVE ?= yes
UPGRADE ?= no
VENDOR ?= yes
SUITE ?=
ARGS ?=

BIN := .venv/bin
FOLDERS := graph loaders ontology queries service
CODE := $(FOLDERS) impckg tests vendor $(wildcard benchmarks docs)
# Pinned as well: each release of pip-tools writes the files a little differently.
PIP_TOOLS := pip-tools==7.6.2

# What is installed is what is tried: neither a PYTHONPATH nor the folder impckg/ of this tree may hide it.
unexport PYTHONPATH PYTHONHOME
export PYTHONSAFEPATH := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# Two pips must not write into .venv at once, whatever -j says.
.NOTPARALLEL:
.PHONY: help venv vendor demo test clients conformance lint check bench schema lock clean always

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  PYTHON=python3.12   makes .venv with that Python (3.11 or newer; after make clean)"
	@echo "  SERVE=no            ends make demo after its answers"
	@echo "  ARGS='-k wheel'     goes to the command that make demo, test, conformance or bench runs"
	@echo "  VENDOR=no           goes without the editor, charts and graphs of the query page, instead of fetching them"
	@echo "  UPGRADE=yes         lets make lock take newer releases; without it the pins stay"

venv: .venv/package.stamp ## make .venv and install impckg into it

vendor: .venv/python.stamp ## fetch what the query page borrows from others, into service/static/vendor
	$(BIN)/python vendor/vendor.py
	@mkdir -p build && touch build/vendor.stamp

demo: .venv/package.stamp ## build a small graph, answer a few questions, then serve it
	$(BIN)/impckg demo --out demo $(if $(filter no,$(SERVE)),--no-serve,--serve) $(ARGS)

test: .venv/dev.stamp .venv/package.stamp ## run the tests against the installed wheel
	IMPCKG_TEST_INSTALLED=1 $(BIN)/pytest $(ARGS)

clients: ## install engines, browsers and clients of others for the tests (Debian, as root)
	tests/real-parts.sh

conformance: .venv/dev.stamp .venv/package.stamp ## run the W3C's SPARQL 1.1 suite: make conformance SUITE=DIR
	@test -n "$(SUITE)" || { echo "make: name the folder sparql11 of w3c/rdf-tests: make conformance SUITE=DIR" >&2; exit 2; }
	$(BIN)/python tests/conformance $(SUITE) $(ARGS)

lint: .venv/dev.stamp .venv/package.stamp ## check format, style, types and import layers
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	@rm -rf build/typecheck && mkdir -p build/typecheck/impckg
	@ln -s $(addprefix ../../../,$(FOLDERS)) $(addprefix ../../../,$(wildcard impckg/*.py impckg/py.typed)) build/typecheck/impckg
	@# mypy and lint-imports look into the current folder first, so they must not start from this one.
	cd build/typecheck && ../../$(BIN)/mypy --config-file ../../pyproject.toml --cache-dir ../../.mypy_cache --strict -p impckg
	cd .venv && bin/lint-imports --no-logo --cache-dir ../.import_linter_cache ../pyproject.toml

check: lint ## all that must hold before a push: lint, then the tests
	@$(MAKE) --no-print-directory test

bench: .venv/dev.stamp .venv/package.stamp ## measure what the documentation claims
	$(BIN)/python benchmarks/run.py $(ARGS)

schema: .venv/dev.stamp .venv/package.stamp ## write all that is made from graph/schema.yaml again
	$(BIN)/linkml-lint --ignore-warnings graph/schema.yaml
	$(BIN)/python -m impckg.graph.generate .

lock: build/lock.stamp ## pin the dependencies of pyproject.toml again
	$(LOCK) --output-file requirements.txt pyproject.toml
	$(LOCK) --extra dev --extra owl --constraint requirements.txt --output-file requirements-dev.txt pyproject.toml

clean: ## remove all that make has made: .venv, build, dist, demo and caches
	rm -rf .venv build dist demo service/static/vendor impckg.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +

# The options keep the files free of the addresses and settings of the machine that made them.
LOCK = build/lock/bin/pip-compile --quiet --no-config --no-header --generate-hashes --strip-extras --allow-unsafe \
	--all-build-deps --no-emit-options --newline lf $(if $(filter yes,$(UPGRADE)),--upgrade)

build/lock.stamp: Makefile | .venv/python.stamp
	rm -rf build/lock
	$(BIN)/python -m venv build/lock
	build/lock/bin/pip install --quiet $(PIP_TOOLS)
	@touch $@

.venv/python.stamp:
	@command -v "$(PYTHON)" > /dev/null || { \
		echo "make: no '$(PYTHON)' here; install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3.11" >&2; \
		exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "make: Python 3.11 or newer is needed, but '$(PYTHON) --version' says:" \
			"$$("$(PYTHON)" --version 2>&1 | head -n 1); name another: make PYTHON=/path/to/python3.11" >&2; \
		exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' || { \
		echo "make: '$(PYTHON)' comes without venv; on Debian and Ubuntu it is the package python3-venv" >&2; \
		exit 1; }
	rm -rf .venv
	"$(PYTHON)" -m venv .venv
	@touch $@

# Wheels only, each with a known checksum: nothing is compiled and nothing else is fetched.
.venv/run.stamp: requirements.txt .venv/python.stamp
	@echo "Installing what impckg runs on (some minutes, the first time only)"
	$(BIN)/pip install --quiet --only-binary :all: --require-hashes -r requirements.txt
	@touch $@

# A few tools come as source; they are built with the pinned setuptools that run.stamp has installed.
.venv/dev.stamp: requirements-dev.txt .venv/run.stamp
	@echo "Installing what impckg is tested with (some minutes, the first time only)"
	$(BIN)/pip install --quiet --no-build-isolation --require-hashes -r requirements-dev.txt
	@touch $@

.venv/package.stamp: build/wheel.stamp .venv/run.stamp
	$(BIN)/pip install --quiet --no-deps --no-index --force-reinstall build/wheel/*.whl
	@touch $@

# build/lib remembers modules that are gone from the tree, and setuptools would put them into the wheel.
build/wheel.stamp: build/sources.list .venv/run.stamp
	rm -rf build/lib build/bdist.* build/wheel
	$(BIN)/pip wheel --quiet --no-deps --no-index --no-build-isolation --wheel-dir build/wheel .
	@touch $@

# Where it cannot be fetched, this says so, once, and all goes on without; what is not what was pinned stops everything.
build/vendor.stamp: $(wildcard vendor/*) | .venv/python.stamp
	@mkdir -p build
	$(if $(filter no,$(VENDOR)),@echo "The query page goes without what it borrows from others",$(BIN)/python vendor/vendor.py --optional)
	@touch $@

# Checksums, not times: this notices files that are gone, and does not mind a fresh checkout.
build/sources.list: always build/vendor.stamp
	@mkdir -p build
	@find $(FOLDERS) impckg pyproject.toml README.md LICENSE -type f -not -name '*.pyc' -exec cksum {} + | sort > $@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
