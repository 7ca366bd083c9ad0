"""A source is late from the day after its periodicity has gone by."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, strategies as st

from ctgeval.config.models import GabaritConfig, SourceConfig, SourcePeriodicity
from ctgeval.report.schedule.freshness import MONTHS, late, later

DAY = dt.date(2026, 3, 15)


def source(
    periodicity: SourcePeriodicity | None, updated: dt.date | None, gabarit: GabaritConfig | None = None
) -> SourceConfig:
    return SourceConfig(cle="caf", periodicite=periodicity, mise_a_jour=updated, gabarit=gabarit)


@pytest.mark.parametrize(
    ("periodicity", "updated", "due"),
    [
        ("mensuelle", dt.date(2026, 1, 31), dt.date(2026, 2, 28)),
        ("trimestrielle", dt.date(2025, 11, 30), dt.date(2026, 2, 28)),
        ("semestrielle", dt.date(2025, 8, 31), dt.date(2026, 2, 28)),
        ("annuelle", dt.date(2024, 2, 29), dt.date(2025, 2, 28)),
        ("scolaire", dt.date(2024, 9, 1), dt.date(2025, 9, 1)),
        ("quinquennale", dt.date(2020, 12, 31), dt.date(2025, 12, 31)),
    ],
)
def test_a_source_is_late_the_day_after_its_term(
    periodicity: SourcePeriodicity, updated: dt.date, due: dt.date
) -> None:
    assert late([source(periodicity, updated)], due) == ()
    (found,) = late([source(periodicity, updated)], due + dt.timedelta(days=1))
    assert (found.source, found.updated, found.due) == ("caf", updated, due)
    assert found.sentence.startswith(f"caf ({periodicity}) : mise à jour du ")


def test_a_source_without_a_periodicity_is_never_late() -> None:
    assert late([source(None, dt.date(1990, 1, 1)), source(None, None)], DAY) == ()


def test_a_periodicity_without_a_date_can_t_be_judged_and_is_told() -> None:
    (found,) = late([source("annuelle", None)], DAY)
    assert found.due is None
    assert "n’est pas écrite" in found.sentence


def test_a_workbook_has_the_periodicity_that_it_asks_for_unless_its_source_says_another() -> None:
    asked = GabaritConfig(periodicite="semestrielle")
    assert [one.periodicity for one in late([source(None, dt.date(2025, 1, 1), asked)], DAY)] == ["semestrielle"]
    assert late([source("quinquennale", dt.date(2025, 1, 1), asked)], DAY) == ()
    assert late([source(None, None, asked)], DAY) == ()


@given(st.dates(dt.date(1990, 1, 1), dt.date(2090, 1, 1)), st.sampled_from(sorted(MONTHS.values())))
def test_months_later_is_that_many_months_later(day: dt.date, months: int) -> None:
    found = later(day, months)
    assert (found.year - day.year) * 12 + found.month - day.month == months
    assert found.day == day.day or (found.day < day.day and (found + dt.timedelta(days=1)).day == 1)
