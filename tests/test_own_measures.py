"""A dossier that measures what the house does not: ``mesures.toml`` from the file to the release."""

from __future__ import annotations

from pathlib import Path

import pytest

import ctgeval
from ctgeval.errors import UnknownMeasure

CTG = """\
[territoire]
code = "EPCI-200070035"
perimetre = 2024
[convention]
debut = 2022-01-01
fin = 2026-12-31
[[source]]
cle = "portage"
fichier = "sources/portage.csv"
format = "tableau"
mise_a_jour = 2024-01-31
diffusion = "ouverte"
[source.tableau]
territoire = { colonne = "Code", niveau = "COM" }
periode = { colonne = "Année" }
mesures = { "Bénéficiaires" = "beneficiaires_portage" }
marqueurs = { bornes = { "<5" = [1, 4] } }
[[source]]
cle = "ccas"
mise_a_jour = 2024-01-31
diffusion = "interne"
"""
MEASURES = """\
[local]
beneficiaires_portage = { label = "Bénéficiaires du portage", kind = "stock", object = "personnes", unit = "personnes" }
"""
INDICATORS = """\
theme = "Local"
[LC01]
label = "Bénéficiaires du portage de repas"
kind = "realisation"
numerator = "beneficiaires_portage"
unit = "personnes"
direction = "higher"
source = "CIAS"
grain = ["EPCI", "COM"]
periodicity = "annuelle"
lag_years = 1
definition = "Personnes à qui des repas sont portés."
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sources").mkdir()
    codes = ctgeval.territory.members("EPCI-200070035", year=2024)
    rows = [f"{code.removeprefix('COM-')};2023;{10 + rank}" for rank, code in enumerate(codes)]
    rows[0] = rows[0].rsplit(";", 1)[0] + ";<5"
    rows[1] = rows[1].rsplit(";", 1)[0] + ";3"
    for name, text in {
        "ctg.toml": CTG,
        "mesures.toml": MEASURES,
        "indicateurs.toml": INDICATORS,
        "sources/portage.csv": "Code;Année;Bénéficiaires\n" + "\n".join(rows),
        "observations.csv": "mesure;territoire;periode;valeur;source\n"
        "beneficiaires_portage;EPCI-200070035;2022;400;ccas\n",
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_an_own_measure_goes_from_the_file_to_the_result(folder: Path) -> None:
    dossier = ctgeval.open(folder)
    assert not dossier.problems()["severity"].eq("bloquant").any()
    assert dossier.measures["beneficiaires_portage"].label == "Bénéficiaires du portage"
    found = dossier.observations()
    assert set(found["source"]) == {"portage", "ccas"}
    result = dossier.indicators("LC01", geo="EPCI-200070035").set_index("time_period")
    assert result.loc["2022", "value"] == 400
    # The commune that the source hides counts for 1 at least.
    known = found.loc[found["time_period"].eq("2023"), "value"].sum()
    assert result.loc["2023", "low"] == known + 1


def test_an_own_measure_of_persons_is_kept_secret_when_it_is_small(folder: Path) -> None:
    dossier = ctgeval.open(folder)
    small = ctgeval.territory.members("EPCI-200070035", year=2024)[1]
    inside = dossier.release("interne").results
    outside = dossier.release("habitants").results
    assert inside.loc[inside["geo"].eq(small) & inside["time_period"].eq("2023"), "value"].tolist() == [3]
    assert not outside.loc[outside["geo"].eq(small), "value"].notna().any()


def test_without_its_file_the_measure_is_unknown_and_told(folder: Path) -> None:
    (folder / "mesures.toml").unlink()
    (folder / "indicateurs.toml").unlink()
    dossier = ctgeval.open(folder)
    assert isinstance(dossier.read_sources["portage"], UnknownMeasure)
    told = " ".join(dossier.problems()["message"])
    assert "beneficiaires_portage" in told
