from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ctgeval.sources.rejections import Rejections
from ctgeval.sources.text import read_grid


def test_faults_are_told_once_by_line_with_their_cell(write: Callable[..., Path]) -> None:
    grid = read_grid(write("code;n\n86194;1\n86041;-2\n86066;3;4\n86082;5\n"))
    rejections = Rejections(grid)
    rejections.add_all(np.array([False, True, True]), "n", np.array(["", "deuxième", "troisième"], dtype=object))
    rejections.add_all(np.array([False, True, False]), "n", np.array(["", "deuxième", ""], dtype=object))
    rejections.add_all(np.array([False, False, False]), "n", "jamais")
    rejections.add(0, "code", "première")
    found = rejections.frame()
    assert found["row"].tolist() == [2, 3, 4, 5]
    assert found["reason"].tolist()[:2] == ["première", "deuxième"]
    assert "3 cellules" in found["reason"].tolist()[2]
    assert found["value"].tolist() == ["86194", "-2", "86066;3;4", "5"]
    assert rejections.bad.tolist() == [True, True, True]
