"""Random tables resist an attacker who was written apart from what masks them."""

from __future__ import annotations

import numpy as np
import pytest

from ctgeval.confidentiality.suppression import Budget, choose
from tests.confidentiality.independent_attacker import Attacker, sums_of
from tests.confidentiality.tables import Table, drawn, names, with_margins
from tests.examples import sample

TABLES, KNOWING = sample(300, 10_000), sample(20, 1_000)
BATCHES = 10
SLACK = 1e-6


def attacker(table: Table, hidden: set[tuple[str, str]]) -> Attacker:
    keys = list(table.counts)
    return Attacker(table.printed(hidden), sums_of(keys, {0: table.margins["geo"], 1: table.margins["colonne"]}))


@pytest.mark.torture
@pytest.mark.parametrize("batch", range(BATCHES))
def test_no_small_count_can_be_proved_small(batch: int) -> None:
    for seed in range(batch, TABLES, BATCHES):
        table = drawn(seed)
        # Both ways in turn: with a few cuts, and by flows alone.
        found = choose(table.system(), budget=Budget(iterations=2 * (seed % 2), nodes=100), level="L1")
        hidden = names(table.system(), found.hidden)
        assert set(table.small) <= hidden, seed
        reader = attacker(table, hidden)
        for cell in table.small:
            assert reader.greatest(cell) >= table.threshold - SLACK, (seed, cell)


@pytest.mark.torture
@pytest.mark.parametrize("batch", range(BATCHES))
def test_nor_by_someone_who_is_alone_in_a_cell(batch: int) -> None:
    for seed in range(batch, KNOWING, BATCHES):
        table = drawn(100_000 + seed)
        hidden = names(table.system(), choose(table.system(), budget=Budget(iterations=0)).hidden)
        reader = attacker(table, hidden)
        alone = [key for key in sorted(hidden) if table.counts[key] == 1]
        draw = np.random.default_rng(seed)
        for at in draw.permutation(len(alone))[:3]:
            own = alone[at]
            for cell in table.small:
                beside = cell != own and (cell[0] == own[0] or cell[1] == own[1])
                # A row and its total that count one person count the same person.
                himself = table.counts[cell] == 1 and any(own in (t, *p) and cell in (t, *p) for t, p in reader.sums)
                shared = any(own in (t, *p) and cell in (t, *p) for t, p in reader.sums)
                if beside and shared and not himself:
                    assert reader.greatest(cell, own={own: 1.0}) >= table.threshold - SLACK, (seed, own, cell)


def test_two_masks_in_each_line_are_not_enough() -> None:
    """The rule that is often taught masks more and lets counts be found exactly."""
    exact = proved = tables = 0
    for seed in range(40):
        draw = np.random.default_rng(seed)
        table = with_margins(draw.poisson(draw.gamma(0.6, 15, (8, 5))).tolist())
        hidden = two_in_each_line(table)
        reader = attacker(table, hidden)
        ranges = [reader.range_of(cell) for cell in table.small]
        tables += bool(ranges)
        exact += any(high - low < SLACK for low, high in ranges)
        proved += any(high < table.threshold - SLACK for _, high in ranges)
    assert exact > tables / 5
    assert proved > tables / 2


def two_in_each_line(table: Table) -> set[tuple[str, str]]:
    """Mask what is small, then the smallest count of each row and column that has one mask alone."""
    hidden = set(table.small)
    body = [key for key in table.counts if "Ensemble" not in key]
    changed = True
    while changed:
        changed = False
        for position in (0, 1):
            for name in sorted({key[position] for key in body}):
                line = [key for key in body if key[position] == name and table.counts[key] > 0]
                masked = [key for key in line if key in hidden]
                others = sorted((key for key in line if key not in hidden), key=lambda key: (table.counts[key], key))
                if len(masked) == 1 and others:
                    hidden.add(others[0])
                    changed = True
    return hidden
