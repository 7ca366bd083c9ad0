"""What a source does not say of a territory, and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from ctgeval import indicators, sources, territory
from ctgeval.indicators import coverage

HEADER = "Date référence;Numéro commune;Nom commune;Taux de couv global"


@pytest.fixture
def table(tmp_path: Path) -> sources.SourceTable:
    path = tmp_path / "txcouv.csv"
    path.write_text(f"{HEADER}\n2021;86194;POITIERS;53.1\n", encoding="utf-8")
    return sources.read(path, format="caf.taux_couverture", key="caf")


def _notices(table: sources.SourceTable, *geos: str) -> list[str]:
    found = coverage.notices(
        {"caf": table}, geos, reference=territory.reference.load(), year=2024, catalogue=indicators.catalogue()
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
