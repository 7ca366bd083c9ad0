"""A refusal names cells as the coordinator may find them, never by how they are reckoned with."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from ctgeval.confidentiality.equations import Equation, assemble
from ctgeval.confidentiality.forms import Cell, Key
from ctgeval.confidentiality.infeasible import freeing, name_of, refusal


@pytest.mark.parametrize(
    ("key", "told"),
    [
        (("COM-99101", 2024), "COM-99101, 2024"),
        (("COM-99101", "", "F"), "COM-99101, F"),
        (("COM-99101", "rest"), "ce qui reste hors de COM-99101"),
        (("rest", "COM-99101"), "rest, COM-99101"),
        (
            ("naissances", "COM-99101", "", "reste", "base", 0, ("ground", 2)),
            "ce qui reste hors de naissances, COM-99101",
        ),
        (("naissances", "COM-99101", "autres", 0), "ce que les autres ont compté de naissances, COM-99101"),
        (("naissances", "", "atome", 0, ("ground", 2)), "une partie de naissances"),
        (
            Cell("naissances", "COM-99101", frozenset({"COM-99101"}), date(2024, 1, 1), date(2024, 12, 31), ("", "F")),
            "naissances, COM-99101, 2024-01-01/2024-12-31, F",
        ),
    ],
)
def test_names(key: Key, told: str) -> None:
    assert name_of(key) == told


def test_a_refusal_tells_cells_apart() -> None:
    """Names hold commas: what separates two cells is something else."""
    cells = {("A", "F"): {"value": 2.0, "required": 5.0}, ("B", "F"): {"value": 9.0, "forced": 1.0}}
    system = assemble(cells, [Equation(((("A", "F"), 1.0), (("B", "F"), 1.0)), 11.0)])
    _, freed = freeing(system)
    assert freed.tolist() == [False, True]
    error = refusal(system, freed, np.array([True, True]), proved=True)
    assert "« A, F ; B, F »" in str(error)
    assert [problem.key for problem in error.problems] == ["B, F"]
