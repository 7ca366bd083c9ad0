# Two commands do everything: `make bilan` (the demo reports) and `make test`. Both make .venv when it is missing.
# Another interpreter: make bilan PYTHON=/path/to/python3.12
.POSIX:
.PHONY: bilan test lint coverage torture lock clean help

DOSSIERS = data/demo data/civraisien
OUT = reports
RUN = .venv/bin/python -m
WORKERS = 2
# A file stays with one worker, so that what its tests share is built once: groups (loadgroup) are told by the names of
# tests, which pytest 9.2 lets no plugin change. Files go out in the order of tests/conftest.py, the longest first.
SHARED = --dist loadfile --no-loadscope-reorder

help:
	@echo "make bilan    construit les bilans des dossiers de démonstration dans $(OUT)/"
	@echo "make test     lance tous les contrôles et tous les tests"
	@echo "make lint     ruff, mypy et les étages d’import seulement"
	@echo "make coverage les tests, en comptant les lignes qu’ils parcourent"
	@echo "make torture  longues campagnes de tests, reprises où elles s’étaient arrêtées"
	@echo "make lock     recalcule requirements.lock"
	@echo "make clean    supprime ce qui se refabrique (pas reports/)"

bilan:
	@PYTHON="$(PYTHON)" sh scripts/prepare.sh lab
	@status=0; \
	for dossier in $(DOSSIERS); do \
	    $(RUN) ctgeval construire "$$dossier" --out "$(OUT)" || status=1; \
	done; \
	sh scripts/where.sh "$(OUT)"; \
	exit $$status

test:
	@PYTHON="$(PYTHON)" sh scripts/prepare.sh lab,test
	@$(RUN) pytest -n $(WORKERS) $(SHARED)

lint:
	@PYTHON="$(PYTHON)" sh scripts/prepare.sh lab,test
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) mypy
	@.venv/bin/lint-imports

coverage:
	@PYTHON="$(PYTHON)" sh scripts/prepare.sh lab,test
	@$(RUN) pytest -n $(WORKERS) $(SHARED) --cov --cov-report=term

torture:
	@PYTHON="$(PYTHON)" sh scripts/prepare.sh lab,test
	@.venv/bin/python scripts/torture.py
	@.venv/bin/python scripts/impact_size.py

# One file for every system and every Python: no index address, no path, no hash of a wheel of one platform.
lock:
	@PYTHON="$(PYTHON)" sh scripts/prepare.sh lab,test
	@$(RUN) pip install --quiet --disable-pip-version-check "uv>=0.5"
	@$(RUN) uv pip compile --universal --python-version 3.11 --extra lab --extra test --upgrade \
	    --no-header --no-annotate --quiet pyproject.toml -o requirements.lock

clean:
	rm -rf .venv .torture .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
