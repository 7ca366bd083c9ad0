"""What the sources of a dossier do not say of a territory, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import pandas as pd

from ctgeval import french
from ctgeval.indicators.definition import Indicator
from ctgeval.sources import Format, SourceTable, formats
from ctgeval.territory import Reference
from ctgeval.territory.codes import arrondissement_parent

COLUMNS = ("code", "territoire", "indicator", "sentence")


def notices(
    tables: Mapping[str, SourceTable],
    names: Mapping[str, str],
    *,
    reference: Reference,
    year: int,
    catalogue: Mapping[str, Indicator],
    keys: Collection[str] | None = None,
    groupings: Mapping[str, Iterable[str]] | None = None,
) -> pd.DataFrame:
    """Say which territories a source leaves out because they are too small for it.

    Parameters
    ----------
    tables : mapping of str to SourceTable
        Sources of the dossier, by key.
    names : mapping of str to str
        Territories of the bilans, by code, with their names.
    reference : Reference
        Geography, with the municipal populations that it knows.
    year : int
        Perimeter, at 1 January.
    catalogue : mapping of str to Indicator
        Tells which indicator each source serves.
    keys : collection of str, optional
        Sources that may be spoken of; all by default.
    groupings : mapping of str to iterable of str, optional
        Own groupings (``GRP-``) and their communes.

    Returns
    -------
    DataFrame
        ``code, territoire, indicator, sentence``; one row per source and territory that it leaves out.
    """
    known = formats()
    rows = []
    for key in sorted(tables):
        kind = known[tables[key].format]
        if kind.minimum_population is None or (keys is not None and key not in keys):
            continue
        present = set(tables[key].observations["geo"])
        served = [name for name, item in catalogue.items() if item.published and item.published in kind.measures]
        for geo, name in names.items():
            communes = _communes(geo, reference, year, groupings or {})
            if geo in present or not communes or present.intersection(communes):
                continue
            rows.append(
                {
                    "code": "HORS_SOURCE",
                    "territoire": geo,
                    "indicator": served[0] if served else "",
                    "sentence": _sentence(
                        geo, name, communes, present=present, kind=kind, reference=reference, year=year
                    ),
                }
            )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _communes(geo: str, reference: Reference, year: int, groupings: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    if geo.startswith("COM-"):
        return (geo,)
    return tuple(groupings[geo]) if geo in groupings else reference.members(geo, year)


def _sentence(
    geo: str, name: str, communes: tuple[str, ...], *, present: set[str], kind: Format, reference: Reference, year: int
) -> str:
    threshold = kind.minimum_population or 0
    populations = pd.Series({commune: reference.population(commune, year) for commune in sorted(communes)}, dtype=float)
    known = populations.dropna()
    largest, size = (str(known.idxmax()), float(known.max())) if len(known) else ("", float("nan"))
    rule = f"ce fichier ne donne que les communes d’au moins {french.number(threshold)} habitants"
    subject = f"{name} : territoire absent du fichier « {kind.label} »"
    if any(arrondissement_parent(other) == geo for other in present):
        return french.typography(f"{subject} : ce fichier donne ses arrondissements, et non la commune entière.")
    if not size < threshold:
        return french.typography(f"{subject} ; {rule}.")
    if geo.startswith("COM-"):
        return french.typography(f"{subject} : commune trop petite ({french.number(size)} habitants), {rule}.")
    return french.typography(
        f"{subject} : ses communes sont trop petites (la plus peuplée, {reference.name(largest, year)}, compte "
        f"{french.number(size)} habitants), {rule}."
    )
