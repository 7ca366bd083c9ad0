"""Mask small cells, and leave out the totals that would give them back.

First form, on the safe side: where a cell is masked, every total that contains it leaves the table too (over
places, over periods, over categories), and every other indicator that is made from the same counts hides the same
cells. Where the base of a rate is masked somewhere, no row of that rate shows its counts for that period. Optimal
secondary suppression, which keeps as many totals as possible, comes with the linear system of what was published.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from ctgeval import periods
from ctgeval.confidentiality.rules import Mask, Rule, primary, secret_measures
from ctgeval.indicators import definition
from ctgeval.indicators.compute import RESULT_COLUMNS
from ctgeval.observations import DIMENSIONS

_Key = tuple[str, str, str, str]
_SEP = "\x1f"
_TOKEN = object()
_MASKED_COLUMNS = ("value", "low", "high", "ci_low", "ci_high", "numerator", "denominator", "n")
MASKED_REASON = "Valeur non diffusable (secret statistique)."


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectedTable:
    """A result table that may leave the dossier; only `protect` makes one.

    Parameters
    ----------
    frame : DataFrame
        The result columns; masked rows keep their key and carry neither value, bound nor count.
    rule : Rule
        The rule that was applied.
    primary_count, secondary_count : int
        How many cells were masked by themselves, and because they would give one back.
    """

    frame: pd.DataFrame
    rule: Rule
    primary_count: int
    secondary_count: int
    token: object = None

    def __post_init__(self) -> None:
        if self.token is not _TOKEN:
            raise TypeError("a ProtectedTable is made by ctgeval.confidentiality.protect only")

    @property
    def audit(self) -> dict[str, Any]:
        """What may be said in public of the protection: counts, method, threshold; never which cell was which."""
        return {
            "cellules": len(self.frame),
            "masquees": self.primary_count + self.secondary_count,
            "seuil": self.rule.threshold,
            "seuil_sensible": self.rule.sensitive_threshold,
            "regle": self.rule.sentence,
            "fondement": self.rule.source,
            "methode": "suppression des petits effectifs, de leurs complémentaires et des totaux qui les contiennent",
        }

    def without(self, rows: Mask) -> ProtectedTable:
        """Return the table less some rows; leaving a row out never unmasks another."""
        return replace(self, frame=self.frame.loc[~rows].reset_index(drop=True))


def protect(
    frame: pd.DataFrame,
    rule: Rule,
    *,
    margins: Mapping[str, Iterable[str]],
    catalogue: Mapping[str, definition.Indicator] | None = None,
) -> ProtectedTable:
    """Mask what the rule forbids, and every total that would give it back.

    Parameters
    ----------
    frame : DataFrame
        Result table, one row per indicator, territory, period and category.
    rule : Rule
        Thresholds and their founding text.
    margins : mapping of str to iterable of str
        For each territory that is a total, its parts (``{"EPCI-200070035": ["COM-86001", ...]}``); parts of parts
        are found by following the mapping.
    catalogue : mapping of str to Indicator, optional
        The indicators of the table; the package's own by default.

    Returns
    -------
    ProtectedTable
        The same rows in the same order; masked ones have ``conf_status`` C for all alike, so that no reader can
        tell a small count from a total that was left out.
    """
    indicators = definition.catalogue() if catalogue is None else catalogue
    table = frame[list(RESULT_COLUMNS)].reset_index(drop=True)
    breach = primary(table, rule, catalogue=indicators)
    numerators = _cells(table, {name: item.numerator_measures for name, item in indicators.items()})
    denominators = _cells(table, {name: item.denominator_measures for name, item in indicators.items()})
    hidden = _with_totals(
        numerators[breach.numerator[numerators["row"].to_numpy()]], table["time_period"].astype(str), margins
    )
    masked = breach.any | _rows_in(numerators, hidden, len(table))
    bases = hidden | set(_keys(denominators[breach.denominator[denominators["row"].to_numpy()]]))
    exposed = {(measure, period) for measure, _, period, _ in bases}
    shown_base = _rows_where(denominators, [(m, p) in exposed for m, _, p, _ in _keys(denominators)], len(table))
    table.loc[shown_base & ~masked, ["numerator", "denominator", "n"]] = np.nan
    table.loc[masked, list(_MASKED_COLUMNS)] = np.nan
    for name, text in (("conf_status", "C"), ("reason", MASKED_REASON)):
        table[name] = table[name].astype(object).where(~masked, text).astype("str")
    return ProtectedTable(
        frame=table,
        rule=rule,
        primary_count=int(breach.any.sum()),
        secondary_count=int(masked.sum() - breach.any.sum()),
        token=_TOKEN,
    )


def _cells(table: pd.DataFrame, made_from: Mapping[str, Iterable[str]]) -> pd.DataFrame:
    """One row per row of the table and measure of persons, households or enterprises that it is made from."""
    used = {name: list(secret_measures(made_from[name])) for name in table["indicator"].unique()}
    dimensions = table[list(DIMENSIONS)].astype(object)
    dimensions = dimensions.where(dimensions.notna(), "").astype("str")
    cells = pd.DataFrame(
        {
            "row": np.arange(len(table)),
            "measure": table["indicator"].map(lambda name: used[name]),
            "geo": table["geo"].astype(str),
            "period": table["time_period"].astype(str),
            "category": dimensions[DIMENSIONS[0]].str.cat([dimensions[name] for name in DIMENSIONS[1:]], sep=_SEP),
        }
    )
    return cells.explode("measure").dropna(subset=["measure"]).reset_index(drop=True)


def _with_totals(cells: pd.DataFrame, all_periods: Iterable[str], margins: Mapping[str, Iterable[str]]) -> set[_Key]:
    """Keys of the cells, and of every total over places, periods or categories that contains one of them."""
    ancestors = _ancestors(margins)
    texts = sorted(set(all_periods))
    wider = {
        inner: {outer for outer in texts if outer != inner and periods.contains(outer, inner)}
        for inner in sorted(set(cells["period"]))
    }
    return {
        (measure, place, span, kind)
        for measure, geo, period, category in set(_keys(cells))
        for place in {geo, *ancestors.get(geo, ())}
        for span in {period, *wider[period]}
        for kind in {category, *_coarser(category)}
    }


def _rows_in(cells: pd.DataFrame, keys: set[_Key], size: int) -> Mask:
    return _rows_where(cells, [key in keys for key in _keys(cells)], size)


def _rows_where(cells: pd.DataFrame, wanted: list[bool], size: int) -> Mask:
    found = np.zeros(size, dtype=bool)
    found[cells["row"].to_numpy(dtype=int)[np.array(wanted, dtype=bool)]] = True
    return found


def _keys(cells: pd.DataFrame) -> Iterable[_Key]:
    return zip(cells["measure"], cells["geo"], cells["period"], cells["category"], strict=True)


def _ancestors(margins: Mapping[str, Iterable[str]]) -> dict[str, set[str]]:
    """For each territory, those whose ground contains its own: whoever knows them can subtract."""
    parts = {whole: set(direct) - {whole} for whole, direct in margins.items()}
    leaves = {whole: _leaves(whole, parts) for whole in sorted(parts)}
    ground = leaves | {leaf: {leaf} for leaf in sorted(set().union(*leaves.values()))}
    return {
        geo: {whole for whole, wide in leaves.items() if whole != geo and own <= wide} for geo, own in ground.items()
    }


def _leaves(geo: str, parts: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    seen: set[str] = set()
    waiting = [geo]
    while waiting:
        place = waiting.pop()
        if place in seen:
            continue
        seen.add(place)
        if place in parts:
            waiting.extend(parts[place])
        else:
            found.add(place)
    return found


def _coarser(category: str) -> set[str]:
    """Categories that contain this one: the same with one or several dimensions left out."""
    parts = category.split(_SEP)
    filled = [position for position, part in enumerate(parts) if part]
    return {
        _SEP.join("" if position in dropped else part for position, part in enumerate(parts))
        for size in range(1, len(filled) + 1)
        for dropped in map(set, combinations(filled, size))
    }
