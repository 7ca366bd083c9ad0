"""The two figures of a before/after: which of those that a dossier holds stand before an action, and which after."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ctgeval import french, periods
from ctgeval.designs.vintages import Timing, timing
from ctgeval.indicators.definition import Indicator

if TYPE_CHECKING:
    from ctgeval.config import ImpactConfig
    from ctgeval.dossier import Dossier

__all__ = ["Case", "case_of", "described"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """The figures of one indicator in one territory, and what stands before and after."""

    known: pd.DataFrame
    labels: list[str]
    timing: Timing
    start: dt.date | None
    effect: dt.date | None
    before: str
    after: str
    end: dt.date | None
    others: tuple[str, ...]
    provisional: frozenset[str]

    @property
    def paired(self) -> bool:
        """Whether there is a figure before and a figure after."""
        return bool(self.before and self.after)

    def row(self, label: str) -> pd.Series[Any]:
        """Return the figure of a period."""
        return self.known[self.known["time_period"].eq(label)].iloc[0]


def case_of(dossier: Dossier, item: Indicator, rows: pd.DataFrame, designs: Sequence[ImpactConfig], place: str) -> Case:
    """Return the figures of an indicator in a territory, with the pair that a before/after rests on.

    Parameters
    ----------
    dossier : Dossier
    item : Indicator
    rows : DataFrame
        Result rows of the indicator in the territory.
    designs : sequence of ImpactConfig
        They date the action: by the day that concerns the territory when one does.
    place : str
        The territory.
    """
    convention = dossier.config.convention
    told = [(geo, day, each.delai_effet_mois) for each in designs for geo, day in each.territoires_concernes.items()]
    own = [one for one in told if one[0] == place]
    dated = [(day, months) for _, day, months in own or told]
    if dated:
        start: dt.date | None = min(day for day, _ in dated)
        effect: dt.date | None = max(_months_after(day, months) for day, months in dated)
    else:
        start = effect = convention.debut if convention else None
    figures = rows[rows["value"].notna() | rows["high"].lt(np.inf)]
    known = _one_convention(figures)
    labels = periods.sort(set(known["time_period"]))
    when = timing(dossier, item)
    before = [label for label in labels if start is not None and when.span(label)[1] < start]
    after = [label for label in labels if effect is not None and when.span(label)[0] >= effect]
    provisional = {
        label
        for label, status, keys in known[["time_period", "obs_status", "source"]].itertuples(index=False, name=None)
        if status == "P" or when.provisional(label, frozenset(str(keys).split()))
    }
    settled = [label for label in after if label not in provisional] or after
    # The latest pair that the source lets one compare; the latest figures, and why not, when there is none.
    pairs = [(first, last) for last in reversed(settled) for first in reversed(before)]
    chosen = next((pair for pair in pairs if not when.objection(*pair)), pairs[0] if pairs else None)
    return Case(
        known=known,
        labels=labels,
        timing=when,
        start=start,
        effect=effect,
        before=chosen[0] if chosen else before[-1] if before else "",
        after=chosen[1] if chosen else settled[-1] if settled else "",
        end=convention.fin if convention else None,
        provisional=frozenset(provisional),
        others=tuple(periods.sort(set(figures["time_period"]) - set(labels))),
    )


def _months_after(day: dt.date, months: int) -> dt.date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _one_convention(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep civil years, or school years, or half-years: whichever most figures have."""
    kinds = rows["time_period"].map(lambda text: periods.parse(text).frequency)
    return rows[kinds.eq(kinds.value_counts().index[0])] if len(rows) else rows


def described(case: Case, label: str) -> str:
    """Write a period, with the days that it describes when its name does not say them."""
    first, last = case.timing.span(label)
    plain = periods.parse(label)
    said = french.period(label)
    if (first, last) == (plain.start, plain.end):
        return said
    if first == last == plain.end:
        return f"{said} (situation au {french.date(last)})"
    if (first.year, first.month) == (last.year, last.month):
        return f"{said} (situation de {french.period(f'{last:%Y-%m}')})"
    return f"{said} (enquêtes de {first.year} à {last.year})"
