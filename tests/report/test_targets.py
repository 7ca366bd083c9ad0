"""What may be compared: pages, sheets, names and releases; the figures are those that their readers were given."""

from __future__ import annotations

import datetime as dt
import json
import math
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ctgeval.confidentiality.clearing import clear
from ctgeval.confidentiality.release import Release, write
from ctgeval.confidentiality.released import TABLES
from ctgeval.errors import ConfidentialityError, ParameterError
from ctgeval.indicators.table import RESULT_COLUMNS
from ctgeval.report import build as report
from ctgeval.report.targets import Compared, compare_bilans
from tests.report.conftest import CIVRAISIEN, GARTEMPE

DAY = dt.date(2026, 3, 1)
SLUG = f"{CIVRAISIEN.lower()}-essai-2025"
INDICATOR = {"id": "PE07", "label": "Familles fréquentant le relais", "unit": "familles", "decimals": "0"}
Says = Callable[..., None]


def release(store: Path, audience: str, value: float, *, geo: str = CIVRAISIEN, partner: str = "") -> Release:
    """Write a release of one figure; without a value, it is masked."""
    told = dict.fromkeys(RESULT_COLUMNS, "") | dict.fromkeys(
        ("low", "high", "ci_low", "ci_high", "numerator", "denominator", "n", "completeness"), math.nan
    )
    row = told | {
        "indicator": "PE07", "geo": geo, "geography": 2024, "time_period": "2025", "unit": "familles", "value": value,
        "low": value, "high": value, "obs_status": "A", "conf_status": "F" if math.isfinite(value) else "C",
        "source": "suivi",
    }  # fmt: skip
    tables = {name: pd.DataFrame(columns=list(columns)) for name, columns in TABLES.items()}
    blank = dict.fromkeys(TABLES["indicators"], "")
    tables["indicators"] = pd.DataFrame([blank | INDICATOR])
    tables["territories"] = pd.DataFrame(
        [{"geo": code, "name": name, "level": "EPCI", "role": "territoire"}
         for code, name in ((CIVRAISIEN, "CC du Civraisien en Poitou"), (GARTEMPE, "CC Vienne et Gartempe"))]
    )  # fmt: skip
    cleared = clear("interne", results=pd.DataFrame([row], columns=list(RESULT_COLUMNS)), tables=tables)
    made = write(store, cleared, meta={"perimetre": 2024, "partenaire": partner}).path
    if audience == "interne":
        return Release.load(made)
    # What protects a table has its own tests: here one is needed, as small as can be.
    path = store / audience / f"{made.name[:-1]}{len(audience) % 10}"
    shutil.copytree(made, path, dirs_exist_ok=True)
    described = json.loads((path / "release.json").read_text(encoding="utf-8"))
    described |= {"audience": "partenaire" if partner else audience, "audit": {"seuil": 5}}
    (path / "release.json").write_text(json.dumps(described), encoding="utf-8")
    return Release.load(path)


@pytest.fixture
def says(workshop: Any, monkeypatch: pytest.MonkeyPatch) -> Says:
    """Build the workshop from releases that each tell one figure, by audience."""

    dossier = sys.modules["ctgeval.dossier"].Dossier
    made = dossier.published

    def say(**values: float) -> None:
        def published(self: Any, audience: str, partner: str | None = None, **options: Any) -> Any:
            told, forms = made(self, audience, partner, **options)
            told.path = release(workshop.folder / ".ctgeval" / "releases", audience, values[audience]).path
            return told, forms

        monkeypatch.setattr(dossier, "published", published)
        assert report.build(workshop.folder, out=workshop.out, date=DAY, force=True).failed == ()

    return say


def compared(workshop: Any, one: object, two: object, **options: Any) -> Compared:
    return compare_bilans(str(one), str(two), dossier=workshop.folder, out=workshop.out, **options)


def kinds(found: Compared) -> list[str]:
    return [one.kind for one in found.result.differences]


@pytest.fixture
def two_versions(workshop: Any, says: Says, rewrite: Any, instant: None) -> Any:
    """A bilan of inhabitants published with 20 families, revised with 23, beside one of the COPIL."""
    path = workshop.folder / "ctg.toml"
    rewrite(path, 'audience = "habitants"\n', 'audience = "habitants"\netat = "publie"\n')
    says(habitants=20.0, copil=20.0)
    rewrite(path, 'etat = "publie"\n', 'etat = "publie"\nmotif_revision = "Une structure avait été oubliée"\n')
    says(habitants=23.0, copil=20.0)
    return workshop


def test_two_versions_are_compared_by_any_of_their_names(two_versions: Any) -> None:
    folder = two_versions.out / "habitants"
    first, second = (folder / "versions" / f"{SLUG}-v{number}.html" for number in (1, 2))
    for one, two in (
        (first, second),
        (f"{SLUG}-v1", f"{SLUG}-v2.html"),
        (f"habitants/versions/{SLUG}-v1.html", f"habitants/{SLUG}"),
        (first.with_suffix(".manifest.json"), folder / f"{SLUG}.html"),
    ):
        found = compared(two_versions, one, two)
        (difference,) = found.result.differences
        assert difference.kind == "revise"
        assert difference.before is not None
        assert difference.after is not None
        assert (difference.before.value, difference.after.value) == (20, 23)
        assert (found.before.audience, found.before.territoire) == ("habitants", CIVRAISIEN)
    assert compared(two_versions, second, folder / f"{SLUG}.html").result.same


