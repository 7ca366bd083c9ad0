"""Every real file in one dossier: each loads by its reader or by a description, and its known figures come out.

The files lie in folders by theme; a file that is added there without being declared here fails the listing.
"""

from __future__ import annotations

import re
import shutil
import textwrap
from fnmatch import fnmatch
from pathlib import Path

import pandas as pd
import pytest

import ctgeval
from ctgeval import observations
from ctgeval.dossier import Dossier
from ctgeval.sources import SourceTable
from tests.sources.described_files import DESCRIBED, OWN_MEASURES

pytestmark = pytest.mark.slow

FOLDERS = ("geo", "population", "insee", "caf", "actions", "education", "survey", "messy")
CIVRAISIEN = "EPCI-200070035"
FORMATS = {
    "geo/appartenance_epci_*": "geographie.appartenance",
    "geo/epci_membres_*": "geographie.appartenance",
    "geo/communes_2026.csv.gz": "geographie.communes",
    "geo/communes-86-*.geojson": "geographie.contours",
    "geo/historique-communes_*": "geographie.evenements",
    "geo/passages_communes_*": "geographie.passages",
    "population/*": "insee.population",
    "insee/base_cc_comparateur_2022.csv.gz": "insee.comparateur",
    "insee/communes_comparateur_*": "insee.comparateur",
    "insee/insee_rp_evol_*": "insee.rp",
    "insee/rp2018_*": "insee.rp",
    "*/FILO*": "insee.filosofi",
    "messy/cc_filosofi_*": "insee.filosofi_cc",
    "caf/txcouv_*": "caf.taux_couverture",
    "*/data_CAF_*_IRIS*": "caf.iris",
    "actions/projets_*": "anct.projets",
    "actions/france_services_*": "anct.france_services",
    "education/fr-en-ecoles-effectifs-*": "education.effectifs",
}
"""Format of the files that have a reader, by pattern; the others are described."""
ROWS = {
    "geo/appartenance_epci_2008_2024.csv.gz": 129_139,
    "geo/communes_2026.csv.gz": 37_590,
    "geo/communes-86-vienne-2018.geojson": 274,
    "geo/passages_communes_2008_2024.csv": 2_660,
    "population/population_communes_2006_2023.csv.gz": 136_414,
    "insee/base_cc_comparateur_2022.csv.gz": 35_010,
    "insee/FILO2014_DISP_COM.csv.gz": 32_974,
    "insee/FILO2018_DISP_COM.csv.gz": 31_330,
    "insee/FILO2014_DISP_EPCI.csv.gz": 2_123,
    "insee/FILO2018_DISP_EPCI.csv.gz": 1_244,
    "insee/rp2018_communes_2000hab.csv.gz": 5_417,
    "caf/txcouv_pe_com_2017_2021.csv": 5_022,
    "caf/data_CAF_2016_IRIS.csv.gz": 13_148,
    "caf/data_CAF_2018_IRIS.csv.gz": 13_349,
    "actions/projets_detr_dsil_2018_nouvelle_aquitaine.csv.gz": 3_644,
    "actions/france_services_2021.csv": 908,
    "education/fr-en-ecoles-effectifs-nb_classes_35_2019_2022.csv": 2_704,
    "survey/hdv2003.csv": 2_000,
    "survey/gss_happy.csv.gz": 51_020,
}
"""Rows that the notice of the files announces."""


def listed(root: Path) -> list[str]:
    """Return every file of the folders."""
    found = (path for folder in FOLDERS for path in (root / folder).rglob("*") if path.is_file())
    return sorted(path.relative_to(root).as_posix() for path in found)


def format_of(name: str) -> str:
    """Return the format of a file; empty when nothing declares it."""
    if name in DESCRIBED:
        return "tableau"
    return next((format for pattern, format in FORMATS.items() if fnmatch(name, pattern)), "")


def block(name: str) -> str:
    """Write the ``[[source]]`` of a file."""
    told = DESCRIBED.get(name)
    described = "" if told is None else "[source.tableau]\n" + re.sub(
        r"^(\[+)(\w)", r"\1source.tableau.\2", textwrap.dedent(told), flags=re.MULTILINE
    )  # fmt: skip
    head = {"cle": name, "fichier": f"sources/{name}", "format": format_of(name), "diffusion": "ouverte"}
    return "\n".join(["[[source]]", *(f'{key} = "{value}"' for key, value in head.items()), described, ""])


