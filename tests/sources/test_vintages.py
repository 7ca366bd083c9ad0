"""Which days a figure describes, and which vintages compare: the rules of Insee and of the Caf."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, strategies as st

from ctgeval.errors import PeriodError, SourceError
from ctgeval.sources import formats
from ctgeval.sources.vintages import BPE, BPE_PAIRS, CAF, CENSUS, FILOSOFI, PLAIN, RULES, Vintages, rules

YEARS = st.integers(1990, 2080).map(str)


@pytest.mark.parametrize(
    ("rule", "period", "first", "last"),
    [
        (PLAIN, "2021", "2021-01-01", "2021-12-31"),
        (CENSUS, "2018", "2016-01-01", "2020-12-31"),
        (CENSUS, "2021-S1", "2021-01-01", "2021-06-30"),
        (CAF, "2021", "2021-12-01", "2021-12-31"),
        (CAF, "2021-2022", "2021-09-01", "2022-08-31"),
        (BPE, "2023", "2023-01-01", "2023-01-01"),
        (FILOSOFI, "2021", "2021-01-01", "2021-12-31"),
    ],
)
def test_a_label_is_not_always_the_days_that_it_describes(rule: Vintages, period: str, first: str, last: str) -> None:
    assert rule.span(period) == (dt.date.fromisoformat(first), dt.date.fromisoformat(last))


@pytest.mark.parametrize(
    ("rule", "first", "second", "because"),
    [
        (CENSUS, "2018", "2023", ""),
        (CENSUS, "2018", "2022", "cinq années d’enquêtes"),
        (CENSUS, "2022", "2018", "cinq années d’enquêtes"),
        (CENSUS, "2018", "2018", ""),
        (BPE, "2018", "2023", "BPE en évolution"),
        (BPE_PAIRS, "2018", "2023", ""),
        (BPE_PAIRS, "2018", "2024", "cinq ans"),
        (FILOSOFI, "2016", "2018", ""),
        (PLAIN, "2020", "2021", ""),
    ],
)
def test_vintages_that_share_surveys_do_not_compare(rule: Vintages, first: str, second: str, because: str) -> None:
    said = rule.objection(first, second)
    assert bool(said) == bool(because)
    assert because in said


def test_a_broken_series_says_what_changed() -> None:
    broken = Vintages(name="essai", breaks=((2021, "le répertoire a changé."),))
    assert broken.objection("2020", "2021") == "La série est rompue en 2021 : le répertoire a changé."
    assert broken.objection("2021", "2025") == ""
    assert broken.objection("2015", "2020") == ""


@given(YEARS, YEARS)
def test_census_vintages_that_compare_share_no_survey(first: str, second: str) -> None:
    (_, end), (start, _) = (CENSUS.span(year) for year in sorted([first, second]))
    assert bool(CENSUS.objection(first, second)) == (first != second and end >= start)
    assert CENSUS.objection(first, second) == CENSUS.objection(second, first)


def test_a_caf_figure_is_provisional_for_six_months() -> None:
    assert CAF.provisional("2023", dt.date(2024, 3, 1))
    assert not CAF.provisional("2023", dt.date(2024, 6, 30))
    assert not CAF.provisional("2023", None)
    assert not PLAIN.provisional("2023", dt.date(2024, 1, 1))


def test_what_can_t_be_read_is_told() -> None:
    with pytest.raises(PeriodError):
        CENSUS.span("hier")
    with pytest.raises(SourceError, match="recencement") as caught:
        rules("recencement")
    assert "recensement" in caught.value.problem.remedy


def test_each_reader_says_how_its_vintages_compare() -> None:
    known = formats()
    assert known["insee.population"].rules("population_municipale") is CENSUS
    assert known["insee.filosofi"].rules("niveau_vie_median").last == 2021
    assert known["caf.taux_couverture"].rules("taux_couverture_global").moment == "decembre"
    assert all(rule in RULES.values() for each in known.values() for rule in each.vintages.values())
