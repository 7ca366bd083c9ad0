"""Indicators: pooled rates, bounds, refusals, and a reason for each hole."""

from __future__ import annotations

import datetime as dt
import math
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from ctgeval import indicators, observations
from ctgeval.errors import NotAdditive, UnknownIndicator
from ctgeval.indicators import RESULT_COLUMNS, compute

EPCI = "EPCI-200000001"
A, B, C = "COM-99001", "COM-99002", "COM-99003"
Observe = Callable[..., pd.DataFrame]


def one(table: pd.DataFrame, **keys: str) -> pd.Series:
    for name, value in keys.items():
        table = table[table[name] == value]
    assert len(table) == 1, table
    return table.iloc[0]


def counts(measure: str, **values: float) -> list[dict[str, object]]:
    places = {"a": A, "b": B, "c": C, "epci": EPCI}
    return [{"measure": measure, "geo": places[name], "value": value} for name, value in values.items()]


def test_the_columns_are_those_of_the_contract(geography, observe: Observe) -> None:
    table = compute(observe(*counts("population_municipale", a=1)), ["PO01"], [A], reference=geography, year=2024)
    assert tuple(table.columns) == RESULT_COLUMNS
    assert table["geography"].dtype == "Int64"
    assert (
        tuple(indicators.compute(observations.empty(), ["PO01"], [A], reference=geography, year=2024)) == RESULT_COLUMNS
    )


def test_a_rate_is_the_sum_of_numerators_over_the_sum_of_denominators(geography, observe: Observe) -> None:
    seen = observe(*counts("logements_vacants", a=1, b=30, c=9), *counts("logements", a=2, b=300, c=98))
    table = compute(seen, ["LO02"], [A, EPCI], reference=geography, year=2024)
    row = one(table, geo=EPCI)
    assert row["value"] == pytest.approx(100 * 40 / 400)
    assert (row["numerator"], row["denominator"], row["n"], row["completeness"]) == (40, 400, 400, 1)
    assert "somme_communes" in row["limits"].split()
    assert one(table, geo=A)["value"] == 50


def test_funders_may_pay_more_than_a_year_costs(geography, observe: Observe) -> None:
    # An advance on the year after, or too much: 2 500 received for 2 000 spent is told, 125 %, not hidden.
    seen = observe(*counts("financements_externes_recus", epci=2500), *counts("cout_total", epci=2000))
    assert one(compute(seen, ["PI04"], [EPCI], reference=geography, year=2024))["value"] == 125


def test_the_row_of_the_source_is_preferred_to_a_sum(geography, observe: Observe) -> None:
    seen = observe(*counts("population_municipale", a=10, b=20, c=30, epci=61))
    row = one(compute(seen, ["PO01"], [EPCI], reference=geography, year=2024))
    assert row["value"] == 61
    assert "somme_communes" not in row["limits"]


def test_a_missing_commune_leaves_a_total_unknown_with_a_lower_bound(geography, observe: Observe) -> None:
    seen = observe(*counts("population_municipale", a=10, b=20))
    row = one(compute(seen, ["PO01"], [EPCI], reference=geography, year=2024))
    assert math.isnan(row["value"])
    assert (row["low"], row["high"]) == (30, math.inf)
    assert row["completeness"] == pytest.approx(2 / 3)
    assert "1\u00a0commune sur 3" in row["reason"]
    assert "couverture_partielle" in row["limits"]


def test_a_rate_pools_the_communes_that_have_both_terms(geography, observe: Observe) -> None:
    seen = observe(*counts("logements_vacants", a=1, b=30), *counts("logements", a=10, b=100, c=1000))
    row = one(compute(seen, ["LO02"], [EPCI], reference=geography, year=2024))
    assert row["value"] == pytest.approx(100 * 31 / 110)
    assert row["completeness"] == pytest.approx(2 / 3)
    assert "couverture_partielle" in row["limits"].split()


