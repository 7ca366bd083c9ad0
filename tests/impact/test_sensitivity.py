"""Honest intervals: the published Medicaid example, other software, laws, refusals."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.optimize import minimize

from ctgeval.errors import DesignError, NotIdentified
from ctgeval.impact import Panel, event_study, group_time, sensitivity
from ctgeval.impact.honest_smoothness import folded_quantile, smoothness_interval

# Two-way event study of insured shares on the Medicaid expansion of 2014 (data `ehec`, 43 states, 2008-2015, states
# that expanded in 2015 left out, reference 2013, errors clustered by state with the small-sample factors of fixest),
# computed with pyfixest 0.60.0 from the file that moderndid 0.2.0 ships. The README of HonestDiD starts from the same
# estimates.
MEDICAID = np.array(
    [
        -0.00528535453272097, -0.0112973246481514, -0.00267599181179386, -0.00141931225211098, 0.00033966351897144,
        0.04644685415994523, 0.06920617547902158,
    ]
)  # fmt: skip
MEDICAID_COVARIANCE = 1e-5 * np.array(
    [
        [7.488483635897524, 6.039874095644231, 4.446198184610225, 3.385764706089072, 4.328011254743429,
         4.765880478777798, 2.425128699753979],
        [6.039874095644231, 7.266500616996826, 3.789330221287982, 2.866578025148353, 4.543320628403622,
         4.428850119317916, 2.824655042984461],
        [4.446198184610225, 3.789330221287982, 5.052051940162802, 2.673679432483800, 2.778193735673940,
         3.060644108905397, 0.963753388266755],
        [3.385764706089072, 2.866578025148353, 2.673679432483800, 4.003222026337690, 2.412859975716291,
         2.380868209073470, 0.292387814336256],
        [4.328011254743429, 4.543320628403622, 2.778193735673940, 2.412859975716291, 5.462662207054165,
         3.682531051743017, 0.972294750241681],
        [4.765880478777798, 4.428850119317916, 3.060644108905397, 2.380868209073470, 3.682531051743017,
         8.375668824677338, 6.321397962533594],
        [2.425128699753979, 2.824655042984461, 0.963753388266755, 0.292387814336256, 0.972294750241681,
         6.321397962533594, 10.712352303004246],
    ]
)  # fmt: skip
SHAPE = {"n_pre": 5, "n_post": 2}


def medicaid(**options: object) -> object:
    return sensitivity(coefficients=MEDICAID, covariance=MEDICAID_COVARIANCE, **SHAPE, **options)  # type: ignore[arg-type]


def test_medicaid_relative_magnitudes_as_published() -> None:
    # README of HonestDiD: ends are points of a grid of step 0.0004, and its critical value is drawn (1,000 draws, which
    # moves an end by one such step); here ends are exact and the critical value is integrated.
    found = medicaid()
    published = [(0.0241, 0.0673), (0.0171, 0.0720), (0.0086, 0.0796), (-0.0011, 0.0883)]
    np.testing.assert_allclose(found.table[["low", "high"]], published, atol=5e-4)
    assert np.sqrt(MEDICAID_COVARIANCE[5, 5]) == pytest.approx(0.00915, abs=5e-6)
    assert found.original == pytest.approx((0.02851, 0.06438), abs=1e-5)
    assert 1.5 < found.breakdown < 2
    assert found.valid


def test_medicaid_smoothness_as_published() -> None:
    # The reference searches the variance on a grid, and draws the folded normal: it is up to 0.0001 away.
    found = medicaid(method="smoothness", values=(0, 0.01, 0.02, 0.03))
    published = [(0.0259, 0.0607), (0.0132, 0.0787), (0.0029, 0.0907), (-0.0071, 0.101)]
    np.testing.assert_allclose(found.table[["low", "high"]], published, atol=4e-4)
    np.testing.assert_allclose(found.table["low"], [row[0] for row in published], atol=1e-4)
    assert 0.02 < found.breakdown < 0.03


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("first", [(0.024492, 0.068402), (0.016804, 0.07609), (0.00647, 0.086424), (-0.004295, 0.097189)]),
        ("mean", [(0.034262, 0.081391), (0.018791, 0.096862), (0.002206, 0.113447), (-0.014764, 0.130417)]),
    ],
)
def test_another_software_agrees_to_a_step_of_its_grid(target: str, expected: list[tuple[float, float]]) -> None:
    # moderndid 0.2.0, create_sensitivity_results_rm, grid of 1,000 points, on a stylised covariance.
    covariance = 0.009**2 * (0.5 * np.eye(7) + 0.5)
    found = sensitivity(coefficients=MEDICAID, covariance=covariance, target=target, **SHAPE)
    np.testing.assert_allclose(found.table[["low", "high"]], expected, atol=5e-4)


@settings(max_examples=8)
@given(seed=st.integers(0, 10_000), n_pre=st.integers(1, 4), n_post=st.integers(1, 3))
@pytest.mark.parametrize("method", ["relative", "smoothness"])
def test_laws(method: str, seed: int, n_pre: int, n_post: int) -> None:
    random = np.random.default_rng(seed)
    size = n_pre + n_post
    root = random.standard_normal((size, 3 * size))
    covariance, b = root @ root.T / (3 * size), 2 * random.standard_normal(size)
    values = (0.0, 0.7, 1.4)
    given_ = {"n_pre": n_pre, "n_post": n_post, "method": method, "target": "mean"}
    one = sensitivity(coefficients=b, covariance=covariance, values=values, **given_)  # type: ignore[arg-type]
    low, high = one.table["low"].to_numpy(), one.table["high"].to_numpy()
    # Weaker restrictions give wider intervals, to the precision of critical values; fixed lengths are not nested.
    assert (np.diff(high - low) >= -2e-3).all()
    if method == "relative":
        assert (np.diff(low) <= 2e-3).all()
        assert (np.diff(high) >= -2e-3).all()
        assert low[0] <= one.estimate <= high[0]
    # In other units, the same; M follows when it has a unit.
    factor = 1e4
    scaled_values = values if method == "relative" else tuple(factor * value for value in values)
    many = sensitivity(
        coefficients=-factor * b, covariance=factor**2 * covariance, values=scaled_values, **given_  # type: ignore[arg-type]
    )  # fmt: skip
    near = 1e-4 * factor * float((high - low).max())
    np.testing.assert_allclose(many.table["low"], -factor * high, atol=near)
    np.testing.assert_allclose(many.table["high"], -factor * low, atol=near)


def test_the_breakdown_is_where_the_interval_meets_zero() -> None:
    for options in ({}, {"test": "conditional"}, {"method": "smoothness"}, {"method": "smoothness", "test": "hybrid"}):
        breakdown = medicaid(**options).breakdown
        near = medicaid(values=(breakdown, 1.002 * breakdown), **options).table
        assert near["low"][0] > 0 >= near["low"][1]


def test_an_effect_that_is_not_there_has_no_breakdown() -> None:
    found = sensitivity(coefficients=[0.1, -0.1, 0.0], covariance=np.eye(3), n_pre=2, n_post=1)
    assert np.isnan(found.breakdown)
    assert any("contient zéro" in limit for limit in found.limits)
    flat = sensitivity(coefficients=[0.0, 0.0, 90.0], covariance=1e-12 * np.eye(3), n_pre=2, n_post=1)
    assert flat.breakdown == np.inf


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("n_pre", "value"), [(2, 0.3), (2, 1.4), (4, 0.1), (5, 0.5)])
def test_the_shortest_interval_is_the_shortest(n_pre: int, value: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    root = random.standard_normal((n_pre + 2, 3 * (n_pre + 2)))
    covariance, target = root @ root.T / (3 * (n_pre + 2)), np.array([0.5, 0.5])
    low, high = smoothness_interval(np.zeros(n_pre + 2), covariance, n_pre=n_pre, target=target, value=value)
    times = np.arange(-n_pre, 0)

    def half(free: np.ndarray) -> float:
        # The last weight makes the estimator exact for any line.
        weights = np.append(free, target @ [1, 2] + free @ times[:-1])
        estimator = np.concatenate([weights, target])
        bends = [weights @ np.maximum(-c - times, 0) for c in range(1, n_pre)]
        after = target @ [1, 2] + target @ [0, 1]
        spread = float(np.sqrt(estimator @ covariance @ estimator))
        return spread * folded_quantile(value * (after + float(np.abs(bends).sum())) / spread, 0.95)

    options = {"xatol": 1e-7, "fatol": 1e-9, "maxiter": 2_000}
    starts = random.normal(0, 0.3, (2, n_pre - 1))
    best = min(minimize(half, start, method="Nelder-Mead", options=options).fun for start in starts)
    assert (high - low) / 2 <= best + 1e-7
    if n_pre == 2:
        assert (high - low) / 2 == pytest.approx(best, rel=1e-4)


def test_fixed_length_intervals_cover_a_path_that_bends() -> None:
    path = np.array([1.5, 0.5, 0.0, 0.5, 1.5])  # bends of 0.5 at most, one step apart
    drift = np.delete(path, 2)
    covariance = 0.05 * (np.eye(4) + 0.5)
    random = np.random.default_rng(2)
    root = np.linalg.cholesky(covariance)
    target = np.array([0.0, 1.0])
    held = 0
    for _ in range(400):
        b = drift + root @ random.standard_normal(4)
        low, high = smoothness_interval(b, covariance, n_pre=2, target=target, value=1.0)
        held += low <= 0 <= high
    assert held / 400 >= 0.95 - 2 * np.sqrt(0.05 * 0.95 / 400)


def test_an_event_study_and_its_arrays_say_the_same(make_panel: Callable[..., Panel]) -> None:
    panel = make_panel(40, 8, treated=15, effect=3.0)
    result = event_study(panel)
    found = sensitivity(result)
    arrays = sensitivity(
        coefficients=result.details["coefficients"], covariance=result.details["covariance"], n_pre=4, n_post=3
    )
    np.testing.assert_allclose(found.table, arrays.table)
    assert sensitivity(result, target="mean").estimate == pytest.approx(result.estimate)
    # Whatever the reference, gaps are measured anew from the last period before treatment.
    np.testing.assert_allclose(sensitivity(event_study(panel, reference=-3)).table, found.table, rtol=1e-6)
    assert "la plus forte divergence" in found.text()
    assert found.to_dict()["table"][0]["value"] == 0.5


def test_group_time_serves_with_a_universal_base(make_panel: Callable[..., Panel]) -> None:
    panel = make_panel(60, 8, treated=25, effect=3.0)
    found = sensitivity(group_time(panel, base="universal"))
    assert found.valid
    assert found.breakdown > 0
    with pytest.raises(DesignError, match="universal"):
        sensitivity(group_time(panel))


def test_one_treated_unit_has_no_bounds_and_a_drift(make_panel: Callable[..., Panel]) -> None:
    panel = make_panel(25, 8, treated=1, effect=5.0)
    result = event_study(panel)
    found = sensitivity(result, panel=panel)
    assert not found.valid
    assert found.table[["low", "high"]].isna().all(axis=None)
    assert np.isnan(found.breakdown)
    assert found.detectable_slope > 0
    assert "ne peut pas être calculée" in found.text()
    assert "dégénérée" in found.text()
    assert np.isnan(sensitivity(result).detectable_slope)


def test_a_singular_covariance_has_no_bounds() -> None:
    found = sensitivity(coefficients=np.ones(4), covariance=np.ones((4, 4)), n_pre=2, n_post=2)
    assert not found.valid
    assert "dégénérée" in found.limits[0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"coefficients": np.ones(6)}, "7 coefficients"),
        ({"covariance": np.ones((6, 6))}, "7 coefficients"),
        ({"covariance": MEDICAID_COVARIANCE + np.triu(np.ones((7, 7)), 1)}, "symétrique"),
        ({"covariance": MEDICAID_COVARIANCE - np.eye(7)}, "variance négative"),
        ({"coefficients": np.append(MEDICAID[:-1], np.nan)}, "nombre fini"),
        ({"values": (0.5, -1)}, "positifs ou nuls"),
        ({"values": ()}, "positifs ou nuls"),
        ({"method": "relatif"}, "pas connue"),
        ({"test": "flci"}, "n’existe pas"),
        ({"target": [1.0]}, "2 nombres"),
        ({"target": [0.0, 0.0]}, "2 nombres"),
        ({"target": "last"}, "pas connu"),
        ({"level": 1.0}, "niveau de confiance"),
        ({"coefficients": None}, "Il manque"),
    ],
)
def test_bad_input_is_refused(changes: dict[str, object], message: str) -> None:
    options = {"coefficients": MEDICAID, "covariance": MEDICAID_COVARIANCE, **SHAPE, **changes}
    with pytest.raises(DesignError, match=message) as caught:
        sensitivity(**options)  # type: ignore[arg-type]
    assert caught.value.problem.remedy


def test_no_period_before_is_not_identified(make_panel: Callable[..., Panel]) -> None:
    with pytest.raises(NotIdentified, match="avant"):
        sensitivity(coefficients=MEDICAID, covariance=MEDICAID_COVARIANCE, n_pre=0, n_post=7)
    with pytest.raises(NotIdentified, match="avant"):
        sensitivity(event_study(make_panel(40, 5, treated=15, at=1)))


def test_a_result_without_periods_is_refused(make_panel: Callable[..., Panel]) -> None:
    from ctgeval.impact import did

    result = did(make_panel(40, 8, treated=15))
    with pytest.raises(DesignError, match="chaque période"):
        sensitivity(result)
    with pytest.raises(DesignError, match="à la fois"):
        sensitivity(event_study(make_panel(40, 8, treated=15)), coefficients=MEDICAID)


def test_four_values_take_less_than_two_seconds() -> None:
    start = time.process_time()
    medicaid()
    assert time.process_time() - start < 2
