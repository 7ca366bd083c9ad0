"""Periods: spellings, order, comparisons with one another and with a date."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given, strategies as st

from ctgeval import periods
from ctgeval.errors import PeriodError

YEARS = st.integers(1990, 2060)
PERIODS = st.one_of(
    YEARS.map(str),
    st.builds("{}-S{}".format, YEARS, st.integers(1, 2)),
    st.builds("{}-Q{}".format, YEARS, st.integers(1, 4)),
    st.builds("{}-{:02d}".format, YEARS, st.integers(1, 12)),
    YEARS.map(lambda year: f"{year}-{year + 1}"),
)


@pytest.mark.parametrize(
    ("text", "spelling", "first", "last", "frequency"),
    [
        ("2021", "2021", date(2021, 1, 1), date(2021, 12, 31), "A"),
        (2021, "2021", date(2021, 1, 1), date(2021, 12, 31), "A"),
        ("2021-S1", "2021-S1", date(2021, 1, 1), date(2021, 6, 30), "S"),
        (" 2021-s2 ", "2021-S2", date(2021, 7, 1), date(2021, 12, 31), "S"),
        ("2021-Q3", "2021-Q3", date(2021, 7, 1), date(2021, 9, 30), "Q"),
        ("2021-T3", "2021-Q3", date(2021, 7, 1), date(2021, 9, 30), "Q"),
        ("2021-09", "2021-09", date(2021, 9, 1), date(2021, 9, 30), "M"),
        ("2024-02", "2024-02", date(2024, 2, 1), date(2024, 2, 29), "M"),
        ("2021-2022", "2021-2022", date(2021, 9, 1), date(2022, 8, 31), "SCOLAIRE"),
        ("1999-2000", "1999-2000", date(1999, 9, 1), date(2000, 8, 31), "SCOLAIRE"),
    ],
)
def test_each_spelling_is_read(text: str | int, spelling: str, first: date, last: date, frequency: str) -> None:
    assert periods.parse(text) == periods.Period(spelling, first, last, frequency)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2017-2021", ["année scolaire", "2017-2018"]),
        ("2021-2021", ["ne se suivent pas"]),
        ("2022-2021", ["ne se suivent pas"]),
        ("2021-S3", ["semestre 3", "S1 ou S2"]),
        ("2021-S0", ["semestre 0"]),
        ("2021-Q5", ["trimestre 5", "Q1 à Q4"]),
        ("2021-13", ["mois 13", "de 01 à 12"]),
        ("2021-00", ["mois 0"]),
        ("2021-9", ["2021-09"]),
        ("0021", ["pas plausible"]),
        ("", ["2021-S1"]),
        ("hier", ["2021-S1", "valeur lue « hier »"]),
        ("2021.0", ["2021-S1"]),
        ("2021-09-15", ["2021-S1"]),
        ("٢٠٢١", ["2021-S1"]),
    ],
)
def test_what_is_no_period_is_refused_with_a_remedy(text: str, words: list[str]) -> None:
    with pytest.raises(PeriodError) as caught:
        periods.parse(text)
    assert all(word in str(caught.value) for word in words)
    assert caught.value.problem.remedy
    assert not periods.is_period(text)


def test_order_is_that_of_the_ends_then_of_the_starts() -> None:
    texts = ["2022", "2021-2022", "2021-Q4", "2021", "2021-12", "2020", "2021-S1"]
    assert periods.sort(texts) == ["2020", "2021-S1", "2021", "2021-Q4", "2021-12", "2021-2022", "2022"]
    assert periods.latest(texts) == "2022"


def test_no_latest_among_none() -> None:
    with pytest.raises(PeriodError, match="Aucune période"):
        periods.latest([])


def test_year_is_that_of_the_end() -> None:
    assert periods.year("2021-2022") == 2022
    assert periods.year("2021-S1") == 2021


@pytest.mark.parametrize(
    ("text", "day", "expected"),
    [
        ("2021", date(2022, 1, 1), "avant"),
        ("2021", date(2021, 12, 31), "a_cheval"),
        ("2021", date(2021, 1, 1), "apres"),
        ("2021", date(2021, 1, 2), "a_cheval"),
        ("2022-S1", date(2021, 9, 1), "apres"),
        ("2021-2022", date(2022, 1, 1), "a_cheval"),
    ],
)
def test_position_relative_to_a_date(text: str, day: date, expected: str) -> None:
    assert periods.position(text, day) == expected


def test_overlap_and_containment() -> None:
    assert periods.overlap("2021-2022", "2022")
    assert not periods.overlap("2021-S1", "2021-S2")
    assert periods.contains("2021", "2021-Q3")
    assert not periods.contains("2021", "2021-2022")


def test_a_column_is_normalised_and_keeps_its_missing_values() -> None:
    column = pd.Series(["2021-t3", "2021", None, "2021-t3"], index=[3, 1, 4, 9], name="time_period", dtype="str")
    found = periods.normalise_series(column)
    assert found.dropna().tolist() == ["2021-Q3", "2021", "2021-Q3"]
    assert found.isna().tolist() == [False, False, True, False]
    assert (found.index == column.index).all()
    assert found.name == "time_period"
    with pytest.raises(PeriodError):
        periods.normalise_series(pd.Series(["2021", "n.d."]))
    assert periods.normalise_series(pd.Series([], dtype="str")).empty


@given(PERIODS)
def test_parsing_is_stable_and_the_span_is_not_empty(text: str) -> None:
    period = periods.parse(text)
    assert periods.parse(period.text) == period
    assert period.start < period.end
    assert periods.contains(text, text)
    assert periods.position(text, period.start) == "apres"
    assert periods.position(text, period.end + timedelta(days=1)) == "avant"


@given(PERIODS, PERIODS)
def test_overlap_is_symmetric_and_follows_from_containment(a: str, b: str) -> None:
    assert periods.overlap(a, b) == periods.overlap(b, a)
    if periods.contains(a, b):
        assert periods.overlap(a, b)
        assert periods.sort_key(b)[0] <= periods.sort_key(a)[0]
