"""Maps of territories in SVG: classes told in words, hatching for what is not shown, no tile and no network.

A map is written here as text: its shapes are paths, its hatching is made of strokes cut at the borders, so that no
identifier and no style is needed, as in every other figure.
"""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from markupsafe import Markup, escape

from ctgeval import french
from ctgeval.render import theme, wording
from ctgeval.render.canvas import CHARACTER, ROW, Drawing
from ctgeval.territory.contours import Contours, dissolve
from ctgeval.territory.outlines import Polygons, Ring
from ctgeval.territory.simplification import simplified

__all__ = ["Area", "Class", "choropleth", "classes"]

Mark = Literal["", "masque", "absent", "borne"]
Method = Literal["quantiles", "egales"]

MOST_CLASSES = len(theme.SEQUENTIAL)
_TALLEST = 460
_ERROR = 0.8
"""How far a border may be drawn from its place, in units of the figure."""
_GAP = 6.0
_SWATCH = (26, 15)
_BEFORE_POINT = re.compile(r"(?<=\.\d) (?=\.)")
_LINE = 38
"""Characters of a line of the legend."""


@dataclass(frozen=True, slots=True)
class Area:
    """What a territory of the map is worth.

    Parameters
    ----------
    geo, name : str
        Code and name.
    value : float
        NaN when there is none to show.
    text : str
        The value as a reader sees it.
    mark : {"", "masque", "absent", "borne"}
        Why there is no value: not to be shown, not known, known between two bounds only.
    """

    geo: str
    name: str
    value: float
    text: str
    mark: Mark = ""


@dataclass(frozen=True, slots=True)
class Class:
    """A class of values: its least and its greatest area, and the codes in it."""

    low: Area
    high: Area
    geos: tuple[str, ...]


def classes(
    areas: Iterable[Area], *, method: Method | Sequence[float] = "quantiles", zero: bool = False
) -> tuple[Class, ...]:
    """Put the areas that have a value in at most five classes, in the order of values; none is empty.

    Parameters
    ----------
    areas : iterable of Area
    method : {"quantiles", "egales"} or sequence of float
        As many areas in each class, classes of the same width, or the given limits (each is the least of its class).
    zero : bool
        Whether no class holds both negative and positive values.
    """
    known = sorted((area for area in areas if math.isfinite(area.value)), key=lambda area: (area.value, area.geo))
    if not known:
        return ()
    values = np.array([area.value for area in known])
    limits = _limits(values, method, zero=zero)
    ranks = np.searchsorted(limits, values, side="right")
    groups = [[known[place] for place in np.flatnonzero(ranks == rank)] for rank in np.unique(ranks)]
    return tuple(Class(group[0], group[-1], tuple(area.geo for area in group)) for group in groups)


def _limits(values: npt.NDArray[np.float64], method: Method | Sequence[float], *, zero: bool) -> Ring:
    if not isinstance(method, str):
        return np.unique(np.asarray(method, dtype=np.float64))
    astride = zero and values[0] < 0 < values[-1]
    count = min(MOST_CLASSES - astride, len(np.unique(values)))
    shares = np.arange(1, count) / count
    if method == "egales":
        found = values[0] + (values[-1] - values[0]) * shares
    else:
        # A limit is a value that is there: classes differ by what a reader can see.
        found = np.quantile(values, shares, method="higher")
    return np.unique([*found, 0.0] if astride else found)


