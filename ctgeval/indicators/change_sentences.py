"""The French sentences of what changed; their words live in ``catalogue/changements.toml``."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from ctgeval import french
from ctgeval.indicators import phrases
from ctgeval.indicators.indicator import Indicator
from ctgeval.indicators.sentences import when
from ctgeval.indicators.uncertainty import FEW_PERSONS, Law

__all__ = ["Change", "sentence"]

_SHORT_UNITS = ("%", "EUR")
_NOISE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Change:
    """One indicator of one territory between two periods, and all that is known of the change.

    Parameters
    ----------
    item : Indicator
    geo : str
    law : {"binomial", "poisson", ""}
        By which chance moves it.
    before, after : Series
        The two result rows.
    change : float
        In the unit of the indicator, points for a percentage.
    bounds, interval : tuple of float
        By what the source lets one know; with chance.
    p_value, p_adjusted : float
    tests : int
        How many changes of the territory are tested together.
    minimum : float
        Smallest change of interest; NaN for none.
    refusal : str
        Key of the phrase that says why no verdict is given; empty when one is.
    objection : str
        Why the vintages are not compared.
    late : bool
        Whether the first period is after the start of the convention.
    start : date or None
        First day of the convention.
    """

    item: Indicator
    geo: str
    law: Law
    before: pd.Series[Any]
    after: pd.Series[Any]
    change: float
    bounds: tuple[float, float]
    interval: tuple[float, float]
    p_value: float
    p_adjusted: float = math.nan
    tests: int = 0
    minimum: float = math.nan
    refusal: str = ""
    objection: str = ""
    late: bool = False
    start: date | None = None

    @property
    def provisional(self) -> bool:
        """Whether one of the two values may still be revised."""
        return "P" in {self.before["obs_status"], self.after["obs_status"]}

    @property
    def alike(self) -> bool:
        """Whether both values are known exactly and print alike."""
        same = french.number(self.before["value"], self.item.decimals) == french.number(
            self.after["value"], self.item.decimals
        )
        return same and self.bounds[1] - self.bounds[0] <= 10.0**-self.item.decimals

    @property
    def exact(self) -> bool:
        """Whether nothing but the noise of binary arithmetic stands between the bounds of the change."""
        return self.bounds[1] - self.bounds[0] <= _NOISE * max(1.0, abs(self.change))

    @property
    def few(self) -> bool:
        """Whether it is a share of so few things that one more or less makes many points, chance or not."""
        bases = (self.before["denominator"], self.after["denominator"])
        return not self.law and self.item.nature == "part" and min(bases) < FEW_PERSONS


def sentence(one: Change, verdict: str, key: str, moved: str) -> str:
    """Return all that is to be said of a change: both values, what may be concluded, what to keep in mind.

    Parameters
    ----------
    one : Change
    verdict, key, moved : str
        Verdict, key of its phrase, and ``hausse`` or ``baisse`` when the movement is established.
    """
    values = _values(one)
    parts = [_say("phrases", "niveau", values), _say("phrases", key, values), *_notes(one, verdict, moved)]
    return french.typography(" ".join(part for part in parts if part))


def _notes(one: Change, verdict: str, moved: str) -> Iterator[str]:
    if moved and verdict in {"amelioration", "degradation"}:
        yield _say("notes", "souhaite" if verdict == "amelioration" else "inverse", {})
    if one.provisional:
        yield _say("notes", "provisoire", {})
    if one.late and one.start is not None and one.refusal not in {"avant_debut", "millesimes"}:
        yield _say("notes", "reference_apres_debut", {"debut": french.date(one.start)})


def _values(one: Change) -> dict[str, str]:
    item, decimals = one.item, one.item.decimals
    way = "hausse" if one.change > 0 else "baisse"
    gap = _gap(abs(one.change), item)
    told = {"Sens": _say("mots", way, {}), "ecart": gap}
    none = french.number(one.change, decimals) == french.number(0, decimals)
    return {
        **told,
        "label": item.label,
        "apres": _shown(one.after, item, _counted(item)),
        "avant": _shown(one.before, item, item.unit if item.unit.startswith(_SHORT_UNITS) else ""),
        "quand": when(str(one.after["time_period"])),
        "quand_ref": when(str(one.before["time_period"])),
        "ecart_signe": _gap(one.change, item, sign=True),
        "marge": _between(one.interval, item),
        "bornes": _bounds(one.bounds, item),
        "minimum": _gap(one.minimum, item),
        "tests": str(one.tests),
        "objection": one.objection,
        "debut": french.date(one.start) if one.start else "",
        "Ecart": _say("mots", "inchange" if none else "ecart", told),
    }


def _shown(row: pd.Series[Any], item: Indicator, unit: str) -> str:
    shown = french.quantity(row["value"], unit, item.decimals)
    counts = (float(row["numerator"]), float(row["denominator"]))
    if item.nature != "part" or not all(one.is_integer() for one in counts):
        return shown
    top, bottom = map(french.number, counts)
    return f"{shown} ({_say('mots', 'sur', {'numerateur': top, 'denominateur': bottom})})"


def _counted(item: Indicator) -> str:
    """Return a unit without what the label already says."""
    head, _, base = item.unit.partition(" pour ")
    return head if base and f"pour {base}" in item.label else item.unit


def _between(ends: tuple[float, float], item: Indicator) -> str:
    if any(math.isnan(end) for end in ends):
        return ""
    low, high = (french.number(end, item.decimals, sign=True) for end in ends)
    return _say("mots", "marge", {"bas": low, "haut": f"{high}{_suffix(max(map(abs, ends)), item)}"})


def _bounds(ends: tuple[float, float], item: Indicator) -> str:
    if any(math.isnan(end) for end in ends):
        return ""
    unit = "points" if item.unit == "%" else item.unit
    return french.interval(*ends, item.decimals, unit)


def _gap(value: float, item: Indicator, *, sign: bool = False) -> str:
    if math.isnan(value):
        return ""
    if item.unit.startswith("EUR"):
        return french.euros(value, item.decimals, sign=sign)
    return f"{french.number(value, item.decimals, sign=sign)}{_suffix(abs(value), item)}"


def _suffix(size: float, item: Indicator) -> str:
    """Return the unit of a difference: points of a percentage, what is counted of a rate per so many."""
    if item.unit == "%":
        return f"{french.NBSP}{'point' if size < 2 else 'points'}"
    if item.unit.startswith("EUR"):
        return f"{french.NNBSP}€"
    unit = item.unit.partition(" pour ")[0]
    return french.quantity(size, unit, item.decimals).removeprefix(french.number(size, item.decimals))


def _say(table: str, key: str, values: Mapping[str, str]) -> str:
    return phrases.say("changements", key, values, table=table)
