"""Mask small cells, and leave out what would give them back.

First form, on the safe side; no linear program yet:

1. where a count is masked, every total that contains it leaves the table too (over places, over periods, over
   categories), and every row of another indicator that is made from one of these cells, as numerator or as base;
2. where only the base of a rate is too small, its commune is hidden among enough of its neighbours for the total to
   say nothing of it; when there are not enough of them, the total goes as well;
3. what is left is subtracted in every simple way (see `residuals`): a small rest takes the widest figure with it;
4. masked rows are all alike: no status, limit or bound tells a small count from a total, nor from a secret of the
   source.

Versions of the same table meant for other audiences are protected together. Optimal secondary suppression, which
keeps as many totals as possible, comes with the linear system of what was published.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from ctgeval import periods
from ctgeval.confidentiality.equations import System, assemble
from ctgeval.confidentiality.residuals import leftovers, vintages
from ctgeval.confidentiality.rules import Breach, Mask, Rule, primary, secret_measures, threshold
from ctgeval.indicators import definition, limits
from ctgeval.indicators.compute import RESULT_COLUMNS
from ctgeval.observations import DIMENSIONS

_Key = tuple[str, str, str, str]
_SEP = "\x1f"
_TOKEN = object()
_SUPPRESSED = "Q"
_SMALL = "petit_effectif"
_LEAST_HIDDEN = 3
KEY_COLUMNS = ("measure", "geo", "time_period", *DIMENSIONS)
_MASKED_COLUMNS = ("value", "low", "high", "ci_low", "ci_high", "numerator", "denominator", "n")
MASKED_REASON = "Valeur non diffusable (secret statistique)."


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
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
    system, hidden, key_columns
        What `confidentiality.attack` attacks; it holds true values and is never written with the table.
    """

    frame: pd.DataFrame
    rule: Rule
    primary_count: int
    secondary_count: int
    system: System = field(repr=False)
    hidden: Mask = field(repr=False)
    key_columns: tuple[str, ...] = field(repr=False)
    token: object = field(default=None, repr=False)

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
            "methode": "suppression des petits effectifs, de leurs complémentaires, et de ce qui les redonnerait",
        }


