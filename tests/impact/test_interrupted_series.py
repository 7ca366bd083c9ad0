from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from ctgeval import impact
from ctgeval.errors import DesignError, ImpactError, NotIdentified, TooFewUnits
from ctgeval.impact import ImpactResult
from ctgeval.impact.series_reading import read_series


def monthly(n: int = 36, at: int = 24, effect: float = 0.0, rho: float = 0.4, seed: int = 0) -> pd.DataFrame:
    """One row per month from 2019-01: ``mois, y``, with a trend and AR(1) errors of variance 1."""
    noise = np.random.default_rng(seed).standard_normal(n)
    for i in range(1, n):
        noise[i] = rho * noise[i - 1] + np.sqrt(1 - rho**2) * noise[i]
    months = pd.period_range("2019-01", periods=n, freq="M").astype("str")
    return pd.DataFrame({"mois": months, "y": 50 + 0.1 * np.arange(n) + effect * (np.arange(n) >= at) + noise})


def run(frame: pd.DataFrame, **options: object) -> ImpactResult:
    arguments: dict[str, object] = {"outcome": "y", "time": "mois", "at": "2021-01"}
    return impact.interrupted_series(frame, **{**arguments, **options})  # type: ignore[arg-type]


def refused(kind: type[ImpactError], frame: pd.DataFrame, **options: object) -> str:
    with pytest.raises(kind) as caught:
        run(frame, **options)
    assert caught.value.problem.remedy
    return str(caught.value)


def coefficient(result: ImpactResult, name: str) -> pd.Series:
    return result.details["coefficients"].set_index("name").loc[name]


@pytest.fixture(scope="module")
def sicily(real_data: Path) -> pd.DataFrame:
    return pd.read_csv(real_data / "impact" / "sicily.csv").assign(rate=lambda rows: rows.aces / rows.stdpop * 1e5)


def sicilian(frame: pd.DataFrame, **options: object) -> ImpactResult:
    arguments: dict[str, object] = {"time": "time", "at": 37, "allow_invalid": True, "direction": "lower"}
    return impact.interrupted_series(frame, **{**arguments, **options})  # type: ignore[arg-type]


# Lopez Bernal et al. (2017), International Journal of Epidemiology 46: 348-355, and the code published with it.
@pytest.mark.parametrize(
    ("options", "ratio", "digits"),
    [
        ({"family": "poisson"}, [0.89438, 0.86469, 0.92509], 5),
        ({"family": "quasipoisson"}, [0.89438, 0.83919, 0.95319], 5),
        ({"family": "quasipoisson", "season": 12}, [0.885, 0.839, 0.933], 3),
    ],
)
def test_published_rate_ratios_of_sicily(
    sicily: pd.DataFrame, options: dict[str, object], ratio: list[float], digits: int
) -> None:
    result = sicilian(sicily, outcome="aces", offset="stdpop", slope=False, errors="ols", **options)
    found = result.details["rate_ratio"]
    assert [round(found[name], digits) for name in ("estimate", "low", "high")] == ratio
    assert result.unit == "%"
    assert result.estimate == pytest.approx(100 * (found["estimate"] - 1))
    if "season" not in options:
        assert result.details["dispersion"] == pytest.approx(3.5592, abs=5e-5)
    # The default test keeps the ratio and the interval of the model beside its own.
    default = sicilian(sicily, outcome="aces", offset="stdpop", slope=False, **options)
    kept = default.details["rate_ratio_model"]
    assert [round(kept[name], digits) for name in ("estimate", "low", "high")] == ratio
    assert default.details["rate_ratio"]["estimate"] == pytest.approx(kept["estimate"])
    assert default.verdict == "amelioration"


def test_linear_newey_west_of_sicily_is_the_one_of_sandwich(sicily: pd.DataFrame) -> None:
    # R 4.2.2, sandwich::NeweyWest(lag = 3, prewhite = FALSE, adjust = TRUE), Student with n - k degrees of freedom.
    result = sicilian(sicily, outcome="rate", slope=False, errors="newey_west", lags=3)
    assert result.estimate == pytest.approx(-24.0933, abs=5e-5)
    assert result.std_error == pytest.approx(7.13770, abs=5e-6)
    assert result.estimate / result.std_error == pytest.approx(-3.3755, abs=5e-5)
    assert result.p_value == pytest.approx(0.001344, abs=5e-7)
    assert result.details["autocorrelation"]["durbin_watson"] == pytest.approx(1.59126, abs=5e-6)
    assert not result.valid
    assert result.verdict == "non_evaluable"
    sloped = sicilian(sicily, outcome="rate", slope_from="last_before", errors="newey_west", lags=3)
    assert sloped.estimate == pytest.approx(-24.8444, abs=5e-5)
    assert sloped.std_error == pytest.approx(7.60888, abs=5e-6)
    slope = coefficient(sloped, "slope")
    assert slope["estimate"] == pytest.approx(0.12722, abs=5e-6)
    assert slope["std_error"] == pytest.approx(0.44082, abs=5e-6)


