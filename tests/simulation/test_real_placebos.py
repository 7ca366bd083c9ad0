"""On real communes, an action that never happened is seldom found: 100 draws here, 1,000 in a campaign."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.simulation.campaign import measure, too_often
from tests.simulation.grid import Cell
from tests.simulation.real_panels import Real, coverage, drawer, population

DRAWS = 1_000 if os.environ.get("CTGEVAL_TORTURE") else 100


@pytest.fixture(scope="module")
def rates(real_data: Path) -> Real:
    return coverage(real_data)


@pytest.fixture(scope="module")
def people(real_data: Path) -> Real:
    return population(real_data)


def test_the_real_panels_are_those_that_were_announced(rates: Real, people: Real) -> None:
    # 983 communes have their five lines, and two of them an empty cell.
    assert rates.outcome.shape == (981, 5)
    assert people.outcome.shape[1] == 8
    assert len(people.codes) > 3_000


@pytest.mark.torture
@pytest.mark.parametrize("units", [20, 40])
@pytest.mark.parametrize("treated", [1, 2, 3, 5])
def test_coverage_rates(rates: Real, units: int, treated: int) -> None:
    found = measure(Cell(units, treated, 3, 2, 0.0, kind="caf"), DRAWS, draw=drawer(rates, known=False))
    assert not too_often(found), found


@pytest.mark.torture
@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("units", [20, 40])
@pytest.mark.parametrize("treated", [1, 2, 3, 5])
def test_populations(people: Real, units: int, treated: int, known: bool) -> None:
    found = measure(Cell(units, treated, 5, 3, 0.0, known=known, kind="insee"), DRAWS, draw=drawer(people, known=known))
    assert not too_often(found), found
