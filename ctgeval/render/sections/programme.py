"""The programme: convention, its key figures, and the author's own texts."""

from __future__ import annotations

import datetime as dt
from typing import Any

from markupsafe import Markup

from ctgeval import french
from ctgeval.render import blocks, wording
from ctgeval.render.sections import budget, common, plan
from ctgeval.render.sections.common import Names
from ctgeval.render.view import View

BEGUN = ("en_cours", "realisee", "perennisee")
DONE = ("realisee", "perennisee")


def convention(view: View, names: Names) -> Markup:
    """Return who signed, when, and until when."""
    title, heading = common.heading(view, "convention"), names("convention")
    found: dict[str, Any] = view.meta.get("convention") or {}
    if not found:
        return common.nothing(view, heading, title, provide="convention")
    days = {name: View.day(found.get(name)) for name in ("signature", "debut", "fin")}
    items = [
        ("Signée le", french.date(days["signature"]) if days["signature"] else ""),
        ("Période", _span(days["debut"], days["fin"])),
        ("Signataires", french.enumeration([str(one) for one in found.get("signataires") or ()])),
        *(
            (f"Avenant du {french.date(day)}", View.text(one.get("objet")))
            for one in found.get("avenant") or ()
            if (day := View.day(one.get("date"))) is not None
        ),
    ]
    told = [item for item in items if item[1]]
    if not told:
        return common.nothing(view, heading, title, provide="convention")
    return blocks.section(heading, title, [blocks.definitions(told)])


def _span(start: dt.date | None, end: dt.date | None) -> str:
    if start and end:
        return f"du {french.date(start)} au {french.date(end)}"
    return f"depuis le {french.date(start)}" if start else f"jusqu’au {french.date(end)}" if end else ""


def headlines(view: View) -> list[dict[str, str]]:
    """Return the key figures of the programme: reste à charge of the last year, actions begun."""
    cards: list[dict[str, str]] = []
    rows = budget.best(budget.yearly(view))
    if rows:
        told, moved = budget.rest(rows[-1]), budget.rest_evolution(rows)
        cards.append(
            {
                "name": "Reste à charge de la collectivité",
                "value": told["reste"],
                "evolution": wording.say(
                    "budget_carte" if moved else "budget_carte_seule", {**told, "evolution": moved}
                ),
                "source": f"{told['annee']} · budget de la convention ({told['statut']})",
            }
        )
    known = plan.states(view)
    if known:
        begun, done = (sum(row["etat"] in states for row in known) for states in (BEGUN, DONE))
        cards.append(
            {
                "name": "Actions engagées ou réalisées",
                "value": f"{begun} sur {len(known)}",
                "evolution": f"dont {french.plural(done, 'réalisée')}",
                "source": f"{wording.capital(french.date(View.text(known[0]['jour'])))} · plan d’actions",
            }
        )
    return cards


def text(view: View, names: Names, section: str) -> Markup:
    """Return a section that the author wrote, or one line when it was not."""
    title, heading = common.heading(view, section), names(french.slug(section))
    source = view.prose(section)
    if not source:
        values = {"carnet": view.carnet, "section": section}
        return common.nothing(view, heading, title, provide="texte", values=values)
    return blocks.section(heading, title, [blocks.block("authored", blocks.markdown(source))])
