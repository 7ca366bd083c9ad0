"""A number of the page becomes a number of a spreadsheet, and nothing else does."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, strategies as st

from ctgeval import french
from ctgeval.report.formats.figures import looked, shown
from ctgeval.sources.presented import Figure
from tests.examples import examples

NARROW, WIDE = french.NNBSP, french.NBSP


@pytest.mark.parametrize(
    ("text", "value", "pattern"),
    [
        (f"26{NARROW}306", 26306.0, "#,##0"),
        ("−0,2", -0.2, "#,##0.0"),
        (f"+5{NARROW}430", 5430.0, "+#,##0;-#,##0;#,##0"),
        (f"81,6{NARROW}%", 81.6, f'#,##0.0"{NARROW}%"'),
        (f"318{NARROW}504{WIDE}€", 318504.0, f'#,##0"{WIDE}€"'),
        ("2024", 2024.0, "0"),
        ("0", 0.0, "#,##0"),
        (f"1{NARROW}604{NARROW}000,25", 1604000.25, "#,##0.00"),
    ],
)
def test_a_french_number_is_a_number_with_its_look(text: str, value: float, pattern: str) -> None:
    found = shown(text)

    assert found is not None
    assert (found.value, found.pattern) == (value, pattern)


@pytest.mark.parametrize(
    "text",
    ["", "–", "22 sur 25", "86082", "01004", "007", "12/05/2024", "2022-2026", "3e sur 5", "S1 2024", "57,3 (2021)",
     "=1+1", "+33 5 49 00 00 00", "1.5", "non diffusable", "9999", "1 604", "12 345,6 a"],
)  # fmt: skip
def test_what_is_more_or_less_than_a_number_stays_a_text(text: str) -> None:
    assert shown(text) is None


@given(
    value=st.floats(-1e9, 1e9, allow_nan=False), decimals=st.integers(0, 4), sign=st.booleans(), unit=st.sampled_from(
        ["", f"{NARROW}%", f"{WIDE}€"]
    )
)  # fmt: skip
@examples(200)
def test_every_number_that_a_bilan_writes_is_read_back(value: float, decimals: int, sign: bool, unit: str) -> None:
    text = french.number(value, decimals, sign=sign) + unit
    found = shown(text)

    assert found is not None
    assert math.isclose(found.value, value, abs_tol=0.5000001 * 10**-decimals)
    assert found.decimals == decimals
    assert found.suffix == unit


def test_the_exact_value_keeps_the_look_of_the_page_and_what_else_is_told_there() -> None:
    found = looked(20.6897, "20,7 (2024)", provisional=True)

    assert found == Figure(
        value=20.6897, decimals=1, grouped=True, suffix=" (p)", note=f"Dans le bilan{NARROW}: 20,7 (2024)"
    )


def test_a_share_shown_in_hundredths_is_shown_so() -> None:
    assert looked(0.7984, f"80{NARROW}%").pattern == "#,##0%"
    assert looked(-1.3733, f"−137{NARROW}%").pattern == "#,##0%"
    # Of 0.8 % shown as such, the value is already in hundredths.
    assert looked(0.7984, f"0,8{NARROW}%").pattern == f'#,##0.0"{NARROW}%"'


def test_a_value_never_takes_the_look_of_another() -> None:
    found = looked(-766.0, f"−2,8{NARROW}%")

    assert (found.pattern, found.note) == ("0", f"Dans le bilan{NARROW}: −2,8{NARROW}%")


def test_a_value_that_the_page_does_not_show_as_a_number_keeps_its_digits() -> None:
    assert looked(12.5, "voir la note") == Figure(value=12.5, decimals=4, note=f"Dans le bilan{NARROW}: voir la note")
