"""The handover: all that the next person in post must know, action by action and date by date, as plain data.

It is for internal use: nothing is masked in it. Paths are those of the dossier, so that it reads the same elsewhere.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from ctgeval import french
from ctgeval.errors import DossierError
from ctgeval.programme import actions as plan, coming, recommendations
from ctgeval.programme.handover_parts import Grid, Handover, Part, action_part, bare, day_of, is_overdue, text_of

__all__ = ["MISSING", "Context", "Handover", "SourceNote", "build"]

MISSING = (
    "Le registre de ce qui a été publié, et les versions figées des bilans : ils ne sont pas encore tenus par l’outil.",
    "La programmation des bilans : elle n’est pas encore tenue par l’outil ; chaque bilan se lance à la main.",
    "Les noms, téléphones et courriels des personnes : transmettez-les à part, jamais dans ce dossier.",
    "Les mots de passe et les droits d’accès aux serveurs et aux messageries.",
    "Ce qui ne se dit que de vive voix : prévoyez un temps avec la personne qui part.",
)
"""What the file does not hold, told plainly in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceNote:
    """A source: its name, who sends it, what was last received, and what comes next."""

    name: str
    producer: str
    updated: str
    last: str
    expected: str
    rhythm: str
    file: str
    diffusion: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Context:
    """What a handover is made from, beside the tables of the dossier.

    Parameters
    ----------
    name : str
        The territory.
    day : date
        Day at which everything is told.
    mention : str
        What every document must say, such as « données fictives ».
    start, end : date or None
        First and last day of the convention.
    indicators : mapping of str to str
        Last known figure of each indicator, in words.
    sources : sequence of SourceNote
    questions : sequence of str
        What remains to answer or to validate in the evaluation.
    raised : sequence of str
        What the rules raise and nobody has taken up yet.
    bilans : sequence of tuple of str
        Notebook, audience, period, state of each bilan.
    files : sequence of tuple of str
        Path in the dossier, what it is.
    """

    name: str
    day: dt.date
    mention: str = ""
    start: dt.date | None = None
    end: dt.date | None = None
    indicators: Mapping[str, str] = field(default_factory=dict)
    sources: Sequence[SourceNote] = ()
    questions: Sequence[str] = ()
    raised: Sequence[str] = ()
    bilans: Sequence[tuple[str, str, str, str]] = ()
    files: Sequence[tuple[str, str]] = ()


def build(tables: Mapping[str, pd.DataFrame], context: Context) -> Handover:
    """Gather a handover.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        The coordinator's tables, by name.
    context : Context

    Returns
    -------
    Handover
        Never raises on what a table may hold: a plan that can't be read gives no action, and says so.
    """
    register = recommendations.register(tables["recommandations"], at=context.day)
    late = _late_milestones(tables["jalons"], context.day)
    now = _now(tables["actions"], context.day)
    overdue = [row["id"] for row in now.to_dict("records") if is_overdue(row, context.day)]
    unanswered = _unanswered(tables)
    return Handover(
        title=f"Passation de la convention territoriale globale – {context.name}",
        day=context.day,
        mentions=tuple(
            filter(None, ["Usage interne : rien n’est masqué dans ce document, ne le diffusez pas.", context.mention])
        ),
        parts=(
            _first(register, overdue, late, unanswered, context),
            _decisions(register, context),
            Part(
                id="actions",
                title="Les actions, une à une",
                sentences=() if len(now) else ("Le plan d’actions est vide, ou ne peut pas être lu.",),
                parts=tuple(
                    action_part(row, tables, register=register, day=context.day, indicators=context.indicators)
                    for row in now.to_dict("records")
                ),
            ),
            Part(
                id="propositions",
                title="Propositions et contributions sans réponse",
                sentences=() if unanswered else ("Chaque proposition a reçu sa réponse.",),
                items=tuple(unanswered),
            ),
            _sources(context),
            _calendar(now, tables, context),
            Part(
                id="fichiers",
                title="Les fichiers, et où ils sont",
                sentences=(
                    "Les chemins partent du dossier : ils sont les mêmes sur un autre poste ou un autre lecteur.",
                ),
                grid=Grid(caption="Fichiers du dossier", columns=("Chemin", "Ce que c’est"), rows=tuple(context.files)),
            ),
            Part(id="absent", title="Ce que ce document ne contient pas", items=MISSING),
        ),
    )


def _now(actions: pd.DataFrame, day: dt.date) -> pd.DataFrame:
    try:
        return plan.current(actions, at=day)
    except DossierError:
        return plan.current(actions.iloc[:0])


