from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from ctgeval.errors import DesignError, ImpactError, NotIdentified, TooFewUnits
from ctgeval.impact import ImpactResult, before_after
from tests.impact.published_answers import anorexia, approval, sleep


def rows_of(result: ImpactResult) -> dict[str, dict[str, Any]]:
    return {row["test"]: row for row in result.details["tests"]}


# -- published ----------------------------------------------------------------------------------------------------


def test_sleep_as_published() -> None:
    found = before_after(sleep(), before="one", after="two", unit_label="heures")
    assert found.estimate == pytest.approx(1.58)
    assert found.p_value == pytest.approx(0.002833, abs=1e-6)
    np.testing.assert_allclose(found.interval, (0.7001, 2.4599), atol=5e-5)
    row = rows_of(found)["t"]
    assert (round(row["statistic"], 4), row["df"]) == (4.0621, 9)
    assert rows_of(found)["wilcoxon"]["p_value"] == pytest.approx(0.00909, abs=5e-6)
    assert found.details["effect_sizes"][0]["value"] == pytest.approx(1.28456, abs=1e-5)
    assert (found.verdict, found.evidence, found.n_treated, found.n_controls) == ("amelioration", 1, 10, 0)
    assert "groupe de comparaison" in found.limits[0]


# R MASS, t.test(after, before, paired = TRUE) by treatment.
@pytest.mark.parametrize(
    ("treat", "estimate", "p", "interval", "verdict"),
    [
        ("FT", 7.2647, 0.00070, (3.585, 10.945), "amelioration"),
        ("CBT", 3.0069, 0.0350, (0.227, 5.787), "amelioration"),
        ("Cont", -0.45, 0.776, (-3.677, 2.777), "pas_d_effet_decelable"),
    ],
)
def test_anorexia_by_treatment(
    treat: str, estimate: float, p: float, interval: tuple[float, float], verdict: str
) -> None:
    found = before_after(anorexia().query("treat == @treat"), before="before", after="after", unit_label="livres")
    assert found.estimate == pytest.approx(estimate, abs=5e-5)
    assert found.p_value == pytest.approx(p, rel=0.01)
    np.testing.assert_allclose(found.interval, interval, atol=6e-4)
    assert found.verdict == verdict


def test_analysis_of_covariance_of_anorexia() -> None:
    # The same regression in statsmodels: after ~ before + (treat == FT), FT and Cont alone.
    data = anorexia().query("treat != 'CBT'").assign(ft=lambda rows: (rows["treat"] == "FT").astype(int))
    found = before_after(
        data, before="before", after="after", group="ft", baseline_adjusted=True, randomised=True, test="iid"
    )
    x = np.column_stack([np.ones(len(data)), data["ft"], data["before"]])
    beta, residual, *_ = np.linalg.lstsq(x, data["after"].to_numpy(), rcond=None)
    error = np.sqrt(np.linalg.inv(x.T @ x)[1, 1] * residual[0] / (len(data) - 3))
    assert found.estimate == pytest.approx(beta[1])
    assert found.std_error == pytest.approx(error)
    assert (found.evidence, found.verdict) == (5, "amelioration")


def test_three_arms_with_a_covariate_give_the_example_of_mass() -> None:
    # Venables and Ripley (2002): Postwt ~ Prewt + Treat + offset(Prewt), CBT the reference; Cont -4.0971 (1.8935).
    data = anorexia().assign(
        cont=lambda rows: (rows["treat"] == "Cont").astype(int), ft=lambda rows: (rows["treat"] == "FT").astype(int)
    )
    found = before_after(
        data, before="before", after="after", group="cont", baseline_adjusted=True, covariates=["ft"], test="iid"
    )
    assert found.estimate == pytest.approx(-4.0971, abs=5e-5)
    assert found.std_error == pytest.approx(1.8935, abs=5e-5)


