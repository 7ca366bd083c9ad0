"""What targets of coverage would ask for, as a topic of the follow-up."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pandas as pd

from ctgeval import french, observations, periods
from ctgeval.confidentiality.released import TABLES
from ctgeval.errors import Problem, near
from ctgeval.followup.shared import shared
from ctgeval.followup.topic import Reader, Topic
from ctgeval.indicators.indicator import Indicator
from ctgeval.programme.scenarios import UNKNOWN, Range, scenario

if TYPE_CHECKING:
    from ctgeval.config.models import ScenarioConfig
    from ctgeval.dossier import Dossier

__all__ = ["TOPIC"]

_PERCENT = 100
_POPULATIONS = MappingProxyType({"places pour 100 enfants de moins de 3 ans": "enfants_0_2"})
"""Whom a rate that its source publishes alone is about, by its unit."""
_NUMBERS = ("population", "rate", "places", "investment", "running", "own_investment", "own_running")


def _tables(dossier: Dossier, reader: Reader) -> Mapping[str, pd.DataFrame]:
    """Work the scenarios out from what that reader is shown, and nothing else."""

    def made() -> pd.DataFrame:
        rows = [_row(dossier, one, reader.results) for one in dossier.config.scenarios if not _fault(dossier, one)]
        return pd.DataFrame(rows, columns=list(TABLES["scenarios"]))

    return {"scenarios": shared(dossier, "scenarios", made, of=(reader.results,))}


def _row(dossier: Dossier, declared: ScenarioConfig, results: pd.DataFrame) -> dict[str, Any]:
    geo, item = dossier.config.territoire.code, dossier.catalogue[declared.indicateur]
    own = results[results["geo"].eq(geo)]
    rate = _last(own[own["indicator"].eq(declared.indicateur)], "value")
    counted_by, counted = declared.indicateur, {}
    if not declared.population:
        for name in _counters(dossier, item):
            counted = _last(own[own["indicator"].eq(name)], "denominator")
            if counted:
                counted_by = name
                break
    found = scenario(
        declared,
        population=Range.of(declared.population) if declared.population else _point(counted, "denominator"),
        rate=Range(float(rate["low"]), float(rate["high"])) if rate else UNKNOWN,
    )
    numbers = {name: getattr(found, name) for name in _NUMBERS}
    return {
        "nom": declared.nom,
        "libelle": declared.libelle,
        "geo": geo,
        "indicator": declared.indicateur,
        "label": item.label,
        "unit": item.unit,
        "horizon": declared.horizon,
        "target": declared.cible,
        "value": float(rate["value"]) if rate else math.nan,
        "time_period": rate.get("time_period", ""),
        "counted_by": counted_by if counted else "",
        "counted": float(counted["denominator"]) if counted else math.nan,
        "counted_period": counted.get("time_period", ""),
        **{f"{name}_low": one.low for name, one in numbers.items()},
        **{f"{name}_high": one.high for name, one in numbers.items()},
        "hypotheses": declared.hypotheses,
        "source": " ".join(sorted({*_words(rate, "source"), *_words(counted, "source")})),
        "limits": " ".join(sorted({*_words(rate, "limits"), *_words(counted, "limits")})),
        "reason": "" if found.places.known else _reason(rate, counted, declared),
    }


def _counters(dossier: Dossier, item: Indicator) -> Iterator[str]:
    """Yield the indicators whose denominator counts those that a rate is about, its own first."""
    measure = item.denominator or _POPULATIONS.get(item.unit, "")
    if item.denominator:
        yield item.id
    for name, other in dossier.catalogue.items():
        if name != item.id and measure and other.denominator == measure:
            yield name


def _last(rows: pd.DataFrame, column: str) -> dict[str, Any]:
    """Return the row of the last period that tells a number; empty when none does."""
    told = rows[rows[column].notna()]
    for name in observations.DIMENSIONS:
        if name in told:
            told = told[told[name].isna() | told[name].eq("")]
    if not len(told):
        return {}
    last = periods.sort(set(told["time_period"]))[-1]
    return {str(name): value for name, value in told[told["time_period"].eq(last)].iloc[-1].items()}


def _point(row: Mapping[str, Any], column: str) -> Range:
    return Range(float(row[column]), float(row[column])) if row else UNKNOWN


def _words(row: Mapping[str, Any], column: str) -> list[str]:
    value = row.get(column)
    return str(value).split() if isinstance(value, str) else []


def _reason(rate: Mapping[str, Any], counted: Mapping[str, Any], declared: ScenarioConfig) -> str:
    missing = [
        *([] if rate else ["le taux d’aujourd’hui"]),
        *([] if counted or declared.population else ["le nombre de personnes concernées"]),
    ]
    return f"Il manque {french.enumeration(missing)}." if missing else "Le taux d’aujourd’hui n’est pas borné."


# -- problems ---------------------------------------------------------------------------------------------------------


def _problems(dossier: Dossier) -> Iterator[Problem]:
    for rank, declared in enumerate(dossier.config.scenarios, start=1):
        fault = _fault(dossier, declared)
        if fault:
            message, remedy = fault
            yield Problem(
                message=message,
                remedy=remedy,
                file="ctg.toml",
                key=f"scenario[{rank}].indicateur",
                value=declared.indicateur,
                severity="partiel",
            )


def _fault(dossier: Dossier, declared: ScenarioConfig) -> tuple[str, str] | None:
    known = dossier.catalogue
    if declared.indicateur not in known:
        close = near(declared.indicateur, known)
        hint = f"Vouliez-vous dire {french.enumeration(close, 'ou')} ? " if close else ""
        return "Ce scénario porte sur un indicateur inconnu.", f"{hint}« ctgeval indicateurs » les liste."
    item = known[declared.indicateur]
    if item.factor != _PERCENT and item.unit not in _POPULATIONS:
        return (
            "Ce scénario demande un taux pour 100 personnes.",
            "Choisissez un taux de couverture : PE01, PE02 ou EN01, par exemple.",
        )
    return None


TOPIC = Topic(tables=_tables, problems=_problems)
