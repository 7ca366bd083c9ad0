"""Names, telephones, addresses and small places leave an answer in prose; what it says stays."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from ctgeval.surveys.scrubbing import scrub

PLACES = ("Montarvel", "Saint-Hilon")


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Appelez Mme Durand au 06 12 34 56 78.", "Appelez Mme [nom] au [téléphone]."),
        ("écrire à jean.dupont@exemple.fr", "écrire à [courriel]"),
        ("J’habite 12 rue des Lilas, au fond.", "J’habite [adresse], au fond."),
        ("son fils lucas attend", "son fils [prénom] attend"),
        ("Marie-Claire Dupont m’a aidée", "[prénom] [nom] m’a aidée"),
        ("La directrice Claire Martin et DURAND Claire", "La directrice [prénom] [nom] et [nom]"),
        ("Directrice Claire Martin", "Directrice [prénom] [nom]"),
        ("maître Durand, mme Durand", "maître [nom], mme [nom]"),
        ("devant l’école Jean Moulin", "devant l’école [prénom] [nom]"),
        ("FR76 3000 6000 0112 3456 7890 189", "[numéro]"),
        ("allocataire 1234567", "allocataire [numéro]"),
        ("un bus entre montarvel et saint hilon", "un bus entre [commune] et [commune]"),
    ],
)
def test_what_tells_of_somebody_goes(text: str, left: str) -> None:
    assert scrub(text, places=PLACES) == left


@pytest.mark.parametrize(
    "text",
    [
        "Le samedi matin, France services est fermé.",
        "Monsieur le maire a promis 3 places en 2025.",
        "On habite loin, route de Poitiers, à 25 minutes.",
        "La rose du jardin est fanée.",
    ],
)
def test_the_rest_stays(text: str) -> None:
    assert scrub(text, places=PLACES) == text


@given(st.text(max_size=80))
def test_scrubbing_twice_changes_nothing_more(text: str) -> None:
    once = scrub(text, places=PLACES)
    assert "@" not in once or "[courriel]" in once or "@" in text
    assert scrub(once, places=PLACES) == once


def test_a_family_name_alone_goes_when_another_answer_said_whose_it_is() -> None:
    said = "Durand ferme à midi, le petit durand aussi ; Roux est ouvert."
    assert scrub(said) == said
    assert (
        scrub("Durand ferme à midi ; Roux est ouvert.", persons=frozenset({"Durand"}))
        == "[nom] ferme à midi ; Roux est ouvert."
    )