def test_approval_as_published() -> None:
    found = before_after(approval(), before="before", after="after")
    assert (found.unit, found.inference, found.verdict) == ("points", "mcnemar", "degradation")
    assert found.estimate == pytest.approx(-4.0)
    rows = rows_of(found)
    assert rows["mcnemar"]["statistic"] == pytest.approx(17.3559, abs=1e-4)
    assert rows["mcnemar_continuity"]["statistic"] == pytest.approx(16.8178, abs=1e-4)
    assert before_after(approval(), before="before", after="after", test="exact").p_value == pytest.approx(
        3.716e-5, abs=1e-8
    )


@pytest.mark.parametrize(
    ("name", "estimate", "classical", "hc1"),
    [("nsw_lalonde_722", 886.30, 472.09, 488.14), ("nsw_dehejia_wahba_445", 1794.34, 632.85, 670.82)],
)
def test_a_drawing_of_lots_as_published(
    real_data: Path, name: str, estimate: float, classical: float, hc1: float
) -> None:
    data = pd.read_csv(real_data / f"impact/{name}.csv")
    found = before_after(data, after="re78", group="treat", randomised=True, unit_label="dollars")
    assert found.estimate == pytest.approx(estimate, abs=5e-3)
    rows = rows_of(found)
    assert rows["iid"]["std_error"] == pytest.approx(classical, abs=5e-3)
    assert rows["t"]["std_error"] == pytest.approx(classical, abs=5e-3)
    assert rows["hc1"]["std_error"] == pytest.approx(hc1, abs=5e-3)
    assert rows["welch"]["std_error"] == pytest.approx(rows["hc2"]["std_error"])
    assert found.evidence == 5
    assert found.verdict == ("non_concluant" if "722" in name else "amelioration")


def test_balanced_card_and_krueger(real_data: Path) -> None:
    long = pd.read_csv(real_data / "impact/card_krueger_1994.csv")
    found = before_after(long, outcome="fte", time="d", unit="id", before="0", after="1", group="nj")
    assert found.estimate == pytest.approx(2.75)
    assert found.std_error == pytest.approx(1.34234, abs=5e-6)
    assert (found.n_treated, found.n_controls) == (309, 75)
    # Two States: the persons' error says nothing of what else happened to one of them.
    assert found.verdict == "non_concluant"
    assert any("cluster=" in limit for limit in found.limits)
    inside = before_after(
        long, outcome="fte", time="d", unit="id", before="0", after="1", group="nj", same_territory=True
    )
    assert (inside.verdict, inside.p_value) == ("amelioration", found.p_value)


# -- laws ---------------------------------------------------------------------------------------------------------

numbers = st.floats(-1e3, 1e3).map(lambda x: round(x, 3))
pairs = st.lists(st.tuples(numbers, numbers), min_size=8, max_size=30).filter(
    lambda rows: len({round(b - a, 6) for a, b in rows}) > 3
)


@settings(max_examples=20)
@given(pairs, st.floats(0.01, 100), st.floats(-100, 100), st.booleans())
def test_rows_shifts_and_scales(rows: list[tuple[float, float]], scale: float, shift: float, paired: bool) -> None:
    data = pd.DataFrame(rows, columns=["a", "b"])
    first = before_after(data, before="a", after="b", paired=paired)
    again = before_after(data[::-1], before="a", after="b", paired=paired)
    moved = before_after(data * scale + shift, before="a", after="b", paired=paired)
    assert again.p_value == pytest.approx(first.p_value)
    assert again.estimate == pytest.approx(first.estimate, abs=1e-9)
    assert moved.estimate == pytest.approx(scale * first.estimate, rel=1e-6, abs=1e-6)
    assert moved.std_error == pytest.approx(scale * first.std_error, rel=1e-6)
    turned = before_after(data, before="b", after="a", paired=paired)
    np.testing.assert_allclose(turned.interval, (-first.interval.high, -first.interval.low), rtol=1e-9, atol=1e-9)


