# make demo   a running site with demonstration data      make test            all that needs no services
# make help   the rest
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh

# PYTHON=python3.12 chooses the Python of a new environment; PORT=8080 the port of the demonstration.
PYTHON ?=
PORT ?=
# How many processes run the tests.
JOBS ?= 2

PY := .venv/bin/python
MANAGE := $(PY) manage.py
TEST_SETTINGS := DJANGO_SETTINGS_MODULE=config.settings.test

.PHONY: help
help: ## This list
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' Makefile | expand -t 16

# --- environment ------------------------------------------------------------------------------------
.PHONY: install install-dev
install: .venv/installed ## Build .venv with what the program needs
install-dev: .venv/installed-dev ## The same with the tools of tests and checks

.venv/installed: requirements.lock
	@.ci/environment requirements.lock "$(PYTHON)"
	@touch $@

# The second lock holds all of the first.
.venv/installed-dev: requirements-dev.lock
	@.ci/environment requirements-dev.lock "$(PYTHON)"
	@touch .venv/installed $@

# --- running ----------------------------------------------------------------------------------------
.PHONY: demo
demo: install ## Run everything with demonstration data; the data stay in .var
	@$(MANAGE) migrate --verbosity 0
	@$(MANAGE) load_reference
	@$(MANAGE) load_demo --if-empty
	@$(MANAGE) serve $(if $(PORT),--port $(PORT))

# --- languages ----------------------------------------------------------------------------------------
# Needs GNU gettext. The .mo files are committed: whoever runs the program needs none.
.PHONY: messages
messages: install-dev ## Collect the texts to be translated into config/locale, compile the catalogues
	$(MANAGE) makemessages -l kk -l ru --add-location file --no-obsolete --ignore tests
	$(MANAGE) compilemessages --ignore .venv --ignore .var

# --- checking ---------------------------------------------------------------------------------------
.PHONY: lint check test pytest paper journeys browser test-services pytest-services
lint: install-dev ## Style, types, templates
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) -m djlint --quiet --lint templates

check: install-dev ## Migrations, Django's checks, static files as in production
	$(TEST_SETTINGS) $(MANAGE) makemigrations --check --dry-run
	$(TEST_SETTINGS) $(MANAGE) check --fail-level WARNING
	@.ci/production_check

.PHONY: tools
tools:
	@.ci/need_tools

pytest: install-dev tools ## The suite on SQLite, without browser and services
	$(PY) -m pytest -n $(JOBS) -m "not browser and not services and not journey and not paper"

# A file's tests stay together: they share the briefs that it renders.
paper: install-dev tools ## Briefs as files: rendered, judged, signed, verified
	$(PY) -m pytest -n $(JOBS) --dist loadfile -m "paper"

journeys: install-dev ## The ways across the apps, on a running site with a real worker
	$(PY) -m pytest -m "journey and not browser"

browser: install-dev tools ## The journeys through the pages in Chromium
	$(PY) -m pytest -m "browser"

test: tools lint check pytest paper journeys browser ## All that needs no services

test-services: install-dev ## The suite on PostgreSQL and Redis, with real workers; starts them if need be
	@.ci/services $(MAKE) --no-print-directory pytest-services

# Real workers share the one broker: those tests run one after the other.
pytest-services: install-dev
	$(PY) -m pytest -n $(JOBS) -m "not browser and not services and not journey and not paper"
	$(PY) -m pytest -m "(services or journey) and not browser"

# --- cleaning ---------------------------------------------------------------------------------------
.PHONY: clean clean-data
clean: ## Remove the environment and what tools left; data stay
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis htmlcov .coverage .var/coverage*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

clean-data: ## Remove the demonstration: database, media, logs
	rm -rf .var
