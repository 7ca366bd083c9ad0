from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from ctgeval.errors import DesignError, NotIdentified, TooFewUnits
from ctgeval.impact.contrast import Contrast
from ctgeval.impact.wild import wild, wild_cluster
from tests.impact.test_contrast import staggered

Rows = tuple[np.ndarray, np.ndarray, np.ndarray]


def regression(n_clusters: int = 8, treated: int = 3, seed: int = 5, size: int = 7) -> Rows:
    random = np.random.default_rng(seed)
    clusters = np.repeat(np.arange(n_clusters), size)
    x = random.standard_normal(len(clusters))
    d = (clusters < treated).astype(float)
    y = random.standard_normal(n_clusters)[clusters] + random.standard_normal(len(clusters)) + 0.3 * d + 0.2 * x
    return y, np.column_stack([np.ones(len(y)), d, x]), clusters


def statistic(y: np.ndarray, x: np.ndarray, clusters: np.ndarray, column: int, null: float) -> tuple[float, float]:
    inverse = np.linalg.inv(x.T @ x)
    beta = inverse @ x.T @ y
    scores = x * (y - x @ beta)[:, None]
    summed = np.stack([scores[clusters == g].sum(axis=0) for g in np.unique(clusters)])
    variance = inverse @ summed.T @ summed @ inverse
    return float((beta[column] - null) / np.sqrt(variance[column, column])), float(variance[column, column])


def by_hand(rows: Rows, column: int, null: float, *, restricted: bool) -> float:
    """Regress anew on every vector of signs."""
    y, x, clusters = rows
    imposed = null * x[:, column] if restricted else np.zeros(len(y))
    kept = np.delete(x, column, axis=1) if restricted else x
    fitted = imposed + kept @ np.linalg.lstsq(kept, y - imposed, rcond=None)[0]
    centre = null if restricted else np.linalg.lstsq(x, y, rcond=None)[0][column]
    real = abs(statistic(y, x, clusters, column, null)[0])
    found = [
        abs(statistic(fitted + np.array(signs)[clusters] * (y - fitted), x, clusters, column, centre)[0])
        for signs in product([1.0, -1.0], repeat=int(clusters.max()) + 1)
    ]
    return float(np.mean(np.array(found) >= real * (1 - 1e-9)))


@pytest.mark.parametrize("column", [1, 2])
@pytest.mark.parametrize("null", [0.0, 0.4])
def test_restricted_bootstrap_is_that_of_the_rows(column: int, null: float) -> None:
    y, x, clusters = regression(7)
    found = wild_cluster(y, x, clusters, column=column, null=null)
    assert found.p_value == pytest.approx(by_hand((y, x, clusters), column, null, restricted=True), abs=1e-12)
    assert found.p_at(np.array([null]))[0] == pytest.approx(found.p_value)
    n = len(y)
    variance = statistic(y, x, clusters, column, 0)[1] * 7 / 6 * (n - 1) / (n - 3)
    assert found.std_error == pytest.approx(np.sqrt(variance))


def test_unrestricted_bootstrap_is_that_of_the_rows() -> None:
    rows = regression(7)
    found = wild_cluster(*rows, column=2, restricted=False)
    # The vectors of all ones and all minus ones give 0 here: the real statistic stands in their place.
    assert found.p_value == pytest.approx(by_hand(rows, 2, 0.0, restricted=False) + 2 / 128, abs=1e-12)


@pytest.mark.parametrize(
    ("n_clusters", "treated", "std_error", "peers"),
    [(8, 3, 0.561531051133763, 0.1171875), (10, 4, 0.6410120520405912, 0.310546875)],
)
def test_peers_on_enumerated_signs(n_clusters: int, treated: int, std_error: float, peers: float) -> None:
    # wildboottest 0.3.2 and pyfixest 0.60.0 on the same rows; they leave out the data themselves and their mirror,
    # which are draws like any other here (a p-value is never zero): 2 of the 2^G vectors.
    random = np.random.default_rng(5)
    for g, g1 in ((8, 3), (10, 4)):
        clusters = np.repeat(np.arange(g), 7)
        x = random.standard_normal(len(clusters))
        d = (clusters < g1).astype(float)
        y = random.standard_normal(g)[clusters] + random.standard_normal(len(clusters)) + 0.3 * d + 0.2 * x
        if g == n_clusters:
            assert g1 == treated
            found = wild_cluster(y, np.column_stack([np.ones(len(y)), d, x]), clusters, column=1)
            assert found.std_error == pytest.approx(std_error, abs=1e-12)
            assert found.p_value == pytest.approx(peers + 2 / 2**g, abs=1e-12)
            assert found.minimum_p == pytest.approx(2 / 2**g)


