# Everything one does with wabot. `make help` lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.SUFFIXES:

PY := .venv/bin/python
export WABOT_DATA ?= ./var
# Or somebody's own modules would be taken before those in .venv.
unexport PYTHONPATH PYTHONHOME

.PHONY: help
help: ## What there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: ## Set up what is missing, then run all of wabot here; Ctrl-C stops it
	@scripts/setup.sh
	@exec $(PY) -m wabot.launch

.PHONY: setup
setup: ## Install what running needs: .venv, node modules, Chromium
	@scripts/setup.sh

.PHONY: setup-dev
setup-dev: ## Install what tests and checks need
	@scripts/setup.sh --dev

.PHONY: status
status: ## What the programs of the running wabot do
	@.venv/bin/supervisorctl -c supervisord.conf status

.PHONY: logs
logs: ## Follow the logs of all programs
	@tail -n 20 -F "$$WABOT_DATA"/logs/{db,sandbox,gateway,web,worker,supervisord}.log 2>/dev/null

.PHONY: test
test: setup-dev ## Every test: Node, Python, browser
	@scripts/test.sh

.PHONY: check
check: setup-dev ## Lint, formats, types, import directions, the built stylesheet
	@scripts/check.sh

.PHONY: format
format: setup-dev ## Put Python and Node into the checked formats
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .
	cd node_wa && npx --no-install biome check --write .
	cd node_wa && npx --no-install biome check --write --config-path=. --skip=suspicious/noConsole ../wabot/static/js

.PHONY: css
css: setup-dev ## Build wabot/static from wabot/assets
	cd wabot/assets && npm run --silent build

.PHONY: languages
languages: setup-dev ## Collect the words to translate, bring the catalogs in wabot/translations up to date, compile them
	@$(PY) scripts/languages.py

.PHONY: docs
docs: setup-dev ## Write what in docs/ is made from the code
	@$(PY) scripts/reference.py

.PHONY: docs-check
docs-check: setup-dev ## The documents at length: many more made-up calls, and nginx and Caddy in front
	@WABOT_CASES=300 $(PY) -m pytest -q tests/test_made_up_calls.py tests/test_examples.py tests/proxies.py

.PHONY: soak
soak: setup-dev ## Link and disconnect a hundred times, and with kills (CYCLES, SEED); or MESSAGES=100000 over one session (ENGINE)
	@if [ -n "$$MESSAGES" ]; then $(PY) -m tests.long_soak $$MESSAGES $${ENGINE:-baileys}; else $(PY) -m tests.soak $${CYCLES:-100} $$SEED; fi

.PHONY: house
house: setup-dev ## 3 sessions with a browser and 50 light ones, while each kind of process dies
	@$(PY) -m tests.mixed_house 3 50

.PHONY: bench
bench: setup-dev ## The benchmarks in bench/, as a table and as JSON
	@$(PY) -m bench

.PHONY: screenshots
screenshots: setup-dev ## Pictures of every page into docs/screenshots: wide and narrow, light and dark
	@$(PY) -m tests.screenshots

.PHONY: newcomer
newcomer: setup-dev ## A clone, `make run`, and by the pages alone to a delivered message, against the clock
	@$(PY) -m tests.newcomer

.PHONY: chaos
chaos: setup-dev ## 5,000 messages while every program is killed every few seconds (ENGINE=baileys: with the light engine)
	@$(PY) -m tests.chaos 5000 - $${ENGINE:-webjs}

.PHONY: busy-day
busy-day: setup-dev ## Two people send, schedule, cancel, receive and link anew for DAY seconds (240) while every program is killed (SEED); PAST=100000: with a long log
	@$(PY) -m tests.busy_day $${DAY:-240} $${SEED:-$$(shuf -i 1-999999 -n 1)} $${PAST:-0}

.PHONY: lock
lock: ## Renew requirements.lock and requirements-dev.lock from the ranges
	@scripts/lock.sh

.PHONY: clean
clean: ## Remove what was installed and cached; never WABOT_DATA
	rm -rf .venv .setup.lock node_wa/node_modules wabot/assets/node_modules .pytest_cache .mypy_cache .ruff_cache .import_linter_cache test-results
	find wabot tests -name __pycache__ -type d -prune -exec rm -rf {} +
