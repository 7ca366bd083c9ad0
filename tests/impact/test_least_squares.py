from __future__ import annotations

import numpy as np
import pytest

from ctgeval.errors import NotIdentified, TooFewUnits
from ctgeval.impact.least_squares import fit


def data(n: int = 30) -> tuple[np.ndarray, list[np.ndarray], np.ndarray]:
    random = np.random.default_rng(4)
    columns = [np.ones(n), random.normal(size=n), random.uniform(size=n)]
    return random.normal(size=n) + columns[1], columns, random.uniform(0.5, 3, n)


def test_errors_are_those_of_their_formulas() -> None:
    y, columns, weights = data()
    model = fit(y, columns, ["1", "x", "z"], weights)
    x = np.column_stack(columns)
    bread = np.linalg.inv(x.T @ (weights[:, None] * x))
    residual = y - x @ (bread @ x.T @ (weights * y))
    np.testing.assert_allclose(model.coefficients, bread @ x.T @ (weights * y))
    leverage = weights * np.einsum("ij,jk,ik->i", x, bread, x)
    n, k = x.shape
    scores = x * (weights * residual)[:, None]
    clusters = np.arange(n) // 5
    sums = np.stack([np.bincount(clusters, weights=column) for column in scores.T], axis=1)
    meats = {
        "iid": np.linalg.inv(bread) * (weights * residual**2).sum() / (n - k),
        "hc1": scores.T @ scores * n / (n - k),
        "hc2": scores.T @ (scores / (1 - leverage)[:, None]),
        "hc3": scores.T @ (scores / (1 - leverage)[:, None] ** 2),
        "cluster": sums.T @ sums * 6 / 5 * (n - 1) / (n - k),
    }
    for kind, meat in meats.items():
        found = model.error("x", kind, clusters)[0]  # type: ignore[arg-type]
        assert found == pytest.approx(np.sqrt((bread @ meat @ bread)[1, 1])), kind


def test_degrees_of_freedom_of_hc2_by_their_definition() -> None:
    y, columns, _ = data(12)
    model = fit(y, columns, ["1", "x", "z"])
    maker = np.eye(12) - model.basis @ model.basis.T
    weight = model.weight("x") ** 2 / np.diag(maker)
    form = maker @ np.diag(weight) @ maker
    assert model.error("x", "hc2")[1] == pytest.approx(np.trace(form) ** 2 / np.trace(form @ form))


def test_redundant_columns_are_named_with_what_they_repeat() -> None:
    y, columns, _ = data()
    with pytest.raises(NotIdentified, match="« double » se déduit de « x »") as caught:
        fit(y, [*columns, 2 * columns[1]], ["1", "x", "z", "double"])
    assert caught.value.problem.remedy
    with pytest.raises(NotIdentified, match="« rien » est toujours nulle"):
        fit(y, [*columns, np.zeros(30)], ["1", "x", "z", "rien"])
    with pytest.raises(TooFewUnits, match="3 coefficients à estimer pour 2"):
        fit(y[:2], [column[:2] for column in columns], ["1", "x", "z"])


def test_columns_of_very_different_sizes_are_not_redundant() -> None:
    y, columns, _ = data()
    model = fit(y, [columns[0], 1e9 * columns[1], 1e-6 * columns[2]], ["1", "x", "z"])
    plain = fit(y, columns, ["1", "x", "z"])
    np.testing.assert_allclose(model.coefficients * [1, 1e9, 1e-6], plain.coefficients, rtol=1e-8)
