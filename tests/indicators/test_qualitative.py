"""Qualitative indicators: a scale that is declared, and what can't be one."""

from __future__ import annotations

from typing import Any

import pytest

from ctgeval.errors import IndicatorError
from ctgeval.indicators import qualitative

WHOLE: dict[str, Any] = {
    "nature": "jugement",
    "label": "Partenariat",
    "kind": "processus",
    "echelle": ["faible", " moyen ", "fort"],
    "definition": "Comment les partenaires travaillent ensemble.",
}


def test_a_scale_is_kept_in_the_order_of_its_declaration() -> None:
    made = qualitative.read("QL01", "Local", WHOLE)
    assert made.scale == ("faible", "moyen", "fort")
    assert (made.theme, made.direction, made.caveats) == ("Local", "higher", ())
    own = {"direction": "lower", "theme": "Autre", "caveats": ["Un."]}
    other = qualitative.read("QL01", "Local", WHOLE | own)
    assert (other.theme, other.direction, other.caveats) == ("Autre", "lower", ("Un.",))


@pytest.mark.parametrize(
    ("change", "key", "text"),
    [
        ({"echelle": ["faible"]}, "echelle", "deux niveaux"),
        ({"echelle": ["faible", "Faible "]}, "echelle", "deux fois"),
        ({"echelle": "faible"}, "echelle", "liste"),
        ({"echelle": ["faible", 3]}, "echelle", "liste"),
        ({"echelle": ["faible", " "]}, "echelle", "liste"),
        ({"unit": "%"}, "unit", "ni unité"),
        ({"numerator": "naissances"}, "numerator", "ni formule"),
        ({"echele": []}, "echele", "« echelle »"),
        ({"kind": "output"}, "kind", "contexte"),
        ({"direction": 3}, "direction", "bon type"),
        ({"theme": 3}, "theme", "bon type"),
        ({"caveats": [1]}, "caveats", "liste de textes"),
    ],
)
def test_what_is_wrong_is_told_with_its_key(change: dict[str, Any], key: str, text: str) -> None:
    with pytest.raises(IndicatorError) as raised:
        qualitative.read("QL01", "Local", WHOLE | change)
    assert [problem.key for problem in raised.value.problems] == [key]
    assert text in str(raised.value)


def test_every_missing_field_is_told_with_an_example() -> None:
    with pytest.raises(IndicatorError) as raised:
        qualitative.read("QL01", "Local", {"nature": "jugement"})
    remedies = {problem.key: problem.remedy for problem in raised.value.problems}
    assert list(remedies) == ["label", "kind", "echelle", "definition"]
    assert 'echelle = ["faible", "moyen", "fort"]' in remedies["echelle"]


def test_its_code_is_written_as_the_others() -> None:
    with pytest.raises(IndicatorError, match="forme PE01"):
        qualitative.read("partenariat", "Local", WHOLE)
