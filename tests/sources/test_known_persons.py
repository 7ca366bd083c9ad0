"""A family name alone is looked for once the dossier has said whose it is."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, strategies as st

from ctgeval.sources.known_persons import known_persons, persons_in


def known(*sentences: str, bodies: tuple[str, ...] = ()) -> set[str]:
    return set(known_persons({"journal": pd.DataFrame({"texte": list(sentences)})}, bodies=bodies))


@pytest.mark.parametrize(
    ("sentence", "names"),
    [
        ("Départ de Mme Durand", {"Durand"}),
        ("Directrice Claire Durand recrutée", {"Claire Durand", "Durand"}),
        ("Animé par DURAND Claire", {"DURAND Claire", "DURAND"}),
        ("Vu avec M. Le Goff", {"Le Goff"}),
        ("Vu avec Marie Martin", {"Marie Martin", "Martin"}),
        ("Chez Jean-Pierre Lefèvre", {"Jean-Pierre Lefèvre", "Lefèvre"}),
        ("Vu avec Mme Martin et son fils Lucas", {"Martin"}),
        ("Écrire à Mme Durand : claire.durand@ccva.example.", {"Durand"}),
        ("Vu avec la Caf de la Vienne et l’école Jean Moulin", set()),
    ],
)
def test_a_name_gives_the_family_name(sentence: str, names: set[str]) -> None:
    assert known(sentence) == names


def test_what_would_be_found_everywhere_is_kept_in_the_whole_name_only() -> None:
    assert known("Un petit banc", "Vu avec Louis Petit") == {"Louis Petit"}
    assert known("Vu avec Claire Charroux", bodies=("Charroux",)) == {"Claire Charroux"}
    assert known("Compagnie Claire Durand : 12 ateliers", bodies=("Compagnie Claire Durand",)) == set()


def test_other_texts_and_other_columns_are_read_but_not_the_origin() -> None:
    frame = pd.DataFrame({"n": [1], "pilote": ["Mme Durand"], "origin": ["Mme Untel"]})
    assert known_persons({"actions": frame}, texts=["Dit par M. Benali"]) == {"Durand", "Benali"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Le relais est repris par Durand.", ("Durand",)),
        ("Reprise par DURAND", ("Durand",)),
        ("Claire Durand anime, puis Durand seule", ("Claire Durand", "Durand")),
        ("un durand parmi d’autres ; Durand", ()),
        ("Repris par Durand (claire.durand@ccva.example)", ("Durand",)),
        ("un durand, Durand, claire.durand@ccva.example", ()),
        ("École Durand, rue de Durand, Saint-Durand", ()),
        ("Durandal et Mendurand", ()),
        ("Lefevre et LEFÈVRE", ("Lefèvre",)),
    ],
)
def test_known_names_are_found_in_a_text(text: str, found: tuple[str, ...]) -> None:
    assert persons_in(text, frozenset({"Durand", "Claire Durand", "Lefèvre"})) == found


@given(st.text(max_size=60), st.text(max_size=60))
def test_a_whole_name_is_found_whatever_stands_around(before: str, after: str) -> None:
    text = f"{before} . Claire Durand . {after}"
    assert "Claire Durand" in persons_in(text, frozenset({"Durand", "Claire Durand"}))
