"""Codes of territories, as producers and spreadsheets write them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from ctgeval.errors import TerritoryError
from ctgeval.territory import codes


@pytest.mark.parametrize(
    ("read", "raw", "expected"),
    [
        (codes.commune, "86082", "COM-86082"),
        (codes.commune, 86082, "COM-86082"),
        (codes.commune, 86082.0, "COM-86082"),
        (codes.commune, "86082.0", "COM-86082"),
        (codes.commune, "1001", "COM-01001"),
        (codes.commune, 6161, "COM-06161"),
        (codes.commune, " 2a004\u00a0", "COM-2A004"),
        (codes.commune, "COM-97411", "COM-97411"),
        (codes.epci, 200070035, "EPCI-200070035"),
        (codes.epci, "200 070 035", "EPCI-200070035"),
        (codes.departement, "6", "DEP-06"),
        (codes.departement, "086", "DEP-86"),
        (codes.departement, "974", "DEP-974"),
        (codes.departement, "2b", "DEP-2B"),
        (codes.region, 1, "REG-01"),
        (codes.region, "75", "REG-75"),
    ],
)
def test_codes_are_read_and_mended(read: Callable[[object], str], raw: object, expected: str) -> None:
    assert read(raw) == expected


@pytest.mark.parametrize(
    ("read", "raw", "message"),
    [
        (codes.commune, "8.6082E+04", "tableur"),
        (codes.commune, "8,6082E+04", "tableur"),
        (codes.commune, "200070035", "SIREN"),
        (codes.commune, "86", "pas un code de commune"),
        (codes.commune, "86O82", "pas un code de commune"),
        (codes.commune, "860821", "pas un code de commune"),
        (codes.commune, "", "manque"),
        (codes.commune, None, "manque"),
        (codes.commune, float("nan"), "manque"),
        (codes.commune, True, "manque"),
        (codes.epci, "86082", "commune"),
        (codes.epci, "20007003", "pas un code d’EPCI"),
        (codes.departement, "Vienne", "pas un code de département"),
        (codes.region, "", "manque"),
    ],
)
def test_what_is_not_a_code_is_refused_with_a_remedy(read: Callable[[object], str], raw: object, message: str) -> None:
    with pytest.raises(TerritoryError, match=message) as caught:
        read(raw)
    assert caught.value.problem.remedy
    assert caught.value.problem.value == str(raw)


@pytest.mark.parametrize(
    "text", ["COM-86082", "COM-2A004", "EPCI-200070035", "DEP-86", "REG-75", "FRANCE", "GRP-gencay"]
)
def test_a_prefixed_code_comes_back(text: str) -> None:
    code = codes.parse(text)
    assert str(code) == text
    assert codes.level(text) == text.partition("-")[0]


@pytest.mark.parametrize("text", ["86082", "COM-8608", "com-86082", "EPCI-86082", "DEP-Vienne", "GRP-", "", "FRANCE-1"])
def test_a_code_without_its_form_is_refused(text: str) -> None:
    with pytest.raises(TerritoryError):
        codes.parse(text)


@given(st.integers(1001, 99999))
def test_the_column_and_the_cell_agree(number: int) -> None:
    column = pd.Series([number, None, f"{number:05d}", "x"], dtype=object)
    found = codes.communes(column)
    assert found.isna().tolist() == [False, True, False, True]
    assert found[0] == found[2] == codes.commune(number)


def test_a_column_of_floats_with_holes_is_read() -> None:
    found = codes.communes(pd.Series([86082.0, np.nan, 1001.0], index=[5, 6, 7]))
    assert found.dropna().tolist() == ["COM-86082", "COM-01001"]
    assert found.index.tolist() == [5, 6, 7]


def test_levels_of_a_column() -> None:
    assert codes.levels(pd.Series(["COM-86082", "FRANCE", "EPCI-200070035"])).tolist() == ["COM", "FRANCE", "EPCI"]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("COM-1001", "COM-01001"),
        ("COM-2a004", "COM-2A004"),
        ("com-86082", "COM-86082"),
        ("86082", "COM-86082"),
        ("200070035", "EPCI-200070035"),
        ("DEP-1", "DEP-01"),
        ("REG-1", "REG-01"),
    ],
)
def test_the_code_that_was_meant_is_told(text: str, meant: str) -> None:
    with pytest.raises(TerritoryError) as raised:
        codes.parse(text)
    assert raised.value.problem.remedy == f"Vouliez-vous dire {meant} ?"


@pytest.mark.parametrize(("geo", "city"), [("COM-75120", "COM-75056"), ("COM-69381", "COM-69123"), ("COM-75121", None)])
def test_an_arrondissement_municipal_has_a_city(geo: str, city: str | None) -> None:
    assert codes.arrondissement_parent(geo) == city
