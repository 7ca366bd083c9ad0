"""The place of a territory: every comparator's line, ranges of ranks, a word only when the whole interval agrees."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from ctgeval.indicators.benchmark import PLACES, benchmark, lines
from tests.examples import examples

OWN = "EPCI-000000001"
OTHERS = [f"EPCI-00000001{rank}" for rank in range(5)]


def results(
    values: dict[str, float], indicator: str = "PE02", period: str = "2024", spread: float = 0.0
) -> pd.DataFrame:
    rows = [
        {"indicator": indicator, "geo": geo, "time_period": period, "value": value, "low": value - spread,
         "high": value + spread, "ci_low": math.nan, "ci_high": math.nan, "conf_status": "F", "sexe": "", "age": ""}
        for geo, value in values.items()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def placed(table: pd.DataFrame) -> dict[str, object]:
    found = benchmark(table, {OWN: [OWN, *OTHERS]})
    assert len(found) == 1
    return found.iloc[0].to_dict()


FIVE = dict(zip(OTHERS, [10.0, 12.0, 14.0, 16.0, 40.0], strict=True))


def test_exact_values_are_placed_by_hand() -> None:
    # Others: 10 12 14 16 40, median 14. The territory, 15: two above, three below.
    row = placed(results({OWN: 15.0, **FIVE}))
    assert (row["rank"], row["rank_low"], row["rank_high"], row["n_compared"]) == (3, 3, 3, 5)
    assert row["quantile"] == row["quantile_low"] == row["quantile_high"] == pytest.approx(3 / 5)
    assert (row["median"], row["gap"], row["gap_low"], row["gap_high"]) == (14.0, 1.0, 1.0, 1.0)
    assert row["place"] == "plus_favorable"


def test_the_same_gap_is_worse_where_less_is_better_and_not_judged_where_nobody_does() -> None:
    assert placed(results({OWN: 15.0, **FIVE}, "PE04"))["place"] == "moins_favorable"
    assert placed(results({OWN: 15.0, **FIVE}, "AD05"))["place"] == "au_dessus"


def test_bounds_give_a_range_of_ranks_and_no_place_when_they_do_not_agree() -> None:
    # Each value within 1.4: the territory (13.6 to 16.4) may be above or under 14 and 16, never 12 nor 40.
    row = placed(results({OWN: 15.0, **FIVE}, spread=1.4))
    assert (row["rank_low"], row["rank"], row["rank_high"]) == (2, 3, 4)
    assert (row["quantile_low"], row["quantile_high"]) == (pytest.approx(2 / 5), pytest.approx(4 / 5))
    assert (row["gap_low"], row["gap_high"]) == pytest.approx((-1.8, 3.8))
    assert row["place"] == "non_concluant"
    assert "trop proches" in str(row["sentence"])


def test_ends_of_bounds_that_meet_are_a_tie() -> None:
    # A published 0 may hide 4: beside an exact 0 it is equal (half below) or above (none below).
    table = results({OWN: 0.0, OTHERS[0]: 0.0})
    table.loc[table["geo"].eq(OTHERS[0]), "high"] = 4.0
    row = placed(table)
    assert (row["quantile_low"], row["quantile"], row["quantile_high"]) == (0, 0.5, 0.5)
    assert (row["rank_low"], row["rank"], row["rank_high"]) == (1, 1, 2)


def test_chance_counts_as_much_as_rounding() -> None:
    table = results({OWN: 20.0, **FIVE})
    assert placed(table)["place"] == "plus_favorable"
    table.loc[table["geo"].eq(OWN), ["ci_low", "ci_high"]] = [13.0, 27.0]
    row = placed(table)
    assert (row["low"], row["high"], row["place"]) == (13.0, 27.0, "non_concluant")


def test_every_line_is_shown_even_those_without_a_figure() -> None:
    table = results({OWN: 15.0, **FIVE})
    table.loc[table["geo"].eq(OTHERS[1]), "conf_status"] = "C"
    compared = {OWN: [*OTHERS, OWN]}
    places = benchmark(table, compared)
    found = lines(table, places, compared)
    assert found["other"].tolist() == [OTHERS[4], OTHERS[3], OTHERS[2], OTHERS[0], OTHERS[1]]
    assert found["gap"].tolist()[:4] == [-25.0, -1.0, 1.0, 5.0]
    assert np.isnan(found["value"].iloc[-1])
    assert places["n_compared"].item() == 4


def test_an_old_common_period_or_none_is_no_comparison() -> None:
    table = pd.concat([results({OWN: 15.0}), results({OWN: 9.0, **FIVE}, period="2019")])
    row = placed(table)
    assert (row["place"], row["reason"], row["n_compared"]) == ("non_evaluable", "sans_comparateur", 0)
    recent = pd.concat([results({OWN: 15.0}), results({OWN: 9.0, **FIVE}, period="2023")])
    assert placed(recent)["time_period"] == "2023"


def test_counts_follow_the_size_of_a_territory_and_are_not_placed() -> None:
    assert benchmark(results({OWN: 15.0, **FIVE}, "PE03"), {OWN: OTHERS}).empty


@examples(40)
@given(
    st.dictionaries(st.sampled_from([OWN, *OTHERS]), st.one_of(st.floats(-1e9, 1e9), st.just(math.nan)), max_size=6),
    st.floats(0, 1e6),
)
def test_no_table_breaks_it_and_bounds_hold_the_figures(values: dict[str, float], spread: float) -> None:
    table = results(values, spread=spread) if values else results({OWN: 1.0}).iloc[:0]
    found = benchmark(table, {OWN: OTHERS})
    lines(table, found, {OWN: OTHERS})
    for row in found[found["n_compared"] > 0].to_dict("records"):
        assert row["rank_low"] <= row["rank"] <= row["rank_high"] <= row["n_compared"] + 1
        assert 0 <= row["quantile_low"] <= row["quantile"] <= row["quantile_high"] <= 1
        assert row["gap_low"] <= row["gap"] <= row["gap_high"]
        assert row["place"] in PLACES
