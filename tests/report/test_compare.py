"""Two releases, figure by figure: each way of differing, and nothing told that is masked."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from ctgeval.indicators.table import RESULT_COLUMNS
from ctgeval.report.compare import KINDS, Comparison, Figure, compare, counts

EPCI, COMMUNE = "EPCI-200070035", "COM-86078"
NAN = math.nan


@dataclass
class Release:
    """What `compare` reads of a release."""

    rows: list[dict[str, Any]]
    meta: dict[str, Any] = field(default_factory=lambda: {"perimetre": 2024})
    format: str = ""

    @property
    def results(self) -> pd.DataFrame:
        return pd.DataFrame(self.rows, columns=list(RESULT_COLUMNS))

    @property
    def indicators(self) -> pd.DataFrame:
        labels = {"PE01": "Couverture", "PE07": "Familles", "AV04": "Part"}
        units = {"PE01": "%", "PE07": "familles", "AV04": "%"}
        return pd.DataFrame(
            [{"id": name, "label": label, "unit": units[name], "decimals": "1"} for name, label in labels.items()]
        )

    @property
    def territories(self) -> pd.DataFrame:
        return pd.DataFrame({"geo": [EPCI, COMMUNE], "name": ["CC du Civraisien", "Civray"]})

    @property
    def sources(self) -> pd.DataFrame:
        return pd.DataFrame([{"cle": "s", "format": self.format}])


def row(value: float = NAN, *, period: str = "2024", indicator: str = "PE07", **fields: Any) -> dict[str, Any]:
    told = {"indicator": indicator, "geo": EPCI, "time_period": period, "value": value, "low": value, "high": value,
            "ci_low": NAN, "ci_high": NAN, "conf_status": "F", "obs_status": "A", "source": "s", "sexe": "", "age": "",
            "structure": "", "action": "", "financeur": ""}  # fmt: skip
    return told | fields


def masked(period: str = "2024", **fields: Any) -> dict[str, Any]:
    return row(period=period, conf_status="C", **fields)


def between(before: list[dict[str, Any]], after: list[dict[str, Any]], **options: Any) -> Comparison:
    return compare(Release(before), Release(after), **options)  # type: ignore[arg-type]


def only(found: Comparison) -> tuple[str, Figure | None, Figure | None]:
    (one,) = found.differences
    return one.kind, one.before, one.after


def test_a_release_does_not_differ_from_itself() -> None:
    rows = [
        row(12.0),
        row(NAN, period="2023", low=NAN, high=NAN),
        masked("2022"),
        row(NAN, period="2021", low=1, high=4),
    ]
    found = between(rows, rows)
    assert found.same
    assert (found.unchanged, found.masked) == (2, 1)


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        # The intervals of chance do not meet.
        (row(20, ci_low=15, ci_high=25), row(40, period="2025", ci_low=33, ci_high=47), "bouge"),
        # They do.
        (row(20, ci_low=15, ci_high=25), row(26, period="2025", ci_low=20, ci_high=32), "nouvelle_periode"),
        # Counted without any margin: one more is one more.
        (row(20), row(21, period="2025"), "bouge"),
        (row(20), row(20, period="2025"), "nouvelle_periode"),
        # Rounded by the source, on both sides of one value.
        (row(20, low=18, high=24), row(24, period="2025", low=22, high=28), "nouvelle_periode"),
        # Known between two bounds only, and beyond them.
        (row(NAN, low=1, high=4), row(9, period="2025"), "bouge"),
        # The period of another frequency is the first of its series.
        (row(20), row(40, period="2025-S1"), "apparu"),
        # An earlier year that comes late is no movement.
        (row(20), row(40, period="2019"), "apparu"),
        (row(20), row(21), "revise"),
        (row(20, low=18, high=24), row(20), "revise"),
        (row(20, ci_low=15, ci_high=25), row(20, ci_low=16, ci_high=24), "revise"),
        (row(20), masked(), "masque"),
        (masked(), row(20), "demasque"),
        # What is not available is no figure.
        (row(NAN), row(20), "apparu"),
        (row(20), row(NAN), "disparu"),
    ],
)
def test_each_way_of_differing(before: dict[str, Any], after: dict[str, Any], kind: str) -> None:
    stays = [before] if after["time_period"] != before["time_period"] else []
    found = between([before], [*stays, after])
    assert only(found)[0] == kind
    assert not found.same
    assert counts(found.differences)[found.differences[0].kind] == 1


def test_a_movement_is_told_with_the_last_period_known_before() -> None:
    found = between([row(10, period="2022"), row(20)], [row(10, period="2022"), row(20), row(40, period="2025")])
    kind, before, after = only(found)
    assert kind == "bouge"
    assert before is not None
    assert after is not None
    assert (before.time_period, before.value, after.time_period, after.value) == ("2024", 20, "2025", 40)
    assert found.unchanged == 2


def test_vintages_that_share_surveys_are_not_said_to_move() -> None:
    before = Release([row(20)], format="insee.rp")
    after = Release([row(20), row(40, period="2025")], format="insee.rp")
    (one,) = compare(before, after).differences  # type: ignore[arg-type]
    assert one.kind == "nouvelle_periode"
    assert "ne se comparent pas" in one.note


def test_what_was_told_once_and_is_masked_now_is_not_told_again() -> None:
    kind, before, after = only(between([row(13, ci_low=9, ci_high=18)], [masked()]))
    assert kind == "masque"
    assert before == after == Figure(time_period="2024", status="masque")


NUMBERS = st.floats(1, 1000).map(lambda value: round(value, 2))
CELL = st.one_of(
    st.tuples(st.sampled_from(["F"]), NUMBERS),
    st.just(("C", NAN)),
    st.just(("F", NAN)),
)
PERIODS = ("2022", "2023", "2024", "2025")
SIDE = st.dictionaries(st.tuples(st.sampled_from(["PE01", "PE07"]), st.sampled_from(PERIODS)), CELL, max_size=8)


def _rows(side: dict[tuple[str, str], tuple[str, float]]) -> list[dict[str, Any]]:
    return [
        row(value, period=period, indicator=name, conf_status=status)
        for (name, period), (status, value) in side.items()
    ]


@given(SIDE, SIDE)
def test_no_number_comes_from_where_a_side_is_masked(one: Any, two: Any) -> None:
    """Between two audiences, a number is given where both were told it, and nowhere else."""
    told = {key for key in one if key in two and all(side[key][1] == side[key][1] for side in (one, two))}
    for difference in between(_rows(one), _rows(two), hidden=True).differences:
        for figure in (difference.before, difference.after):
            if figure is not None and not math.isnan(figure.interval[0]):
                assert (difference.indicator, figure.time_period) in told


@given(SIDE, SIDE)
def test_every_figure_is_the_same_or_is_told_once(one: Any, two: Any) -> None:
    found = between(_rows(one), _rows(two))
    known = [
        {key for key, (status, value) in side.items() if status == "C" or np.isfinite(value)} for side in (one, two)
    ]
    assert found.unchanged + found.masked + len(found.differences) == len(known[0] | known[1])
    assert [one.kind for one in found.differences] == sorted((one.kind for one in found.differences), key=KINDS.index)
    # A value is never taken for another of the same period.
    for difference in found.differences:
        if difference.kind == "masque":
            assert math.isnan(difference.before.interval[0])  # type: ignore[union-attr]


@given(SIDE)
def test_nothing_differs_from_itself(side: Any) -> None:
    assert between(_rows(side), _rows(side)).same


def test_one_territory_is_compared_alone_or_all_are() -> None:
    before = [row(20), row(5, geo=COMMUNE)]
    after = [row(20), row(9, geo=COMMUNE)]
    assert between(before, after, geo=EPCI).same
    (one,) = between(before, after).differences
    assert (one.kind, one.geo, one.name) == ("revise", COMMUNE, "Civray")


def test_another_perimeter_is_told() -> None:
    before, after = Release([row(20)]), Release([row(21)], meta={"perimetre": 2025})
    (note,) = compare(before, after).notes  # type: ignore[arg-type]
    assert "2024 puis 2025" in note


def test_dimensions_make_other_figures() -> None:
    found = between([row(20, sexe="F")], [row(20, sexe="F"), row(30, sexe="M")])
    (one,) = found.differences
    assert (one.kind, one.dimensions) == ("apparu", (("sexe", "M"),))