def choropleth(
    contours: Contours,
    areas: Sequence[Area],
    *,
    what: str,
    unit: str = "",
    noun: tuple[str, str] = ("commune", "communes"),
    method: Method | Sequence[float] = "quantiles",
    zero: bool = False,
    fictional: bool = False,
) -> Drawing:
    """Draw a map whose territories are filled by class of value.

    Parameters
    ----------
    contours : Contours
        Of the territories to draw; those that have no area are drawn as not known, and told.
    areas : sequence of Area
        What each one is worth: rows of a release, already protected.
    what : str
        What is shown and when, as the alternative says it.
    unit : str
        Written once above the legend.
    noun : (str, str)
        What a territory is called, in the singular and the plural.
    method, zero
        See `classes`.
    fictional : bool
        Write on the figure that its values are invented.

    Returns
    -------
    Drawing
        The projection is equirectangular at the mean latitude; shared borders are simplified once, and stay shared.
    """
    by_geo = {area.geo: area for area in areas if area.geo in contours.shapes}
    lone = [Area(geo, geo, math.nan, "", "absent") for geo in contours.shapes if geo not in by_geo]
    shown = [*by_geo.values(), *lone]
    found = classes(shown, method=method, zero=zero)
    sheet = _Sheet(contours)
    parts = [sheet.fill(one.geos, f"f-seq-{rank}") for rank, one in enumerate(_spread(found), start=1) if one]
    for mark in ("masque", "absent", "borne"):
        marked = [area.geo for area in shown if area.mark == mark and not math.isfinite(area.value)]
        if marked:
            parts += [sheet.fill(marked, "f-paper"), _hatched(sheet.polygons(marked), mark)]
    parts.append(sheet.outline())
    parts += _labels(sheet, found)
    legend, height = _legend(found, shown, sheet.height + 12, unit=unit, noun=noun)
    if fictional:
        height += ROW
        legend.append(_text(0, height - 8, wording.say("fictif"), css="f-muted"))
    alternative = _alternative(found, shown, what, noun)
    svg = Markup('<svg class="fig" role="img" font-size="{}" viewBox="0 0 {} {}" aria-label="{}">{}</svg>').format(
        theme.SMALL, theme.WIDTH, _number(height), alternative, Markup("".join([*parts, *legend]))
    )
    return Drawing(svg, alternative, _note(method, found))


def _spread(found: Sequence[Class]) -> list[Class | None]:
    """Return the classes at their rank among the five tones: few classes still go from the lightest to the darkest."""
    tones: list[Class | None] = [None] * MOST_CLASSES
    for rank, one in enumerate(found):
        tones[_tone(rank, len(found))] = one
    return tones


def _tone(rank: int, count: int) -> int:
    return round(rank * (MOST_CLASSES - 1) / (count - 1)) if count > 1 else MOST_CLASSES // 2


class _Sheet:
    """The contours in the units of the figure, measured from the top left corner."""

    def __init__(self, contours: Contours) -> None:
        points = np.concatenate([ring for shape in contours.shapes.values() for one in shape for ring in one])
        (west, south), (east, north) = points.min(axis=0), points.max(axis=0)
        self._narrow = math.cos(math.radians((south + north) / 2))
        width, height = max((east - west) * self._narrow, 1e-9), max(north - south, 1e-9)
        self._scale = min((theme.WIDTH - 2) / width, _TALLEST / height)
        self._corner = (west - (theme.WIDTH / self._scale - width) / 2 / self._narrow, north)
        self.height = height * self._scale + 2
        self._contours = simplified(contours, _ERROR / self._scale)
        self._placed = {geo: self._place(shape) for geo, shape in self._contours.shapes.items()}

    def _place(self, shape: Polygons) -> Polygons:
        west, north = self._corner
        scale = [self._narrow * self._scale, -self._scale]
        return tuple(tuple((ring - [west, north]) * scale + [0, 1] for ring in polygon) for polygon in shape)

    def polygons(self, geos: Iterable[str]) -> list[Ring]:
        """Return the rings of some territories."""
        return [ring for geo in geos for polygon in self._placed[geo] for ring in polygon]

    def fill(self, geos: Iterable[str], css: str) -> str:
        """Return some territories as one filled path, each with its border."""
        return _path(self.polygons(geos), css, fill=_COLOURS[css])

    def outline(self) -> str:
        """Return the border of the whole, thicker."""
        whole = dissolve(self._contours, dict.fromkeys(self._contours.shapes, "GRP-carte")).shapes["GRP-carte"]
        rings = [ring for polygon in self._place(whole) for ring in polygon]
        return _stroked("".join(_drawn(ring) for ring in rings), theme.INK, 1.4)

    def label(self, geo: str, half: float) -> tuple[float, float]:
        """Return the middle of the baseline of a name: inside its territory when it is wide enough, else above it."""
        ring = max((polygon[0] for polygon in self._placed[geo]), key=lambda one: float(np.ptp(one[:, 0])))
        top, bottom = float(ring[:, 1].min()), float(ring[:, 1].max())
        spans = _inside([ring], (top + bottom) / 2)
        left, right = max(spans, key=lambda span: span[1] - span[0]) if spans else (ring[0, 0], ring[0, 0])
        x = min(max(float(left + right) / 2, half), theme.WIDTH - half)
        if right - left > 1.6 * half and bottom - top > 2.5 * theme.SMALL:
            return x, (top + bottom) / 2 + 5
        return x, top - 5 if top > 1.5 * theme.SMALL else bottom + theme.SMALL