@settings(max_examples=20)
@given(pairs)
def test_equal_weights_and_own_clusters_change_nothing(rows: list[tuple[float, float]]) -> None:
    data = pd.DataFrame(rows, columns=["a", "b"]).assign(w=3.0, own=range(len(rows)))
    for paired in (True, False):
        plain = before_after(data, before="a", after="b", paired=paired)
        weighted = before_after(data, before="a", after="b", paired=paired, weights="w")
        assert weighted.std_error == pytest.approx(plain.std_error)
        assert weighted.p_value == pytest.approx(plain.p_value, rel=1e-6, abs=1e-12)
    one = before_after(data, before="a", after="b")
    assert before_after(data, before="a", after="b", cluster="own").std_error == pytest.approx(one.std_error)


def test_long_and_wide_tables_say_the_same() -> None:
    wide = anorexia().query("treat == 'FT'").reset_index(drop=True).assign(who=lambda rows: rows.index)
    long = wide.melt(id_vars=["who", "treat"], value_vars=["before", "after"], var_name="when", value_name="weight")
    first = before_after(wide, before="before", after="after")
    second = before_after(
        long.sample(frac=1, random_state=1), outcome="weight", time="when", unit="who", before="before", after="after"
    )
    assert second.p_value == pytest.approx(first.p_value)
    third = before_after(long, outcome="weight", time="when", before="before", after="after", paired=False)
    fourth = before_after(wide, before="before", after="after", paired=False)
    assert third.p_value == pytest.approx(fourth.p_value)
    assert third.p_value != pytest.approx(first.p_value, rel=0.01)


def test_weights_count_persons_as_many_times() -> None:
    data = sleep().assign(w=np.arange(1, 11))
    repeated = data.loc[data.index.repeat(data["w"])]
    found = before_after(data, before="one", after="two", weights="w")
    assert found.estimate == pytest.approx((repeated["two"] - repeated["one"]).mean())
    # Repeated rows are no new persons: the error must not shrink as if they were.
    assert found.std_error > 2 * before_after(repeated, before="one", after="two").std_error


# -- choices and verdicts -----------------------------------------------------------------------------------------


def test_few_pairs_are_told_and_not_tested() -> None:
    found = before_after(sleep().iloc[:4], before="one", after="two")
    assert found.estimate == pytest.approx(1.55)
    assert np.isnan(found.interval.low)
    assert (found.verdict, found.valid, found.inference) == ("non_evaluable", False, "none")
    assert any("trop peu" in limit for limit in found.limits)
    shown = before_after(sleep().iloc[:4], before="one", after="two", allow_invalid=True)
    assert np.isfinite(shown.interval.low)
    assert (shown.verdict, shown.valid) == ("non_evaluable", False)


def test_a_small_sample_needs_the_ranks_to_agree() -> None:
    data = pd.DataFrame({"a": np.zeros(6), "b": [1.0, 1.1, 0.9, 1.2, 1.3, 1.05]})
    assert before_after(data, before="a", after="b").verdict == "amelioration"
    five = before_after(data.iloc[:5], before="a", after="b")
    assert five.p_value < 0.001
    # Five changes of the same sign happen once in sixteen by chance.
    assert five.verdict == "non_concluant"
    assert any("rangs" in limit for limit in five.limits)


def test_no_spread_is_no_test() -> None:
    data = pd.DataFrame({"a": np.arange(10.0), "b": np.arange(10.0) + 2})
    found = before_after(data, before="a", after="b")
    assert (found.estimate, found.verdict) == (2.0, "non_evaluable")
    assert any("même pour tous" in limit for limit in found.limits)


def test_missing_answers_are_counted_and_compared() -> None:
    random = np.random.default_rng(0)
    data = pd.DataFrame({"a": random.normal(10, 1, 60), "b": random.normal(11, 1, 60)})
    data.loc[data.nsmallest(20, "a").index, "b"] = np.nan
    data.loc[data.index[data["b"].notna()][:3], "a"] = np.nan
    found = before_after(data, before="a", after="b")
    assert found.n_treated == 37
    assert any("20 n’ont répondu qu’avant" in limit and "3 qu’après" in limit for limit in found.limits)
    attrition = next(check for check in found.checks if check.name == "attrition")
    assert attrition.passed is False
    assert "plus bas" in attrition.text


