"""The map of an indicator commune by commune, where a release holds their contours."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from ctgeval import french
from ctgeval.render import blocks, maps, wording
from ctgeval.render.lines import Indicator, Line, Point
from ctgeval.render.maps import Area
from ctgeval.render.sections import common
from ctgeval.render.sections.common import Names
from ctgeval.render.view import View

__all__ = ["area_map"]


def area_map(view: View, names: Names, indicator: Indicator, lines: Sequence[Line], *, span: tuple[str, str]) -> Markup:
    """Return the map of an indicator for the last period, or of its evolution where it is a count.

    A count drawn as a tone would show how large communes are: its evolution is drawn instead; nothing when only one
    period is known, or when the release has no contour of the territory.

    Parameters
    ----------
    view : View
    names : callable
        Gives each identifier once.
    indicator : Indicator
    lines : sequence of Line
        Of the communes.
    span : (str, str)
        First and last period that at least one commune has.
    """
    contours = view.contours
    first, last = span
    counted = not wording.relative(indicator)
    if contours is None or (counted and first == last):
        return Markup("")
    if counted:
        areas = [_evolution(line, first, last) for line in lines]
        told = {"indicateur": wording.lower(indicator.label), "temps": wording.between(first, last)}
        caption, unit, decimals = wording.say("carte_evolution", told), "", 1
    else:
        areas = [_value(line, indicator, last) for line in lines]
        told = {"indicateur": indicator.label, "quand": wording.when(last)}
        caption, unit = wording.say("carte", told), wording.capital(wording.unit(indicator))
        decimals = _decimals(areas, indicator)
    drawing = maps.choropleth(
        contours,
        [_rounded(area, decimals) for area in areas],
        what=caption[:1].lower() + caption[1:],
        unit=unit,
        zero=counted,
        fictional=view.fictional,
    )
    figure = blocks.figure(names("communes-carte"), caption, drawing)
    return Markup("\n").join([figure, blocks.bullets(_notes(view, lines), css="notes")])


def _value(line: Line, indicator: Indicator, period: str) -> Area:
    point = line.at(period)
    if point is None or not point.known:
        return Area(line.geo, line.name, math.nan, "", _mark(point))
    return Area(line.geo, line.name, point.value, wording.amount(point.value, indicator, with_unit=False))


def _evolution(line: Line, first: str, last: str) -> Area:
    before, after = line.at(first), line.at(last)
    if before is None or after is None or not before.known or not after.known or before.value <= 0:
        marks = {_mark(point) for point in (before, after)}
        mark = next((one for one in ("masque", "borne") if one in marks), "absent")
        return Area(line.geo, line.name, math.nan, "", mark)  # type: ignore[arg-type]
    gap = 100 * (after.value - before.value) / before.value
    return Area(line.geo, line.name, gap, french.percent(gap, sign=True))


def _mark(point: Point | None) -> maps.Mark:
    if point is None:
        return "absent"
    if point.bounded and math.isfinite(point.high):
        return "borne"
    return "masque" if point.mark == "masque" else "absent"


def _decimals(areas: Sequence[Area], indicator: Indicator) -> int:
    if indicator.decimals is not None:
        return indicator.decimals
    return 0 if all(float(area.value).is_integer() for area in areas if math.isfinite(area.value)) else 1


def _rounded(area: Area, decimals: int) -> Area:
    """Classify what is written: two communes that read alike are in the same class."""
    return Area(area.geo, area.name, round(area.value, decimals), area.text, area.mark)


def _notes(view: View, lines: Sequence[Line]) -> list[str]:
    """Return the source of the contours, and the communes that they lack."""
    drawn = view.release.contours
    shown = set(view.contours.shapes) if view.contours is not None else set()
    keys = set(drawn.loc[drawn["geo"].isin(sorted(shown)), "source"])
    cited = [
        common.source({str(name): value for name, value in row.items()})
        for row in view.release.sources.sort_values("cle").to_dict("records")
        if view.text(row["cle"]) in keys
    ]
    found = [wording.say("carte_contours", {"source": " ; ".join(cited)})] if cited else []
    absent = sorted((line.name for line in lines if line.geo not in shown), key=french.fold)
    if absent:
        found.append(wording.say("carte_sans", {"noms": french.enumeration(absent)}))
    return found
