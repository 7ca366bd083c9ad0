"""Recommendations in a dossier: what the rules raise for each reader, and what became of what was proposed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, get_args

import pandas as pd

from ctgeval import french, periods
from ctgeval.confidentiality.released import TABLES
from ctgeval.errors import Problem
from ctgeval.followup import quoting
from ctgeval.followup.latest import latest
from ctgeval.followup.topic import Reader, Topic
from ctgeval.indicators.verdict import Verdict
from ctgeval.programme import raised, recommendations, rules, texts
from ctgeval.programme.rules import Rules

if TYPE_CHECKING:
    from ctgeval.dossier import Dossier

__all__ = ["TOPIC", "declared", "proposals"]

WORKING = frozenset({"interne", "cotech", "copil"})
"""Readers who decide or prepare decisions: what nobody has decided yet is for them only."""
_VERDICTS: tuple[str, ...] = get_args(Verdict)


def declared(dossier: Dossier) -> Rules:
    """Return the rules of a dossier."""
    return rules.read(dossier.path, verdicts=_VERDICTS)


def proposals(dossier: Dossier, reader: Reader) -> pd.DataFrame:
    """Return what the rules raise from the figures that a reader is shown."""
    plan, last = dossier.tables["actions"].frame, quoting.until(dossier, reader.audience)
    known = latest(dossier)
    days = [known] if known else []
    days += [periods.end(last)] if last else []
    facts = raised.Facts(
        results=quoting.territory_rows(dossier, reader.results),
        progress=quoting.territory_rows(dossier, reader.progress),
        plan=plan,
        budget=dossier.tables["budget"].frame,
        catalogue=dossier.catalogue,
        day=min(days, default=dt.date.min),
        until=last,
    )
    found = raised.proposals(declared(dossier).rules, facts, register=dossier.tables["recommandations"].frame)
    return found.assign(texte=quoting.resolved(dossier, reader, found["texte"].tolist()), periode=last or "")


def _tables(dossier: Dossier, reader: Reader) -> Mapping[str, pd.DataFrame]:
    columns = list(TABLES["proposals_of_rules"])
    found = proposals(dossier, reader) if reader.audience in WORKING else pd.DataFrame(columns=columns, dtype="str")
    return {"recommendations": _register(dossier, reader), "proposals_of_rules": found[columns]}


def _register(dossier: Dossier, reader: Reader) -> pd.DataFrame:
    """Return every state of every recommendation; outside, those decided, and the figures that are shown there."""
    found = recommendations.steps(dossier.tables["recommandations"].frame)
    if reader.audience not in WORKING:
        found = found[found["etat"].isin(recommendations.DECIDED)]
    plan = dossier.actions()
    names = dict(zip(plan["id"], plan["intitule"], strict=True))
    typed = [text if isinstance(text, str) else "" for text in found["chiffre"]]
    told = [text if reader.internal else _figure(dossier, reader, text) for text in typed]
    return found.assign(
        chiffre=told,
        action_label=[names.get(str(action), "") for action in found["action"]],
        texte=quoting.resolved(dossier, reader, found["texte"].astype(str).tolist()),
    )[list(TABLES["recommendations"])].reset_index(drop=True)


def _figure(dossier: Dossier, reader: Reader, typed: str) -> str:
    """Return a figure typed in the register (« PE09 2025-S2 : 24 % ») as a reader is shown it, or nothing.

    What was typed by hand may be what this reader must not know: only its indicator and its period are taken from it.
    """
    name, _, rest = typed.partition(" ")
    period = rest.partition(" :")[0].strip()
    if name not in dossier.catalogue or not periods.is_period(period):
        return ""
    item = dossier.catalogue[name]
    found = quoting.figure(dossier, reader, name, period=periods.normalise(period))
    return f"{item.label}, {french.period(period)} : {found.shown}"


def _problems(dossier: Dossier) -> Iterator[Problem]:
    found = declared(dossier)
    plan = dossier.tables["actions"].frame
    yield from found.problems
    yield from rules.problems(
        found.rules,
        indicators=sorted(dossier.catalogue),
        axes=sorted(set(plan["axe"].dropna().astype(str))),
        fields=tuple(texts.FIELDS),
    )
    yield from recommendations.problems(
        dossier.tables["recommandations"].frame, actions=sorted(set(plan["id"].dropna().astype(str)))
    )


TOPIC = Topic(tables=_tables, problems=_problems)
