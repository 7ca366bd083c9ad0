"""One territory and one period in a release: what is known of them, ready to be laid out."""

from __future__ import annotations

import datetime as dt
import math
import re
import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, Any

import pandas as pd

from ctgeval import french, observations, periods
from ctgeval.errors import UnknownIndicator, UnknownTerritory, suggestion
from ctgeval.render.lines import Indicator, Line, Point
from ctgeval.territory.contours import Contours

if TYPE_CHECKING:
    from ctgeval.confidentiality import Release


ENOUGH = 8
"""Territories under which a median says nothing that the lines themselves do not."""
MOST_COMPARED = 4
"""Territories with a bilan of the same dossier that are compared without having been chosen for it."""
_TEXTS = ("geo", "time_period", "conf_status", "obs_status", "source", "limits", "reason")
_NUMBERS = ("value", "low", "high", "geography", "ci_low", "ci_high", "numerator", "n")
WITHHELD = frozenset({"C", "D", "N"})


@dataclass(frozen=True)
class View:
    """What a release says of one territory up to one period.

    Parameters
    ----------
    release : Release
        The protected tables of one audience.
    geo : str
        Code of the territory; empty for the dossier's own.
    period : str
        Last period to show; empty for all.
    carnet : str
        Name of the notebook, which chooses the title and the author's texts.

    Raises
    ------
    UnknownTerritory
        When the release holds nothing about ``geo``.
    PeriodError
        When ``period`` can't be read.
    """

    release: Release
    geo: str
    period: str
    carnet: str

    def __post_init__(self) -> None:
        if self.period:
            object.__setattr__(self, "period", periods.normalise(self.period))
        object.__setattr__(self, "geo", self.geo or self.text(self.meta.get("territoire")))
        if self.geo not in self.names:
            raise UnknownTerritory(
                "La diffusion demandée ne contient pas ce territoire.",
                remedy=" ".join(
                    filter(None, [suggestion(self.geo, self.names), "Ajoutez-le à « territoires » du bilan."])
                ),
                key="territoire",
                value=self.geo,
            )

    @staticmethod
    def text(value: Any) -> str:
        """Return a cell as text, the missing as an empty one."""
        return "" if pd.isna(value) else str(value)

    @staticmethod
    def day(value: Any) -> dt.date | None:
        """Return a cell as a date, or None when it is empty."""
        text = View.text(value)[:10]
        return dt.date.fromisoformat(text) if text else None

    def table(self, name: str) -> pd.DataFrame:
        """Return a table of the release; empty when it holds no row."""
        return self.release.table(name)

    @property
    def meta(self) -> dict[str, Any]:
        """The release's general facts."""
        return dict(self.release.meta)

    @property
    def internal(self) -> bool:
        """Whether the readers are those who fill the dossier in."""
        return bool(self.release.audience == "interne")

    @property
    def technical(self) -> bool:
        """Whether the readers are those who check the figures, and want to know how the files were read."""
        return self.release.audience in {"interne", "cotech"}

    @property
    def public(self) -> bool:
        """Whether the readers are the inhabitants, to whom everything is said in plain words."""
        return bool(self.release.audience == "habitants")

    @property
    def fictional(self) -> bool:
        """Whether the territory is invented, which each figure must say."""
        return bool(self.meta.get("fictif"))

    @property
    def own(self) -> bool:
        """Whether the page is about the dossier's own territory, and not one of its parts."""
        return self.geo == self.text(self.meta.get("territoire"))

    @cached_property
    def names(self) -> dict[str, str]:
        """Name of each territory of the release, by code."""
        table = self.release.territories
        named = {self.text(geo): self.text(name) for geo, name in zip(table["geo"], table["name"], strict=True)}
        return {self.text(self.meta.get("territoire")): self.text(self.meta.get("nom")), **named}

    @property
    def name(self) -> str:
        """Name of the territory."""
        return self.names[self.geo] or self.geo

    @property
    def level(self) -> str:
        """Level of the territory: ``COM``, ``EPCI``, ``DEP``..."""
        return self.geo.partition("-")[0]

    def geos(self, *roles: str) -> tuple[str, ...]:
        """Return the codes of the territories that have one of the roles."""
        table = self.release.territories
        return tuple(sorted({str(geo) for geo in table.loc[table["role"].isin(roles), "geo"]}))

    @cached_property
    def indicators(self) -> dict[str, Indicator]:
        """The indicators of the release, the retained ones first, in the order of their choice."""
        found = [self._indicator(row) for row in self.release.indicators.to_dict("records")]
        return {indicator.id: indicator for indicator in sorted(found, key=self._rank)}

    def _rank(self, indicator: Indicator) -> tuple[bool, int]:
        chosen = list(self.meta.get("retenus") or ())
        return (not indicator.retained, chosen.index(indicator.id) if indicator.id in chosen else len(chosen))

    def _indicator(self, row: dict[Any, Any]) -> Indicator:
        decimals = self.text(row["decimals"])
        caveats = row["caveats"]
        return Indicator(
            id=str(row["id"]),
            label=str(row["label"]),
            theme=self.text(row["theme"]),
            kind=self.text(row["kind"]),
            unit=self.text(row["unit"]),
            direction=self.text(row["direction"]),
            decimals=int(float(decimals)) if decimals else None,
            source=self.text(row["source"]),
            definition=self.text(row["definition"]),
            caveats=() if isinstance(caveats, str) or caveats is None else tuple(self.text(one) for one in caveats),
            retained=bool(row["retained"]),
        )

    def indicator(self, indicator: str) -> Indicator:
        """Return an indicator.

        Raises
        ------
        UnknownIndicator
            When the release does not hold it.
        """
        if indicator not in self.indicators:
            raise UnknownIndicator(
                "Cet indicateur n’est pas dans la diffusion.",
                remedy=suggestion(indicator, self.indicators) or "Choisissez-en un dans le catalogue.",
                value=indicator,
            )
        return self.indicators[indicator]

    @cached_property
    def _totals(self) -> dict[str, pd.DataFrame]:
        table = self.release.results
        for dimension in observations.DIMENSIONS:
            if dimension in table.columns:
                table = table[table[dimension].isna() | (table[dimension] == "")]
        if self.period:
            last = periods.end(self.period)
            shown = {text for text in table["time_period"].unique() if periods.end(text) <= last}
            table = table[table["time_period"].isin(shown)]
        return {str(indicator): rows for indicator, rows in table.groupby("indicator", sort=True)}

    @cached_property
    def _lines(self) -> dict[str, Mapping[str, Line]]:
        return {}

    def lines(self, indicator: str) -> Mapping[str, Line]:
        """Return the line of each territory for an indicator, by code; one that nobody looks at is never made."""
        if indicator not in self._lines:
            rows = self._totals.get(indicator)
            self._lines[indicator] = {} if rows is None else self._read(rows)
        return self._lines[indicator]

    def _read(self, rows: pd.DataFrame) -> Mapping[str, Line]:
        texts = {name: rows[name].astype("string").fillna("").tolist() for name in _TEXTS}
        numbers = {name: rows[name].astype("Float64").to_numpy(float, na_value=math.nan).tolist() for name in _NUMBERS}
        ranks = {period: rank for rank, period in enumerate(periods.sort(set(texts["time_period"])))}
        order = sorted(range(len(rows)), key=lambda at: (texts["geo"][at], ranks[texts["time_period"][at]]))
        places = {geo: tuple(found) for geo, found in groupby(order, key=texts["geo"].__getitem__)}
        return _Lines(places, lambda at: _point(texts, numbers, at), self.names)

    def line(self, indicator: str, geo: str = "") -> Line | None:
        """Return the line of a territory, by default the one that the page is about."""
        return self.lines(indicator).get(geo or self.geo)

    def available(self, *, kind: str = "") -> tuple[Indicator, ...]:
        """Return the indicators that have at least one value for the territory."""
        return tuple(
            indicator
            for indicator in self.indicators.values()
            if (not kind or indicator.kind == kind) and (line := self.line(indicator.id)) is not None and line.known
        )

    def compared(self, indicator: str) -> tuple[Line, ...]:
        """Return the lines of the chosen comparators and of the larger territories, in the order of names.

        A bilan of a part of the dossier is compared with the other parts that have one, when these are few.
        """
        chosen = {*self.geos("parent"), self.text(self.meta.get("territoire"))}
        if self.own:
            chosen.update(self.geos("comparateur"))
        else:
            level = f"{self.level}-"
            chosen.update(geo for geo in self.geos("comparateur") if geo.startswith(level))
            others = {geo for geo in self.geos("territoire") if geo.startswith(level)} - {self.geo}
            # The first ones of a whole federation, in the order of their names, are nobody's choice.
            chosen.update(others if len(others) <= MOST_COMPARED else ())
        lines = self.lines(indicator)
        found = (lines[geo] for geo in chosen if geo in lines and geo != self.geo and lines[geo].known)
        return tuple(sorted(found, key=lambda line: french.fold(line.name)))

    def peers(self, indicator: str) -> tuple[Line, ...]:
        """Return the lines of every territory of the same level, this one aside."""
        level = f"{self.level}-"
        lines = self.lines(indicator)
        return tuple(lines[geo] for geo in lines if geo != self.geo and geo.startswith(level))

    def typical(self, indicator: str) -> tuple[Line, int] | None:
        """Return the median of the territories of the same level and their number; None under `ENOUGH` of them.

        The territories are those that have a value for every period of this one: the same ones all along.
        """
        own = self.line(indicator)
        times = [point.period for point in own.known] if own is not None else []
        peers = ({point.period: point.value for point in line.known} for line in self.peers(indicator))
        complete = [[values[time] for time in times] for values in peers if values.keys() >= set(times)]
        if not times or own is None or len(complete) < ENOUGH:
            return None
        medians = (statistics.median(values) for values in zip(*complete, strict=True))
        points = tuple(
            replace(
                point,
                value=value,
                low=value,
                high=value,
                provisional=False,
                limits="",
                reason="",
                ci_low=math.nan,
                ci_high=math.nan,
                numerator=math.nan,
                n=math.nan,
            )
            for point, value in zip(own.known, medians, strict=True)
        )
        return Line("", "", points), len(complete)

    def members(self, indicator: str) -> tuple[Line, ...]:
        """Return the lines of the communes of the territory, in the order of names; none for a commune."""
        if self.level == "COM":
            return ()
        lines = self.lines(indicator)
        table = self.release.members
        communes = table.loc[table["geo"].eq(self.geo), "commune"]
        found = (lines[geo] for geo in communes if geo in lines)
        return tuple(sorted(found, key=lambda line: french.fold(line.name)))

    @cached_property
    def contours(self) -> Contours | None:
        """The contours of the communes of the territory; None when the release draws none of them."""
        table = self.release.contours
        communes = self.release.members.loc[self.release.members["geo"].eq(self.geo), "commune"]
        rows = table[table["geo"].isin(list(communes))]
        return Contours.from_table(rows) if len(rows) else None

    def target(self, indicator: str) -> dict[str, Any] | None:
        """Return the row of progress of an indicator on this territory, or None."""
        table = self.release.progress
        rows = table[(table["indicator"] == indicator) & (table["geo"] == self.geo)]
        return {str(name): value for name, value in rows.iloc[-1].items()} if len(rows) else None

    def prose(self, section: str) -> str:
        """Return the author's Markdown for a section, empty when there is none."""
        table = self.release.texts
        if not len(table):
            return ""
        rows = table[table["bilan"].isin([self.carnet, ""]) & (table["section"] == section)]
        return "\n\n".join(self.text(markdown) for markdown in rows["markdown"])

    def limits(self, points: Iterable[Point]) -> tuple[str, ...]:
        """Return the sentences of the limits that some points carry, then the reasons of the missing ones."""
        points = tuple(points)
        table = self.release.limits
        sentences = {
            self.text(code): self.text(sentence)
            for code, sentence in zip(table["code"], table["sentence"], strict=True)
        }
        codes = {code for point in points for code in _keys(point.limits)}
        reasons = sorted({point.reason for point in points if point.reason and point.mark == "absent"})
        return (*(sentences.get(code, code) for code in sorted(codes)), *reasons)

    def sources(self, points: Iterable[Point]) -> tuple[dict[str, Any], ...]:
        """Return the rows of the sources from which some points were made."""
        keys = {key for point in points for key in _keys(point.source)}
        table = self.release.sources
        return tuple(
            {str(name): value for name, value in row.items()}
            for row in table.sort_values("cle").to_dict("records")
            if self.text(row["cle"]) in keys
        )


