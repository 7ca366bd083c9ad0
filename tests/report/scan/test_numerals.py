"""Numbers as French readers write them, and what only looks like one."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from ctgeval import french
from ctgeval.report.scan.numerals import is_figure, numerals


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("7\u202f919", [7919]),
        ("7 919 familles", [7919]),
        ("7919", [7919]),
        ("12,5", [12.5]),
        ("12.5", [12.5]),
        ("\u2212373", [-373]),
        ("41,1\u202f% (de 33,0 à 49,7\u202f% ; 53 sur 129)", [41.1, 33.0, 49.7, 53, 129]),
        ("2.461e3", [2461]),
        ("18\u202f850\u00a0€", [18850]),
        ("3e sur 5", [5]),
        ("1\u202f053e sur 1\u202f241, 1er ou 2es", [1241]),
        ("1e5", [100000]),
        ("12 novembre 2025", []),
        ("S1 2022", []),
        ("T4 2025", []),
        ("2021-S1", []),
        ("A01, PE07 et M2461", []),
        ("10/128", []),
        ("01/06/2024", []),
        ("à 18 h 30", []),
        ("", []),
    ],
)
def test_numbers_of_a_text(text: str, values: list[float]) -> None:
    assert [told.value for told in numerals(text)] == values


@given(st.floats(min_value=-1e6, max_value=1e6, allow_nan=False), st.integers(0, 4))
def test_what_the_house_writes_is_read_again(number: float, decimals: int) -> None:
    (told,) = numerals(french.number(number, decimals))
    assert told.shows(number)
    assert not told.shows(number + 2.1 * 10.0**-decimals) or abs(number) < 2.2 * 10.0**-decimals


@pytest.mark.parametrize(
    ("text", "figure"),
    [
        ("12", True), ("de 1 à 4", True), ("au moins 3", True), ("+0,79 par an", True), ("en hausse de 3 points", True),
        ("\u2212373", True), ("41,1 % (p)", True), ("12 novembre 2025", False), ("A01 – Ouvrir 2 micro-crèches", False),
        ("non diffusable", False), ("S1 2022", False), ("–", False), ("", False),
    ],
)  # fmt: skip
def test_figures_and_sentences(text: str, figure: bool) -> None:
    assert is_figure(text) is figure
