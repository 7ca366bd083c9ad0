from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from ctgeval.errors import DesignError, NotIdentified, TooFewUnits
from ctgeval.impact import Panel, did, group_time
from ctgeval.impact.group_cells import estimate_cells
from tests.impact.staggered_panels import fewer, figures, made, mpdta, panel_of, peers, random_frame

Make = Callable[..., Panel]


def cells(result: Any) -> dict[tuple[str, str], float]:
    table = result.details["group_time"]
    return dict(zip(zip(table["cohort"], table["time_period"], strict=True), table["estimate"], strict=True))


# -- published figures --------------------------------------------------------------------------------------------


def test_published_figures_of_the_minimum_wage_example(real_data: Path) -> None:
    found = group_time(mpdta(real_data), inference="cluster")
    published = {"2004": [-0.0105, -0.0704, -0.1373, -0.1008], "2006": [-0.0046, -0.0412], "2007": [-0.0261]}
    for cohort, effects in published.items():
        for k, effect in enumerate(effects):
            assert round(cells(found)[cohort, str(int(cohort) + k)], 4) == effect
    assert (round(found.estimate, 4), round(found.std_error, 4)) == (-0.0400, 0.0120)
    dynamic = found.by_period.set_index("event_time")
    expected = {-3: 0.0305, -2: -0.0006, -1: -0.0245, 0: -0.0199, 1: -0.0510, 2: -0.1373, 3: -0.1008}
    assert dynamic["estimate"].round(4).to_dict() == expected
    # The vignette draws its errors by bootstrap: the third digit is that of its draws.
    for event, error in {0: 0.0118, 1: 0.0169, 2: 0.0364, 3: 0.0344}.items():
        assert dynamic.loc[event, "std_error"] == pytest.approx(error, abs=0.0005)
    overall = found.details["overall"].set_index("aggregate")
    assert round(overall.loc["dynamic", "estimate"], 4) == -0.0772
    assert overall.loc["dynamic", "std_error"] == pytest.approx(0.0203, abs=0.0005)
    assert round(found.details["pre_test"]["p_value"], 3) == 0.168
    assert found.details["pre_test"]["df"] == 5


def test_published_figure_with_a_covariate(real_data: Path) -> None:
    found = group_time(mpdta(real_data), covariates=("lpop",), inference="cluster")
    assert (round(found.estimate, 5), round(found.std_error, 4)) == (-0.04175, 0.0115)


# -- agreement with peers -----------------------------------------------------------------------------------------

CASES = [key for key in peers() if key.split("|")[1] in {"csdid", "CallawaySantAnna"}]


@pytest.mark.parametrize("key", CASES)
def test_agrees_with_peers(key: str, request: pytest.FixtureRequest) -> None:
    data, _, *options = key.split("|")
    if data == "mpdta":
        panel = mpdta(request.getfixturevalue("real_data"))
    else:
        panel = made(gaps=data == "gaps", weights="weights" in options, clusters="cl" in options)
    given: dict[str, Any] = {"draws": 0, "inference": "cluster", "allow_invalid": True}
    given["control"] = "not_yet" if "not_yet" in options else "never"
    given["anticipation"] = int("anticipation" in options)
    given["base"] = "universal" if "universal" in options else "varying"
    for method in {"dr", "reg", "ipw"} & set(options):
        given |= {"method": method, "covariates": panel.covariate_names}
    found = figures(group_time(panel, **given))
    for name, (estimate, error) in peers()[key].items():
        assert found[name][0] == pytest.approx(estimate, abs=1e-6), name
        if np.isfinite(error):
            assert found[name][1] == pytest.approx(error, abs=1e-6), name


# -- what each part is --------------------------------------------------------------------------------------------


def test_one_date_gives_the_differences_of_mean_changes(make_panel: Make) -> None:
    panel = make_panel(n=40, t=7, treated=8, at=4, seed=1)
    found = group_time(panel, base="universal", inference="cluster")
    change = panel.outcome - panel.outcome[:, [3]]
    path = change[:8].mean(axis=0) - change[8:].mean(axis=0)
    np.testing.assert_allclose(found.by_period["estimate"], path, atol=1e-12)
    assert found.estimate == pytest.approx(path[4:].mean(), abs=1e-12)
    assert list(found.by_period["time_period"]) == list(panel.periods)
    row = found.by_period.set_index("event_time").loc[-1]
    assert (row["estimate"], row["std_error"], row["reference"]) == (0, 0, True)
    spread = change[:8, 4].var() / 8 + change[8:, 4].var() / 32
    assert found.by_period["std_error"][4] == pytest.approx(np.sqrt(spread), rel=1e-9)


