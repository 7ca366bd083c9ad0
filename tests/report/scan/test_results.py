"""The results of a release are looked up as a dictionary of all of them would be."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings, strategies as st

from ctgeval.indicators.compute import RESULT_COLUMNS
from ctgeval.report.scan.facts import Facts
from ctgeval.report.scan.results import Given, Results
from tests.report.scan.conftest import Release

NUMBERS = ("value", "numerator", "denominator", "n", "low", "high", "ci_low", "ci_high")
Key = tuple[str, str, str]
ROW = st.fixed_dictionaries(
    {
        "indicator": st.sampled_from(["PE01", "PE02", "PO01"]),
        "geo": st.sampled_from(["EPCI-1", "EPCI-2", "COM-1"]),
        "time_period": st.sampled_from(["2021", "2022", "2022-S1"]),
        "conf_status": st.sampled_from(["F", "C", "D"]),
        **{name: st.sampled_from([math.nan, 0.0, 1.5, 7.0]) for name in NUMBERS},
    }
)


def naive(rows: list[Mapping[str, object]]) -> dict[Key, list[Mapping[str, object]]]:
    found: dict[Key, list[Mapping[str, object]]] = {}
    for row in rows:
        if row["conf_status"] != "F" or any(not math.isnan(float(str(row[name]))) for name in NUMBERS):
            found.setdefault((str(row["indicator"]), str(row["geo"]), str(row["time_period"])), []).append(row)
    return found


def same(given: Given, rows: list[Mapping[str, object]]) -> None:
    values = [float(str(row["value"])) for row in rows]
    known = [value for value in values if not math.isnan(value)]
    np.testing.assert_array_equal(given.value, known[0] if known else math.nan)
    np.testing.assert_array_equal(given.exact, [float(str(row[name])) for row in rows for name in NUMBERS[:4]])
    np.testing.assert_array_equal(given.bounds, [float(str(row[name])) for row in rows for name in NUMBERS[4:]])
    assert given.masked == all(row["conf_status"] != "F" for row in rows)


@given(st.lists(ROW, max_size=12))
def test_each_cell_is_found_and_no_other(rows: list[Mapping[str, object]]) -> None:
    results, expected = Results(pd.DataFrame(rows, columns=list(RESULT_COLUMNS))), naive(rows)
    assert set(results) == set(expected)
    assert len(results) == len(expected)
    for indicator in ("PE01", "PE02", "PO01", "ZZ"):
        for geo in ("EPCI-1", "EPCI-2", "COM-1", "COM-9"):
            times = {key[2] for key in expected if key[:2] == (indicator, geo)}
            assert set(results.times(indicator, geo)) == times
            assert results.has(indicator, geo) == bool(times)
            for period in ("2021", "2022", "2022-S1", "1999"):
                key = (indicator, geo, period)
                assert (key in results) == (key in expected)
                if key in expected:
                    same(results[key], expected[key])
        for period in ("2021", "2022", "1999"):
            moment = [key for key in expected if key[0] == indicator and key[2] == period]
            assert results.hides(indicator, period) == any(
                row["conf_status"] != "F" for key in moment for row in expected[key]
            )
            told = {key[1]: results[key].value for key in expected if key[0] == indicator and key[2] == period}
            assert results.valued(indicator, period) == {
                geo: value for geo, value in told.items() if not math.isnan(value)
            }


@given(st.lists(st.sampled_from(["auvrelles", "bellouze-en-arvelle", " ", "epci-1", "auvre", "cc du val d'arvelle"])))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_places_are_found_wherever_they_stand_in_a_text_as_whole_words(release: Release, parts: list[str]) -> None:
    facts, text = Facts.of(release), "".join(parts)  # type: ignore[arg-type]
    expected = {
        name for name in facts.names if len(name) > 3 and re.search(rf"(?<![^\W_]){re.escape(name)}(?![^\W_])", text)
    }
    assert set(facts.named(text)) == expected
