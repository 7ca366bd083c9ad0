"""What changed: which periods are compared, what is concluded, how it is said, and the control of many comparisons."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from ctgeval import indicators
from ctgeval.indicators import CHANGE_COLUMNS, RESULT_COLUMNS, definition, differences
from ctgeval.intervals import benjamini_hochberg

A = "COM-99001"
START = dt.date(2022, 1, 1)
VERDICTS = {"amelioration", "degradation", "pas_d_effet_decelable", "non_concluant", "non_evaluable"}
Results = Callable[..., pd.DataFrame]


def rows(indicator: str, *values: tuple[str, float] | tuple[str, float, float], **columns: object) -> pd.DataFrame:
    """Result rows: period and count, or period, numerator and denominator."""
    item = definition.get(indicator)
    table = pd.DataFrame({"time_period": [one[0] for one in values], "numerator": [float(one[1]) for one in values]})
    table["denominator"] = [float(one[2]) if len(one) > 2 else np.nan for one in values]
    table["value"] = np.where(table["denominator"].isna(), 1, item.factor / table["denominator"].fillna(1))
    table["value"] *= table["numerator"]
    table = table.assign(indicator=indicator, geo=A, low=table["value"], high=table["value"], source="s")
    table = table.assign(obs_status="A", conf_status="F", **columns)
    return table.reindex(columns=list(RESULT_COLUMNS))


def changed(*tables: pd.DataFrame, **options: object) -> pd.DataFrame:
    return indicators.changes(pd.concat(tables, ignore_index=True), **{"start": START, **options})


def one(*tables: pd.DataFrame, **options: object) -> pd.Series:
    found = changed(*tables, **options)
    assert len(found) == 1
    return found.iloc[0]


def said(found: pd.Series) -> str:
    return found["sentence"].replace("\u202f", " ").replace("\u00a0", " ")


def test_the_columns_are_those_of_the_contract_even_of_nothing() -> None:
    assert tuple(changed(rows("PO02", ("2021", 9))).columns) == CHANGE_COLUMNS
    assert changed(rows("PO02", ("2021", 9))).empty
    assert indicators.changes(rows("PO02")).empty


def test_the_last_period_is_compared_with_the_last_one_before_the_convention() -> None:
    found = one(rows("PO02", ("2019", 300), ("2021", 250), ("2022", 240), ("2024", 180)))
    assert (found["period_from"], found["period_to"], found["change"]) == ("2021", "2024", -70)
    first = one(rows("PO02", ("2019", 300), ("2021", 250), ("2024", 180)), start=None)
    assert first["period_from"] == "2019"


def test_a_baseline_after_the_start_is_told_and_a_last_value_before_it_is_refused() -> None:
    late = one(rows("PO02", ("2023", 250), ("2024", 180)))
    assert "postérieure au début de la convention" in late["sentence"]
    early = one(rows("PO02", ("2020", 250), ("2021", 180)))
    assert early["verdict"] == "non_evaluable"
    assert "antérieure au début de la convention" in early["sentence"]
    assert early[["ci_low", "ci_high", "p_value"]].isna().all()


def test_half_years_are_compared_with_the_same_season_and_years_come_first() -> None:
    halves = rows("PE07", ("2021-S1", 90), ("2021-S2", 60), ("2022-S1", 80), ("2024-S1", 95))
    found = one(halves)
    assert (found["period_from"], found["period_to"]) == ("2021-S1", "2024-S1")
    both = pd.concat([halves, rows("PE07", ("2021", 150), ("2023", 170))], ignore_index=True)
    assert one(both)["period_to"] == "2023"


def test_the_objection_of_the_sources_moves_the_baseline_back_or_refuses_the_pair() -> None:
    def census(item: object, first: str, last: str) -> str:
        return "" if int(last) - int(first) >= 5 else "Les deux recensements ont des enquêtes en commun."

    table = rows("SE01", ("2018", 120, 1000), ("2021", 130, 1000), ("2023", 150, 1000))
    assert one(table, objection=census)["period_from"] == "2018"
    refused = one(table[1:], objection=census)
    assert refused["verdict"] == "non_evaluable"
    assert "enquêtes en commun" in refused["sentence"]
    assert math.isnan(refused["p_value"])


def test_what_a_census_really_describes_decides_what_is_before() -> None:
    def around(item: object, period: str) -> tuple[dt.date, dt.date]:
        return dt.date(int(period) - 2, 1, 1), dt.date(int(period) + 2, 12, 31)

    table = rows("SE01", ("2018", 120, 1000), ("2019", 125, 1000), ("2021", 130, 1000), ("2024", 150, 1000))
    assert one(table, span=around)["period_from"] == "2019"


def test_a_share_by_hand() -> None:
    # 57 of 145, then 53 of 129: 39.31 %, 41.09 %, 1.77 point. Wilson: 31.74 to 47.43, and 32.96 to 49.72.
    # low 1.77 - hypot(41.09 - 32.96, 47.43 - 39.31) = -9.71; high 1.77 + hypot(49.72 - 41.09, 39.31 - 31.74) = 13.26.
    found = one(rows("PE04", ("2021", 57, 145), ("2024", 53, 129)))
    assert found["change"] == pytest.approx(1.7749, abs=1e-4)
    assert (found["ci_low"], found["ci_high"]) == pytest.approx((-9.71, 13.26), abs=0.01)
    assert (found["low"], found["high"]) == pytest.approx((1.7749, 1.7749), abs=1e-4)
    assert (found["verdict"], found["moved"], found["law"]) == ("non_concluant", "", "binomial")
    assert said(found) == (
        "Part des assistantes maternelles de 55 ans et plus : 41,1 % (53 sur 129) en 2024, contre 39,3 % (57 sur 145) "
        "en 2021. L’écart, +1,8 point (avec la marge d’aléa, de −9,7 à +13,3 points), peut tenir au hasard : "
        "non concluant."
    )


@pytest.mark.parametrize(
    ("indicator", "after", "verdict", "moved"),
    [
        ("PE04", 20, "amelioration", "baisse"),
        ("PE04", 95, "degradation", "hausse"),
        ("PE08", 95, "amelioration", "hausse"),
        ("PE08", 20, "degradation", "baisse"),
        ("EN04", 95, "non_concluant", "hausse"),
    ],
)
def test_the_direction_decides_of_the_verdict_and_a_neutral_one_is_only_told(
    indicator: str, after: int, verdict: str, moved: str
) -> None:
    found = one(rows(indicator, ("2021", 57, 145), ("2024", after, 145)))
    assert (found["verdict"], found["moved"]) == (verdict, moved)
    wished = {"amelioration": "C’est le sens souhaité", "degradation": "C’est l’inverse"}
    assert all((text in found["sentence"]) is (verdict == key) for key, text in wished.items())


def test_what_is_counted_whole_is_told_without_chance() -> None:
    found = one(rows("AV01", ("2021", 2), ("2024", 3)))
    assert (found["verdict"], found["moved"], found["low"], found["high"]) == ("amelioration", "hausse", 1, 1)
    assert found[["ci_low", "ci_high", "p_value", "p_adjusted"]].isna().all()
    assert said(found).endswith(
        "3 structures en 2024, contre 2 en 2021. Hausse de 1 structure. C’est le sens souhaité."
    )
    same = one(rows("AV01", ("2021", 2), ("2024", 2)))
    assert (same["verdict"], same["moved"]) == ("pas_d_effet_decelable", "")
    assert "n’a pas changé" in same["sentence"]


def test_shares_of_a_few_actions_conclude_nothing() -> None:
    found = one(rows("PI02", ("2021", 4, 4), ("2024", 9, 10)))
    assert (found["verdict"], found["moved"]) == ("non_concluant", "")
    assert "aussi petits nombres" in found["sentence"]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (rows("PE01", ("2021", 57.3), ("2024", 57.1)), "ne publie que ce résultat"),
        (rows("PA04", ("2021", 400), ("2024", 600)), "mêmes personnes reviennent"),
        (rows("PO04", ("2021", 40), ("2024", -60)), "solde de plusieurs comptages"),
    ],
)
def test_where_chance_can_not_be_told_nothing_is_judged(table: pd.DataFrame, words: str) -> None:
    found = one(table)
    assert (found["verdict"], found["moved"]) == ("non_evaluable", "")
    assert words in found["sentence"]
    assert not math.isnan(found["change"])


def test_answers_of_those_who_are_no_sample_are_compared_without_a_test() -> None:
    table = rows("PA05", ("2021", 20, 200), ("2024", 150, 200), source="enquete")
    assert one(table)["verdict"] == "amelioration"
    found = one(table, unsampled=["enquete"])
    assert found["verdict"] == "non_evaluable"
    assert "viennent d’une enquête" in said(found)
    assert found[["ci_low", "ci_high", "p_value"]].isna().all()
    assert found["n_tests"] == 0
    volunteers = one(rows("PI10b", ("2021", 20, 200), ("2024", 150, 200)))
    assert "ne forment pas un échantillon" in said(volunteers)
    assert volunteers[["ci_low", "p_value"]].isna().all()


def test_a_published_rate_is_known_to_its_last_digit() -> None:
    found = one(rows("PE01", ("2021", 57.3), ("2024", 57.1)))
    assert (found["low"], found["high"]) == pytest.approx((-0.3, -0.1))


def test_counts_rounded_to_five_by_one_source_are_off_by_four() -> None:
    table = rows("AD04", ("2021", 20), ("2024", 25))
    table["low"], table["high"] = table["value"] - 2, table["value"] + 4
    found = one(table)
    assert (found["change"], found["low"], found["high"]) == (5, 1, 9)
    assert found["ci_low"] < 1
    other = one(table.assign(source=["s", "t"]))
    assert (other["low"], other["high"]) == (-1, 11)


def test_a_share_of_two_rounded_counts_keeps_one_rule() -> None:
    # 100 of 200, then 110 of 200, both rounded. Nearest: 98..102 of 198..202; downwards: 100..104 of 200..204.
    table = rows("CO03", ("2021", 100, 200), ("2024", 110, 200))
    bounds = [[min((k - 2) / 202, k / 204), max((k + 2) / 198, (k + 4) / 200)] for k in (100, 110)]
    table["low"], table["high"] = (100 * np.array(bounds)).T
    found = one(table)
    # Nearest: 108/202 - 102/198 = 1.95 points, 112/198 - 98/202 = 8.05. Downwards: 110/204 - 104/200 = 1.92, 114/200 -
    # 100/204 = 7.98. Independent bounds would have gone from 110/204 - 104/200 = 1.92 to 114/200 - 98/202 = 8.49.
    assert (found["low"], found["high"]) == pytest.approx((1.92, 8.05), abs=0.01)


def test_hidden_counts_leave_the_change_and_take_the_margin() -> None:
    table = rows("PE04", ("2021", 57, 145), ("2024", 53, 129)).assign(numerator=np.nan, denominator=np.nan)
    found = one(table)
    assert found["change"] == pytest.approx(1.7749, abs=1e-4)
    assert found[["ci_low", "ci_high", "p_value"]].isna().all()
    assert found["verdict"] == "non_evaluable"
    assert "effectifs ne sont pas diffusés" in found["sentence"]
    assert "sur" not in found["sentence"].split("Les effectifs")[0].split(":")[1]


def test_masked_rows_are_not_there() -> None:
    table = rows("PO02", ("2021", 250), ("2023", 200), ("2024", 3))
    table.loc[2, ["value", "low", "high", "numerator"]] = np.nan
    table.loc[2, "conf_status"] = "C"
    assert one(table)["period_to"] == "2023"
    assert changed(table[[True, False, True]]).empty


def test_many_comparisons_are_adjusted_together_and_said_so() -> None:
    tables = [
        rows("PE04", ("2021", 57, 145), ("2024", 53, 129)),
        rows("PO02", ("2021", 250), ("2024", 204)),
        rows("PO03", ("2021", 250), ("2024", 248)),
        rows("PE07", ("2021", 100), ("2024", 180)),
        rows("AV01", ("2021", 2), ("2024", 3)),
    ]
    found = changed(*tables).set_index("indicator")
    p_values = found["p_value"].dropna()
    assert (found["n_tests"] == 4).all()
    assert len(p_values) == 4
    np.testing.assert_allclose(found.loc[p_values.index, "p_adjusted"], benjamini_hochberg(p_values))
    # 250 then 204 births: p = 0.0346, the second smallest of four: 4 / 2 times as much, 0.0692.
    assert found.loc["PO02", "p_value"] == pytest.approx(differences.rate_p_value(250, 1, 204, 1)[0])
    assert (found.loc["PO02", "p_value"], found.loc["PO02", "p_adjusted"]) == pytest.approx((0.0346, 0.0692), abs=1e-4)
    assert (found.loc["PO02", "verdict"], found.loc["PO02", "moved"]) == ("non_concluant", "")
    assert "4 comparaisons faites ensemble : non concluant" in said(found.loc["PO02"])
    alone = one(tables[1])
    assert alone["moved"] == "baisse"
    assert found.loc["PE07", "verdict"] == "amelioration"


def test_each_territory_is_its_own_family() -> None:
    here = [rows("PO02", ("2021", 250), ("2024", 204)), rows("PE07", ("2021", 100), ("2024", 101))]
    there = [table.assign(geo="COM-99002") for table in here[:1]]
    found = changed(*here, *there).set_index(["geo", "indicator"])
    assert found["n_tests"].to_dict() == {
        (A, "PO02"): 2, (A, "PE07"): 2, ("COM-99002", "PO02"): 1,
    }  # fmt: skip


def test_a_smallest_change_of_interest_lets_one_say_that_there_is_none() -> None:
    table = rows("SE01", ("2021", 3000, 26000), ("2024", 3020, 26000))
    assert one(table)["verdict"] == "non_concluant"
    found = one(table, minimum={("SE01", A): 2.0})
    assert found["verdict"] == "pas_d_effet_decelable"
    assert "reste en deçà de 2,0 points" in said(found)


def test_categories_are_left_aside() -> None:
    table = rows("PO02", ("2021", 250), ("2024", 180))
    assert changed(table.assign(sexe="F")).empty


names = st.sampled_from(["PO01", "PO02", "PO04", "PE01", "PE02", "PE04", "JE01", "CO02", "PI02", "AD04", "PI04"])
period = st.sampled_from(["2019", "2021", "2022-S1", "2024-S1", "2024", "2020-2021", "2023-2024", "illisible"])
number = st.one_of(st.just(math.nan), st.just(0.0), st.floats(-1e9, 1e12), st.integers(0, 50).map(float))


@settings(max_examples=50)
@given(st.lists(st.tuples(names, period, number, number, number, st.sampled_from(["A", "P"])), max_size=8))
def test_any_results_are_answered_with_a_verdict_of_the_vocabulary(cells: list[tuple]) -> None:
    table = pd.DataFrame(cells, columns=["indicator", "time_period", "value", "numerator", "denominator", "obs_status"])
    table = table.astype({"value": float, "numerator": float, "denominator": float})
    table = table.assign(geo=A, low=table["value"], high=table["value"], source="s", conf_status="F")
    found = changed(table.reindex(columns=list(RESULT_COLUMNS)))
    assert set(found["verdict"]) <= VERDICTS
    assert not found.duplicated(["indicator", "geo"]).any()
    assert found["sentence"].str.endswith(".").all()
    assert (found["p_adjusted"].dropna() >= found["p_value"].dropna() - 1e-12).all()
    assert set(found["moved"]) <= {"", "hausse", "baisse"}