def test_interval_holds_the_effects_that_are_not_rejected() -> None:
    rows = regression(20, 8)
    for options in ({}, {"restricted": False}, {"weights": "webb"}):
        found = wild_cluster(*rows, column=1, draws=1_999, **options)  # type: ignore[arg-type]
        low, high = found.interval
        near = 1e-6 * (high - low)
        p = found.p_at(np.array([low - near, low + near, high - near, high + near]))
        assert (p[[0, 3]] <= 0.05).all()
        assert (p[1:3] > 0.05).all()


def test_contrast_is_the_regression_of_one_number_per_unit() -> None:
    random = np.random.default_rng(1)
    z, treated = random.standard_normal(11), np.arange(11) < 4
    first = wild(Contrast.from_units(z, treated))
    second = wild_cluster(z, np.column_stack([np.ones(11), treated]), np.arange(11), column=1)
    assert first.p_value == pytest.approx(second.p_value, abs=1e-12)
    np.testing.assert_allclose(np.array(first.interval), np.array(second.interval), rtol=1e-6)


def test_contrast_of_several_dates_is_the_two_way_regression() -> None:
    some = staggered(2, n=12, effect=0.5)
    n, t = some.outcome.shape
    unit, period = np.divmod(np.arange(n * t), t)
    design = np.column_stack([some.treatment.ravel(), np.eye(n)[unit], np.eye(t)[period][:, 1:]])
    first = wild(Contrast.from_panel(some))
    second = wild_cluster(some.outcome.ravel(), design, unit, column=0)
    assert first.p_value == pytest.approx(second.p_value, abs=1e-12)
    np.testing.assert_allclose(np.array(first.interval), np.array(second.interval), rtol=1e-6)


def test_one_treated_unit_hardly_ever_rejects() -> None:
    # MacKinnon and Webb (2017): an effect of six standard deviations is not seen.
    z = np.random.default_rng(0).standard_normal(20)
    z[0] = 6.0
    found = wild(Contrast.from_units(z, np.arange(20) == 0), draws=999)
    assert found.p_value > 0.05
    assert found.interval.low < 0 < found.interval.high


def test_order_of_rows_changes_nothing() -> None:
    y, x, clusters = regression(9)
    order = np.random.default_rng(0).permutation(len(y))
    first, second = wild_cluster(y, x, clusters, column=1), wild_cluster(y[order], x[order], clusters[order], column=1)
    assert first.p_value == pytest.approx(second.p_value, abs=1e-12)
    scaled = wild_cluster(100 * y + 7, x, clusters, column=1)
    np.testing.assert_allclose(np.array(scaled.interval), 100 * np.array(first.interval), rtol=1e-6)


def test_collinear_regressors_are_allowed_besides_the_tested_one() -> None:
    y, x, clusters = regression(9)
    again = np.column_stack([x, x[:, 2] * 3])
    first, second = wild_cluster(y, x, clusters, column=1), wild_cluster(y, again, clusters, column=1)
    assert first.p_value == pytest.approx(second.p_value, abs=1e-12)
    assert first.std_error == pytest.approx(second.std_error)
    with pytest.raises(NotIdentified):
        wild_cluster(y, again, clusters, column=3)


def test_refusals() -> None:
    y, x, clusters = regression(4)
    with pytest.raises(DesignError, match="résultats"):
        wild_cluster(y[:-1], x, clusters, column=1)
    with pytest.raises(DesignError, match="absente"):
        wild_cluster(np.where(np.arange(len(y)) == 3, np.nan, y), x, clusters, column=1)
    with pytest.raises(TooFewUnits):
        wild_cluster(y, x, np.zeros(len(y)), column=1)
    with pytest.raises(DesignError, match="mammen"):
        wild_cluster(y, x, clusters, column=1, weights="mammen")  # type: ignore[arg-type]
    perfect = wild_cluster(x[:, 1], x, clusters, column=1)
    assert np.isnan(perfect.p_value)
    assert perfect.note
