"""Changes between two waves: published examples, hand-made ones, weights, and where nothing can be tested."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from ctgeval.intervals import Floats
from ctgeval.surveys.change import Change
from ctgeval.surveys.changes import mean_change, rank_change, share_change
from ctgeval.surveys.design import Design, design
from ctgeval.surveys.paired_changes import paired_mean_change, paired_rank_change, paired_share_change
from ctgeval.surveys.replication import bootstrap, jackknife


def yes(count: int, of: int) -> Floats:
    return np.array([1.0] * count + [0.0] * (of - count))


def drawn(n: int, **options: object) -> Design:
    return design(n, recruitment="aleatoire", **options)  # type: ignore[arg-type]


def ends(change: Change) -> tuple[float, float]:
    return change.low, change.high


def test_two_shares_of_other_persons() -> None:
    # Newcombe (1998), table II, 56/70 less 48/80, method 10: 0.0524 to 0.3339. Pooled score: 104/150, z = 0.2 over
    # the root of 0.6933 x 0.3067 x (1/70 + 1/80) = 0.07547: 2.650.
    change = share_change(yes(48, 80), yes(56, 70), drawn(80), drawn(70))
    assert change.change == pytest.approx(0.2)
    assert ends(change) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert change.statistic == pytest.approx(2.650, abs=1e-3)
    assert change.p_value == pytest.approx(0.00805, abs=1e-5)
    # Cohen's h: 2 asin(sqrt(0.8)) - 2 asin(sqrt(0.6)) = 2.2143 - 1.7722.
    assert change.effect == pytest.approx(0.4421, abs=1e-4)
    assert change.method == "score"


def test_few_answers_are_tested_exactly() -> None:
    # Fisher's tea table, 3 of 4 and 1 of 4: p = 34/70.
    change = share_change(yes(1, 4), yes(3, 4), drawn(4), drawn(4), fewest=4)
    assert (change.method, change.p_value) == ("fisher", pytest.approx(34 / 70))


def test_two_shares_of_the_same_persons() -> None:
    # Agresti (1990), table 10.1: 794 approve twice, 150 then no more, 86 from then on, 570 never. McNemar's statistic
    # is 64^2 / 236 = 17.36 (z = -4.17); the change is -0.04, between -0.059 and -0.021.
    first = np.repeat([1.0, 1.0, 0.0, 0.0], [794, 150, 86, 570])
    second = np.repeat([1.0, 0.0, 1.0, 0.0], [794, 150, 86, 570])
    change = paired_share_change(first, second, drawn(1600))
    assert (change.before, change.after) == (0.59, 0.55)
    assert change.statistic == pytest.approx(17.36, abs=5e-3)
    assert ends(change) == pytest.approx((-0.059, -0.021), abs=5e-4)
    assert change.p_value == pytest.approx(3e-5, rel=0.1)
    assert (change.up, change.down, change.n_matched) == (86, 150, 1600)
    assert change.effect == pytest.approx(86 / 236 - 0.5)
    assert change.judged(change.p_value, level=0.95).verdict == "baisse"


def test_mcnemar_with_few_changes_by_hand() -> None:
    # 1 up, 7 down: 2 x P(X <= 1) - P(X = 1) of 8 tosses: 2 x 9/256 - 8/256 = 10/256.
    first, second = np.repeat([0.0, 1.0, 1.0], [1, 7, 4]), np.repeat([1.0, 0.0, 1.0], [1, 7, 4])
    assert paired_share_change(first, second, drawn(12)).p_value == pytest.approx(10 / 256)


def test_ordered_answers_of_other_persons() -> None:
    # Hollander and Wolfe (1973), p. 69, permeability: W = 35 with p = 0.2544 on both sides, 35 pairs of 50.
    term = np.array([0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46])
    weeks = np.array([1.15, 0.88, 0.90, 0.74, 1.21])
    change = rank_change(weeks, term, drawn(5), drawn(10), fewest=5)
    assert (change.statistic, change.p_value) == (35, pytest.approx(0.2544, abs=5e-5))
    assert change.change == change.effect == pytest.approx(2 * 35 / 50 - 1)
    assert change.low < 0 < change.high


def test_placements_give_the_variance_of_delong() -> None:
    # 1, 3 before and 2, 4 after: after is above in 3 pairs of 4. Placements of 2 and 4: 1/2 and 1, variance 1/8; of 1
    # and 3: 1 and 1/2, 1/8. Variance of the probability: 1/8/2 + 1/8/2 = 1/8; of delta, 4 times that.
    change = rank_change(np.array([1.0, 3]), np.array([2.0, 4]), drawn(2), drawn(2), fewest=2)
    assert change.change == pytest.approx(0.5)
    assert change.std_error == pytest.approx(np.sqrt(0.5))


def test_ordered_answers_of_the_same_persons() -> None:
    # Hollander and Wolfe (1973), p. 29, depression: V = 40 of 45, p = 0.0391 on both sides; r = 40/45 - 5/45.
    first = np.array([0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29])
    second = np.array([1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30])
    change = paired_rank_change(first, second, drawn(9), fewest=9)
    assert (change.statistic, change.p_value) == (40, pytest.approx(0.03906, abs=5e-6))
    assert change.effect == pytest.approx(35 / 45)
    assert change.low < 35 / 45 < change.high
    assert change == paired_rank_change(first, second, drawn(9), fewest=9)


def test_ties_and_zeros_of_ordered_answers_by_hand() -> None:
    # Changes 0 x 4, +1 x 6, -1 x 1, +2 x 1: ranks 4 for the seven ones, 8 for the two. Up: 6 x 4 + 8 = 32 of 36.
    # Mean 18, variance 8 x 9 x 17 / 24 - (343 - 7) / 48 = 51 - 7 = 44: z = 13.5 / 6.6332 = 2.0352, p = 0.0418.
    gaps = np.repeat([0.0, 1, -1, 2], [4, 6, 1, 1])
    change = paired_rank_change(np.ones(12) * 2, 2 + gaps, drawn(12))
    assert (change.statistic, change.p_value) == (32, pytest.approx(0.0418, abs=5e-5))
    assert change.effect == pytest.approx(28 / 36)
    assert (change.up, change.down) == (7, 1)


SLEEP = (
    np.array([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]),
    np.array([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]),
)
"""Student (1908): hours of sleep gained with two drugs by ten persons."""


def test_two_means_of_other_persons() -> None:
    change = mean_change(*SLEEP, drawn(10), drawn(10), fewest=10)
    assert change.statistic == pytest.approx(1.8608, abs=5e-5)
    assert change.p_value == pytest.approx(0.07939, abs=5e-6)
    assert ends(change) == pytest.approx((-0.2055, 3.3655), abs=5e-5)
    # Variances 3.200556 and 4.009 (of R's sleep): 1.58 over the root of their mean, times 1 - 3 / 71.
    assert change.effect == pytest.approx(1.58 / np.sqrt((3.200556 + 4.009) / 2) * (1 - 3 / 71), abs=1e-6)


def test_two_means_of_the_same_persons() -> None:
    change = paired_mean_change(*SLEEP, drawn(10), fewest=10)
    assert change.statistic == pytest.approx(4.0621, abs=5e-5)
    assert change.p_value == pytest.approx(0.002833, abs=5e-7)
    assert ends(change) == pytest.approx((0.7001, 2.4599), abs=5e-5)
    assert change.effect == pytest.approx(4.062128 / np.sqrt(10), abs=1e-5)
    assert change.method == "student_apparie"


def test_who_did_not_answer_changes_nothing() -> None:
    holes = np.concatenate([SLEEP[0], [np.nan, 3.0]]), np.concatenate([SLEEP[1], [1.0, np.nan]])
    assert paired_mean_change(*holes, drawn(12), fewest=10) == paired_mean_change(*SLEEP, drawn(10), fewest=10)
    alone = mean_change(holes[0][:11], SLEEP[1], drawn(11), drawn(10), fewest=10)
    assert alone == mean_change(*SLEEP, drawn(10), drawn(10), fewest=10)


def test_weights_count_in_every_comparison() -> None:
    random = np.random.default_rng(8)
    n = 300
    weights = random.gamma(2, 1, n)
    scores = random.integers(1, 6, (2, n)).astype(float)
    plain, weighted, again = drawn(n), drawn(n, weights=weights), bootstrap(drawn(n, weights=weights), draws=400)
    for function, values in (
        (share_change, scores > 3), (rank_change, scores), (mean_change, scores)
    ):  # fmt: skip
        y0, y1 = values.astype(float)
        simple, heavy, replicated = (function(y0, y1, d, d) for d in (plain, weighted, again))
        assert heavy.change != simple.change
        assert heavy.std_error > simple.std_error
        assert replicated.change == pytest.approx(heavy.change)
        assert replicated.high - replicated.low == pytest.approx(heavy.high - heavy.low, rel=0.15)
    for paired, values in (
        (paired_share_change, scores > 3), (paired_rank_change, scores), (paired_mean_change, scores)
    ):  # fmt: skip
        y0, y1 = values.astype(float)
        heavy, replicated = (paired(y0, y1, d) for d in (weighted, again))
        assert heavy.method == "pondere"
        assert heavy.change != paired(y0, y1, plain).change
        assert replicated.std_error == pytest.approx(heavy.std_error, rel=0.15)
        if paired is not paired_rank_change:
            gap = weights @ (y1 - y0) / weights.sum()
            assert heavy.change == pytest.approx(gap)


def test_a_weight_of_two_is_not_two_persons() -> None:
    once = share_change(yes(30, 50), yes(40, 50), drawn(50), drawn(50))
    heavy = share_change(yes(30, 50), yes(40, 50), drawn(50, weights=[2.0] * 50), drawn(50, weights=[3.0] * 50))
    assert ends(heavy) == pytest.approx(ends(once))
    assert heavy.p_value == pytest.approx(once.p_value)


@pytest.mark.parametrize("recruitment", ["volontaire", "exhaustif"])
def test_without_chance_nothing_is_tested_and_it_is_said(recruitment: str) -> None:
    who = design(40, recruitment=recruitment)  # type: ignore[arg-type]
    up = np.arange(40.0) % 5 + 1
    down = (up - 1).clip(1)
    for change in (
        share_change(yes(10, 40), yes(30, 40), who, who),
        share_change(yes(10, 40), yes(30, 40), who, drawn(40)),
        rank_change(down, up, who, who),
        mean_change(down, up, who, who),
        paired_share_change(yes(10, 40), yes(30, 40), who),
        paired_rank_change(down, up, who),
        paired_mean_change(down, up, who),
    ):
        assert change.change > 0
        assert np.isnan([change.low, change.high, change.p_value]).all()
        assert change.judged(float("nan"), level=0.95).verdict == "non_evaluable"
        assert ("volontaires" if recruitment == "volontaire" else "sans hasard de tirage") in change.said()


def test_what_is_said() -> None:
    sure = share_change(yes(48, 80), yes(56, 70), drawn(80), drawn(70))
    assert sure.judged(sure.p_value, level=0.95).said() == (
        "60,0\u202f% puis 80,0\u202f% (+20,0 points, entre +5,2 et +33,4) : hausse, au-delà de ce que le hasard de "
        "l’échantillon explique."
    )
    assert sure.judged(0.2, level=0.95).said() == (
        "60,0\u202f% puis 80,0\u202f% (+20,0 points, entre +5,2 et +33,4) : non concluant, cet écart peut tenir au "
        "hasard de l’échantillon."
    )
    few = share_change(yes(4, 8), yes(6, 8), drawn(8), drawn(8))
    assert few.said() == "50,0\u202f% puis 75,0\u202f% (+25,0 points). Trop peu de réponses pour un test."
    mean = mean_change(*SLEEP, drawn(10), drawn(10), fewest=10)
    assert mean.judged(0.08, level=0.95).said().startswith("en moyenne 0,8 puis 2,3 (+1,6, entre −0,2 et +3,4) : non")
    nobody = share_change(np.array([np.nan]), np.array([1.0]), drawn(1), drawn(1))
    assert nobody.said().startswith("Comparaison impossible")
    ranks = paired_rank_change(np.ones(12) * 2, 2 + np.repeat([0.0, 1, -1, 2], [4, 6, 1, 1]), drawn(12))
    assert ranks.said().startswith("7\u00a0réponses en hausse, 1 en baisse sur 12 (écart de rang +0,78")


def test_waves_that_have_nothing_in_common() -> None:
    low, high = np.ones(20), np.full(20, 5.0)
    change = rank_change(low, high, drawn(20), drawn(20))
    assert change.change == 1
    assert 0.5 < change.low < change.high == 1
    assert change.judged(change.p_value, level=0.95).verdict == "hausse"
    same = rank_change(low, low, drawn(20), drawn(20))
    assert (same.change, same.p_value) == (0, 1)
    moved = paired_mean_change(low, high, drawn(20))
    assert (moved.change, moved.reason) == (4, "sans_variance")
    assert paired_mean_change(low, low, drawn(20)).p_value == 1


answers = st.lists(
    st.tuples(st.sampled_from([1.0, 2, 3, 4, None]), st.sampled_from([1.0, 2, 3, 4, None]), st.floats(0.01, 100)),
    max_size=20,
)


@settings(max_examples=40)
@given(answers, st.booleans(), st.booleans(), st.integers(0, 12))
def test_whatever_the_answers(
    rows: list[tuple[float | None, float | None, float]], weighted: bool, replicated: bool, fewest: int
) -> None:
    before, after, weights = (np.array([row[i] for row in rows], dtype=float) for i in range(3))
    who = drawn(len(rows), weights=weights if weighted else None)
    who = jackknife(who) if replicated else who
    halves = [np.where(np.isnan(y), np.nan, (y > 2).astype(float)) for y in (before, after)]
    apart: list[tuple[Callable[..., Change], Floats, Floats]] = [
        (share_change, *halves), (rank_change, before, after), (mean_change, before, after)
    ]  # fmt: skip
    paired: list[tuple[Callable[..., Change], Floats, Floats]] = [
        (paired_share_change, *halves), (paired_rank_change, before, after), (paired_mean_change, before, after)
    ]  # fmt: skip
    for function, y0, y1 in apart + paired:
        designs = (who,) if function.__name__.startswith("paired") else (who, who)
        change = function(y0, y1, *designs, fewest=fewest)
        back = function(y1, y0, *designs, fewest=fewest)
        assert np.isnan(change.change) or change.change == pytest.approx(-back.change, abs=1e-9)
        assert np.isnan(change.p_value) or 0 <= change.p_value <= 1 + 1e-12
        assert np.isnan(change.p_value) == np.isnan(back.p_value)
        assert change.low <= change.high or np.isnan(change.low)
        if min(change.n_before, change.n_after) < fewest:
            assert np.isnan(change.p_value)
        assert change.judged(change.p_value, level=0.95).said()
