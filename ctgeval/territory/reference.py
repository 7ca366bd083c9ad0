"""The reference geography: which territories exist on 1 January of each year, with which communes, and what merged."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import resources
from itertools import compress
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval import french
from ctgeval.errors import Problem, TerritoryError, UnknownTerritory
from ctgeval.territory import events as _events
from ctgeval.territory.codes import LEVELS, arrondissement_parent, parse
from ctgeval.territory.lookup import near_ones
from ctgeval.territory.shares import with_shares

__all__ = ["Reference", "load"]

_T = TypeVar("_T")
_LEGAL_DELAY = 3
# The history that the package holds begins with the events of 1 January 2006 (scripts/build_reference.py).
_EMBEDDED_SINCE = 2006


@dataclass(frozen=True, eq=False)
class Reference:
    """A geography, year by year.

    Parameters
    ----------
    places : DataFrame
        ``geo, name, type, first, last``: a row for each run of years in which a territory kept its name and type;
        sorted by code within a level.
    membership : DataFrame
        ``territory, commune, first, last``: prefixed codes, and the run of years.
    events : DataFrame
        ``code_before, code_after, effective, kind``: ground that passed from one commune to another; kinds ``fusion``,
        ``scission``, ``changement_de_code``. A commune that keeps its code while its ground changes has its row. An
        optional ``share`` tells which part of the figures of a split commune goes to each.
    populations : DataFrame
        ``geo, census, geography, population``: municipal population by census, and year of the code.
    years : tuple of int
        Years that are known.
    title, source, licence, updated : str
        What it is, where it comes from, under which licence, as of which day.
    fictional : bool
        Whether the territories are invented.
    notes : tuple of str
        What its source does not say.
    since : int, optional
        First geography from which every change of communes is known; the first of ``years`` by default.
    partial_years : tuple of int
        Years of which a user's file gives some territories, and not the whole country (see `extended`).
    conflicts : tuple of Problem
        What a user's file says otherwise than the reference, which was kept.
    """

    places: pd.DataFrame
    membership: pd.DataFrame
    events: pd.DataFrame
    populations: pd.DataFrame
    years: tuple[int, ...]
    title: str
    source: str
    licence: str
    updated: str
    fictional: bool = False
    notes: tuple[str, ...] = ()
    since: int | None = None
    partial_years: tuple[int, ...] = ()
    conflicts: tuple[Problem, ...] = ()
    _kept: dict[tuple[str | int, ...], Any] = field(default_factory=dict, repr=False)

    def name(self, geo: str, year: int | None = None) -> str:
        """Return the official name of a territory.

        Parameters
        ----------
        geo : str
            Prefixed code.
        year : int, optional
            Geography; by default the last one in which the territory exists.

        Raises
        ------
        TerritoryError
            When the code has not the form of one, or the year is not known.
        UnknownTerritory
            When no such territory exists that year; what became of it, or near ones, are told.
        """
        if geo == "FRANCE":
            return "France"
        if year is not None:
            found = self._names(year).get(geo)
            if found is not None:
                return found
            raise self._unknown(geo, year)
        for known in (*reversed(self.years), *reversed(self.partial_years)):
            if geo in self._names(known):
                return self._names(known)[geo]
        raise self._unknown(geo, None)

    def exists(self, geo: str, year: int) -> bool:
        """Whether a territory exists on 1 January of a known year."""
        return geo == "FRANCE" or geo in self._names(year)

    def members(self, geo: str, year: int, *, level: str = "COM") -> tuple[str, ...]:
        """Return the territories that make a territory, sorted.

        Parameters
        ----------
        geo : str
            Prefixed code of an EPCI, a département, a région, or ``FRANCE``; a commune has itself.
        year : int
            Geography.
        level : str
            ``COM``, or ``EPCI``, ``DEP``, ``REG``: those that have at least one commune in it.

        Raises
        ------
        TerritoryError, UnknownTerritory
            As `name`.
        """
        if not self.exists(geo, year):
            raise self._unknown(geo, year)
        children, parents = self._links(year)
        if geo == "FRANCE":
            communes: Iterable[str] = (code for code in self._names(year) if code.startswith("COM-"))
        else:
            communes = (geo,) if geo.startswith("COM-") else children.get(geo, ())
        if level == "COM":
            return tuple(sorted(communes))
        return tuple(sorted({p for code in communes for p in parents.get(code, ()) if p.startswith(f"{level}-")}))

    def parents(self, geo: str, year: int) -> tuple[str, ...]:
        """Return the EPCI, départements and régions that a territory has communes in, nearest level first.

        Raises
        ------
        TerritoryError, UnknownTerritory
            As `name`.
        """
        rank = LEVELS.index(parse(geo).level)
        above = [level for level in ("EPCI", "DEP", "REG") if LEVELS.index(level) > rank]
        return tuple(parent for level in above for parent in self.members(geo, year, level=level))

    def territories(self, level: str, year: int) -> pd.DataFrame:
        """Return the territories of a level on 1 January of a year, sorted by code.

        Returns
        -------
        DataFrame
            ``geo, name, type, population``; the population is the legal one that year, NaN where it is not known.

        Raises
        ------
        TerritoryError
            When the year is not known.
        """
        key = (f"territories {level}", year)
        if key not in self._kept:
            rows = self._at(self.places, year)
            rows = rows[rows["geo"].str.startswith(f"{level}-")].reset_index(drop=True)
            population = rows["geo"].map(self._legal(year) if level == "COM" else self._totals(year))
            self._kept[key] = rows[["geo", "name", "type"]].assign(population=population.astype(np.float64))
        table: pd.DataFrame = self._kept[key]
        return table.copy()

    def population(self, geo: str, year: int) -> float:
        """Return the legal municipal population in force on 1 January of a year (census of three years before).

        Returns
        -------
        float
            NaN when the census, or that of one of the communes, is not in the reference.

        Raises
        ------
        TerritoryError, UnknownTerritory
            As `name`.
        """
        known = self._legal(year)
        return float(sum(known.get(code, np.nan) for code in self.members(geo, year)))

    def changed_between(self, geo: str, year_a: int, year_b: int) -> bool:
        """Whether the ground that a code names is not the same in two geographies.

        Parameters
        ----------
        geo : str
            Prefixed code. For a commune the years may be any that the events cover.
        year_a, year_b : int
            Two geographies, in any order.

        Raises
        ------
        TerritoryError, UnknownTerritory
            When a territory other than a commune is asked for a year that is not known, or in which it does not exist.
        """
        first, last = sorted((year_a, year_b))
        if geo == "FRANCE" or first == last:
            return False
        if geo.startswith("COM-"):
            return self.timeline.changed(geo, first, last)
        link = self.timeline.chain(first, last)
        before, after = set(self.members(geo, first)), set(self.members(geo, last))
        inside = {image for code in before for image in link.images.get(code, (code,))}
        joined = any(code not in before and not after.isdisjoint(images) for code, images in link.images.items())
        return joined or inside != after

    def codes(self, level: str, year: int) -> frozenset[str]:
        """Return the prefixed codes of a level on 1 January of a year.

        Raises
        ------
        TerritoryError
            When the year is not known.
        """
        key = (f"codes {level}", year)
        if key not in self._kept:
            self._kept[key] = frozenset(geo for geo in self._names(year) if geo.startswith(f"{level}-"))
        codes: frozenset[str] = self._kept[key]
        return codes

    def once(self, key: tuple[str | int, ...], make: Callable[[], _T]) -> _T:
        """Return what is made from this geography alone, made the first time that it is asked for and kept with it."""
        if key not in self._kept:
            self._kept[key] = make()
        found: _T = self._kept[key]
        return found

    def last_name(self, geo: str) -> str:
        """Return the name of a territory in the last year that has it; empty when none does."""
        return self._latest.get(geo, "")

    def near(self, text: str) -> list[str]:
        """Return the territories that look like a code or a name, as ``COM-86082 (Valence-en-Poitou)``."""
        return near_ones(text, self._latest)

    def extended(self, *, events: pd.DataFrame | None = None, membership: pd.DataFrame | None = None) -> Reference:
        """Return this geography with the events and the members that a user's files bring (see `extension.extended`).

        Parameters
        ----------
        events : DataFrame, optional
            ``code_before, code_after, effective, kind`` and optionally ``share``; one that is known already is not
            counted twice.
        membership : DataFrame, optional
            ``year, commune, commune_name, epci, epci_name, dep, reg``: prefixed codes, empty where the file says none.

        Returns
        -------
        Reference
            A new one; what contradicts this one is told in ``conflicts``, and left out.
        """
        from ctgeval.territory import extension

        out: Reference = extension.extended(self, events=events, membership=membership)
        return out

    @cached_property
    def event_list(self) -> tuple[_events.Event, ...]:
        """The events, sorted by date, with the shares of the communes that were split."""
        days = [day.date() for day in self.events["effective"]]
        columns = [self.events[name].tolist() for name in ("code_before", "code_after", "kind")]
        found = sorted((_events.Event(*row) for row in zip(days, *columns, strict=True)), key=lambda event: event[:4])
        told: dict[tuple[int, str, str], float] = {}
        if "share" in self.events.columns:
            known = self.events["share"].notna()
            codes = zip(*(self.events.loc[known, name].tolist() for name in ("code_before", "code_after")), strict=True)
            dated = zip(self.events.loc[known, "effective"], codes, self.events.loc[known, "share"], strict=True)
            told = {(_first_geography(day), *pair): float(share) for day, pair, share in dated}
        return with_shares(found, self.populations, told)

    @cached_property
    def timeline(self) -> _events.Timeline:
        """The events, ready to be followed from any year to any other."""
        return _events.Timeline(self.event_list)

    @cached_property
    def named_in_events(self) -> frozenset[str]:
        """Codes that an event names."""
        return frozenset(code for event in self.event_list for code in (event.code_before, event.code_after))

    @property
    def known_since(self) -> int:
        """First geography from which every change of communes is known."""
        return self.years[0] if self.since is None else self.since

    @cached_property
    def _latest(self) -> dict[str, str]:
        codes, names = self._named_places
        order = np.argsort(self.places["last"].to_numpy(), kind="stable").tolist()
        return {codes[at]: names[at] for at in order}

    @cached_property
    def _named_places(self) -> tuple[list[str], list[str]]:
        """Codes and names of all the places: texts are made once, for every year."""
        return self.places["geo"].tolist(), self.places["name"].tolist()

    def _at(self, table: pd.DataFrame, year: int) -> pd.DataFrame:
        return table[self._there(table, year)]

    def _there(self, table: pd.DataFrame, year: int) -> npt.NDArray[np.bool_]:
        if year not in self.years and year not in self.partial_years:
            raise TerritoryError(
                f"La géographie au 1er janvier {year} n’est pas connue.",
                remedy=(
                    f"Choisissez une année de {self.years[0]} à {self.years[-1]}, ou déclarez une source au format "
                    "« geographie.appartenance » qui donne cette année."
                ),
                value=str(year),
            )
        first, last = table["first"].to_numpy(), table["last"].to_numpy()
        there: npt.NDArray[np.bool_] = (first <= year) & (last >= year)
        return there

    def _names(self, year: int) -> dict[str, str]:
        key = ("names", year)
        if key not in self._kept:
            there = self._there(self.places, year).tolist()
            self._kept[key] = dict(compress(zip(*self._named_places, strict=True), there))
        names: dict[str, str] = self._kept[key]
        return names

    def _links(self, year: int) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
        key = ("links", year)
        if key not in self._kept:
            rows = self._at(self.membership, year)
            children: dict[str, list[str]] = defaultdict(list)
            parents: dict[str, list[str]] = defaultdict(list)
            for territory, commune in zip(rows["territory"].tolist(), rows["commune"].tolist(), strict=True):
                children[territory].append(commune)
                parents[commune].append(territory)
            self._kept[key] = (dict(children), dict(parents))
        links: tuple[dict[str, list[str]], dict[str, list[str]]] = self._kept[key]
        return links

    def _legal(self, year: int) -> dict[str, float]:
        key = ("legal", year)
        if key not in self._kept:
            rows = self.populations[self.populations["census"] == year - _LEGAL_DELAY]
            found: dict[str, float] = {}
            for geography in sorted(rows["geography"].unique().tolist()):
                table = rows[rows["geography"] == geography]
                link = self.timeline.chain(geography, year)
                counts = dict(zip(table["geo"].tolist(), table["population"].tolist(), strict=True))
                moved: dict[str, list[str]] = defaultdict(list)
                for before, after in link.after.items():
                    moved[after].append(before)
                found |= {code: count for code, count in counts.items() if code not in link.images}
                found |= {code: float(sum(counts.get(c, np.nan) for c in parts)) for code, parts in moved.items()}
            self._kept[key] = found
        legal: dict[str, float] = self._kept[key]
        return legal

    def _totals(self, year: int) -> dict[str, float]:
        key = ("totals", year)
        if key not in self._kept:
            rows = self._at(self.membership, year)
            counts = rows["commune"].map(self._legal(year)).astype(np.float64)
            missing = counts.isna().groupby(rows["territory"]).any()
            found = counts.groupby(rows["territory"]).sum().mask(missing)
            self._kept[key] = dict(zip(found.index.tolist(), found.tolist(), strict=True))
        totals: dict[str, float] = self._kept[key]
        return totals

    def _named(self, geo: str) -> str:
        name = self.last_name(geo)
        return f"{geo} ({name})" if name else geo

    def _then(self, geo: str, year: int | None, first: int) -> tuple[str, ...]:
        """Return the EPCI that held, in an earlier year, the communes that an EPCI has in its first one."""
        if year is None or year > first:
            return ()
        own = set(self.members(geo, first))
        after = self.timeline.chain(year, first).images
        parents = self._links(year)[1]
        inside = (code for code in self.codes("COM", year) if not own.isdisjoint(after.get(code, (code,))))
        return tuple(sorted({up for code in inside for up in parents.get(code, ()) if up.startswith("EPCI-")}))

    def _unknown(self, geo: str, year: int | None) -> UnknownTerritory:
        parse(geo)
        when = "" if year is None else f" au 1er janvier {year}"
        gone = None if year is None else self.timeline.absent(year).get(geo)
        if gone is not None and gone.geography <= (year or 0):
            return UnknownTerritory(
                f"{self._named(geo)} n’est pas une commune{when} : son territoire est passé à "
                f"{self._named(gone.code_after)} le {french.date(gone.effective)}.",
                remedy=f"Utilisez {gone.code_after}, ou une année plus ancienne.",
                value=geo,
            )
        parent = arrondissement_parent(geo)
        if parent is not None:
            city = self._latest.get(parent, parent)
            return UnknownTerritory(
                f"{geo} est un arrondissement municipal de {city}, pas une commune.",
                remedy=f"Utilisez {parent}.",
                value=geo,
            )
        known = self._latest.get(geo)
        if known is not None:
            every = sorted({*self.partial_years, *self.years})
            there = [str(known_year) for known_year in every if geo in self._names(known_year)]
            then = self._then(geo, year, int(there[0])) if geo.startswith("EPCI-") and year in every else ()
            held = french.enumeration([self._named(code) for code in then])
            return UnknownTerritory(
                f"{geo} ({known}) n’existe pas{when} ; ce code existe en {', '.join(there)}."
                f"{f' Ses communes étaient alors dans {held}.' if then else ''}",
                remedy="Prenez ces territoires, ou une autre année." if then else "Vérifiez le code ou l’année.",
                value=geo,
            )
        near = self.near(geo)
        return UnknownTerritory(
            f"Aucun territoire n’a le code {geo}{when}.",
            remedy=f"Codes proches : {', '.join(near)}." if near else "Vérifiez le code.",
            value=geo,
        )


def load(folder: Path | None = None) -> Reference:
    """Return the reference that travels with the package (all France), or a dossier's own.

    Parameters
    ----------
    folder : Path, optional
        Folder of ``geographie.toml``, ``territoires.csv``, ``membres.csv`` and ``evenements.csv``.

    Raises
    ------
    TerritoryError
        When the dossier's own geography can't be used; every problem is told.
    """
    if folder is None:
        return _embedded()
    from ctgeval.territory import own_geography

    return Reference(**own_geography.read(Path(folder)))


@cache
def _embedded() -> Reference:
    data = resources.files("ctgeval.territory") / "data"
    sheet = json.loads((data / "source.json").read_text(encoding="utf-8"))

    def table(name: str) -> pd.DataFrame:
        with (data / f"{name}.parquet").open("rb") as stream:
            return pd.read_parquet(stream)

    communes, others, events, populations = map(table, ("communes", "territories", "events", "populations"))
    communes["code"] = "COM-" + communes["code"]
    columns = ["geo", "name", "type", "first", "last"]
    places = pd.concat([communes.rename(columns={"code": "geo"}).assign(type="COM")[columns], others[columns]])
    membership = [
        communes.loc[communes[name] != "", ["code", "first", "last"]]
        .rename(columns={"code": "commune"})
        .assign(territory=f"{name.upper()}-" + communes.loc[communes[name] != "", name])
        for name in ("epci", "dep", "reg")
    ]
    return Reference(
        places=places.reset_index(drop=True),
        membership=pd.concat(membership, ignore_index=True)[["territory", "commune", "first", "last"]],
        events=events.assign(
            code_before="COM-" + events["code_before"],
            code_after="COM-" + events["code_after"],
            effective=pd.to_datetime(events["effective"]),
        ),
        populations=populations.assign(code="COM-" + populations["code"]).rename(columns={"code": "geo"}),
        years=tuple(sorted(int(year) for year in sheet["paquets"])),
        title=sheet["titre"],
        source=sheet["source"],
        licence=sheet["licence"],
        updated=sheet["mise_a_jour"],
        fictional=sheet["fictif"],
        notes=tuple(sheet["notes"]),
        since=_EMBEDDED_SINCE,
    )


def _first_geography(day: pd.Timestamp) -> int:
    return _events.Event(day.date(), "", "", "").geography
