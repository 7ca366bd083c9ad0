"""Participation in a dossier: meetings, who came against the census, proposals; what each reader is told of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from ctgeval import observations
from ctgeval.confidentiality.declared_rules import public_rule
from ctgeval.confidentiality.released import TABLES
from ctgeval.errors import Problem, suggestion
from ctgeval.followup import participants
from ctgeval.followup.shared import shared
from ctgeval.followup.topic import Reader, Topic
from ctgeval.programme import counts, participation, proposals
from ctgeval.programme.origin import place

if TYPE_CHECKING:
    from ctgeval.dossier import Dossier

__all__ = ["TOPIC"]

GAP = "ecart_representativite"


def _tables(dossier: Dossier, reader: Reader) -> Mapping[str, pd.DataFrame]:
    # Outside, one threshold holds for all.
    return shared(dossier, f"participation {reader.internal}", partial(_told, dossier, internal=reader.internal))


def _told(dossier: Dossier, *, internal: bool) -> dict[str, pd.DataFrame]:
    events = participation.events(dossier.tables["participation"].frame)
    asked = proposals.follow_up(dossier.tables["propositions"].frame)
    limit = 0 if internal else public_rule(dossier.config).threshold
    return {
        "participation": _named(dossier, "participation", _shown(events, limit)),
        "participation_years": _frame("participation_years", _years(events, limit)),
        "participation_ladder": _named(dossier, "participation_ladder", participation.ladder(events)),
        "representativeness": _frame("representativeness", participants.rows(dossier, internal=internal)),
        "proposals": _named(dossier, "proposals", asked),
        "proposal_years": _frame("proposal_years", proposals.years(asked)),
    }


def _shown(events: pd.DataFrame, limit: int) -> pd.DataFrame:
    """Mask the counts of too few persons."""
    hidden = {name: participants.small(events[name], limit) for name in ("presences", "personnes_distinctes")}
    status = (hidden["presences"] | hidden["personnes_distinctes"]).map({True: "C", False: "F"})
    return events.assign(**{name: events[name].mask(rows) for name, rows in hidden.items()}, conf_status=status)


def _years(events: pd.DataFrame, limit: int) -> pd.DataFrame:
    """Count the meetings by year; a total that would give a masked meeting back by subtraction is masked too."""
    hidden = set(events.loc[participants.small(events["presences"], limit), "annee"])
    found = participation.years(events)
    masked = found["annee"].isin(hidden)
    return found.assign(
        presences=found["presences"].mask(masked), conf_status=masked.map({True: "C", False: "F"}).astype("str")
    )


def _named(dossier: Dossier, name: str, found: pd.DataFrame) -> pd.DataFrame:
    plan = dossier.actions()
    labels = dict(zip(plan["id"], plan["intitule"], strict=True))
    return _frame(name, found.assign(action_label=[str(labels.get(action, "")) for action in found["action"]]))


def _frame(name: str, found: pd.DataFrame | list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(found, columns=list(TABLES[name]))


def _observations(dossier: Dossier) -> pd.DataFrame:
    """Count what PI07 and PI08 are made of, year by year, for the territory of the convention."""
    found = proposals.years(proposals.follow_up(dossier.tables["propositions"].frame))
    rows: list[dict[str, Any]] = []
    for row in found[~found["cumul"].astype(bool)].to_dict("records"):
        # A proposal that still waits may yet be taken up.
        status = "P" if row["en_attente"] else "A"
        rows += [
            _observation(dossier, measure, (row["annee"], row[column]), origin="propositions", status=status)
            for measure, column in (("propositions", "total"), ("propositions_retenues", "retenues"))
        ]
    rows += [
        _observation(dossier, GAP, told, origin="participation")
        for told in sorted(participants.widest(dossier).items())
    ]
    return observations.frame(rows) if rows else observations.empty()


def _observation(
    dossier: Dossier, measure: str, told: tuple[Any, Any], *, origin: str, status: str = "A"
) -> dict[str, Any]:
    year, value = told
    return {
        "measure": measure,
        "geo": dossier.config.territoire.code,
        "geography": dossier.year,
        "time_period": str(year),
        "value": float(value),
        "obs_status": status,
        "source": counts.PLAN,
        "origin": origin,
    }


def _problems(dossier: Dossier) -> Iterator[Problem]:
    register = dossier.tables["participation"].frame
    yield from participation.problems(register)
    yield from proposals.problems(dossier.tables["propositions"].frame)
    known = sorted(set(dossier.tables["actions"].frame["id"].dropna()))
    for name in ("participation", "propositions", "evenements"):
        yield from _unknown_actions(dossier.tables[name].frame, known)
    ground = participants.Ground.of(dossier)
    own = list(ground.names)
    told = register[register["secteur"].notna() & register["secteur"].ne("") & ~register["secteur"].isin(own)]
    for sector, group in told.groupby("secteur", sort=True):
        yield Problem(
            message=f"Le secteur « {sector} » n’est pas dans le territoire de la convention : ses participants "
            "n’entrent pas dans la comparaison par secteur.",
            remedy=suggestion(str(sector), own) or "Donnez le code d’une commune ou d’un groupement du territoire.",
            column="secteur",
            value=str(sector),
            severity="avertissement",
            **place(group.iloc[0]["origin"]),
        )


def _unknown_actions(frame: pd.DataFrame, known: list[str]) -> Iterator[Problem]:
    told = frame[frame["action"].notna() & frame["action"].ne("") & ~frame["action"].isin(known)]
    for action, group in told.groupby("action", sort=True):
        yield Problem(
            message=f"L’action « {action} » n’est pas dans le plan d’actions.",
            remedy=suggestion(str(action), known) or "Ajoutez-la au plan d’actions, ou corrigez son identifiant.",
            column="action",
            value=str(action),
            severity="avertissement",
            **place(group.iloc[0]["origin"]),
        )


TOPIC = Topic(tables=_tables, observations=_observations, problems=_problems)
