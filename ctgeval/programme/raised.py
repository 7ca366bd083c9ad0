"""What the declared rules raise: proposals to look into, each with the figure that raised it.

A rule never decides: what it raises is « à examiner » until somebody writes it in the table ``recommandations``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

import pandas as pd

from ctgeval import french, periods
from ctgeval.errors import DossierError
from ctgeval.observations import WITHHELD
from ctgeval.programme import actions as plan, budget as money
from ctgeval.programme.rules import LATE, DeclaredRule

__all__ = ["PROPOSAL_COLUMNS", "Facts", "Item", "proposals"]

PROPOSAL_COLUMNS = (
    "regle", "texte", "chiffre", "indicator", "action", "geo", "time_period", "value", "source", "recommandation",
)  # fmt: skip
_DONE = ("realisee", "perennisee", "abandonnee")


class Item(Protocol):
    """What is needed of an indicator."""

    @property
    def label(self) -> str:
        """Name."""

    @property
    def unit(self) -> str:
        """Unit."""

    @property
    def decimals(self) -> int:
        """Digits after the comma."""

    @property
    def direction(self) -> str:
        """Which way is progress."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Facts:
    """What rules look at: for a reader, what that reader is shown.

    Parameters
    ----------
    results, progress : DataFrame
        Rows of the territory, protected for the reader.
    plan, budget : DataFrame
        Tables ``actions`` and ``budget``.
    catalogue : mapping of str to Item
    day : date
        Day at which delays are told.
    until : str or None
        Last period of the bilan.
    """

    results: pd.DataFrame
    progress: pd.DataFrame
    plan: pd.DataFrame
    budget: pd.DataFrame
    catalogue: Mapping[str, Item]
    day: date
    until: str | None = None