def test_monthly_newey_west_is_the_one_that_three_packages_give() -> None:
    # statsmodels 0.15.0, pyfixest 0.60.0 and plain numpy agree on -3.236571 (0.347149).
    r, n, k = np.random.default_rng(7), 60, 36
    noise = np.zeros(n)
    for i in range(1, n):
        noise[i] = 0.4 * noise[i - 1] + r.standard_normal()
    t = np.arange(n)
    frame = pd.DataFrame({"t": t, "y": 50 + 0.1 * t + 3 * np.sin(2 * np.pi * t / 12) - 4 * (t >= k) + noise})
    result = impact.interrupted_series(
        frame, outcome="y", time="t", at=k, season=12, season_terms="dummies", errors="newey_west", lags=3
    )
    assert result.estimate == pytest.approx(-3.236571, abs=5e-7)
    assert result.std_error == pytest.approx(0.347149, abs=5e-7)
    assert result.valid
    assert result.verdict == "non_concluant"
    assert any("aucun verdict" in limit for limit in result.limits)


def test_a_drop_is_found_and_said() -> None:
    result = run(monthly(effect=-5), direction="lower")
    assert result.verdict == "amelioration"
    assert result.inference == "reml_calibrated"
    assert result.evidence == 2
    assert (result.n_treated, result.n_controls, result.n_pre, result.n_post) == (1, 0, 24, 12)
    assert result.interval.low < -5 < result.interval.high
    assert result.p_value == result.details["minimum_p"] == pytest.approx(1 / 4001)
    half = (result.interval.high - result.interval.low) / 2
    assert half == pytest.approx(result.details["critical_value"] * result.std_error)
    assert result.details["mde"] > half
    assert any("série témoin" in limit for limit in result.limits)
    assert json.dumps(result.to_dict(), allow_nan=False)


def test_the_path_and_the_effects_hold_together() -> None:
    result = run(monthly(effect=-5))
    path, effects = result.details["counterfactual"], result.by_period
    assert list(path.columns) == ["time_period", "observed", "fitted", "counterfactual", "low", "high"]
    assert list(effects["event_time"]) == list(range(12))
    assert effects["time_period"].iloc[0] == "2021-01"
    gap = path["fitted"] - path["counterfactual"]
    np.testing.assert_allclose(gap[:24], 0, atol=1e-9)
    np.testing.assert_allclose(gap[24:], effects["estimate"], atol=1e-9)
    assert effects["estimate"].iloc[0] == pytest.approx(result.estimate)
    assert effects["estimate"].iloc[-1] == pytest.approx(result.details["effect_end"]["estimate"])
    assert effects["estimate"].mean() == pytest.approx(result.details["effect_average"]["estimate"])
    assert (path["low"] < path["counterfactual"]).all()
    # Further from what was seen, the continuation is less known.
    width = (path["high"] - path["low"]).to_numpy()
    assert width[-1] > width[24] > width[12]


def test_several_interruptions_have_each_a_level_and_a_slope() -> None:
    frame = monthly(60, effect=-5)
    frame["y"] += 8.0 * (np.arange(60) >= 42)
    result = run(frame, at=["2022-07", "2021-01"])
    names = set(result.details["coefficients"]["name"])
    assert {"level_2021-01", "slope_2021-01", "level_2022-07", "slope_2022-07"} <= names
    assert result.estimate == coefficient(result, "level_2021-01")["estimate"]
    assert coefficient(result, "level_2022-07")["estimate"] == pytest.approx(8, abs=2)


@pytest.mark.parametrize(
    ("times", "at"),
    [
        (list(range(1990, 2020)), 2010),
        ([str(year) for year in range(1990, 2020)], "2010"),
        ([f"{year}-S{half}" for year in range(2005, 2020) for half in (1, 2)], "2015-S1"),
        ([f"{year}-{year + 1}" for year in range(1990, 2020)], "2010-2011"),
        (pd.date_range("2018-01-31", periods=30, freq="ME"), "2019-09"),
        (pd.date_range("2018-01-01", periods=30, freq="D"), "2018-01-21"),
        ([0.25 * i for i in range(30)], 5.0),
    ],
)
def test_time_is_read_as_people_write_it(times: list[object], at: object) -> None:
    y = monthly(30)["y"]
    plain = impact.interrupted_series(
        pd.DataFrame({"t": range(30), "y": y}), outcome="y", time="t", at=20, trend=True, slope=True
    )
    read = impact.interrupted_series(pd.DataFrame({"t": times, "y": y}), outcome="y", time="t", at=at)
    assert read.n_pre == 20
    assert read.estimate == pytest.approx(plain.estimate)
    assert read.p_value == plain.p_value
    assert not any("manquent" in limit for limit in read.limits)