@pytest.mark.parametrize("aggregate", ["simple", "dynamic", "group", "calendar"])
@pytest.mark.parametrize("control", ["never", "not_yet"])
@pytest.mark.parametrize(("gaps", "names"), [(False, ()), (True, ()), (True, ("x",))])
def test_the_estimate_is_the_sum_of_coefficients_times_outcomes(
    aggregate: Any, control: Any, gaps: bool, names: tuple[str, ...]
) -> None:
    panel = made(gaps=gaps)
    low, high = panel.outcome - 0.5, panel.outcome + 0.25
    bounded = Panel(**{**{f: getattr(panel, f) for f in panel.__dataclass_fields__}, "low": low, "high": high})
    found = group_time(
        bounded, control=control, aggregate=aggregate, covariates=names, method="dr", draws=0, inference="cluster"
    )
    # One more unit of outcome after treatment, for the treated, is one more of effect, and costs no comparator.
    moved = group_time(
        panel.with_outcome(panel.outcome + panel.post),
        control=control,
        aggregate=aggregate,
        covariates=names,
        draws=0,
        inference="cluster",
    )
    assert moved.estimate - found.estimate == pytest.approx(1, abs=1e-9)
    assert found.bounds.low < found.estimate < found.bounds.high
    # The bounds are exact: the outcome that reaches the lower one gives it.
    coefficients = _coefficients(bounded, found, control, aggregate, names)
    assert np.nansum(coefficients * np.where(panel.observed, panel.outcome, 0)) == pytest.approx(found.estimate)
    worst = np.where(coefficients > 0, low, high)
    reached = group_time(
        panel.with_outcome(worst), control=control, aggregate=aggregate, covariates=names, draws=0, inference="cluster"
    )
    assert reached.estimate == pytest.approx(found.bounds.low, abs=1e-9)


def _coefficients(panel: Panel, found: Any, control: Any, aggregate: str, names: tuple[str, ...]) -> np.ndarray:
    """Coefficients by small moves of the outcome, from the cells themselves."""
    from ctgeval.impact.aggregation import aggregate as averages

    covariates = panel.covariates if names else None
    parts = estimate_cells(panel, covariates=covariates, control=control, method="dr", anticipation=0, base="varying")
    share = np.array([(panel.start == c).mean() for c in panel.cohorts])
    overall = averages(parts.estimate, parts.cohort, parts.column, parts.event_time, share)[1][aggregate]
    assert overall.estimate[0] == pytest.approx(found.estimate, abs=1e-9)
    return parts.coefficients(overall.weights[0], np.arange(panel.n_units))


def test_weights_of_cohorts_are_those_of_the_estimate() -> None:
    from ctgeval.impact.group_time import _cohort_weights
    from ctgeval.impact.staggered import cohort_rows

    panel = made()
    for control in ("never", "not_yet"):
        parts = estimate_cells(panel, covariates=None, control=control, method="dr", anticipation=1, base="varying")
        weights = np.where(parts.event_time >= 0, 1.0, 0.0) * ~np.isnan(parts.estimate)
        rows = _cohort_weights(parts, weights, control, 1)[cohort_rows(panel)]
        np.testing.assert_allclose(rows, parts.coefficients(weights, np.arange(panel.n_units)), atol=1e-12)


def test_bands_hold_all_effects_and_are_wider_than_intervals() -> None:
    found = group_time(made(), inference="cluster", seed=4)
    for table in (found.details["group_time"], found.by_period):
        assert (table["band_low"] < table["low"]).all()
        assert (table["band_high"] > table["high"]).all()
    one = found.details["simple"].iloc[0]
    assert one["band_high"] - one["band_low"] == pytest.approx(one["high"] - one["low"], rel=0.12)
    again = group_time(made(), inference="cluster", seed=4)
    np.testing.assert_array_equal(again.by_period["band_low"], found.by_period["band_low"])
    without = group_time(made(), inference="cluster", draws=0)
    assert without.by_period["band_low"].isna().all()
    assert without.by_period["low"].notna().all()


def test_clusters_change_the_error_and_not_the_estimate() -> None:
    alone, together = group_time(made(), inference="cluster"), group_time(made(clusters=True), inference="cluster")
    assert alone.estimate == pytest.approx(together.estimate)
    assert together.std_error > 1.02 * alone.std_error