def test_a_rate_of_less_than_half_of_the_communes_is_not_given(geography, observe: Observe) -> None:
    seen = observe(*counts("logements_vacants", a=1), *counts("logements", a=10, b=100, c=1000))
    row = one(compute(seen, ["LO02"], [EPCI], reference=geography, year=2024))
    assert math.isnan(row["value"])
    assert "2\u00a0communes sur 3" in row["reason"]


def test_a_masked_part_gives_an_interval_and_never_a_zero(geography, observe: Observe) -> None:
    masked = {
        "measure": "foyers_rsa",
        "geo": C,
        "value": None,
        "low": 1,
        "high": 4,
        "conf_status": "C",
        "obs_status": "A",
    }
    seen = observe(*counts("foyers_rsa", a=10, b=20), masked)
    row = one(compute(seen, ["AD04"], [EPCI], reference=geography, year=2024))
    assert math.isnan(row["value"])
    assert (row["low"], row["high"], row["conf_status"]) == (31, 34, "C")
    assert "valeurs_masquees" in row["limits"]
    assert row["reason"]


def test_rounded_communes_keep_their_interval_and_point_to_the_row_of_the_epci(geography, observe: Observe) -> None:
    rounded = [
        {**row, "low": max(0.0, row["value"] - 2), "high": row["value"] + 4}
        for row in counts("foyers_rsa", a=10, b=5, c=0)
    ]
    table = compute(observe(*rounded), ["AD04"], [EPCI, A], reference=geography, year=2024)
    row = one(table, geo=EPCI)
    assert (row["value"], row["low"], row["high"]) == (15, 11, 27)
    assert "somme_arrondis" in row["limits"].split()
    assert "valeur_arrondie" in one(table, geo=A)["limits"].split()
    assert "à préférer" in indicators.limit_text("somme_arrondis")


@pytest.mark.parametrize(
    ("measure", "indicator", "words"),
    [
        ("revenu_median", "CO02", "médiane"),
        ("taux_couverture_global", "PE01", "ni ne se moyenne"),
        ("familles_rpe", "PE07", "compterait deux fois"),
    ],
)
def test_what_does_not_add_is_refused_with_the_row_to_use(
    geography, observe: Observe, measure: str, indicator: str, words: str
) -> None:
    seen = observe(*counts(measure, a=10, b=20, c=30))
    row = one(compute(seen, [indicator], [EPCI], reference=geography, year=2024))
    assert math.isnan(row["value"])
    assert words in row["reason"]
    assert "prendre la ligne" in row["reason"]
    with pytest.raises(NotAdditive, match="prendre la ligne"):
        indicators.aggregate(seen, measure, EPCI, reference=geography, year=2024)
    told = indicators.aggregate(seen, measure, EPCI, reference=geography, year=2024, strict=False)
    assert words in one(told)["reason"]


def test_distinct_persons_over_communes_are_at_least_the_greatest_count(geography, observe: Observe) -> None:
    row = one(
        compute(observe(*counts("familles_rpe", a=10, b=20, c=30)), ["PE07"], [EPCI], reference=geography, year=2024)
    )
    assert row["low"] == 30


def test_aggregate_sums_the_communes_even_beside_a_row_of_the_source(geography, observe: Observe) -> None:
    seen = observe(*counts("population_municipale", a=10, b=20, c=30, epci=61))
    row = one(indicators.aggregate(seen, "population_municipale", EPCI, reference=geography, year=2024))
    assert (row["indicator"], row["value"]) == ("population_municipale", 60)


def test_categories_are_summed_when_there_is_no_total_and_never_added_to_it(geography, observe: Observe) -> None:
    parts = [{"measure": "places_eaje", "geo": A, "structure": name, "value": v} for name, v in (("x", 10), ("y", 5))]
    children = counts("enfants_0_2", a=30)
    summed = one(compute(observe(*parts, *children), ["PE02"], [A], reference=geography, year=2024))
    assert (summed["numerator"], summed["value"]) == (15, 50)
    assert "ventilation_sommee" in summed["limits"]
    total = {"measure": "places_eaje", "geo": A, "value": 12}
    given = one(compute(observe(*parts, total, *children), ["PE02"], [A], reference=geography, year=2024))
    assert given["numerator"] == 12


