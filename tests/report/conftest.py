"""A small dossier, notebooks and a release made for these tests: what is under test is the way to the page."""

from __future__ import annotations

import json
import sys
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from ctgeval.report import plan

CIVRAISIEN = "EPCI-200070035"
GARTEMPE = "EPCI-200070043"
NAMES = {CIVRAISIEN: "CC du Civraisien en Poitou", GARTEMPE: "CC Vienne et Gartempe"}
CTG = f"""\
[territoire]
code = "{CIVRAISIEN}"
nom = "CC du Civraisien en Poitou"
perimetre = 2024

[[source]]
cle = "population"
fichier = "sources/population.csv"
format = "insee.population"
diffusion = "ouverte"

[[bilan]]
carnet = "essai"
audience = "copil"
periode = "2025"
territoires = ["{CIVRAISIEN}", "{GARTEMPE}"]

[[bilan]]
carnet = "essai"
audience = "habitants"
periode = "2025"
etat = "publie"
"""
PARAMETERS = new_code_cell('release = ""\nterritoire = ""\nperiode = ""', metadata={"tags": ["parameters"]})
CANARY = """\
from pathlib import Path
from IPython.display import HTML
HTML(f"<h2>Section</h2><p>canari-{Path(release, 'canari.txt').read_text()}-{territoire}</p>")
"""


@dataclass
class Release:
    """What `publish` needs of a release."""

    path: Path
    meta: dict[str, Any]
    territories: pd.DataFrame
    sources: pd.DataFrame


@dataclass
class Workshop:
    """A dossier on disk, its reports, and its notebooks."""

    folder: Path
    out: Path
    notebooks: Path
    opened: list[Path] = field(default_factory=list)

    def notebook(self, name: str, *cells: Any, title: str = "Bilan d’essai") -> Path:
        """Write a notebook with the three usual parameters."""
        declared = {name: {"type": "texte", "description": name} for name in ("release", "territoire", "periode")}
        content = new_notebook(
            cells=[PARAMETERS, *cells], metadata={"ctgeval": {"titre": title, "parametres": declared}}
        )
        path = self.notebooks / f"{name}.ipynb"
        nbformat.write(content, path)
        plan.title.cache_clear()
        return path

    def code(self, source: str) -> Any:
        return new_code_cell(source)

    def text(self, source: str) -> Any:
        return new_markdown_cell(source)

    def page(self, audience: str = "copil", code: str = CIVRAISIEN) -> Path:
        return self.out / audience / f"{code.lower()}-essai-2025.html"

    def sheet(self, audience: str = "copil", code: str = CIVRAISIEN) -> dict[str, Any]:
        path = self.page(audience, code).with_suffix(".manifest.json")
        return json.loads(path.read_text(encoding="utf-8"))


def _release(folder: Path, audience: str) -> Release:
    path = folder / ".ctgeval" / "releases" / audience
    path.mkdir(parents=True, exist_ok=True)
    (path / "canari.txt").write_text(f"{audience}", encoding="utf-8")
    return Release(
        path=path,
        meta={"titre": "CTG du Civraisien", "nom": NAMES[CIVRAISIEN], "perimetre": 2024, "fictif": False, "mention": ""},
        territories=pd.DataFrame({"geo": list(NAMES), "name": list(NAMES.values())}),
        sources=pd.DataFrame(
            [
                {"cle": "population", "titre": "Populations légales", "producteur": "Insee", "diffusion": "ouverte",
                 "licence": "Licence Ouverte 2.0", "mise_a_jour": "2023-12-29", "fichier": "sources/population.csv",
                 "empreinte": "ab" * 32},
                {"cle": "suivi", "titre": "Suivi de la coordination", "producteur": "", "diffusion": "interne",
                 "licence": "", "mise_a_jour": "", "fichier": "suivi.xlsx", "empreinte": "cd" * 32},
            ]
        ),
    )  # fmt: skip


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workshop]:
    """A dossier of two bilans for the COPIL and one for inhabitants, with a notebook that shows canaries."""
    folder = tmp_path / "dossier été" / "civraisien"
    (folder / "sources").mkdir(parents=True)
    (folder / "sources" / "population.csv").write_text("a;b\n1;2\n", encoding="utf-8")
    (folder / "ctg.toml").write_text(CTG, encoding="utf-8")
    notebooks = tmp_path / "carnets"
    notebooks.mkdir()
    made = Workshop(folder=folder, out=tmp_path / "rapports", notebooks=notebooks)
    made.notebook("essai", made.text("# Bilan {d'essai}"), made.code(CANARY))

    class Dossier:
        def __init__(self, path: Path) -> None:
            self.path = path

        @classmethod
        def open(cls, path: Path) -> Dossier:
            made.opened.append(Path(path))
            return cls(Path(path))

        def release(self, audience: str, partner: str | None = None) -> Release:
            return _release(self.path, audience)

    module = types.ModuleType("ctgeval.dossier")
    module.Dossier = Dossier  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "ctgeval.dossier", module)
    monkeypatch.setattr(plan, "notebooks", lambda: {path.stem: path for path in sorted(notebooks.glob("*.ipynb"))})
    yield made
    plan.title.cache_clear()


@pytest.fixture
def rewrite() -> Callable[[Path, str, str], None]:
    """Replace some text of a file."""

    def replace(path: Path, before: str, after: str) -> None:
        content = path.read_text(encoding="utf-8")
        assert before in content
        path.write_text(content.replace(before, after), encoding="utf-8")

    return replace
