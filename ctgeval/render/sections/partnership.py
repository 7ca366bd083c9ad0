"""The partnership: who works with whom, what changed, and who comes to the instances of the convention."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from markupsafe import Markup

from ctgeval import french, periods
from ctgeval.render import blocks, network, tables, wording
from ctgeval.render.network import Node
from ctgeval.render.sections import common
from ctgeval.render.sections.common import Names
from ctgeval.render.tables import Cell, Column, Table
from ctgeval.render.view import View

TYPES = ("COPIL", "COTECH", "ensemble")
HINGE = 0.25
"""Share of the shortest ways from which it is said that a network hangs on one partner."""
MOST_NAMED = 12
"""Pairs that are named one by one."""
Row = dict[Any, Any]


def partnership(view: View, names: Names) -> Markup:
    """Return who works with whom and who comes to the meetings; two sentences for the inhabitants."""
    title, heading = common.heading(view, "partenariat"), names("partenariat")
    years = _until(view, view.table("partnership"))
    rates = _attendance(view)
    now = years[-1] if years else None
    if (now is None or not now["linked"]) and not rates:
        return common.nothing(view, heading, title, provide="partenariat")
    if view.public:
        return common.section(view, "partenariat", heading, title, [blocks.paragraph(_plainly(years))] if now else [])
    parts = [*_together(view, names, years), *_came(view, names, rates)]
    return common.section(view, "partenariat", heading, title, parts, lead=_message(years))


def _until(view: View, table: pd.DataFrame) -> list[Row]:
    """Return the rows of the years that the page may tell of, in order."""
    last = periods.end(view.period).year if view.period else None
    kept = table if last is None else table[table["year"].astype("int64") <= last]
    return kept.sort_values("year", kind="stable").to_dict("records")


def _say(key: str, values: dict[str, str] | None = None) -> str:
    return wording.say(key, values, table="partenariat")


def _plainly(years: Sequence[Row]) -> str:
    now = years[-1]
    values = {
        "annee": str(now["year"]),
        "organismes": french.plural(now["linked"], "organisme a travaillé", "organismes ont travaillé"),
        "actions": french.plural(now["actions"], "action"),
    }
    said = [_say("simple", values)]
    if len(years) > 1 and years[-2]["linked"]:
        before = years[-2]["linked"]
        said.append(_say("simple_avant", {"avant": french.number(before), "annee": str(years[-2]["year"])}))
    return " ".join(said)


def _message(years: Sequence[Row]) -> str:
    if not years:
        return ""
    now = years[-1]
    if View.text(now["reason"]):
        return View.text(now["reason"])
    before = years[-2] if len(years) > 1 and not View.text(years[-2]["reason"]) else None
    values = {
        "annee": str(now["year"]),
        "organismes": french.plural(now["linked"], "organisme", "organismes"),
        "total": french.number(now["partners"]),
        "verbe": "a travaillé avec d’autres" if now["linked"] < 2 else "ont travaillé avec d’autres",
        "paires": french.plural(now["pairs"], "paire"),
        "possibles": french.number(now["possible"]),
        "densite": french.percent(now["density"]),
        "evolution": f", contre {french.percent(before['density'])} en {before['year']}" if before else "",
    }
    return _say("message", values)


# -- who works with whom ----------------------------------------------------------------------------------------------


def _together(view: View, names: Names, years: Sequence[Row]) -> list[Markup]:
    if not years or not years[-1]["linked"]:
        return []
    now = years[-1]
    partners = view.table("partners")
    rows = partners[partners["year"].astype("int64").eq(now["year"])].to_dict("records")
    if not rows:
        return []
    links = view.table("partner_links")
    pairs = links[links["year"].astype("int64").eq(now["year"])].to_dict("records")
    ranks = {row["id"]: rank for rank, row in enumerate(rows)}
    nodes = [Node(View.text(row["nom"]), int(row["links"]), View.text(row["place"])) for row in rows]
    drawn = [(ranks[pair["source"]], ranks[pair["target"]], int(pair["weight"])) for pair in pairs]
    drawing = network.draw(nodes, drawn, alternative=_alternative(now, nodes), fictional=view.fictional)
    caption = _say("figure", {"annee": str(now["year"])})
    stem = names("partenariat-reseau")
    figure = blocks.figure(f"{stem}-figure", caption, drawing)
    table = tables.render(_partners_table(view, stem, rows, caption=_say("tableau", {"annee": str(now["year"])})))
    about = blocks.bullets(_remarks(rows, now))
    notes = [_say("note_lien"), *([_say("note_noyau"), _say("note_taille")] if view.technical else [])]
    values = blocks.folded("Les valeurs en tableau", table)
    sheet = blocks.sheet(figure, about=about, values=values, notes=notes)
    return [blocks.subsection(_say("ensemble"), [sheet]), _changes(view, now)]


def _alternative(now: Row, nodes: Sequence[Node]) -> str:
    most = [f"{node.label} ({french.plural(node.links, 'lien')})" for node in nodes[:5] if node.links]
    core = [node.label for node in nodes if node.place == network.CORE]
    apart = [node.label for node in nodes if node.place == network.APART]
    said = [
        _say(
            "alternative",
            {
                "organismes": french.plural(len(nodes), "organisme"),
                "liens": french.plural(now["pairs"], "lien"),
                "annee": str(now["year"]),
                "plus": french.enumeration(most),
            },
        )
    ]
    said += [_say("alternative_noyau", {"noms": french.enumeration(core)})] if core else []
    said += [_say("alternative_isoles", {"noms": french.enumeration(apart)})] if apart else []
    return " ".join(said)


def _partners_table(view: View, stem: str, rows: Sequence[Row], *, caption: str) -> Table:
    numeric = [("links", "Liens")] + ([("actions", "Actions"), ("meetings", "Groupes et ateliers")] * view.technical)
    columns = [Column("Organisme"), *(Column(label, numeric=True) for _, label in numeric), Column("Place")]
    body = [
        [
            tables.text(row["nom"]),
            *(Cell(french.number(int(row[name])), raw=int(row[name])) for name, _ in numeric),
            tables.text(wording.word("places_reseau", View.text(row["place"]))),
        ]
        for row in rows
    ]
    return Table(stem, caption, columns, body, downloadable=view.technical)


def _remarks(rows: Sequence[Row], now: Row) -> list[str]:
    named = {place: [View.text(row["nom"]) for row in rows if row["place"] == place] for place in ("noyau", "isole")}
    said = []
    if named["noyau"]:
        said.append(_say("noyau", {"noms": french.enumeration(named["noyau"])}))
    if named["isole"]:
        said.append(_say("isoles", {"annee": str(now["year"]), "noms": french.enumeration(named["isole"])}))
    if now["groups"] > 1:
        said.append(_say("groupes", {"nombre": french.number(now["groups"])}))
    hinge = max(rows, key=lambda row: float(row["betweenness"]))
    if float(hinge["betweenness"]) >= HINGE:
        share = french.percent(100 * float(hinge["betweenness"]), 0)
        said.append(_say("charniere", {"nom": View.text(hinge["nom"]), "part": share}))
    return said


def _changes(view: View, now: Row) -> Markup:
    """Return what is new since the year before; nothing for the first year."""
    if pd.isna(now["gained"]):
        return Markup("")
    table = view.table("partner_changes")
    rows = table[table["year"].astype("int64").eq(now["year"])].to_dict("records")
    said = []
    for kind in ("arrive", "parti"):
        found = [View.text(row["partner"]) for row in rows if row["kind"] == kind]
        if found:
            said.append(_say(kind, {"noms": french.enumeration(found)}))
    counts = {
        "gagnes": french.plural(int(now["gained"]), "lien nouveau", "liens nouveaux"),
        "perdus": french.plural(int(now["lost"]), "lien de moins", "liens de moins"),
    }
    said.append(_say("liens", counts))
    lost = [f"{View.text(row['partner'])} et {View.text(row['other'])}" for row in rows if row["kind"] == "lien_perdu"]
    if view.technical and 0 < len(lost) <= MOST_NAMED:
        said.append(_say("perdus", {"paires": " ; ".join(lost)}))
    return blocks.subsection(_say("change", {"annee": str(now["year"] - 1)}), [blocks.bullets(said)])


# -- who comes --------------------------------------------------------------------------------------------------------


def _attendance(view: View) -> list[Row]:
    """Return the rates of the years that the page may tell of, in order."""
    table = view.table("attendance")
    last = periods.end(view.period).year if view.period else 9999
    years = table["time_period"].astype(str)
    return table[years.str.fullmatch(r"\d{4}") & (years.str[:4].astype(int) <= last)].to_dict("records")


def _came(view: View, names: Names, rates: Sequence[Row]) -> list[Markup]:
    if not rates:
        return []
    parts = [blocks.paragraph(_attendance_message(rates))]
    if view.technical:
        parts.append(tables.render(_attendance_table(names("partenariat-assiduite"), rates)))
        parts += _guests(view, names, str(rates[-1]["time_period"]))
        parts.append(_calendar(view, names))
    else:
        parts.append(blocks.bullets(_by_type(rates)))
    return [blocks.subsection(_say("assiduite"), parts)]


def _share(row: Row) -> str:
    if View.text(row["reason"]):
        return ""
    came, asked = (french.number(int(row[name])) for name in ("presences", "invitations"))
    return f"{french.percent(row['rate'])} ({came} sur {asked})"


def _attendance_message(rates: Sequence[Row]) -> str:
    pooled = [row for row in rates if row["type"] == TYPES[-1]]
    now = pooled[-1]
    if View.text(now["reason"]):
        return _say("assiduite_sans", {"annee": str(now["time_period"]), "raison": View.text(now["reason"])})
    before = pooled[-2] if len(pooled) > 1 and not View.text(pooled[-2]["reason"]) else None
    evolution = f", contre {french.percent(before['rate'])} en {before['time_period']}" if before else ""
    values = {
        "annee": str(now["time_period"]),
        "presences": french.plural(int(now["presences"]), "présence"),
        "invitations": french.plural(int(now["invitations"]), "invitation"),
        "reunions": french.plural(int(now["meetings"]), "réunion"),
        "taux": french.percent(now["rate"]),
        "evolution": evolution,
    }
    return _say("assiduite_message", values)


def _by_type(rates: Sequence[Row]) -> list[str]:
    last = rates[-1]["time_period"]
    return [
        f"{row['type']} : {french.plural(int(row['meetings']), 'réunion')}, assiduité de {_share(row)}."
        for row in rates
        if row["time_period"] == last and row["type"] != TYPES[-1] and _share(row)
    ]


def _attendance_table(stem: str, rates: Sequence[Row]) -> Table:
    found = {(row["time_period"], row["type"]): row for row in rates}
    columns = [Column("Année"), *(Column(wording.word("types_instances", kind), numeric=True) for kind in TYPES)]
    body = []
    for year in dict.fromkeys(row["time_period"] for row in rates):
        cells = [found.get((year, kind)) for kind in TYPES]
        body.append(
            [
                Cell(str(year)),
                *(
                    Cell(_share(row), raw=float(row["rate"]))
                    if row is not None and _share(row)
                    else tables.withheld("absent")
                    for row in cells
                ),
            ]
        )
    return Table(stem, _say("assiduite_tableau"), columns, body, notes=[_say("note_assiduite")])


def _guests(view: View, names: Names, year: str) -> list[Markup]:
    table = view.table("partner_attendance")
    rows = table[table["year"].astype(str).eq(year)].to_dict("records")
    never = [
        f"{View.text(row['nom'])} ({french.plural(int(row['invitations_total']), 'invitation')})"
        for row in rows
        if row["invitations_total"] and not View.text(row["last"])
    ]
    # A year whose meetings name no guest would put at zero organisations that came.
    asked = [row for row in rows if row["invitations"]]
    parts = [blocks.bullets([_say("jamais", {"noms": french.enumeration(never)})])] if never else []
    if asked:
        columns = [Column("Organisme"), Column(f"Présences en {year}", numeric=True), Column("Dernière présence")]
        body = [
            [
                tables.text(row["nom"]),
                Cell(f"{french.number(int(row['presences']))} sur {french.number(int(row['invitations']))}"),
                _dated(row["last"]),
            ]
            for row in asked
        ]
        shown = Table(
            names("partenariat-presences"), _say("presences", {"annee": year}), columns, body, downloadable=False
        )
        parts.append(blocks.folded(_say("presences", {"annee": year}), tables.render(shown)))
    return parts


def _dated(value: object) -> Cell:
    day = View.day(value)
    return Cell(french.date(day), raw=day.isoformat()) if day else Cell("jamais")


def _present(row: Row) -> Cell:
    if pd.isna(row["present"]):
        return tables.withheld("absent")
    came = french.number(int(row["present"]))
    return Cell(came if pd.isna(row["invited"]) else f"{came} sur {french.number(int(row['invited']))}")


def _calendar(view: View, names: Names) -> Markup:
    """Return the meetings of the last year that the page tells of."""
    until = periods.end(view.period).isoformat() if view.period else "9999"
    known = [row for row in view.table("meetings").to_dict("records") if View.text(row["date"]) <= until]
    rows = [row for row in known if View.text(row["date"])[:4] == View.text(known[-1]["date"])[:4]]
    if not rows:
        return Markup("")
    columns = [Column("Réunion"), Column("Objet"), Column("Présents sur invités", numeric=True)]
    body = [
        [
            tables.text(f"{wording.word('types_instances', View.text(row['type']))}, {_dated(row['date']).text}"),
            tables.text(View.text(row["subject"]) or "non précisé"),
            _present(row),
        ]
        for row in rows
    ]
    caption = _say("calendrier", {"annee": View.text(rows[-1]["date"])[:4]})
    table = Table(names("partenariat-reunions"), caption, columns, body, downloadable=False)
    return blocks.folded(caption, tables.render(table))