def test_two_breakdowns_of_one_figure_are_not_added(geography, observe: Observe) -> None:
    by_sex = [{"geo": A, "sexe": name, "value": 10} for name in ("F", "H")]
    by_age = [{"geo": A, "age": name, "value": 5} for name in ("0-19", "20-39", "40-59", "60+")]
    row = one(compute(observe(*by_sex, *by_age), ["PO01"], [A], reference=geography, year=2024))
    assert row["value"] == 20


def test_distinct_persons_add_over_sexes_and_not_over_structures(geography, observe: Observe) -> None:
    sexes = [{"measure": "enfants_alsh", "geo": A, "sexe": name, "value": 10} for name in ("F", "H")]
    assert one(compute(observe(*sexes), ["EN03"], [A], reference=geography, year=2024))["value"] == 20
    places = [{"measure": "enfants_alsh", "geo": A, "structure": name, "value": v} for name, v in (("x", 10), ("y", 7))]
    row = one(compute(observe(*places), ["EN03"], [A], reference=geography, year=2024))
    assert math.isnan(row["value"])
    assert (row["low"], row["high"]) == (10, 17)
    assert "ne s’additionnent pas" in row["reason"]


def test_a_missing_return_of_a_structure_leaves_the_total_open(geography, observe: Observe) -> None:
    def returns(period: str, **values: float) -> list[dict[str, object]]:
        return [
            {"measure": "heures_laep", "geo": A, "time_period": period, "structure": name, "value": value}
            for name, value in values.items()
        ]

    seen = observe(*returns("2021", x=10, y=5, z=1), *returns("2022", x=12, z=0), *returns("2023", x=9, y=6))
    table = compute(seen, ["PA01b"], [A], reference=geography, year=2024)
    assert table["value"].tolist()[::2] == [16, 15]
    gap = one(table, time_period="2022")
    assert math.isnan(gap["value"])
    assert (gap["low"], gap["high"]) == (12, math.inf)
    assert "retour_manquant" in gap["limits"]
    assert "0 si elle a fermé" in gap["reason"]


def test_the_same_figure_from_two_sources_is_taken_once(geography, observe: Observe) -> None:
    seen = observe({"geo": A, "value": 10, "source": "premier"}, {"geo": A, "value": 11, "source": "second"})
    row = one(compute(seen, ["PO01"], [A], reference=geography, year=2024))
    assert (row["value"], row["source"]) == (10, "premier")
    assert "doublon" in row["limits"]


def test_a_flow_of_the_year_is_the_sum_of_its_half_years(geography, observe: Observe) -> None:
    halves = [{"measure": "naissances", "geo": A, "time_period": f"2021-S{k}", "value": k} for k in (1, 2)]
    table = compute(observe(*halves), ["PO02"], [A], reference=geography, year=2024)
    assert table["time_period"].tolist() == ["2021-S1", "2021", "2021-S2"]
    assert one(table, time_period="2021")["value"] == 3
    states = [{"geo": A, "time_period": f"2021-S{k}", "value": k} for k in (1, 2)]
    assert "2021" not in set(compute(observe(*states), ["PO01"], [A], reference=geography, year=2024)["time_period"])


def test_flows_since_the_start_of_the_convention(geography, observe: Observe) -> None:
    seen = observe(
        *(
            {"measure": "places_ouvertes", "geo": A, "time_period": str(y), "value": 10}
            for y in (2021, 2022, 2023, 2025)
        ),
        *({"measure": "places_fermees", "geo": A, "time_period": str(y), "value": 1} for y in (2021, 2022, 2023, 2025)),
    )
    table = compute(seen, ["PE10"], [A], reference=geography, year=2024, start=dt.date(2022, 1, 1))
    assert table["time_period"].tolist() == ["2022", "2023", "2025"]
    assert table["value"].tolist()[:2] == [9, 18]
    assert "interrompu" in table["reason"].iloc[2]
    unknown = compute(seen, ["PE10"], [A], reference=geography, year=2024)
    assert unknown["value"].isna().all()
    assert unknown["reason"].str.contains("début de la convention").all()


