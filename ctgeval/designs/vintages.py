"""Which periods of an indicator may be compared in this dossier, by the rules of the sources its figures come from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from ctgeval import measures, periods, sources
from ctgeval.indicators.definition import Indicator
from ctgeval.sources import vintages
from ctgeval.sources.vintages import Vintages

if TYPE_CHECKING:
    from ctgeval.dossier import Dossier

__all__ = ["Timing", "timing"]

_FAR = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How the periods of an indicator compare, numerator and denominator apart.

    Parameters
    ----------
    numerator, denominator : tuple of Vintages
        Rules of the sources that gave each; those of the numerator decide.
    lag : int
        Years between a period and its publication, in the slowest of the sources of the numerator.
    stock : bool
        Whether the numerator is a state at a date.
    published : tuple of (str, Vintages, date or None)
        Each source of the numerator, one of its rules, and the day on which its file was published.
    """

    numerator: tuple[Vintages, ...]
    denominator: tuple[Vintages, ...]
    lag: int
    stock: bool
    published: tuple[tuple[str, Vintages, date | None], ...] = ()

    def span(self, period: str) -> tuple[date, date]:
        """Return the first and last day that the numerator of a period describes; of a plain stock, its last day."""
        spans = [self._span(rule, period) for rule in self.numerator]
        return min(start for start, _ in spans), max(end for _, end in spans)

    def _span(self, rule: Vintages, period: str) -> tuple[date, date]:
        first, last = rule.span(period)
        return (last, last) if self.stock and rule == vintages.PLAIN else (first, last)

    def objection(self, first: str, second: str) -> str:
        """Say why two periods of the numerator are not compared; empty when they may be."""
        return next((said for rule in self.numerator if (said := rule.objection(first, second))), "")

    def provisional(self, period: str, keys: frozenset[str]) -> bool:
        """Tell whether some of the sources of a figure were published before it was consolidated."""
        return any(rule.provisional(period, day) for key, rule, day in self.published if key in keys)

    def denominator_objection(self, first: str, second: str) -> str:
        """Say why two periods of the denominator alone are not compared; empty when they may be."""
        others = [rule for rule in self.denominator if rule not in self.numerator]
        return next((said for rule in others if (said := rule.objection(first, second))), "")

    @property
    def last(self) -> int | None:
        """Last vintage that the sources of the numerator will ever give; None when they go on."""
        known = [rule.last for rule in self.numerator if rule.last is not None]
        return min(known) if len(known) == len(self.numerator) else None

    def cautions(self, first: str, second: str) -> tuple[str, ...]:
        """Return what a change between two periods must be read with."""
        return tuple(dict.fromkeys(said for rule in self.numerator if (said := rule.hint(first, second))))

    @property
    def instead(self) -> str:
        """What to turn to when the sources of the numerator have ended; empty when nothing is known."""
        return next((rule.instead for rule in self.numerator if rule.instead), "")

    def first_after(self, baseline: str, day: date) -> int | None:
        """Return the first yearly vintage that begins on a day or later and may be compared with a baseline.

        None when no vintage of the next fifty years ever will: the series ended, was broken, or is never comparable.
        """
        first = max(day.year, periods.year(baseline) + 1)
        return next(
            (
                year
                for year in range(first, first + _FAR)
                if (self.last is None or year <= self.last)
                and self.span(str(year))[0] >= day
                and not self.objection(baseline, str(year))
            ),
            None,
        )


def timing(dossier: Dossier, item: Indicator) -> Timing:
    """Return how the periods of an indicator compare in a dossier.

    Parameters
    ----------
    dossier : Dossier
    item : Indicator
        An indicator said to be every five years follows the rules of the census when its sources have none.
    """
    seen = dossier.indicator_observations
    declared = {source.cle: source for source in dossier.config.sources}
    known = sources.formats()

    published: set[tuple[str, Vintages, date | None]] = set()

    def found(names: frozenset[str]) -> tuple[tuple[Vintages, ...], int]:
        rows = seen.loc[seen["measure"].isin(names), ["measure", "source"]].drop_duplicates()
        rules, lag = [], 0
        for measure, key in sorted(rows.itertuples(index=False, name=None)):
            source = declared.get(key)
            format_ = known.get(source.format) if source else None
            lag = max(lag, format_.lag_years if format_ else 0)
            if source and source.millesimes:
                rules.append(vintages.rules(source.millesimes))
            elif format_:
                rules.append(format_.rules(measure))
            if source and (source.millesimes or format_):
                published.add((key, rules[-1], source.mise_a_jour))
        kept = tuple(dict.fromkeys(rules)) or (vintages.PLAIN,)
        if item.periodicity == "quinquennale" and all(rule.gap == 0 and rule.comparable for rule in kept):
            kept = (vintages.CENSUS,)
        return kept, lag

    numerator, lag = found(frozenset(item.numerator_measures))
    told = tuple(sorted(published, key=lambda one: (one[0], one[1].name)))
    denominator, _ = found(frozenset(item.measures) - frozenset(item.numerator_measures))
    stock = all(measures.get(name, measures=dossier.measures).kind == "stock" for name in item.numerator_measures)
    return Timing(numerator=numerator, denominator=denominator, lag=lag, stock=stock, published=told)
