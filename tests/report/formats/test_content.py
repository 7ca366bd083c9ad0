"""The tree of a content: whatever a notebook wrote comes back, and nothing is lost on the way to paper."""

from __future__ import annotations

import pytest
from hypothesis import given

from ctgeval.errors import ReportError
from ctgeval.report.formats import content
from tests.report.formats.documents import ALTERNATIVE, PIECES, document


@given(PIECES)
def test_whatever_was_cleaned_can_be_read_back(pieces: list[str]) -> None:
    root = content.reading(content.tree(document("".join(pieces))))
    assert root.tag == "div"
    assert not list(root.iter("details"))
    assert not [one for one in root.iter("a") if one.get("href", "").startswith("data:")]


def test_nothing_is_lost_but_the_downloads_and_what_a_caption_says_again() -> None:
    before, after = (content.tree(document()) for _ in range(2))
    content.reading(after)
    said = content.text(before)
    for lost in ("Télécharger le tableau (CSV)", "Les valeurs en tableau"):
        assert lost in said
        said = said.replace(lost, "")
    assert "".join(content.text(after).split()) == "".join(said.split())


def test_a_drawing_keeps_the_names_that_svg_writes_in_two_cases() -> None:
    drawing = next(content.tree(document()).iter("svg"))
    assert drawing.get("viewBox") == "0 0 380 120"
    assert content.alternative(drawing) == ALTERNATIVE


def test_an_element_is_taken_out_and_the_text_around_it_stays() -> None:
    root = content.tree(document("<p>a<em>b</em>c<em>d<i>e</i>f</em>g</p>"))
    first, second = root.iter("em")
    content.without(root, first)
    content.unwrap(root, second)
    assert content.markup(root) == "<div><p>acd<i>e</i>fg</p></div>"


@pytest.mark.parametrize("raw", ["<dl><div><dt>a</dt><dd>b</dd></div></dl>", "<dl><dt>a</dt><dd>b</dd></dl>"])
def test_terms_are_told_with_their_meaning_however_they_are_written(raw: str) -> None:
    (terms,) = content.tree(document(raw)).iter("dl")
    assert [[content.text(one) for one in group] for group in content.groups(terms)] == [["a", "b"]]


def test_several_terms_and_several_meanings_go_together() -> None:
    (terms,) = content.tree(document("<dl><dt>a</dt><dt>b</dt><dd>c</dd><dd>d</dd><dt>e</dt></dl>")).iter("dl")
    assert ["".join(content.text(one) for one in group) for group in content.groups(terms)] == ["abcd", "e"]


def test_what_was_not_cleaned_is_refused() -> None:
    with pytest.raises(ReportError, match="ne peut pas être relu"):
        content.tree(document(contenu="<p><b></p>"))


@pytest.mark.parametrize("box", ["0 0 0 0", "a b c d", "0 0 9", "0 0 1e9 1e9", "0 0 999999 1", "0 0 -9 9", ""])
def test_a_drawing_whose_size_is_none_has_none(box: str) -> None:
    drawing = next(content.tree(document(f"<svg viewBox='{box}' width='1e9' height='12'></svg>")).iter("svg"))
    assert drawing.attrib == {"height": "12"}


def test_a_drawing_in_a_shape_is_closed_before_it() -> None:
    root = content.tree(document("<svg viewBox='0 0 9 9'><path d='M0 0'><svg viewBox='0 0 9 9'></svg></path></svg>"))
    assert [one.tag for one in root.iter()] == ["div", "svg", "path", "svg"]


def test_what_is_too_deep_is_refused_before_it_stops_what_lays_it_out() -> None:
    with pytest.raises(ReportError, match="plus de 100 blocs les uns dans les autres"):
        content.tree(document("<div>" * 120 + "a"))


def test_the_rows_of_a_table_are_not_those_of_the_table_in_its_cell() -> None:
    raw = "<table><thead><tr><th>a</th></tr></thead><tr><td>b<table><tr><td>c</td></tr></table></td></tr></table>"
    outer, inner = content.tree(document(raw)).iter("table")
    assert [content.text(row) for row in content.rows(outer)] == ["a", "bc"]
    assert [content.text(row) for row in content.rows(inner)] == ["c"]
