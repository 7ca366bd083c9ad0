"""Networks made by hand give the densities, the groups, the core and the betweenness that were counted on paper."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from ctgeval.programme import network
from ctgeval.programme.network import Network, build, change


def test_a_network_of_five_partners_has_the_density_counted_by_hand() -> None:
    # Two occasions: {a, b, c} gives ab, ac, bc; {c, d} gives cd: 4 pairs of the 5 x 4 / 2 = 10 possible, 40 %.
    found = build("abcde", [["a", "b", "c"], ["c", "d"]])
    assert (found.pairs, found.possible) == (4, 10)
    assert found.density == pytest.approx(0.4)
    assert found.isolated == ("e",)
    assert list(found.degrees) == [2, 2, 3, 1, 0]
    # One more occasion for d and e: 5 pairs of 10.
    assert build("abcde", [["a", "b", "c"], ["c", "d"], ["d", "e"]]).density == pytest.approx(0.5)


def test_working_together_twice_is_a_heavier_link_and_not_another_one() -> None:
    found = build((), [["a", "b"], ["a", "b", "c"], ["a", "a", "b"]])
    assert found.links == {("a", "b"): 3, ("a", "c"): 1, ("b", "c"): 1}
    assert list(found.strengths) == [4, 4, 2]
    assert found.density == 1.0


@pytest.mark.parametrize("nodes", ["", "a"])
def test_under_two_partners_the_density_is_not_defined_and_says_why(nodes: str) -> None:
    found = build(nodes, [list(nodes)])
    assert math.isnan(found.density)
    assert "deux partenaires" in found.reason
    assert (found.pairs, found.core, len(found.components)) == (0, frozenset(), len(nodes))
    assert len(found.table()) == len(nodes)


def test_two_partners_are_linked_or_not() -> None:
    apart, together = build("ab", []), build("ab", [["a", "b"]])
    assert (apart.density, apart.reason, apart.isolated, apart.core) == (0.0, "", ("a", "b"), frozenset())
    assert (together.density, together.isolated) == (1.0, ())
    assert together.core == {"a", "b"}


def test_groups_that_nobody_links_are_told_the_largest_first() -> None:
    found = build("z", [["a", "b"], ["c", "d"], ["d", "e"]])
    assert dict(zip(found.nodes, found.components, strict=True)) == {"a": 1, "b": 1, "c": 0, "d": 0, "e": 0, "z": 2}


def test_betweenness_of_a_chain_and_of_a_star() -> None:
    # a - b - c - d: of the 3 pairs without b (ac, ad, cd), ac and ad go through b: 2 / 3; the ends are between nobody.
    chain = build((), [["a", "b"], ["b", "c"], ["c", "d"]])
    assert chain.betweenness == pytest.approx([0, 2 / 3, 2 / 3, 0])
    star = build((), [["a", leaf] for leaf in "bcde"])
    assert star.betweenness == pytest.approx([1, 0, 0, 0, 0])
    # a square: ac has two shortest ways, one through b, one through d: each is on half of one pair of its 3.
    square = build((), [["a", "b"], ["b", "c"], ["c", "d"], ["d", "a"]])
    assert square.betweenness == pytest.approx([1 / 6] * 4)


def test_the_core_of_known_shapes() -> None:
    star = build((), [["a", leaf] for leaf in "bcde"])
    assert star.core == {"a"}
    assert star.place("b") == network.PERIPHERY
    # Triangle a b c, each with a partner of its own: no error with the triangle as core.
    assert build("z", [["a", "b", "c"], ["a", "d"], ["b", "e"], ["c", "f"]]).core == {"a", "b", "c"}
    assert build((), [list("abcd")]).core == set("abcd")
    ring = build((), [["a", "b"], ["b", "c"], ["c", "d"], ["d", "e"], ["e", "a"]])
    assert ring.core == frozenset(), "nobody differs from the others"


def test_change_between_two_years() -> None:
    before = build("abcde", [["a", "b"], ["b", "c"]])
    after = build("abcde", [["a", "b"], ["a", "d"]])
    found = change(before, after)
    assert (found.joined, found.left) == (("d",), ("c",))
    assert (found.gained, found.lost) == ((("a", "d"),), (("b", "c"),))


NAMES = "abcdefg"
OCCASIONS = st.lists(st.lists(st.sampled_from(NAMES), max_size=5), max_size=8)


def errors(found: Network, chosen: set[str]) -> int:
    links = set(found.links)
    inside = sum(pair not in links for pair in itertools.combinations(sorted(chosen), 2))
    return inside + sum(not chosen & set(pair) for pair in links)


@settings(deadline=None)
@given(OCCASIONS)
def test_no_other_core_of_partners_alike_makes_fewer_errors(occasions: list[list[str]]) -> None:
    found = build(NAMES, occasions)
    kinds = dict(zip(found.nodes, zip(found.degrees, found.strengths, strict=True), strict=True))
    classes = [[node for node in found.nodes if kinds[node] == kind] for kind in sorted(set(kinds.values()))]
    least = min(
        errors(found, {node for group in picked for node in group})
        for count in range(len(classes) + 1)
        for picked in itertools.combinations(classes, count)
    )
    assert errors(found, set(found.core)) == least


@settings(deadline=None)
@given(OCCASIONS)
def test_betweenness_is_that_of_ways_counted_one_by_one(occasions: list[list[str]]) -> None:
    found = build(NAMES, occasions)
    links = {node: {other for pair in found.links for other in pair if node in pair} - {node} for node in NAMES}
    counted = dict.fromkeys(NAMES, 0.0)
    for first, last in itertools.combinations(NAMES, 2):
        ways, shortest = [[first]], []
        while ways and not shortest:
            shortest = [way for way in ways if way[-1] == last]
            ways = [[*way, node] for way in ways for node in sorted(links[way[-1]]) if node not in way]
        for way in shortest:
            for node in way[1:-1]:
                counted[node] += 1 / len(shortest)
    assert found.betweenness == pytest.approx([counted[node] / 15 for node in NAMES])


@settings(deadline=None)
@given(OCCASIONS, st.permutations(NAMES))
def test_nothing_depends_on_the_names_nor_on_the_order(occasions: list[list[str]], other: list[str]) -> None:
    renamed = dict(zip(NAMES, other, strict=True))
    first = build(NAMES, occasions)
    second = build(NAMES, [[renamed[node] for node in group] for group in reversed(occasions)])
    assert first.density == second.density
    assert {renamed[node] for node in first.core} == second.core
    assert {renamed[node] for node in first.isolated} == set(second.isolated)


@settings(deadline=None)
@given(OCCASIONS, st.sampled_from(NAMES), st.sampled_from(NAMES))
def test_a_link_more_never_lowers_the_density(occasions: list[list[str]], first: str, second: str) -> None:
    before, after = build(NAMES, occasions), build(NAMES, [*occasions, [first, second]])
    new = first != second and tuple(sorted((first, second))) not in before.links
    assert after.pairs == before.pairs + new
    assert (change(before, after).gained == ()) is not new
    assert np.array_equal(after.weights.toarray(), after.weights.toarray().T)
    assert not after.weights.diagonal().any()
