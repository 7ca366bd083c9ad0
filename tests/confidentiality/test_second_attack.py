"""What a second attacker found, on his own dossiers: memory lost by one revision, and releases refused for nobody."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from ctgeval.confidentiality import Rule, attack, protect
from ctgeval.confidentiality.forms import Cell, Form
from ctgeval.indicators.compute import RESULT_COLUMNS

RULE = Rule(threshold=5, source="essai")
COMMUNES = ("COM-99101", "COM-99102", "COM-99103", "COM-99104")
EPCI = "EPCI-299900001"


def row(
    indicator: str, geo: str, value: float, *, of: float = np.nan, low: float | None = None, high: float | None = None
) -> dict[str, object]:
    told = value if np.isnan(of) else value / of * 100 if of else np.nan
    return {
        "indicator": indicator, "geo": geo, "time_period": "2024", "value": told, "numerator": value,
        "denominator": of, "low": told if low is None else low, "high": told if high is None else high, "n": value,
        "conf_status": "F", "obs_status": "A", "completeness": 1.0,
    }  # fmt: skip


def table(*rows: dict[str, object]) -> pd.DataFrame:
    return pd.DataFrame(list(rows)).reindex(columns=RESULT_COLUMNS).astype({"reason": str, "limits": str})


def form(measure: str, geo: str, ground: tuple[str, ...], value: float) -> Form:
    cell = Cell(measure, geo, frozenset(ground), date(2024, 1, 1), date(2024, 12, 31))
    return Form(terms=((cell, 1.0),), low=value, high=value, indicator="PO02", geo=geo, time_period="2024")


def test_one_figure_that_was_revised_does_not_make_the_others_forgotten() -> None:
    # The second commune has no row: 90 in the last three, told yesterday, gives the first one with the total of today.
    frame = table(*(row("PO02", geo, count) for geo, count in zip((*COMMUNES, EPCI), (3, 20, 30, 40, 93), strict=True)))
    frame = frame[frame["geo"].ne(COMMUNES[1])].reset_index(drop=True)
    before = [
        form("naissances", "GRP-avant", COMMUNES[1:], 90),
        form("naissances", "GRP-revise", COMMUNES[1:3], 55),
    ]
    found = protect(frame, RULE, margins={EPCI: COMMUNES}, earlier=before)
    assert found.audit["revisees"] == 1
    shown = found.frame.set_index("geo")["value"].notna()
    # With the 90 of yesterday, the total of today is 3 more.
    assert not shown[EPCI]
    assert attack(found)["ok"].all()


def test_nothing_of_nobody_is_no_secret() -> None:
    # In a commune where nobody asked for anything, no row says that nobody was answered.
    counts = dict(zip((*COMMUNES, EPCI), [(0, 0), (0, 0), (10, 30), (20, 40), (30, 70)], strict=True))
    frame = table(
        *(row("AD01", geo, whole) for geo, (_, whole) in counts.items()),
        *(row("AD02", geo, part, of=whole) for geo, (part, whole) in counts.items()),
    )
    found = protect(frame, RULE, margins={EPCI: COMMUNES})
    assert found.audit["masquees"] == 0


def test_what_a_source_keeps_secret_and_others_tell_to_be_nothing_is_nobody() -> None:
    secret = row("PO02", COMMUNES[0], np.nan, low=0.0, high=np.inf) | {"conf_status": "C"}
    frame = table(secret, row("PO02", COMMUNES[1], 0), row("PO02", EPCI, 0))
    found = protect(frame, RULE, margins={EPCI: COMMUNES[:2]})
    shown = found.frame.set_index("geo")["value"].notna()
    assert list(shown[[COMMUNES[1], EPCI]]) == [True, True]
    assert not shown[COMMUNES[0]]


@pytest.mark.parametrize("most", [-13.0, -1.0])
def test_balance_that_is_not_known_may_be_under_nothing(most: float) -> None:
    secret = row("PO04", COMMUNES[0], np.nan, low=-np.inf, high=most) | {"conf_status": "C"}
    frame = table(secret, row("PO04", COMMUNES[1], -20), row("PO04", EPCI, -40))
    found = protect(frame, RULE, margins={EPCI: COMMUNES[:2]})
    assert found.frame["value"].isna().tolist()[0]
    assert attack(found)["ok"].all()
