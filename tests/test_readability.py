"""The measure of how hard a text is: its formula, its syllables counted by hand, its sentences, its levels."""

from __future__ import annotations

import math

import pytest

from ctgeval import readability

# Counted by ear.
SYLLABLES = {
    "commune": 2, "territoire": 3, "petite": 2, "enfance": 2, "crèche": 1, "familles": 2, "parents": 2, "évaluation": 5,
    "convention": 3, "habitants": 3, "action": 2, "places": 1, "jeunesse": 2, "accueil": 2, "assistante": 3,
    "maternelle": 3, "années": 2, "école": 2, "scolaire": 2, "numérique": 3, "partenaire": 3, "bénévole": 3,
    "logement": 3, "mobilité": 4, "handicap": 3, "pauvreté": 3, "revenu": 3, "qualité": 3, "personnes": 2, "vie": 1,
    "sociale": 2, "amélioration": 5, "réunion": 3, "théâtre": 2, "aïeul": 2, "maïs": 2, "oiseau": 2, "eau": 1,
    "beaucoup": 2, "chiffre": 1, "question": 2, "guide": 1, "longue": 1, "pays": 2, "travail": 2, "feuille": 1,
    "vieillissement": 4, "santé": 2, "donnent": 1, "moment": 2, "souvent": 2, "agent": 2, "patient": 2, "mangent": 1,
    "le": 1, "cent": 1, "deux": 1, "œuvre": 1, "sœur": 1, "hier": 1, "pied": 1, "besoin": 2, "lien": 1, "réseau": 2,
    "créer": 2, "budget": 2, "financeur": 3, "coopération": 5, "observation": 4, "social": 2, "communauté": 4,
    "aujourd’hui": 3, "association": 5, "médiane": 3, "client": 2,
}  # fmt: skip
PLAIN = "La crèche a ouvert douze places. Les parents attendent moins longtemps. Ils le disent."
HARD = (
    "L’opérationnalisation de la contractualisation partenariale nécessite l’appropriation collective des "
    "préconisations évaluatives par l’ensemble des institutions signataires, indépendamment des temporalités "
    "administratives différenciées."
)


def test_syllables_are_those_of_speech_for_nine_words_in_ten() -> None:
    wrong = {
        word: readability.syllables(word) for word, said in SYLLABLES.items() if readability.syllables(word) != said
    }
    assert len(wrong) <= len(SYLLABLES) / 10, wrong


def test_the_score_is_that_of_kandel_and_moles() -> None:
    found = readability.measure("Le chat dort. Il a faim.")
    assert (found.words, found.sentences, found.syllables) == (6, 2, 6)
    assert found.score == pytest.approx(207 - 1.015 * 3 - 73.6 * 1)


def test_plain_words_are_easy_and_those_of_a_circular_are_not() -> None:
    assert readability.measure(PLAIN).level == "très facile"
    assert readability.measure(HARD).level == "très difficile"
    assert readability.measure(HARD).score < readability.measure(PLAIN).score


def test_sentences_end_at_stops_and_colons_and_not_at_abbreviations_nor_in_numbers() -> None:
    text = "Voir p. 12. Il y a 1 234,5 places\u202f: c’est peu\u202f; oui\u202f!\n\nAutre chose"
    told = list(readability.sentences(text))
    assert told == ["Voir p 12.", "Il y a 1 234,5 places :", "c’est peu ;", "oui !", "Autre chose"]


def test_long_sentences_are_told_and_numbers_count_for_a_word() -> None:
    long = "Et " + " puis ".join(["un mot"] * 13) + "."
    assert readability.measure(long).long_sentences == (long,)
    assert readability.measure("Il y a 26 306 habitants.").words == 5


@pytest.mark.parametrize("text", ["", "   ", "…", "123"])
def test_a_text_without_words_has_no_score(text: str) -> None:
    found = readability.measure(text)
    assert math.isnan(found.score)
    assert found.level == ""
