"""A trend is told on what may be compared, from five points on; a projection has its interval, or is not made."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from scipy import stats

from ctgeval.indicators import trend
from ctgeval.indicators.compute import RESULT_COLUMNS

GEO = "EPCI-249900001"


def results(indicator: str, values: dict[str, float], **columns: object) -> pd.DataFrame:
    rows = [
        {"indicator": indicator, "geo": GEO, "time_period": period, "value": value, "low": value, "high": value,
         "conf_status": "F", "obs_status": "A", "sexe": "", "age": "", "structure": "", "action": "", "financeur": ""}
        for period, value in values.items()
    ]  # fmt: skip
    return pd.DataFrame(rows).reindex(columns=list(RESULT_COLUMNS)).assign(**columns)


def targets(indicator: str, period: str, target: float) -> pd.DataFrame:
    return pd.DataFrame({"indicator": [indicator], "geo": [GEO], "period_target": [period], "target": [target]})


def only(table: pd.DataFrame) -> dict[str, object]:
    assert len(table) == 1
    return table.iloc[0].to_dict()


RISING = {str(2018 + rank): 10.0 + rank for rank in range(6)}


def test_a_series_that_always_rises_is_told_with_its_slope() -> None:
    row = only(trend.trends(results("PE02", RISING)))
    # Six points, all 15 pairs rising: 2 orders out of 720.
    assert row["p_value"] == pytest.approx(2 / 720)
    assert (row["way"], row["verdict"], row["n"]) == ("hausse", "amelioration", 6)
    # The middles of the years are 365 or 366 days apart.
    assert row["yearly_change"] == pytest.approx(1.0, abs=0.002)
    assert row["yearly_growth"] == pytest.approx(100 * (1.5 ** (1 / 5) - 1), rel=1e-3)
    assert "en hausse depuis 2018" in str(row["sentence"])


def test_the_same_rise_is_a_worsening_where_less_is_better_and_is_not_judged_where_nobody_does() -> None:
    assert only(trend.trends(results("PE04", RISING)))["verdict"] == "degradation"
    neutral = only(trend.trends(results("EN07", RISING)))
    assert (neutral["way"], neutral["verdict"]) == ("hausse", "non_concluant")


def test_under_five_points_nothing_is_told_nor_projected() -> None:
    few = dict(list(RISING.items())[:4])
    row = only(trend.trends(results("PE02", few), targets=targets("PE02", "2023", 20.0)))
    assert (row["way"], row["verdict"], row["reason"]) == ("", "non_evaluable", "peu_de_points")
    assert math.isnan(row["projected"])
    assert "trop peu de périodes comparables (4\u202fannées)" in str(row["sentence"]).replace("\u00a0", "\u202f")


def test_years_that_may_not_be_compared_are_left_out() -> None:
    def five_apart(_item: object, first: str, second: str) -> str:
        return "trop proches" if abs(int(first) - int(second)) < 5 else ""

    values = {str(2008 + rank): 10.0 + rank for rank in range(16)}
    row = only(trend.trends(results("PO01", values), objection=five_apart))
    assert (row["n"], row["left_out"], row["first_period"], row["last_period"]) == (4, 12, "2008", "2023")
    assert row["reason"] == "rupture"


def test_withheld_and_missing_values_are_no_points() -> None:
    table = results("PE02", RISING)
    table.loc[0, "conf_status"] = "C"
    table.loc[1, "value"] = np.nan
    table.loc[2, "sexe"] = "F"
    assert only(trend.trends(table))["n"] == 3


def test_a_projection_is_the_prediction_of_a_straight_line() -> None:
    times, values = np.arange(7.0), np.array([1.0, 2.5, 2.0, 4.0, 5.5, 5.0, 7.0])
    found = trend.project(times, values, 9.0)
    fit = stats.linregress(times, values)
    centre = fit.intercept + fit.slope * 9
    residual = math.sqrt(((values - fit.intercept - fit.slope * times) ** 2).sum() / 5)
    half = stats.t.ppf(0.975, 5) * residual * math.sqrt(1 + 1 / 7 + (9 - 3) ** 2 / 28)
    assert (found.value, found.low, found.high) == pytest.approx((centre, centre - half, centre + half))


def test_what_rounding_allows_widens_the_projection() -> None:
    times, values = np.arange(6.0), 10.0 + np.arange(6.0)
    exact = trend.project(times, values, 8.0)
    rounded = trend.project(times, values, 8.0, low=values - 2, high=values + 4)
    # Weights 1/6 + 5.5 (t - 2.5) / 17.5 at t = 0..5: those below zero give to the low end what the high bound allows.
    weights = 1 / 6 + 5.5 * (times - 2.5) / 17.5
    down, up = (2 * weights[weights > 0].sum() - 4 * weights[weights < 0].sum(),
                4 * weights[weights > 0].sum() - 2 * weights[weights < 0].sum())  # fmt: skip
    assert exact.low == pytest.approx(exact.value)
    assert (rounded.low, rounded.high) == pytest.approx((exact.value - down, exact.value + up))


def test_seasons_have_levels_of_their_own() -> None:
    times = np.arange(10) / 2
    season = np.array([1, 7] * 5)
    values = 3 * times + np.where(season == 7, 20.0, 0.0)
    found = trend.project(times, values, 5.5, season=season, season_at=7)
    assert found.value == pytest.approx(3 * 5.5 + 20)


@pytest.mark.parametrize(("at", "reason"), [(4.0, "deja_connu"), (9.5, "trop_loin"), (3.0, "deja_connu"), (8.0, "")])
def test_a_projection_that_makes_no_sense_is_not_made(at: float, reason: str) -> None:
    found = trend.project([0, 1, 2, 3, 4], [1, 2, 3, 4, 5], at)
    assert found.reason == reason
    assert math.isnan(found.value) is bool(reason)


@pytest.mark.parametrize(
    ("target", "said"),
    [(12.0, "La cible (12,0) serait atteinte."), (30.0, "ne serait pas atteinte"), (17.0, "Rien ne permet de dire")],
)
def test_the_target_is_judged_by_the_whole_interval(target: float, said: str) -> None:
    values = dict(zip(RISING, [10.0, 11.4, 11.6, 13.2, 13.8, 15.1], strict=True))
    row = only(trend.trends(results("PE02", values), targets=targets("PE02", "2025", target)))
    assert said in str(row["sentence"])
    assert row["projected_low"] < row["projected"] < row["projected_high"]


def test_a_share_is_not_projected_beyond_what_it_can_be() -> None:
    values = {str(2018 + rank): 84.0 + 3 * rank + (-1) ** rank for rank in range(6)}
    row = only(trend.trends(results("AD02", values), targets=targets("AD02", "2026", 95.0)))
    assert row["projected_high"] == 100.0


def test_many_series_that_chance_alone_moves_are_adjusted_together() -> None:
    rng = np.random.default_rng(3)
    ids = ["PE01", "PE02", "PE03", "PE04", "PE05", "EN01", "EN03", "JE01", "AV02", "AV04", "AD02", "LO02"]
    years = [str(year) for year in range(2014, 2024)]
    wrongly = 0
    for _ in range(20):
        drawn = {name: dict(zip(years, rng.normal(50, 5, 10), strict=True)) for name in ids}
        table = trend.trends(pd.concat([results(name, values) for name, values in drawn.items()]))
        assert (table["n_tested"] == 12).all()
        wrongly += table["way"].isin(["hausse", "baisse"]).any()
    assert wrongly <= 4


@given(
    st.dictionaries(
        st.sampled_from(
            [str(year) for year in range(2000, 2024)] + [f"{year}-S{half}" for year in (2020, 2021) for half in (1, 2)]
        ),
        st.one_of(st.floats(-1e12, 1e12), st.just(math.nan), st.just(math.inf)),
        max_size=14,
    ),
    st.sampled_from(["PE02", "AD02", "PE10", "CO02", "EN07"]),
    st.one_of(st.none(), st.floats(-1e6, 1e6)),
)
def test_no_series_breaks_it(values: dict[str, float], indicator: str, target: float | None) -> None:
    aimed = None if target is None else targets(indicator, "2026", target)
    table = trend.trends(results(indicator, values), targets=aimed)
    assert list(table.columns) == list(trend.COLUMNS)
    for row in table.to_dict("records"):
        assert row["verdict"] in {"amelioration", "degradation", "non_concluant", "non_evaluable"}
        assert row["sentence"]
        assert "{" not in row["sentence"]
        assert row["n"] >= trend.ENOUGH or math.isnan(row["projected"])
