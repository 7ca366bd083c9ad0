"""What a source does not say of a territory, and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from ctgeval import indicators, sources, territory
from ctgeval.indicators import coverage

GROUPING = "Gençay et Valence"
HEADER = "Date référence;Numéro commune;Nom commune;Taux de couv global"


@pytest.fixture
def table(tmp_path: Path) -> sources.SourceTable:
    path = tmp_path / "txcouv.csv"
    path.write_text(f"{HEADER}\n2021;86194;POITIERS;53.1\n", encoding="utf-8")
    return sources.read(path, format="caf.taux_couverture", key="caf")


def _notices(table: sources.SourceTable, *geos: str) -> list[str]:
    found = coverage.notices(
        {"caf": table},
        {geo: GROUPING if geo.startswith("GRP-") else territory.name(geo, year=2024) for geo in geos},
        reference=territory.reference.load(),
        year=2024,
        catalogue=indicators.catalogue(),
        groupings={"GRP-gencay": ["COM-86103", "COM-86082"]},
    )
    assert set(found["indicator"]) <= {"PE01"}
    return [text.replace("\u202f", " ").replace("\u00a0", " ") for text in found["sentence"]]


def test_an_epci_of_small_communes_is_said_to_be_absent(table: sources.SourceTable) -> None:
    (sentence,) = _notices(table, "EPCI-200070035")
    assert "CC du Civraisien en Poitou" in sentence
    assert "trop petites" in sentence
    assert "Valence-en-Poitou" in sentence
    assert "au moins 10 000 habitants" in sentence


def test_a_small_commune_is_said_to_be_too_small(table: sources.SourceTable) -> None:
    (sentence,) = _notices(table, "COM-86078")
    assert "commune trop petite" in sentence


def test_a_large_commune_that_is_absent_is_not_called_small(table: sources.SourceTable) -> None:
    (sentence,) = _notices(table, "COM-86066")
    assert "Châtellerault" in sentence
    assert "petite" not in sentence


def test_who_is_in_the_file_gets_no_notice(table: sources.SourceTable) -> None:
    assert _notices(table, "COM-86194", "DEP-86") == []


def test_a_grouping_of_small_communes_is_named_as_its_dossier_does(table: sources.SourceTable) -> None:
    (sentence,) = _notices(table, "GRP-gencay")
    assert sentence.startswith(GROUPING)
    assert "la plus peuplée, Valence-en-Poitou" in sentence


def test_a_city_of_arrondissements_is_not_called_small(tmp_path: Path) -> None:
    path = tmp_path / "txcouv.csv"
    path.write_text(f"{HEADER}\n2021;75101;PARIS 1;53.1\n", encoding="utf-8")
    table = sources.read(path, format="caf.taux_couverture", key="caf")
    (sentence,) = _notices(table, "COM-75056")
    assert "arrondissements" in sentence
    assert "10 000" not in sentence
