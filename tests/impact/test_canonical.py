"""What a territory is called says nothing of it: draws fall on the same units, whatever their codes and their order."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ctgeval import impact
from ctgeval.impact.canonical import by_figures, canonical
from ctgeval.impact.panel import Panel
from tests.impact.conftest import long_frame

METHODS = ("did", "event_study", "group_time", "imputation", "sun_abraham", "synthetic_control", "synthetic_did")


def table(seed: int, *, whole: bool = False) -> pd.DataFrame:
    """Two waves, more assignments than can be listed, clusters of two, populations."""
    random = np.random.default_rng(seed)
    outcome = random.normal(size=(40, 12))
    outcome = outcome.round() if whole else outcome
    start = np.array([8] * 5 + [9] * 3 + [12] * 32)
    return long_frame(outcome, start).assign(
        people=np.repeat(random.integers(500, 9_000, 40), 12), group=np.repeat(np.arange(40) // 2, 12)
    )


def read(frame: pd.DataFrame, **options: str) -> Panel:
    return Panel.from_frame(frame, unit="geo", time="year", outcome="y", treated_from="first", **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("whole", "options"), [(False, {}), (False, {"cluster": "group"}), (True, {"population": "people"})]
)
def test_other_codes_and_other_rows_give_the_same_figures(method: str, whole: bool, options: dict[str, str]) -> None:
    frame = table(1, whole=whole)
    random = np.random.default_rng(9)
    codes = frame["geo"].unique()
    other = frame.assign(geo=frame["geo"].map(dict(zip(codes, random.permutation(codes), strict=True))))
    other = other.sample(frac=1, random_state=2)
    settings = {"draws": 60} if method.startswith("synthetic") else {"draws": 500} if method == "did" else {}
    one, two = (getattr(impact, method)(read(rows, **options), **settings) for rows in (frame, other))
    np.testing.assert_allclose(
        [one.estimate, one.std_error, one.p_value, *one.interval],
        [two.estimate, two.std_error, two.p_value, *two.interval],
        rtol=1e-6,
        atol=1e-9,
    )
    assert one.verdict == two.verdict


def test_units_keep_their_own_facts() -> None:
    panel = read(table(3), cluster="group", population="people")
    moved = canonical(panel)
    assert sorted(moved.units) == list(panel.units)
    assert (np.diff(moved.outcome[:, 0]) > 0).all()
    for i, unit in enumerate(moved.units):
        j = panel.units.index(unit)
        np.testing.assert_array_equal(moved.outcome[i], panel.outcome[j])
        assert moved.start[i] == panel.start[j]
        together = {moved.units[k] for k in np.flatnonzero(moved.clusters == moved.clusters[i])}
        assert together == {panel.units[k] for k in np.flatnonzero(panel.clusters == panel.clusters[j])}


def test_equal_figures_are_told_apart_by_what_follows() -> None:
    outcome = np.array([[1.0, 5.0], [1.0, 2.0], [0.0, 9.0], [1.0, 2.0]])
    assert by_figures(outcome, [0, 1, 0, 0]).tolist() == [2, 3, 1, 0]
