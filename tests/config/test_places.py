"""Territories of ``ctg.toml`` exist that year, under the name that is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ctgeval import config
from ctgeval.config.places import same_name
from ctgeval.errors import Problem

Write = Callable[..., Path]


def told(folder: Path) -> dict[str, Problem]:
    return {problem.key: problem for problem in config.check(folder)[1]}


def test_a_name_that_is_not_that_of_the_code_names_both(dossier: Write) -> None:
    problem = told(dossier(('code = "EPCI-200070035"', 'code = "EPCI-200070043"')))["territoire.nom"]
    assert "CC Vienne et Gartempe" in problem.message
    assert "CC du Civraisien en Poitou" in problem.message
    assert "EPCI-200070035" in problem.remedy
    assert problem.severity == "bloquant"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("CC du Civraisien en Poitou", "Communauté de communes du Civraisien-en-Poitou", True),
        ("CC Vienne et Gartempe", "cc vienne ET gartempe", True),
        ("CA Grand Châtellerault", "Communauté d’agglomération Grand Chatellerault", True),
        ("CU du Grand Poitiers", "Grand Poitiers", True),
        ("Saint-Benoît", "St Benoit", True),
        ("La Vienne", "Département de la Vienne", True),
        ("L’Isle-Jourdain", "L'Isle Jourdain", True),
        ("CC Vienne et Gartempe", "CC du Civraisien en Poitou", False),
        ("Poitiers", "Saint-Poitiers", False),
        ("La", "Le", False),
    ],
)
def test_names_are_compared_as_a_reader_would(one: str, other: str, *, same: bool) -> None:
    assert same_name(one, other) is same
    assert same_name(other, one) is same


@pytest.mark.parametrize(
    ("old", "new", "key", "said"),
    [
        ("perimetre = 2024", "perimetre = 1999", "territoire.perimetre", "2020"),
        ('code = "EPCI-200070035"', 'code = "EPCI-200070036"', "territoire.code", "EPCI-200070035"),
        ('code = "EPCI-200070035"', 'code = "200070035"', "territoire.code", "préfixe"),
        ('territoires = ["EPCI-200070043"]', 'territoires = ["EPCI-20007004"]', "comparaison.territoires[1]", "EPCI-"),
        ('["COM-86103"]', '["COM-86071"]', "territoire.groupements.GRP-gencay[1]", "COM-86281"),
        ('["COM-86103"]', '["EPCI-200070043"]', "territoire.groupements.GRP-gencay[1]", "que des communes"),
        ('["COM-86103"]', "[]", "territoire.groupements.GRP-gencay", "vide"),
        ('"GRP-gencay" =', '"gencay" =', "territoire.groupements.gencay", "GRP-"),
        (
            'formats = ["html"]',
            'formats = ["html"]\nterritoires = ["GRP-gençay"]',
            "bilan[1].territoires[1]",
            "« GRP-gencay »",
        ),
        (
            '{ "EPCI-200070035" = 2023-01-01 }',
            '{ "COM-00000" = 2023-01-01 }',
            "impact[1].territoires_concernes.COM-00000",
            "COM-00000",
        ),
    ],
)
def test_an_unknown_territory_is_told_where_it_is(dossier: Write, old: str, new: str, key: str, said: str) -> None:
    problems = {key: one for key, one in told(dossier((old, new))).items() if one.severity == "bloquant"}
    assert list(problems) == [key]
    assert said in str(problems[key])


def test_a_grouping_can_be_the_territory_of_a_bilan(dossier: Write) -> None:
    assert told(dossier(('formats = ["html"]', 'territoires = ["GRP-gencay", "COM-86082"]'))) == {}


def test_a_territory_compared_with_itself_is_told(dossier: Write) -> None:
    problems = told(dossier(('territoires = ["EPCI-200070043"]', 'territoires = ["EPCI-200070035"]')))
    assert [problem.severity for problem in problems.values()] == ["avertissement"]


@pytest.mark.parametrize(
    ("old", "new", "key", "said"),
    [
        ('"GRP-gencay"', '"GRP-gençay"', "territoire.groupements.GRP-gençay", "sans espace ni accent"),
        ('["COM-86103"', '["COM-86103", "COM-86103"', "territoire.groupements.GRP-gencay[2]", "répétition"),
    ],
)
def test_a_grouping_has_a_code_of_the_contract_and_each_commune_once(
    dossier: Write, old: str, new: str, key: str, said: str
) -> None:
    problems = {problem.key: problem for problem in config.check(dossier((old, new)))[1]}
    assert said in problems[key].remedy