def test_return_to_the_mean_is_computed_when_the_population_is_known() -> None:
    random = np.random.default_rng(5)
    truth = random.normal(0, 1, 4000)
    data = pd.DataFrame({"a": truth + random.normal(0, 1, 4000), "b": truth + random.normal(0, 1, 4000)})
    chosen = data[data["a"] < -1]
    found = before_after(chosen, before="a", after="b", reference_mean=0.0)
    assert found.p_value < 1e-6
    check = next(check for check in found.checks if check.name == "regression_to_the_mean")
    assert check.passed is False
    unknown = before_after(chosen, before="a", after="b")
    assert next(c for c in unknown.checks if c.name == "regression_to_the_mean").passed is None


def test_answers_at_the_end_of_the_scale_are_told() -> None:
    data = pd.DataFrame({"a": [5, 5, 4, 5, 5, 3, 5, 4, 5, 5], "b": [5, 5, 5, 5, 4, 4, 5, 5, 5, 5]})
    found = before_after(data, before="a", after="b")
    assert next(check for check in found.checks if check.name == "scale_ends").passed is False


def test_shares_choose_the_exact_test_when_few_changed() -> None:
    few = pd.DataFrame({"a": [0] * 12 + [1] * 20, "b": [1] * 9 + [0] * 3 + [1] * 18 + [0] * 2})
    found = before_after(few, before="a", after="b")
    assert found.inference == "exact"
    assert found.p_value == pytest.approx(2 * (1 + 11 + 55) / 2**11)
    other = before_after(few, before="a", after="b", paired=False)
    assert other.inference == "score"
    assert other.estimate == pytest.approx(found.estimate)


