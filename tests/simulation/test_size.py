"""The ladder holds its level: a dozen cells on a fixed sample; all of them with ``make torture``."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ctgeval.impact import Panel
from tests.simulation.campaign import TARGET, Measured, measure, too_often
from tests.simulation.grid import EXCEPTED, Cell, cells, panel

CELLS = (
    Cell(20, 1, 5, 3, 0.5),
    Cell(20, 1, 5, 3, 0.8, "smallest"),
    Cell(20, 1, 3, 1, 0.5, "smallest"),
    Cell(40, 1, 5, 3, 0.8, "largest", known=True),
    Cell(40, 1, 8, 3, 0.5, "smallest"),
    Cell(20, 2, 5, 3, 0.5, "smallest", known=True),
    Cell(20, 3, 5, 3, 0.8, "smallest"),
    Cell(40, 5, 5, 3, 0.5, "smallest", known=True),
    Cell(10, 2, 5, 3, 0.5, "smallest", known=True),
    Cell(20, 5, 5, 3, 0.5, kind="cluster"),
    Cell(40, 5, 5, 3, 0.5, kind="counts"),
    Cell(20, 2, 5, 3, 0.5, kind="gaps"),
    Cell(40, 5, 5, 3, 0.5, kind="staggered"),
    Cell(40, 2, 5, 3, 0.8, "largest", kind="sampling"),
    Cell(20, 1, 5, 3, 0.5, kind="holes"),
)


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_noise_is_seldom_called_an_effect(cell: Cell) -> None:
    found = measure(cell, 250)
    assert not too_often(found), found


def test_power_is_not_given_away() -> None:
    found = measure(Cell(20, 1, 5, 3, 0.5), 150)
    assert found.power["3"] > 0.5
    known = measure(Cell(40, 3, 5, 3, 0.5, known=True), 100)
    assert known.power["2"] > 0.75
    assert known.power["2"] >= 0.8 * known.best_valid["2"]


def test_one_treated_cluster_never_concludes() -> None:
    found = measure(Cell(40, 5, 5, 3, 0.5, kind="cluster"), 60)
    assert found.false == 0
    assert found.power["3"] == 0


def test_clusters_that_are_not_told_make_noise_look_like_an_effect() -> None:
    def untold(cell: Cell, random: np.random.Generator) -> Panel:
        drawn = panel(cell, random)
        return replace(drawn, clusters=np.arange(drawn.n_units))

    found = measure(Cell(40, 5, 5, 3, 0.5, kind="cluster"), 100, draw=untold)
    assert found.false > TARGET, "the case would prove nothing if a common shock fooled no test"


def test_a_differential_trend_is_told_as_a_bias() -> None:
    found = measure(Cell(40, 5, 5, 3, 0.5, kind="trend"), 60)
    assert found.bias == pytest.approx(0.25 * 4, abs=0.15)


def test_too_often_can_be_found() -> None:
    bad = Measured(500, 0.12, 0.88, {}, 0.88, {}, {}, 0.0)
    assert too_often(bad)
    assert not too_often(Measured(500, 0.08, 0.92, {}, 0.92, {}, {}, 0.0))


def test_the_grid_is_the_one_that_was_promised() -> None:
    grid = list(cells())
    assert len(grid) == len(set(grid)) == 648 + 64 + 4
    assert {cell.kind for cell in grid} >= set(EXCEPTED)
    assert np.unique([cell.units for cell in grid]).tolist() == [10, 20, 40]
