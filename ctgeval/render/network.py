"""The drawing of a network of partners: their names one under the other, and an arc between those who work together.

A list of names with arcs beside it stays readable on a telephone, where names around a circle would cover one another;
the place of each depends on its number of links alone, so that the same data give the same drawing.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.patches import PathPatch
from matplotlib.path import Path

from ctgeval import french
from ctgeval.render import svg, theme, wording
from ctgeval.render.canvas import Canvas, Drawing, themed

__all__ = ["MOST_LINKS", "MOST_NODES", "Node", "draw"]

MOST_NODES = 40
MOST_LINKS = 160
CORE, APART = "noyau", "isole"
Link = tuple[int, int, int]
"""Ranks of two nodes, and the weight of their link."""

_AXIS = 138
"""Where the nodes stand; arcs are on their left, names on their right."""
_LINE, _GAP = 19, 7
_MARKS = {CORE: "s", "peripherie": "o", APART: "o"}


@dataclass(frozen=True, slots=True)
class Node:
    """One partner: its name, its number of links, and its place (``noyau``, ``peripherie`` or ``isole``)."""

    label: str
    links: int
    place: str


@themed
def draw(nodes: Sequence[Node], links: Sequence[Link], *, alternative: str, fictional: bool) -> Drawing:
    """Draw a network.

    Parameters
    ----------
    nodes : sequence of Node
        The most linked first; the isolated ones are set apart at the end. At most `MOST_NODES` are drawn.
    links : sequence of (int, int, int)
        Ranks of both ends in ``nodes``, and weight. At most `MOST_LINKS` are drawn, the heaviest ones.
    alternative : str
        What the drawing shows, computed from the same data.
    fictional : bool
        Write on the figure that its values are invented.
    """
    linked = [rank for rank, node in enumerate(nodes) if node.place != APART][:MOST_NODES]
    apart = [rank for rank, node in enumerate(nodes) if node.place == APART][: MOST_NODES - len(linked)]
    labels = {rank: _wrapped(nodes[rank]) for rank in [*linked, *apart]}
    legend = _legend(nodes, links)
    height = sum(len(label) * _LINE + _GAP for label in labels.values()) + 30 * bool(apart) + 24 * len(legend) + 14
    canvas = Canvas(height, fictional=fictional)
    places: dict[int, float] = {}
    top = 4.0
    for rank in linked:
        places[rank] = top + 10
        top += len(labels[rank]) * _LINE + _GAP
    if apart:
        canvas.write(0, top + 20, wording.say("apart", table="reseau"), size=theme.SMALL, colour=theme.MUTED)
        top += 30
    for rank in apart:
        places[rank] = top + 10
        top += len(labels[rank]) * _LINE + _GAP
    kept = sorted((link for link in links if {*link[:2]} <= places.keys()), key=lambda one: (-one[2], one))[:MOST_LINKS]
    reach = max((places[rank] for rank in linked), default=1.0)
    _arcs(canvas, [link for link in kept if link[2] == 1], places, reach, colour=theme.FAINT, width=1.0)
    _arcs(canvas, [link for link in kept if link[2] > 1], places, reach, colour=theme.SERIES[0], width=1.8)
    for rank, label in labels.items():
        _mark(canvas, _AXIS, places[rank], nodes[rank])
        for line, text in enumerate(label):
            weight = "bold" if nodes[rank].place == CORE else "normal"
            canvas.write(_AXIS + 18, places[rank] + 5 + line * _LINE, text, size=theme.SMALL, weight=weight)
    _write_legend(canvas, legend, top + 8)
    return Drawing(svg.inline(canvas.figure, alternative=alternative), alternative, _left_out(nodes, links, kept))


def _wrapped(node: Node) -> list[str]:
    name = textwrap.shorten(node.label, 70, placeholder=" …")
    text = f"{name} ({node.links})" if node.links else name
    # The number of links stays with the last word.
    glued = french.NBSP.join(text.rsplit(" ", 1)) if node.links else text
    return textwrap.wrap(glued, 28, max_lines=3, placeholder=" …", break_on_hyphens=False) or [""]


def _arcs(
    canvas: Canvas, links: Sequence[Link], places: dict[int, float], reach: float, *, colour: str, width: float
) -> None:
    if not links:
        return
    points: list[tuple[float, float]] = []
    codes: list[Any] = []
    for first, last, _ in links:
        start, end = sorted((places[first], places[last]))
        # The square root keeps near neighbours apart without sending far ones out of the sheet.
        bend = _AXIS - (_AXIS - 4) * 4 / 3 * ((end - start) / reach) ** 0.5
        points += [(_AXIS, start), (bend, start), (bend, end), (_AXIS, end)]
        codes += [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4]
    canvas.sheet.add_patch(PathPatch(Path(points, codes), facecolor="none", edgecolor=colour, linewidth=width))


def _mark(canvas: Canvas, x: float, y: float, node: Node) -> None:
    size = 7 + 2 * min(node.links, 36) ** 0.5
    hollow = node.place == APART
    canvas.sheet.plot(
        [x], [y], marker=_MARKS.get(node.place, "o"), markersize=size, markeredgewidth=1.5 if hollow else 1,
        color=theme.PAPER if hollow else theme.SERIES[0 if node.place == CORE else 1],
        markeredgecolor=theme.MUTED if hollow else theme.PAPER,
    )  # fmt: skip


def _legend(nodes: Sequence[Node], links: Sequence[Link]) -> list[tuple[str, str]]:
    """Return what each mark that is used means."""
    places = {node.place for node in nodes}
    used = [place for place in (CORE, "peripherie") if place in places]
    weights = {min(weight, 2) for _, _, weight in links}
    used += [name for name, weight in (("repete", 2), ("unique", 1)) if weight in weights]
    return [(name, wording.say(name, table="reseau")) for name in used]


def _write_legend(canvas: Canvas, legend: Sequence[tuple[str, str]], top: float) -> None:
    for rank, (name, text) in enumerate(legend):
        middle = top + 12 + 24 * rank
        if name in _MARKS:
            _mark(canvas, 14, middle, Node("", 6, name))
        else:
            colour, width = (theme.SERIES[0], 1.8) if name == "repete" else (theme.FAINT, 1.0)
            canvas.sheet.plot([2, 26], [middle, middle], color=colour, linewidth=width)
        canvas.write(36, middle + 5, text, size=theme.SMALL)


def _left_out(nodes: Sequence[Node], links: Sequence[Link], kept: Sequence[Link]) -> str:
    if len(kept) == len(links) and len(nodes) <= MOST_NODES:
        return ""
    values = {
        "organismes": french.plural(min(len(nodes), MOST_NODES), "organisme"),
        "liens": french.plural(len(kept), "lien"),
        "total": french.plural(len(links), "lien"),
    }
    return wording.say("extrait", values, table="reseau")