def test_names_are_those_that_the_list_of_bilans_writes(two_versions: Any) -> None:
    name = f"essai, {CIVRAISIEN}, 2025 (publié)"
    assert compared(two_versions, name, name, audience="habitants").result.same
    with pytest.raises(ParameterError, match="Plusieurs bilans portent ce nom") as caught:
        compared(two_versions, name, name)
    assert f"habitants/{SLUG}.html" in caught.value.problem.remedy
    with pytest.raises(ParameterError, match="Aucun bilan produit") as caught:
        compared(two_versions, f"habitants/{SLUG.replace('essai', 'esai')}.html", name)
    assert f"habitants/{SLUG}.html" in caught.value.problem.remedy


def test_two_audiences_are_not_compared_unless_it_is_said(two_versions: Any) -> None:
    pages = two_versions.page("copil"), two_versions.page("habitants")
    with pytest.raises(ParameterError, match="n’ont pas les mêmes lecteurs") as caught:
        compared(two_versions, *pages)
    assert "--entre-publics" in caught.value.problem.remedy
    assert kinds(compared(two_versions, *pages, across=True)) == ["revise"]


def test_the_team_and_the_public_are_never_put_side_by_side_where_one_is_masked(tmp_path: Path) -> None:
    inside = release(tmp_path, "interne", 3.0).path
    outside = release(tmp_path, "habitants", math.nan).path
    for one, two in ((inside, outside), (outside, inside)):
        with pytest.raises(ParameterError, match="n’ont pas les mêmes lecteurs"):
            compare_bilans(str(one), str(two))
        (difference,) = compare_bilans(str(one), str(two), across=True).result.differences
        assert difference.kind in {"masque", "demasque"}
        for figure in (difference.before, difference.after):
            assert figure is not None
            assert math.isnan(figure.value)
            assert math.isnan(figure.interval[0])


def test_two_partners_are_two_audiences(tmp_path: Path) -> None:
    one = release(tmp_path / "a", "partenaire", 20.0, partner="creche-civray").path
    two = release(tmp_path / "b", "partenaire", 20.0, partner="caf").path
    with pytest.raises(ParameterError, match="partenaire-creche-civray ; partenaire-caf"):
        compare_bilans(str(one), str(two))
    assert compare_bilans(str(one), str(one)).result.same


def test_two_territories_are_not_one_that_moved(two_versions: Any) -> None:
    pages = two_versions.page("copil"), two_versions.page("copil", GARTEMPE)
    with pytest.raises(ParameterError, match="même territoire") as caught:
        compared(two_versions, *pages)
    assert "--partout" in caught.value.problem.remedy
    assert compared(two_versions, *pages, everywhere=True).result.unchanged == 1
    # The figure that is known is of the other one.
    assert compared(two_versions, pages[1], pages[1]).result.unchanged == 0


def test_a_bilan_of_the_team_is_compared_with_its_earlier_version(
    workshop: Any, says: Says, rewrite: Any, instant: None, tmp_path: Path
) -> None:
    rewrite(workshop.folder / "ctg.toml", 'audience = "habitants"\n', 'audience = "interne"\netat = "valide_cotech"\n')
    says(interne=2.0, copil=20.0)
    rewrite(workshop.folder / "ctg.toml", "valide_cotech", "presente_copil")
    says(interne=3.0, copil=20.0)
    assert kinds(compared(workshop, f"{SLUG}-v1", f"{SLUG}-v2")) == ["revise"]


def test_figures_are_those_of_the_release_or_nothing_is_compared(two_versions: Any) -> None:
    page = two_versions.page("habitants")
    store = two_versions.folder / ".ctgeval" / "releases" / "habitants"
    for path in store.glob("*/results.parquet"):
        frame = pd.read_parquet(path)
        frame["value"] = 99.0
        frame.to_parquet(path, index=False)
    with pytest.raises(ParameterError, match="plus les chiffres"):
        compared(two_versions, page, page)
    shutil.rmtree(store)
    with pytest.raises(ParameterError, match="plus les chiffres"):
        compared(two_versions, page, page)


def test_a_release_changed_by_hand_does_not_tell_what_it_masks(tmp_path: Path) -> None:
    path = release(tmp_path, "habitants", math.nan).path
    frame = pd.read_parquet(path / "results.parquet")
    frame["value"] = 3.0
    frame.to_parquet(path / "results.parquet", index=False)
    with pytest.raises(ConfidentialityError):
        compare_bilans(str(path), str(path))


def test_a_page_changed_by_hand_or_without_its_sheet_is_refused(two_versions: Any) -> None:
    page = two_versions.page("habitants")
    page.write_bytes(page.read_bytes() + b" ")
    with pytest.raises(ParameterError, match="modifiée depuis"):
        compared(two_versions, page, page)
    page.with_suffix(".manifest.json").unlink()
    with pytest.raises(ParameterError, match="avec sa fiche"):
        compared(two_versions, page, page)


def test_a_sheet_written_by_hand_does_not_lead_elsewhere(two_versions: Any, tmp_path: Path) -> None:
    told = two_versions.sheet("habitants")
    for change in (
        {"audience": "interne", "html": {"fichier": "../../x.html", "sha256": ""}},
        {"registre": "x"},
        {"parametres": {"territoire": 3}},
        {"figee": {}},
    ):
        path = tmp_path / "x.manifest.json"
        path.write_text(json.dumps(told | {"html": {"fichier": "x.html", "sha256": ""}} | change), encoding="utf-8")
        with pytest.raises(ParameterError):
            compared(two_versions, path, path)


def test_without_a_dossier_the_remedy_says_where_to_give_it(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="pas de dossier ici") as caught:
        compare_bilans("essai", "essai", dossier=tmp_path)
    assert "--dossier" in caught.value.problem.remedy
    with pytest.raises(ParameterError, match="pas une version diffusable"):
        compare_bilans(str(tmp_path), str(tmp_path))
