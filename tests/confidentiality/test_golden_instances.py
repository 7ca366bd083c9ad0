"""Published instances, with the intervals that their sources print (recomputed for the specification with `linprog`).

1, 2: InseeFrLab, training on the secrecy of tables. 3: sdcTable, ``problemdata``. 4, 5: sdcTools/UserSupport, issues
135 and 136. 6: an EPCI that gains a commune. 7: AI-SDC/ACRO, issue 198.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import pytest

from ctgeval.confidentiality.attacker import audit
from ctgeval.confidentiality.equations import Equation, System, assemble
from ctgeval.confidentiality.suppression import choose
from tests.confidentiality.tables import TOTAL, Table, names, with_margins

POLLUTING = [[6, 14, 1, 7], [3, 2, 3, 13]]
SALES = [[58, 71, 92, 800], [11, 124, 157, 934], [36, 24, 60, 651]]
PROBLEM_DATA = [[30, 47, 64, 89], [90, 124, 5, 31], [92, 100, 59, 85], [800, 991, 651, 685]]
SINGLETONS = [[1, 1, 7, 1, 0], [1, 0, 0, 2, 8]]
LINKED = {"A": 2, "B": 2, "I": 8, "J": 8, "K": 3, "L": 3, "M": 3, "N": 7}
LINES = {"county 1": "ABIJ", "county 2": "KLMN", "group 1": "LM", "group 2": "ABIJKN"}


def mask(system: System, hidden: Collection[tuple[str, ...]]) -> np.ndarray:
    return np.array([key in hidden for key in system.keys])


def told(system: System, hidden: Collection[tuple[str, ...]], level: str) -> dict[tuple[str, ...], tuple[float, float]]:
    found = audit(system, mask(system, hidden), level=level)
    return {system.keys[at]: (low, high) for at, low, high in zip(found.cells, found.low, found.high, strict=True)}


@pytest.mark.parametrize(
    ("level", "published"),
    [("L0", [(11, 15), (0, 4), (1, 5), (0, 4)]), ("L1", [(12, 14), (1, 3), (2, 4), (1, 3)])],
)
def test_1_polluting_firms(level: str, published: list[tuple[float, float]]) -> None:
    cells = [(f"r0{row}", f"c{column}") for row in (0, 1) for column in (1, 2)]
    found = told(with_margins(POLLUTING).system(), cells, level)
    assert [found[cell] for cell in cells] == published


def test_2_sales() -> None:
    system = with_margins(SALES).system(whole_numbers=False)
    cells = [(f"r0{row}", f"c{column}") for row in (0, 1, 2) for column in (0, 2)]
    published = [(0, 105), (45, 150), (0, 105), (63, 168), (0, 96), (0, 96)]
    assert np.allclose([told(system, cells, "L1")[cell] for cell in cells], published)
    assert 157 * 1.1 > 168
    others = [(f"r0{row}", f"c{column}") for row in (0, 1, 2) for column in (1, 2)]
    assert told(system, others, "L1")["r01", "c2"][1] == pytest.approx(281)


NINE = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 2), (2, 1), (2, 3), (3, 1), (3, 3)]
"""Of the sets of nine cells with two or three in each line, one of the three that give this cell alone."""


def test_3_problem_data_nine_masks_give_one_cell_away() -> None:
    """Two masks at least in each line, and yet 47 is found."""
    table = with_margins(PROBLEM_DATA)
    cells = [(f"r0{row}", f"c{column}") for row, column in NINE]
    assert told(table.system(), cells, "L0")["r00", "c1"] == (47, 47)
    wider = told(table.system(), [*cells, ("r01", "c1")], "L0")
    assert min(high - low for low, high in wider.values()) == 69


def test_3_the_best_masks_one_cell_more() -> None:
    table = with_margins(PROBLEM_DATA)
    cells = [(f"r0{row}", f"c{column}") for row, column in NINE]
    base = table.system(weight=1.0)
    required = np.array(
        [value + 1 if key in cells else np.nan for key, value in zip(base.keys, base.value, strict=True)]
    )
    found = choose(replace(base, required=required), level="L1")
    assert found.optimal
    assert (found.hidden.sum(), found.primary.sum()) == (10, 9)


def test_4_singletons() -> None:
    """At L1 each of the seven small counts is found exactly when they alone are masked."""
    table = with_margins(SINGLETONS, threshold=3)
    assert len(table.small) == 7
    found = told(table.system(), table.small, "L1")
    assert all(found[cell] == (table.counts[cell],) * 2 for cell in table.small)
    assert {high - low for low, high in told(table.system(), table.small, "L0").values()} != {0}
    chosen = choose(table.system(weight=1.0), level="L1")
    assert chosen.optimal
    assert chosen.audit.safe
    assert chosen.hidden.sum() == 11


def linked(required: float = np.nan) -> System:
    cells = {(name,): {"value": float(value), "weight": 1.0} for name, value in LINKED.items()}
    for name, value in LINKED.items():
        if value < required:
            cells[name,]["required"] = required
    totals = {
        (name,): {"value": float(sum(LINKED[one] for one in parts)), "forced": 1.0} for name, parts in LINES.items()
    }
    lines = [Equation((((name,), 1.0), *(((one,), -1.0) for one in parts))) for name, parts in LINES.items()]
    return assemble(cells | totals, lines)


def test_5_linked_tables() -> None:
    """Each table is safe alone when its own two small cells are masked; both together give K."""
    apart = [(name,) for name in "ABKLM"]
    assert told(linked(4), apart, "L1")["K",] == (3, 3)
    found = choose(linked(4), level="L1")
    assert found.optimal
    assert (found.hidden & ~found.primary).sum() == 2
    assert told(linked(4), [*apart, ("J",), ("N",)], "L1")["K",] == (1, 9)


def test_6_an_epci_that_gains_a_commune() -> None:
    """118 - 115 gives the commune that came, though each bilan alone leaves it open."""
    parts = {"a": 60.0, "b": 55.0, "came": 3.0}
    cells = {(name,): {"value": value, "required": 5.0 if value < 5 else np.nan} for name, value in parts.items()}
    totals = {("2023",): {"value": 115.0, "forced": 1.0}, ("2024",): {"value": 118.0}}
    before = Equation(((("2023",), 1.0), (("a",), -1.0), (("b",), -1.0)))
    after = Equation(((("2024",), 1.0), *(((name,), -1.0) for name in parts)))
    alone = assemble(cells | {("2024",): totals["2024",]}, [after])
    everything = [(name,) for name in parts]
    assert told(alone, everything, "L1")["came",] == (1, 116)
    both = assemble(cells | totals, [before, after])
    assert told(both, everything, "L3")["came",] == (3, 3)
    found = choose(both)
    assert {both.keys[at] for at in np.flatnonzero(found.hidden)} == {("came",), ("2024",)}


def test_7_margins_do_not_restore_a_row() -> None:
    """The total of what is left after masking must not be printed beside the total of all."""
    table = with_margins([[12, 3, 40], [25, 18, 9]], threshold=10)
    assert told(table.system(), [("r00", "c1"), ("r01", "c2")], "L1")["r00", "c1"] == (3, 3)
    found = choose(table.system(), level="L2")
    assert {("r00", "c1"), ("r01", "c2")} < names(table.system(), found.hidden)
    assert found.audit.safe


def test_totals_are_masked_when_they_are_small() -> None:
    table: Table = with_margins([[1, 2], [40, 50]], threshold=5)
    hidden = names(table.system(), choose(table.system()).hidden)
    assert ("r00", TOTAL) in hidden
