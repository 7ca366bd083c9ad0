"""The notebook of a bilan: named in its sheet, and refused when it changed on the way."""

from __future__ import annotations

import datetime as dt
import hashlib
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ctgeval.report import build as report
from ctgeval.report.kernels import best
from ctgeval.report.kernels.fork import ForkPool
from ctgeval.report.pool import Pool

build_module = importlib.import_module("ctgeval.report.build")


def run(workshop: Any) -> Any:
    return report.build(workshop.folder, out=workshop.out, date=dt.date(2026, 3, 1), audience="habitants")


def test_the_sheet_tells_which_notebook_was_run(workshop: Any, instant: None) -> None:
    assert run(workshop).failed == ()
    notebook = workshop.notebooks / "essai.ipynb"
    digest = hashlib.sha256(notebook.read_bytes()).hexdigest()
    assert workshop.sheet("habitants")["carnet"] == {"fichier": "essai.ipynb", "sha256": digest}


@pytest.mark.parametrize("kernels", sorted({best(), "process"}))
def test_a_notebook_that_changed_on_the_way_is_refused(
    workshop: Any, run_by: Callable[[type], None], kernels: str
) -> None:
    class Tampering({"fork": ForkPool, "process": Pool}[kernels]):  # type: ignore[misc]
        def run(self, task: Any) -> dict[str, Any]:
            Path(task.notebook).write_bytes(Path(task.notebook).read_bytes().replace(b"canari-", b"pirate-"))
            return super().run(task)  # type: ignore[no-any-return]

    run_by(Tampering)
    (entry,) = run(workshop).failed
    assert "Le carnet a changé pendant la production du bilan" in entry.message
    assert not entry.path.exists()
    assert list(workshop.out.rglob("*.manifest.json")) == []


def test_a_former_page_stays_when_its_notebook_is_tampered_with(workshop: Any, instant: None, monkeypatch: Any) -> None:
    assert run(workshop).failed == ()
    before = workshop.page("habitants").read_bytes()
    usual = build_module.Pool.run
    monkeypatch.setattr(build_module.Pool, "run", lambda self, task: usual(self, task) | {"carnet": "0" * 64})
    workshop.notebook("essai", workshop.code("print('autre')"))
    assert [entry.status for entry in run(workshop).entries] == ["echec"]
    assert workshop.page("habitants").read_bytes() == before
