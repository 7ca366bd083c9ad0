"""Participants against the census: no gap when they mirror it; hand-computed shares; small bands merged."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from ctgeval.programme.age_bands import OLDEST, Band
from ctgeval.programme.representativeness import COLUMNS, Composition, by_age, by_category, merged, table

CENSUS = {Band(0, 15): 150.0, Band(15, 30): 100.0, Band(30, 60): 500.0, Band(60, OLDEST): 400.0}


def test_participants_who_mirror_the_census_leave_no_gap() -> None:
    rows, fit = table(by_age({"15-29": 10, "30-59": 50, "60+": 40}, CENSUS))
    assert rows["gap"].tolist() == pytest.approx([0, 0, 0], abs=1e-12)
    assert rows["share"].tolist() == [10, 50, 40]
    assert fit.p_value == pytest.approx(1)
    assert rows["p_adjusted"].tolist() == pytest.approx([1, 1, 1])


def test_gaps_by_hand() -> None:
    # 20 participants: 2, 6, 12, that is 10 %, 30 %, 60 %; the census of 15 and over (1 000): 10 %, 50 %, 40 %.
    rows, fit = table(by_age({"15-29": 2, "30-59": 6, "60+": 12}, CENSUS))
    assert rows["band"].tolist() == ["15 à 29 ans", "30 à 59 ans", "60 ans et plus"]
    assert rows["gap"].tolist() == pytest.approx([0, -20, 20])
    assert rows["n"].tolist() == [20, 20, 20]
    # Wilson for 12 of 20: centre (12 + 1.92073) / 23.84146 = 0.58389, half-width 0.19724.
    assert rows["share_low"].iloc[2] == pytest.approx(38.66, abs=0.01)
    assert rows["share_high"].iloc[2] == pytest.approx(78.12, abs=0.01)
    assert fit.method == "exact"
    assert fit.outcomes == 231  # 22 x 21 / 2
    # Benjamini-Hochberg over three bands: the least p-value is multiplied by 3, or takes that of the next one.
    p_values = rows["p_value"].sort_values().to_numpy()
    assert rows["p_adjusted"].min() == pytest.approx(min(3 * p_values[0], 1.5 * p_values[1], p_values[2]))


def test_attendances_of_several_meetings_are_told_without_a_test() -> None:
    rows, fit = table(by_age({"15-29": 2, "30-59": 6}, CENSUS), tested=False)
    assert rows["p_value"].isna().all()
    assert rows["share_low"].isna().all()
    assert rows["gap"].notna().all()
    assert np.isnan(fit.p_value)


def test_categories_that_nobody_came_from_count_nobody() -> None:
    found = by_category({"F": 9}, {"F": 510.0, "M": 490.0})
    assert found.counts == (9, 0)
    assert "n’est pas connue" in by_category({"X": 9}, {"F": 510.0, "M": 490.0}).reason
    assert by_category({}, {"F": 510.0}).reason
    assert "n’est pas une tranche" in by_age({"jeunes": 3, "60+": 4}, CENSUS).reason


def test_small_ages_merge_with_their_smaller_neighbour() -> None:
    found = merged(by_age({"0-14": 6, "15-29": 2, "30-59": 20, "60+": 12}, CENSUS), 5)
    assert found.bands == ("moins de 30 ans", "30 à 59 ans", "60 ans et plus")
    assert found.counts == (8, 20, 12)
    assert found.population == (250.0, 500.0, 400.0)


def test_small_categories_merge_together_and_with_the_next_smallest() -> None:
    found = merged(by_category({"a": 1, "b": 2, "c": 6, "d": 9}, dict.fromkeys("abcd", 10.0)), 5)
    assert sorted(zip(found.bands, found.counts, strict=True)) == [("autres", 9), ("d", 9)]


def test_one_small_sex_hides_both() -> None:
    found = merged(by_category({"F": 18, "M": 2}, {"F": 510.0, "M": 490.0}), 5)
    assert found.bands == ()
    assert "n’est pas diffusable" in found.reason
    assert merged(by_category({"F": 18, "M": 0}, {"F": 510.0, "M": 490.0}), 5).bands == ()


def test_the_evaluator_sees_everything() -> None:
    found = by_age({"0-14": 1, "15-29": 2}, CENSUS)
    assert merged(found, 0) is found


counts = st.lists(st.integers(0, 30).map(float), min_size=2, max_size=6)


@settings(max_examples=60, deadline=None)
@given(counts, st.booleans(), st.integers(0, 12))
def test_no_small_band_is_left_and_nobody_is_lost(values: list[float], ordered: bool, threshold: int) -> None:
    bands = tuple(Band(10 * rank, 10 * rank + 10) for rank in range(len(values)))
    start = Composition(
        bands=tuple(band.label for band in bands),
        counts=tuple(values),
        population=tuple(100.0 for _ in values),
        ordered=ordered,
        ages=bands if ordered else (),
    )
    found = merged(start, threshold)
    assert not any(0 < count < threshold for count in found.counts) or threshold <= 1
    if not found.reason:
        assert sum(found.counts) == sum(values)
        assert sum(found.population) == 100 * len(values)
    rows, fit = table(found)
    assert list(rows) == list(COLUMNS)
    if len(rows):
        assert rows["gap"].sum() == pytest.approx(0, abs=1e-9)
        assert 0 <= fit.p_value <= 1


@given(st.dictionaries(st.text(max_size=6), st.floats(allow_nan=True, allow_infinity=True), max_size=4))
def test_degenerate_counts_never_raise(found: dict[str, float]) -> None:
    for composition in (by_age(found, CENSUS), by_category(found, {"F": 0.0, "M": 0.0})):
        rows, _ = table(merged(composition, 5) if all(map(np.isfinite, composition.counts)) else composition)
        assert isinstance(rows, pd.DataFrame)