def protect(
    frame: pd.DataFrame,
    rule: Rule,
    *,
    margins: Mapping[str, Iterable[str]],
    catalogue: Mapping[str, definition.Indicator] | None = None,
    elsewhere: Sequence[pd.DataFrame] = (),
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
    elsewhere : sequence of DataFrame
        The same table as other audiences get it, from more or fewer sources: one who reads both may subtract, so
        that what must be masked in one is masked in all.

    Returns
    -------
    ProtectedTable
        The same rows in the same order; masked ones have ``conf_status`` C for all alike, so that no reader can
        tell a small count from a total that was left out.
    """
    indicators = definition.catalogue() if catalogue is None else catalogue
    own = len(frame)
    versions = [version[list(RESULT_COLUMNS)] for version in (frame, *elsewhere)]
    table = pd.concat(versions, ignore_index=True) if elsewhere else versions[0].reset_index(drop=True)
    parts = {whole: set(direct) - {whole} for whole, direct in margins.items()}
    grounds = {whole: frozenset(_leaves(whole, parts)) for whole in sorted(parts)}
    breach = primary(table, rule, catalogue=indicators)
    masked = _masked(table, breach, rule, grounds=grounds, catalogue=indicators)
    masked = leftovers(table, masked, rule, grounds=grounds, catalogue=indicators)[:own]
    bases = _bases_shown_without_counts(table, breach, indicators)[:own]
    table, first = table.head(own).copy(), breach.any[:own]
    # The interval of a share, or a word about its small base, tells the counts that are left out.
    table.loc[bases & ~masked, ["ci_low", "ci_high", "numerator", "denominator", "n"]] = np.nan
    table.loc[bases & ~masked, "limits"] = table.loc[bases & ~masked, "limits"].map(_without_small)
    loose = _loose_bounds(table, indicators) & ~masked
    table.loc[loose, ["low", "high", "ci_low", "ci_high", "numerator", "denominator", "n"]] = np.nan
    table.loc[masked, list(_MASKED_COLUMNS)] = np.nan
    lasting = table["indicator"].map(lambda name: limits.join(indicators[name].limits))
    for name, text in (
        ("conf_status", "C"), ("obs_status", _SUPPRESSED), ("reason", MASKED_REASON), ("limits", lasting),
    ):  # fmt: skip
        table[name] = table[name].astype(object).where(~masked, text).astype("str")
    return ProtectedTable(
        frame=table,
        rule=rule,
        primary_count=int(first.sum()),
        secondary_count=int(masked.sum() - first.sum()),
        system=assemble({}, []),
        hidden=np.zeros(0, dtype=bool),
        key_columns=KEY_COLUMNS,
        token=_TOKEN,
    )


def _without_small(codes: str) -> str:
    return limits.join(code for code in str(codes).split() if code != _SMALL)


def _masked(
    table: pd.DataFrame,
    breach: Breach,
    rule: Rule,
    *,
    grounds: Mapping[str, frozenset[str]],
    catalogue: Mapping[str, definition.Indicator],
) -> Mask:
    """Rows that break the rule, and those that would give them back through a total or another indicator."""
    numerators = _cells(table, catalogue, {name: item.numerator_measures for name, item in catalogue.items()})
    denominators = _cells(table, catalogue, {name: item.denominator_measures for name, item in catalogue.items()})
    older = denominators.assign(period=vintages(table).to_numpy()[denominators["row"].to_numpy(dtype=int)])
    denominators = pd.concat([denominators, older]).drop_duplicates(ignore_index=True)
    small = numerators[breach.numerator[numerators["row"].to_numpy(dtype=int)]]
    bases = denominators[breach.denominator[denominators["row"].to_numpy(dtype=int)]]
    counted = {(measure, period) for measure, _, period, _ in _keys(numerators)}
    also_counted = np.array([(measure, period) in counted for measure, _, period, _ in _keys(bases)], dtype=bool)
    ancestors = _ancestors(grounds)
    spans = pd.concat([numerators["period"], denominators["period"]])
    hidden = _with_totals(pd.concat([small, bases[also_counted]]), spans, ancestors)
    alone = bases[~also_counted]
    bound = {name: threshold(item, rule, catalogue) for name, item in catalogue.items()}
    counts = denominators.merge(_base_counts(table, catalogue), on=["row", "measure"], how="left")
    counts = counts.assign(limit=counts["row"].map(table["indicator"]).map(bound))
    among, short = _hidden_bases(counts, set(_keys(alone)), hidden, grounds)
    hidden |= among | _with_totals(alone.loc[[key in short for key in _keys(alone)]], spans, ancestors)
    return breach.any | _rows_in(numerators, hidden, len(table)) | _rows_in(denominators, hidden, len(table))


def _base_counts(table: pd.DataFrame, catalogue: Mapping[str, definition.Indicator]) -> pd.DataFrame:
    """Count of each base that is a single measure; of a sum, what each term counts is not known here."""
    single = {
        name: item.denominator_measures[0] for name, item in catalogue.items() if len(item.denominator_measures) == 1
    }
    counts = pd.DataFrame(
        {"row": np.arange(len(table)), "measure": table["indicator"].map(single), "count": table["denominator"]}
    )
    return counts.dropna(subset=["measure"])


def _hidden_bases(
    cells: pd.DataFrame, small: set[_Key], hidden: set[_Key], grounds: Mapping[str, frozenset[str]]
) -> tuple[set[_Key], set[_Key]]:
    """Hide each small base among its neighbours: those of the same totals, the smallest first, until it is safe.

    Returns the bases to hide, and the small ones for which there were not enough neighbours.
    """
    among, short = set(small), set[_Key]()
    exposed = {(measure, period, category) for measure, _, period, category in small}
    ancestors = _ancestors(grounds)
    for key, found in cells.groupby(["measure", "period", "category"], sort=True):
        measure, period, category = map(str, key)
        if (measure, period, category) not in exposed:
            continue
        counts = {str(geo): float(count) for geo, count in found.groupby("geo")["count"].max().dropna().items()}
        limit = int(found["limit"].max())
        secret = {geo for one, geo, span, kind in small if (one, span, kind) == (measure, period, category)}
        gone = {geo for one, geo, span, kind in hidden if (one, span, kind) == (measure, period, category)}
        totals = {geo for geo in counts if geo in grounds} - secret - gone
        for region, inside in _regions(counts, totals, ancestors):
            own = [geo for geo in inside if geo in secret]
            if not own or not region:
                continue
            unseen = _unseen(region, counts, totals, grounds)
            kept = list(own)
            for geo in inside:
                if _sheltered(kept, counts, limit, unseen):
                    break
                if geo not in own and geo not in grounds and counts[geo] > 0:
                    kept.append(geo)
            safe = _sheltered(kept, counts, limit, unseen) and not set(own) & grounds.keys()
            (among if safe else short).update((measure, geo, period, category) for geo in (kept if safe else own))
    return among, short


def _regions(
    counts: Mapping[str, float], totals: set[str], ancestors: Mapping[str, set[str]]
) -> Iterable[tuple[frozenset[str], list[str]]]:
    """Territories that the same shown totals contain, the smallest count first."""
    found: dict[frozenset[str], list[str]] = {}
    for geo in sorted(counts, key=lambda geo: (counts[geo], geo)):
        found.setdefault(frozenset(ancestors.get(geo, set()) & totals), []).append(geo)
    return found.items()


def _unseen(
    region: frozenset[str], counts: Mapping[str, float], totals: set[str], grounds: Mapping[str, frozenset[str]]
) -> float:
    """Count what the communes without a row hold together, in the smallest of the totals of a region."""
    smallest = min(region, key=lambda geo: (len(grounds[geo]), geo))
    inner = set().union(*(grounds[geo] for geo in totals if geo != smallest and grounds[geo] < grounds[smallest]))
    ground = grounds[smallest] - inner
    seen = [geo for geo in ground if geo in counts]
    if inner or len(seen) == len(ground):
        return 0.0
    return max(0.0, counts[smallest] - sum(counts[geo] for geo in seen))


def _sheltered(geos: list[str], counts: Mapping[str, float], limit: int, unseen: float) -> bool:
    """Whether the sum of hidden counts lets each be as great as the threshold, even for one who knows another."""
    values = [counts[geo] for geo in geos] + ([unseen] if unseen else [])
    enough = len(values) >= _LEAST_HIDDEN or unseen > limit
    return enough and sum(values) - len(values) >= 2 * limit


def _bases_shown_without_counts(
    table: pd.DataFrame, breach: Breach, catalogue: Mapping[str, definition.Indicator]
) -> Mask:
    """Rows of the rates whose base is too small somewhere in that period."""
    denominators = _cells(table, catalogue, {name: item.denominator_measures for name, item in catalogue.items()})
    small = denominators[breach.any[denominators["row"].to_numpy(dtype=int)]]
    exposed = {(measure, period) for measure, _, period, _ in _keys(small)}
    return _rows_where(denominators, [(m, p) in exposed for m, _, p, _ in _keys(denominators)], len(table))


def _loose_bounds(table: pd.DataFrame, catalogue: Mapping[str, definition.Indicator]) -> Mask:
    """Rates of persons that are not known: their bounds and their base would tell what part of them is."""
    rates = {name: item for name, item in catalogue.items() if item.denominator}
    secret = {name for name, item in rates.items() if secret_measures(item.measures, item.declared)}
    return (table["indicator"].isin(secret) & table["value"].isna()).to_numpy(dtype=bool)


def _cells(
    table: pd.DataFrame, catalogue: Mapping[str, definition.Indicator], made_from: Mapping[str, Iterable[str]]
) -> pd.DataFrame:
    """One row per row of the table and measure of persons, households or enterprises that it is made from."""
    names = table["indicator"].unique()
    used = {name: list(secret_measures(made_from[name], catalogue[name].declared)) for name in names}
    dimensions = table[list(DIMENSIONS)].astype(object)
    dimensions = dimensions.where(dimensions.notna(), "").astype("str")
    cells = pd.DataFrame(
        {
            "row": np.arange(len(table)),
            "measure": table["indicator"].map(lambda name: used[name]),
            "geo": table["geo"].astype(str),
            "period": table["time_period"].astype(str),
            "category": dimensions[DIMENSIONS[0]].str.cat(dimensions[list(DIMENSIONS[1:])], sep=_SEP),
        }
    )
    return cells.explode("measure").dropna(subset=["measure"]).reset_index(drop=True)


def _with_totals(cells: pd.DataFrame, all_periods: Iterable[str], ancestors: Mapping[str, set[str]]) -> set[_Key]:
    """Keys of the cells, and of every total over places, periods or categories that contains one of them."""
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


def _ancestors(grounds: Mapping[str, frozenset[str]]) -> dict[str, set[str]]:
    """For each territory, those whose ground contains its own: whoever knows them can subtract."""
    over: dict[str, set[str]] = {}
    for whole, ground in grounds.items():
        for leaf in ground:
            over.setdefault(leaf, set()).add(whole)
    found = {leaf: wholes - {leaf} for leaf, wholes in over.items()}
    for geo, ground in grounds.items():
        # Whatever contains a ground contains its first commune: few territories are left to be compared.
        shared = over.get(min(ground), set()) if ground else set(grounds)
        found[geo] = {whole for whole in shared if whole != geo and ground <= grounds[whole]}
    return found


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
