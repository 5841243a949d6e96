# Four verbs, the same for a person and for CI. `make` alone lists them.
PYTHON := $(shell for p in python3.12 python3.11 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' 2>/dev/null && echo $$p && exit; done; echo python3)
BIN := .venv/bin

.PHONY: help setup demo test lint bench

help:
	@sed -n 's/^\([a-z]*\):[^#]*## /  make \1	/p' Makefile

setup:  ## make the environment .venv and fetch the jars (once; says size and time before)
	@$(PYTHON) -m local_stack.bootstrap

demo: setup  ## start everything and play the demo shop (ONCE=1: to the end, then stop)
	@./tidemark demo $(if $(ONCE),--once)

test: setup  ## run every test, the end-to-end ones on the real stack
	@$(BIN)/python -m pytest

lint: setup  ## check style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: setup  ## measure everything beside its peers and write docs/performance.md (on a quiet machine; more than an hour)
	@$(BIN)/python -m benchmarks all
