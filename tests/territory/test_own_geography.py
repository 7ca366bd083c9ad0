"""A dossier's own geography."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from ctgeval import observations, territory
from ctgeval.errors import TerritoryError
from ctgeval.territory import reference
from ctgeval.territory.events import Event

SHEET = """titre = "Communauté de communes inventée"
source = "Inventée"
licence = "CC0"
mise_a_jour = 2025-01-01
fictif = true
"""
PLACES = """annee;code;nom;type
2020;COM-99001;Alpha;
2020;COM-99002;Bêta;COM
2020;EPCI-999000001;CC d’Alpha;CC
2021;COM-99001;Alpha-et-Bêta;
2021;EPCI-999000001;CC d’Alpha;CC
"""
MEMBERS = """annee;territoire;commune
2020;EPCI-999000001;COM-99001
2020;EPCI-999000001;COM-99002
2021;EPCI-999000001;COM-99001
"""
EVENTS = """code_avant;code_apres;date_effet;type
COM-99002;COM-99001;2021-01-01;fusion
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (
        ("geographie.toml", SHEET),
        ("territoires.csv", PLACES),
        ("membres.csv", MEMBERS),
        ("evenements.csv", EVENTS),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_it_is_read_whole(folder: Path) -> None:
    own = reference.load(folder)
    assert own.fictional
    assert own.years == (2020, 2021)
    assert (own.title, own.updated) == ("Communauté de communes inventée", "2025-01-01")
    assert own.name("COM-99001", 2020) == "Alpha"
    assert own.name("COM-99001") == "Alpha-et-Bêta"
    assert own.members("EPCI-999000001", 2020) == ("COM-99001", "COM-99002")
    assert own.territories("EPCI", 2021)["type"].tolist() == ["CC"]
    assert not own.changed_between("EPCI-999000001", 2020, 2021)


def test_a_commune_that_keeps_its_code_takes_part_in_the_merger(folder: Path) -> None:
    own = reference.load(folder)
    assert Event(date(2021, 1, 1), "COM-99001", "COM-99001", "fusion") in own.event_list
    rows = observations.frame(
        [
            {"measure": "naissances", "geo": geo, "geography": 2020, "time_period": "2020", "value": value}
            for geo, value in (("COM-99001", 3), ("COM-99002", 4))
        ]
    )
    assert territory.harmonise(rows, to=2021, reference=own)["value"].tolist() == [7]


def test_events_are_optional(folder: Path) -> None:
    (folder / "evenements.csv").unlink()
    assert reference.load(folder).event_list == ()


@pytest.mark.parametrize(
    ("file", "text", "place"),
    [
        ("geographie.toml", "titre = 3", "« titre »"),
        ("geographie.toml", "titre = ", "TOML"),
        ("territoires.csv", "annee;code;nom\n", "type"),
        ("territoires.csv", "annee;code;nom;type\n", "Aucun territoire"),
        ("territoires.csv", PLACES + "2021;99003;Gamma;\n", "ligne 7, colonne « code », valeur lue « 99003 »"),
        ("territoires.csv", PLACES + "deux mille;COM-99003;Gamma;\n", "L’année est illisible"),
        ("territoires.csv", PLACES + "2021;COM-99003;;\n", "Le nom du territoire manque"),
        ("territoires.csv", PLACES + "2021;COM-99001;Encore;\n", "deux fois"),
        ("membres.csv", MEMBERS + "2021;EPCI-999000001;COM-99002\n", "pas déclaré en 2021.*ligne 5"),
        ("membres.csv", MEMBERS + "2021;EPCI-999000001;EPCI-999000001\n", "doit être une commune"),
        ("evenements.csv", EVENTS + "COM-99002;COM-99001;01/01/2021;fusion\n", "AAAA-MM-JJ"),
        ("evenements.csv", EVENTS + "COM-99002;COM-99001;2021-01-01;mariage\n", "mariage"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(folder: Path, file: str, text: str, place: str) -> None:
    (folder / file).write_text(text, encoding="utf-8")
    with pytest.raises(TerritoryError, match=place):
        reference.load(folder)


def test_all_problems_are_told_at_once(folder: Path) -> None:
    (folder / "geographie.toml").unlink()
    (folder / "membres.csv").write_bytes(b"annee;territoire;commune\n2020;\xe9\n")
    with pytest.raises(TerritoryError) as caught:
        reference.load(folder)
    assert [problem.file for problem in caught.value.problems] == ["geographie.toml", "membres.csv"]
