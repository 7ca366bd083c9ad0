from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from ctgeval.errors import DesignError, NotIdentified
from ctgeval.impact import Panel
from tests.impact.conftest import long_frame


def frame(n: int = 4, t: int = 4) -> pd.DataFrame:
    start = np.array([2, *([t] * (n - 1))])
    return long_frame(np.arange(n * t, dtype=float).reshape(n, t) ** 1.1, start)


def panel(table: pd.DataFrame, **options: object) -> Panel:
    arguments: dict[str, object] = {"unit": "geo", "time": "year", "outcome": "y", "treated_from": "first"}
    return Panel.from_frame(table, **{**arguments, **options})  # type: ignore[arg-type]


def refused(table: pd.DataFrame, **options: object) -> str:
    with pytest.raises(DesignError) as caught:
        panel(table, **options)
    assert caught.value.problem.remedy
    return str(caught.value)


def test_rows_in_any_order_give_the_same_panel() -> None:
    table = frame()
    first, second = panel(table), panel(table.sample(frac=1, random_state=3))
    assert first.units == second.units == ("COM-00001", "COM-00002", "COM-00003", "COM-00004")
    assert first.periods == ("2015", "2016", "2017", "2018")
    np.testing.assert_array_equal(first.outcome, second.outcome)
    np.testing.assert_array_equal(first.start, [2, 4, 4, 4])
    assert (first.n_treated, first.n_controls, first.n_pre, first.n_post) == (1, 3, 2, 2)
    assert first.balanced
    assert first.single_date


def test_text_codes_keep_their_zeros() -> None:
    table = frame().assign(geo=lambda rows: rows["geo"].str.replace("COM-", ""))
    assert panel(table).units[0] == "00001"


@pytest.mark.parametrize("empty", [np.nan, None, "", 0, np.inf])
def test_never_treated_is_written_in_several_ways(empty: object) -> None:
    table = frame()
    table["first"] = [empty if pd.isna(value) else value for value in table["first"].astype(object)]
    assert panel(table).n_treated == 1


@pytest.mark.parametrize(
    ("periods", "first", "labels"),
    [
        (["2021-S1", "2021-S2", "2022-S1", "2022-S2"], "2022-S1", ("2021-S1", "2021-S2", "2022-S1", "2022-S2")),
        (["2021-S1", "2021-S2", "2022-S1", "2022-S2"], "2022", ("2021-S1", "2021-S2", "2022-S1", "2022-S2")),
        (["2021-T1", "2021-T2", "2021-T3", "2021-T4"], "2021-07-15", ("2021-Q1", "2021-Q2", "2021-Q3", "2021-Q4")),
        (["2021-09", "2021-10", "2021-11", "2021-12"], "2021-11", ("2021-09", "2021-10", "2021-11", "2021-12")),
        (
            list(pd.to_datetime(["2019-01-01", "2020-01-01", "2021-01-01", "2022-01-01"])),
            "2021",
            ("2019", "2020", "2021", "2022"),
        ),
    ],
)
def test_periods_of_every_kind(periods: list[object], first: str, labels: tuple[str, ...]) -> None:
    table = frame()
    table["year"] = pd.Series(periods * 4)
    table["first"] = np.where(table["geo"].eq("COM-00001"), first, "")
    read = panel(table)
    assert read.periods == labels
    assert read.start[0] == 2


def test_a_gap_on_the_calendar_counts() -> None:
    read = panel(frame().assign(year=lambda rows: rows["year"].replace({2018: 2020})))
    np.testing.assert_array_equal(np.diff(read.times), [1, 1, 3])
    assert any("régulièrement" in problem.message for problem in read.problems)


def test_decimal_commas_are_refused_with_the_rows_and_the_remedy() -> None:
    table = frame().astype({"y": object})
    table.loc[5, "y"] = "12,5"
    told = refused(table)
    assert "12,5" in told
    assert "5" in told
    assert "decimal" in told


def test_words_and_infinite_values_are_refused() -> None:
    table = frame().astype({"y": object})
    table.loc[5, "y"] = "n.d."
    assert "n.d." in refused(table)
    assert "infinie" in refused(frame().assign(y=lambda rows: rows["y"].where(rows.index != 3, np.inf)))


