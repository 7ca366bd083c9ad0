"""A small dossier, notebooks and a release made for these tests: what is under test is the way to the page."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import html
import importlib
import json
import re
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
from ctgeval.report import html as site_html, plan

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

    monkeypatch.setattr(build_module.scan, "private", lambda *_: build_module.scan.Private())
    module = types.ModuleType("ctgeval.dossier")
    module.Dossier = Dossier  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "ctgeval.dossier", module)
    for home in (checks, plan):
        monkeypatch.setattr(home, "notebooks", lambda: {path.stem: path for path in sorted(notebooks.glob("*.ipynb"))})
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
AXE_TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


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
    return lambda path: _check_page(browser, path)


def _check_page(browser: Any, path: Path) -> None:
    for scheme in ("light", "dark"):
        with contextlib.closing(browser.new_context(color_scheme=scheme)) as context:
            _check_quiet(context.new_page(), path)
    # axe needs to be injected, which the page's own policy rightly forbids.
    with contextlib.closing(browser.new_context(bypass_csp=True)) as context:
        page = context.new_page()
        page.goto(path.resolve().as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert page.evaluate("scheme => matchMedia(`(prefers-color-scheme: ${scheme})`).matches", scheme)
            assert _violations(page) == [], f"{path.name}, {scheme}"
        for width, text in ((320, "100%"), (640, "200%")):
            page.set_viewport_size({"width": width, "height": 800})
            _check_reflow(page, text)
    _check_source(
        path.read_text(encoding="utf-8"), script=site_html.index_filter()[1] if path.name == "index.html" else ""
    )


def _check_quiet(page: Any, path: Path) -> None:
    asked: list[str] = []
    told: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.goto(path.resolve().as_uri())
    page.wait_for_load_state("networkidle")
    assert [url for url in asked if not url.startswith("data:")] == [path.resolve().as_uri()]
    assert told == []
    run = "[...document.scripts].filter(one => one.type !== 'application/ld+json').length"
    assert page.evaluate(run) == page.locator("#page-filtre").count()
    assert page.locator("#page-filtre").count() == 0 or path.name == "index.html"
    assert page.evaluate("document.documentElement.lang") == "fr"
    assert page.locator("h1").count() == 1
    assert page.locator("main").count() == 1


def _violations(page: Any) -> list[str]:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = axe.run(page, options={"runOnly": list(AXE_TAGS), "resultTypes": ["violations"]}).response["violations"]
    return [f"{one['id']}: {[node['html'][:200] for node in one['nodes'][:3]]}" for one in found]


def _check_reflow(page: Any, text: str) -> None:
    page.evaluate("size => { document.documentElement.style.fontSize = size }", text)
    too_wide = """() => {
        const width = document.documentElement.clientWidth;
        return [...document.body.querySelectorAll('*')]
            .filter(one => !one.closest('svg') || one.matches('svg'))
            .filter(one => { const box = one.getBoundingClientRect(); return box.width && box.right > width + 1; })
            .map(one => one.outerHTML.slice(0, 120)).slice(0, 5)
    }"""
    assert page.evaluate(too_wide) == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def _check_source(text: str, *, script: str) -> None:
    # A block of data that no browser runs, in which no markup can begin; and the one script of the site.
    text = re.sub(r'<script type="application/ld\+json">\{[^<>&]*\}</script>', "", text, count=1)
    filtered = bool(script) and f"<script>{script}</script>" in text
    text = text.replace(f"<script>{script}</script>", "")
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert policy
    assert style
    assert text.count("<style") == 1
    allowed = f"script-src '{_digest(script)}'; " if filtered else ""
    assert html.unescape(policy.group(1)) == (
        f"default-src 'none'; img-src data:; style-src '{_digest(style.group(1))}'; {allowed}base-uri 'none'; "
        "form-action 'none'"
    )
    rest = text.replace(style.group(0), "")
    assert not re.search(r"<script|<iframe|<link|<object|\son\w+=|\sstyle=|javascript:|@import", rest, re.IGNORECASE)
    assert not re.search(r"url\((?!#)|@import", style.group(1))
    for link in re.findall(r'\s(?:src|href)="([^"]*)"', rest):
        assert re.match(r"#|https://|mailto:|data:|[a-z0-9-]+\.html$", link), link


def _digest(content: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode('ascii')}"
