from __future__ import annotations

from math import comb

import numpy as np
import pytest
from hypothesis import given, strategies as st

from ctgeval.errors import DesignError
from ctgeval.impact.assignments import assignments


def distinct(rows: np.ndarray) -> int:
    return len(np.unique(rows, axis=0))


@given(st.lists(st.integers(0, 2), min_size=2, max_size=7), st.data())
def test_every_assignment_once(rows: list[int], data: st.DataObject) -> None:
    strata = data.draw(st.lists(st.integers(0, 1), min_size=len(rows), max_size=len(rows)))
    found = assignments(rows, strata=strata)
    assert found.enumerated
    assert len(found.rows) == found.size == found.count == distinct(found.rows)
    np.testing.assert_array_equal(found.rows[found.observed], rows)
    for value in set(strata):
        inside = np.array(strata) == value
        assert (np.sort(found.rows[:, inside], axis=1) == np.sort(np.array(rows)[inside])).all()


def test_counts() -> None:
    assert assignments([0] * 4 + [1] * 4).count == 70
    assert assignments([0, 1, 1, *([2] * 7)]).count == comb(10, 1) * comb(9, 2)
    assert assignments([0] * 10 + [1] * 90).count == comb(100, 10)
    assert assignments([0, 0, 0]).count == 1


@pytest.mark.parametrize(("n", "m"), [(60, 6), (30, 12), (25, 9), (2_100, 80)])
def test_drawn_without_replacement(n: int, m: int) -> None:
    rows = np.where(np.arange(n) < m, 0, 1)
    found = assignments(rows, draws=500, seed=3)
    assert not found.enumerated
    assert found.size == 501 == distinct(found.rows)
    np.testing.assert_array_equal(found.rows[0], rows)
    assert ((found.rows == 0).sum(axis=1) == m).all()
    again = assignments(rows, draws=500, seed=3)
    np.testing.assert_array_equal(found.rows, again.rows)
    assert not np.array_equal(found.rows, assignments(rows, draws=500, seed=4).rows)


def test_draws_are_uniform() -> None:
    for rows in ([0, 1, *([2] * 198)], [0] * 40 + [1] * 110):
        found = assignments(rows, draws=9_999, seed=1).rows
        share = (found[1:] != max(rows)).mean(axis=0)
        expected = np.mean(np.array(rows) != max(rows))
        assert np.abs(share - expected).max() < 5 * np.sqrt(expected / 9_999)


def test_nearly_all_of_a_small_design() -> None:
    found = assignments([0] * 5 + [1] * 15, limit=100, draws=15_000)
    assert not found.enumerated
    assert found.count == 15_504
    assert found.size == 15_001 == distinct(found.rows)
    assert assignments([0] * 5 + [1] * 15, limit=100, draws=20_000).enumerated


def test_whole_clusters_move() -> None:
    clusters = [0, 0, 1, 1, 1, 2, 2]
    found = assignments([0, 0, 1, 1, 1, 1, 1], clusters=clusters)
    assert found.count == 3
    assert {tuple(row) for row in found.rows} == {
        (0, 0, 1, 1, 1, 1, 1),
        (1, 1, 0, 0, 0, 1, 1),
        (1, 1, 1, 1, 1, 0, 0),
    }


def test_a_part_of_a_cluster_moves_to_a_part_of_another() -> None:
    clusters = np.repeat(np.arange(4), [4, 4, 3, 2])
    rows = np.where(np.isin(np.arange(13), [0, 1, 2, 4]), 0, 1)
    found = assignments(rows, clusters=clusters, draws=2_000)
    np.testing.assert_array_equal(found.rows[0], rows)
    held = np.stack([(found.rows[:, clusters == g] == 0).sum(axis=1) for g in range(4)], axis=1)
    assert (np.sort(held, axis=1) == [0, 0, 1, 3]).all()
    # Three treated units fit in three of the four clusters, which are chosen equally often.
    assert (held == 3).mean(axis=0) == pytest.approx([1 / 3, 1 / 3, 1 / 3, 0], abs=0.05)
    assert found.count <= distinct(found.rows)


def test_blocks_are_the_same_at_each_call() -> None:
    rows = np.where(np.arange(3_000) < 200, 0, 1)
    found = assignments(rows, draws=60)
    assert found._stored is None
    first, second = (np.concatenate(list(found.blocks(25))) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert first.shape == (61, 200)
    assert distinct(np.sort(first, axis=1)) == 61


def test_a_cluster_across_strata_is_refused() -> None:
    with pytest.raises(DesignError, match="à cheval"):
        assignments([0, 0, 1, 1], clusters=[0, 0, 1, 1], strata=[0, 1, 1, 1])
