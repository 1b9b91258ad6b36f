PYTHON ?= python3
PORT ?= 8000

# -E -s: settings of the user's own Python do not reach the book's
RUN := .venv/bin/python -E -s -m

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help book serve test soak test-colab notebooks generated links format lock publish-as pdf clean environment

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{printf "%-20s %s\n", $$1, $$2}'

environment:
	@command -v "$(PYTHON)" >/dev/null || { \
	  echo "There is no $(PYTHON) here: install Python 3.11 or newer from https://www.python.org/downloads/" >&2; exit 1; }
	@"$(PYTHON)" tools/bootstrap.py

book: environment  ## run the notebooks and build the site into _build/html
	@$(RUN) tools.build_book

serve: book  ## build, then show the site on http://localhost:8000 (or PORT=...)
	@$(RUN) tools.serve "$(PORT)"

pdf: book  ## the whole book as one PDF, _build/book.pdf (with the Chromium of the tests)
	@$(RUN) tools.pdf

test: environment  ## every check: style, types, library, notebooks, site
	@$(RUN) tools.check

soak: environment  ## what is too long for every push: each page in each view, all of Unicode
	@$(RUN) tools.check --soak

test-colab: environment  ## run every chapter of the last commit with Colab's versions (PYTHON_COLAB=...)
	@$(RUN) tools.colab "$(PYTHON_COLAB)"

notebooks: environment  ## run every notebook and store what its checked cells print (before a commit)
	@$(RUN) tools.notebooks

generated: environment  ## write what is made from the sources: MathML, citations, kept addresses
	@$(RUN) tools.generated

links: environment  ## list the links that leave the built site; CHECK=1 asks each whether it answers
	@$(RUN) tools.links $(if $(CHECK),--check)

format: environment  ## mend the style of code and notebooks
	@$(RUN) ruff check --fix --quiet
	@$(RUN) ruff format --quiet
	@$(RUN) tools.notebooks --strip-only

lock:  ## choose the newest versions for requirements.in and pin them in requirements.txt
	@"$(PYTHON)" tools/lock.py

publish-as: environment  ## write the repository's address everywhere: REPO=owner/name
	@$(RUN) tools.publish_as "$(REPO)"

clean:  ## remove the built site, the caches and the environment
	rm -rf _build .venv .mypy_cache .ruff_cache .pytest_cache build *.egg-info
