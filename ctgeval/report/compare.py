"""Two bilans, figure by figure: what moved, was revised, appeared, vanished, is masked now or was before.

Figures are those of the two releases that the bilans were made from, so that nothing is compared that their readers
were not given. Two intervals are held against each other, never two points: a figure of a new period *moved* when its
interval (what the source lets one know, and chance where it can be computed) leaves that of the last period known
before. It is a reading aid and a cautious one: tests are in the bilans themselves (`ctgeval.indicators.changes`).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, get_args

from ctgeval import periods, sources
from ctgeval.errors import PeriodError
from ctgeval.observations import DIMENSIONS

if TYPE_CHECKING:
    from ctgeval.confidentiality import Release

__all__ = ["KINDS", "Comparison", "Difference", "Figure", "Kind", "compare", "counts"]

Kind = Literal["bouge", "nouvelle_periode", "revise", "masque", "demasque", "apparu", "disparu"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""What most deserves to be read first."""

_SAME = 1e-9
_NOT_READ = math.nan

Key = tuple[str, str, tuple[str, ...], str]
"""Indicator, territory, dimensions, period."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure of a bilan.

    Parameters
    ----------
    time_period : str
        Its period.
    status : {"valeur", "masque", "absent"}
        Told, not to be told (no number then), or not available.
    value, low, high, ci_low, ci_high : float
        See `ctgeval.observations` and the results; NaN when missing.
    provisional : bool
        Whether its producer may still revise it.
    """

    time_period: str
    status: Literal["valeur", "masque", "absent"]
    value: float = _NOT_READ
    low: float = _NOT_READ
    high: float = _NOT_READ
    ci_low: float = _NOT_READ
    ci_high: float = _NOT_READ
    provisional: bool = False

    @property
    def interval(self) -> tuple[float, float]:
        """All that the figure may be: bounds of the source and interval of chance together."""
        known = [
            bound for bound in (self.value, self.low, self.high, self.ci_low, self.ci_high) if not math.isnan(bound)
        ]
        return (min(known), max(known)) if known else (_NOT_READ, _NOT_READ)

    def masked(self) -> Figure:
        """Return the same without any number."""
        return Figure(time_period=self.time_period, status="masque")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What became of one figure from a bilan to the other.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    indicator, label, unit : str
        Identifier of the indicator, its French label, its unit.
    geo, name : str
        Code and name of the territory.
    dimensions : tuple of (str, str)
        Those that are not empty, with their value.
    decimals : int or None
        Digits to show.
    before, after : Figure or None
        In the first bilan and in the second; ``None`` where it has none.
    note : str
        What the comparison must be read with, in French.
    """

    kind: Kind
    indicator: str
    label: str
    unit: str
    geo: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    decimals: int | None
    before: Figure | None
    after: Figure | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The differences, the gravest kind first; how many figures are the same, and how many masked in both."""

    differences: tuple[Difference, ...]
    unchanged: int
    masked: int
    notes: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not self.differences


def compare(before: Release, after: Release, *, geo: str = "", hidden: bool = False) -> Comparison:
    """Compare the figures of two releases.

    Parameters
    ----------
    before, after : Release
        The earlier one, and the later one.
    geo : str
        Only that territory; all of them by default.
    hidden : bool
        For two audiences: a number is given only where both were told it.

    Returns
    -------
    Comparison
        Of a figure that is masked on one side, the other side keeps its number only when it is the later one and both
        are of one audience: what was told once and is masked now is not told again.

    Raises
    ------
    ReportError, ConfidentialityError
        When a table of a release can't be read, or holds what its audience must not be told.
    """
    old, new = _figures(before, geo), _figures(after, geo)
    tell, series = _Teller(before, after), _series(old)
    found: list[Difference] = []
    unchanged = masked = 0
    for key in {**new, **old}:
        one, two = old.get(key), new.get(key)
        kind = _kind(one, two)
        if kind is None:
            hid = two is not None and two.status == "masque"
            masked, unchanged = masked + hid, unchanged + (not hid)
            continue
        note = ""
        if kind == "apparu" and two is not None and (last := _last(series, key)) is not None:
            one, note = last, tell.objection(last.time_period, key, two)
            kind = "bouge" if not note and _apart(last, two) else "nouvelle_periode"
        shown = _shown(kind, one, two, hidden=hidden)
        found.append(tell.difference(kind, key, *shown, note))
    found.sort(key=tell.rank)
    return Comparison(tuple(found), unchanged, masked, tuple(_notes(before, after)))


