"""``[source.tableau]``: what it may say, short forms, and every mistake told with its key and its line."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from ctgeval import config
from ctgeval.config.tableau import TableauConfig
from ctgeval.config.toml import tuples
from ctgeval.errors import Problem
from ctgeval.sources.description import Condition, Description, Dimension, Marks, Period, Place, Wide

Dossier = Callable[..., Path]

DESCRIBED = """\
[source.tableau]
feuille = "Communes"
entete = [4, 5]
fin = "Source"
territoire = { colonnes = ["Dép", "Com"], niveau = "COM" }
periode = "2018"
ignorer = [{ colonne = "Com", valeurs = ["Total"], vide = true }]
marqueurs = { secret = ["s"], bornes = { "<5" = [1, 4] } }
mesures = { "Pop" = "population_municipale", "Femmes" = { mesure = "naissances", sexe = "F" } }
[source.tableau.dimensions]
age = { entete = 2, correspondances = { "Total" = "" } }
"""
FORMAT = 'format = "caf.taux_couverture"'


def problems(dossier: Dossier, text: str, format: str = 'format = "tableau"') -> list[Problem]:
    folder = dossier((FORMAT, format), ("[[impact]]", f"{text}\n[[impact]]"))
    return [problem for problem in config.check(folder)[1] if "tableau" in problem.key]


def test_short_forms_say_the_same_as_long_ones() -> None:
    told = TableauConfig.model_validate(tuples(tomllib.loads(DESCRIBED)["source"]["tableau"])).described()
    assert told == Description(
        sheets=("Communes",),
        header=(4, 5),
        end="Source",
        ignore=(Condition(column="Com", values=("Total",), empty=True),),
        place=Place(level="COM", columns=("Dép", "Com")),
        period=Period(value="2018"),
        wide={
            "Pop": Wide(measure="population_municipale"),
            "Femmes": Wide(measure="naissances", dimensions={"sexe": "F"}),
        },
        dimensions={"age": Dimension(header=2, values={"Total": ""})},
        marks=Marks(secret=("s",), bounds={"<5": (1, 4)}),
    )
    for short, long in (
        ("entete = 8", "entete = [8]"),
        ("periode = 2018", 'periode = { valeur = "2018" }'),
        ('periode = "feuille"', 'periode = { dans = "feuille" }'),
        ("fin = 12", "fin = { ligne = 12 }"),
        ('feuilles = "*"', 'feuilles = ["*"]'),
        ('territoire = "EPCI-200070035"', 'territoire = { code = "EPCI-200070035" }'),
        ('dimensions = { sexe = "F" }', 'dimensions = { sexe = { valeur = "F" } }'),
    ):
        assert TableauConfig.model_validate(tuples(tomllib.loads(short))) == TableauConfig.model_validate(
            tuples(tomllib.loads(long))
        )


def test_a_description_that_is_right_is_no_problem(dossier: Dossier) -> None:
    assert problems(dossier, DESCRIBED) == []


@pytest.mark.parametrize(
    ("old", "new", "key", "said"),
    [
        ('feuille = "Communes"', 'feulle = "Communes"', "feulle", "feuille"),
        ("entete = [4, 5]", "entete = [5, 4]", "entete", "de haut en bas"),
        ("entete = [4, 5]", "entete = 0", "entete", "au moins 1"),
        ('niveau = "COM"', 'niveau = "COMMUNE"', "territoire.niveau", "COM"),
        ('colonnes = ["Dép", "Com"]', 'colonne = "Com", code = "DEP-86"', "territoire", "une seule chose"),
        ('colonnes = ["Dép", "Com"], niveau = "COM"', 'nom = "Commune"', "territoire.departement", "même nom"),
        ('colonnes = ["Dép", "Com"], niveau = "COM"', 'code = "86"', "territoire.code", "préfixe"),
        ('periode = "2018"', 'periode = "an 2018"', "periode.valeur", "n’est pas une période"),
        ('periode = "2018"', 'periode = { colone = "annee" }', "periode.colone", "colonne"),
        ('periode = "2018"', "", "periode", "ne dit pas la période"),
        ('valeurs = ["Total"]', 'valeur = ["Total"]', "ignorer[1].valeur", "valeurs"),
        ("[1, 4]", "[4, 1]", "marqueurs.bornes", "croissantes"),
        ("[1, 4]", "4", "marqueurs.bornes", "bornée"),
        ('mesure = "naissances"', 'mesur = "naissances"', "mesures.Femmes", "mesure"),
        ("age = { entete = 2,", "ages = { entete = 2,", "dimensions.ages", "age"),
        ("age = { entete = 2,", 'age = { entete = 2, colonne = "x",', "dimensions.age", "une seule chose"),
    ],
)
def test_each_mistake_is_told_with_its_key(dossier: Dossier, old: str, new: str, key: str, said: str) -> None:
    assert old in DESCRIBED
    found = problems(dossier, DESCRIBED.replace(old, new))
    assert found
    assert any(f"tableau.{key}" in one.key and said in f"{one.message} {one.remedy}" for one in found), found
    assert all(one.severity == "bloquant" and one.message and one.remedy for one in found)


def test_a_format_without_its_description_and_the_reverse(dossier: Dossier) -> None:
    (alone,) = problems(dossier, "")
    assert "essayer" in alone.remedy


def test_a_description_of_another_format_is_told(dossier: Dossier) -> None:
    (useless,) = problems(dossier, DESCRIBED, FORMAT)
    assert "ne sert à rien" in useless.message
