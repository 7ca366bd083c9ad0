"""May a before/after be made of an indicator of this dossier? Answered point by point, before any estimate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ctgeval import french, periods
from ctgeval.indicators import definition
from ctgeval.indicators.definition import Indicator
from ctgeval.programme.actions import ENGAGED, STATE_LABELS

if TYPE_CHECKING:
    from ctgeval.dossier import Dossier

__all__ = ["Criterion", "Suitability", "suitability"]

LABELS = {
    "evaluable": "Évaluable",
    "contexte_seulement": "Contexte seulement",
    "non_evaluable": "Non évaluable",
}
_BLOCKING = frozenset({"reference", "final", "chevauchement", "action", "perimetre"})
_OVERLAP_YEARS = 5


@dataclass(frozen=True, slots=True)
class Criterion:
    """One point of the check: its code, whether it holds (None: it can't be told), and why, in French."""

    name: str
    passed: bool | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Suitability:
    """What may be made of an indicator.

    Parameters
    ----------
    indicator, geo : str
    status : {"evaluable", "contexte_seulement", "non_evaluable"}
    criteria : tuple of Criterion
    """

    indicator: str
    geo: str
    status: str
    criteria: tuple[Criterion, ...]

    def table(self) -> pd.DataFrame:
        """Return one row per criterion: ``criterion, passed, text``."""
        return pd.DataFrame(
            [(item.name, item.passed, item.text) for item in self.criteria], columns=["criterion", "passed", "text"]
        )

    def text(self) -> str:
        """Say it in French: the status, and what stands against more."""
        against = [item.text for item in self.criteria if item.passed is False]
        return french.typography(" ".join([f"{LABELS[self.status]}.", *against]))

    def _repr_html_(self) -> str:
        from html import escape

        return f"<p>{escape(self.text())}</p>{self.table().to_html(index=False, escape=True)}"


def suitability(dossier: Dossier, indicator: str, *, geo: str | None = None) -> Suitability:
    """Check an indicator against the conditions of a before/after.

    Parameters
    ----------
    dossier : Dossier
    indicator : str
    geo : str, optional
        The territory of the dossier by default.

    Raises
    ------
    UnknownIndicator
        With the near ones.
    """
    item = definition.get(indicator, catalogue=dossier.catalogue)
    place = geo or dossier.config.territoire.code
    rows = dossier.indicators(indicator, geo=place)
    known = rows[rows["value"].notna()]
    dates = [config for config in dossier.config.impact if config.indicateur == indicator]
    starts = [day for config in dates for day in config.territoires_concernes.values()]
    convention = dossier.config.convention
    start = min(starts) if starts else (convention.debut if convention else None)
    labels = periods.sort(set(known["time_period"]))
    before = [] if start is None else [label for label in labels if periods.end(label) < start]
    after = [] if start is None else [label for label in labels if periods.start(label) >= start]
    criteria = [
        _reference(before, labels, start is not None),
        _final(after, labels),
        _overlap(item, before, after),
        _perimeter(known, before, after),
        _larger_than_error(known, before, after),
        _carried_out(dossier, [config.action for config in dates if config.action]),
        _nature(item),
        _comparators(dossier, place, indicator),
    ]
    failed = {criterion.name for criterion in criteria if criterion.passed is False}
    status = "non_evaluable" if failed & _BLOCKING else "contexte_seulement" if failed else "evaluable"
    return Suitability(indicator=indicator, geo=place, status=status, criteria=tuple(criteria))


def _reference(before: list[str], labels: list[str], dated: bool) -> Criterion:  # noqa: FBT001
    if not dated:
        return Criterion("reference", passed=False, text="Ni la convention ni une action ne donnent de date de début.")
    if before:
        return Criterion("reference", passed=True, text=f"Référence antérieure : {french.period(before[-1])}.")
    said = f" Premier chiffre connu : {french.period(labels[0])}." if labels else " Aucun chiffre n’est connu."
    return Criterion("reference", passed=False, text=f"Aucun chiffre n’est antérieur au début.{said}")


def _final(after: list[str], labels: list[str]) -> Criterion:
    if after:
        return Criterion("final", passed=True, text=f"Dernier chiffre postérieur : {french.period(after[-1])}.")
    said = f" Dernier chiffre connu : {french.period(labels[-1])}." if labels else ""
    return Criterion("final", passed=False, text=f"Aucun chiffre ne commence après le début.{said}")


def _overlap(item: Indicator, before: list[str], after: list[str]) -> Criterion:
    if not before or not after:
        return Criterion("chevauchement", passed=None, text="Sans deux périodes, rien à vérifier.")
    gap = periods.year(after[-1]) - periods.year(before[-1])
    if item.periodicity == "quinquennale" and gap < _OVERLAP_YEARS:
        return Criterion(
            "chevauchement",
            passed=False,
            text="Les deux millésimes du recensement reposent en partie sur les mêmes enquêtes : il faut cinq ans "
            "d’écart.",
        )
    return Criterion("chevauchement", passed=True, text="Les deux périodes ne se chevauchent pas.")


def _perimeter(known: pd.DataFrame, before: list[str], after: list[str]) -> Criterion:
    if not before or not after:
        return Criterion("perimetre", passed=None, text="Sans deux périodes, rien à vérifier.")
    used = known[known["time_period"].isin([before[-1], after[-1]])]
    partial = used["completeness"].lt(1.0 - 1e-9) & used["completeness"].notna()
    if len(set(used["geography"].dropna())) > 1:
        return Criterion("perimetre", passed=False, text="Les deux chiffres ne sont pas sur le même périmètre.")
    if partial.any():
        return Criterion(
            "champ", passed=False, text="Une partie des communes manque dans l’un des deux chiffres : le champ diffère."
        )
    return Criterion("perimetre", passed=True, text="Même périmètre et même champ.")


def _larger_than_error(known: pd.DataFrame, before: list[str], after: list[str]) -> Criterion:
    if not before or not after:
        return Criterion("precision", passed=None, text="Sans deux périodes, rien à vérifier.")
    first = known[known["time_period"].eq(before[-1])].iloc[0]
    last = known[known["time_period"].eq(after[-1])].iloc[0]
    apart = last["low"] > first["high"] or last["high"] < first["low"]
    exact = first["low"] == first["high"] and last["low"] == last["high"]
    if apart or (exact and np.isfinite(first["value"])):
        return Criterion("precision", passed=True, text="L’écart dépasse l’imprécision de la source.")
    return Criterion(
        "precision", passed=False, text="L’écart ne dépasse pas l’imprécision de la source (arrondis ou secret)."
    )


def _carried_out(dossier: Dossier, actions: list[str]) -> Criterion:
    if not actions:
        return Criterion("action", passed=None, text="Aucun bloc [[impact]] ne relie une action à cet indicateur.")
    plan: dict[str, str] = dict(dossier.actions()[["id", "etat"]].itertuples(index=False))
    idle = [name for name in actions if plan.get(name) not in ENGAGED]
    if idle:
        states = ", ".join(
            f"{name} ({STATE_LABELS.get(str(plan[name]), '') if name in plan else 'absente du plan'})" for name in idle
        )
        return Criterion("action", passed=False, text=f"L’action n’a pas été menée : {states}.")
    return Criterion("action", passed=True, text=f"Action menée : {', '.join(actions)}.")


def _nature(item: Indicator) -> Criterion:
    if item.kind == "contexte":
        return Criterion("nature", passed=False, text="C’est un indicateur de contexte : il décrit, il n’évalue pas.")
    return Criterion("nature", passed=True, text="L’indicateur porte sur ce que l’action peut changer.")


def _comparators(dossier: Dossier, geo: str, indicator: str) -> Criterion:
    from ctgeval.designs.panels import comparators

    named = {
        other
        for config in dossier.config.impact
        if config.indicateur == indicator and geo in config.territoires_concernes
        for other in (comparators(config) or dossier.config.comparaison.territoires)
    } or set(dossier.config.comparaison.territoires)
    others = [other for other in named if other != geo and other.partition("-")[0] == geo.partition("-")[0]]
    rows = dossier.compute(dossier.indicator_observations, others, [indicator]) if others else None
    count = 0 if rows is None else rows.loc[rows["value"].notna(), "geo"].nunique()
    if not count:
        return Criterion(
            "comparaison",
            passed=False,
            text="Aucun territoire de comparaison n’a ce chiffre : ce serait un simple constat.",
        )
    said = french.plural(count, "territoire de comparaison", "territoires de comparaison")
    return Criterion("comparaison", passed=True, text=f"{said}.")