def _figures(release: Release, geo: str) -> dict[Key, Figure]:
    rows = release.results
    if geo:
        rows = rows[rows["geo"].astype(str) == geo]
    names = [name for name in DIMENSIONS if name in rows.columns]
    found: dict[Key, Figure] = {}
    for row in rows.to_dict("records"):
        figure = _figure(row)
        if figure.status != "absent":
            dimensions = tuple(_text(row[name]) for name in names)
            found[_text(row["indicator"]), _text(row["geo"]), dimensions, figure.time_period] = figure
    return found


def _figure(row: Mapping[Any, Any]) -> Figure:
    period = _text(row["time_period"])
    if _text(row["conf_status"]) not in {"F", ""}:
        return Figure(time_period=period, status="masque")
    numbers = {name: _number(row[name]) for name in ("value", "low", "high", "ci_low", "ci_high")}
    # A value that is missing is still known when the source bounds it on both sides.
    known = math.isfinite(numbers["value"]) or all(math.isfinite(numbers[name]) for name in ("low", "high"))
    if not known:
        return Figure(time_period=period, status="absent")
    return Figure(time_period=period, status="valeur", **numbers, provisional=_text(row["obs_status"]) == "P")


def _kind(one: Figure | None, two: Figure | None) -> Kind | None:
    """Tell what differs between two figures of one period; nothing when they are the same."""
    if one is None:
        return "apparu"
    if two is None:
        return "disparu"
    if one.status != two.status:
        return "masque" if two.status == "masque" else "demasque"
    pairs = ((getattr(one, name), getattr(two, name)) for name in ("value", "low", "high", "ci_low", "ci_high"))
    return None if all(_close(first, second) for first, second in pairs) else "revise"


def _close(one: float, two: float) -> bool:
    return (math.isnan(one) and math.isnan(two)) or math.isclose(one, two, rel_tol=_SAME, abs_tol=_SAME)


def _series(old: Mapping[Key, Figure]) -> dict[tuple[object, ...], list[tuple[date, Figure]]]:
    """Return the figures of each indicator, territory, set of dimensions and frequency, by first day."""
    found: dict[tuple[object, ...], list[tuple[date, Figure]]] = {}
    for key, figure in old.items():
        period = _parsed(key[3])
        if period is not None:
            found.setdefault((*key[:3], period.frequency), []).append((period.start, figure))
    return found


def _last(series: Mapping[tuple[object, ...], list[tuple[date, Figure]]], key: Key) -> Figure | None:
    """Return the last figure told before a new period, when that period comes after all those of its series."""
    new = _parsed(key[3])
    earlier = series.get((*key[:3], new.frequency), []) if new else []
    if new is None or not earlier or max(day for day, _ in earlier) > new.start:
        return None
    told = [(day, figure) for day, figure in earlier if figure.status == "valeur"]
    return max(told, key=lambda pair: pair[0])[1] if told else None


def _parsed(period: str) -> periods.Period | None:
    try:
        return periods.parse(period)
    except PeriodError:
        return None


def _apart(one: Figure, two: Figure) -> bool:
    """Tell whether the intervals of two figures have nothing in common."""
    (low, high), (least, most) = one.interval, two.interval
    margin = _SAME * max(1.0, abs(high) if math.isfinite(high) else 0.0)
    return least > high + margin or most < low - margin


