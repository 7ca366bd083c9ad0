from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pytest

from ctgeval.confidentiality.forms import Cell, Form
from ctgeval.confidentiality.release_forms import forms
from ctgeval.indicators import definition
from ctgeval.indicators.compute import RESULT_COLUMNS

YEAR = (dt.date(2023, 1, 1), dt.date(2023, 12, 31))
GROUND = frozenset({"COM-86078", "COM-86103"})
CATALOGUE = definition.catalogue()
COUNT = next(one for one in CATALOGUE.values() if len(one.numerator_terms) == 1 and not one.denominator_terms
             and one.nature != "publie")  # fmt: skip
RATE = next(one for one in CATALOGUE.values() if len(one.numerator_terms) == 1 and len(one.denominator_terms) == 1
            and one.nature != "publie")  # fmt: skip


@dataclass
class Release:
    rows: list[dict[str, Any]]
    members: dict[str, list[str]] = field(default_factory=lambda: {"EPCI-1": sorted(GROUND)})

    def table(self, name: str) -> pd.DataFrame:
        if name == "members":
            rows = [(geo, commune) for geo, parts in self.members.items() for commune in parts]
            return pd.DataFrame(rows, columns=["geo", "commune"])
        base = dict.fromkeys(RESULT_COLUMNS) | {"geo": "EPCI-1", "time_period": "2023", "conf_status": "F"}
        return pd.DataFrame([base | row for row in self.rows], columns=[*RESULT_COLUMNS])


def told(*rows: dict[str, Any]) -> tuple[Form, ...]:
    return forms(Release(list(rows)), catalogue=CATALOGUE)


def test_a_count_says_what_it_counts_on_its_communes() -> None:
    (one,) = told({"indicator": COUNT.id, "value": 12.0, "low": 12.0, "high": 12.0, "numerator": 12.0})
    ((cell, factor),) = one.terms
    assert isinstance(cell, Cell)
    assert (factor, one.low, one.high, one.masked) == (1.0, 12.0, 12.0, False)
    assert (cell.measure, cell.geo, cell.ground) == (COUNT.numerator_terms[0][1], "EPCI-1", GROUND)
    assert cell.end == YEAR[1]
    assert (one.indicator, one.geo, one.time_period) == (COUNT.id, "EPCI-1", "2023")


def test_a_rounded_count_says_its_interval() -> None:
    (one,) = told({"indicator": COUNT.id, "value": 10.0, "low": 8.0, "high": 14.0})
    assert (one.low, one.high) == (8.0, 14.0)


def test_a_mark_says_nothing_but_itself() -> None:
    (one,) = told({"indicator": COUNT.id, "conf_status": "C"})
    assert (one.masked, one.low, one.high) == (True, 0.0, math.inf)
    (rate,) = told({"indicator": RATE.id, "conf_status": "C"})
    assert (rate.masked, rate.terms[0][0].measure) == (True, RATE.numerator_terms[0][1])


def test_a_rate_says_its_two_counts() -> None:
    part, whole = told({"indicator": RATE.id, "value": 40.0, "numerator": 12.0, "denominator": 30.0})
    assert [(one.terms[0][0].measure, one.low) for one in (part, whole)] == [
        (RATE.numerator_terms[0][1], 12.0),
        (RATE.denominator_terms[0][1], 30.0),
    ]


def test_a_rate_without_its_counts_speaks_of_itself() -> None:
    (one,) = told({"indicator": RATE.id, "value": 40.0})
    assert (one.terms[0][0].measure, one.low, one.high) == (RATE.id, 40.0, 40.0)


@pytest.mark.parametrize("row", [{}, {"low": -math.inf, "high": math.inf}, {"value": math.nan}])
def test_a_row_without_a_figure_says_nothing(row: dict[str, Any]) -> None:
    assert told({"indicator": COUNT.id, **row}) == ()


def test_an_unknown_indicator_speaks_of_itself_on_its_own_ground() -> None:
    (one,) = told({"indicator": "MOI1", "value": 3.0, "geo": "COM-86999"})
    assert one.terms[0][0] == Cell("MOI1", "COM-86999", frozenset({"COM-86999"}), *YEAR, one.terms[0][0].category)