@pytest.fixture(scope="module")
def dossier(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Dossier:
    """One dossier that declares every file."""
    folder = tmp_path_factory.mktemp("tout")
    names = [name for name in listed(real_data) if format_of(name)]
    for name in names:
        target = folder / "sources" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(real_data / name, target)
    (folder / "mesures.toml").write_text(OWN_MEASURES, encoding="utf-8")
    place = f'[territoire]\ncode = "{CIVRAISIEN}"\nnom = "Civraisien en Poitou"\nperimetre = 2024\n'
    (folder / "ctg.toml").write_text("\n".join([place, *map(block, names)]), encoding="utf-8")
    return ctgeval.open(folder)


def rows_of(dossier: Dossier, name: str, **where: str) -> pd.DataFrame:
    """Return the observations of a file that have these values."""
    rows = dossier.source_tables[name].observations
    for column, text in where.items():
        rows = rows[rows[column].eq(text)]
    return rows


def test_every_file_is_declared(real_data: Path) -> None:
    names = listed(real_data)
    assert {name.split("/")[0] for name in names} == set(FOLDERS)
    assert [name for name in names if not format_of(name)] == []
    assert set(DESCRIBED) | set(ROWS) <= set(names)
    assert [pattern for pattern in FORMATS if not any(fnmatch(name, pattern) for name in names)] == []


def test_every_file_loads_with_all_its_rows_accounted_for(dossier: Dossier) -> None:
    read = dossier.read_sources
    assert [source.cle for source in dossier.config.sources] == list(read)
    assert {name: str(table) for name, table in read.items() if not isinstance(table, SourceTable)} == {}
    assert {name: dossier.source_tables[name].n_rows for name in ROWS} == ROWS
    for name, table in dossier.source_tables.items():
        assert table.n_rows == table.n_accepted + table.n_rejected > 0, name
        assert len(table.observations) or sum(map(len, table.tables.values())), name
        assert observations.check(table.observations) == [], name
        assert table.observations["source"].eq(name).all(), name


def test_only_three_values_are_rejected(dossier: Dossier) -> None:
    faults = {}
    for name, table in dossier.source_tables.items():
        wrong = ~table.rejected["reason"].map(ctgeval.sources.is_harmless).astype(bool)
        if wrong.any():
            faults[name] = sorted(set(table.rejected.loc[wrong, "value"]))
    # Two codes that never were, and a short name that no commune of the département bears any more.
    assert faults == {
        "actions/france_services_2021.csv": ["19927", "2B10"],
        "education/fr-en-ecoles-effectifs-nb_classes_35_2019_2022.csv": ["SAINT-PERE"],
    }


@pytest.mark.parametrize(
    ("name", "row", "known"),
    [
        ("insee/FILO2016_DISP_EPCI.csv.gz", ("revenu_median", CIVRAISIEN, "2016"), 18_644),
        ("messy/FILO2017_DISP_EPCI.csv", ("revenu_median", CIVRAISIEN, "2017"), 18_850),
        ("insee/FILO2018_DISP_EPCI.csv.gz", ("revenu_median", CIVRAISIEN, "2018"), 19_560),
        ("caf/txcouv_pe_com_2017_2021.csv", ("taux_couverture_global", "COM-86194", "2017"), 60.6),
        ("caf/txcouv_pe_com_2017_2021.csv", ("taux_couverture_global", "COM-86194", "2021"), 53.1),
        ("caf/txcouv_pe_com_2017_2021.csv", ("taux_couverture_global", "COM-86066", "2017"), 54.1),
        ("caf/txcouv_pe_com_2017_2021.csv", ("taux_couverture_global", "COM-86066", "2021"), 46.3),
        ("caf/txcouv_pe_com_2017_2021.csv", ("taux_couverture_global", "COM-86041", "2017"), 77.1),
        ("caf/txcouv_pe_com_2021_autre_export.csv", ("taux_couverture_global", "COM-86041", "2021"), 62.6),
        ("messy/populations_legales_2018_ensemble.xlsx", ("population_municipale", "COM-86082", "2018"), 4_461),
        ("actions/projets_detr_dsil_2018_nouvelle_aquitaine.csv.gz", ("projets_etat_epci", CIVRAISIEN, "2018"), 4),
    ],
)
def test_known_figures_come_out(dossier: Dossier, name: str, row: tuple[str, str, str], known: float) -> None:
    rows = rows_of(dossier, name, **dict(zip(("measure", "geo", "time_period"), row, strict=True)))
    assert rows["value"].tolist() == [known]


def test_known_sums_come_out(dossier: Dossier) -> None:
    panel = rows_of(dossier, "population/population_communes_2006_2023.csv.gz", measure="population_municipale")
    communes = dossier.reference.members(CIVRAISIEN, 2024)
    assert len(communes) == 35
    own = panel[panel["geo"].isin(communes)].groupby("time_period")["value"].sum()
    assert (own["2023"], panel["time_period"].nunique()) == (26_641, 18)
    counts = panel.groupby("time_period")["geo"].nunique()
    assert (counts["2006"], counts["2023"]) == (7_849, 7_275)
    poverty = rows_of(dossier, "insee/base_cc_comparateur_2022.csv.gz", measure="taux_pauvrete")
    assert poverty["value"].isna().sum() == 30_642
    for year, count in (("2014", 279), ("2018", 263)):
        median = rows_of(dossier, f"insee/FILO{year}_DISP_COM.csv.gz", measure="revenu_median")
        assert median["geo"].str.startswith("COM-86").sum() == count
    rates = rows_of(dossier, "caf/txcouv_pe_com_2017_2021.csv", measure="taux_couverture_global")
    assert rates.groupby("time_period")["value"].mean().round(1)[["2017", "2021"]].tolist() == [59.5, 59.1]
    tables = {name: table.tables for name, table in dossier.source_tables.items()}
    projects = tables["actions/projets_detr_dsil_2018_nouvelle_aquitaine.csv.gz"]["projets"]
    assert projects["geo"].eq(CIVRAISIEN).sum() == 4
    membership = tables["geo/appartenance_epci_2008_2024.csv.gz"]["appartenance"]
    own_epcis = membership[membership["commune"].isin(communes)].groupby("year")["epci"].nunique()
    assert own_epcis[[2012, 2014, 2017]].tolist() == [4, 3, 1]
    assert tables["survey/hdv2003.csv"]["reponses"]["poids"].astype(float).sum() == pytest.approx(11.07e6, rel=1e-3)


def test_checking_the_dossier_tells_problems_and_never_fails(dossier: Dossier) -> None:
    found = dossier.problems()
    blocking = found[found["severity"].eq("bloquant")]
    assert blocking["file"].tolist() == ["france_services_2021.csv"], blocking["message"].tolist()
    assert found["message"].str.len().gt(10).all()
