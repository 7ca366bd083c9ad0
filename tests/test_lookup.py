from __future__ import annotations

import pytest

import ctgeval
from ctgeval import lookup


def test_a_term_of_the_glossary_comes_before_the_indicators_that_speak_of_it() -> None:
    found = ctgeval.help("taux de couverture")
    assert (found.entries[0].id, found.entries[0].title) == ("", "Taux de couverture")
    assert "PE01" in [one.id for one in found.entries]


@pytest.mark.parametrize("words", ["pe01", " PE01 "])
def test_the_id_of_an_indicator_gives_its_whole_sheet(words: str) -> None:
    found = ctgeval.help(words)
    assert [one.id for one in found.entries] == ["PE01"]
    assert "Observatoire national de la petite enfance" in str(found)
    assert "PE01" in found._repr_html_()


def test_accents_capitals_and_order_of_words_do_not_matter() -> None:
    asked = [[one.id for one in ctgeval.help(words).entries] for words in ("Médiane NIVEAU", "niveau mediane")]
    assert asked[0] == asked[1]
    assert "CO02" in asked[0]


def test_what_is_not_found_is_said_with_what_looks_like_it() -> None:
    found = ctgeval.help("pauvrté")
    assert found.entries == ()
    assert "pauvrete" in found.near
    assert "Rien n’a été trouvé" in str(found)
    assert "pauvrete" in found._repr_html_()
    assert str(ctgeval.help("zzzzqq")).endswith("»\u202f.") or str(ctgeval.help("zzzzqq")).endswith("».")


@pytest.mark.parametrize("words", ["", "  ", "…"])
def test_no_word_at_all_tells_how_to_ask(words: str) -> None:
    assert "ctgeval.help" in str(ctgeval.help(words)) or "Rien" in str(ctgeval.help(words))


def test_the_indicators_of_a_dossier_may_be_searched_and_html_is_escaped() -> None:
    assert lookup.help("PE01", items={}).entries == ()
    assert "<b>" not in ctgeval.help("<b>")._repr_html_()
    assert len(ctgeval.help("e").entries) == 12