def test_sensitivity_gets_a_covariance_only_where_it_means_something(make_panel: Make) -> None:
    varying = group_time(made(), inference="cluster").details
    assert not varying["covariance_valid"]
    assert "universal" in varying["covariance_reason"]
    universal = group_time(made(), base="universal", inference="cluster")
    assert universal.details["covariance_valid"]
    assert universal.details["reference"] == -1
    table = universal.by_period[~universal.by_period["reference"]]
    np.testing.assert_array_equal(universal.details["event_times"], table["event_time"])
    np.testing.assert_allclose(np.sqrt(np.diagonal(universal.details["covariance"])), table["std_error"])
    assert not group_time(make_panel(), base="universal").details["covariance_valid"]


# -- few treated --------------------------------------------------------------------------------------------------


def test_few_treated_have_no_error_of_the_method(make_panel: Make) -> None:
    found = group_time(make_panel(n=25, treated=2, seed=3))
    assert found.by_period[["std_error", "low", "high", "band_low", "band_high"]].isna().all(axis=None)
    assert found.details["group_time"]["std_error"].isna().all()
    assert found.by_period["estimate"].notna().all()
    assert "cluster" not in found.inference
    assert any("6 groupes concernés" in limit for limit in found.limits)


def test_cluster_errors_are_refused_with_few_treated_and_marked_when_forced(make_panel: Make) -> None:
    panel = make_panel(n=25, treated=2, seed=3)
    with pytest.raises(TooFewUnits, match="2 territoires"):
        group_time(panel, inference="cluster")
    forced = group_time(panel, inference="cluster", allow_invalid=True)
    assert not forced.valid
    assert forced.verdict == "non_evaluable"
    assert forced.by_period["std_error"].notna().all()


def test_a_small_cohort_among_large_ones_has_no_error_of_its_own() -> None:
    frame = random_frame(1)
    frame = frame.assign(first=np.nan, geo=frame["geo"])
    many = np.arange(40)
    start = np.where(many < 2, 2017, np.where(many < 12, 2018, np.nan))
    random = np.random.default_rng(0)
    rows = [
        {"geo": f"C{i:03d}", "year": 2015 + t, "y": random.standard_normal(), "first": start[i]}
        for i in many
        for t in range(6)
    ]
    found = group_time(panel_of(type(frame)(rows)), inference="cluster")
    table = found.details["group_time"]
    assert table.loc[table["cohort"] == "2017", "std_error"].isna().all()
    assert table.loc[table["cohort"] == "2018", "std_error"].notna().all()
    assert any("2017" in limit for limit in found.limits)
    assert found.std_error > 0


# -- what can't be known ------------------------------------------------------------------------------------------


def test_without_never_treated_only_those_not_yet_treated_compare() -> None:
    frame = random_frame(2, dates=2)
    last = frame["first"].max()
    panel = panel_of(frame.assign(first=frame["first"].fillna(last + 1)))
    with pytest.raises(NotIdentified, match="not_yet"):
        group_time(panel)
    found = group_time(panel, control="not_yet")
    table = found.details["group_time"]
    late = table["time_period"].astype(int) > last
    assert table.loc[late, "estimate"].isna().all()
    assert any("hors des moyennes" in limit for limit in found.limits)
    assert np.isfinite(found.estimate)
    assert found.verdict in {"non_evaluable", "non_concluant"}
    everybody = panel_of(frame.assign(first=2017))
    with pytest.raises(NotIdentified, match="comparaison"):
        group_time(everybody, control="not_yet")


def test_gaps_use_the_units_seen_at_both_periods_and_say_so() -> None:
    panel = made(gaps=True)
    found = group_time(panel, inference="cluster")
    seen = panel.observed[:, 1] & panel.observed[:, 3]
    change = panel.outcome[:, 3] - panel.outcome[:, 1]
    first, never = seen & (panel.start == 2), seen & ~panel.treated
    assert cells(found)["2012", "2013"] == pytest.approx(change[first].mean() - change[never].mean())
    assert any("observés à ses deux périodes" in limit for limit in found.limits)


def test_separated_groups_are_told_cell_by_cell() -> None:
    frame = random_frame(5)
    frame["x"] = frame["x"] + 100.0 * frame["first"].eq(2017)
    panel = panel_of(frame, covariates=("x",))  # type: ignore[arg-type]
    found = group_time(panel, covariates="x", method="ipw")
    table = found.details["group_time"]
    assert table.loc[table["cohort"] == "2017", "estimate"].isna().all()
    assert any("personne n’est comparable" in limit for limit in found.limits)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"covariates": ("xx",)}, "xx"),
        ({"covariates": ("x", "twice")}, "combinaison"),
        ({"covariates": ("constant",)}, "ne varie pas"),
        ({"control": "nevr"}, "nevr"),
        ({"method": "aipw"}, "aipw"),
        ({"base": "last"}, "last"),
        ({"aggregate": "mean"}, "mean"),
        ({"anticipation": -1}, "-1"),
        ({"draws": 9.5}, "9.5"),
        ({"inference": "hc1"}, "HC1"),
        ({"inference": "bayes"}, "bayes"),
    ],
)
def test_bad_options_are_refused(options: dict[str, Any], told: str) -> None:
    frame = random_frame(3).assign(twice=lambda rows: 2 * rows["x"] + 1, constant=3.0)
    panel = panel_of(frame, covariates=("x", "twice", "constant"))  # type: ignore[arg-type]
    with pytest.raises(DesignError) as caught:
        group_time(panel, **options)
    assert told in str(caught.value)
    assert caught.value.problem.remedy


