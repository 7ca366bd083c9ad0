"""How to read the page: title, what the files do not say, sources, limits, protection of persons, words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from ctgeval import french
from ctgeval.render import blocks, tables, wording
from ctgeval.render.lines import Point
from ctgeval.render.sections import common
from ctgeval.render.sections.common import Names
from ctgeval.render.tables import Cell, Column, Table
from ctgeval.render.view import View

# As `ctgeval.sources.personal_data` notes it.
ADMITTED = "admise malgré des données personnelles"


def title(view: View, text: str = "") -> Markup:
    """Return the page's only first-level heading: which bilan, of what, for when; fictional when it is."""
    values = {
        "carnet": text or wording.capital(wording.word("titres", view.carnet)),
        "annee": french.period(view.period) if view.period else "",
        "territoire": french.of_territory(view.name),
    }
    heading = wording.say("titre" if view.period else "titre_sans_annee", values)
    if view.fictional:
        heading = wording.say("titre_fictif", {"titre": heading})
    perimeter = view.meta.get("perimetre")
    members = int(view.release.members["geo"].eq(view.geo).sum()) if view.level != "COM" else 0
    told = {"annee": str(perimeter), "nombre": french.plural(members, "commune membre")}
    subtitle = wording.say("perimetre_membres" if members > 1 else "perimetre", told) if perimeter else ""
    return blocks.block("title", heading, subtitle, View.text(view.meta.get("mention")))


def notices(view: View, names: Names) -> Markup:
    """Return what the files leave out about this territory, and why; nothing at all when they leave nothing out."""
    table = view.release.notices
    rows = [] if not len(table) else table[table["territoire"].isin([view.geo, ""])]["sentence"].tolist()
    if not rows:
        return Markup("")
    heading = names("absences")
    return blocks.section(heading, common.heading(view, "absences"), [blocks.bullets([str(row) for row in rows])])


def sources(view: View, names: Names, points: Sequence[Point] | None = None) -> Markup:
    """Return the files behind the figures: producer, licence, date of update, lines read and lines left out.

    Those of some points only when they are given.
    """
    title, heading = common.heading(view, "sources"), names("sources")
    table = view.release.sources
    if not len(table):
        return common.nothing(view, heading, title, provide="sources")
    own = None if points is None else view.sources(points)
    rows: list[dict[Any, Any]] = table.sort_values("cle").to_dict("records") if not own else list(own)
    body = []
    for row in rows:
        day = View.day(row["mise_a_jour"])
        body.append(
            [
                tables.text(_produced(row)),
                Cell(french.date(day), raw=day.isoformat()) if day else Cell("non précisée"),
                tables.text(View.text(row["licence"]) or wording.word("diffusion", View.text(row["diffusion"]))),
                *([_lines(row)] if view.technical else []),
            ]
        )
    columns = [Column(label) for label in ("Source et producteur", "Mise à jour", "Licence")]
    if view.technical:
        columns.append(Column("Lignes lues"))
    found = Table(names("sources-tableau"), "Les fichiers et les comptages utilisés", columns, body,
                  downloadable=False)  # fmt: skip
    lead = wording.say("sources_une" if len(rows) == 1 else "sources", {"nombre": french.number(len(rows))})
    admitted = admitted_in(rows) if view.technical else []
    shown = [tables.render(found), *([blocks.bullets(admitted)] if admitted else [])]
    return blocks.section(heading, title, shown, lead=lead)


def admitted_in(rows: Sequence[Mapping[Any, Any]]) -> list[str]:
    """Return what was noted of the files that were read in spite of personal data: the reason stands there."""
    told = [(View.text(row["titre"]) or View.text(row["cle"]), View.text(row["notes"])) for row in rows]
    return [french.typography(f"{name} : {notes}") for name, notes in told if ADMITTED in notes]