def proposals(rules: Iterable[DeclaredRule], facts: Facts, *, register: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return what the rules propose to look into.

    Parameters
    ----------
    rules : iterable of DeclaredRule
    facts : Facts
        What the reader is shown: a figure that is masked there raises nothing, so that no proposal tells of it.
    register : DataFrame, optional
        Table ``recommandations``: a proposal that somebody has written there (its ``origine`` names the rule) carries
        its id.

    Returns
    -------
    DataFrame
        Columns `PROPOSAL_COLUMNS`, in the order of the rules; ``texte`` still holds the references to other figures.
    """
    written = [] if register is None else register.to_dict("records")
    rows = []
    for rule in rules:
        found = {"action": _late, "budget": _overfunded}.get(rule.about, _figures)(rule, facts)
        for row, words in found:
            text = _filled(rule.texte, words)
            rows.append({**row, "regle": rule.id, "texte": text, "recommandation": _written(rule, row, written)})
    table = pd.DataFrame(rows, columns=list(PROPOSAL_COLUMNS))
    return table.astype({name: "float64" if name == "value" else "str" for name in PROPOSAL_COLUMNS})


Found = Iterator[tuple[dict[str, Any], dict[str, str]]]


def _filled(text: str, words: Mapping[str, str]) -> str:
    return re.sub(r"\{\{\s*(\w+)\s*:\s*(\w+)\s*\}\}", lambda found: words.get(f"{found[1]}:{found[2]}", found[0]), text)


def _written(rule: DeclaredRule, row: Mapping[str, Any], register: Sequence[Mapping[Any, Any]]) -> str:
    """Return the id of the line of the register that takes a proposal up."""
    for line in register:
        origin = re.split(r"[^\w-]+", str(line["origine"]))
        if rule.id not in origin:
            continue
        action, figure = _text(line.get("action")), _text(line.get("chiffre"))
        about_action = bool(row["action"]) and action == row["action"]
        about_figure = bool(row["indicator"]) and figure.split(" ")[0] == row["indicator"]
        if about_action or about_figure or (not action and not figure):
            return str(line["id"])
    return ""


# -- figures ----------------------------------------------------------------------------------------------------------


def _figures(rule: DeclaredRule, facts: Facts) -> Found:
    for name, point in _latest(rule, facts).items():
        item = facts.catalogue[name]
        goal = _goal(name, facts)
        if not _raises(rule, name, point, goal, facts):
            continue
        value = french.quantity(float(point["value"]), item.unit, item.decimals)
        when, target = french.period(str(point["time_period"])), _target(goal, item)
        more = f", pour une cible de {target}" if target else ""
        yield (
            {
                "chiffre": f"{item.label} : {value} ({when}){more}",
                "indicator": name,
                "action": "",
                "geo": point["geo"],
                "time_period": point["time_period"],
                "value": float(point["value"]),
                "source": _text(point["source"]),
            },
            {
                "indicateur:nom": item.label,
                "indicateur:valeur": value,
                "indicateur:periode": when,
                "indicateur:cible": target or "non fixée",
            },
        )


def _rows(facts: Facts, name: str) -> pd.DataFrame:
    rows = facts.results[facts.results["indicator"].eq(name)]
    if facts.until is not None and len(rows):
        end = periods.end(facts.until)
        rows = rows[[periods.end(str(text)) <= end for text in rows["time_period"]]]
    return rows


def _latest(rule: DeclaredRule, facts: Facts) -> dict[str, pd.Series[Any]]:
    """Return the last figure of each indicator, when it is shown: an earlier one would tell that it is masked."""
    wanted = rule.indicateurs or tuple(dict.fromkeys(facts.progress["indicator"].astype(str)))
    found = {}
    for name in wanted:
        rows = _rows(facts, name) if name in facts.catalogue else facts.results.iloc[:0]
        # A figure that does not exist yet gives way to the one before it; one that is withheld does not.
        rows = rows[rows["value"].notna() | rows["conf_status"].isin(WITHHELD)]
        if rows.empty:
            continue
        last = periods.latest(dict.fromkeys(rows["time_period"].astype(str)))
        row = rows[rows["time_period"].eq(last)].iloc[0]
        if row["conf_status"] not in WITHHELD and math.isfinite(float(row["value"])):
            found[name] = row
    return found


def _goal(name: str, facts: Facts) -> Mapping[Any, Any]:
    rows = facts.progress[facts.progress["indicator"].eq(name)]
    return rows.iloc[-1].to_dict() if len(rows) else {}


def _target(goal: Mapping[Any, Any], item: Item) -> str:
    low, high = _number(goal.get("target_min")), _number(goal.get("target_max"))
    if math.isfinite(_number(goal.get("target"))):
        return french.quantity(_number(goal["target"]), item.unit, item.decimals)
    if math.isfinite(low) and math.isfinite(high):
        return french.interval(low, high, item.decimals, item.unit)
    return ""


def _raises(rule: DeclaredRule, name: str, point: pd.Series[Any], goal: Mapping[Any, Any], facts: Facts) -> bool:
    if rule.condition == "verdict":
        # The verdict is that of the last figure that is followed: another one would be quoted beside it.
        return goal.get("verdict") in rule.words and goal.get("time_period") == point["time_period"]
    low, high = _bounds(point)
    if rule.condition == "moins_de":
        return high < rule.level
    if rule.condition == "plus_de":
        return low > rule.level
    return _worsening(name, point, facts) >= rule.level


def _worsening(name: str, point: pd.Series[Any], facts: Facts) -> float:
    """Return by how much a figure is surely worse than a year before, within what is known of both."""
    sign = {"higher": -1.0, "lower": 1.0}.get(facts.catalogue[name].direction, 0.0)
    before = _year_before(str(point["time_period"]))
    rows = _rows(facts, name)
    rows = rows[rows["time_period"].eq(before) & rows["value"].notna() & ~rows["conf_status"].isin(WITHHELD)]
    if rows.empty or not sign:
        return -math.inf
    (low, high), (old_low, old_high) = _bounds(point), _bounds(rows.iloc[0])
    return low - old_high if sign > 0 else old_low - high


def _year_before(period: str) -> str:
    first, _, rest = period.partition("-")
    if periods.parse(period).frequency == "SCOLAIRE":
        return f"{int(first) - 1}-{first}"
    return f"{int(first) - 1}-{rest}" if rest else str(int(first) - 1)


def _bounds(point: pd.Series[Any]) -> tuple[float, float]:
    value = float(point["value"])
    low, high = _number(point.get("low")), _number(point.get("high"))
    return (value if math.isnan(low) else low), (value if math.isnan(high) else high)


# -- actions and money ------------------------------------------------------------------------------------------------


def _plan(facts: Facts) -> list[dict[Any, Any]]:
    try:
        return plan.current(facts.plan, at=facts.day).to_dict("records")
    except DossierError:
        # A state that nothing knows is told with the plan of actions: rules about it wait.
        return []


def _late(rule: DeclaredRule, facts: Facts) -> Found:
    for row in _plan(facts):
        if rule.axe and row["axe"] != rule.axe:
            continue
        end, state = _text(row["fin"]), str(row["etat"])
        late = bool(end) and end < facts.day.isoformat() and state not in _DONE
        if not (state in rule.words or (LATE in rule.words and late)):
            continue
        words = {
            "action:nom": str(row["intitule"]),
            "action:etat": plan.STATE_LABELS[state].lower(),
            "action:depuis": french.date(str(row["etat_date"])),
            "action:fin": french.date(end) if end else "non précisée",
        }
        told = f"action {words['action:etat']} depuis le {words['action:depuis']}"
        told += f", fin prévue le {words['action:fin']}" if end else ""
        yield _of_action(str(row["id"]), told, "Plan d’actions"), words


def _overfunded(rule: DeclaredRule, facts: Facts) -> Found:
    named = {str(row["id"]): row for row in _plan(facts)}
    try:
        left = money.reste_a_charge(facts.budget, by=("action", "exercice"))
    except DossierError:
        return
    for year in left[left["reste_a_charge"] < 0].to_dict("records"):
        action = str(year["action"])
        row = named.get(action, {})
        if rule.axe and row.get("axe") != rule.axe:
            continue
        basis = "réalisé" if year["statut"] == "realise" else "prévu"
        words = {
            "action:nom": str(row.get("intitule", action)),
            "budget:exercice": str(year["exercice"]),
            "budget:recettes": french.euros(year["recettes"]),
            "budget:depenses": french.euros(year["depenses"]),
            "budget:ecart": french.euros(-year["reste_a_charge"]),
        }
        told = (
            f"{words['budget:recettes']} de recettes pour {words['budget:depenses']} de dépenses "
            f"en {year['exercice']} ({basis})"
        )
        yield _of_action(action, told, "Budget de la convention", period=str(year["exercice"])), words


def _of_action(action: str, told: str, source: str, period: str = "") -> dict[str, Any]:
    return {"chiffre": french.typography(told[:1].upper() + told[1:]), "indicator": "", "action": action, "geo": "",
            "time_period": period, "value": math.nan, "source": source}  # fmt: skip


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else math.nan