@settings(max_examples=25)
@given(
    scale=st.floats(0.01, 1000),
    constant=st.floats(-1e5, 1e5),
    slope=st.floats(-100, 100),
    order=st.permutations(range(30)),
    family=st.sampled_from(["reml", "newey_west", "prais_winsten", "ols"]),
)
def test_units_trends_and_row_order_change_nothing(
    scale: float, constant: float, slope: float, order: list[int], family: str
) -> None:
    frame = monthly(30, 20, effect=2)
    options = {"at": "2020-09", "errors": family, "allow_invalid": True}
    plain = run(frame, **options)
    other = frame.assign(y=scale * frame["y"] + constant + slope * np.arange(30)).iloc[order]
    moved = run(other, **options)
    size = (1 + abs(constant) + 30 * abs(slope)) * 1e-9 + scale * 1e-6
    assert moved.estimate == pytest.approx(scale * plain.estimate, abs=size)
    assert moved.std_error == pytest.approx(scale * plain.std_error, abs=size)
    assert moved.p_value == pytest.approx(plain.p_value, abs=1e-3)
    assert moved.interval.low == pytest.approx(scale * plain.interval.low, abs=4 * size)


def test_a_larger_population_changes_no_rate_ratio() -> None:
    r = np.random.default_rng(5)
    frame = monthly(40).assign(y=r.poisson(20, 40), people=1000 + 10 * np.arange(40))
    first = run(frame, family="quasipoisson", offset="people")
    second = run(frame.assign(people=frame["people"] * 37), family="quasipoisson", offset="people")
    assert second.estimate == pytest.approx(first.estimate)
    assert second.interval == pytest.approx(first.interval, rel=1e-6)


def test_the_same_seed_gives_the_same_result() -> None:
    first, second = run(monthly(), seed=4).to_dict(), run(monthly(), seed=4).to_dict()
    assert first == second
    assert run(monthly(), seed=5).p_value != first["p_value"]


def test_a_control_series_takes_common_shocks_away() -> None:
    shock = np.random.default_rng(2).standard_normal(36) * 4 + 10.0 * (np.arange(36) >= 24)
    frame = monthly(effect=0)
    frame = frame.assign(y=frame["y"] + shock, temoin=30 + shock)
    alone, against = run(frame), run(frame, control="temoin")
    assert alone.verdict == "amelioration"
    assert against.verdict != "amelioration"
    assert (alone.evidence, against.evidence) == (2, 3)
    assert against.n_controls == 1
    path = against.details["counterfactual"]
    assert path["counterfactual"].iloc[-1] == pytest.approx(frame["y"].iloc[-1], abs=6)


def test_a_control_that_does_not_follow_lowers_the_evidence() -> None:
    frame = monthly().assign(temoin=np.random.default_rng(8).standard_normal(36) * 5)
    result = run(frame, control="temoin")
    check = next(check for check in result.checks if check.name == "comparators")
    assert check.passed is False
    assert result.evidence == 2


def test_a_control_of_counts_is_a_rate_they_are_compared_with() -> None:
    r = np.random.default_rng(4)
    season = np.exp(0.5 * np.sin(np.arange(48)) - 0.7 * (np.arange(48) >= 30))
    frame = monthly(48).assign(y=r.poisson(40 * season), temoin=season)
    result = run(frame, at="2021-07", family="poisson", control="temoin")
    assert result.details["rate_ratio"]["low"] < 1 < result.details["rate_ratio"]["high"]
    assert run(frame, at="2021-07", family="poisson").estimate < -30


def test_few_points_are_described_and_not_tested() -> None:
    result = run(monthly(10), at="2019-08")
    assert result.verdict == "non_evaluable"
    assert not result.valid
    assert np.isnan(result.p_value)
    assert np.isnan(result.interval.low)
    assert np.isfinite(result.estimate)
    assert any("8 avant et 4" in limit for limit in result.limits)
    kept = run(monthly(10), at="2019-08", allow_invalid=True)
    assert np.isfinite(kept.p_value)
    assert kept.verdict == "non_evaluable"


