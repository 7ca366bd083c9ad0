"""The mask that is chosen is safe, the best where it says so, and the same whatever the order of the rows."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from ctgeval.confidentiality.attacker import audit, violations
from ctgeval.confidentiality.equations import Equation, System, assemble
from ctgeval.confidentiality.forms import Form
from ctgeval.confidentiality.suppression import Budget, choose, primaries
from ctgeval.errors import ProtectionInfeasible
from tests.confidentiality.independent_attacker import Attacker, sums_of
from tests.confidentiality.tables import Table, drawn, names, with_margins

seeds = st.integers(0, 10**6)


def safe(table: Table, hidden: set[tuple[str, str]]) -> bool:
    keys = list(table.counts)
    reader = Attacker(table.printed(hidden), sums_of(keys, {0: table.margins["geo"], 1: table.margins["colonne"]}))
    return all(reader.greatest(cell) >= table.threshold - 1e-6 for cell in table.small)


def least_cost(table: Table, system: System, most: float) -> float:
    """Try every mask that costs less than ``most``, the cheapest first, with the other attacker."""
    own = {key: float(weight) for key, weight in zip(system.keys, system.weight, strict=True)}
    others = [key for key, value in table.counts.items() if value >= table.threshold]
    tried = sorted(
        (sum(own[key] for key in chosen), chosen)
        for size in range(len(others) + 1)
        for chosen in combinations(others, size)
        if sum(own[key] for key in chosen) < most - 1e-6
    )
    return next((cost for cost, chosen in tried if safe(table, {*table.small, *chosen})), most)


@pytest.mark.parametrize("columns", [3, 4])
@pytest.mark.parametrize("seed", range(4))
def test_brute_force_finds_nothing_cheaper(seed: int, columns: int) -> None:
    draw = np.random.default_rng(1_000 * columns + seed)
    table = with_margins(
        draw.choice([0, 1, 2, 4, 6, 7, 9, 12], (3, columns), p=[0.1, 0.12, 0.12, 0.12, 0.14, 0.1, 0.15, 0.15]).tolist()
    )
    system = table.system()
    found = choose(system, level="L1")
    assert found.optimal
    assert found.weight == pytest.approx(least_cost(table, system, found.weight), abs=1e-4)


@settings(max_examples=10)
@given(seed=seeds)
def test_every_small_count_is_safe(seed: int) -> None:
    system = drawn(seed, rows=6, columns=4).system()
    found = choose(system, budget=Budget(iterations=3))
    assert found.audit.safe
    assert (found.hidden >= primaries(system)).all()
    assert not (found.hidden & ~system.maskable).any()
    assert audit(system, found.hidden).ok.all()


@settings(max_examples=8)
@given(seed=seeds)
def test_order_of_rows_and_columns_changes_nothing(seed: int) -> None:
    draw = np.random.default_rng(seed)
    body = draw.integers(0, 12, (5, 4)).tolist()
    groups = [0, 0, 1, 1, 1]
    one = with_margins(body, groups=groups)
    other = with_margins(body, groups=groups, rows=draw.permutation(5).tolist(), columns=draw.permutation(4).tolist())
    assert names(one.system(), choose(one.system()).hidden) == names(other.system(), choose(other.system()).hidden)


@settings(max_examples=8)
@given(seed=seeds)
def test_no_secondary_cell_could_be_shown(seed: int) -> None:
    """What is still masked after the clean-up is needed, each cell by itself."""
    system = drawn(seed, rows=5, columns=4).system()
    found = choose(system, budget=Budget(iterations=0))
    for cell in np.flatnonzero(found.hidden & ~found.primary):
        less = found.hidden.copy()
        less[cell] = False
        assert len(violations(system, less)), system.keys[cell]


@settings(max_examples=8)
@given(seed=seeds)
def test_one_more_figure_never_widens_an_interval(seed: int) -> None:
    table = drawn(seed, rows=4, columns=3)
    system = table.system()
    found = choose(system, budget=Budget(iterations=0), level="L1")
    masked = np.flatnonzero(found.hidden)
    if len(masked) < 2:
        return
    known = float(system.value[masked[:2]].sum())
    more = system.knowing([Form(terms=tuple((system.keys[at], 1.0) for at in masked[:2]), low=known, high=known)])
    after = audit(more, np.append(found.hidden, False), level="L1")
    assert (after.low >= found.audit.low - 1e-6).all()
    assert (after.high <= found.audit.high + 1e-6).all()


def test_same_input_same_mask() -> None:
    system = drawn(3, rows=12, columns=5).system()
    one, other = choose(system), choose(system)
    assert (one.hidden == other.hidden).all()
    assert one.optimal == other.optimal


def test_a_budget_of_nothing_is_safe_too() -> None:
    system = drawn(11, rows=8, columns=5).system()
    quick, best = choose(system, budget=Budget(attempts=0, iterations=0)), choose(system)
    assert quick.audit.safe
    assert not quick.optimal
    assert best.optimal
    assert best.weight <= quick.weight


def test_nothing_to_mask() -> None:
    system = with_margins([[10, 20], [30, 40]]).system()
    found = choose(system)
    assert not found.hidden.any()
    assert (found.method, found.optimal) == ("rien", True)


def test_what_is_masked_already_costs_nothing() -> None:
    system = with_margins([[3, 20, 30], [25, 26, 9], [31, 32, 33]]).system()
    before = np.array([key in {("r01", "c0"), ("r00", "c2"), ("r01", "c2")} for key in system.keys])
    found = choose(system, primary=before, level="L1")
    assert found.weight == 0
    assert (found.hidden == found.primary).all()


def test_a_rate_with_one_decimal_gives_its_numerator() -> None:
    """7 children of 153 are 4.6 %: with its base the rate gives back the count that is masked."""
    table = with_margins([[3, 20, 30], [25, 26, 29], [31, 32, 33]])
    system = table.system()
    rate = Form(terms=((("r00", "c0"), 1.0),), low=153 * 0.0195, high=153 * 0.0197)
    with pytest.raises(ProtectionInfeasible) as refused:
        choose(system.knowing([rate]), level="L1")
    assert "r00, c0" in str(refused.value)


def test_two_zonings_that_do_not_nest() -> None:
    """Former CCs and catchment areas cut the same communes differently: one system, every requirement."""
    draw = np.random.default_rng(5)
    value = {("a", f"{at}"): float(draw.choice([0, 1, 2, 3, 8, 20, 40])) for at in range(12)}
    cells = {key: {"value": count} | ({"required": 5.0} if 0 < count < 5 else {}) for key, count in value.items()}
    equations = []
    for name, size in (("cc", 3), ("bassin", 4)):
        for zone in range(12 // size):
            inside = [key for key in value if (int(key[1]) + (name == "bassin")) % 12 // size == zone]
            total = (name, f"{zone}")
            cells[total] = {"value": sum(value[key] for key in inside)}
            equations.append(Equation(((total, 1.0), *((key, -1.0) for key in inside))))
    found = choose(assemble(cells, equations))
    assert found.audit.safe
    assert found.optimal


def test_forced_cells_that_give_a_count_away_are_named() -> None:
    system = with_margins([[3, 20], [25, 26]]).system()
    forced = np.array([key in {("r00", "c1"), ("r00", "Ensemble"), ("r01", "c1")} for key in system.keys])
    with pytest.raises(ProtectionInfeasible) as refused:
        choose(replace(system, forced=system.forced | forced), level="L1")
    named = {problem.key for problem in refused.value.problems}
    assert named in ({"r00, c1"}, {"r00, Ensemble"})
    assert "r00, c0" in str(refused.value)


def test_one_alone_in_a_cell_is_reckoned_with() -> None:
    """Where a mark may hide a zero, a 1 beside a 4 lets it be 5, but not for the one who is that 1."""
    table = with_margins([[1, 4, 50, 60], [80, 70, 90, 95], [30, 40, 45, 65]])
    system = table.system()
    system = replace(system, least=np.zeros(system.size))
    alone, small = system.index()["r00", "c0"], system.index()["r00", "c1"]
    for level, open_to_him in (("L1", False), ("L2", True)):
        found = choose(system, level=level)
        known = audit(system.fixing([alone]), found.hidden, level="L1")
        high = dict(zip(known.cells.tolist(), known.high, strict=True))[small]
        assert (high >= 5) == open_to_him, level


def test_latent_rest_with_a_requirement_is_a_target() -> None:
    """38 of 40 tell that two are not: the rest is kept open although nothing prints it."""
    cells = {
        ("a",): {"value": 38.0}, ("b",): {"value": 12.0}, ("c",): {"value": 30.0}, ("total",): {"value": 80.0},
        ("a", "rest"): {"value": 2.0, "shown": 0.0, "required": 5.0},
    }  # fmt: skip
    total = Equation(((("total",), 1.0), (("a",), -1.0), (("b",), -1.0), (("c",), -1.0)))
    rest = Equation(((("a",), 1.0), (("a", "rest"), 1.0)), 40.0)
    system = assemble(cells, [total, rest])
    found = choose(system, level="L1")
    assert found.hidden[0]
    assert found.hidden.sum() == 2
    assert found.audit.safe
