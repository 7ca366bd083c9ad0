"""The columns of a table: as wide as their letters, never narrower than a word, never wider than the page."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, strategies as st

from ctgeval.report.formats import content, widths
from tests.examples import examples
from tests.report.formats.documents import document

CELL = st.text("ab ", max_size=150)
ROWS = st.integers(1, 9).flatmap(lambda count: st.lists(st.tuples(*[CELL] * count), min_size=1, max_size=5))


def _table(rows: Sequence[Sequence[str]]) -> content.Element:
    cells = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return next(content.tree(document(f"<table>{cells}</table>")).iter("table"))


@examples(50)
@given(ROWS)
def test_the_columns_fit_in_the_page(rows: Sequence[Sequence[str]]) -> None:
    shares = widths.columns(_table(rows))
    assert len(shares) == len(rows[0])
    assert min(shares) > 0
    assert sum(shares) <= 1 + 1e-9


def test_a_short_table_takes_the_place_of_its_letters_and_no_more() -> None:
    assert widths.columns(_table([["Poitiers", "60,6"], ["Civray", "8"]])) == pytest.approx([10 / 98, 6 / 98])


def test_a_long_text_leaves_its_word_to_each_other_column() -> None:
    first, second = widths.columns(_table([["mot " * 200, "anticonstitutionnel"]]))
    assert second == pytest.approx(21 / 98)
    assert first == pytest.approx(62 / 98)


def test_the_widths_are_written_once_after_the_caption() -> None:
    raw = "<table><caption>c</caption><tr><td>a</td><td>bcd</td></tr></table>"
    table = next(content.tree(document(raw)).iter("table"))
    for _ in range(2):
        assert widths.settle(table) == pytest.approx(8 / 98)
    assert [one.tag for one in table] == ["caption", "colgroup", "tbody"]
    assert [one.get("style") for one in table[1]] == ["width: 37.5%", "width: 62.5%"]
