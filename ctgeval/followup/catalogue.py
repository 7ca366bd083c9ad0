"""The indicators of the dossier: their sheets, what they are for each action, and those that are judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from ctgeval import french
from ctgeval.confidentiality.released import TABLES
from ctgeval.errors import Problem
from ctgeval.followup.topic import Reader, Topic
from ctgeval.indicators.sheet import kind_word, sheet
from ctgeval.programme import judgements, links
from ctgeval.programme.origin import place

if TYPE_CHECKING:
    from ctgeval.dossier import Dossier

__all__ = ["TOPIC"]

FEWEST, MOST = 8, 20
"""Indicators that a steering committee can follow."""
EFFECTS = frozenset({"resultat", "impact"})
"""Kinds that can speak of effects."""
_PROPOSED = 4


def _tables(dossier: Dossier, reader: Reader) -> Mapping[str, pd.DataFrame]:
    public = reader.audience == "habitants"
    return {
        "sheets": _frame("sheets", [] if public else _sheet_rows(dossier)),
        "links": _frame("links", [] if public else _link_rows(dossier)),
        "judgements": _frame("judgements", _judgement_rows(dossier, internal=reader.internal)),
    }


def _sheet_rows(dossier: Dossier) -> list[dict[str, object]]:
    """Return one row per sentence of the sheets of the indicators that the committee chose."""
    known = dossier.known_indicators
    return [
        {
            "indicator": id,
            "label": known[id].label,
            "kind_label": kind_word(known[id].kind),
            "key": row.key,
            "term": row.term,
            "text": text,
        }
        for id in dict.fromkeys(dossier.retained)
        if id in known
        for row in sheet(known[id])
        for text in row.texts
    ]


def _link_rows(dossier: Dossier) -> list[dict[str, object]]:
    plan = dossier.actions()
    names = dict(zip(plan["id"], plan["intitule"], strict=True))
    found = links.kinds(dossier.tables["liens"].frame, dossier.known_indicators)
    rows = [{str(key): value for key, value in row.items()} for row in found.to_dict("records")]
    return [
        row | {"action_label": names[row["action"]], "kind_label": kind_word(str(row["kind"]))}
        for row in rows
        if row["action"] in names
    ]


def _judgement_rows(dossier: Dossier, *, internal: bool) -> list[dict[str, object]]:
    """Return every judgement, and one row without a level for each indicator that nobody has judged yet."""
    scales = {id: item.scale for id, item in dossier.qualitative.items()}
    found = judgements.read(dossier.tables["jugements"].frame, scales)
    awaited: dict[str, object] = dict.fromkeys(judgements.COLUMNS, "")
    awaited |= {"geo": dossier.config.territoire.code, "rank": 0, "moved": 0, "last": True}
    rows: list[dict[str, object]] = []
    for id, item in dossier.qualitative.items():
        told = [{str(key): value for key, value in row.items()} for row in found.to_dict("records")]
        about = {
            "label": item.label,
            "definition": item.definition,
            "kind_label": kind_word(item.kind),
            "scale": list(item.scale),
            "direction": item.direction,
            "retained": id in dossier.retained,
        }
        # What proves it may be an address that only the team can open.
        shown: dict[str, object] = {} if internal else {"evidence": ""}
        own = [row for row in told if row["indicator"] == id] or [awaited | {"indicator": id}]
        rows += [row | about | shown for row in own]
    return rows


def _frame(name: str, rows: list[dict[str, object]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(TABLES[name]))


def _problems(dossier: Dossier) -> Iterator[Problem]:
    own = dossier.own_indicators
    yield from own.problems
    yield from _how_many(dossier)
    yield from _silent_on_effects(dossier)
    yield from links.problems(
        dossier.tables["liens"].frame,
        dossier.known_indicators,
        actions=sorted(set(dossier.tables["actions"].frame["id"].dropna())),
        unusable=own.unusable,
    )
    yield from judgements.problems(
        dossier.tables["jugements"].frame,
        {id: item.scale for id, item in dossier.qualitative.items()},
        counted=dossier.catalogue,
        knows=dossier.knows,
        unusable=own.unusable,
    )
    yield from _targets_of_judgements(dossier)


def _how_many(dossier: Dossier) -> Iterator[Problem]:
    count = len(set(dossier.retained))
    if not count or FEWEST <= count <= MOST:
        return
    known = set(dossier.retained)
    remedy = (
        f"Gardez-en {MOST} au plus avec le COPIL : le reste du catalogue demeure consultable."
        if count > MOST
        else f"Complétez avec le COPIL jusqu’à {FEWEST} au moins : « ctgeval indicateurs » liste le catalogue."
    )
    yield Problem(
        message=f"{french.plural(len(known), 'indicateur est retenu', 'indicateurs sont retenus')} : "
        f"un suivi partagé en demande de {FEWEST} à {MOST}.",
        remedy=remedy,
        file="ctg.toml",
        key="indicateurs.retenus",
        value=str(count),
        severity="avertissement",
    )


def _silent_on_effects(dossier: Dossier) -> Iterator[Problem]:
    """Tell a programme that it will not be able to speak of effects, while there is still time to count something."""
    known = dossier.known_indicators
    given = links.every_kind(dossier.tables["liens"].frame, known, dossier.retained)
    if not given or any(kinds & EFFECTS for kinds in given.values()):
        return
    told = french.enumeration(
        [kind_word(kind).lower() for kind in sorted({one for kinds in given.values() for one in kinds})]
    )
    yield Problem(
        message=f"Les indicateurs retenus sont tous de nature {told} : le bilan ne pourra pas parler d’effets.",
        remedy=f"Ajoutez au moins un indicateur de résultat ou d’impact, {_proposed(dossier)}, ou dites dans la table "
        "« liens » pour quelle action l’un des indicateurs retenus en est un, et pourquoi.",
        file="ctg.toml",
        key="indicateurs.retenus",
        severity="avertissement",
    )


def _proposed(dossier: Dossier) -> str:
    """Return some indicators of effects, those of the themes that the committee follows first."""
    known = dossier.known_indicators
    themes = [known[id].theme for id in dossier.retained if id in known]
    wanted = [(id, item) for id, item in known.items() if item.kind in EFFECTS]
    near = [(id, item) for id, item in wanted if item.theme in themes] or wanted
    return "par exemple " + french.enumeration([f"{id} ({item.label})" for id, item in near[:_PROPOSED]], "ou")


def _targets_of_judgements(dossier: Dossier) -> Iterator[Problem]:
    targets = dossier.tables["cibles"].frame
    for row in targets[targets["indicateur"].isin(list(dossier.qualitative))].to_dict("records"):
        yield Problem(
            message="Un indicateur qualitatif n’a pas de cible chiffrée : cette ligne n’est pas suivie.",
            remedy="Retirez la ligne, et dites le niveau visé dans la définition de l’indicateur.",
            column="indicateur",
            value=str(row["indicateur"]),
            severity="avertissement",
            **place(row["origin"]),
        )


TOPIC = Topic(tables=_tables, problems=_problems)
