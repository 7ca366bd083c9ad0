"""A small dossier, notebooks and a release made for these tests: what is under test is the way to the page."""

from __future__ import annotations

import importlib
import json
import sys
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import nbformat
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from ctgeval import checks
from ctgeval.confidentiality.forms import Form
from ctgeval.confidentiality.released import TABLES
from ctgeval.indicators.compute import RESULT_COLUMNS
from ctgeval.report import plan, scan
from tests.report import demo, promises

build_module = importlib.import_module("ctgeval.report.build")

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
"""
PARAMETERS = new_code_cell('release = ""\nterritoire = ""\nperiode = ""', metadata={"tags": ["parameters"]})
CANARY = """\
from pathlib import Path
from IPython.display import HTML
HTML(f"<h2>Section</h2><p>canari-{Path(release, 'canari.txt').read_text()}-{territoire}</p>")
"""


@dataclass
class Release:
    """What `publish` and the leak scan need of a release: this one gives no figure."""

    path: Path
    audience: str
    meta: dict[str, Any]
    territories: pd.DataFrame
    sources: pd.DataFrame

    def table(self, name: str) -> pd.DataFrame:
        return pd.DataFrame(columns=list(RESULT_COLUMNS if name == "results" else TABLES[name]))

    @property
    def results(self) -> pd.DataFrame:
        return self.table("results")

    @property
    def indicators(self) -> pd.DataFrame:
        return self.table("indicators")

    @property
    def impact(self) -> pd.DataFrame:
        return self.table("impact")

    @property
    def texts(self) -> pd.DataFrame:
        return self.table("texts")


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
        audience=audience,
        meta={"nom": NAMES[CIVRAISIEN], "perimetre": 2024, "fictif": False, "mention": ""},
        territories=pd.DataFrame({"geo": list(NAMES), "name": list(NAMES.values()), "role": "territoire"}),
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


def says(_audience: str) -> tuple[Form, ...]:
    """What a release tells the ledger, in a dossier that is not one: nothing, unless a test says otherwise."""
    return ()


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    """A dossier of two bilans for the COPIL and one for inhabitants, with a notebook that shows canaries."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield _workshop(tmp_path, monkeypatch)
    plan.title.cache_clear()


@pytest.fixture(scope="module")
def shared_workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """The same, for several tests that only read what is built."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield _workshop(tmp_path_factory.mktemp("atelier"), monkeypatch)
    plan.title.cache_clear()


def _workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    folder = tmp_path / "dossier été" / "civraisien"
    (folder / "sources").mkdir(parents=True)
    (folder / "sources" / "population.csv").write_text("a;b\n1;2\n", encoding="utf-8")
    (folder / "ctg.toml").write_text(CTG, encoding="utf-8")
    notebooks = tmp_path / "carnets"
    notebooks.mkdir()
    made = Workshop(folder=folder, out=tmp_path / "rapports", notebooks=notebooks)
    made.notebook("essai", made.text("# Bilan {d'essai}"), made.code(CANARY))

    class Dossier:
        set_aside: ClassVar[dict[str, int]] = {}
        catalogue: ClassVar[dict[str, Any]] = {}

        def __init__(self, path: Path) -> None:
            self.path = path

        @classmethod
        def open(cls, path: Path) -> Dossier:
            made.opened.append(Path(path))
            return cls(Path(path))

        def require_sound(self) -> None:
            pass

        def release(self, audience: str, partner: str | None = None) -> Release:
            return _release(self.path, partner or audience)

        def published(self, audience: str, partner: str | None = None, **_: Any) -> tuple[Release, tuple[Form, ...]]:
            return self.release(audience, partner), says(partner or audience)

    monkeypatch.setattr(scan, "private", lambda *_: scan.Private())
    module = types.ModuleType("ctgeval.dossier")
    module.Dossier = Dossier  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "ctgeval.dossier", module)

    def found(_dossier: Path | None = None) -> dict[str, Path]:
        return {path.stem: path for path in sorted(notebooks.glob("*.ipynb"))}

    for home in (checks, plan):
        monkeypatch.setattr(home, "notebooks", found)
    return made


@pytest.fixture
def instant(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replies at once, without worker nor kernel, for the tests of what happens around a run."""

    class Pool:
        def __init__(self, root: Path, *, hidden: Path) -> None:
            assert not root.is_relative_to(hidden)

        def run(self, task: Any) -> dict[str, Any]:
            code = task.parameters["territoire"]
            return {"html": f"<h2 id='a'>A</h2><p>{code}</p>", "titre": "Bilan", "sommaire": [["a", "A"]], "cpu": 0.1}

        def stop(self) -> None:
            return

        def close(self) -> None:
            return

    monkeypatch.setattr(build_module, "Pool", Pool)
    monkeypatch.setattr(build_module, "ForkPool", Pool)


@pytest.fixture
def run_by(monkeypatch: pytest.MonkeyPatch) -> Callable[[type], None]:
    """Have the notebooks run by a pool of this class, whatever the kernels of this system."""

    def chosen(pool: type) -> None:
        monkeypatch.setattr(build_module, "opened_pool", lambda _kernels, root, *, hidden: pool(root, hidden=hidden))

    return chosen


@pytest.fixture
def rewrite() -> Callable[[Path, str, str], None]:
    """Replace some text of a file."""

    def replace(path: Path, before: str, after: str) -> None:
        content = path.read_text(encoding="utf-8")
        assert before in content
        path.write_text(content.replace(before, after), encoding="utf-8")

    return replace


BROWSER_OPTIONS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Any]:
    """A headless Chromium."""
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=list(BROWSER_OPTIONS))
        yield opened
        opened.close()


@pytest.fixture
def check_page(browser: Any) -> Callable[[Path], None]:
    """A function that fails when a produced page breaks one of the promises of every page."""
    return lambda path: promises.check(browser, path)


@pytest.fixture(scope="session")
def demo_pages(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[demo.Key, Path]:
    """Each page of the two demo dossiers, by dossier, audience and rank; the index is the last of its audience."""
    return demo.pages(demo.built(checkout, tmp_path_factory))
