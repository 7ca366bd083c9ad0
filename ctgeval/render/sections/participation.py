"""Participation: who came and how far they were asked, who they were against the census, what they proposed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from markupsafe import Markup

from ctgeval import french, periods
from ctgeval.render import blocks, tables, wording
from ctgeval.render.sections import common, proposals
from ctgeval.render.sections.common import Names
from ctgeval.render.tables import Cell, Column, Table
from ctgeval.render.view import View

_WORDS = "participation"
_LEVELS = ("information", "consultation", "concertation", "co_construction")
_DIMENSIONS = ("tranche_age", "sexe", "secteur")
_MOST_PROPOSALS = 6
_SURE = 0.05
Row = dict[Any, Any]


def participation(view: View, names: Names) -> Markup:
    """Return the meetings, the participants against the population, and what became of the proposals."""
    title, heading = common.heading(view, "participation"), names("participation")
    years, asked = _until(view, "participation_years"), _until(view, "proposal_years")
    prose = common.commentary(view, "participation")
    if not years and not asked:
        return Markup("\n").join([common.nothing(view, heading, title, provide="participation"), prose])
    if view.public:
        return common.section(view, "participation", heading, title, [prose, *_plain(view, years, asked)])
    parts = [
        prose,
        _years_table(view, names, years, asked),
        _ladder(view, names),
        blocks.subsection(_say("qui"), _who(view, names)),
        blocks.subsection(_say("propositions"), proposals.part(view, names, asked, _until(view, "proposals"))),
    ]
    return common.section(view, "participation", heading, title, parts, lead=_lead(years, asked))


def _say(key: str, **values: str) -> str:
    return wording.say(key, values, table=_WORDS)


def _until(view: View, name: str) -> list[Row]:
    """Return the rows of a table up to the year of the bilan, in order of time."""
    table = view.table(name)
    if len(table) and view.period:
        table = table[table["annee"].astype(int) <= periods.year(view.period)]
    return table.sort_values("annee", kind="stable").to_dict("records") if len(table) else []


def _lead(years: Sequence[Row], asked: Sequence[Row]) -> str:
    return " ".join([*([_met(years[-1])] if years else []), *([proposals.became(asked[-1])] if asked else [])])


def _met(row: Row) -> str:
    many = "temps de participation"
    values = {"annee": str(row["annee"]), "temps": french.plural(row["temps"], many, many)}
    if row["conf_status"] == "C":
        return _say("temps_masque", **values)
    if math.isnan(row["presences"]):
        return _say("temps_seuls", **values)
    told = _say(
        "temps_un" if row["temps"] == 1 else "temps", **values, presences=french.plural(row["presences"], "présence")
    )
    missing = int(row["temps"]) - int(row["comptes"])
    return f"{told} {_say('sans_comptage', nombre=french.plural(missing, 'temps', 'temps'))}" if missing else told


def _plain(view: View, years: Sequence[Row], asked: Sequence[Row]) -> list[Markup]:
    """Return what inhabitants read: what was asked of them, what became of it, how to take part."""
    told = [_met(years[-1])] if years else []
    meetings = [row for row in _until(view, "participation") if years and row["annee"] == years[-1]["annee"]]
    kinds = list(dict.fromkeys(wording.lower(View.text(row["type"])) for row in meetings))
    own = [row for row in asked if not row["cumul"]]
    if asked:
        told.append(proposals.became(asked[-1]))
    waiting = View.day(asked[-1]["attente_depuis"]) if asked else None
    if waiting:
        told.append(_say("attente_simple", jour=french.date(waiting)))
    listed = [row for row in _until(view, "proposals") if own and row["annee"] == own[-1]["annee"]]
    shown = [proposals.one(row) for row in listed[:_MOST_PROPOSALS]]
    parts = [blocks.paragraph(" ".join(told))]
    if shown:
        parts.append(blocks.subsection(_say("vos_propositions", annee=str(own[-1]["annee"])), [blocks.bullets(shown)]))
    how = (
        _say("prendre_part", annee=str(years[-1]["annee"]), formes=french.enumeration(kinds))
        if kinds
        else _say("prendre_part_seul")
    )
    return [*parts, blocks.subsection(_say("comment"), [blocks.paragraph(how)])]


def _years_table(view: View, names: Names, years: Sequence[Row], asked: Sequence[Row]) -> Markup:
    if not years:
        return Markup("")
    levels = [one for one in _LEVELS if any(row[one] for row in years)]
    own = {row["annee"]: row for row in asked if not row["cumul"]}
    columns = [Column("Année"), Column("Temps", numeric=True), Column("Présences", numeric=True)]
    columns += [Column(_level(one), numeric=True) for one in levels] if view.technical else []
    columns += [Column("Propositions", numeric=True), Column("dont retenues", numeric=True)] if own else []
    body = [
        [
            Cell(str(row["annee"])),
            _count(row["temps"]),
            tables.withheld("masque") if row["conf_status"] == "C" else _count(row["presences"]),
            *((_count(row[one]) for one in levels) if view.technical else ()),
            *((_count(own.get(row["annee"], {}).get(one, 0)) for one in ("total", "retenues")) if own else ()),
        ]
        for row in years
    ]
    details = [_say("unite_temps")]
    return tables.render(Table(names("participation-annees"), _say("annees"), columns, body, details=details,
                               notes=[_say("presences_personnes")]))  # fmt: skip


def _level(name: str) -> str:
    return _say(f"niveau_{name}")


def _count(value: Any) -> Cell:
    return tables.number(float(value), french.number(float(value)))


def _ladder(view: View, names: Names) -> Markup:
    """Return the highest level that each action reached; the count of its meetings at each level, for the team."""
    known = _known_actions(view)
    if not known:
        return Markup("")
    best: dict[str, list[str]] = {}
    for row in known:
        if row["plus_haut"]:
            best.setdefault(View.text(row["plus_haut"]), []).append(proposals.action(view, row))
    told = [
        _say(f"echelle_{one}", actions=french.enumeration(best[level]))
        for one in reversed(_LEVELS)
        if (level := one.replace("_", "-")) in best
    ]
    parts = [blocks.bullets(told)]
    if view.internal:
        shown = [one for one in (*_LEVELS, "non_precise") if any(row[one] for row in known)]
        columns = [Column("Action"), *(Column(_level(one), numeric=True) for one in shown)]
        body = [[tables.text(proposals.action(view, row)), *(_count(row[one]) for one in shown)] for row in known]
        found = Table(
            names("participation-actions"), _say("actions"), columns, body, details=[_say("unite_temps")],
            downloadable=False,
        )  # fmt: skip
        parts.append(blocks.folded(_say("actions"), tables.render(found)))
    return blocks.subsection(_say("degre"), parts)


def _known_actions(view: View) -> list[Row]:
    """Return, for each action, the number of meetings at each level up to the year of the bilan."""
    table = view.table("participation_ladder")
    if not len(table):
        return []
    until = periods.year(view.period) if view.period else None
    rows = [
        row
        for row in table.to_dict("records")
        if View.text(row["action"]) and View.text(row["annee"]) and (until is None or int(row["annee"]) <= until)
    ]
    found: dict[str, Row] = {}
    for row in rows:
        held = found.setdefault(View.text(row["action"]), {**row, **dict.fromkeys((*_LEVELS, "non_precise"), 0)})
        for name in (*_LEVELS, "non_precise"):
            held[name] += int(row[name])
        reached = [one for one in _LEVELS if held[one]]
        held["plus_haut"] = reached[-1].replace("_", "-") if reached else ""
    return list(found.values())


def _who(view: View, names: Names) -> list[Markup]:
    """Return the participants of the last year that is broken down, against the population."""
    rows = [row for row in _until(view, "representativeness") if not row["event"]]
    if not rows:
        return [blocks.paragraph(_say("sans_ventilation"))]
    year = rows[-1]["annee"]
    found = {one: [row for row in rows if row["annee"] == year and row["dimension"] == one] for one in _DIMENSIONS}
    told = [_gap(view, found[one]) for one in _DIMENSIONS if found[one]]
    parts = [blocks.paragraph(_say("qui_annee", annee=str(year))), blocks.bullets(told)]
    body = [row for one in _DIMENSIONS for row in found[one] if row["band"]]
    if body:
        caption = _say("ecarts", annee=str(year))
        parts.append(tables.render(_gaps_table(view, names("participation-ecarts"), caption, body)))
    if view.internal:
        parts.append(_each(view, names, year))
    return parts


def _each(view: View, names: Names, year: int) -> Markup:
    """Return each meeting of a year against the population, for the team: a sentence a breakdown, ages in a table."""
    rows = [row for row in _until(view, "representativeness") if row["event"] and row["annee"] == year]
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((View.text(row["event"]), View.text(row["dimension"])), []).append(row)
    if not groups:
        return Markup("")
    title = _say("par_temps", annee=str(year))
    told = [f"{View.text(part[0]['event_label'])}. {_gap(view, part)}" for part in groups.values()]
    content = [blocks.bullets(told)]
    aged = [row for row in rows if row["band"] and row["dimension"] == "tranche_age"]
    if aged:
        content.append(
            tables.render(
                replace(
                    _gaps_table(view, names("participation-temps"), _say("ages", annee=str(year)), aged),
                    notes=[_say("methode")] if any(not row["repeated"] for row in aged) else [],
                    downloadable=False,
                )
            )
        )
    return blocks.folded(title, Markup("\n").join(content))


def _gap(view: View, rows: Sequence[Row]) -> str:
    """Return the widest gap of one breakdown in a sentence, with what a draw at random would have given."""
    label = _say(f"dimension_{rows[0]['dimension']}")
    known = [row for row in rows if row["band"]]
    if not known:
        return _say("sans_ecart", quoi=label, raison=View.text(rows[0]["reason"]))
    row = max(known, key=lambda one: (abs(one["gap"]), one["gap"]))
    key = "egal" if abs(row["gap"]) < 0.05 else "plus" if row["gap"] > 0 else "moins"
    told = _say(
        f"ecart_{key}",
        quoi=label,
        categorie=View.text(row["band"]),
        part=french.percent(row["share"], 1),
        nombre=french.number(row["participants"]),
        total=french.number(row["n"]),
        unite="présences" if row["unit"] == "presences" else "participants",
        reference=french.percent(row["reference_share"], 1),
        ecart=french.plural(abs(row["gap"]), "point", decimals=1),
    )
    return f"{told} {_chance(view, row)}"


def _chance(view: View, row: Row) -> str:
    if row["repeated"]:
        return _say("sans_test")
    if math.isnan(row["test_p"]):
        return ""
    told = _say("rare" if row["test_p"] < _SURE else "frequent")
    if not view.technical:
        return told
    method = _say(f"test_{row['test']}", p=_p(row["test_p"]), nombre=french.number(row["outcomes"]))
    return f"{told} {method}"


def _p(value: float) -> str:
    return _say("p_infime") if value < 0.001 else f"p = {french.number(value, 3)}"


def _gaps_table(view: View, identifier: str, caption: str, rows: Sequence[Row]) -> Table:
    tested = view.technical and any(not row["repeated"] for row in rows)
    columns = [Column("Catégorie"), Column("Participants", numeric=True), Column("Population", numeric=True),
               Column("Écart", numeric=True)]  # fmt: skip
    columns += [Column("Intervalle et p ajustée")] if tested else []
    several = any(row["event"] for row in rows)
    body = [
        [
            tables.text(_category(row, several=several)),
            Cell(f"{french.percent(row['share'], 1)} ({french.number(row['participants'])}/{french.number(row['n'])})",
                 raw=row["share"]),
            tables.number(row["reference_share"], french.percent(row["reference_share"], 1)),
            tables.number(row["gap"], french.number(row["gap"], 1, sign=True)),
            *([_tested(row)] if tested else []),
        ]
        for row in rows
    ]  # fmt: skip
    keys = {key for row in rows for key in View.text(row["source"]).split()}
    cited = [
        common.source({str(name): value for name, value in row.items()})
        for row in view.release.sources.sort_values("cle").to_dict("records")
        if View.text(row["cle"]) in keys
    ]
    notes = [
        *([wording.say("sources_citees", {"sources": " ; ".join(cited)})] if cited else []),
        _say("pas_un_echantillon"),
        *([_say("methode")] if tested else []),
    ]
    return Table(identifier, caption, columns, body, details=[_say("unite_ecart")], notes=notes)


def _category(row: Row, *, several: bool) -> str:
    band = wording.capital(View.text(row["band"]))
    return f"{View.text(row['event_label'])} : {wording.lower(band)}" if several else band


def _tested(row: Row) -> Cell:
    if row["repeated"] or math.isnan(row["share_low"]):
        return Cell("–")
    span = french.interval(row["share_low"], row["share_high"], 1, "%")
    value = row["p_adjusted"]
    if not math.isfinite(value):
        return tables.text(span)
    return tables.text(f"{span} ; {_say('p_petite') if value < 0.001 else french.number(value, 3)}")
