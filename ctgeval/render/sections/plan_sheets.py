"""The sheet of each action, for those who run the plan: what it is for, its states, its milestones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from ctgeval import french
from ctgeval.render import blocks, wording
from ctgeval.render.view import View

_FIELDS = (
    "enjeu", "objectif_general", "objectifs_operationnels", "constat", "description", "effectif_vise", "territoires",
    "copilotes", "moyens_humains_etp", "moyens_materiels", "resultats_attendus", "freins", "leviers", "suites",
    "lien_deliberation",
)  # fmt: skip


def sheets(view: View, rows: Sequence[dict[Any, Any]]) -> Markup:
    """Return one fold per action of the period shown, in the order given, under the name of its axe."""
    written = {View.text(row["action"]): row for row in view.table("action_sheets").to_dict("records")}
    history: dict[str, list[dict[Any, Any]]] = {}
    for row in view.table("action_history").to_dict("records"):
        history.setdefault(View.text(row["id"]), []).append(row)
    axes: dict[str, list[Markup]] = {}
    for row in rows:
        fold = blocks.folded(
            f"{row['id']} – {row['intitule']} : {state(row)}",
            blocks.definitions(_said(view, row, written.get(row["id"], {}), history.get(row["id"], []))),
        )
        axes.setdefault(View.text(row["axe"]), []).append(fold)
    parts = [blocks.minor(axis, folds) if axis else Markup("\n").join(folds) for axis, folds in axes.items()]
    return blocks.subsection("Le détail action par action", parts)


def state(row: dict[Any, Any]) -> str:
    """Return the state of an action, with how far it is when it is under way."""
    label, share = wording.word("etats", str(row["etat"])), View.text(row["avancement_pct"])
    return f"{label} ({french.percent(float(share), 0)})" if share and row["etat"] == "en_cours" else label


def _said(
    view: View, row: dict[Any, Any], sheet: dict[Any, Any], stays: Sequence[dict[Any, Any]]
) -> list[tuple[str, str]]:
    items = [
        (_word("pilote"), View.text(row["pilote"])),
        (_word("calendrier"), _calendar(row)),
        (_word("etats"), " ; ".join(_stay(one) for one in stays)),
    ]
    items += [(_word(name), _cell(view, name, sheet.get(name))) for name in _FIELDS]
    return [(label, text) for label, text in items if text]


def _calendar(row: dict[Any, Any]) -> str:
    start, end, first = (View.text(row[name]) for name in ("debut", "fin", "fin_initiale"))
    told = []
    if start:
        told.append(f"début le {french.date(start)}")
    if end:
        told.append(f"fin prévue le {french.date(end)}")
    if first and first != end:
        told.append(f"d’abord prévue le {french.date(first)}")
    late = View.text(row["jours_retard"])
    if late and float(late) > 0:
        told.append(f"{french.plural(int(float(late)), 'jour')} de retard")
    return ", ".join(told)


def _stay(row: dict[Any, Any]) -> str:
    days = View.text(row["days"])
    spent = f", {french.plural(int(float(days)), 'jour')}" if days and View.text(row["until"]) else ""
    return f"{wording.word('etats', str(row['etat']))} depuis le {french.date(View.text(row['since']))}{spent}"


def _cell(view: View, name: str, value: object) -> str:
    text = View.text(value)
    if text and name in {"effectif_vise", "moyens_humains_etp"}:
        return french.number(float(text))
    if name == "territoires":
        return french.enumeration([view.names.get(code.strip()) or code.strip() for code in text.split(";") if text])
    return text.replace(";", " ;") if name == "objectifs_operationnels" else text


def _word(name: str) -> str:
    return wording.word("fiche", name)