def test_duplicates_are_named() -> None:
    told = refused(pd.concat([frame(), frame().iloc[[6]]], ignore_index=True))
    assert "COM-00002 en 2017" in told


def test_always_treated_units_are_named() -> None:
    table = frame()
    table.loc[table["geo"].eq("COM-00003"), "first"] = 2012
    assert "COM-00003" in refused(table)


def test_a_treatment_that_stops_is_refused() -> None:
    table = frame().assign(share=0.0)
    table.loc[table["geo"].eq("COM-00002"), "share"] = [0.0, 1.0, 1.0, 0.0]
    assert "COM-00002" in refused(table, treated_from=None, treatment="share")


def test_a_share_gives_the_dates() -> None:
    table = frame().assign(share=0.0)
    table.loc[table["geo"].eq("COM-00002"), "share"] = [0.0, 0.0, 0.4, 1.0]
    read = panel(table, treated_from=None, treatment="share")
    np.testing.assert_array_equal(read.start, [4, 2, 4, 4])
    assert not read.binary


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan])
def test_weights_must_be_positive(value: float) -> None:
    table = frame().assign(w=1.0)
    table.loc[4, "w"] = value
    assert "COM-00002" in refused(table, weights="w")


def test_other_refusals_name_what_is_wrong() -> None:
    assert "yy" in refused(frame(), outcome="yy")
    assert "une période" in refused(frame().query("year == 2015"))
    changing = frame()
    changing.loc[1, "first"] = 2018
    assert "COM-00001" in refused(changing)
    assert "Rien ne dit" in refused(frame(), treated_from=None)
    assert "vide" in refused(frame().iloc[:0])
    assert "COM-00003" in refused(frame().assign(y=lambda rows: rows["y"].where(rows["geo"].ne("COM-00003"))))
    mixed = frame().astype({"year": "str"})
    mixed["year"] = mixed["year"].replace({"2016": "2016-S1"})
    assert "longueurs" in refused(mixed)


def test_gaps_and_constant_units_are_told_not_dropped() -> None:
    table = frame()
    table.loc[table["geo"].eq("COM-00004"), "y"] = 3.0
    read = panel(table.drop(index=6))
    assert read.n_units == 4
    assert not read.balanced
    messages = " ".join(problem.message for problem in read.problems)
    assert "COM-00002 (2017)" in messages
    assert "COM-00004" in messages


def test_masked_cells_have_bounds_and_a_middle() -> None:
    table = frame().assign(low=lambda rows: rows["y"], high=lambda rows: rows["y"])
    table.loc[5, ["y", "low", "high"]] = [np.nan, 1.0, 4.0]
    read = panel(table, low="low", high="high")
    assert read.outcome[1, 1] == 2.5
    weights = np.zeros((4, 4))
    weights[1, 1] = -2.0
    assert read.bound(weights, 10.0) == (7.0, 13.0)
    table.loc[5, ["low", "high"]] = [0.0, np.inf]
    unknown = panel(table, low="low", high="high")
    assert unknown.withheld.sum() == 1
    assert unknown.bound(weights, 10.0) == (-np.inf, np.inf)
    assert any("masquées" in problem.message for problem in unknown.problems)


def test_bounds_are_exact_for_a_linear_estimate(make_panel: Callable[..., Panel]) -> None:
    random = np.random.default_rng(1)
    table = frame(6, 5).assign(low=lambda rows: rows["y"] - 1, high=lambda rows: rows["y"] + 2)
    read = panel(table, low="low", high="high")
    weights = random.standard_normal(read.outcome.shape)
    estimate = float((weights * read.outcome).sum())
    low, high = read.bound(weights, estimate)
    assert read.low is not None
    assert read.high is not None
    best = np.where(weights > 0, read.high, read.low)
    worst = np.where(weights > 0, read.low, read.high)
    assert high == pytest.approx(float((weights * best).sum()))
    assert low == pytest.approx(float((weights * worst).sum()))