def _first(
    register: pd.DataFrame,
    overdue: Sequence[object],
    late: Sequence[object],
    unanswered: Sequence[str],
    context: Context,
) -> Part:
    waiting = int(register["etat"].eq("proposee").sum())
    counts = (
        (waiting, "préconisation attend une décision", "préconisations attendent une décision"),
        (
            len(context.raised),
            "point relevé par les règles est à examiner",
            "points relevés par les règles sont à examiner",
        ),
        (len(context.questions), "question évaluative reste à traiter", "questions évaluatives restent à traiter"),
        (len(overdue), "action a dépassé son échéance", "actions ont dépassé leur échéance"),
        (len(late), "étape d’action est en retard", "étapes d’actions sont en retard"),
        (len(unanswered), "proposition attend une réponse", "propositions attendent une réponse"),
    )
    told = tuple(f"{french.plural(count, one, many)}." for count, one, many in counts if count)
    return Part(id="d-abord", title="À regarder d’abord", items=told or ("Rien n’est en attente.",))


def _decisions(register: pd.DataFrame, context: Context) -> Part:
    waiting = [
        f"{row['id']} – {bare(row['texte'])} (proposée le {day_of(row['date'])} : {row['origine']})"
        for row in register[register["etat"].eq("proposee")].to_dict("records")
    ]
    begun = [
        f"{row['id']} – {bare(row['texte'])} ({recommendations.STATE_LABELS[row['etat']].lower()}"
        + (f" par {text_of(row['instance'])}" if text_of(row["instance"]) else "")
        + (f" le {day_of(row['etat_le'])})" if text_of(row["etat_le"]) else ")")
        for row in register[register["etat"].isin(["acceptee", "amendee"])].to_dict("records")
    ]
    grid = Grid(caption="État des bilans", columns=("Bilan", "Public", "Période", "État"), rows=tuple(context.bilans))
    parts = (
        Part(id="a-decider", title="À décider", items=tuple(waiting)),
        Part(id="a-faire", title="Décidé, à faire", items=tuple(begun)),
        Part(id="a-examiner", title="Relevé par les règles, à examiner", items=tuple(context.raised)),
        Part(id="a-repondre", title="Évaluation : à traiter", items=tuple(context.questions)),
        Part(id="bilans", title="Validations des bilans", grid=grid if context.bilans else None),
    )
    kept = tuple(part for part in parts if part.items or part.grid)
    return Part(
        id="decisions",
        title="Décisions et validations en attente",
        sentences=() if kept else ("Aucune décision n’est en attente.",),
        parts=kept,
    )


def _late_milestones(milestones: pd.DataFrame, day: dt.date) -> list[Mapping[object, object]]:
    late = milestones["prevu_le"].astype("string").lt(day.isoformat()) & milestones["realise_le"].isna()
    return list(milestones[late.fillna(value=False).astype(bool)].to_dict("records"))


def _unanswered(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """Return the proposals of inhabitants and the contributions to workshops that nobody has answered."""
    found: list[str] = []
    for name, origin in (("propositions", "origine"), ("contributions", "atelier")):
        frame = tables[name]
        open_ = frame["reponse_le"].isna() | frame["suite"].isna() | frame["suite"].eq("en cours")
        found += [
            f"{row['id']} – {bare(row['texte'])} ({row[origin]}"
            + (f", {day_of(row['date'])}" if name == "propositions" else "")
            + (f", suite : {text_of(row['suite'])})" if text_of(row["suite"]) else ", sans suite)")
            for row in frame[open_].to_dict("records")
        ]
    return found


def _sources(context: Context) -> Part:
    rows = tuple(
        (one.name, one.producer, one.updated, one.last, one.expected, one.rhythm, one.file or "suivi (comptages)")
        for one in context.sources
    )
    columns = (
        "Source",
        "Qui l’envoie",
        "Mise à jour",
        "Dernière période",
        "À demander ensuite",
        "Périodicité",
        "Fichier",
    )
    grid = Grid(caption="Sources et prochaines mises à jour", columns=columns, rows=rows)
    return Part(
        id="sources",
        title="Les sources, et ce qu’il faut demander",
        sentences=() if rows else ("Aucune source n’est déclarée dans ctg.toml.",),
        grid=grid if rows else None,
    )


def _calendar(now: pd.DataFrame, tables: Mapping[str, pd.DataFrame], context: Context) -> Part:
    found = coming.calendar(context.day, start=context.start, end=context.end, actions=now, milestones=tables["jalons"])
    grid = Grid(caption="Calendrier", columns=("Au plus tard le", "Quoi"), rows=_dated(found))
    return Part(
        id="calendrier",
        title="Ce qui vient",
        sentences=("Dates habituelles d’une convention, échéances des actions et étapes prévues ; à adapter.",),
        grid=grid,
    )


def _dated(found: Iterable[tuple[dt.date, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((french.date(when), text) for when, text in found)