_COLOURS: Mapping[str, str] = {
    "f-paper": theme.PAPER,
    **{f"f-seq-{rank}": colour for rank, colour in enumerate(theme.SEQUENTIAL, start=1)},
}


def _path(rings: Sequence[Ring], css: str, *, fill: str) -> str:
    return (
        f'<path d="{"".join(_drawn(ring) for ring in rings)}" fill="{fill}" fill-rule="evenodd" '
        f'stroke="{theme.MUTED}" stroke-width=".6" stroke-linejoin="round" class="{css} s-muted"/>'
    )


def _stroked(outline: str, colour: str, width: float) -> str:
    name = theme.NAMES[colour]
    return (
        f'<path d="{outline}" fill="none" stroke="{colour}" stroke-width="{width:g}" stroke-linejoin="round" '
        f'class="s-{name}"/>'
    )


def _drawn(ring: Ring) -> str:
    """Write a ring with relative steps of a tenth of a unit: their roundings do not add up."""
    tenths = np.round(ring * 10).astype(np.int64)
    steps = np.diff(tenths, axis=0)
    moved = steps[(steps != 0).any(axis=1)]
    return f"M{_pair(tenths[0])}l{_joined(moved)}z" if len(moved) else ""


def _pair(tenths: npt.NDArray[np.int64]) -> str:
    return f"{_number(tenths[0] / 10)} {_number(tenths[1] / 10)}"


def _joined(steps: npt.NDArray[np.int64]) -> str:
    # A minus sign, or the point of a number that follows a decimal, separates as well as a space.
    return _BEFORE_POINT.sub("", " ".join(_pair(step) for step in steps).replace(" -", "-"))


def _number(value: float) -> str:
    text = f"{value:.1f}".removesuffix(".0")
    return (
        text.replace("0.", ".", 1)
        if text.startswith(("0.", "-0."))
        else text.replace("-0", "0", 1)
        if text == "-0"
        else text
    )


def _hatched(rings: Sequence[Ring], mark: str) -> str:
    """Return the hatching of some territories: oblique lines, dots or level lines, cut at the borders."""
    if mark == "absent":
        return _dotted(rings)
    angle = math.radians(45 if mark == "masque" else 0)
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    turned = [ring @ turn for ring in rings]
    drawn = []
    for y in _levels(turned):
        for left, right in _inside(turned, y):
            (x1, y1), (x2, y2) = (np.array([x, y]) @ turn.T for x in (left, right))
            drawn.append(f"M{_number(x1)} {_number(y1)}L{_number(x2)} {_number(y2)}".replace(" -", "-"))
    return _stroked("".join(drawn), theme.MUTED, 1.2)


def _dotted(rings: Sequence[Ring]) -> str:
    drawn = []
    for rank, y in enumerate(_levels(rings)):
        shift = _GAP / 2 if rank % 2 else 0.0
        for left, right in _inside(rings, y):
            first = math.ceil((left + 1 - shift) / _GAP)
            drawn += [
                f"M{_number(x * _GAP + shift - 0.8)} {_number(y - 0.8)}h1.6v1.6h-1.6z"
                for x in range(first, math.floor((right - 1 - shift) / _GAP) + 1)
            ]
    return f'<path d="{"".join(drawn)}" fill="{theme.MUTED}" class="f-muted"/>'


def _levels(rings: Sequence[Ring]) -> list[float]:
    low, high = min(ring[:, 1].min() for ring in rings), max(ring[:, 1].max() for ring in rings)
    return [rank * _GAP for rank in range(math.ceil(low / _GAP), math.floor(high / _GAP) + 1)]


def _inside(rings: Sequence[Ring], y: float) -> list[tuple[float, float]]:
    """Return the stretches of a level line that lie inside some rings."""
    found: list[float] = []
    for ring in rings:
        x, height = ring[:, 0], ring[:, 1]
        next_x, next_height = np.roll(x, -1), np.roll(height, -1)
        crossed = (height > y) != (next_height > y)
        ratio = (y - height[crossed]) / (next_height[crossed] - height[crossed])
        found += (x[crossed] + ratio * (next_x[crossed] - x[crossed])).tolist()
    found.sort()
    return [(left, right) for left, right in zip(found[::2], found[1::2], strict=False) if right - left > 0.2]


