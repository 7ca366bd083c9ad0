"""What is left of a published total less its published parts must not be a small count."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ctgeval.confidentiality import Rule, protect
from ctgeval.indicators.compute import RESULT_COLUMNS

RULE = Rule(threshold=5, sensitive_threshold=11, source="essai")
EPCI, NORTH, SOUTH = "EPCI-299900001", "GRP-nord", "GRP-sud"
A, B, C, D = (f"COM-9910{number}" for number in range(1, 5))
MARGINS = {EPCI: (A, B, C, D), NORTH: (A, B), SOUTH: (C, D)}


def row(
    indicator: str, geo: str, count: float, base: float = np.nan, period: str = "2024", **more: object
) -> dict[str, object]:
    value = count if np.isnan(base) else 100 * count / base
    told: dict[str, object] = {
        "indicator": indicator, "geo": geo, "time_period": period, "value": value, "low": value, "high": value,
        "numerator": count, "denominator": base, "n": base, "conf_status": "F", "obs_status": "A", "limits": "",
        "reason": "",
    }  # fmt: skip
    return told | more


def table(*rows: dict[str, object]) -> pd.DataFrame:
    return pd.DataFrame(list(rows)).reindex(columns=list(RESULT_COLUMNS))


def shown(frame: pd.DataFrame) -> list[bool]:
    return list(frame["value"].notna())


def test_commune_without_a_row_is_not_found_by_subtraction() -> None:
    frame = table(row("PO02", EPCI, 63), row("PO02", A, 20), row("PO02", B, 20), row("PO02", C, 20))
    assert shown(protect(frame, RULE, margins=MARGINS).frame) == [False, True, True, True]


def test_former_groupings_do_not_give_what_is_between_them_and_the_epci() -> None:
    frame = table(row("PO02", EPCI, 63), row("PO02", NORTH, 40), row("PO02", C, 20))
    assert shown(protect(frame, RULE, margins=MARGINS).frame) == [False, True, True]


def test_a_rest_that_could_be_published_takes_nothing_away() -> None:
    frame = table(row("PO02", EPCI, 70), row("PO02", NORTH, 40), row("PO02", C, 20))
    assert shown(protect(frame, RULE, margins=MARGINS).frame) == [True, True, True]


def test_half_year_that_no_source_gives_is_not_found_from_the_year() -> None:
    frame = table(row("PO02", EPCI, 33, period="2024"), row("PO02", EPCI, 30, period="2024-S1"))
    assert shown(protect(frame, RULE, margins=MARGINS).frame) == [False, True]


def test_whole_territory_does_not_say_that_the_rest_is_a_hundred_per_cent() -> None:
    frame = table(row("PA06", EPCI, 40, 60), row("PA06", A, 20, 40))
    assert shown(protect(frame, RULE, margins=MARGINS).frame) == [False, True]


def test_two_audiences_do_not_tell_the_difference_of_their_sources() -> None:
    wide, narrow = table(row("PE07", EPCI, 33)), table(row("PE07", EPCI, 30))
    assert shown(protect(wide, RULE, margins=MARGINS, elsewhere=(narrow,)).frame) == [False]
    assert shown(protect(narrow, RULE, margins=MARGINS, elsewhere=(wide,)).frame) == [False]


def test_what_is_masked_for_one_audience_is_masked_for_the_others() -> None:
    wide = table(row("PE07", EPCI, 33), row("PE07", A, 30), row("PE07", B, 3))
    narrow = table(row("PE07", EPCI, 33))
    assert shown(protect(narrow, RULE, margins=MARGINS, elsewhere=(wide,)).frame) == [False]


def test_partial_return_does_not_tell_what_the_others_counted() -> None:
    frame = table(
        row("PE07", EPCI, np.nan, low=3.0, high=np.inf), row("PE07", A, np.nan, low=30.0, high=np.inf, reason="x")
    )
    made = protect(frame, RULE, margins={}).frame
    assert list(made["low"].fillna(-1)) == [-1, 30]


def test_whole_of_a_sensitive_part_has_the_threshold_of_the_part() -> None:
    frame = table(row("EN04", A, 3, 8), row("EN03", A, 8), row("EN03", B, 12))
    assert shown(protect(frame, RULE, margins={}).frame) == [False, False, True]


def test_masked_rows_are_all_alike() -> None:
    frame = table(
        row("PE07", A, np.nan, low=1.0, high=4.0, conf_status="C", obs_status="Q", limits="valeurs_masquees"),
        row("PE07", B, 3, obs_status="P", limits="provisoire"),
        row("PE07", EPCI, 40),
    )
    made = protect(frame, RULE, margins=MARGINS).frame
    for name in ("value", "low", "high", "numerator", "conf_status", "obs_status", "limits", "reason"):
        assert len({str(value) for value in made[name]}) == 1, name


def test_small_base_is_hidden_among_neighbours_and_the_total_stays() -> None:
    frame = table(
        row("PE02", EPCI, 12, 103), row("PE02", A, 0, 3), row("PE02", B, 2, 10), row("PE02", C, 4, 30),
        row("PE02", D, 6, 60),
    )  # fmt: skip
    assert shown(protect(frame, RULE, margins=MARGINS).frame) == [True, False, False, False, True]


def test_small_base_without_enough_neighbours_takes_the_total_with_it() -> None:
    frame = table(row("PE02", NORTH, 12, 13), row("PE02", A, 0, 3), row("PE02", B, 2, 10))
    assert shown(protect(frame, RULE, margins=MARGINS).frame) == [False, False, True]


def test_base_of_an_older_vintage_is_the_same_cell() -> None:
    old = {"limits": "denominateur:2022"}
    frame = table(
        row("PE02", EPCI, 6, 66, period="2022"),
        row("PE02", A, 0, 3, **old), row("PE02", B, 2, 30, **old), row("PE02", C, 2, 33, **old),
    )  # fmt: skip
    made = protect(frame, RULE, margins={EPCI: (A, B, C)}).frame
    assert not made["value"].notna()[0] or made["value"].isna()[1:].sum() >= 2


def test_what_is_left_is_subtracted_from_in_its_turn() -> None:
    """The year of a commune, found from that of the others, must not give its second half-year."""
    frame = table(
        row("PO02", EPCI, 98), row("PO02", NORTH, 50), row("PO02", C, 40), row("PO02", D, 7, period="2024-S1"),
        row("PO02", EPCI, 60, period="2024-S1"),
    )  # fmt: skip
    assert shown(protect(frame, RULE, margins=MARGINS).frame) == [False, True, True, True, True]
