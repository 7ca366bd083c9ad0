"""The main job, end to end, on real Insee and Caf files: one dossier of the Vienne, four bilans.

Expected figures: the producers' own files (Caf, coverage rate 2017-2021; Insee, legal populations 2006-2023 chained to
the communes of 2024; Insee, Filosofi 2016-2018), read by hand.
"""

from __future__ import annotations

import html
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

import ctgeval
from ctgeval import cli
from ctgeval.errors import NotAdditive, PerimeterMismatch

CONFIGURATION = """
[territoire]
code = "DEP-86"
nom = "Vienne"
perimetre = 2024

[[source]]
cle = "caf-couverture"
fichier = "sources/txcouv_pe_com_2017_2021.csv"
format = "caf.taux_couverture"
producteur = "Cnaf"
licence = "Licence Ouverte 2.0"
mise_a_jour = 2022-11-30
diffusion = "ouverte"

[[source]]
cle = "insee-population"
fichier = "sources/population_communes_2006_2023.csv.gz"
format = "insee.population"
producteur = "Insee"
licence = "Licence Ouverte 2.0"
mise_a_jour = 2025-12-31
diffusion = "ouverte"
{filosofi}
[[bilan]]
carnet = "diagnostic"
audience = "copil"
territoires = ["COM-86194", "COM-86066", "COM-86041"]
periode = "2021"

[[bilan]]
carnet = "diagnostic"
audience = "copil"
territoires = ["EPCI-200070035"]
periode = "2023"
"""

FILOSOFI = """
[[source]]
cle = "filosofi-{level}-{year}"
fichier = "sources/{name}"
format = "insee.filosofi"
producteur = "Insee"
licence = "Licence Ouverte 2.0"
mise_a_jour = {updated}-09-01
diffusion = "ouverte"
"""


@pytest.fixture(scope="module")
def dossier(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("Dossier de la Vienne à l’essai")
    (folder / "sources").mkdir()
    names = [f"FILO{year}_DISP_EPCI.csv.gz" for year in (2016, 2017, 2018)]
    names += [f"FILO{year}_DISP_COM.csv.gz" for year in (2016, 2018)]
    for name in names:
        shutil.copy(real_data / "insee" / name, folder / "sources")
    shutil.copy(real_data / "caf" / "txcouv_pe_com_2017_2021.csv", folder / "sources")
    shutil.copy(real_data / "population" / "population_communes_2006_2023.csv.gz", folder / "sources")
    blocks = "".join(
        FILOSOFI.format(level=name[14:17].lower(), year=name[4:8], name=name, updated=int(name[4:8]) + 3)
        for name in names
    )
    (folder / "ctg.toml").write_text(CONFIGURATION.format(filosofi=blocks), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def opened(dossier: Path) -> ctgeval.Dossier:
    """The dossier, read once by the tests that ask it something."""
    return ctgeval.open(dossier)


@pytest.fixture(scope="module")
def pages(dossier: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    out = tmp_path_factory.mktemp("reports")
    result = CliRunner().invoke(cli.main, ["construire", str(dossier), "--out", str(out), "--date", "2026-01-15"])
    assert result.exit_code == 0, result.output
    return {path.stem: _text(path) for path in sorted((out / "copil").glob("*.html"))}


def _text(path: Path) -> str:
    body = re.sub(
        r"<style.*?</style>|<a [^>]*href=\"data:[^\"]*\"", " ", path.read_text(encoding="utf-8"), flags=re.DOTALL
    )
    return re.sub(r"[\s\u00a0\u202f]+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body)))


def _page(pages: dict[str, str], code: str) -> str:
    (found,) = [text for name, text in pages.items() if code in name]
    return found


@pytest.mark.parametrize(
    ("code", "name", "first", "last"),
    [
        ("86194", "Poitiers", "60,6", "53,1"),
        ("86066", "Châtellerault", "54,1", "46,3"),
        ("86041", "Buxerolles", "77,1", "62,6"),
    ],
)
def test_coverage_of_each_commune_is_told(pages: dict[str, str], code: str, name: str, first: str, last: str) -> None:
    text = _page(pages, code)
    assert name in text
    assert first in text
    assert last in text
    assert "2017" in text
    assert "2021" in text


def test_civraisien_tells_its_population_at_one_perimeter(pages: dict[str, str]) -> None:
    text = _page(pages, "200070035")
    for figure in ("26 885", "27 615", "26 641"):
        assert figure in text
    assert "périmètre" in text.lower()


def test_civraisien_tells_the_medians_of_its_own_row(pages: dict[str, str]) -> None:
    text = _page(pages, "200070035")
    for figure in ("18 644", "18 850", "19 560"):
        assert figure in text


def test_civraisien_is_said_to_be_absent_from_the_caf_file(pages: dict[str, str]) -> None:
    text = _page(pages, "200070035")
    assert "absent du fichier" in text
    assert "trop petites" in text


def test_medians_are_neither_summed_nor_averaged(opened: ctgeval.Dossier, dossier: Path) -> None:
    median = opened.indicators("CO02", geo="DEP-86")
    assert len(median) > 0
    assert median["value"].isna().all()
    told = median.loc[median["time_period"].isin(["2016", "2018"]), "reason"]
    assert told.str.contains("ne s’additionne", regex=False).all()
    read = ctgeval.sources.read(
        dossier / "sources" / "FILO2016_DISP_COM.csv.gz", format="insee.filosofi", geography=2018
    )
    medians = read.observations.query("measure == 'revenu_median' and geo in ('COM-86043', 'COM-86082')")
    with pytest.raises(NotAdditive, match="86082"):
        ctgeval.territory.harmonise(medians, to=2024)


def test_same_code_other_commune_is_refused(opened: ctgeval.Dossier) -> None:
    problems = opened.problems()
    merged = problems[problems["message"].str.contains("86082") | problems["value"].str.contains("86082")]
    assert not merged.empty
    medians = opened.source_tables["filosofi-com-2016"].observations
    couhe = medians.query("geo == 'COM-86082' and measure == 'revenu_median'")
    with pytest.raises(PerimeterMismatch, match="86082"):
        ctgeval.territory.harmonise(couhe, to=2024)
    population = opened.indicators("PO01", geo="COM-86082").set_index("time_period")["value"]
    assert population["2016"] == 4454
    assert population["2017"] == 4474
