"""Blocks as small as may be, and counts as sums of atoms."""

from __future__ import annotations

import datetime as dt

from ctgeval.confidentiality.grounds import Grounds
from ctgeval.confidentiality.result_blocks import Block, Known, blocks
from ctgeval.confidentiality.result_cells import Sums
from ctgeval.confidentiality.row_counts import Key

FLOW, STOCK, NEVER = Sums(True, True, True), Sums(True, False, True), Sums(False, False, False)
SUMS = {"births": FLOW, "children": STOCK, "pupils": STOCK, "median": NEVER}
GROUNDS = Grounds({"EPCI": ("a", "b", "c")})


def key(measure: str, geo: str, first: str, last: str, *, sexe: str = "") -> Key:
    days = dt.date.fromisoformat(first).toordinal(), dt.date.fromisoformat(last).toordinal()
    return Key(((1, measure),), GROUNDS.of(geo), days, (sexe, ""))


def year(measure: str, geo: str, number: int, **more: str) -> Key:
    return key(measure, geo, f"{number}-01-01", f"{number}-12-31", **more)


def cut(*keys: Key, pairs: tuple[tuple[Key, Key], ...] = (), known: tuple[Known, ...] = ()) -> list[Block]:
    return list(blocks(keys, pairs, known=known, sums=SUMS, grounds=GROUNDS))


def atoms(block: Block, one: Key) -> set[object]:
    return {atom for atom, _ in block.atoms[one]}


def test_years_and_measures_are_apart_when_nothing_binds_them() -> None:
    assert len(cut(year("births", "a", 2023), year("births", "a", 2024), year("children", "a", 2024))) == 3


def test_part_and_whole_of_a_share_are_together() -> None:
    part, whole = year("pupils", "a", 2024), year("children", "a", 2024)
    assert len(cut(part, whole, pairs=((part, whole),))) == 1


def test_year_is_the_sum_of_its_half_years_and_epci_of_its_communes() -> None:
    whole, half = year("births", "EPCI", 2024), key("births", "EPCI", "2024-01-01", "2024-06-30")
    one = year("births", "a", 2024)
    (block,) = cut(whole, half, one)
    assert atoms(block, half) | atoms(block, one) < atoms(block, whole)
    assert len(atoms(block, whole)) == 4
    assert len(atoms(block, half) & atoms(block, one)) == 1


def test_stocks_of_two_dates_and_medians_of_two_places_are_not_summed() -> None:
    assert len(cut(year("children", "a", 2023), year("children", "a", 2024))) == 2
    (block,) = cut(year("median", "EPCI", 2024), year("median", "a", 2024))
    assert atoms(block, year("median", "EPCI", 2024)).isdisjoint(atoms(block, year("median", "a", 2024)))


def test_total_has_what_its_categories_leave() -> None:
    every, women = year("births", "a", 2024), year("births", "a", 2024, sexe="F")
    (block,) = cut(every, women)
    assert atoms(block, women) < atoms(block, every)
    assert len(atoms(block, every)) == 2


def test_what_an_earlier_release_tells_cuts_the_grounds_too() -> None:
    whole, former = year("births", "EPCI", 2024), year("births", "a", 2024)
    (alone,) = cut(whole)
    (block,) = cut(whole, known=(Known(((former, 1.0),), 3.0, 3.0),))
    assert (len(alone.atoms[whole]), len(block.atoms[whole])) == (1, 2)
    assert block.known
    # And what it tells of something that the table does not count is nobody's block.
    assert not cut(known=(Known(((former, 1.0),), 3.0, 3.0),))
