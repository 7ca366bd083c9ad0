"""French numbers, dates, plurals and lists; ``_`` and ``~`` stand for the narrow and the ordinary no-break space."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from ctgeval import french
from ctgeval.errors import PeriodError

NAN, INF = float("nan"), float("inf")


def visible(text: str) -> str:
    return text.replace(french.NNBSP, "_").replace(french.NBSP, "~")


@pytest.mark.parametrize(
    ("value", "decimals", "expected"),
    [
        (26885, None, "26_885"),
        (1234567.85, None, "1_234_567,9"),
        (60.6, None, "60,6"),
        (60.0, None, "60"),
        (60, 2, "60,00"),
        (2.5, 0, "3"),
        (-2.5, 0, "−3"),
        (53.05, 1, "53,1"),
        (-0.04, 1, "0,0"),
        (Decimal("0.005"), 2, "0,01"),
        (np.int64(1000), None, "1_000"),
        (np.float64(0.1), None, "0,1"),
        (10**18 + 1, None, "1_000_000_000_000_000_001"),
        (NAN, None, "non disponible"),
        (None, None, "non disponible"),
        (pd.NA, None, "non disponible"),
        (-INF, None, "−∞"),
    ],
)
def test_numbers(value: float, decimals: int | None, expected: str) -> None:
    assert visible(french.number(value, decimals)) == expected


def test_a_sign_is_written_on_demand_and_never_on_zero() -> None:
    assert french.number(3, sign=True) == "+3"
    assert french.number(-3, sign=True) == "−3"
    assert french.number(0.01, 1, sign=True) == "0,0"
    assert visible(french.percent(7.5, sign=True)) == "+7,5_%"


def test_percentages_and_euros() -> None:
    assert visible(french.percent(60.6)) == "60,6_%"
    assert visible(french.percent(100, 0)) == "100_%"
    assert french.percent(NAN) == "non disponible"
    assert visible(french.euros(18850)) == "18_850~€"
    assert visible(french.euros(Decimal("1234.5"), 2)) == "1_234,50~€"
    assert french.euros(None) == "non disponible"


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (26885, "habitants", "26_885~habitants"),
        (1, "habitants", "1~habitant"),
        (1.5, "places pour 100 enfants", "1,5~place pour 100 enfants"),
        (60.6, "places pour 100 enfants de moins de 3 ans", "60,6~places pour 100 enfants de moins de 3 ans"),
        (60.6, "%", "60,6_%"),
        (60.6, "% des familles", "60,6_% des familles"),
        (19560, "EUR", "19_560~€"),
        (19560, "EUR par an", "19_560~€ par an"),
        (1, "mois", "1~mois"),
        (0, "foyers allocataires d'ici", "0~foyer allocataire d'ici"),
        (1, "journaux locaux", "1~journal local"),
        (1, "décès", "1~décès"),
        (3, "", "3"),
        (NAN, "places", "non disponible"),
    ],
)
def test_quantities(value: float, unit: str, expected: str) -> None:
    assert visible(french.quantity(value, unit)) == expected


@pytest.mark.parametrize(
    ("low", "high", "unit", "expected"),
    [
        (1, 4, "", "entre 1 et 4"),
        (1, 4, "places", "entre 1 et 4~places"),
        (0, 1, "places", "entre 0 et 1~place"),
        (3, INF, "", "au moins 3"),
        (-INF, 12, "%", "au plus 12_%"),
        (5, 5, "places", "5~places"),
        (53.04, 53.11, "%", "entre 53,0 et 53,2_%"),
        (53.0, 53.10000000000001, "%", "entre 53,0 et 53,1_%"),
        (-4, 4, "", "entre −4 et 4"),
        (-INF, INF, "", "indéterminé"),
        (NAN, 4, "", "non disponible"),
        (1, None, "", "non disponible"),
    ],
)
def test_intervals(low: float, high: float, unit: str, expected: str) -> None:
    assert visible(french.interval(low, high, unit=unit)) == expected


@given(st.floats(-1e6, 1e6), st.floats(0.001, 1e6), st.integers(0, 3))
def test_a_written_interval_is_never_narrower_than_what_is_known(low: float, width: float, decimals: int) -> None:
    text = french.interval(low, low + width, decimals)
    words = text.replace(french.NNBSP, "").replace("−", "-").replace(",", ".").split(" ")
    least, most = float(words[1]), float(words[3])
    noise = 10 ** -(decimals + 6)
    assert least <= low + noise
    assert most >= low + width - noise
    assert most - least <= width + 2 * 10**-decimals + 1e-9


def test_dates_and_periods() -> None:
    assert french.date(date(2024, 1, 1)) == "1er janvier 2024"
    assert french.date("2022-11-30") == "30 novembre 2022"
    assert french.period("2021") == "2021"
    assert french.period("2021-S1") == "1er semestre 2021"
    assert french.period("2021-T3") == "3e trimestre 2021"
    assert french.period("2021-08") == "août 2021"
    assert french.period("2021-2022") == "année scolaire 2021-2022"
    with pytest.raises(PeriodError):
        french.period("2017-2021")


@pytest.mark.parametrize(
    ("count", "words", "expected"),
    [
        (2, ("place",), "2~places"),
        (1.5, ("place",), "1,5~place"),
        (0, ("action",), "0~action"),
        (-1, ("point",), "−1~point"),
        (-2, ("point",), "−2~points"),
        (3, ("commune membre",), "3~communes membres"),
        (3, ("place de crèche",), "3~places de crèche"),
        (3, ("communauté d'agglomération",), "3~communautés d'agglomération"),
        (4, ("bureau",), "4~bureaux"),
        (4, ("indicateur social",), "4~indicateurs sociaux"),
        (4, ("avis",), "4~avis"),
        (2, ("œil", "yeux"), "2~yeux"),
        (1200, ("foyer",), "1_200~foyers"),
        (NAN, ("foyer",), "non disponible"),
    ],
)
def test_plurals(count: float, words: tuple[str, ...], expected: str) -> None:
    assert visible(french.plural(count, *words)) == expected


def test_lists_and_ranks() -> None:
    assert french.enumeration(["a", "b", "c"]) == "a, b et c"
    assert french.enumeration(["a", "b"], last="ou") == "a ou b"
    assert french.enumeration(["a"]) == "a"
    assert french.enumeration([]) == ""
    assert [french.ordinal(1), french.ordinal(1, feminine=True), french.ordinal(2)] == ["1er", "1re", "2e"]


@pytest.mark.parametrize(
    ("value", "start"), [(1e30, "1_000_000"), (-3.4627e60, "\u22123_462_700_000"), (10**40, "10_000_000")]
)
def test_a_figure_of_any_size_is_written(value: float, start: str) -> None:
    assert visible(french.number(value, 2)).startswith(start)
    assert french.interval(-abs(value), abs(value)).startswith("entre")