def _labels(sheet: _Sheet, found: Sequence[Class]) -> list[str]:
    """Return the names of the territories of the least and of the greatest value, where both can be read."""
    if not found:
        return []
    ends = list({area.geo: area for area in (found[-1].high, found[0].low)}.values())
    placed: list[tuple[float, float, float]] = []
    drawn = []
    for area in ends:
        name = textwrap.shorten(area.name, 24, placeholder=" …")
        half = len(name) * CHARACTER * 0.56
        x, y = sheet.label(area.geo, half)
        if any(abs(y - other_y) < ROW and abs(x - other_x) < half + other for other_x, other_y, other in placed):
            continue
        placed.append((x, y, half))
        halo = f' stroke="{theme.PAPER}" stroke-width="4" stroke-linejoin="round"'
        drawn.append(_text(x, y, name, css="s-paper", more=f' text-anchor="middle" font-weight="bold"{halo}'))
        drawn.append(_text(x, y, name, more=' text-anchor="middle" font-weight="bold"'))
    return drawn


def _text(x: float, y: float, text: str, *, css: str = "", more: str = "") -> str:
    paint = f' fill="{theme.MUTED}"' if css == "f-muted" else ""
    name = f' class="{css}"' if css else ""
    return f'<text x="{_number(x)}" y="{_number(y)}"{more}{paint}{name}>{escape(french.typography(text))}</text>'


def _legend(
    found: Sequence[Class], shown: Sequence[Area], top: float, *, unit: str, noun: tuple[str, str]
) -> tuple[list[str], float]:
    """Return the legend and where it ends: a swatch and a line of words for each class, then for each mark."""
    drawn: list[str] = []
    width, height = _SWATCH
    if unit:
        top += ROW
        drawn.append(_text(0, top - 8, french.typography(unit), css="f-muted"))
    rows: list[tuple[str, str]] = []
    for rank, one in enumerate(found):
        css = f"f-seq-{_tone(rank, len(found)) + 1}"
        rows.append((css, f"{_span(one)} : {french.plural(len(one.geos), *noun)}"))
    for mark in ("borne", "masque", "absent"):
        count = sum(area.mark == mark and not math.isfinite(area.value) for area in shown)
        if count:
            rows.append((mark, f"{wording.word('cartes', mark)} : {french.plural(count, *noun)}"))
    for css, text in rows:
        box = np.array([[0.5, top], [width, top], [width, top + height], [0.5, top + height]])
        drawn.append(_path([box], css if css in _COLOURS else "f-paper", fill=_COLOURS.get(css, theme.PAPER)))
        if css not in _COLOURS:
            drawn.append(_hatched([box], css))
        for line in textwrap.wrap(french.typography(text), _LINE, break_on_hyphens=False):
            drawn.append(_text(width + 10, top + 13, line))
            top += ROW
    return drawn, top + 2


def _span(one: Class) -> str:
    return one.low.text if one.low.text == one.high.text else f"de {one.low.text} à {one.high.text}"


def _note(method: Method | Sequence[float], found: Sequence[Class]) -> str:
    if len(found) < 2:
        return ""
    return wording.say(f"carte_{method}" if isinstance(method, str) else "carte_choisies")


def _alternative(found: Sequence[Class], shown: Sequence[Area], what: str, noun: tuple[str, str]) -> str:
    told = []
    if found:
        low, high = found[0].low, found[-1].high
        told.append(
            wording.say(
                "carte_extremes", {"bas": low.text, "nom_bas": low.name, "haut": high.text, "nom_haut": high.name}
            )
        )
        told += [f"{wording.capital(_span(one))} : {french.plural(len(one.geos), *noun)}." for one in found]
    for mark in ("borne", "masque", "absent"):
        names = sorted(area.name for area in shown if area.mark == mark and not math.isfinite(area.value))
        if names:
            told.append(f"{wording.capital(wording.word('cartes', mark))} : {french.enumeration(names)}.")
    return wording.say("alternative_carte", {"quoi": what, "lignes": french.typography(" ".join(told))})
