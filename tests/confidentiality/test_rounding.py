"""A rounded table adds up, moves nothing far, and is attacked like a masked one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from ctgeval.confidentiality.rounding import round_table
from ctgeval.errors import ConfidentialityError, ProtectionInfeasible
from tests.confidentiality.tables import drawn, with_margins


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6), base=st.sampled_from([3, 5, 10]))
def test_rounded_tables_add_up_and_move_little(seed: int, base: int) -> None:
    system = drawn(seed, rows=6, columns=4).system()
    rounded = round_table(system, base=base)
    assert np.allclose(system.matrix @ rounded.values, system.right)
    assert (np.abs(rounded.values - system.value) < base).all()
    assert (rounded.values % base == 0).all()
    multiple = system.value % base == 0
    assert (rounded.values[multiple] == system.value[multiple]).all()


@settings(max_examples=10)
@given(seed=st.integers(0, 10**6))
def test_true_counts_are_among_what_the_attacker_finds(seed: int) -> None:
    system = drawn(seed, rows=4, columns=3).system()
    found = round_table(system).attacked()
    value = system.value[found.cells]
    assert (found.low <= value + 1e-6).all()
    assert (found.high >= value - 1e-6).all()


def test_sums_tell_more_than_each_rounded_cell_alone() -> None:
    """Seven and seven are printed 5 and 5 beside 15: the attacker knows that they are more than 5 together."""
    system = with_margins([[4, 4, 4], [20, 30, 40]]).system()
    rounded = round_table(system)
    found = rounded.attacked()
    alone = rounded.system.shown_high[found.cells]
    assert (found.high <= alone).all()
    assert rounded.values[system.index()["r00", "Ensemble"]] in {10, 15}


def test_a_base_of_twice_the_threshold_lets_no_count_be_proved_small() -> None:
    system = with_margins([[1, 23, 41], [30, 26, 3], [31, 32, 33]]).system()
    found = round_table(system, base=10).attacked()
    assert len(found.cells) == 2
    assert found.safe
    assert not round_table(system, base=5).attacked().safe


def test_what_cannot_be_rounded() -> None:
    system = with_margins([[1, 2], [3, 4]]).system()
    with pytest.raises(ConfidentialityError, match="2 au moins"):
        round_table(system, base=1)
    with pytest.raises(ConfidentialityError, match="pas connue"):
        round_table(replace(system, value=np.full(system.size, np.nan)))
    with pytest.raises(ProtectionInfeasible, match="Aucun arrondi"):
        round_table(replace(system, right=system.right + 1))