def _shown(kind: Kind, one: Figure | None, two: Figure | None, *, hidden: bool) -> tuple[Figure | None, Figure | None]:
    """Take out the numbers that the comparison must not bring back."""
    if hidden and (kind in {"masque", "demasque", "apparu", "disparu"}):
        return (one.masked() if one else None), (two.masked() if two else None)
    if hidden and kind in {"bouge", "nouvelle_periode"}:
        return None, two.masked() if two else None
    if kind == "masque" and one is not None:
        return one.masked(), two
    return one, two


def _notes(before: Release, after: Release) -> Iterator[str]:
    grounds = [str(release.meta.get("perimetre") or "") for release in (before, after)]
    if all(grounds) and grounds[0] != grounds[1]:
        yield (
            f"Les deux bilans ne sont pas dans le même périmètre ({grounds[0]} puis {grounds[1]}) : une valeur peut "
            "différer parce que le territoire n’est plus le même."
        )


class _Teller:
    """What both releases say around their figures: labels, names of territories, rules of vintages, order."""

    def __init__(self, before: Release, after: Release) -> None:
        self._indicators: dict[str, dict[Any, Any]] = {}
        self._names: dict[str, str] = {}
        self._roles: dict[str, int] = {}
        for release in (after, before):
            for row in release.indicators.to_dict("records"):
                self._indicators.setdefault(_text(row["id"]), row)
            for row in release.territories.to_dict("records"):
                self._names.setdefault(_text(row["geo"]), _text(row["name"]))
                self._roles.setdefault(_text(row["geo"]), len(self._roles))
        self._order = {name: rank for rank, name in enumerate(self._indicators)}
        self._sources = {_text(row["cle"]): _text(row["format"]) for row in after.sources.to_dict("records")}
        self._of: dict[tuple[str, str, str], str] = {
            (_text(row["indicator"]), _text(row["geo"]), _text(row["time_period"])): _text(row["source"])
            for row in after.results[["indicator", "geo", "time_period", "source"]].to_dict("records")
        }

    def difference(self, kind: Kind, key: Key, before: Figure | None, after: Figure | None, note: str) -> Difference:
        indicator, geo, dimensions, _ = key
        told = self._indicators.get(indicator, {})
        decimals = _text(told.get("decimals"))
        return Difference(
            kind=kind,
            indicator=indicator,
            label=_text(told.get("label")) or indicator,
            unit=_text(told.get("unit")),
            geo=geo,
            name=self._names.get(geo, geo),
            dimensions=tuple((name, text) for name, text in zip(DIMENSIONS, dimensions, strict=False) if text),
            decimals=int(float(decimals)) if decimals else None,
            before=before,
            after=after,
            note=note,
        )

    def objection(self, earlier: str, key: Key, new: Figure) -> str:
        """Return why the vintages of a source are not compared, or nothing."""
        keys = self._of.get((key[0], key[1], key[3]), "").split()
        formats = sources.formats()
        known = [formats[name] for one in keys if (name := self._sources.get(one, "")) in formats]
        rules = itertools.chain.from_iterable(one.vintages.values() for one in known)
        return next((said for rule in rules if (said := rule.objection(earlier, new.time_period))), "")

    def rank(self, one: Difference) -> tuple[Any, ...]:
        figure = one.after or one.before
        period = _parsed(figure.time_period) if figure else None
        return (
            KINDS.index(one.kind),
            self._order.get(one.indicator, len(self._order)),
            one.indicator,
            self._roles.get(one.geo, len(self._roles)),
            one.geo,
            one.dimensions,
            period.start.isoformat() if period else "",
            figure.time_period if figure else "",
        )


def _text(value: object) -> str:
    return "" if value is None or value != value or str(value) == "<NA>" else str(value)  # noqa: PLR0124 - NaN


def _number(value: object) -> float:
    return _NOT_READ if value is None or str(value) == "<NA>" else float(str(value))


def counts(differences: Iterable[Difference]) -> dict[Kind, int]:
    """Return how many differences there are of each kind, in the order of `KINDS`."""
    found = [one.kind for one in differences]
    return {kind: found.count(kind) for kind in KINDS}
