"""Observations of several geographies on one: sums, bounds, refusals."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from ctgeval import observations, sources, territory
from ctgeval.errors import NotAdditive, PerimeterMismatch, TerritoryError, UnknownMeasure, UnknownTerritory
from ctgeval.measures import Measure
from ctgeval.territory.events import chain
from ctgeval.territory.splitting import apportion

PARTS = ("COM-86043", "COM-86067", "COM-86082", "COM-86188", "COM-86278")


def measure(id: str, kind: str) -> Measure:
    return Measure(id=id, label=id.replace("_", " "), kind=kind, object="personnes", unit="habitants")  # type: ignore[arg-type]


MEASURES: Mapping[str, Measure] = {
    id: measure(id, kind)
    for id, kind in (
        ("habitants", "stock"),
        ("revenu_median", "quantile"),
        ("usagers", "distinct"),
        ("aides", "amount"),
    )
}


def rows(*facts: tuple[str, float | None], geography: int | None = 2018, **columns: object) -> pd.DataFrame:
    return observations.frame(
        [
            {
                "measure": "habitants",
                "geo": geo,
                "geography": geography,
                "time_period": "2016",
                "value": value,
                **columns,
            }
            for geo, value in facts
        ]
    )


def harmonise(table: pd.DataFrame, to: int = 2024) -> pd.DataFrame:
    return territory.harmonise(table, to=to, measures=MEASURES)


def test_merged_communes_are_summed() -> None:
    table = rows(*((geo, 100.0 + place) for place, geo in enumerate(PARTS)), ("COM-86194", 7.0), source="rp")
    result = harmonise(table)
    assert result["geo"].tolist() == ["COM-86082", "COM-86194"]
    assert result["geography"].tolist() == [2024, 2024]
    assert result[["value", "low", "high"]].to_numpy().tolist() == [[510, 510, 510], [7, 7, 7]]
    assert observations.check(result) == []
    pd.testing.assert_series_equal(result.dtypes, observations.empty().dtypes)


def test_a_missing_commune_is_not_zero() -> None:
    result = harmonise(rows(*((geo, 100.0) for geo in PARTS[:4])))
    assert math.isnan(result["value"][0])
    assert (result["low"][0], result["high"][0]) == (400, math.inf)
    assert result["obs_status"][0] == "M"


def test_a_masked_commune_keeps_its_bounds_and_its_secret() -> None:
    table = rows(*((geo, 100.0) for geo in PARTS[:4]))
    masked = rows((PARTS[4], None), low=1, high=4, conf_status="C")
    result = harmonise(observations.concat([table, masked]))
    assert (result["low"][0], result["high"][0], result["conf_status"][0]) == (401, 404, "C")


@settings(max_examples=20)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 9)), min_size=5, max_size=5))
def test_the_sum_of_true_values_is_always_inside(parts: list[tuple[int, int]]) -> None:
    table = observations.concat(
        [rows((geo, None), low=low, high=low + width) for geo, (low, width) in zip(PARTS, parts, strict=True)]
    )
    result = harmonise(table)
    assert result["low"][0] == sum(low for low, _ in parts)
    assert result["high"][0] == sum(low + width for low, width in parts)


def test_amounts_stay_exact_to_the_cent() -> None:
    table = rows(*((geo, 0.1) for geo in PARTS)).assign(measure="aides")
    assert harmonise(table)["value"].tolist() == [0.5]


def test_dimensions_periods_and_sources_are_not_mixed() -> None:
    both = [rows(*((geo, 1.0) for geo in PARTS), sexe=sexe) for sexe in ("F", "M")]
    result = harmonise(observations.concat(both))
    assert result[["sexe", "value"]].to_numpy().tolist() == [["F", 5.0], ["M", 5.0]]


@pytest.mark.parametrize("kind", ["revenu_median", "usagers"])
def test_what_does_not_add_is_refused_with_the_row_to_use(kind: str) -> None:
    table = rows(*((geo, 1.0) for geo in PARTS)).assign(measure=kind)
    with pytest.raises(NotAdditive, match=r"COM-86082.*ligne de l’EPCI"):
        harmonise(table)
    alone = rows(("COM-86194", 1.0)).assign(measure=kind)
    assert harmonise(alone)["geography"].tolist() == [2024]


def test_a_change_of_code_is_followed_for_any_measure() -> None:
    table = rows(("COM-12076", 20_000.0), geography=2024).assign(measure="revenu_median")
    assert harmonise(table, 2025)["geo"].tolist() == ["COM-12218"]


def test_same_code_other_commune_is_refused_when_the_geography_is_unknown() -> None:
    with pytest.raises(PerimeterMismatch, match=r"COM-86082.*1er janvier 2019.*autre commune"):
        harmonise(rows(("COM-86082", 1855.0), geography=None))
    later = rows(("COM-86082", 4455.0), geography=None).assign(time_period="2019")
    assert harmonise(later)["geography"].tolist() == [2024]
    assert harmonise(rows(("COM-86194", 1.0), geography=None))["geography"].tolist() == [2024]


def test_a_later_geography_is_not_taken_apart() -> None:
    with pytest.raises(PerimeterMismatch, match=r"COM-86082.*on ne les sépare pas"):
        harmonise(rows(("COM-86082", 4455.0), geography=2024), to=2018)
    assert harmonise(rows(("COM-86194", 1.0), geography=2026))["geography"].tolist() == [2024]


ESSARTS = ("COM-85084", "COM-85165", "COM-85212")


def test_a_split_commune_is_shared_out_by_population_and_estimated() -> None:
    result = harmonise(rows(("COM-85084", 9399.0), ("COM-86194", 7.0), geography=2023))
    assert result["geo"].tolist() == [*ESSARTS, "COM-86194"]
    assert result["value"].sum() == 9406
    # Census 2021 counts the three communes apart: 6 807, 1 259 and 1 333 of the same 9 399 inhabitants.
    assert result["value"].tolist() == pytest.approx([6807, 1259, 1333, 7])
    assert result[["low", "high"]].to_numpy().tolist() == [[0, 9399]] * 3 + [[7, 7]]
    assert result["obs_status"].tolist() == ["E", "E", "E", "A"]
    assert observations.check(result) == []
    assert harmonise(rows(("COM-85084", 6807.0), geography=2024))["obs_status"].tolist() == ["A"]


def test_communes_that_a_split_restores_get_back_their_own_figures() -> None:
    parts = (("COM-85030", 818.0), ("COM-85084", 5244.0), ("COM-85165", 1194.0), ("COM-85212", 1204.0))
    result = harmonise(rows(*parts, geography=2015))
    assert result["geo"].tolist() == list(ESSARTS)
    assert result["value"].tolist() == result["low"].tolist() == result["high"].tolist() == [6062, 1194, 1204]
    assert result["obs_status"].tolist() == ["A", "A", "A"]


@pytest.mark.parametrize("kind", ["revenu_median", "usagers"])
def test_what_does_not_add_is_not_shared_out(kind: str) -> None:
    with pytest.raises(NotAdditive, match=r"COM-85084.*partagé entre.*ligne de l’EPCI"):
        harmonise(rows(("COM-85084", 22_000.0), geography=2023).assign(measure=kind))


def test_a_masked_or_missing_whole_gives_masked_or_missing_parts() -> None:
    result = harmonise(rows(("COM-85084", None), geography=2023, low=1, high=4, conf_status="C", obs_status="Q"))
    assert result["value"].isna().all()
    assert result[["low", "high", "obs_status", "conf_status"]].to_numpy().tolist() == [[0, 4, "Q", "C"]] * 3


def test_the_euros_of_a_split_commune_are_shared_out_to_the_cent() -> None:
    result = harmonise(rows(("COM-85084", 100.01), geography=2023).assign(measure="aides"))
    cents = (result["value"] * 100).round(6)
    assert (cents == cents.round()).all()
    assert cents.sum() == 10_001


@settings(max_examples=50)
@given(st.lists(st.floats(0, 1e9, allow_nan=False), min_size=1, max_size=4), st.permutations(range(3)))
def test_the_parts_add_up_to_the_whole_to_the_last_bit(wholes: list[float], order: list[int]) -> None:
    parts = apportion(np.array(wholes), np.array([0.62, 0.05, 0.33]))
    assert (parts >= 0).all()
    assert (parts[:, order[0]] + parts[:, order[1]] + parts[:, order[2]]).tolist() == wholes


def test_a_split_that_nothing_measures_is_refused() -> None:
    france = territory.reference.load()
    without = replace(france, populations=france.populations.iloc[:0], _kept={})
    with pytest.raises(PerimeterMismatch, match=r"COM-85084.*partagé.*1er janvier 2024"):
        territory.harmonise(rows(("COM-85084", 9399.0), geography=2023), to=2024, reference=without, measures=MEASURES)


def test_a_geography_older_than_the_history_of_communes_is_refused() -> None:
    with pytest.raises(PerimeterMismatch, match=r"géographie 1999.*depuis le 1er janvier 2006"):
        harmonise(rows(("COM-86082", 1764.0), ("COM-86194", 1.0), geography=1999))


@pytest.mark.parametrize(("geo", "geography"), [("COM-86043", 2021), ("COM-85165", 2023), ("COM-99999", 2023)])
def test_a_code_that_is_no_commune_of_its_geography_is_refused(geo: str, geography: int) -> None:
    with pytest.raises(UnknownTerritory, match=geo):
        harmonise(rows((geo, 1.0), geography=geography))


def test_the_same_fact_told_twice_is_not_summed_twice() -> None:
    with pytest.raises(PerimeterMismatch, match="deux fois"):
        harmonise(rows(*((geo, 1.0) for geo in (*PARTS, PARTS[0]))))


def test_a_fact_given_in_two_geographies_is_kept_once_from_the_latest() -> None:
    old = rows(*((geo, 100.0) for geo in PARTS))
    new = rows(("COM-86082", 510.0), geography=2020)
    assert harmonise(observations.concat([new, old]))["value"].tolist() == [510]


def test_other_territories_pass_when_their_ground_is_the_same() -> None:
    table = rows(("EPCI-200070035", 1.0), ("DEP-86", 2.0), ("FRANCE", 3.0), ("GRP-gencay", 4.0), geography=2020)
    assert harmonise(table)["geography"].tolist() == [2024, 2024, 2024, 2020]
    old = harmonise(rows(("EPCI-200070035", 1.0), ("EPCI-248600439", 2.0), geography=2016))
    assert old["geography"].tolist() == [2016, 2016]
    assert harmonise(rows(("EPCI-200070035", 1.0), geography=None))["geography"].isna().all()


def test_other_territories_that_moved_are_refused() -> None:
    france = territory.reference.load()
    epci = [geo for geo in france.territories("EPCI", 2020)["geo"] if france.exists(geo, 2024)]
    moved = next(geo for geo in epci if france.changed_between(geo, 2020, 2024))
    with pytest.raises(PerimeterMismatch, match=f"{moved}.*pas le même périmètre en 2020 et en 2024"):
        harmonise(rows((moved, 1.0), geography=2020))
    with pytest.raises(UnknownTerritory, match="EPCI-200070036"):
        harmonise(rows(("EPCI-200070036", 1.0), geography=2020))


def test_collect_leaves_out_and_tells() -> None:
    table = observations.concat([rows(*((geo, 1.0) for geo in PARTS), geography=None), rows(("COM-86194", 1.0))])
    result = territory.harmonise(table, to=2024, measures=MEASURES, on_problem="collect")
    assert result.observations["geo"].tolist() == ["COM-86194"]
    assert sorted(problem.value for problem in result.problems) == list(PARTS)
    assert {problem.severity for problem in result.problems} == {"avertissement"}
    assert all(problem.remedy for problem in result.problems)


def test_many_refusals_make_one_error() -> None:
    with pytest.raises(PerimeterMismatch, match="5 territoires") as caught:
        harmonise(rows(*((geo, 1.0) for geo in PARTS), geography=None))
    assert len(caught.value.problems) == 5


def test_unknown_years_and_measures_are_refused() -> None:
    with pytest.raises(TerritoryError, match="2030"):
        harmonise(rows(("COM-86082", 1.0)), to=2030)
    with pytest.raises(UnknownMeasure):
        harmonise(rows(*((geo, 1.0) for geo in PARTS)).assign(measure="inconnue"))


def test_nothing_in_nothing_out_and_twice_is_once() -> None:
    pd.testing.assert_frame_equal(harmonise(observations.empty()), observations.empty())
    once = harmonise(rows(*((geo, 1.0) for geo in PARTS), ("COM-86194", 1.0), ("DEP-86", 3.0), geography=2018))
    pd.testing.assert_frame_equal(harmonise(once), once)


@pytest.fixture(scope="module")
def panel(real_data: Path) -> pd.DataFrame:
    table = pd.read_csv(real_data / "population" / "population_communes_2006_2023.csv.gz", dtype={"CODGEO": str})
    return observations.frame(
        {
            "measure": ["population_municipale"] * len(table),
            "geo": "COM-" + table["CODGEO"],
            "geography": table["annee_geo"],
            "time_period": table["millesime_rp"].astype(str),
            "value": table["POP"],
        }
    )


def test_the_real_panel_on_2024(panel: pd.DataFrame) -> None:
    started = time.process_time()
    result = territory.harmonise(panel, to=2024, on_problem="collect")
    # The budget is 0.3 s (tests/benchmarks/bench_territory.py): a loaded machine doubles it, a loop makes it ten times.
    assert time.process_time() - started < 1
    table = result.observations
    members = territory.members("EPCI-200070035", year=2024)
    by_year = table[table["geo"].isin(members)].groupby("time_period")["value"].agg(["sum", "count"])
    assert by_year["count"].eq(35).all()
    assert by_year.loc[["2006", "2012", "2023"], "sum"].tolist() == [26885, 27615, 26641]
    valence = table[table["geo"] == "COM-86082"].set_index("time_period")["value"]
    assert valence[["2016", "2017"]].tolist() == [4454, 4474]
    assert table["value"].notna().all()


def test_communes_that_chain_without_loss_in_the_real_panel(panel: pd.DataFrame) -> None:
    result = territory.harmonise(panel, to=2025, on_problem="collect")
    table = result.observations
    full = table.groupby("geo")["time_period"].nunique()
    assert (len(full), full.eq(18).all()) == (7275, True)
    assert len(set(panel["geo"]) - set(full.index)) == 574
    before = panel.groupby("time_period")["value"].sum()
    kept = table.groupby("time_period")["value"].sum()
    assert kept.tolist() == before.tolist()
    estimated = table[table["obs_status"].eq("E")]
    assert sorted(estimated["geo"].unique()) == list(ESSARTS)
    assert sorted(estimated["time_period"].unique()) == [str(year) for year in range(2014, 2022)]


@pytest.mark.parametrize("to", [2024, 2025])
def test_each_departement_keeps_its_people_once_codes_are_those_of_the_target(panel: pd.DataFrame, to: int) -> None:
    known = territory.reference.load()
    table = panel[panel["geography"] <= to]
    result = territory.harmonise(table, to=to)
    expected: dict[tuple[str, str], float] = defaultdict(float)
    for year, rows_of in table.groupby("geography"):
        link = known.timeline.chain(int(str(year)), to)
        # The parts of a split commune of this panel are all in its own département.
        after = rows_of["geo"].map(lambda geo, link=link: link.after.get(geo, geo))
        for key, value in rows_of["value"].groupby([rows_of["time_period"], after.str[4:6]]).sum().items():
            expected[key] += value
    found = result["value"].groupby([result["time_period"], result["geo"].str[4:6]]).sum()
    assert found.to_dict() == expected
    assert found.groupby("time_period").sum().to_dict() == table.groupby("time_period")["value"].sum().to_dict()
    crossed = known.timeline.chain(2015, to).after
    assert (crossed["COM-44060"], crossed["COM-49144"]) == ("COM-49160", "COM-44180")


def peer(values: pd.Series, passages: pd.DataFrame, since: int) -> pd.Series:
    """COGugaison (``changement_COG_varNum``): each year, multiply by the ratio of the table de passage, and sum."""
    for year in range(since, 2024):
        steps = passages[passages["cog_avant"] == year].set_index("code_avant")
        joined = values.rename("value").to_frame().join(steps[["code_apres", "ratio"]])
        after = joined["code_apres"].fillna(joined.index.to_series())
        values = (joined["value"] * joined["ratio"].fillna(1.0)).groupby(after).sum()
    return values


@pytest.mark.parametrize("since", [2008, 2013, 2017])
def test_the_peer_gives_the_same_sums_where_nothing_was_split(panel: pd.DataFrame, real_data: Path, since: int) -> None:
    codes = {"code_avant": str, "code_apres": str}
    passages = pd.read_csv(real_data / "geo" / "passages_communes_2008_2024.csv", dtype=codes)
    table = panel[panel["geography"] == since]
    theirs = peer(table.set_index(table["geo"].str[4:])["value"], passages, since)
    ours = territory.harmonise(table, to=2024).set_index("geo")["value"]
    ours.index = ours.index.str[4:]
    gap = (ours - theirs).abs()
    assert set(ours.index) == set(theirs.index)
    assert sorted(gap.index[gap > 1e-6]) == [geo[4:] for geo in ESSARTS]


def test_communes_that_chain_by_mergers_alone(panel: pd.DataFrame) -> None:
    first = set(panel.loc[panel["geography"] == 2008, "geo"])
    link = territory.reference.load().timeline.chain(2008, 2024)
    assert sum(set(parts) <= first for parts in link.befores.values()) == 239


def test_the_censuses_of_the_last_century_with_the_history_of_communes(real_data: Path) -> None:
    history = sources.read(
        real_data / "geo" / "historique-communes_1943_2020.json.gz", format="geographie.evenements"
    ).tables["evenements"]
    table = sources.read(
        real_data / "population" / "population_communes_1968_1999.csv.gz", format="insee.population"
    ).observations
    known = territory.reference.load()
    refused = territory.harmonise(table, to=2024, on_problem="collect")
    assert refused.observations.empty
    assert [problem.value for problem in refused.problems] == ["1999", "1990", "1982", "1975", "1968"]
    result = territory.harmonise(table, to=2024, reference=known.extended(events=history), on_problem="collect")
    before = table.groupby("time_period")["value"].sum()
    lost = {problem.value for problem in result.problems}
    # Split after those censuses by a key that nothing gives: told, and nothing else is lost.
    assert lost == {
        "COM-64269",
        "COM-79005",
        "COM-79325",
        *(f"COM-86{code}" for code in ("030", "060", "071", "160", "281")),
    }
    untold = table[table["geo"].isin(lost)].groupby("time_period")["value"].sum()
    # Angerville (91) took in one commune of the panel: of its sum, the part that the panel gives is all that is known.
    known_part = result.observations["value"].fillna(result.observations["low"])
    after = known_part.groupby(result.observations["time_period"]).sum()
    assert after[["1990", "1999"]].tolist() == before[["1990", "1999"]].tolist()
    assert after["1968"] == before["1968"]
    assert (before - after).between(0, untold).all()


@pytest.mark.parametrize("geography", [2017, 2018])
def test_forty_communes_of_the_civraisien_become_36_then_35(panel: pd.DataFrame, geography: int) -> None:
    events = territory.reference.load().event_list
    of_2020 = chain(events, geography, 2020).after
    now = set(territory.members("EPCI-200070035", year=2020))
    before = [geo for geo in panel.loc[panel["geography"] == geography, "geo"] if of_2020.get(geo, geo) in now]
    assert len(before) == 40
    for to, count in ((2019, 36), (2024, 35)):
        table = panel[(panel["geography"] == geography) & panel["geo"].isin(before)]
        result = territory.harmonise(table, to=to)
        assert len(result) == count
        assert result["value"].sum() == table["value"].sum()
