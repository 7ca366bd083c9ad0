"""Territories that an exhaustive list does not name: nothing is there, which is a figure (0) and no unknown.

An extract for one EPCI names none of the other communes of its département either: zeros are written only where the
list is spread enough for it to be whole, and never where a rejected row may hide something.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval import observations
from ctgeval.french import number, plural
from ctgeval.sources.places import departement_of
from ctgeval.sources.table import is_harmless
from ctgeval.sources.tidy import Rejections, Texts

if TYPE_CHECKING:
    from ctgeval.territory.reference import Reference

__all__ = ["communes_at", "zeros"]

_NATIONAL = 90
_NOUNS = {"COM": "communes", "EPCI": "EPCI"}


def zeros(
    rejections: Rejections,
    measures: Mapping[str, Sequence[str]],
    *,
    key: str,
    geo: Texts,
    periods: Texts,
    geography: npt.NDArray[np.float64],
    departements: Texts,
    reference: Reference | None,
    by_epci: bool = False,
) -> tuple[list[pd.DataFrame], str]:
    """Return tables of zeros for the communes and EPCIs that a list does not name, and a French note that says so.

    Parameters
    ----------
    rejections : Rejections
        The list, with its faults.
    measures : mapping of str to sequence of str
        What is 0 there, for the levels ``COM`` and ``EPCI``; the EPCIs of years that the reference knows only.
    key : str
        Key of the source.
    geo, periods, departements : ndarray of str, shape (n,)
        Prefixed code, period and département (``86``) of each row; empty when unknown.
    geography : ndarray of float64, shape (n,)
        Year of the codes.
    reference : Reference or None
        Known communes; without it there are no zeros.
    by_epci : bool
        Whether a département whose rows are in at least half of its EPCIs is held to be whole. Without it the list must
        hold at least 90 départements.
    """
    nothing: tuple[list[pd.DataFrame], str] = ([], "")
    if reference is None:
        return nothing
    harmful = set(rejections.frame().loc[lambda found: ~found["reason"].map(is_harmless), "row"])
    lines = np.asarray(rejections.grid.lines)
    faulty = np.isin(lines, sorted(harmful)) if harmful else np.zeros(len(lines), dtype=bool)
    unsure = set(departements[faulty].tolist())
    if "" in unsure or rejections.grid.ragged:
        return nothing
    rows = pd.DataFrame({"geo": geo, "period": periods, "year": geography, "dep": departements})[~rejections.bad]
    rows = rows[rows["period"].ne("") & rows["year"].notna() & rows["dep"].ne("")]
    parts: list[pd.DataFrame] = []
    held: set[str] = set()
    counts = dict.fromkeys(_NOUNS, 0)
    for (period, when), named in rows.groupby(["period", "year"], sort=True):
        year = round(float(str(when)))
        whole = _whole(named, year, reference, by_epci=by_epci) - unsure
        seen = set(named["geo"].tolist())
        for level, names in measures.items():
            absent = sorted(_inside(level, whole, year, reference) - seen)
            held |= whole if absent else set()
            counts[level] += len(absent)
            shared = {"geo": absent, "geography": year, "time_period": str(period), "value": 0.0}
            shared |= {"source": key, "origin": rejections.grid.file}
            parts += [observations.frame(pd.DataFrame({"measure": name, **shared})) for name in names if absent]
    if not parts:
        return nothing
    told = " et ".join(f"{number(count)} {_NOUNS[level]}" for level, count in counts.items() if count)
    return parts, (
        f"Territoires absents de la liste, comptés à 0 dans {plural(len(held), 'département')} qu’elle couvre : {told}."
    )


def _inside(level: str, whole: set[str], year: int, reference: Reference) -> set[str]:
    """Return the territories of a level that are wholly in some départements."""
    if level == "COM":
        return {code for code in communes_at(reference, year) if departement_of(code) in whole}
    if year not in reference.years:
        return set()
    held = {f"DEP-{dep}" for dep in whole}
    found = {code for dep in held for code in reference.members(dep, year, level="EPCI")} if held else set()
    return {code for code in found if held.issuperset(reference.members(code, year, level="DEP"))}


def communes_at(reference: Reference, year: int) -> set[str]:
    """Return the communes that exist on 1 January of a year, even before the first year of the reference.

    Before it, mergers, splits and changes of code are undone one day after another; empty when the events do not go
    back that far, or after the last year.
    """
    if year in reference.years:
        return set(reference.codes("COM", year))
    first = min(reference.years)
    events = reference.events
    days = pd.to_datetime(events["effective"])
    if year > first or not len(days) or year < int(days.min().year):
        return set()
    alive = set(reference.codes("COM", first))
    undone = events[(days > pd.Timestamp(year, 1, 1)) & (days <= pd.Timestamp(first, 1, 1))]
    for effective in sorted(undone["effective"].unique(), reverse=True):
        day = undone[undone["effective"] == effective]
        alive = (alive - set(day["code_after"])) | set(day["code_before"])
    return alive


def _whole(named: pd.DataFrame, year: int, reference: Reference, *, by_epci: bool) -> set[str]:
    """Return the départements that the list covers."""
    present = {str(dep) for dep in named["dep"]}
    if len(present) >= _NATIONAL:
        return present
    if not by_epci:
        return set()
    known = min(reference.years, key=lambda candidate: (abs(candidate - year), candidate))
    touched: dict[str, set[str]] = {dep: set() for dep in present}
    for code in sorted(set(named["geo"].tolist())):
        if code.startswith("COM-") and reference.exists(code, known):
            epcis = [parent for parent in reference.parents(code, known) if parent.startswith("EPCI-")]
            touched.setdefault(departement_of(code), set()).update(epcis)
    whole: set[str] = set()
    for dep, among in touched.items():
        if f"DEP-{dep}" in reference.codes("DEP", known):
            every = len(reference.members(f"DEP-{dep}", known, level="EPCI"))
            if len(among) >= 3 and 2 * len(among) >= every:
                whole.add(dep)
    return whole
