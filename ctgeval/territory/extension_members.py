"""Add to a geography the communes and EPCI of other years, as a user's file tells them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from ctgeval import french
from ctgeval.errors import Problem
from ctgeval.territory.reference import Reference

__all__ = ["MEMBERSHIP_COLUMNS", "with_members"]

MEMBERSHIP_COLUMNS: tuple[str, ...] = ("year", "commune", "commune_name", "epci", "epci_name", "dep", "reg")

_SHOWN = 3
# The régions of today are those of 1 January 2016 (law 2015-29).
_REGIONS_SINCE = 2016
_LEVELS = {"commune": "COM", "dep": "DEP", "reg": "REG"}
_EPCI_TYPES = {"CC": "CC", "CA": "CA", "CU": "CU", "METROPOLE": "METRO", "MÉTROPOLE": "METRO", "SAN": "SAN"}


def with_members(base: Reference, brought: pd.DataFrame) -> Reference:
    """Return a geography with the members of a file (see `ctgeval.territory.extension.extended`)."""
    file = str(brought["origin"].iloc[0]).partition("!")[0] if "origin" in brought.columns else ""
    rows = brought[list(MEMBERSHIP_COLUMNS)].astype({"year": np.int64})
    rows = rows.assign(**{name: rows[name].fillna("") for name in MEMBERSHIP_COLUMNS[1:]})
    pairs = rows.drop_duplicates(["year", "commune", "epci"])
    twice = pairs[pairs.duplicated(["year", "commune"])]
    conflicts = _two_epci(twice, file)
    rows = rows.drop_duplicates(["year", "commune"])
    known = rows["year"].isin([*base.years, *base.partial_years])
    theirs = rows[known]
    for year, group in theirs.groupby("year"):
        conflicts += _other_epci(group, int(str(year)), base, file)
    again = theirs[theirs["year"].isin(base.partial_years)]
    pairs_again = zip(again["commune"].tolist(), again["year"].tolist(), strict=True)
    fresh = again[[not base.exists(geo, year) for geo, year in pairs_again]]
    new = pd.concat([rows[~known], fresh])
    conflicts = [*base.conflicts, *conflicts]
    if new.empty:
        return replace(base, conflicts=tuple(conflicts), _kept={})
    new = _placed(new, base)
    places = pd.concat([base.places, *_places(new, base)], ignore_index=True)
    membership = pd.concat([base.membership, *_membership(new)], ignore_index=True)
    years = sorted({*base.partial_years, *new["year"].tolist()})
    deps = new.loc[new["dep"].ne(""), "dep"].nunique()
    note = (
        f"Communes et EPCI de {years[0]} à {years[-1]} : fichier du dossier, dans "
        f"{french.plural(deps, 'département')} ; un EPCI qui en sort n’y est pas entier."
    )
    return replace(
        base,
        places=places.sort_values(["geo", "first"], kind="stable", ignore_index=True),
        membership=membership,
        partial_years=tuple(years),
        conflicts=tuple(conflicts),
        notes=(*base.notes, note),
        _kept={},
    )


def _placed(rows: pd.DataFrame, base: Reference) -> pd.DataFrame:
    """Give each commune its département when the file does not, and its région when it can be known."""
    raw = rows["commune"].str.removeprefix("COM-")
    short = raw.str[:2].where(~raw.str.startswith("97"), raw.str[:3])
    dep = rows["dep"].where(rows["dep"].ne(""), "DEP-" + short)
    year = base.years[0]
    regions = {geo: region for geo in sorted(base.codes("DEP", year)) for region in base.parents(geo, year)}
    known = rows["year"].ge(_REGIONS_SINCE) & rows["reg"].eq("")
    return rows.assign(dep=dep, reg=rows["reg"].mask(known, dep.map(regions).fillna("")))


def _places(rows: pd.DataFrame, base: Reference) -> list[pd.DataFrame]:
    def named(code: str, names: str) -> pd.DataFrame:
        columns = {"geo": rows[code], "name": rows[names] if names else "", "year": rows["year"]}
        table = pd.DataFrame(columns)[rows[code].ne("")].drop_duplicates(["geo", "year"])
        known = {geo: base.last_name(geo) or geo for geo in table["geo"].unique().tolist()}
        table = table.assign(name=table["name"].mask(table["name"].eq(""), table["geo"].map(known)))
        kinds = {name: _LEVELS.get(code) or _kind(name) for name in table["name"].unique().tolist()}
        return _runs(table.assign(type=table["name"].map(kinds)), ["geo", "name", "type"])

    return [named("commune", "commune_name"), named("epci", "epci_name"), named("dep", ""), named("reg", "")]


def _kind(name: str) -> str:
    words = name.upper().split()
    return _EPCI_TYPES.get(words[0], "EPCI") if words else "EPCI"


def _membership(rows: pd.DataFrame) -> list[pd.DataFrame]:
    inside = (rows.assign(territory=rows[level])[rows[level].ne("")] for level in ("epci", "dep", "reg"))
    return [_runs(table, ["territory", "commune"]) for table in inside]


def _runs(table: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Return one row for each run of consecutive years in which nothing changed."""
    ordered = table[[*columns, "year"]].drop_duplicates().sort_values([*columns, "year"], ignore_index=True)
    follows = ordered[columns].eq(ordered[columns].shift()).all(axis=1) & ordered["year"].diff().eq(1)
    runs = ordered.groupby((~follows).cumsum(), sort=False)
    return runs[columns].first().assign(first=runs["year"].first(), last=runs["year"].last())


def _two_epci(rows: pd.DataFrame, file: str) -> list[Problem]:
    if rows.empty:
        return []
    first = rows.iloc[0]
    return [
        Problem(
            message=(
                f"Les fichiers donnent deux EPCI à {french.plural(len(rows), 'commune')} la même année "
                f"(par exemple {first['commune']} en {first['year']})."
            ),
            remedy="Le premier a été gardé ; corrigez le fichier.",
            value=str(first["commune"]),
            file=file,
            severity="avertissement",
        )
    ]


def _other_epci(rows: pd.DataFrame, year: int, base: Reference, file: str) -> list[Problem]:
    alive = base.codes("COM", year)
    inside = base.membership[base.membership["first"].le(year) & base.membership["last"].ge(year)]
    inside = inside[inside["territory"].str.startswith("EPCI-")]
    ours = dict(zip(inside["commune"].tolist(), inside["territory"].tolist(), strict=True))
    told = (
        f"{geo} : {theirs} ({ours.get(geo, 'aucun EPCI')} dans la géographie de référence)"
        for geo, theirs in zip(rows["commune"].tolist(), rows["epci"].tolist(), strict=True)
        if theirs and geo in alive and theirs != ours.get(geo)
    )
    different = list(told)
    if not different:
        return []
    verb = "n’a" if len(different) == 1 else "n’ont"
    return [
        Problem(
            message=(
                f"{french.plural(len(different), 'commune')} {verb} pas le même EPCI au 1er janvier {year} que dans la "
                f"géographie de référence : {french.enumeration(different[:_SHOWN])}."
            ),
            remedy="La géographie de référence a été gardée ; vérifiez l’année du fichier.",
            file=file,
            severity="avertissement",
        )
    ]
