"""What is new since the last note: the files that were updated since, and what they say; nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from ctgeval import french, periods
from ctgeval.errors import ParameterError
from ctgeval.render import blocks, wording
from ctgeval.render.lines import Indicator, Point
from ctgeval.render.sections import common
from ctgeval.render.sections.common import Names
from ctgeval.render.view import View

Row = Mapping[Any, Any]


def news(view: View, names: Names, since: str = "") -> Markup:
    """Return the sources updated since a day, each with the figures that it renews."""
    title, heading = common.heading(view, "nouveautes"), names("nouveautes")
    day, end = _window(view, since)
    found = _updated(view, day, end)
    prose = common.commentary(view, "nouveautes")
    if not found:
        return common.section(view, "nouveautes", heading, title, [prose, blocks.paragraph(_none(view, day, end))])
    parts = [_source(view, row) for row in found]
    points = [point for row in found for _, point in _figures(view, str(row["cle"]))]
    notes = blocks.bullets(list(view.limits(points)), css="notes")
    lead = _say(
        "message" if day > dt.date.min else "message_depuis_toujours",
        sources=french.plural(len(found), "fichier a été mis à jour", "fichiers ont été mis à jour"),
        jour=french.date(day),
    )
    return common.section(view, "nouveautes", heading, title, [prose, *parts, notes], lead=lead)


def _say(key: str, **values: str) -> str:
    return wording.say(key, values, table="nouveautes")


def _window(view: View, since: str) -> tuple[dt.date, dt.date]:
    """Return the day after which something is new, and the last day that the note looks at."""
    found = periods.parse(view.period) if view.period else None
    end = found.end if found else dt.date.max
    if since:
        try:
            return dt.date.fromisoformat(since), end
        except ValueError:
            raise ParameterError(
                "« depuis » n’est pas une date.", value=since, remedy="Écrivez-la comme 2025-06-30."
            ) from None
    return (found.start - dt.timedelta(days=1)) if found else dt.date.min, end


def _updated(view: View, day: dt.date, end: dt.date) -> list[Row]:
    rows = view.release.sources.sort_values(["mise_a_jour", "cle"]).to_dict("records")
    return [row for row in rows if (told := View.day(row["mise_a_jour"])) and day < told <= end]


def _none(view: View, day: dt.date, end: dt.date) -> str:
    told = [View.day(value) for value in view.release.sources["mise_a_jour"]]
    return _say("aucune", jour=french.date(max((one for one in told if one and one <= end), default=day)))


def _source(view: View, row: Row) -> Markup:
    title, day = View.text(row["titre"]), View.day(row["mise_a_jour"])
    producer = View.text(row["producteur"])
    told = [_told(view, indicator, point) for indicator, point in _figures(view, str(row["cle"]))]
    about = _say("source", producteur=producer, jour=french.date(day) if day else "")
    return blocks.subsection(title, [blocks.paragraph(about), blocks.bullets(told or [_say("sans_chiffre")])])


def _figures(view: View, key: str) -> list[tuple[Indicator, Point]]:
    """Return the last figure of each indicator of the territory that a source gave."""
    found = []
    for indicator in view.indicators.values():
        line = view.line(indicator.id)
        points: Sequence[Point] = line.points if line is not None else ()
        if points and key in points[-1].source.split():
            found.append((indicator, points[-1]))
    return found


def _told(view: View, indicator: Indicator, point: Point) -> str:
    if not point.known:
        return _say("sans_valeur", nom=indicator.label, quand=wording.when(point.period), marque=wording.mark(point))
    return wording.message(view.line(indicator.id), indicator)
