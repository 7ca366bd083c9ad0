"""Who may see a source, and the sentence that tells the rule."""

from __future__ import annotations

import pytest

from ctgeval.confidentiality import AUDIENCES, Rule, rules
from ctgeval.errors import ConfidentialityError


@pytest.mark.parametrize(
    ("diffusion", "allowed"),
    [
        ("ouverte", set(AUDIENCES)),
        ("convention", {"interne", "cotech", "copil"}),
        ("interne", {"interne"}),
        ("inconnue", {"interne"}),
    ],
)
def test_diffusion_decides_who_sees_a_source(diffusion: str, allowed: set[str]) -> None:
    assert {audience for audience in AUDIENCES if rules.allows(diffusion, audience)} == allowed


def test_rule_needs_a_founding_text_and_a_positive_threshold() -> None:
    with pytest.raises(ConfidentialityError, match="texte"):
        Rule(threshold=5, source=" ")
    with pytest.raises(ConfidentialityError, match="négatif"):
        Rule(threshold=-1, source="essai")


def test_sentence_tells_both_thresholds() -> None:
    sentence = Rule(threshold=5, sensitive_threshold=11, source="essai").sentence
    assert "entre 1 et 4" in sentence
    assert "entre 1 et 10" in sentence
    assert "Aucun seuil" in Rule(threshold=0, source="essai").sentence


def test_secret_objects_are_persons_households_and_enterprises_only() -> None:
    names = ["familles_rpe", "places_eaje", "menages_fiscaux", "structures_avs"]
    assert rules.secret_measures(names) == ("familles_rpe", "menages_fiscaux")


def test_legal_populations_are_published_by_decree_however_small() -> None:
    assert rules.secret_measures(["population_municipale"]) == ()
