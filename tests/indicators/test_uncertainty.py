"""Intervals of results: by which law, against published tables and an established package, and never by mistake."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from scipy import special

from ctgeval import indicators, measures
from ctgeval.indicators import compute, definition
from ctgeval.indicators.uncertainty import count_interval, is_small, law, sampling_interval
from ctgeval.observations import Bounded

A, B, C = "COM-99001", "COM-99002", "COM-99003"
Observe = Callable[..., pd.DataFrame]


def row(observe: Observe, geography: object, indicator: str, **values: float) -> pd.Series:
    seen = observe(*({"measure": name, "geo": A, "value": value} for name, value in values.items()))
    table = compute(seen, [indicator], [A], reference=geography, year=2024)
    assert len(table) == 1
    return table.iloc[0]


@pytest.mark.parametrize(
    ("id", "expected"),
    [
        ("PE04", "binomial"),  # ass. mat. de 55 ans et plus
        ("SE01", "binomial"),  # 75 ans et plus, rapportés à une population légale
        ("PA05", "binomial"),  # répondants
        ("PO02", "poisson"),  # naissances
        ("PE07", "poisson"),  # familles différentes
        ("JE01", "poisson"),  # jeunes accueillis pour 100 : dénominateur tenu pour connu
        ("PO01", ""),  # population légale
        ("PO04", ""),  # solde de deux comptages
        ("PE01", ""),  # publié seul
        ("PE02", ""),  # places
        ("PE05", ""),  # heures
        ("PE11", ""),  # structures
        ("EN02", ""),  # journées-enfants : les mêmes reviennent
        ("PA04", ""),  # présences
        ("AD02", ""),  # demandes : les mêmes reviennent
        ("AV02", ""),  # habitants de communes couvertes : une décision
        ("PI01", ""),  # actions
        ("PI04", ""),  # euros
        ("PI05", ""),  # présences aux instances
        ("PI10b", ""),  # qui a bien voulu répondre
    ],
)
def test_what_is_counted_decides_by_which_law_chance_moves_it(id: str, expected: str) -> None:
    assert law(definition.get(id), measures.load()) == expected


def test_a_share_has_the_interval_of_wilson(observe: Observe, geography) -> None:
    # 45 of 72: centre (45 + 1.9207)/(72 + 3.8415) = 0.61867; half 1.95996 * sqrt(45*27/72 + 0.96036)/75.8415 = 0.10912.
    found = row(observe, geography, "PE04", assistantes_maternelles_55_plus=45, assistantes_maternelles=72)
    assert found["value"] == pytest.approx(62.5)
    assert (found["ci_low"], found["ci_high"]) == pytest.approx((50.955, 72.778), abs=0.01)
    assert (found["low"], found["high"]) == (62.5, 62.5)
    assert (found["numerator"], found["n"]) == (45, 72)
    assert "petit_effectif" not in found["limits"]


def test_a_small_count_has_the_exact_interval_and_says_that_it_is_small(observe: Observe, geography) -> None:
    # Garwood: half the 2.5 % quantile of chi2(2 * 3), half the 97.5 % quantile of chi2(2 * 4).
    found = row(observe, geography, "PO02", naissances=3)
    assert (found["ci_low"], found["ci_high"]) == pytest.approx((0.6187, 8.7673), abs=1e-4)
    assert "petit_effectif" in found["limits"].split()


def test_a_rate_has_the_interval_of_its_count_over_a_known_denominator(observe: Observe, geography) -> None:
    # Byar at 45: 45 * (1 - 1/405 - 1.95996/(3*6.7082))**3 = 32.82; 46 * (1 - 1/414 + 1.95996/(3*6.7823))**3 = 60.21.
    found = row(observe, geography, "JE01", jeunes_accueillis=45, jeunes_11_17=300)
    assert (found["ci_low"], found["ci_high"]) == pytest.approx((100 * 32.82 / 300, 100 * 60.21 / 300), abs=0.01)


def test_rounding_and_chance_are_told_apart_and_the_interval_is_the_union(observe: Observe, geography) -> None:
    seen = observe({"measure": "foyers_rsa", "geo": A, "value": 40, "low": 38, "high": 44})
    found = compute(seen, ["AD04"], [A], reference=geography, year=2024).iloc[0]
    assert (found["low"], found["high"]) == (38, 44)
    assert found["ci_low"] == pytest.approx(count_interval(38)[0])
    assert found["ci_high"] == pytest.approx(count_interval(44)[1])


def test_a_share_that_rounding_prints_above_all_has_an_interval_that_holds_it(observe: Observe, geography) -> None:
    # 15 and 10 rounded by their sources may be 13 and 14: not impossible, and printed as 150 %.
    seen = observe(
        {"measure": "foyers_dependants_prestations", "geo": A, "value": 15, "low": 13, "high": 19},
        {"measure": "foyers_allocataires", "geo": A, "value": 10, "low": 8, "high": 14},
    )
    found = compute(seen, ["CO03"], [A], reference=geography, year=2024).iloc[0]
    assert (found["value"], found["high"], found["ci_high"]) == (150, 150, 150)
    assert found["ci_low"] < found["low"]


def test_what_is_secret_or_unknown_has_no_interval(observe: Observe, geography) -> None:
    masked = {"measure": "foyers_rsa", "geo": A, "value": None, "low": 1, "high": 4, "conf_status": "C"}
    shown_but_secret = {"measure": "foyers_rsa", "geo": B, "value": 3, "conf_status": "C"}
    seen = observe(masked, shown_but_secret)
    table = compute(seen, ["AD04"], [A, B, C], reference=geography, year=2024)
    assert table[["ci_low", "ci_high"]].isna().all(axis=None)
    assert not table["limits"].str.contains("petit_effectif").any()
    empty = row(observe, geography, "PE04", assistantes_maternelles_55_plus=0, assistantes_maternelles=0)
    assert math.isnan(empty["ci_low"])
    assert math.isnan(empty["ci_high"])


def test_no_interval_is_drawn_from_the_answers_of_those_who_are_no_sample(observe: Observe, geography) -> None:
    seen = observe(
        {"measure": "parents_mieux_declares", "geo": A, "value": 15, "source": "enquete"},
        {"measure": "parents_repondants", "geo": A, "value": 20, "source": "enquete"},
        {"measure": "assistantes_maternelles_55_plus", "geo": A, "value": 45},
        {"measure": "assistantes_maternelles", "geo": A, "value": 72},
    )
    ids = ["PA05", "PE04"]
    drawn = compute(seen, ids, [A], reference=geography, year=2024)
    assert drawn[["ci_low", "ci_high"]].notna().all(axis=None)
    told = compute(seen, ids, [A], reference=geography, year=2024, unsampled=["enquete", "autre"])
    assert told["ci_low"].isna().tolist() == [True, False]
    assert "petit_effectif" not in told["limits"].iloc[0].split()
    same = [name for name in told if name not in {"ci_low", "ci_high", "limits"}]
    pd.testing.assert_frame_equal(told[same], drawn[same])


def test_small_numbers_are_those_that_the_reference_tells() -> None:
    top, bottom = np.array([5.0, 19.0, 20.0, 29.0]), np.array([29.0, 30.0, 31.0, 29.0])
    assert is_small("binomial", top, bottom).tolist() == [True, False, False, True]
    assert is_small("poisson", top, bottom).tolist() == [True, True, False, False]
    assert not is_small("", top, bottom).any()
    assert "hasard" in indicators.limit_text("petit_effectif")


def test_shares_are_those_of_statsmodels() -> None:
    # made by statsmodels 0.15.0: proportion_confint(k, n, method="wilson"); all 1 829 pairs k <= n < 60 agree to 4e-16.
    k, n = np.array([0.0, 1, 3, 9, 29, 45, 72]), np.array([5.0, 1, 11, 40, 29, 72, 168])
    low, high = sampling_interval("binomial", Bounded.exact(k), Bounded.exact(n), factor=1)
    theirs = [
        (0.0, 0.43448246), (0.20654931, 1.0), (0.09746059, 0.5656453), (0.12316091, 0.37503097), (0.8830302, 1.0),
        (0.50952899, 0.72780822), (0.35616034, 0.50417604),
    ]  # fmt: skip
    np.testing.assert_allclose(np.column_stack([low, high]), theirs, atol=1e-8)


def test_small_counts_are_those_of_statsmodels() -> None:
    # made by statsmodels 0.15.0: confint_poisson(k, 1, method="exact-c")
    low, high = count_interval([0, 1, 4, 9])
    theirs = [(0.0, 3.68887945), (0.02531781, 5.57164339), (1.08986537, 10.24158868), (4.1153731, 17.08480345)]
    np.testing.assert_allclose(np.column_stack([low, high]), theirs, atol=1e-8)


def test_counts_are_those_of_published_tables() -> None:
    # Garwood (1936), limits at 95 % as reprinted by Breslow and Day (1987), table 2.10: 0, 1, 2, 5.
    low, high = count_interval([0, 1, 2, 5])
    np.testing.assert_allclose(low, [0, 0.0253, 0.242, 1.62], atol=0.005)
    np.testing.assert_allclose(high, [3.69, 5.57, 7.22, 11.67], atol=0.005)


def test_the_switch_to_the_approximation_is_within_two_thousandths() -> None:
    k = np.arange(10, 400)
    low, high = count_interval(k)
    np.testing.assert_allclose(low, special.gammaincinv(k, 0.025), rtol=2e-3)
    np.testing.assert_allclose(high, special.gammaincinv(k + 1, 0.975), rtol=2e-3)


number = st.one_of(st.floats(-5, 1e12), st.just(0.0), st.integers(0, 12).map(float))


@settings(max_examples=150)
@given(
    st.sampled_from(["binomial", "poisson", ""]),
    st.lists(st.tuples(number, number, number, number), min_size=0, max_size=6),
)
def test_the_interval_holds_the_value_whatever_the_counts(chance, cells: list[tuple[float, ...]]) -> None:
    k = np.array([cell[0] for cell in cells])
    n = np.array([cell[1] for cell in cells])
    extra = np.array([abs(cell[2]) for cell in cells])
    lost = np.array([abs(cell[3]) for cell in cells])
    top = Bounded(k, k - lost, k + extra)
    bottom = Bounded(n, n - lost, n + extra)
    low, high = sampling_interval(chance, top, bottom, factor=100)
    known = ~np.isnan(low)
    assert (known == ~np.isnan(high)).all()
    assert (low[known] <= high[known]).all()
    inside = known
    value = 100 * np.divide(k, n, where=known, out=np.zeros(len(k)))
    slack = 1e-9 * (1 + np.abs(value))
    assert (low[inside] <= value[inside] + slack[inside]).all()
    assert (high[inside] >= value[inside] - slack[inside]).all()
    if chance == "":
        assert not known.any()


@settings(max_examples=60)
@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 6), st.integers(0, 6))
def test_the_union_holds_the_interval_of_every_count_within_the_bounds(k: int, rest: int, down: int, up: int) -> None:
    n = k + rest + 1
    least, most = max(0, k - down), min(n, k + up)
    top = Bounded(np.array([float(k)]), np.array([float(least)]), np.array([float(most)]))
    whole = Bounded(np.array([float(n)]), np.array([float(max(most, n - 1, 1))]), np.array([float(n + 2)]))
    for chance in ("binomial", "poisson"):
        low, high = sampling_interval(chance, top, whole, factor=1)
        for one in range(least, most + 1):
            for base in range(int(whole.low[0]), n + 3):
                inner = sampling_interval(chance, Bounded.exact([float(one)]), Bounded.exact([float(base)]), factor=1)
                assert low[0] <= inner[0][0] + 1e-12
                assert high[0] >= inner[1][0] - 1e-12
