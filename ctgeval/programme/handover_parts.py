"""What a handover is made of, and the part that tells all of one action: state, history, steps, money, notes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from ctgeval import french
from ctgeval.errors import DossierError
from ctgeval.programme import actions as plan, budget, journal, recommendations

__all__ = ["Grid", "Handover", "Part", "action_part", "bare", "day_of", "is_overdue", "text_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table: its caption, its columns, and its rows of texts; the first cell names the row."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part: its title, sentences, a list, a table, and smaller parts."""

    id: str
    title: str
    sentences: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    grid: Grid | None = None
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """The whole file: title, day, what must be said of it, parts."""

    title: str
    day: dt.date
    mentions: tuple[str, ...]
    parts: tuple[Part, ...]


def text_of(value: object) -> str:
    """Return a cell as text, the missing as an empty one."""
    return value.strip() if isinstance(value, str) else ""


def bare(value: object) -> str:
    """Return a sentence without its full stop, for what follows it in brackets."""
    return text_of(value).rstrip(".")


def day_of(value: object) -> str:
    """Return a cell that holds a date as a reader sees it, empty when there is none."""
    return french.date(value) if isinstance(value, str) and value else ""


def is_overdue(action: Mapping[object, object], day: dt.date) -> bool:
    """Tell whether the term of an action is over at a day, while it is neither done nor given up."""
    term = text_of(action["fin"])
    return bool(term) and term < day.isoformat() and str(action["etat"]) not in {*plan.DONE, "abandonnee"}


def action_part(
    row: Mapping[object, object],
    tables: Mapping[str, pd.DataFrame],
    *,
    register: pd.DataFrame,
    day: dt.date,
    indicators: Mapping[str, str],
) -> Part:
    """Return all that is known of an action.

    Parameters
    ----------
    row : mapping
        Its row of `ctgeval.programme.actions.current`.
    tables : mapping of str to DataFrame
        The coordinator's tables.
    register : DataFrame
        The recommendations as they stand.
    day : date
        Day at which delays are told.
    indicators : mapping of str to str
        Last known figure of each indicator, in words.
    """
    name = str(row["id"])
    state = plan.STATE_LABELS.get(str(row["etat"]), str(row["etat"]))
    over = ", dépassée" if is_overdue(row, day) else ""
    about = [
        f"{state} depuis le {day_of(row['etat_date'])}."
        + (f" {text_of(row['motif'])}." if text_of(row["motif"]) else ""),
        f"Axe : {row['axe']}." if text_of(row["axe"]) else "",
        f"Échéance : {day_of(row['fin'])}{over}." if text_of(row["fin"]) else "",
        f"Pilote : {text_of(row['pilote'])}." if text_of(row["pilote"]) else "Pilote : non précisé.",
        f"Partenaires : {text_of(row['partenaires'])}." if text_of(row["partenaires"]) else "",
        _left(tables["budget"], name),
        f"Preuve : {text_of(row['lien_preuve'])}" if text_of(row["lien_preuve"]) else "",
    ]
    parts = (
        Part(id=f"{name}-histoire", title="Historique", items=_history(tables["actions"], name, day)),
        Part(id=f"{name}-etapes", title="Étapes", items=_steps(tables["jalons"], name, day)),
        Part(id=f"{name}-indicateurs", title="Indicateurs", items=_indicators(tables["liens"], name, indicators)),
        Part(id=f"{name}-notes", title="Notes du journal", items=_notes(tables["journal"], name)),
        Part(id=f"{name}-decisions", title="Préconisations et décisions", items=_about(register, name)),
    )
    return Part(
        id=name,
        title=f"{name} – {row['intitule']}",
        sentences=tuple(filter(None, about)),
        parts=tuple(part for part in parts if part.items),
    )


def _left(lines: pd.DataFrame, action: str) -> str:
    """Return what was planned, spent and is left to spend; nothing when no expense is written."""
    own = lines[lines["action"].eq(action) & lines["nature"].eq("depense")]
    try:
        totals = budget.totals(own, by=("action",))
    except DossierError:
        return "Budget : des montants ne peuvent pas être lus."
    if totals.empty:
        return ""
    planned, spent = (float(totals[name].sum()) for name in ("prevu", "realise"))
    sense = "restent à dépenser" if planned >= spent else "de dépassement"
    # Whole euros only where nothing is lost: the three amounts must agree.
    digits = 0 if all(amount == round(amount) for amount in (planned, spent)) else 2
    told = [french.euros(amount, digits) for amount in (planned, spent, abs(planned - spent))]
    return f"Budget : {told[0]} de dépenses prévues, {told[1]} réalisées ; {told[2]} {sense}."


def _history(actions: pd.DataFrame, action: str, day: dt.date) -> tuple[str, ...]:
    rows = actions[actions["id"].eq(action) & actions["etat_date"].notna()].sort_values("etat_date", kind="stable")
    rows = rows[rows["etat_date"].astype(str).le(day.isoformat())]
    return tuple(
        f"{day_of(row['etat_date'])} : {plan.STATE_LABELS.get(str(row['etat']), str(row['etat'])).lower()}"
        + (f" – {text_of(row['motif'])}" if text_of(row["motif"]) else "")
        for row in rows.to_dict("records")
    )


def _steps(milestones: pd.DataFrame, action: str, day: dt.date) -> tuple[str, ...]:
    rows = milestones[milestones["action"].eq(action)].sort_values("prevu_le", kind="stable").to_dict("records")
    told = []
    for row in rows:
        if text_of(row["realise_le"]):
            state = f"franchie le {day_of(row['realise_le'])}"
        else:
            state = "EN RETARD" if text_of(row["prevu_le"]) < day.isoformat() else "à venir"
        told.append(f"{row['intitule']} : prévue le {day_of(row['prevu_le'])}, {state}")
    return tuple(told)


def _indicators(links: pd.DataFrame, action: str, told: Mapping[str, str]) -> tuple[str, ...]:
    names = dict.fromkeys(links.loc[links["action"].eq(action), "indicateur"].dropna().astype(str))
    return tuple(told.get(name, f"{name} : inconnu du catalogue") for name in names)


def _notes(notes: pd.DataFrame, action: str) -> tuple[str, ...]:
    rows = journal.entries(notes[notes["action"].eq(action)])
    labels = (("contexte", "Contexte"), ("freins", "Freins"), ("leviers", "Leviers"), ("a_refaire", "À refaire"),
              ("a_eviter", "À éviter"))  # fmt: skip
    return tuple(
        " ".join(
            [f"{day_of(row['date'])}, {row['libelle'].lower()} – {row['texte']}"]
            + [f"{label} : {text_of(row[key]).rstrip('.')}." for key, label in labels if text_of(row[key])]
        )
        for row in rows.to_dict("records")
    )


def _about(register: pd.DataFrame, action: str) -> tuple[str, ...]:
    return tuple(
        f"{row['id']} – {bare(row['texte'])} "
        f"({recommendations.STATE_LABELS[row['etat']].lower()}, {day_of(row['etat_le'])})"
        for row in register[register["action"].eq(action)].to_dict("records")
    )