def test_a_population_of_an_earlier_vintage_is_told(geography, observe: Observe) -> None:
    seen = observe(
        {"measure": "usagers_avs", "geo": A, "time_period": "2024", "value": 50},
        {"geo": A, "time_period": "2021", "value": 200},
        {"geo": A, "time_period": "2025", "value": 100},
    )
    row = one(compute(seen, ["AV04"], [A], reference=geography, year=2024))
    assert row["value"] == 25
    assert "denominateur:2021" in row["limits"].split()
    assert "2021" in indicators.limit_text("denominateur:2021")


@pytest.mark.parametrize(
    ("vacant", "dwellings", "reason"), [(1, 0, "nul"), (5, 4, "dépasse"), (1, None, "dénominateur n’est pas connu")]
)
def test_an_undefined_rate_has_a_reason(
    geography, observe: Observe, vacant: float, dwellings: float, reason: str
) -> None:
    rows = counts("logements_vacants", a=vacant) + (counts("logements", a=dwellings) if dwellings is not None else [])
    row = one(compute(observe(*rows), ["LO02"], [A], reference=geography, year=2024))
    assert math.isnan(row["value"])
    assert reason in row["reason"] or (vacant, dwellings) == (1, 0)
    assert row["numerator"] == vacant


def test_a_territory_without_data_keeps_its_rows(geography, observe: Observe) -> None:
    seen = observe(*counts("population_municipale", a=10))
    table = compute(seen, ["PO01"], [A, B, "EPCI-999999999"], reference=geography, year=2024)
    assert table["geo"].tolist() == [A, B, "EPCI-999999999"]
    assert "aucune valeur" in one(table, geo=B)["reason"]
    assert "n’existe pas" in one(table, geo="EPCI-999999999")["reason"]
    assert one(table, geo=B)["obs_status"] == "M"


def test_a_code_that_changed_commune_is_not_compared(geography, observe: Observe) -> None:
    seen = observe({"geo": C, "value": 10, "geography": 2020}, {"geo": A, "value": 10, "geography": 2020})
    table = compute(seen, ["PO01"], [A, C], reference=geography, year=2024)
    assert one(table, geo=A)["value"] == 10
    assert math.isnan(one(table, geo=C)["value"])
    assert "harmoniser" in one(table, geo=C)["reason"]


def test_the_geography_of_an_epci_row_is_told(geography, observe: Observe) -> None:
    seen = observe({"geo": EPCI, "measure": "revenu_median", "value": 20000, "geography": 2018})
    row = one(compute(seen, ["CO02"], [EPCI], reference=geography, year=2024))
    assert row["geography"] == 2018
    assert "geographie:2018" in row["limits"].split()


def test_a_provisional_part_makes_the_result_provisional(geography, observe: Observe) -> None:
    rows = counts("population_municipale", a=1, b=2, c=3)
    rows[1]["obs_status"] = "P"
    row = one(compute(observe(*rows), ["PO01"], [EPCI], reference=geography, year=2024))
    assert row["obs_status"] == "P"
    assert "provisoire" in row["limits"].split()


def test_own_groupings_are_pooled(geography, observe: Observe) -> None:
    seen = observe(*counts("population_municipale", a=1, b=2))
    table = compute(seen, ["PO01"], ["GRP-x"], reference=geography, year=2024, groupings={"GRP-x": (A, B)})
    assert one(table)["value"] == 3


def test_an_unknown_indicator_names_the_near_ones(geography) -> None:
    with pytest.raises(UnknownIndicator, match="PE01"):
        compute(observations.empty(), ["PE01x"], [A], reference=geography, year=2024)


