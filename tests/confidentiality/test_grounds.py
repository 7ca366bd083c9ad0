"""Grounds in the finest communes known, and the pieces that they cut each other into."""

from __future__ import annotations

from ctgeval.confidentiality.grounds import Grounds
from ctgeval.territory.pieces import pieces
from ctgeval.territory.reference import load

MARGINS = {"EPCI": ("GRP", "c", "d"), "GRP": ("a", "b"), "OTHER": ("b", "c")}


def test_parts_of_parts_are_followed_and_a_commune_is_itself() -> None:
    grounds = Grounds(MARGINS)
    assert grounds.leaves("EPCI") == {"a", "b", "c", "d"}
    assert grounds.leaves("a") == {"a"}
    assert Grounds({"x": ("x", "y"), "y": ("x",)}).leaves("x") == frozenset()


def test_zonings_that_do_not_nest_are_sums_of_the_same_pieces() -> None:
    grounds = Grounds(MARGINS)
    numbers = {geo: grounds.of(geo) for geo in ("EPCI", "GRP", "OTHER")}
    cut = grounds.pieces(frozenset(numbers.values()))
    whole, group, other = (set(cut[numbers[geo]]) for geo in ("EPCI", "GRP", "OTHER"))
    assert len(whole) == 4
    assert len(group & other) == 1
    assert whole > group | other


def test_communes_that_nothing_tells_apart_are_one_piece() -> None:
    grounds = Grounds({"EPCI": [f"c{number}" for number in range(50)]})
    cut = grounds.pieces(frozenset({grounds.of("EPCI"), grounds.of("c7")}))
    assert [len(cut[grounds.of(geo)]) for geo in ("EPCI", "c7")] == [2, 1]


def test_same_ground_under_two_names_is_one() -> None:
    grounds = Grounds({"EPCI": ("a", "b"), "GRP": ("b", "a")})
    assert grounds.of("EPCI") == grounds.of("GRP")


def test_commune_nouvelle_is_made_of_its_former_communes() -> None:
    reference = load()
    found = pieces(reference, 2024)
    merged, parts = next(
        (commune, parts) for commune, parts in found.items() if len(parts) > 2 and ">" not in str(parts)
    )
    assert Grounds({}, found).leaves(merged) == set(parts)
    # The larger one, whose code it bears, is only one of them.
    assert {merged} < set(parts) or merged not in parts
    assert all(commune not in found or found[commune] != (commune,) for commune in found)


def test_every_former_commune_is_in_one_commune_only() -> None:
    found = pieces(load(), 2024)
    every = [part for parts in found.values() for part in parts]
    assert len(every) == len(set(every))