class _Lines(Mapping[str, Line]):
    """The lines of an indicator, each made when it is asked for: a federation has hundreds of territories.

    Parameters
    ----------
    places : mapping
        Ranks of the rows of each territory, in the order of their periods.
    point : callable
        Makes the point of a row.
    names : mapping
        Of the territories.
    """

    def __init__(
        self, places: Mapping[str, Sequence[int]], point: Callable[[int], Point], names: Mapping[str, str]
    ) -> None:
        self._places, self._point, self._names = places, point, names
        self._made: dict[str, Line] = {}

    def __getitem__(self, geo: str) -> Line:
        if geo not in self._made:
            points = tuple(map(self._point, self._places[geo]))
            self._made[geo] = Line(geo, self._names.get(geo) or geo, points)
        return self._made[geo]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, geo: object) -> bool:
        return geo in self._places


def _keys(text: str) -> Sequence[str]:
    return [key for key in re.split(r"[\s,;+]+", text) if key]


def _point(texts: Mapping[str, Sequence[str]], numbers: Mapping[str, Sequence[float]], at: int) -> Point:
    value, geography = numbers["value"][at], numbers["geography"][at]
    withheld = texts["conf_status"][at] in WITHHELD
    return Point(
        period=texts["time_period"][at],
        value=value,
        low=numbers["low"][at],
        high=numbers["high"][at],
        mark="" if math.isfinite(value) else "masque" if withheld else "absent",
        provisional=texts["obs_status"][at] == "P",
        geography=int(geography) if math.isfinite(geography) else None,
        source=texts["source"][at],
        limits=texts["limits"][at],
        reason=texts["reason"][at],
        **{name: numbers[name][at] for name in ("ci_low", "ci_high", "numerator", "n")},
    )
