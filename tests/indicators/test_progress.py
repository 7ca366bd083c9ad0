"""Targets: a stated verdict and a French sentence for every case, and never an error."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from ctgeval import indicators
from ctgeval.indicators import RESULT_COLUMNS, progress
from ctgeval.indicators.progress import PROGRESS_COLUMNS
from ctgeval.indicators.verdict import Goal, Level, judge, share

GEO = "EPCI-200000001"
NAN = float("nan")


def results(indicator: str, *rows: tuple[Any, ...], **fields: Any) -> pd.DataFrame:
    """Rows of (period, value) or (period, value, low, high)."""
    made = []
    for period, value, *bounds in rows:
        low, high = bounds or (value, value)
        row = dict.fromkeys(RESULT_COLUMNS, "") | {"indicator": indicator, "geo": GEO, "time_period": period}
        made.append(row | {"value": value, "low": low, "high": high, "obs_status": "A", "conf_status": "F"} | fields)
    return pd.DataFrame(made, columns=list(RESULT_COLUMNS))


def target(indicator: str = "PE03", **fields: Any) -> pd.DataFrame:
    row = {
        "indicateur": indicator,
        "territoire": GEO,
        "periode_reference": "2021",
        "valeur_reference": NAN,
        "periode_cible": "2026",
        "valeur_cible": NAN,
        "cible_min": NAN,
        "cible_max": NAN,
        "tolerance": NAN,
        "revisee_le": None,
        "motif": "",
    }
    return pd.DataFrame([row | fields])


def follow(found: pd.DataFrame, wanted: pd.DataFrame, **options: Any) -> pd.Series:
    table = progress(found, wanted, **options)
    assert tuple(table.columns) == PROGRESS_COLUMNS
    assert len(table) == 1
    row = table.iloc[0]
    assert row["sentence"].endswith(".")
    assert "nan" not in row["sentence"].lower().split()
    assert "{" not in row["sentence"]
    return row


def exact(b: float, v: float, indicator: str = "PE03") -> pd.DataFrame:
    return results(indicator, ("2021", b), ("2024", v))


@pytest.mark.parametrize(
    ("case", "b", "v", "fields", "verdict", "share"),
    [
        ("on the way", 10, 14, {"valeur_cible": 20}, "en_progres", 0.4),
        ("reached", 10, 20, {"valeur_cible": 20}, "atteint", 1.0),
        ("beyond, not capped", 10, 25, {"valeur_cible": 20}, "depasse", 1.5),
        ("within the tolerance", 10, 19, {"valeur_cible": 20, "tolerance": 2}, "atteint", 0.9),
        ("not moved", 10, 10, {"valeur_cible": 20}, "stable", 0.0),
        ("a step back", 10, 8, {"valeur_cible": 20}, "en_recul", -0.2),
        ("maintain", 10, 10, {"valeur_cible": 10}, "maintenu", NAN),
        ("maintain, lost", 10, 9, {"valeur_cible": 10}, "non_maintenu", NAN),
        ("maintain, within tolerance", 10, 9, {"valeur_cible": 10, "tolerance": 1}, "maintenu", NAN),
        ("maintain, better", 10, 12, {"valeur_cible": 10}, "maintenu", NAN),
        ("target 0 from above", 10, 5, {"valeur_cible": 0}, "atteint", NAN),
        ("no target", 10, 14, {}, "sans_cible", NAN),
        ("range, inside", 10, 16, {"cible_min": 15, "cible_max": 20}, "atteint", 1.2),
        ("range, under", 10, 12, {"cible_min": 15, "cible_max": 20}, "en_progres", 0.4),
        ("range, over", 10, 23, {"cible_min": 15, "cible_max": 20}, "depasse", 2.6),
        ("range, left", 16, 10, {"cible_min": 15, "cible_max": 20}, "en_recul", NAN),
        ("open range", 10, 30, {"cible_min": 15}, "atteint", 4.0),
        ("range upside down", 10, 12, {"cible_min": 20, "cible_max": 15}, "non_evaluable", NAN),
        ("negative tolerance", 10, 12, {"valeur_cible": 20, "tolerance": -1}, "non_evaluable", NAN),
        ("unreadable term", 10, 12, {"valeur_cible": 20, "periode_cible": "fin 2026"}, "non_evaluable", NAN),
        ("unreadable baseline", 10, 12, {"valeur_cible": 20, "periode_reference": "avant"}, "non_evaluable", NAN),
        ("baseline not before", 10, 12, {"valeur_cible": 20, "periode_reference": "2024"}, "non_evaluable", NAN),
        (
            "baseline after",
            10,
            12,
            {"valeur_cible": 20, "periode_reference": "2025", "valeur_reference": 3},
            "non_evaluable",
            NAN,
        ),
        ("no baseline", 10, 12, {"valeur_cible": 20, "periode_reference": ""}, "sans_reference", NAN),
        ("baseline without value", 10, 12, {"valeur_cible": 20, "periode_reference": "2019"}, "sans_reference", NAN),
        ("no baseline, no target", 10, 12, {"periode_reference": ""}, "sans_cible", NAN),
        (
            "no baseline, range reached",
            10,
            16,
            {"cible_min": 15, "cible_max": 20, "periode_reference": ""},
            "atteint",
            NAN,
        ),
        (
            "baseline by value alone",
            10,
            15,
            {"valeur_cible": 20, "periode_reference": "", "valeur_reference": 10},
            "en_progres",
            0.5,
        ),
        ("a limit kept", 50, 48, {"valeur_cible": 45}, "atteint", NAN),
        ("a limit crossed", 50, 40, {"valeur_cible": 45}, "en_recul", NAN),
    ],
)
def test_each_case_has_its_verdict(
    *, case: str, b: float, v: float, fields: dict[str, Any], verdict: str, share: float
) -> None:
    row = follow(exact(b, v), target(**fields))
    assert row["verdict"] == verdict, (case, row["sentence"])
    assert row["share"] == pytest.approx(share, nan_ok=True), case


@pytest.mark.parametrize(
    ("b", "v", "t", "verdict", "share"),
    [
        (30, 24, 20, "en_progres", 0.6),
        (30, 18, 20, "depasse", 1.2),
        (30, 33, 20, "en_recul", -0.3),
        (30, 15, 0, "en_progres", 0.5),
        (30, 0, 0, "atteint", 1.0),
        (20, 22, 20, "non_maintenu", NAN),
        (20, 18, 20, "maintenu", NAN),
    ],
)
def test_a_decreasing_indicator(b: float, v: float, t: float, verdict: str, share: float) -> None:
    row = follow(exact(b, v, "PE09"), target("PE09", valeur_cible=t))
    assert (row["verdict"], row["share"]) == (verdict, pytest.approx(share, nan_ok=True))


def test_two_rates_that_print_alike_are_not_told_apart() -> None:
    row = follow(exact(60.04, 60.01, "PE02"), target("PE02", valeur_cible=70))
    assert row["verdict"] == "stable"


@pytest.mark.parametrize(
    ("value", "low", "high", "t", "verdict"),
    [
        (NAN, 21, 24, 20, "depasse"),
        (NAN, 20, 24, 20, "atteint"),
        (NAN, 12, 18, 20, "en_progres"),
        (NAN, 8, 14, 20, "non_concluant"),
        (NAN, 18, 22, 20, "non_concluant"),
        (20, 18, 24, 20, "non_concluant"),
        (NAN, 30, math.inf, 20, "depasse"),
        (NAN, 0, math.inf, 20, "non_concluant"),
    ],
)
def test_a_verdict_holds_for_the_whole_interval_or_is_not_given(
    value: float, low: float, high: float, t: float, verdict: str
) -> None:
    found = results("PE03", ("2021", 10), ("2024", value, low, high))
    assert follow(found, target(valeur_cible=t))["verdict"] == verdict


def test_the_share_keeps_the_bounds_of_value_and_baseline() -> None:
    found = results("PE03", ("2021", 10, 8, 12), ("2024", 15, 14, 16))
    row = follow(found, target(valeur_cible=20))
    corners = [(v - b) / (20 - b) for v in (14, 16) for b in (8, 12)]
    assert (row["share"], row["share_low"], row["share_high"]) == pytest.approx((0.5, min(corners), max(corners)))


def test_a_masked_value_gives_no_verdict_and_shows_nothing() -> None:
    found = results("PE03", ("2021", 10)).merge(results("PE03", ("2024", NAN, NAN, NAN), conf_status="C"), how="outer")
    row = follow(found, target(valeur_cible=20))
    assert row["verdict"] == "non_concluant"
    # The mark of the tables, one for all.
    assert "n’est pas diffusable" in row["sentence"]
    assert "diffusée" not in row["sentence"]


def test_a_masked_baseline_gives_no_verdict() -> None:
    found = results("PE03", ("2021", NAN, 1, 40), ("2024", 15))
    assert follow(found, target(valeur_cible=20))["verdict"] == "non_concluant"


def test_no_value_at_all_says_why() -> None:
    found = results("PE03", ("2024", NAN, NAN, NAN), reason="Le code a changé.", obs_status="M")
    row = follow(found, target(valeur_cible=20))
    assert row["verdict"] == "non_evaluable"
    assert "Le code a changé." in row["sentence"]
    assert follow(results("PE03"), target(valeur_cible=20))["verdict"] == "non_evaluable"


def test_an_unknown_indicator_is_told() -> None:
    row = follow(results("PE03", ("2024", 1)), target("ZZ99", valeur_cible=3))
    assert row["verdict"] == "non_evaluable"
    assert "ZZ99" in row["sentence"]


def test_a_provisional_value_is_told() -> None:
    found = pd.concat([results("PE03", ("2021", 10)), results("PE03", ("2024", 14), obs_status="P")])
    row = follow(found, target(valeur_cible=20))
    assert row["provisional"]
    assert "provisoire" in row["sentence"]


def test_a_term_that_has_come_is_told() -> None:
    row = follow(exact(10, 14), target(valeur_cible=20, periode_cible="2024"))
    assert row["verdict"] == "en_progres"
    assert "n’est pas atteinte à l’échéance" in row["sentence"]


def test_the_value_at_the_term_is_preferred_to_a_later_one() -> None:
    found = results("PE03", ("2021", 10), ("2023", 20), ("2024", 12))
    row = follow(found, target(valeur_cible=20, periode_cible="2023"))
    assert (row["time_period"], row["verdict"]) == ("2023", "atteint")
    late = follow(exact(10, 14), target(valeur_cible=20, periode_cible="2022"))
    assert late["time_period"] == "2021" or "après l’échéance" in late["sentence"]


def test_dates_around_the_convention_are_told() -> None:
    options = {"start": dt.date(2021, 1, 1), "end": dt.date(2025, 12, 31)}
    sentence = follow(exact(10, 14), target(valeur_cible=20), **options)["sentence"]
    assert "31 décembre 2025" in sentence
    assert "postérieure au début de la convention" in sentence
    early = follow(exact(10, 14), target(valeur_cible=20), start=dt.date(2025, 1, 1))["sentence"]
    assert "ne dit rien de ses effets" in early


def test_a_flow_of_a_half_year_is_not_compared_with_a_year() -> None:
    found = results("EN02", ("2021-S1", 10), ("2024-S1", 12))
    row = follow(found, target("EN02", valeur_cible=30, periode_reference="2021-S1"))
    assert row["verdict"] == "non_evaluable"
    assert "périodicité" in row["sentence"]
    state = results("PI01", ("2022-S1", 10), ("2024-S1", 50))
    assert follow(state, target("PI01", valeur_cible=90, periode_reference="2022-S1"))["share"] == pytest.approx(0.5)


def test_only_the_last_revision_of_a_target_is_followed() -> None:
    wanted = pd.concat(
        [
            target(valeur_cible=30, revisee_le=pd.Timestamp("2024-06-01"), motif="Crèche reportée"),
            target(valeur_cible=20),
        ],
        ignore_index=True,
    )
    row = follow(exact(10, 15), wanted)
    assert row["target"] == 30
    assert "1er\u00a0juin 2024" in row["sentence"].replace(" juin", "\u00a0juin")
    assert "Crèche reportée" in row["sentence"]


def test_rows_of_a_category_are_not_the_territory() -> None:
    found = pd.concat([exact(10, 15), results("PE03", ("2025", 1), structure="x")])
    assert follow(found, target(valeur_cible=20))["time_period"] == "2024"


def test_no_target_gives_an_empty_table() -> None:
    table = progress(exact(1, 2), target()[:0])
    assert tuple(table.columns) == PROGRESS_COLUMNS
    assert len(table) == 0


def test_the_sentence_is_written_as_a_french_reader_expects() -> None:
    found = results("PE01", ("2017", 60.6), ("2021", 53.1))
    row = follow(found, target("PE01", periode_reference="2017", valeur_cible=65))
    assert row["verdict"] == "en_recul"
    assert row["sentence"].startswith(
        "Taux de couverture de l’accueil du jeune enfant\u202f: 53,1\u00a0places pour 100 enfants de moins de 3 ans"
    )
    assert "en 2021, contre 60,6 en 2017." in row["sentence"]


any_number = st.one_of(st.floats(), st.sampled_from([0.0, -0.0, 5.0, math.inf, -math.inf, NAN]), st.none())
any_period = st.sampled_from(["2021", "2024", "2021-S1", "2026", "2020-2021", "", "x"])


@settings(max_examples=60)
@given(
    id=st.sampled_from(["PE01", "PE09", "PE03", "PI07", "AD04", "CO02", "EN02", "ZZ99"]),
    rows=st.lists(
        st.tuples(st.sampled_from(["2020", "2021", "2024", "2021-S1", "2027"]), any_number, any_number, any_number),
        max_size=4,
    ),
    statuses=st.tuples(st.sampled_from("APEM"), st.sampled_from("FCD")),
    numbers=st.tuples(*[any_number] * 5),
    spans=st.tuples(any_period, any_period),
    start=st.none() | st.dates(dt.date(2015, 1, 1), dt.date(2030, 1, 1)),
)
def test_nothing_that_a_table_may_hold_raises(*, id, rows, statuses, numbers, spans, start) -> None:
    obs, conf = statuses
    nan = [(p, *(np.nan if x is None else x for x in numbers)) for p, *numbers in rows]
    found = results(id, *nan, obs_status=obs, conf_status=conf)
    reference, aim, least, most, tolerance = numbers
    wanted = target(
        id,
        valeur_reference=reference,
        valeur_cible=aim,
        cible_min=least,
        cible_max=most,
        tolerance=tolerance,
        periode_reference=spans[0],
        periode_cible=spans[1],
    )
    table = progress(found, wanted, start=start, end=start)
    row = table.iloc[0]
    assert row["verdict"] in {
        "atteint", "depasse", "en_progres", "stable", "en_recul", "maintenu", "non_maintenu", "sans_cible",
        "sans_reference", "non_evaluable", "non_concluant",
    }  # fmt: skip
    assert row["sentence"]


def goal(t: float, direction: str = "higher") -> Goal:
    return Goal(target=t, least=-math.inf, most=math.inf, tolerance=0.0, print_step=0.0, direction=direction)


def level(value: float, low: float, high: float) -> Level:
    return Level.of(value, low, high)


@given(b=st.integers(-50, 50), t=st.integers(-50, 50), v=st.integers(-50, 50), scale=st.sampled_from([2, 1000, 0.5]))
def test_neither_share_nor_verdict_depends_on_the_unit(b: int, t: int, v: int, scale: float) -> None:
    one = (goal(t), level(v, v, v), level(b, b, b))
    many = (goal(t * scale), level(*[v * scale] * 3), level(*[b * scale] * 3))
    assert judge(*one) == judge(*many)
    assert share(*many).value == pytest.approx(share(*one).value, nan_ok=True)


@given(low=st.integers(0, 40), width=st.integers(0, 20), b=st.integers(0, 40), t=st.integers(0, 40))
def test_the_verdict_of_an_interval_is_that_of_each_of_its_values(low: int, width: int, b: int, t: int) -> None:
    told, _ = judge(goal(t), level(NAN, low, low + width), level(b, b, b))
    each = {judge(goal(t), level(v, v, v), level(b, b, b))[0] for v in range(low, low + width + 1)}
    if told == "atteint":
        assert each <= {"atteint", "depasse"}
    elif told != "non_concluant":
        assert each == {told}


def test_the_catalogue_is_followed_without_data() -> None:
    wanted = pd.concat([target(id, valeur_cible=1) for id in indicators.catalogue()], ignore_index=True)
    table = progress(results("PE03"), wanted)
    assert set(table["verdict"]) == {"non_evaluable"}
    assert len(table) == len(indicators.catalogue())
