"""One set of rules says where the names of persons stand; strictness is what changes from a table to an answer."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, strategies as st

from ctgeval.sources.person_names import is_given, named_in


def names(text: str, *, strict: bool = False) -> list[str]:
    return [text[one.start : one.end] for one in named_in(text, strict=strict)]


@pytest.mark.parametrize(
    ("text", "plain", "strict"),
    [
        ("Mme Durand Lefèvre et DURAND Claire", ["Durand Lefèvre", "DURAND Claire"], None),
        ("Directrice Claire Martin", ["Claire Martin"], None),
        ("maître Durand, MM. Roux et Petit", ["Durand", "Roux"], None),
        ("École Jean Moulin, salle Marie Curie", [], ["Jean Moulin", "Marie Curie"]),
        ("Claire attend", [], ["Claire"]),
        ("mon fils lucas, ma fille Inès", ["Inès"], ["lucas", "Inès"]),
        ("chez Julie, avec Jean-Pierre Roux", ["Julie", "Jean-Pierre Roux"], None),
        ("à 10 m. Des travaux", [], None),
        ("Madame la directrice, Monsieur le maire", [], None),
        ("France Services et la Caf de la Vienne", [], None),
    ],
)
def test_names_are_found(text: str, plain: list[str], strict: list[str] | None) -> None:
    assert names(text) == plain
    assert names(text, strict=True) == (plain if strict is None else strict)


def test_a_civility_is_told_from_a_given_name() -> None:
    assert [one.called for one in named_in("Mme Durand, Claire Martin")] == [True, False]
    assert is_given("Jean-Pierre")
    assert not is_given("Jean-Moulin")


@given(
    st.lists(st.sampled_from(["Mme ", "Claire ", "Durand ", "école ", "fils ", "lucas ", "DURAND ", ", "]), max_size=9)
)
def test_spans_are_apart_and_strictness_only_adds(parts: list[str]) -> None:
    text = "".join(parts)
    for strict in (False, True):
        found = named_in(text, strict=strict)
        assert all(one.end <= other.start for one, other in itertools.pairwise(found))
    wide = named_in(text, strict=True)
    assert all(any(one.start <= name.start and name.end <= one.end for one in wide) for name in named_in(text))
