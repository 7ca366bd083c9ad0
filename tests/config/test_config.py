"""`config.load` gives the whole of a right file, and all the problems of a wrong one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from ctgeval import config
from ctgeval.errors import DossierError

Write = Callable[..., Path]


def test_a_right_file_is_read_with_its_types_and_defaults(dossier: Write) -> None:
    found, problems = config.check(dossier())
    assert problems == []
    assert found is not None
    assert found.territoire.code == "EPCI-200070035"
    assert found.territoire.groupements == {"GRP-gencay": ("COM-86103",)}
    assert found.convention is not None
    assert found.convention.avenant[0].date == date(2024, 6, 1)
    assert found.comparaison.territoires == ("EPCI-200070043",)
    assert found.indicateurs.retenus == ("PE01", "AV04")
    assert (found.publication.seuil.personnes, found.publication.seuil.sensible) == (5, 11)
    assert found.sources[0].fichier == "sources/txcouv.csv"
    assert found.sources[0].encodage is None
    assert found.impact[0].territoires_concernes == {"EPCI-200070035": date(2023, 1, 1)}
    assert found.impact[0].territoires_comparaison == ("comparaison",)
    assert found.bilans[0].name == "bilan_annuel"
    assert found.bilans[0].territoires == ("EPCI-200070035",)


def test_the_configuration_is_read_only(dossier: Write) -> None:
    found = config.load(dossier())
    with pytest.raises(ValidationError):
        found.territoire.code = "COM-86082"  # type: ignore[misc]


def test_a_minimal_file_is_enough(dossier: Write) -> None:
    found, problems = config.check(dossier(text='[territoire]\ncode = "COM-86082"\nperimetre = 2024\n'))
    assert found is not None
    assert found.territoire.nom == "Valence-en-Poitou"
    assert found.convention is None
    assert {problem.severity for problem in problems} == {"avertissement"}
    assert {problem.key for problem in problems} == {"convention", "indicateurs.retenus", "source", "bilan"}


def test_every_problem_is_told_at_once(dossier: Write) -> None:
    folder = dossier(
        ('code = "EPCI-200070035"', 'code = "EPCI-200070043"'),
        ("perimetre = 2024", "perimetre = 2024\nperimettre = 1"),
        ("fin = 2026-12-31", "fin = 2021-12-31"),
        ("personnes = 5", "personnes = -5"),
        ("sources/txcouv.csv", "sources/txcov.csv"),
        ('format = "caf.taux_couverture"', 'format = "caf.taux_couvertur"'),
        ('audience = "copil"', 'audience = "copi"'),
        ('periode = "2025"', 'periode = "2017-2021"'),
        ('formats = ["html"]', 'formats = ["epub"]'),
    )
    with pytest.raises(DossierError) as raised:
        config.load(folder)
    keys = {problem.key: problem for problem in raised.value.problems if problem.severity == "bloquant"}
    assert set(keys) == {
        "territoire.nom",
        "territoire.perimettre",
        "convention.fin",
        "publication.seuil.personnes",
        "source[1].fichier",
        "source[1].format",
        "bilan[1].audience",
        "bilan[1].periode",
        "bilan[1].formats[1]",
    }
    for problem in keys.values():
        assert problem.file == "ctg.toml"
        assert problem.message
        assert problem.remedy
        assert problem.row
    assert keys["territoire.perimettre"].row == 5
    assert "« perimetre »" in keys["territoire.perimettre"].remedy
    assert "« copil »" in keys["bilan[1].audience"].remedy
    assert keys["bilan[1].audience"].value == "copi"
    assert "« sources/txcouv.csv »" in keys["source[1].fichier"].remedy
    assert "« caf.taux_couverture »" in keys["source[1].format"].remedy
    assert "2021-12-31" in keys["convention.fin"].message


def test_problems_come_with_the_blocking_ones_first(dossier: Write) -> None:
    _, problems = config.check(dossier(("retenus = [", "autre = 1\nretenus = ["), ("personnes = 5", "personnes = 3")))
    assert [problem.severity for problem in problems] == ["bloquant", "avertissement"]


def test_a_geography_of_its_own_replaces_that_of_france(dossier: Write) -> None:
    folder = dossier(
        ('code = "EPCI-200070035"', 'code = "EPCI-200070035"\nreference = "geographie"'),
    )
    found, problems = config.check(folder)
    assert found is None
    (missing,) = [problem for problem in problems if problem.severity == "bloquant"]
    assert missing.key == "territoire.reference"
    assert "geographie" in missing.message
