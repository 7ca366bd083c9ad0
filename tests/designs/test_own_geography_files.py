"""A dossier whose sources complete its geography: earlier EPCI, events of communes, and what is wrong in them."""

from __future__ import annotations

import pytest

import ctgeval
from ctgeval import territory
from ctgeval.dossier import Dossier
from ctgeval.errors import UnknownTerritory

CONFIGURATION = """
[territoire]
code = "EPCI-200070035"
nom = "CC du Civraisien en Poitou"
perimetre = 2024
[convention]
debut = 2022-01-01
fin = 2026-12-31
"""
SOURCE = """
[[source]]
cle = "{key}"
fichier = "{key}.csv"
format = "{format}"
producteur = "Insee"
licence = "Licence Ouverte 2.0"
mise_a_jour = 2024-01-01
diffusion = "ouverte"
"""
FILES = {
    "epci": (
        "geographie.appartenance",
        (
            "annee_geo,CODGEO,LIBGEO,DEP,EPCI,LIBEPCI\n"
            "2012,86078,Civray,86,248600439,CC du Civraisien\n2012,86082,Couhé,86,248600371,CC de la Région de Couhé\n"
            "2024,86078,Civray,86,200070043,CC Vienne et Gartempe\n"
        ),
    ),
    "passages": (
        "geographie.passages",
        (
            "cog_avant,cog_apres,code_avant,code_apres,date_effet,typemodif,ratio\n"
            "2018,2019,86043,86082,2018-11-22,f,1\n2011,2012,52031,52031,2012-01-01,d,0.81\n"
            "2011,2012,52031,52278,2012-01-01,d,0.19\n"
        ),
    ),
    "panne": ("geographie.evenements", "MOD,QUAND\n32,2019-01-01\n"),
    "rp": (
        "insee.population",
        "CODGEO,millesime_rp,annee_geo,POP\n86078,2021,2023,2700\n52031,2009,2011,500\n",
    ),
}


@pytest.fixture(scope="module")
def dossier(tmp_path_factory: pytest.TempPathFactory) -> Dossier:
    folder = tmp_path_factory.mktemp("dossier")
    for key, (_, text) in FILES.items():
        (folder / f"{key}.csv").write_text(text, encoding="utf-8")
    blocks = [SOURCE.format(key=key, format=name) for key, (name, _) in FILES.items()]
    (folder / "ctg.toml").write_text(CONFIGURATION + "".join(blocks), encoding="utf-8")
    return ctgeval.open(folder)


def test_members_of_earlier_years_are_known_in_the_dossier_alone(dossier: Dossier) -> None:
    known = dossier.reference
    assert territory.members("EPCI-248600439", year=2012, reference=known) == ("COM-86078",)
    assert territory.parents("COM-86082", year=2012, reference=known) == ("EPCI-248600371", "DEP-86")
    assert len(territory.members("EPCI-200070035", year=2024, reference=known)) == 35
    with pytest.raises(UnknownTerritory):
        territory.name("EPCI-248600439")


def test_the_shares_of_a_table_de_passage_serve_the_observations(dossier: Dossier) -> None:
    people = dossier.observations().query("time_period == '2009'")
    assert people["geo"].tolist() == ["COM-52031", "COM-52278"]
    assert people["value"].tolist() == pytest.approx([405, 95])
    assert people["obs_status"].tolist() == ["E", "E"]


def test_contradictions_and_unreadable_files_are_problems_and_stop_nothing_else(dossier: Dossier) -> None:
    problems = dossier.problems()
    told = problems[problems["file"].eq("epci.csv")]
    assert told["message"].str.contains("n’a pas le même EPCI au 1er janvier 2024").any()
    assert problems[problems["file"].eq("panne.csv")]["message"].str.contains("DATE_EFF").any()
    assert dossier.indicators("PO01", geo="COM-86078")["value"].tolist() == [2700]
