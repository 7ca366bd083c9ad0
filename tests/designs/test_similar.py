"""The choice of comparators from what a dossier's sources say: density, income, and whom an action concerns."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import ctgeval

OWN = "EPCI-200070035"
SOURCE = """
[[source]]
cle = "{key}"
fichier = "sources/{file}"
format = "{format}"
geographie = {year}
mise_a_jour = 2022-01-01
diffusion = "ouverte"
"""
IMPACT = """
[[impact]]
nom = "reseau"
indicateur = "PO01"
territoires_concernes = {{ "{own}" = 2023-01-01, "{other}" = 2023-01-01 }}
"""


@pytest.fixture
def dossier(tmp_path: Path, checkout: Path, real_data: Path) -> Path:
    folder = tmp_path / "civraisien"
    shutil.copytree(checkout / "data" / "civraisien", folder, ignore=shutil.ignore_patterns(".ctgeval"))
    files = (
        ("communes", "base_cc_comparateur_2022.csv.gz", "insee.population", 2022),
        ("revenus", "FILO2018_DISP_EPCI.csv.gz", "insee.filosofi", 2018),
    )
    text = (folder / "ctg.toml").read_text(encoding="utf-8")
    start = text.index("territoires = [")
    text = f'{text[:start]}methode = "similaires"{text[text.index("]", start) + 1 :]}'
    for key, file, format, year in files:
        shutil.copy(real_data / "insee" / file, folder / "sources")
        text += SOURCE.format(key=key, file=file, format=format, year=year)
    (folder / "ctg.toml").write_text(text, encoding="utf-8")
    return folder


def test_sources_give_density_and_income_and_treated_territories_are_left_out(dossier: Path) -> None:
    found = ctgeval.open(dossier).similar()
    assert [one.name for one in found.variables] == [
        "population", "communes", "densite", "croissance", "revenu_median",
    ]  # fmt: skip
    assert len(found.geos) == 10
    assert found.table["densite"].between(15, 60).all()
    assert found.table["revenu_median"].between(18_000, 21_500).all()
    assert "revenu médian" in found.table["sentence"][0]
    nearest = found.geos[0]
    with (dossier / "ctg.toml").open("a", encoding="utf-8") as stream:
        stream.write(IMPACT.format(own=OWN, other=nearest))
    assert nearest not in ctgeval.open(dossier).similar().geos
