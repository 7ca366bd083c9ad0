"""Scenarios: how many places a target of coverage would ask for, and what they would cost."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from ctgeval import french
from ctgeval.render import blocks, tables, wording
from ctgeval.render.lines import Point
from ctgeval.render.sections import common
from ctgeval.render.sections.common import Names
from ctgeval.render.tables import Cell, Column, Table
from ctgeval.render.view import View

Row = Mapping[Any, Any]
_ENOUGH_FOR_THOUSANDS = 10_000


def scenarios(view: View, names: Names) -> Markup:
    """Return the scenarios of the dossier's own territory: in sentences, in a table, with their hypotheses."""
    title, heading = common.heading(view, "scenarios"), names("scenarios")
    rows = view.table("scenarios").to_dict("records") if view.own else []
    if not rows:
        return common.nothing(view, heading, title, provide="scenarios")
    prose = common.commentary(view, "scenarios")
    found = [row for row in rows if _known(row, "places")]
    parts = [
        prose,
        blocks.bullets([_told(row, view) for row in rows]),
        _table(view, names, found) if found else Markup(""),
        blocks.folded(_say("hypotheses_titre"), blocks.definitions([_hypotheses(row) for row in rows])),
        blocks.bullets(common.notes(view, [one for row in rows for one in _points(row)]), css="notes"),
    ]
    return common.section(view, "scenarios", heading, title, parts, lead=_lead(found))


def _say(key: str, **values: str) -> str:
    return wording.say(key, values, table="scenarios")


def _known(row: Row, name: str) -> bool:
    return math.isfinite(float(row[f"{name}_low"])) and math.isfinite(float(row[f"{name}_high"]))


def _lead(found: Sequence[Row]) -> str:
    if not found:
        return _say("message_aucun")
    first = found[0]
    values = {"libelle": View.text(first["libelle"]), "places": _places(first)}
    reached = float(first["places_high"]) == 0
    return _say("message_atteint" if reached else "message", **values)


def _told(row: Row, view: View) -> str:
    """Return a scenario in one or two sentences: today, the target, what is missing, what it costs the collectivity."""
    label = View.text(row["libelle"])
    if not _known(row, "places"):
        return _say("sans_donnees", libelle=label, raison=View.text(row["reason"]))
    indicator = view.indicators.get(str(row["indicator"]))
    now = wording.amount(float(row["value"]), indicator) if indicator else french.number(float(row["value"]))
    values = {
        "libelle": label,
        "taux": now,
        "quand": wording.when(View.text(row["time_period"])),
        "population": _numbers(row, "population"),
        "places": _places(row),
        "reste": _euros(row, "own_investment"),
        "annuel": _euros(row, "own_running"),
    }
    told = [_say("atteint" if float(row["places_high"]) == 0 else "phrase", **values)]
    if float(row["places_high"]) > 0:
        told += [_say(key, **values) for key in ("reste", "annuel") if values[key]]
    return " ".join(told)


def _places(row: Row) -> str:
    low, high = int(row["places_low"]), int(row["places_high"])
    if low == high:
        return french.plural(low, "place")
    return _say("entre", bas=french.number(low), haut=french.plural(high, "place"))


def _numbers(row: Row, name: str) -> str:
    low, high = float(row[f"{name}_low"]), float(row[f"{name}_high"])
    if low == high:
        return french.number(low, 0)
    return _say("entre", bas=french.number(low, 0), haut=french.number(high, 0))


def _euros(row: Row, name: str) -> str:
    """Return a range of euros, rounded to what its hypotheses are worth; empty when nothing was told of them."""
    if not _known(row, name):
        return ""
    low, high = (_rounded(float(row[f"{name}_{end}"])) for end in ("low", "high"))
    return french.euros(low) if low == high else _say("entre", bas=french.euros(low), haut=french.euros(high))


def _rounded(amount: float) -> float:
    """Round to the thousand, or to the hundred under ten thousand: a cost per place is never known to the euro."""
    step = 1000 if abs(amount) >= _ENOUGH_FOR_THOUSANDS else 100
    return round(amount / step) * step


def _table(view: View, names: Names, found: Sequence[Row]) -> Markup:
    columns = ["places", "investment", "own_investment", "running", "own_running"]
    kept = [name for name in columns if any(_known(row, name) for row in found)]
    rows = [
        [
            tables.text(", ".join(filter(None, [View.text(row["libelle"]), View.text(row["horizon"])]))),
            *(_cell(row, name) for name in kept),
        ]
        for row in found
    ]
    head = [Column(_say("colonne_scenario")), *(Column(_say(f"colonne_{name}"), numeric=True) for name in kept)]
    caption = f"{_say('tableau')}, {wording.place(view.name)}"
    return tables.render(Table(names("scenarios-tableau"), caption, head, rows, notes=[_say("arrondi")]))


def _cell(row: Row, name: str) -> Cell:
    shown = _places(row) if name == "places" else _euros(row, name)
    return tables.text(shown or _say("sans_hypothese"))


def _hypotheses(row: Row) -> tuple[str, str]:
    counted = View.text(row["counted_period"])
    whom = _say("recensees", quand=wording.when(counted)) if counted else _say("supposees")
    told = _say(
        "hypotheses",
        population=_numbers(row, "population") if _known(row, "population") else wording.word("marques", "absent"),
        origine=whom,
        source=View.text(row["hypotheses"]).rstrip("."),
    )
    return View.text(row["libelle"]), told


def _points(row: Row) -> list[Point]:
    """Return the origin of the figures of a scenario, which bears their sources and their limits."""
    if not View.text(row["source"]):
        return []
    return [
        Point(period=View.text(row["time_period"]), value=float(row["value"]), low=math.nan, high=math.nan, mark="",
              provisional=False, geography=None, source=View.text(row["source"]), limits=View.text(row["limits"]),
              reason="")
    ]  # fmt: skip
