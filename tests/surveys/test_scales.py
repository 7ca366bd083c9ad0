"""Scores and reliability: by hand, as R's psych and factanal find them, and where there is nothing to find."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from ctgeval.errors import DossierError
from ctgeval.surveys.one_factor import one_factor
from ctgeval.surveys.scales import cronbach_alpha, item_statistics, mcdonald_omega, omega_of, scale_scores

GOLDEN = Path(__file__).resolve().parent / "golden"
R: dict[str, Any] = json.loads((GOLDEN / "r_survey.json").read_text(encoding="utf-8"))
FOUR = pd.DataFrame({"a": [1, 2, 3, 4], "b": [2, 2, 4, 4], "c": [1, 3, 2, 4]})


@pytest.fixture(scope="module")
def attitude() -> pd.DataFrame:
    """Chatterjee and Price (1977): seven ratings of thirty departments, the example of psych::alpha."""
    return pd.read_csv(GOLDEN / "attitude.csv")


def test_alpha_by_hand() -> None:
    # Variances 5/3, 4/3 and 5/3, 14/3 in all; sums 4, 7, 9, 12 have the variance 34/3.
    # alpha = 3/2 x (1 - (14/3) / (34/3)) = 3/2 x 20/34 = 15/17.
    found = cronbach_alpha(FOUR, fewest=4)
    assert found.value == pytest.approx(15 / 17)
    assert (found.n, found.items, found.incomplete, found.reason) == (4, 3, 0, "")
    # Item a with b + c (3, 5, 6, 8): covariance 8/3, over the root of 5/3 x 13/3.
    assert item_statistics(FOUR)["item_reste"]["a"] == pytest.approx((8 / 3) / np.sqrt(65 / 9))


def test_alpha_of_a_published_example(attitude: pd.DataFrame) -> None:
    # Printed in the manual of psych: raw alpha 0.84, and 0.86 without "critical".
    found, items, peer = cronbach_alpha(attitude), item_statistics(attitude), R["attitude"]
    assert round(found.value, 2) == 0.84
    assert (found.value, found.low, found.high) == pytest.approx(
        (peer["alpha"], peer["feldt_low"], peer["feldt_high"]), rel=1e-9
    )
    assert items["item_reste"].tolist() == pytest.approx(peer["r_drop"], rel=1e-9)
    assert items["alpha_sans"].tolist() == pytest.approx(peer["alpha_drop"], rel=1e-9)


def test_one_factor_of_a_published_correlation_matrix() -> None:
    # Six tests of ability of 112 persons (Smith and Stanley 1983), as printed by R: factanal(1, covmat = ability.cov).
    loadings, uniquenesses = one_factor(np.array(R["ability"]["correlations"]))
    assert loadings.round(3).tolist() == [0.682, 0.384, 0.502, 0.300, 0.877, 0.849]
    assert uniquenesses.round(3).tolist() == [0.535, 0.853, 0.748, 0.910, 0.232, 0.280]
    # psych::omega divides by the variance that was observed, not by that of the model.
    total = np.array(R["ability"]["correlations"]).sum()
    assert 1 - uniquenesses.sum() / total == pytest.approx(R["ability"]["omega"], abs=1e-6)
    assert float(omega_of(loadings, uniquenesses)) == pytest.approx(0.784, abs=5e-4)


def test_omega_of_a_sum_of_items(attitude: pd.DataFrame) -> None:
    found = mcdonald_omega(attitude, draws=200)
    assert found.value == pytest.approx(R["attitude"]["omega"], abs=1e-7)
    assert found.low < found.value < found.high
    assert found == mcdonald_omega(attitude, draws=200)
    assert found != mcdonald_omega(attitude, draws=200, seed=1)
    assert np.isnan(mcdonald_omega(attitude, draws=0).low)


def test_omega_is_alpha_when_items_are_alike_and_exact() -> None:
    # Loadings 0.8, 0.8, 0.8, 0.8: alpha and omega are both 4 x 0.64 / (1 + 3 x 0.64) = 0.8767.
    matrix = np.full((4, 4), 0.64) + 0.36 * np.eye(4)
    loadings, uniquenesses = one_factor(matrix)
    assert loadings.tolist() == pytest.approx([0.8] * 4)
    assert float(omega_of(loadings, uniquenesses)) == pytest.approx(4 * 0.64 / (1 + 3 * 0.64))


def test_many_matrices_are_as_many_fits() -> None:
    random = np.random.default_rng(2)
    loadings = random.uniform(0.3, 0.9, (5, 6))
    matrices = loadings[:, :, None] * loadings[:, None, :]
    matrices[:, np.arange(6), np.arange(6)] = 1
    assert np.allclose(one_factor(matrices)[0], loadings, atol=1e-6)


def test_scores_by_hand() -> None:
    items = pd.DataFrame({"a": [1.0, 5, None, None], "b": [4.0, None, 2, None], "c": [2.0, None, None, None]})
    # b is turned round on 1 to 5: 2, 4. First: (1 + 2 + 2) / 3; second: one of three is not half of them.
    scores = scale_scores(items, inverse=["b"], least=1, most=5)
    assert scores.tolist() == pytest.approx([5 / 3, np.nan, np.nan, np.nan], nan_ok=True)
    lenient = scale_scores(items, inverse=["b"], least=1, most=5, enough=0.3)
    assert lenient.tolist() == pytest.approx([5 / 3, 5, 4, np.nan], nan_ok=True)
    assert items["b"].tolist()[:1] == [4.0]


def test_a_scale_that_can_not_be_scored_is_refused() -> None:
    items = pd.DataFrame({"a": [1.0, 5], "b": [4.0, 9]})
    with pytest.raises(DossierError, match="n’est pas dans l’échelle"):
        scale_scores(items, inverse=["z"], least=1, most=5)
    with pytest.raises(DossierError, match="aucun item ne peut être inversé"):
        scale_scores(items, inverse=["a"])
    with pytest.raises(DossierError, match="va de 1 à 5") as caught:
        scale_scores(items, least=1, most=5)
    assert (caught.value.problem.row, caught.value.problem.column, caught.value.problem.value) == (3, "b", "9")


def test_where_there_is_nothing_to_find(attitude: pd.DataFrame) -> None:
    few = attitude.head(9)
    assert cronbach_alpha(few).reason == mcdonald_omega(few).reason == "trop_peu_de_reponses"
    two = attitude[["rating", "complaints"]]
    assert cronbach_alpha(two).reason == ""
    assert mcdonald_omega(two).reason == "moins_de_3_items"
    one = attitude[["rating"]]
    assert cronbach_alpha(one).reason == "moins_de_2_items"
    constant = attitude.assign(rating=3)
    assert cronbach_alpha(constant).constant == ("rating",)
    assert cronbach_alpha(constant).items == 6
    assert item_statistics(constant).loc["rating", "raison"] == "constant"
    opposed = pd.DataFrame({"a": np.arange(12.0), "b": -np.arange(12.0)})
    assert cronbach_alpha(opposed).reason == "sans_variance"
    assert cronbach_alpha(pd.DataFrame()).reason == "trop_peu_de_reponses"
    holes = attitude.astype(float)
    holes.iloc[:5, 0] = np.nan
    assert (cronbach_alpha(holes).n, cronbach_alpha(holes).incomplete) == (25, 5)


cells = st.one_of(st.none(), st.integers(1, 5))


@settings(max_examples=40)
@given(st.integers(0, 5).flatmap(lambda k: st.lists(st.lists(cells, min_size=k, max_size=k), max_size=30)))
def test_whatever_the_answers(table: list[list[int | None]]) -> None:
    width = len(table[0]) if table else 0
    items = pd.DataFrame(table, columns=[f"q{j}" for j in range(width)], dtype=float)
    for found in (cronbach_alpha(items, fewest=2), mcdonald_omega(items, draws=20, fewest=3)):
        assert np.isnan(found.value) == bool(found.reason)
        assert np.isnan(found.value) or found.value <= 1 + 1e-12
        assert found.n + found.incomplete == len(items)
    assert len(item_statistics(items)) == width
    if width:
        scores = scale_scores(items, inverse=["q0"], least=1, most=5)
        assert scores.dropna().between(1, 5).all()
        turned = scale_scores(6 - items, least=1, most=5)
        straight = scale_scores(items, least=1, most=5)
        assert np.allclose(turned, 6 - straight, equal_nan=True)
