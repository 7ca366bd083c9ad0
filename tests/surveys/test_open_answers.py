"""Themes proposed for open answers: the same for the same seed, with the words that made them."""

from __future__ import annotations

import importlib.util
import sys

import pytest

from ctgeval.errors import DossierError
from ctgeval.surveys.proposing import propose

TEXTS = [
    "Il manque des bus le samedi", "Pas de bus pour aller au marché", "Le bus ne passe pas",
    "Plus de places en crèche", "La crèche est complète", "Liste d’attente à la crèche",
    "Des horaires plus larges", "Des horaires du soir trop courts", "Les horaires ne vont pas avec mon travail",
] * 3  # fmt: skip
INSTALLED = importlib.util.find_spec("sklearn") is not None
needs_extra = pytest.mark.skipif(not INSTALLED, reason="needs the extra « texte » (scikit-learn)")


@needs_extra
def test_groups_are_told_with_their_words_and_the_same_each_time() -> None:
    found = propose(TEXTS, number=3)
    assert sorted(found.words["n"]) == [9, 9, 9]
    words = " ".join(found.words["words"])
    assert all(word in words for word in ("bus", "creche", "horaire"))
    # Answers that share their word are in one group, whatever their order.
    assert found.answers.groupby(found.answers["text"].str.contains("bus"))["theme"].nunique().tolist() == [2, 1]
    again = propose(TEXTS, number=3)
    assert again.answers.equals(found.answers)


@needs_extra
def test_answers_without_a_word_in_common_are_refused() -> None:
    with pytest.raises(DossierError, match="aucun mot en commun"):
        propose([f"{chr(97 + rank) * 5}" for rank in range(25)])


def test_too_few_answers_are_coded_by_hand() -> None:
    with pytest.raises(DossierError, match="au moins 20 réponses"):
        propose(TEXTS[:5])


def test_the_missing_extra_is_told_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.decomposition", None)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(DossierError, match=r"ctgeval\[texte\]"):
        propose(TEXTS)
