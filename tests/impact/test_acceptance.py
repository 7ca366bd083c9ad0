"""What a new user types, and what must come back: a typed error that says what to do, or figures without a warning."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ctgeval import impact
from ctgeval.errors import DesignError


def table(units: int = 20, periods: int = 8, treated: int = 1, seed: int = 1) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    unit, time = np.repeat(np.arange(units), periods), np.tile(np.arange(2016, 2016 + periods), units)
    return pd.DataFrame(
        {
            "u": [f"{1004 + i:05d}" for i in unit],
            "t": time,
            "y": 10 + random.normal(size=units)[unit] + random.normal(size=units * periods),
            "g": np.where(unit < treated, 2020.0, np.nan),
            "density": random.normal(size=units * periods),
        }
    )


def read(frame: Any, **options: Any) -> impact.Panel:
    return impact.Panel.from_frame(frame, unit="u", time="t", outcome="y", treated_from="g", **options)


@pytest.mark.parametrize("given", [None, [1, 2], {"u": ["01004"]}])
def test_what_is_no_table_is_said_to_be_none(given: Any) -> None:
    with pytest.raises(DesignError, match=r"pas un tableau.*DataFrame"):
        read(given)


def test_a_column_that_is_there_twice_is_named() -> None:
    frame = table()
    with pytest.raises(DesignError, match=r"Plusieurs colonnes.*« y »"):
        read(pd.concat([frame, frame[["y"]]], axis=1))


@pytest.mark.parametrize("value", [pd.Timestamp("2020-01-01"), pd.Timedelta(days=1), 1 + 1j])
def test_dates_and_durations_are_no_outcome(value: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(DesignError, match="dates, des durées"):
            read(table().assign(y=value))


def test_a_value_whose_square_is_no_number_is_refused() -> None:
    frame = table()
    frame.loc[7, "y"] = 1e200
    with pytest.raises(DesignError, match=r"démesurées \(lignes 7\)"):
        read(frame)


@pytest.mark.parametrize("frequency", [0, -4, 1.5])
def test_a_season_is_a_whole_number_of_periods(frequency: Any) -> None:
    with pytest.raises(DesignError, match="saison"):
        read(table(), frequency=frequency)


def test_one_covariate_may_be_named_without_a_list() -> None:
    assert read(table(), covariates="density").covariate_names == ("density",)


def test_quarters_of_pandas_are_periods() -> None:
    frame = table()
    quarters = pd.period_range("2021Q1", periods=8, freq="Q")
    frame["t"] = quarters[frame["t"].to_numpy() - 2016]
    frame["g"] = [quarters[4] if known else pd.NaT for known in frame["g"].notna()]
    panel = read(frame)
    assert panel.periods[:2] == ("2021-Q1", "2021-Q2")
    assert set(panel.start.tolist()) == {4, 8}


@pytest.mark.parametrize("effect", [0.0, 1.0])
@pytest.mark.parametrize("estimator", ["did", "event_study", "group_time", "imputation", "sun_abraham"])
def test_figures_that_never_move_give_no_warning(estimator: str, effect: float) -> None:
    frame = table()
    treated = (frame["g"] == 2020) & (frame["t"] >= 2020)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = getattr(impact, estimator)(read(frame.assign(y=3.0 + effect * treated)))
    assert found.estimate == pytest.approx(effect, abs=1e-9)
    assert found.verdict == ("amelioration" if effect else "non_concluant") or found.p_value > 0.05


def test_power_does_not_lose_the_design_with_its_treated_unit() -> None:
    """Among 20, a single one: 19 placebos can't show p = 0.05, but the design can."""
    panel = read(table())
    found = impact.power(panel, draws=40)
    assert impact.evaluability(panel).to_dict()["minimum_p"] == pytest.approx(0.05)
    assert np.isfinite(found.mde)
    assert found.mde > found.mde_formula / 2


def test_a_gap_does_not_change_what_the_test_of_cohorts_is_about() -> None:
    """With gaps, the test was that of the two-way coefficient: its interval stood apart from the estimate."""
    random = np.random.default_rng(8)
    frame = table(units=24)
    frame["g"] = frame["u"].map(
        dict(zip(sorted(frame["u"].unique()), [2018.0] * 4 + [2021.0] * 4 + [np.nan] * 16, strict=True))
    )
    since = (frame["t"] - frame["g"]).where(lambda years: years >= 0)
    # The effect fades: the mean over treated cells and the two-way coefficient are far apart.
    frame["y"] = random.normal(size=len(frame)) / 10 + (5 - 3 * since).where(since.notna(), 0.0)
    whole, with_gap = impact.sun_abraham(read(frame)), impact.sun_abraham(read(frame.drop(index=150)))
    assert with_gap.estimate == pytest.approx(whole.estimate, abs=0.05)
    assert with_gap.interval.low == pytest.approx(whole.interval.low, abs=0.2)
    assert with_gap.interval.high == pytest.approx(whole.interval.high, abs=0.2)


@pytest.mark.parametrize("level", [0, 95, float("nan")])
@pytest.mark.parametrize("estimator", ["did", "imputation", "evaluability", "power"])
def test_a_level_is_a_share(estimator: str, level: Any) -> None:
    with pytest.raises(DesignError, match="niveau de confiance"):
        getattr(impact, estimator)(read(table()), level=level)


@pytest.mark.parametrize("asked", [None, 3, ""])
def test_a_test_that_has_no_name_is_refused(asked: Any) -> None:
    with pytest.raises(DesignError, match="Aucun test"):
        impact.did(read(table()), inference=asked)


def test_a_design_that_could_find_nothing_rules_nothing_out() -> None:
    """One period before, two after: no effect is large enough to be found, so none may be said to be absent."""
    found = impact.did(read(table(units=40, periods=3).replace({"g": {2020.0: 2017.0}})))
    assert not np.isfinite(found.details["mde"])
    assert found.verdict == "non_concluant"


@pytest.mark.parametrize("units", [20, 40])
def test_two_way_clusters_without_a_variance_give_no_warning(units: int) -> None:
    panel = read(table(units=units, treated=8 if units == 40 else 1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = impact.event_study(panel, inference="two_way", allow_invalid=True)
    assert np.isfinite(found.estimate)


def test_zero_is_in_the_interval_when_it_is_not_rejected() -> None:
    random = np.random.default_rng(23)
    for _ in range(15):
        frame = table(units=40, treated=3)
        frame["y"] = random.standard_cauchy(len(frame))
        found = impact.did(read(frame), draws=499)
        if found.p_value > 0.05 + 1e-9:
            assert found.interval.low <= 0 <= found.interval.high


@pytest.mark.parametrize(
    "options",
    [{"target": 0}, {"target": 80}, {"draws": 0}, {"effects": []}, {"effects": [np.nan]}, {"n_post": -1}, {"n_pre": 0}],
)
def test_options_of_power_are_refused_by_name(options: dict[str, Any]) -> None:
    with pytest.raises(DesignError, match=next(iter(options))):
        impact.power(read(table()), **options)


def test_power_takes_one_code_without_a_list() -> None:
    panel = read(table())
    assert impact.power(panel, treated="01004", draws=5).draws == 5


def test_only_results_are_adjusted() -> None:
    with pytest.raises(DesignError, match="résultats d’estimation"):
        impact.adjust([0.01, 0.04])  # type: ignore[list-item]
