from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ctgeval.errors import SourceError
from ctgeval.sources.breakdowns import categories
from ctgeval.sources.table import is_harmless
from ctgeval.sources.text import read_grid
from ctgeval.sources.tidy import Rejections

Write = Callable[..., Path]


def test_ages_and_sexes_are_categories(write: Write) -> None:
    grid = read_grid(write("code;Sexe;Tranche d’âge;n\n86;Femmes;Ensemble;1\n86;hommes;25 à 29 ans;2\n86;Total;;3\n"))
    found = categories(Rejections(grid), known=["code", "n"])
    assert found.sexe is not None
    assert found.age is not None
    assert found.sexe.tolist() == ["F", "M", ""]
    assert found.age.tolist() == ["", "25 à 29 ans", ""]
    assert set(found.columns) == {"Sexe", "Tranche d’âge"}
    assert found.note == ""


def test_of_another_breakdown_the_total_only_is_kept(write: Write) -> None:
    grid = read_grid(write("code;Type RSA;Type de voie;n\n86;Total;12;1\n86;RSA majoré;13;2\n"))
    rejections = Rejections(grid)
    found = categories(rejections, known=["code", "n"])
    assert found.columns == ("Type RSA",)
    assert rejections.bad.tolist() == [False, True]
    assert is_harmless(rejections.frame()["reason"].item())
    assert "Type RSA" in found.note
    assert (found.age, found.sexe) == (None, None)


def test_parts_without_a_total_are_refused(write: Write) -> None:
    grid = read_grid(write("code;Quotient familial;n\n86;moins de 400;1\n86;400 et plus;2\n"))
    with pytest.raises(SourceError, match="Quotient familial"):
        categories(Rejections(grid), known=["code", "n"])
    assert categories(Rejections(grid), known=["code", "n", "quotient familial"]).columns == ()