def test_each_limit_of_a_result_has_its_sentence(geography, observe: Observe) -> None:
    seen = observe(*counts("foyers_rsa", a=1, b=2, c=3))
    table = compute(seen, ["AD04"], [EPCI], reference=geography, year=2024)
    told = indicators.limit_sentences(table)
    assert told["code"].tolist() == ["hors_msa", "petit_effectif", "somme_communes"]
    assert told["sentence"].str.endswith(".").all()


count = st.integers(0, 50)


@settings(max_examples=40)
@given(st.lists(st.tuples(count, count, st.sampled_from(["exact", "rounded", "masked"])), min_size=3, max_size=3))
def test_the_truth_is_always_within_the_bounds(geography, cells: list[tuple[int, int, str]]) -> None:
    rows = []
    for geo, (part, rest, kind) in zip((A, B, C), cells, strict=True):
        for measure, truth in (("foyers_dependants_prestations", part), ("foyers_allocataires", part + rest)):
            row = {"measure": measure, "geo": geo, "geography": 2024, "time_period": "2021", "source": "s"}
            near = 5 * round(truth / 5)
            row |= {
                "exact": {"value": truth},
                "rounded": {"value": near, "low": max(0, near - 2), "high": near + 4},
                "masked": {"value": None, "low": 0, "high": math.inf, "conf_status": "C"},
            }[kind]
            rows.append(row)
    row = one(compute(observations.frame(rows), ["CO03"], [EPCI], reference=geography, year=2024))
    part, whole = sum(p for p, _, _ in cells), sum(p + r for p, r, _ in cells)
    if whole and not math.isnan(row["low"]):
        assert row["low"] - 1e-9 <= 100 * part / whole <= row["high"] + 1e-9
    if any(kind == "masked" for _, _, kind in cells):
        assert math.isnan(row["value"])
        assert row["reason"]


@settings(max_examples=10)
@given(st.permutations(range(6)))
def test_the_order_of_rows_of_one_source_changes_nothing(geography, order: list[int]) -> None:
    rows = counts("logements_vacants", a=1, b=30, c=9) + counts("logements", a=2, b=300, c=98)
    frame = observations.frame([{**rows[k], "geography": 2024, "time_period": "2021", "source": "s"} for k in order])
    assert compute(frame, ["LO02"], [EPCI], reference=geography, year=2024)["value"].tolist() == [10.0]


def test_the_law_of_the_civraisien_population(real_data: Path) -> None:
    from ctgeval.territory import reference

    raw = pd.read_csv(real_data / "population" / "population_communes_2006_2023.csv.gz", dtype={"CODGEO": str})
    raw = raw[raw["millesime_rp"].eq(2023)]
    seen = observations.frame(
        {
            "measure": "population_municipale",
            "geo": "COM-" + raw["CODGEO"],
            "geography": raw["annee_geo"],
            "time_period": raw["millesime_rp"].astype(str),
            "value": raw["POP"],
            "source": "rp",
        }
    )
    row = one(compute(seen, ["PO01"], ["EPCI-200070035"], reference=reference.load(), year=2024))
    assert (row["value"], row["completeness"]) == (26641, 1)


def test_a_national_table_is_computed_in_seconds(geography) -> None:
    geos = [f"COM-{k:05d}" for k in range(35_000)]
    years = [str(year) for year in range(2012, 2022)]
    table = pd.DataFrame({"geo": np.tile(geos, 10), "time_period": np.repeat(years, len(geos)), "value": 5.0})
    names = ("population_municipale", "taux_couverture_global", "revenu_median")
    seen = observations.frame(pd.concat([table.assign(measure=name, geography=2024, source="s") for name in names]))
    began = time.process_time()
    found = compute(seen, ["PE01", "CO02", "PO01"], geos, reference=geography, year=2024)
    assert time.process_time() - began < 8
    assert len(found) == 3 * 350_000
