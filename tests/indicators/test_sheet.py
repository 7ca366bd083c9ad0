"""The sheet of an indicator: whole French sentences, and what its measures allow to be added."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ctgeval import indicators, measures
from ctgeval.indicators import Indicator
from ctgeval.indicators.qualitative import Qualitative
from ctgeval.indicators.sheet import kind_word, sheet, texts_of

NARROW = "\u202f"
ALWAYS = (
    "definition", "calcul", "nature", "unite", "sens", "source", "grain", "periodicite", "territoires", "periodes",
    "objet", "precautions",
)  # fmt: skip


def plain(id: str, key: str) -> str:
    """Return what stands under a heading, with ordinary spaces."""
    told = " ".join(texts_of(sheet(indicators.get(id)))[key])
    return told.replace(NARROW, " ").replace("\u00a0", " ")


@pytest.mark.parametrize("item", indicators.catalogue().values(), ids=lambda item: item.id)
def test_every_sheet_is_whole(item: Indicator) -> None:
    rows = sheet(item)
    assert [row.key for row in rows if row.key != "limites"] == list(ALWAYS)
    for row in rows:
        assert row.term
        for text in row.texts:
            assert text.endswith("."), (row.key, text)
            assert not text.endswith("..")
            assert text[0].isupper() or not text[0].isalpha(), (row.key, text)
            assert "{" not in text
            assert "'" not in text


@pytest.mark.parametrize("item", indicators.catalogue().values(), ids=lambda item: item.id)
def test_what_may_be_added_is_what_the_measures_allow(item: Indicator) -> None:
    told = texts_of(sheet(item))
    used = [measures.get(name) for name in item.measures]
    places, periods = told["territoires"][0], told["periodes"][0]
    assert places.startswith("Ne s") is not all(one.additive_over_places for one in used)
    assert periods.startswith("Ne s") is not (all(one.additive_over_time for one in used) and not item.since_start)
    if item.denominator and all(one.additive_over_places for one in used):
        assert "les taux ne s’additionnent" in places


@pytest.mark.parametrize(
    ("id", "key", "text"),
    [
        (
            "PE02",
            "calcul",
            "Places agréées en établissement d’accueil du jeune enfant ÷ enfants de moins de 3 ans × 100.",
        ),
        ("PE01", "calcul", "publié tel quel par la source, jamais additionné ni moyenné."),
        ("PI07", "calcul", "calculé par ctgeval à partir des tables du dossier, jamais additionné ni moyenné."),
        ("PI07", "territoires", "Ne s’additionne ni ne se moyenne : prendre la ligne du territoire lui-même."),
        (
            "PE10",
            "calcul",
            "places d’accueil du jeune enfant fermées, cumul depuis le début de la convention.",
        ),
        ("PE09", "calcul", "Le numérateur est compté dans le dénominateur : le résultat ne dépasse pas 100 %."),
        ("AV05", "calcul", "÷ population municipale × 1 000."),
        ("PE01", "periodicite", "Annuelle ; en mars de l’année N, le dernier millésime connu est N − 2."),
        ("PE07", "periodicite", "Semestrielle ; connu dès la fin de la période, sans délai de publication."),
        ("CO06", "unite", "Sans unité."),
        ("CO02", "unite", "Euros par an."),
        ("PE09", "sens", "Une baisse est un progrès."),
        ("EN02", "periodes", "S’additionne : une année est la somme de ses mois"),
        ("PE10", "periodes", "chaque valeur contient déjà celles d’avant"),
        ("EN03", "territoires", "ne compte chacun qu’une fois"),
        ("PE03", "periodes", "est un état à une date"),
        ("CO01", "territoires", "Ne s’additionne ni ne se moyenne"),
        ("PE11", "objet", "Structures : aucun petit nombre n’est à masquer."),
        ("PE07", "objet", "Foyers : les petits nombres ne sont pas diffusés."),
        ("AD04", "objet", "au revenu, à la santé ou au handicap"),
        ("PO01", "objet", "publiés par la loi"),
        ("AD04", "limites", "MSA"),
    ],
)
def test_what_a_sheet_says(id: str, key: str, text: str) -> None:
    assert text in plain(id, key)


def test_a_sum_that_is_divided_stands_between_brackets() -> None:
    item = replace(
        indicators.get("PE02"), numerator="places_ouvertes - places_fermees", since_start=True, declared={}, factor=1
    )
    told = texts_of(sheet(item))["calcul"][0]
    assert told == (
        "(Places d’accueil du jeune enfant ouvertes − places d’accueil du jeune enfant fermées) ÷ enfants de moins de "
        "3 ans, cumul depuis le début de la convention."
    )


def test_what_the_dossier_says_of_it_is_told() -> None:
    item = indicators.get("PE01")
    assert "origine" not in texts_of(sheet(item))
    mine = texts_of(sheet(replace(item, origin="modifie", changed=("direction", "caveats"))))["origine"]
    assert mine == ["Catalogue commun, que le dossier modifie dans indicateurs.toml\u202f: le sens et les précautions."]
    assert "Défini par le dossier" in texts_of(sheet(replace(item, origin="dossier")))["origine"][0]


def test_a_judgement_has_a_scale_and_no_formula() -> None:
    item = Qualitative(
        id="QL01",
        label="x",
        theme="y",
        kind="processus",
        scale=("faible", "fort"),
        definition="Comment",
        direction="lower",
    )
    told = texts_of(sheet(item))
    assert told["echelle"] == ["faible\u202f; fort.", "Du meilleur au moins bon."]
    assert told["definition"] == ["Comment."]
    assert not {"calcul", "unite", "territoires", "periodes", "limites", "source"} & set(told)
    assert kind_word("processus") == "Processus"
