from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from ctgeval.errors import AmbiguousSource
from ctgeval.sources import listing
from ctgeval.sources.listing import Sum
from ctgeval.sources.table import Options
from ctgeval.sources.text import read_grid
from ctgeval.sources.tidy import Rejections

Write = Callable[..., Path]


def opened(write: Write, content: str) -> Rejections:
    return Rejections(read_grid(write(content)))


def texts(*cells: str) -> np.ndarray:  # type: ignore[type-arg]
    return np.array(cells, dtype=object)


@given(st.lists(st.integers(2, 60), max_size=40))
def test_lines_are_told_as_ranges_that_hold_them_all(found: list[int]) -> None:
    told = listing.lines(found)
    if "…" in told:
        assert told.endswith(f"({len(set(found))} lignes)")
        return
    spans = [span.partition("-") for span in told.split(", ") if span]
    assert {line for first, _, last in spans for line in range(int(first), int(last or first) + 1)} == set(found)


def test_each_column_of_amounts_has_its_own_decimal_mark(write: Write) -> None:
    rejections = opened(write, 'a,b,c\n"1 234,50",12.5,"1,00 €"\n"2,5",3.75,2 euros\n')
    options = Options()
    assert listing.amounts(rejections, "a", options=options)[0].tolist() == [1234.5, 2.5]
    assert listing.amounts(rejections, "b", options=options)[0].tolist() == [12.5, 3.75]
    assert listing.amounts(rejections, "c", options=options)[0].tolist() == [1, 2]
    assert not rejections.bad.any()


def test_a_doubtful_mark_is_asked_for_and_the_answer_taken(write: Write) -> None:
    content = "a;b\n1.234;x\n5.678;y\n"
    with pytest.raises(AmbiguousSource, match="décimal"):
        listing.amounts(opened(write, content), "a", options=Options())
    assert listing.amounts(opened(write, content), "a", options=Options(decimal=","))[0].tolist() == [1234, 5678]
    assert listing.amounts(opened(write, content), "a", options=Options(decimal="."))[0].tolist() == [1.23, 5.68]


def test_amounts_finer_than_the_cent_are_rounded_and_counted(write: Write) -> None:
    rejections = opened(write, "a\n10.555\n10.25\n0.1\n")
    euros, finer = listing.amounts(rejections, "a", options=Options())
    assert finer == 1
    assert euros.tolist() == pytest.approx([10.56, 10.25, 0.1], abs=0.011)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from("AB"), st.integers(-(10**9), 10**9)), min_size=1, max_size=30))
def test_a_sum_of_cents_is_exact_and_does_not_depend_on_the_order(rows: list[tuple[str, int]]) -> None:
    def total(chosen: list[tuple[str, int]]) -> dict[str, float]:
        grid = _Grid(len(chosen))
        geo = texts(*(f"COM-8600{'1' if place == 'A' else '2'}" for place, _ in chosen))
        observed = listing.summed(
            Rejections(grid),  # type: ignore[arg-type]
            [Sum("subventions_etat_communes", np.array([cents / 100 for _, cents in chosen]))],
            key="k",
            geo=geo,
            periods=texts(*["2024"] * len(chosen)),
            geography=np.full(len(chosen), 2024.0),
        )
        return dict(zip(observed["geo"], observed["value"], strict=True))

    found = total(rows)
    assert found == total(rows[::-1])
    for place, geo in (("A", "COM-86001"), ("B", "COM-86002")):
        cents = [amount for one, amount in rows if one == place]
        if cents:
            assert found[geo] == sum(cents) / 100


class _Grid:
    """Just what a sum needs of a grid."""

    def __init__(self, count: int) -> None:
        self.file, self.sheet, self.lines, self.ragged = "f.csv", "", list(range(2, count + 2)), ()


def test_years_of_a_file_name() -> None:
    assert listing.years_in("liste-fs-20240801.csv") == [2024]
    assert listing.years_in("projets_2018_2019.csv") == [2018, 2019]
    assert listing.years_in("n120180.csv") == []


def test_a_sum_that_lacks_a_faulty_row_is_only_bounded_below(write: Write) -> None:
    rejections = opened(write, "a\n1\n2\n3\n4\n")
    rejections.add(1, "a", "La cellule ne contient pas un nombre lisible.")
    rejections.add(3, "a", "La ligne répète la ligne 2, déjà lue.")
    found = listing.summed(
        rejections,
        [Sum("lieux_france_services")],
        key="k",
        geo=texts("COM-86194", "COM-86194", "COM-86041", "COM-86041"),
        periods=texts("2021", "2021", "2021", "2021"),
        geography=np.full(4, 2021.0),
    ).set_index("geo")
    assert found.loc["COM-86194", ["low", "high"]].tolist() == [1, np.inf]
    assert np.isnan(found.loc["COM-86194", "value"])
    # A repeated row is no loss.
    assert found.loc["COM-86041", ["value", "low", "high"]].tolist() == [1, 1, 1]
