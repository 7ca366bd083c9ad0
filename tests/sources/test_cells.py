from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st

from ctgeval.errors import AmbiguousSource
from ctgeval.sources import cells
from ctgeval.sources.cells import BAD, EMPTY, MISSING, NUMBER, SECRET, Markers

MARKERS = Markers(secret=frozenset({"s"}), missing=frozenset({"nd"}))


@pytest.mark.parametrize(
    ("text", "decimal", "figure"),
    [
        ("12", "", 12),
        (" 12 ", "", 12),
        ("-15,7", ",", -15.7),
        ("+3,5", ",", 3.5),
        ("\u22123,5", ",", -3.5),
        ("1\u202f036", "", 1036),
        ("1\u00a0234,5", ",", 1234.5),
        ("1 234 567", "", 1_234_567),
        ("1.234,5", ",", 1234.5),
        ("1,234", ".", 1234),
        ("0.266", ".", 0.266),
        ("1234,0", ",", 1234),
    ],
)
def test_numbers_as_the_french_write_them(text: str, decimal: str, figure: float) -> None:
    read = cells.numbers([text], decimal=decimal)
    assert read.status.tolist() == [NUMBER]
    assert read.figures[0] == pytest.approx(figure)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("NaN", "fini"),
        ("inf", "fini"),
        ("-Infinity", "fini"),
        ("9" * 400, "fini"),
        ("8.6E+04", "scientifique"),
        ("#REF!", "formule"),
        ("12 familles (env.)", "texte"),
        ("12 3", "lisible"),
        ("0x10", "texte"),
        ("?", "lisible"),
        ("12,5", "lisible"),
    ],
)
def test_what_is_no_number_is_told(text: str, said: str) -> None:
    read = cells.numbers(["1", text], decimal="")
    assert read.status.tolist() == [NUMBER, BAD]
    assert math.isnan(read.figures[1])
    assert said in read.reasons[1]


def test_blanks_and_markers_are_never_zero() -> None:
    read = cells.numbers(["", " ", "s", "S", "nd", "0"], decimal=",", markers=MARKERS)
    assert read.status.tolist() == [EMPTY, EMPTY, SECRET, SECRET, MISSING, NUMBER]
    assert np.isnan(read.figures[:5]).all()
    assert read.figures[5] == 0


def test_the_mark_of_a_file_is_that_of_all_its_columns() -> None:
    assert cells.common_mark([["1,234"] * 3, ["0,5", "7"]], file="x") == ","
    with pytest.raises(AmbiguousSource):
        cells.common_mark([["1,234"] * 3, ["5"]], file="x")
    late = ["1,234"] * 3_000 + ["0,5"]
    assert cells.common_mark([late], file="x") == ","


@given(st.lists(st.floats(-1e9, 1e9).map(lambda x: round(x, 3)), min_size=1), st.sampled_from([",", "."]))
def test_any_number_comes_back(values: list[float], mark: str) -> None:
    texts = [f"{value:.3f}".replace(".", mark) for value in values]
    read = cells.numbers(texts, decimal=mark)
    assert read.status.tolist() == [NUMBER] * len(values)
    np.testing.assert_allclose(read.figures, values)


@given(st.lists(st.text(max_size=12), min_size=1))
def test_any_text_is_a_finite_number_or_told(texts: list[str]) -> None:
    read = cells.numbers(texts, decimal=",")
    assert np.isfinite(read.figures[read.status == NUMBER]).all()
    assert set(read.reasons) == set(np.flatnonzero(read.status == BAD).tolist())
