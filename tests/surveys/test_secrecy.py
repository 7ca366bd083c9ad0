"""What a question may tell: no small count, nor what would give one back."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, strategies as st

from ctgeval.surveys import secrecy

COUNTS = st.lists(st.integers(0, 30), min_size=1, max_size=6)


@pytest.mark.parametrize(
    ("counts", "hidden"),
    [
        ([40, 30, 14], [0, 0, 0]),
        # 2 alone would be 84 less the rest: 12 is hidden with it, 12 + 2 - 1 = 13 may be either.
        ([40, 30, 12, 2], [0, 0, 1, 1]),
        # 1 + 1: either would be known to be 1, the next one goes too.
        ([40, 30, 1, 1], [0, 1, 1, 1]),
        # 82 of 84: what is left says as much of the two others.
        ([82, 2], [1, 1]),
        ([84, 0], [1, 1]),
        ([0, 0], [0, 0]),
    ],
)
def test_one_answer(counts: list[int], hidden: list[int]) -> None:
    assert secrecy.choices(counts, sum(counts), 5).astype(int).tolist() == hidden


def test_an_indicator_that_adds_some_options_splits_what_is_hidden() -> None:
    # The indicator tells 38 + 2 = 40: beside it, the 2 may not be hidden with the 12 of the other side.
    assert secrecy.choices([38, 2, 32, 12], 84, 5, [True, True, False, False]).tolist() == [True, True, False, False]


def test_several_known_sums_each_hide_their_own() -> None:
    # An indicator tells 38 + 2, a question asked after the second and the third tells 2 + 32: 2 is alone in both.
    marks = [(True, False), (True, True), (False, True), (False, False)]
    assert secrecy.choices([38, 2, 32, 12], 84, 5, marks).all()


def test_those_who_gave_no_group_are_one_more_group() -> None:
    counts = np.array([[20, 20], [15, 15]])
    assert secrecy.cross_allowed(counts, [40, 30], 5, 11)
    assert secrecy.cross_allowed(counts, [40, 30], 5, 11, totals=([35, 35], 70))
    # One who gave no group answered the first: 36 less 20 and 15.
    assert not secrecy.cross_allowed(counts, [40, 30], 5, 11, totals=([36, 36], 72))
    assert secrecy.cross_allowed(counts, [40, 30], 5, 11, totals=([41, 42], 83))


def test_several_answers() -> None:
    assert secrecy.options([3, 40, 82, 0, 84], 84, 5).tolist() == [True, False, True, False, True]


@given(COUNTS, st.lists(st.booleans(), min_size=6, max_size=6))
def test_who_knows_the_base_and_the_indicator_can_prove_no_count_small(counts: list[int], chosen: list[bool]) -> None:
    threshold, base = 5, sum(counts)
    favourable = np.array(chosen[: len(counts)])
    hidden = secrecy.choices(counts, base, threshold, favourable.tolist())
    found = np.array(counts)
    assert not ((found > 0) & (found < threshold) & ~hidden).any()
    if hidden.all():
        return
    for part in (favourable, ~favourable):
        inside = np.flatnonzero(hidden & part)
        total = int(found[inside].sum())
        small = [at for at in inside if 0 < found[at] < threshold]
        for at in small:
            # Whoever sees the other options knows the sum of the hidden ones, each 1 at least.
            possible = [
                one[list(inside).index(at)]
                for one in itertools.product(range(1, total + 1), repeat=min(len(inside), 3))
                if len(inside) <= 3 and sum(one) == total
            ]
            assert len(inside) > 3 or max(possible) >= threshold


@given(COUNTS, st.integers(0, 12))
def test_degenerate_counts_never_raise(counts: list[int], threshold: int) -> None:
    for mask in (secrecy.choices(counts, sum(counts), threshold), secrecy.options(counts, max(counts), threshold)):
        assert mask.shape == (len(counts),)


def test_a_table_by_group_is_told_when_all_of_it_passes() -> None:
    good = np.array([[20, 30], [15, 15], [0, 0]])
    assert secrecy.cross_allowed(good, [50, 30, 0], 5, 11)
    assert not secrecy.cross_allowed(np.array([[20, 30], [3, 27]]), [50, 30], 5, 11)
    assert not secrecy.cross_allowed(np.array([[20, 30], [5, 5]]), [50, 10], 5, 11)
