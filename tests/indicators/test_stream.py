"""A whole country is computed indicator after indicator, and gives what a single call gives."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from ctgeval import indicators, observations
from ctgeval.errors import UnknownIndicator

GEOS = ["EPCI-249900001", "COM-99101", "COM-99102"]
REFERENCE = SimpleNamespace(
    events=pd.DataFrame({"code_before": [], "code_after": []}),
    members=lambda geo, _year: ("COM-99101", "COM-99102") if geo.startswith("EPCI-") else (),
    changed_between=lambda _geo, _a, _b: False,
)


@pytest.fixture
def observed() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    rows = [
        {"measure": name, "geo": geo, "geography": 2024, "time_period": str(year), "value": float(value), "source": "s"}
        for name in ("places_eaje", "enfants_0_2", "assistantes_maternelles", "familles_rpe")
        for geo in GEOS[1:]
        for year, value in zip(range(2018, 2024), rng.poisson(40, 6), strict=True)
    ]
    table = observations.frame(rows)
    table.loc[3, ["value", "low", "high"]] = [np.nan, 1, 4]
    table.loc[5, "sexe"] = "F"
    table.loc[40, ["geography"]] = 2018
    return table


def streamed(table: pd.DataFrame, ids: list[str]) -> list[pd.DataFrame]:
    return list(indicators.stream(table, ids, GEOS, reference=REFERENCE, year=2024))


def test_the_stream_gives_one_table_an_indicator_with_the_rows_of_a_single_call(observed: pd.DataFrame) -> None:
    ids = ["PE02", "PE03", "PE07", "PE05"]
    frames = streamed(observed, ids)
    assert [frame["indicator"].unique().tolist() for frame in frames] == [["PE02"], ["PE03"], ["PE07"]]
    whole = indicators.compute(observed, ids, GEOS, reference=REFERENCE, year=2024)
    joined = pd.concat([frame.astype(whole.dtypes.to_dict()) for frame in frames], ignore_index=True)
    pd.testing.assert_frame_equal(joined, whole)
    assert not any(isinstance(kind, pd.CategoricalDtype) for kind in whole.dtypes)


def test_a_compact_table_gives_the_same_results(observed: pd.DataFrame) -> None:
    ids = ["PE02", "PE03", "PE07"]
    compact = observations.compact(observed)
    assert isinstance(compact["geo"].dtype, pd.CategoricalDtype)
    expected = indicators.compute(observed, ids, GEOS, reference=REFERENCE, year=2024)
    found = indicators.compute(compact, ids, GEOS, reference=REFERENCE, year=2024)
    pd.testing.assert_frame_equal(found, expected)


def test_sources_that_nobody_asks_about_change_nothing_of_a_compact_table(observed: pd.DataFrame) -> None:
    # Seventy other sources come first, and the two of the figure are told in another order by them.
    others = observed.iloc[[0] * 71].assign(measure="superficie_km2", source=[f"autre{n}" for n in range(70)] + ["b"])
    top = observed[observed["measure"] == "places_eaje"].assign(source="a")
    bottom = observed[observed["measure"] == "enfants_0_2"].assign(source="b")
    table = pd.concat([others, top, bottom], ignore_index=True)
    expected = indicators.compute(table, ["PE02"], GEOS, reference=REFERENCE, year=2024)
    found = indicators.compute(observations.compact(table), ["PE02"], GEOS, reference=REFERENCE, year=2024)
    pd.testing.assert_frame_equal(found, expected)
    assert set(found["source"]) <= {"", "a", "a b"}
    assert "a b" in set(found["source"])


def test_compact_tables_are_joined_compact_and_say_the_same(observed: pd.DataFrame) -> None:
    first, second = observed.iloc[:20].reset_index(drop=True), observed.iloc[20:].reset_index(drop=True)
    joined = observations.concat([observations.compact(first), observations.compact(second)])
    assert isinstance(joined["measure"].dtype, pd.CategoricalDtype)
    pd.testing.assert_frame_equal(joined.astype(observed.dtypes.to_dict()), observed)


def test_an_unknown_indicator_is_told_before_anything_is_computed(observed: pd.DataFrame) -> None:
    with pytest.raises(UnknownIndicator):
        indicators.stream(observed, ["PE02", "XX99"], GEOS, reference=REFERENCE, year=2024)