def test_weighted_shares_are_in_points_too() -> None:
    data = approval().assign(w=1.0, who=lambda rows: rows.index // 8)
    plain = before_after(data, before="before", after="after")
    for options in ({"weights": "w"}, {"cluster": "who"}):
        found = before_after(data, before="before", after="after", **options)  # type: ignore[arg-type]
        assert (found.estimate, found.unit) == (pytest.approx(plain.estimate), "points")
    weighted = before_after(data, before="before", after="after", weights="w")
    assert weighted.std_error == pytest.approx(plain.std_error, rel=1e-3)
    other = before_after(data, before="before", after="after", weights="w", paired=False)
    assert other.estimate == pytest.approx(plain.estimate)


def test_counts_take_the_less_favourable_of_two_tests() -> None:
    random = np.random.default_rng(7)
    data = pd.DataFrame({"a": random.poisson(20, 30), "b": random.poisson(30, 30), "days": 10.0, "more": 12.0})
    found = before_after(data, before="a", after="b", exposure_before="days", exposure_after="more")
    ratio = data["b"].sum() / data["a"].sum() * 10 / 12
    assert found.estimate == pytest.approx(100 * (ratio - 1))
    assert (found.unit, found.inference) == ("%", "exact+robust")
    assert found.details["rate_ratio"] == pytest.approx(ratio)
    assert "points" not in found.text()
    assert found.p_value == max(row["p_value"] for row in found.details["tests"])
    total = before_after(data.iloc[:1], before="a", after="b", kind="count")
    assert total.inference == "exact"
    assert any("indépendamment" in limit for limit in total.limits)


def test_groups_that_begin_apart_lower_the_evidence() -> None:
    random = np.random.default_rng(8)
    on = np.arange(200) < 100
    before = random.normal(0, 1, 200) + 2 * on
    data = pd.DataFrame({"a": before, "b": before + random.normal(0, 1, 200) + on, "g": on})
    apart = before_after(data, before="a", after="b", group="g", same_territory=True)
    alike = before_after(data.assign(a=data["a"] - 2 * on), before="a", after="b", group="g", same_territory=True)
    assert (apart.evidence, alike.evidence) == (2, 3)
    after_alone = before_after(data, after="b", group="g", same_territory=True)
    assert after_alone.evidence == 1


def clustered(n_treated: int, n_controls: int, *, effect: float, seed: int = 0, persons: int = 12) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    place = np.repeat(np.arange(n_treated + n_controls), persons)
    on = place < n_treated
    shock = random.normal(0, 1, n_treated + n_controls)[place]
    before = random.normal(0, 1, len(place))
    after = before + shock + effect * on + random.normal(0, 0.3, len(place))
    return pd.DataFrame({"a": before, "b": after, "g": on.astype(int), "place": [f"C{k:02d}" for k in place]})


def test_persons_of_few_territories_are_few_territories() -> None:
    data = clustered(1, 1, effect=2.0)
    assert before_after(data, before="a", after="b", group="g", same_territory=True).p_value < 1e-3
    found = before_after(data, before="a", after="b", group="g", cluster="place")
    assert found.verdict == "non_concluant"
    many = before_after(clustered(8, 24, effect=3.0), before="a", after="b", group="g", cluster="place")
    assert many.verdict == "amelioration"
    with pytest.raises(TooFewUnits, match="2 territoires") as caught:
        before_after(clustered(2, 24, effect=1), before="a", after="b", group="g", cluster="place", test="cluster")
    assert 'test="auto"' in caught.value.problem.remedy


@pytest.mark.parametrize("treated", [1, 4])
def test_common_shocks_are_not_called_effects(treated: int) -> None:
    false = 0
    for seed in range(40):
        data = clustered(treated, 20, effect=0.0, seed=seed)
        found = before_after(data, before="a", after="b", group="g", cluster="place")
        false += found.verdict in {"amelioration", "degradation"}
    # 40 draws at 5 %: seven or more would happen three times in a thousand.
    assert false <= 6


def test_clusters_of_both_groups_need_to_be_many() -> None:
    data = clustered(15, 15, effect=0.0).assign(g=lambda rows: np.arange(len(rows)) % 2)
    found = before_after(data, before="a", after="b", group="g", cluster="place")
    assert (found.inference, found.details["conclusive"]) == ("cluster", True)
    few = data[data["place"] < "C06"]
    assert before_after(few, before="a", after="b", group="g", cluster="place").verdict == "non_concluant"
    with pytest.raises(TooFewUnits, match="6 groupes"):
        before_after(few, before="a", after="b", group="g", cluster="place", test="cluster")


def test_the_result_is_plain_and_tells_itself() -> None:
    found = before_after(sleep(), before="one", after="two", unit_label="heures", label="Sommeil")
    said = found.to_dict()
    assert said["details"]["means"][0]["n"] == 10
    assert found.steps[0].startswith("10 réponses : t de Student")
    assert found.details["mde"] == pytest.approx(3.1496 * 0.388959, rel=1e-3)
    assert found.details["minimum_p"] == 0


# -- refusals -----------------------------------------------------------------------------------------------------


def refused(error: type[ImpactError], data: pd.DataFrame, **options: Any) -> str:
    with pytest.raises(error) as caught:
        before_after(data, **{"before": "one", "after": "two", **options})
    assert caught.value.problem.remedy
    return str(caught.value)


def test_columns_that_can_not_be_read_are_named() -> None:
    data = sleep()
    assert "twoo" in refused(DesignError, data, after="twoo")
    commas = data.astype(object)
    commas.loc[3, "two"] = "0,1"
    told = refused(DesignError, commas)
    assert "lignes 3" in told
    assert "virgule" in told
    assert "infinie" in refused(DesignError, data.assign(two=lambda d: d["two"].where(d.index != 2, np.inf)))
    assert "partout la même valeur" in refused(DesignError, data.assign(one=1.0, two=1.0))
    assert "Aucune réponse" in refused(DesignError, data.assign(two=np.nan))
    assert "vide" in refused(DesignError, data.iloc[:0])
    never_both = data.assign(one=data["one"].where(data.index < 5), two=data["two"].where(data.index >= 5))
    assert "paired=False" in refused(NotIdentified, never_both)


@pytest.mark.parametrize("weight", [0.0, -2.0, np.nan])
def test_weights_must_be_positive(weight: float) -> None:
    data = sleep().assign(w=1.0)
    data.loc[7, "w"] = weight
    assert "lignes 7" in refused(DesignError, data, weights="w")


def test_options_that_contradict_one_another_say_what_to_do() -> None:
    data = sleep().assign(g=[0, 1] * 5, gg=[0, 1, 2, 0, 1] * 2)
    assert "group=" in refused(DesignError, data, before=None)
    assert "did_cross_section" in refused(DesignError, data, group="g", paired=False)
    assert "groupe de comparaison" in refused(DesignError, data, randomised=True)
    assert "0 ou 1" in refused(DesignError, data, group="gg")
    assert "partout 1" in refused(DesignError, data.assign(g=1), group="g")
    assert "welch" in refused(DesignError, data, paired=False, test="wilcoxon")
    assert "« wilcoxon »" in refused(DesignError, data, test="wilcoxn")
    assert "0 ou 1" in refused(DesignError, data, kind="proportion")
    assert "entiers" in refused(DesignError, data, kind="count")
    assert "mean" in refused(DesignError, data, kind="meen")
    assert "exposition" in refused(DesignError, data, exposure_before="one")
    assert "0.95" in refused(DesignError, data, level=95)
    assert "aucun" in refused(TooFewUnits, data.assign(one=0, two=1), kind="count").casefold()


def test_long_tables_that_can_not_be_paired_are_refused() -> None:
    long = pd.DataFrame({"who": [1, 1, 2, 2, 2], "when": ["a", "b", "a", "b", "b"], "y": [1.0, 2, 3, 4, 5]})
    options: dict[str, Any] = {"outcome": "y", "time": "when", "unit": "who", "before": "a", "after": "b"}
    assert "Plusieurs lignes" in refused(DesignError, long, **options)
    assert "« c »" in refused(DesignError, long, **{**options, "after": "c"})
    assert "unit=" in refused(DesignError, long, **{**options, "unit": None})
    changing = long.iloc[:4].assign(g=[0, 1, 0, 0])
    assert "change d’un moment" in refused(DesignError, changing, **options, group="g")


def test_redundant_covariates_are_named() -> None:
    data = anorexia().assign(ft=lambda d: (d["treat"] == "FT").astype(int), twice=lambda d: 2 * d["before"])
    told = refused(
        NotIdentified, data, before="before", after="after", group="ft", baseline_adjusted=True, covariates=["twice"]
    )
    assert "« twice »" in told
    assert "valeur de départ" in told


def test_the_noise_of_binary_arithmetic_is_no_variability() -> None:
    before = np.random.default_rng(0).normal(10, 2, 30)
    same = before_after(pd.DataFrame({"a": before, "b": before + 1.0}), before="a", after="b")
    assert same.estimate == pytest.approx(1.0)
    assert same.verdict == "non_evaluable"
    assert np.isnan(same.p_value)


def test_equal_changes_are_ties_however_they_are_written() -> None:
    tenths = pd.DataFrame({"a": [0.1, 0.2, 0.4, 0.5, 0.7, 0.8, 1.0], "b": [0.2, 0.3, 0.3, 0.9, 0.6, 1.3, 1.9]})
    whole = (tenths * 10).round()
    found = before_after(tenths, before="a", after="b", test="wilcoxon")
    assert found.p_value == pytest.approx(
        before_after(whole, before="a", after="b", test="wilcoxon").p_value, abs=1e-12
    )
