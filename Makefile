# The portal's commands. `make help` lists them.
PYTHON ?= python3
VENV   ?= .venv
export VENV
BIN    := $(VENV)/bin
KEEP   ?=
.DEFAULT_GOAL := help
.PHONY: help run test check check-deep tour contract faults lives bench assets format guide-pictures look catalogues migration rules clean

help: ## list every target
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: ## set everything up once, load the demonstration, start on localhost:8000
	@$(PYTHON) bin/setup.py run
	@DEMO=1 $(BIN)/python bin/prepare.py --demo
	@DEMO=1 $(BIN)/python bin/serve.py

test: ## install what the tests need, then every check and test: both databases, browser
	@$(PYTHON) bin/setup.py test
	@$(BIN)/python bin/check.py

check: ## the fast part of the tests: lint, types, imports, what is not slow on SQLite
	@$(BIN)/python bin/check.py --fast

check-deep: ## what takes longer: list of parts (build/sbom.json), secrets, rules about the code
	@$(PYTHON) bin/check_deep.py

tour: ## live a provider from the set-up to the erasure, on an empty instance (KEEP=dir keeps what it made)
	@$(PYTHON) bin/setup.py test
	@$(BIN)/python -m tour $(if $(KEEP),--keep $(KEEP))

contract: ## try the interface of partners with many more requests (SEED=n, EXAMPLES=n)
	@$(PYTHON) bin/setup.py test
	@CONTRACT_SEED=$(SEED) CONTRACT_EXAMPLES=$(or $(EXAMPLES),200) $(BIN)/python -m pytest -q -s --timeout 3600 tests/partners/test_contract.py

faults: ## live a month while everything is killed, stopped, slowed and filled (SEED=n, FAULTS=n)
	@$(PYTHON) bin/setup.py test
	@$(BIN)/python -m faults --seed $(or $(SEED),7) --faults $(or $(FAULTS),60)

lives: ## live thirty months of a provider eight times, with and without faults (build/lives)
	@$(PYTHON) bin/setup.py test
	@$(BIN)/python -m life.lives

bench: ## measure everything against peers and limits, as a table
	@$(PYTHON) bin/setup.py test
	@$(BIN)/python -m bench all

assets: ## copy the locked browser files into static/vendor
	@$(PYTHON) bin/setup.py run

format: ## rewrite the code in the house's format
	@$(BIN)/ruff check --fix -q . ; $(BIN)/ruff format -q .

guide-pictures: ## take the pictures of the guide from the demonstration (static/guide)
	@$(PYTHON) bin/setup.py test
	@PYTHONPATH=. $(BIN)/python bin/guide_pictures.py

look: ## every kind of page as pictures on sheets, to be looked at (build/look)
	@$(PYTHON) bin/setup.py test
	@PYTHONPATH=. $(BIN)/python bin/look.py

catalogues: ## collect the sentences to translate into translations/en
	@$(BIN)/python bin/catalogues.py

migration: ## write a migration from the models (NAME="what it does")
	@DATA_DIR=$$(mktemp -d) && export DATA_DIR && trap 'rm -rf "$$DATA_DIR"' EXIT && \
		$(BIN)/python bin/prepare.py && $(BIN)/python -m flask db migrate -m "$(NAME)"

clean: ## remove the demonstration's data (instance/)
	@rm -rf instance