def test_units_leave_only_when_asked() -> None:
    read = panel(frame())
    assert read.drop("COM-00003").units == ("COM-00001", "COM-00002", "COM-00004")
    with pytest.raises(DesignError, match="COM-00002"):
        read.drop("COM-0002")


def test_what_can_t_be_compared_is_refused() -> None:
    alone = panel(frame()).take(np.array([True, False, False, False]))
    with pytest.raises(NotIdentified, match="Tous les territoires"):
        alone.require()
    with pytest.raises(NotIdentified, match="Aucun territoire"):
        panel(frame()).take(np.array([False, True, True, True])).require()
    with pytest.raises(NotIdentified, match="au moins 3"):
        panel(frame()).require(pre=3)


@given(st.permutations(list(range(16))))
def test_the_order_of_rows_never_matters(order: list[int]) -> None:
    table = frame()
    np.testing.assert_array_equal(panel(table.iloc[order]).outcome, panel(table).outcome)


def test_codes_written_in_two_ways_are_not_two_territories() -> None:
    table = frame().assign(geo=lambda rows: rows["geo"].str.replace("COM-", ""))
    spaced = table.assign(geo=table["geo"].where(table.index % 2 == 0, table["geo"] + " "))
    assert "« 00001 » et « 00001  »" in refused(spaced)
    numbers = table.assign(geo=[int(code) if i % 2 else code for i, code in enumerate(table["geo"])])
    assert "« 00001 » et « 1 »" in refused(numbers)
    assert panel(table.assign(geo=table["geo"].astype("category"))).units == panel(table).units


@pytest.mark.parametrize("blank", ["", "  ", None])
def test_an_empty_code_is_not_a_territory(blank: object) -> None:
    table = frame()
    table["geo"] = table["geo"].where(table["geo"] != "COM-00003", blank)
    assert "Le territoire manque sur 4 ligne(s)" in refused(table)


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ([10**400] * 16, "démesurés"),
        (list(range(2**60, 2**60 + 16)), "trop grands"),
        ([float(i) * 1e-200 for i in range(16)], "infimes"),
    ],
)
def test_figures_that_rounding_would_swallow_are_refused(values: list[object], word: str) -> None:
    assert word in refused(frame().assign(y=pd.Series(values)))


@pytest.mark.parametrize("frequency", [float("nan"), float("inf"), "4", 0, 2.5])
def test_a_season_is_a_whole_number_of_periods(frequency: object) -> None:
    assert "saison" in refused(frame(), frequency=frequency)


def test_the_outcome_does_not_explain_itself() -> None:
    assert "covariable" in refused(frame(), covariates=("y",))
    table = frame()
    assert "redit la mesure" in refused(table.assign(percent=100 * table["y"] + 3), covariates=("percent",))
    near = table.assign(percent=100 * table["y"] + np.sin(table.index))
    assert panel(near, covariates=("percent",)).covariate_names == ("percent",)


def test_an_action_after_the_last_period_is_told() -> None:
    table = frame()
    table["first"] = table["first"].where(table["geo"] != "COM-00002", 2030)
    told = [problem.message for problem in panel(table).problems]
    assert any("après la dernière période (2018) : COM-00002" in message for message in told)
    assert panel(table).n_treated == 1


@pytest.mark.parametrize("word", ["jamais", "non concerné", -1, 9999])
def test_a_date_that_says_never_in_words_is_told_to_be_left_empty(word: object) -> None:
    table = frame()
    table["first"] = [word if pd.isna(value) else value for value in table["first"].astype(object)]
    told = refused(table)
    assert "laissez vide" in told
    assert "first" in told


def test_what_is_told_of_a_territory_bears_its_name_then_its_code() -> None:
    table = frame().assign(y=lambda rows: rows["y"].where(rows["geo"].ne("COM-00002"), 5.0))
    kept = table[~(table["geo"].eq("COM-00003") & table["year"].eq(2016))]
    told = " ".join(
        problem.message for problem in panel(kept, names={"COM-00002": "Ayron", "COM-00003": "Orvanne"}).problems
    )
    assert "ne change jamais pour Ayron (COM-00002)." in told
    assert "Orvanne (COM-00003) (2016)" in told
