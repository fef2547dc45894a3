# Needs Python 3.11+ and make; everything else is put into .venv, a Java too.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed

.PHONY: install demo test test-unit test-spark test-long test-cluster test-packed test-faults coverage attack check docs docs-generate notebooks \
	dist lock dist-clean bench bench-throughput bench-share \
	bench-memory bench-steady bench-landing bench-budget bench-exactness

install: $(INSTALLED)

$(INSTALLED): requirements.lock pyproject.toml setup.py
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet uv==$(UV_VERSION)
	$(BIN)/uv pip sync --quiet --python $(BIN)/python --compile-bytecode requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	touch $@

UV_VERSION := 0.13.9

# Generates a corpus, fine-tunes a small model, scores with it; a second run does nothing anew.
demo: install
	$(BIN)/psychescale demo

# What every change must pass.
test: check test-unit test-spark

# Without a JVM, in seconds.
test-unit: install
	$(BIN)/python -m pytest -n 2 --dist worksteal tests/unit

# Real Spark, Delta and torch on this machine. A file's tests share what they set up, so they stay together; in the
# order of folders, because files of few tests, which would come last, are the longest.
test-spark: install
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder tests/spark

# Slow by nature: processes are killed and waited for, and an environment of gigabytes is packed and unpacked.
test-long: test-cluster test-packed

# Executors in processes of their own: three processes are killed on the way; tasks are given GPUs.
test-cluster: install
	$(BIN)/python -m pytest tests/cluster $(PACKED:%=--ignore=%)

# A standalone cluster that has nothing but what `make dist` packs, by spark-submit and through Spark Connect.
test-packed: install
	$(BIN)/python -m pytest $(PACKED)

PACKED := tests/cluster/project tests/cluster/session

# Sixty processes killed: what is killed, and when, follows from the seed.
test-faults: install
	$(BIN)/python -m pytest -s tests/cluster/pipeline/test_faults.py --kills 60

# Branches that the unit and Spark tiers reach, Spark's Python workers included, by room.
coverage: install
	rm -rf build/coverage
	$(BIN)/coverage run -m pytest -n 2 --dist loadfile tests/unit tests/spark
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage html --quiet
	$(BIN)/coverage json --quiet
	$(BIN)/python -m tests.coverage_by_room build/coverage/all.json

# An attacker by integer programming reads 1,000 shown evaluations and looks for counts from 1 to 7.
attack: install
	PSYCHESCALE_ATTACKS=1000 $(BIN)/python -m pytest -s --timeout 3600 tests/unit/evaluation/test_attack.py

check: install
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Writes the tables of keys in docs/configuration.md and the files in conf/ anew, from the settings.
docs-generate: install
	PSYCHESCALE_WRITE_DOCS=1 $(BIN)/python -m pytest -q tests/unit/settings/test_documents.py

# Executed .ipynb beside the sources in Databricks' format, on what `make demo` left.
notebooks: demo
	rm -rf demo/notebook_scores demo/attention* demo/candidate* demo/study
	$(BIN)/python deploy/notebooks.py

# The site, into build/site: pages as they lie here, the reference from docstrings. Dead links are errors.
docs: install
	$(BIN)/uv pip install --quiet --python $(BIN)/python -r docs/requirements.lock
	rm -rf build/pages && mkdir -p build/pages
	git ls-files $(PAGES) | tar -cf - -T - | tar -xf - -C build/pages
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

PAGES := README.md CONTRIBUTING.md CHANGELOG.md LICENSE docs conf benchmarks notebooks deploy jobs

bench: bench-throughput bench-share

bench-throughput bench-share bench-memory bench-steady bench-landing bench-budget: bench-%: install
	$(BIN)/python benchmarks/$(subst share,spark_share,$*).py

# Needs MODEL=FOLDER, a classifier fine-tuned on GoEmotions.
bench-exactness: install
	$(BIN)/python benchmarks/exactness.py --model $(MODEL)

# Wheel, jobs and a relocatable environment for a cluster, into dist/. TORCH=FILE takes another wheel of torch.
dist: install
	$(BIN)/python deploy/environment/pack.py $(if $(TORCH),--torch $(TORCH))

lock: $(VENV)/bin/uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
		--extra all --group dev --output-file requirements.lock pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
		--constraints requirements.lock --group pyproject.toml:docs --output-file docs/requirements.lock

$(VENV)/bin/uv:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet uv==$(UV_VERSION)

# Also forgets the demo's and the benchmarks' files.
dist-clean:
	rm -rf $(VENV) demo benchmarks/work build dist lib/*.egg-info
