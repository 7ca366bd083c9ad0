from __future__ import annotations

import pytest

from ctgeval.errors import AmbiguousSource, SourceError
from ctgeval.sources import dialect


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
def test_the_separator_is_found(separator: str) -> None:
    content = "\n".join(separator.join(row) for row in (("a", "b", "c"), ("1", "2", "3"), ("4", "5", "6")))
    assert dialect.separator_of(content, file="x.csv") == separator


def test_a_decimal_comma_does_not_pass_for_a_separator() -> None:
    assert dialect.separator_of("code;nom, libellé;part\n1;a;2,5\n2;b;3,5\n", file="x.csv") == ";"


def test_two_possible_separators_are_asked() -> None:
    content = "a;b,c\n1;x,y\n4;z,t\n"
    with pytest.raises(AmbiguousSource) as caught:
        dialect.separator_of(content, file="x.csv")
    assert caught.value.problem.key == "separateur"
    assert dialect.separator_of(content, file="x.csv", separator="virgule") == ","
    with pytest.raises(SourceError, match="séparateur"):
        dialect.separator_of(content, file="x.csv", separator="!")


@pytest.mark.parametrize(
    ("cells", "mark"),
    [
        (["12", "0"], ""),
        (["12,5", "1,234"], ","),
        (["12.5", "1.234"], "."),
        (["0,266"], ","),
        (["1.234,5"], ","),
        (["1,234.5"], "."),
        (["1.234.567"], ","),
        ([f"{n}.5" for n in range(40)] + ["3,5"], "."),
    ],
)
def test_the_decimal_mark_is_found(cells: list[str], mark: str) -> None:
    assert dialect.decimal_mark(cells, file="x.csv") == mark


@pytest.mark.parametrize("cells", [["1,234", "5,678"], ["1.234"], ["12,5", "12.5"]])
def test_an_ambiguous_decimal_mark_is_asked(cells: list[str]) -> None:
    with pytest.raises(AmbiguousSource) as caught:
        dialect.decimal_mark(cells, file="x.csv")
    assert caught.value.problem.key == "decimale"
    assert 'decimale = ","' in caught.value.problem.remedy
    assert dialect.decimal_mark(cells, file="x.csv", decimal="virgule") == ","
    with pytest.raises(SourceError, match="décimal"):
        dialect.decimal_mark(cells, file="x.csv", decimal="x")
