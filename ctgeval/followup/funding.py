"""The budget in a dossier: its observations, its problems, and what each reader is told of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from ctgeval import observations as observations_
from ctgeval.confidentiality import rules
from ctgeval.confidentiality.released import TABLES
from ctgeval.errors import Problem
from ctgeval.followup.shared import shared
from ctgeval.followup.topic import Reader, Topic
from ctgeval.french import fold
from ctgeval.programme import budget, budget_checks, budget_controls, budget_rates, counts, grants

if TYPE_CHECKING:
    from ctgeval.dossier import Dossier

__all__ = ["TOPIC"]

_MEASURES = ("budget_vote", "budget_execute", "cout_total", "financements_externes_recus")
_OUTPUTS = "realisation"


def _tables(dossier: Dossier, reader: Reader) -> Mapping[str, pd.DataFrame]:
    lines = dossier.tables["budget"].frame
    found = {
        **shared(dossier, "budget", partial(_told_to_all, dossier)),
        "unit_costs": budget_rates.unit_costs(lines, _outputs(dossier, reader)),
        "grants": _grants(dossier, reader),
    }
    return {name: frame[list(TABLES[name])] for name, frame in found.items()}


def _told_to_all(dossier: Dossier) -> dict[str, pd.DataFrame]:
    """Return what every reader is told of the lines of the budget."""
    lines = dossier.tables["budget"].frame
    return {
        "budget_controls": budget_controls.controls(lines).astype({"exercice": "Int64"}),
        "budget_doubts": pd.DataFrame(
            [(one.value, one.message) for one in budget_checks.thousands(lines)],
            columns=list(TABLES["budget_doubts"]),
            dtype="str",
        ),
        "budget_rates": budget_rates.rates(lines, own=_own(dossier)),
        "budget_actions": _by_action(lines),
        "budget_in_kind": budget.in_kind(lines),
    }


def _by_action(lines: pd.DataFrame) -> pd.DataFrame:
    """Return what is left to pay of each action, year by year."""
    found = budget.reste_a_charge(lines, by=("exercice", "action"))
    return found if len(found) else pd.DataFrame(columns=list(TABLES["budget_actions"]))


def _own(dossier: Dossier) -> frozenset[str]:
    """Return the names under which the collectivité itself may be written as a funder."""
    return budget_checks.OWN | {fold(dossier.config.territoire.nom)} - {""}


def _outputs(dossier: Dossier, reader: Reader) -> dict[tuple[str, str], dict[int, float]]:
    """Return what each action produced, as this reader may know it: yearly counts of the outputs tied to it."""
    found: dict[tuple[str, str], dict[int, float]] = {}
    rows = reader.results[reader.results["geo"].eq(dossier.config.territoire.code)]
    for link in dossier.tables["liens"].frame.to_dict("records"):
        action, name = str(link["action"]), str(link["indicateur"])
        item = dossier.catalogue.get(name)
        kind = link["nature"] if isinstance(link["nature"], str) else item.kind if item else ""
        if item is None or item.denominator or item.published or kind != _OUTPUTS:
            continue
        own = rows[rows["indicator"].eq(name) & rows["time_period"].str.fullmatch(r"\d{4}")]
        found[action, name] = {int(row["time_period"]): float(row["value"]) for row in own.to_dict("records")}
    return found


def _grants(dossier: Dossier, reader: Reader) -> pd.DataFrame:
    """Return the published grants, of the sources that this reader may see."""
    place, lines = dossier.config.territoire, dossier.tables["budget"].frame
    shown = {one.cle for one in dossier.config.sources if rules.allows(one.diffusion, reader.audience)}
    found = [
        grants.grants(table.tables["subventions"], lines, geo=place.code, names=(place.nom or "",), source=key)
        for key, table in sorted(dossier.source_tables.items())
        if "subventions" in table.tables and (key in shown or reader.internal)
    ]
    kept = [frame for frame in found if len(frame)]
    return pd.concat(kept, ignore_index=True) if kept else pd.DataFrame(columns=list(grants.GRANTS))


def _observations(dossier: Dossier) -> pd.DataFrame:
    """Return the amounts of PI03 and PI04, year by year, but those that the coordinator counted otherwise."""
    place = dossier.config.territoire
    typed = dossier.tables["observations"].frame
    by_hand = set(zip(typed["mesure"], typed["periode"], strict=True))
    rows: list[dict[str, Any]] = []
    for year in budget_rates.rates(dossier.tables["budget"].frame, own=_own(dossier)).to_dict("records"):
        period = str(year["exercice"])
        told = {name: year[name] for name in _MEASURES if pd.notna(year[name])}
        if "cout_total" not in told:
            told.pop("financements_externes_recus", None)
        rows += [
            {
                "measure": name,
                "geo": place.code,
                "geography": dossier.year,
                "time_period": period,
                "value": amount,
                # What funders still owe comes later: the share that they paid is not the last one.
                "obs_status": "P" if name == "financements_externes_recus" and year["attendus"] else "A",
                "source": counts.PLAN,
                "origin": "budget",
            }
            for name, amount in told.items()
            if (name, period) not in by_hand
        ]
    return observations_.frame(rows) if rows else observations_.empty()


def _problems(dossier: Dossier) -> Iterator[Problem]:
    yield from budget_checks.problems(dossier.tables["budget"].frame, own=_own(dossier))


TOPIC = Topic(tables=_tables, observations=_observations, problems=_problems)