@pytest.mark.parametrize("errors", ["ols", "newey_west", "prais_winsten"])
def test_tests_that_do_not_hold_their_level_are_refused(errors: str) -> None:
    told = refused(TooFewUnits, monthly(), errors=errors)
    assert "36 points" in told
    assert "allow_invalid" in told
    forced = run(monthly(effect=-9), errors=errors, allow_invalid=True)
    assert not forced.valid
    assert forced.verdict == "non_evaluable"


def test_ordinary_errors_say_when_points_follow_one_another() -> None:
    frame = monthly(120, rho=0.8, effect=-9)
    doubtful = run(frame, errors="ols")
    assert doubtful.verdict == "non_concluant"
    assert any("se suivent" in limit for limit in doubtful.limits)
    white = run(monthly(120, rho=0.0, effect=-9, seed=1), errors="ols", direction="lower")
    assert white.verdict == "amelioration"


def test_poisson_errors_are_not_believed_when_cases_vary_more() -> None:
    r = np.random.default_rng(1)
    frame = monthly(72).assign(y=r.poisson(30 * r.gamma(3, 1 / 3, 72) * np.where(np.arange(72) < 24, 1, 0.4)))
    result = run(frame, family="poisson", errors="ols")
    assert next(check for check in result.checks if check.name == "dispersion").passed is False
    assert result.verdict == "non_concluant"


def test_gaps_are_told_and_keep_their_length() -> None:
    frame = monthly(40)
    holed = frame.copy()
    holed.loc[[10, 11, 30], "y"] = np.nan
    absent = frame.drop(index=[10, 11, 30])
    first, second = run(holed), run(absent)
    assert first.estimate == second.estimate
    assert first.p_value == second.p_value
    assert any("2019-11" in limit for limit in first.limits)
    assert any("3 période(s) manquent" in limit for limit in second.limits)
    series = read_series(
        absent, outcome="y", time="mois", at="2021-01", family="gaussian", offset=None, control=None, covariates=[]
    )
    assert series.gaps.max() == 3
    assert series.phase[-1] - series.phase[0] == 39


def test_a_season_needs_two_full_cycles_before() -> None:
    assert "cycle" in refused(TooFewUnits, monthly(), at="2020-12", season=12)
    automatic = run(monthly(), at="2020-12", season="auto")
    assert automatic.details["season"] == 0
    assert any("saison n’est donc pas" in limit for limit in automatic.limits)
    assert run(monthly(), season="auto").details["season"] == 12
    half_years = pd.DataFrame({"mois": [f"{y}-S{s}" for y in range(2005, 2020) for s in (1, 2)], "y": monthly(30)["y"]})
    names = set(run(half_years, at="2015-S1", season="auto").details["coefficients"]["name"])
    assert "cos_1" in names
    assert "sin_1" not in names


def test_full_harmonics_and_dummies_are_the_same_season() -> None:
    frame = monthly(60, effect=3)
    waves = run(frame, season=12, harmonics=6)
    ranks = run(frame, season=12, season_terms="dummies")
    assert waves.estimate == pytest.approx(ranks.estimate)
    assert waves.std_error == pytest.approx(ranks.std_error)