def _produced(row: Mapping[Any, Any]) -> str:
    """Return a source and who makes it, told once when its title begins with it."""
    title, producer = View.text(row["titre"]) or View.text(row["cle"]), View.text(row["producteur"])
    return title if not producer or title.startswith(producer) else f"{title} – {producer}"


def _lines(row: Mapping[Any, Any]) -> Cell:
    """Return how many lines of a file were read and left out; counts that are typed in the dossier have no file."""
    if not View.text(row["fichier"]):
        return Cell("–")
    if math.isnan(row["n_rows"]):
        return Cell(wording.say("lignes_tues"))
    left = int(row["n_rejected"])
    told = french.number(int(row["n_rows"]))
    return Cell(f"{told}, et {french.plural(left, 'écartée')}" if left else told, raw=int(row["n_rows"]))


def limits(view: View, names: Names, points: Sequence[Point] | None = None) -> Markup:
    """Return the limits of everything that the page may show: of some points only when they are given."""
    title, heading = common.heading(view, "limites"), names("limites")
    table = view.release.limits
    sentences = [View.text(row) for row in table.sort_values("code")["sentence"]] if len(table) else []
    if points is not None:
        sentences = list(view.limits(points))
    general = [wording.say("limite_constat"), wording.say("limite_bornes")]
    if view.public and sentences:
        precise = blocks.folded("Précisions sur chaque chiffre", blocks.bullets(sentences))
        return blocks.section(heading, title, [blocks.bullets(general), precise])
    return blocks.section(heading, title, [blocks.bullets([*general, *sentences])])


def confidentiality(view: View, names: Names) -> Markup:
    """Return the rule in one sentence, and what is said in public of its application."""
    heading = names("secret")
    audit = dict(view.release.audit)
    rule = View.text(audit.get("regle")) or View.text(view.meta.get("regle"))
    if view.internal:
        rule = f"{wording.say('secret_interne')} {rule}"
    parts = [
        blocks.paragraph(" ".join(_audited(audit, technical=view.technical))),
        blocks.bullets([wording.word("marques", f"legende_{mark}") for mark in ("masque", "absent", "provisoire")]),
    ]
    return blocks.section(heading, common.heading(view, "secret"), parts, lead=rule)


def _audited(audit: Mapping[str, Any], *, technical: bool) -> Iterator[str]:
    """Yield what was masked, how, and how near somebody came who tried to find it again; nothing without a protection.

    The last is told as it was found: how many times the threshold the narrowest interval is wide.
    """
    if "cellules" not in audit:
        return
    masked = int(audit["masquees"])
    values = {
        "cellules": french.plural(int(audit["cellules"]), "valeur examinée", "valeurs examinées"),
        "masquees": french.plural(masked, "non diffusable", "non diffusables") if masked else "aucune non diffusable",
        "methode": View.text(audit.get("methode")),
    }
    yield wording.say("masquees", values, table="audit")
    tried = [wording.word("audit", str(level)) for level in audit.get("niveaux") or ()]
    if tried and masked:
        yield wording.say("essai", {"connus": french.enumeration(tried)}, table="audit")
        width = audit.get("intervalle_le_plus_etroit")
        if isinstance(width, int | float) and math.isfinite(width):
            yield wording.say("etroit", {"largeur": french.number(math.floor(10 * width) / 10, 1)}, table="audit")
    if technical and audit.get("fondement"):
        yield wording.say("fondement", {"fondement": View.text(audit["fondement"])}, table="audit")


def glossary(view: View, names: Names, shown: str = "") -> Markup:
    """Return the few words that a reader may not know, those of the page only when what it shows is given."""
    heading = names("glossaire")
    said = shown.casefold()
    words = wording.catalogue()["glossaire"].items()
    items = [(term, told) for term, told in words if not said or _stem(term) in said]
    return blocks.section(heading, common.heading(view, "glossaire"), [blocks.definitions(items)])


def _stem(term: str) -> str:
    """Return what a term is found by: without its initials in brackets, nor the end that its plural changes."""
    return term.partition(" (")[0].casefold()[:-1]