def test_nobody_treated_or_all_expected_before_the_panel(make_panel: Make) -> None:
    with pytest.raises(NotIdentified, match="Aucun territoire"):
        group_time(make_panel(treated=0))
    with pytest.raises(NotIdentified, match="aucune période de référence"):
        group_time(make_panel(at=2), anticipation=2)


def test_masked_cells_leave_no_verdict() -> None:
    frame = random_frame(8).assign(low=lambda rows: rows["y"], high=lambda rows: rows["y"])
    frame.loc[4, ["y", "low", "high"]] = [np.nan, 0.0, np.inf]
    found = group_time(panel_of(frame, low="low", high="high"))
    assert (found.bounds.low, found.bounds.high) == (-np.inf, np.inf)
    assert found.verdict not in {"amelioration", "degradation", "pas_d_effet_decelable"}


def test_treated_shares_count_from_their_first_period_and_it_is_told(make_panel: Make) -> None:
    panel = make_panel(n=30, treated=7, seed=2)
    half = Panel(**{**{f: getattr(panel, f) for f in panel.__dataclass_fields__}, "treatment": panel.treatment * 0.5})
    found = group_time(half, inference="cluster")
    assert found.estimate == group_time(panel, inference="cluster").estimate
    assert any("part traitée" in limit for limit in found.limits)


# -- laws ---------------------------------------------------------------------------------------------------------

CHOICES = {"control": st.sampled_from(["never", "not_yet"]), "base": st.sampled_from(["varying", "universal"])}


def run(frame: Any, **options: Any) -> Any:
    columns = {"covariates": ("x",)} if options.get("covariates") else {}
    return group_time(panel_of(frame, **columns), draws=49, inference="cluster", allow_invalid=True, **options)


@fewer
@given(seed=st.integers(0, 10_000), gaps=st.booleans(), **CHOICES)
def test_names_and_order_change_nothing(seed: int, gaps: bool, control: str, base: str) -> None:
    frame = random_frame(seed, gaps=gaps)
    codes = sorted(frame["geo"].unique())
    new = dict(zip(codes, np.random.default_rng(seed).permutation(codes), strict=True))
    other = frame.assign(geo=frame["geo"].map(new)).sample(frac=1, random_state=seed)
    one, two = (run(table, control=control, base=base) for table in (frame, other))
    np.testing.assert_allclose(
        one.by_period.drop(columns="time_period").astype(float),
        two.by_period.drop(columns="time_period").astype(float),
        rtol=1e-5,
        atol=1e-9,
    )


@fewer
@given(
    seed=st.integers(0, 10_000),
    gaps=st.booleans(),
    scale=st.sampled_from([0.01, 3.0, 1e4]),
    names=st.sampled_from([(), ("x",)]),
    method=st.sampled_from(["dr", "reg"]),
    **CHOICES,
)
def test_unit_effects_change_nothing_and_scaling_scales(
    *, seed: int, gaps: bool, scale: float, names: tuple[str, ...], method: str, control: str, base: str
) -> None:
    frame = random_frame(seed, gaps=gaps)
    shift = frame["geo"].map({code: 3.0 * i for i, code in enumerate(sorted(frame["geo"].unique()))})
    options = {"control": control, "base": base, "covariates": names, "method": "reg" if names else method}
    first = run(frame, **options)
    second = run(frame.assign(y=scale * (frame["y"] + shift + 0.3 * frame["year"])), **options)
    for name in ("estimate", "std_error"):
        np.testing.assert_allclose(second.by_period[name], scale * first.by_period[name], rtol=1e-6, atol=1e-8 * scale)


@fewer
@given(seed=st.integers(0, 10_000))
def test_one_date_two_periods_is_two_by_two(seed: int) -> None:
    panel = panel_of(random_frame(seed, dates=1)).window(1, 2)
    expected = did(panel, inference="cluster", allow_invalid=True).estimate
    assert group_time(panel, draws=0).estimate == pytest.approx(expected, abs=1e-10)