@pytest.mark.parametrize(
    ("change", "options", "kind", "words"),
    [
        (lambda f: f.iloc[:1], {}, TooFewUnits, ["1 point", "before_after"]),
        (lambda f: f, {"at": "2019-01"}, DesignError, ["précède", "2019-01"]),
        (lambda f: f, {"at": "2010"}, DesignError, ["précède"]),
        (lambda f: f, {"at": "2031-05"}, DesignError, ["suit", "2021-12"]),
        (lambda f: f, {"at": "demain"}, DesignError, ["demain"]),
        (lambda f: f, {"at": []}, DesignError, ["Aucune date"]),
        (lambda f: f, {"at": ["2021-01", "2021-01"]}, DesignError, ["2021-01"]),
        (lambda f: pd.concat([f, f.iloc[[3, 7]]]), {}, DesignError, ["2019-04", "2019-08", "control"]),
        (lambda f: f.assign(y=f["y"].map("{:.2f}".format).str.replace(".", ",")), {}, DesignError, ["decimal"]),
        (lambda f: f.assign(y="abc"), {}, DesignError, ["ne sont pas des nombres"]),
        (lambda f: f.assign(y=f["y"].where(f.index != 4, np.inf)), {}, DesignError, ["infinie"]),
        (lambda f: f.assign(y=12.0), {}, NotIdentified, ["ne varie pas", "12"]),
        (lambda f: f.rename(columns={"y": "yy"}), {}, DesignError, ["« y »", "yy"]),
        (lambda f: f.assign(x=np.arange(36)), {"covariates": ["x"]}, NotIdentified, ["« x »"]),
        (lambda f: f.assign(x=1.0, z=f["y"] * 0 + 2), {"covariates": ["x", "z"]}, NotIdentified, ["« x »", "« z »"]),
        (lambda f: f.assign(x=f["y"].where(f.index != 5)), {"covariates": "x"}, DesignError, ["« x »", "2019-06"]),
        (lambda f: f, {"family": "poisson"}, DesignError, ["entiers", "2019-01", "offset"]),
        (lambda f: f.assign(y=-1), {"family": "quasipoisson"}, DesignError, ["négatifs"]),
        (lambda f: f.assign(p=0), {"family": "quasipoisson", "offset": "p"}, DesignError, ["population", "« p »"]),
        (lambda f: f.assign(p=5), {"offset": "p"}, DesignError, ["offset"]),
        (
            lambda f: f.assign(y=np.where(f.index < 24, 3 + f.index % 2, 0)),
            {"family": "poisson"},
            NotIdentified,
            ["Aucun cas"],
        ),
        (lambda f: f, {"family": "normal"}, DesignError, ["normal", "gaussian"]),
        (lambda f: f, {"errors": "neweywest"}, DesignError, ["newey_west"]),
        (lambda f: f, {"lags": 3}, DesignError, ["lags"]),
        (lambda f: f, {"errors": "newey_west", "lags": 50, "allow_invalid": True}, DesignError, ["35"]),
        (lambda f: f, {"level": 95}, DesignError, ["entre 0 et 1"]),
        (lambda f: f, {"season": 1}, DesignError, ["saison"]),
        (lambda f: f, {"season": 12, "harmonics": 0}, DesignError, ["harmoniques"]),
        (lambda f: f, {"at": "2021-12"}, NotIdentified, ["slope"]),
        (lambda f: f.iloc[[0, 1, 2, 24, 25]], {"season": None, "covariates": []}, None, []),
        (lambda f: f.iloc[[0, 1, 24, 25]], {}, TooFewUnits, ["4 points pour 4"]),
        (lambda f: f.assign(mois=f["mois"].where(f.index != 2)), {}, DesignError, ["période manque"]),
        (
            lambda f: f.assign(y=f.index % 3 + 1),
            {"family": "quasipoisson", "errors": "prais_winsten", "allow_invalid": True},
            DesignError,
            ["Prais-Winsten"],
        ),
    ],
)
def test_bad_input_says_what_to_do(change: object, options: dict[str, object], kind: object, words: list[str]) -> None:
    table = change(monthly())  # type: ignore[operator]
    if kind is None:
        assert run(table, **options).verdict == "non_evaluable"
        return
    told = refused(kind, table, **options)  # type: ignore[arg-type]
    for word in words:
        assert word in told


def test_a_series_without_chance_is_not_tested() -> None:
    frame = monthly().assign(y=3.0 * np.arange(36) + 5 * (np.arange(36) >= 24))
    result = run(frame)
    assert result.estimate == pytest.approx(5)
    assert result.verdict == "non_evaluable"
    assert any("aucun aléa" in limit for limit in result.limits)


def test_a_minimum_effect_of_interest_decides_that_nothing_is_seen() -> None:
    assert run(monthly(60, rho=0.0), minimum_effect=50).verdict == "pas_d_effet_decelable"
    assert run(monthly(60, rho=0.0), minimum_effect=0.01).verdict == "non_concluant"


def test_a_high_level_is_no_reason_to_see_no_noise() -> None:
    random = np.random.default_rng(5)
    table = pd.DataFrame({"mois": range(36), "y": random.normal(size=36) + 3.0 * (np.arange(36) >= 18)})
    found = impact.interrupted_series(table, outcome="y", time="mois", at=18)
    raised = impact.interrupted_series(table.assign(y=table["y"] + 1e10), outcome="y", time="mois", at=18)
    assert raised.estimate == pytest.approx(found.estimate, abs=1e-4)
    assert raised.p_value == pytest.approx(found.p_value, abs=1e-3)
    assert raised.verdict == found.verdict


@pytest.mark.parametrize("at", [float("nan"), None, "bientôt"])
def test_a_date_that_is_none_is_refused(at: object) -> None:
    with pytest.raises(DesignError) as caught:
        run(monthly(), at=at)
    assert caught.value.problem.remedy


def test_an_empty_series_is_refused() -> None:
    with pytest.raises(DesignError, match="vide"):
        impact.interrupted_series(pd.DataFrame({"y": [], "mois": []}), outcome="y", time="mois", at="2020-01")
