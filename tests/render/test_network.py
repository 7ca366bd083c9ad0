"""The drawing of a network is light, complete, and the same for the same data."""

from __future__ import annotations

import itertools
import re

import pytest
from defusedxml.ElementTree import fromstring

from ctgeval.render import network
from ctgeval.render.network import Node

NODES = [
    Node("Caf de l'Ombrenne", 3, "noyau"),
    Node("Association pour le développement des <b>loisirs</b> & de la culture", 2, "noyau"),
    Node("MSA", 2, "peripherie"),
    Node("UDAF", 1, "peripherie"),
    Node("Habitat", 0, "isole"),
]
LINKS = [(0, 1, 3), (0, 2, 1), (0, 3, 1), (1, 2, 1)]


def test_every_partner_is_named_with_its_links_and_the_isolated_are_apart() -> None:
    drawing = network.draw(NODES, LINKS, alternative="5 organismes et 4 liens", fictional=True)
    places = {
        element.text or "": float(element.get("y", "nan")) for element in fromstring(str(drawing.svg)).iter("text")
    }
    told = " ".join(places).replace("\u00a0", " ")
    assert "Caf de l’Ombrenne (3)" in told
    assert "<b>loisirs</b>" in told
    assert "(2)" in told
    apart = next(y for text, y in places.items() if text.startswith("Sans travail commun"))
    assert places["UDAF\u00a0(1)"] < apart < places["Habitat"]
    assert "ensemble au moins deux fois" in told
    assert drawing.note == ""
    assert drawing == network.draw(NODES, LINKS, alternative="5 organismes et 4 liens", fictional=True)


def test_it_stays_readable_at_320_pixels_and_inside_its_sheet() -> None:
    root = fromstring(str(network.draw(NODES, LINKS, alternative="x", fictional=False).svg))
    _, _, width, height = (float(part) for part in root.get("viewBox", "").split())
    sizes = [float(text.get("font-size", root.get("font-size", "0"))) for text in root.iter("text")]
    assert min(sizes) * 288 / width >= 11
    for text in root.iter("text"):
        assert 0 <= float(text.get("x", "nan")) <= width
        assert 0 <= float(text.get("y", "nan")) <= height
    assert not {element.tag for element in root.iter()} - {"svg", "g", "path", "text"}


def test_the_place_is_told_by_the_shape_and_not_by_the_colour_alone() -> None:
    core = network.draw(NODES[:1], [], alternative="x", fictional=False)
    other = network.draw([Node("Caf de l'Ombrenne", 3, "peripherie")], [], alternative="x", fictional=False)
    shapes = [re.sub(r'(fill|stroke|class)="[^"]*"', "", str(one.svg)) for one in (core, other)]
    assert shapes[0] != shapes[1]


@pytest.mark.parametrize("nodes", [[], NODES[4:], NODES[:1]])
def test_few_partners_are_drawn_too(nodes: list[Node]) -> None:
    assert "<svg" in network.draw(nodes, [], alternative="x", fictional=False).svg


def test_a_large_network_keeps_its_heaviest_links_and_says_so() -> None:
    nodes = [Node(f"Organisme {rank}", 59, "peripherie") for rank in range(60)]
    links = [(a, b, 1 + (a == 0)) for a, b in itertools.combinations(range(60), 2)]
    drawing = network.draw(nodes, links, alternative="x", fictional=False)
    assert "40 organismes et 160 liens" in drawing.note.replace("\u00a0", " ")
    assert len(drawing.svg) < 12_000
    assert "Organisme 39" in drawing.svg
    assert "Organisme 40" not in drawing.svg
