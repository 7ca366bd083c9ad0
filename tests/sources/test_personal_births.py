"""Days of birth are told from other days, and what they single out with a sex and a commune is told too."""

from __future__ import annotations

import datetime as dt
import random

import pytest

from ctgeval.errors import PersonalDataFound
from ctgeval.sources.personal_data import find, require_none


def days(count: int, first: int, last: int) -> list[str]:
    rng = random.Random(11)  # noqa: S311 invented data
    start, end = dt.date(first, 1, 1).toordinal(), dt.date(last, 12, 31).toordinal()
    return [dt.date.fromordinal(rng.randint(start, end)).strftime("%d/%m/%Y") for _ in range(count)]


def kinds(header: str, cells: list[str]) -> list[str]:
    return [finding.kind for finding in find({header: cells})]


@pytest.mark.parametrize("count", [20, 300, 10_000, 30_000])
def test_days_that_repeat_as_births_do_are_births_whatever_the_header(count: int) -> None:
    assert kinds("col", days(count, 1935, 2020)) == ["naissance"]


@pytest.mark.parametrize("header", ["Date de création", "DATE_OUVERTURE", "date d’effet", "Mise à jour le"])
def test_the_days_of_bodies_and_of_decisions_are_nobody_s(header: str) -> None:
    assert kinds(header, days(300, 1935, 2020)) == []


def test_days_that_repeat_or_are_recent_are_no_births() -> None:
    assert kinds("col", days(60, 1960, 2000) * 5) == []
    assert kinds("col", days(300, 2008, 2024)) == []


@pytest.mark.parametrize(
    "header", ["DATE DE NAISSANCE", "DATENAISS", "DTNAISS", "NÉ(E) LE", "Né le", "dateNaissance", "date_nais", "DDN"]
)
def test_a_header_in_capitals_glued_or_accented_says_so(header: str) -> None:
    assert kinds(header, ["01/02/1984", "31121990", "20051130", "30561"] * 3) == ["naissance"]


@pytest.mark.parametrize("sexes", [("F", "M"), ("1", "2")])
@pytest.mark.parametrize(("single", "found"), [(6, True), (5, False)])
def test_one_row_in_twenty_that_is_alone_is_too_many(sexes: tuple[str, str], single: int, found: bool) -> None:
    births = list(dict.fromkeys(days(60, 1990, 2010)))
    alone = [(births[rank], sexes[rank % 2], "86078") for rank in range(single)]
    rows = alone + [(births[20 + rank % 19], sexes[0], "86194") for rank in range(100 - single)]
    columns = dict(zip(("DATE DE NAISSANCE", "Sexe", "Code commune"), map(list, zip(*rows, strict=True)), strict=True))
    told = {finding.kind: finding for finding in find(columns)}
    assert ("combinaison" in told) is found
    if found:
        assert told["combinaison"].share == pytest.approx(0.06)
        assert told["combinaison"].examples == ()


def test_admitting_the_births_does_not_admit_what_they_single_out() -> None:
    columns = {"date de naissance": days(50, 1990, 2010), "sexe": ["1", "2"] * 25, "commune": ["86078"] * 50}
    with pytest.raises(PersonalDataFound) as caught:
        require_none(columns, file="a.csv", admitted={"date de naissance": "dates inventées"})
    assert [problem.column for problem in caught.value.problems] == ["sexe"]
    notes = require_none(
        columns, file="a.csv", admitted=dict.fromkeys(("date de naissance", "sexe"), "dates inventées")
    )
    assert [("réunis" in note, "dates inventées" in note) for note in notes] == [(False, True), (True, True)]
