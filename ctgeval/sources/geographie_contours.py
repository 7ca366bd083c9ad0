"""Contours of communes or EPCIs (``geographie.contours``): GeoJSON or TopoJSON, plain or ``.gz``, in degrees.

A feature is a row: it is read whole or rejected with its rank and the reason.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ctgeval import observations
from ctgeval.errors import SourceError, TerritoryError
from ctgeval.french import fold
from ctgeval.sources import listing, places
from ctgeval.sources.files import RawFile, read_raw
from ctgeval.sources.table import SET_ASIDE, Format, Options, SourceTable
from ctgeval.sources.text import Grid, decode
from ctgeval.sources.tidy import Rejections, Texts
from ctgeval.territory import codes
from ctgeval.territory.contours import Contours
from ctgeval.territory.outlines import Feature, features

__all__ = ["FORMAT"]

NAME = "geographie.contours"
TABLE = "contours"

_COMMUNE = (
    "insee_com", "codgeo", "code_insee", "insee", "insee_geo", "code_commune", "com_code", "depcom", "inseecom", "com",
    "codeinsee", "ref:insee", "code", "code_officiel", "id",
)  # fmt: skip
_EPCI = ("siren_epci", "code_epci", "epci_code", "code_siren", "siren", "epci", "code", "codgeo", "id")
_KIND = ("type", "typecom", "type_commune")
_PARTS = ("deleguee", "associee", "comd", "coma")


def _read(path: Path, options: Options) -> SourceTable:
    raw = read_raw(path)
    text, encoding = decode(raw, encoding=options.encoding)
    try:
        found = features(json.loads(text))
    except RecursionError as error:
        raise _refusal(raw.name, "Le fichier est imbriqué trop profondément pour être des contours.") from error
    except TerritoryError as error:
        raise _refusal(raw.name, error.problem.message, error.problem.remedy, error.problem.value) from error
    except ValueError as error:
        where = f" (ligne {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise _refusal(raw.name, f"Le fichier n’est pas du JSON lisible{where}.") from error
    if not found:
        raise _refusal(raw.name, "Le fichier ne contient aucun contour.")
    column = _code_property(found, raw.name)
    cells = [_cell(one.properties.get(column)) for one in found]
    rejections = Rejections(_grid(raw, column, cells, encoding))
    geography, note = _geography(raw.name, options)
    _refuse_faults(rejections, found, column)
    geo = _geos(rejections, column, cells)
    _refuse_repeated(rejections, geo, column)
    years = np.full(len(geo), float(geography))
    unknown = places.refuse_unknown(rejections, column, geo, years, options.reference)
    table = _table(found, geo, rejections, geography)
    return listing.result(
        rejections,
        format=NAME,
        observed=observations.empty(),
        tables={TABLE: table},
        notes=[note, unknown, f"Codes lus dans la propriété « {column} »."],
    )


def _refusal(file: str, message: str, remedy: str = "", value: str = "") -> SourceError:
    return SourceError(
        message, remedy=remedy or "Exportez les contours en GeoJSON, coordonnées en degrés (WGS 84).", file=file,
        value=value,
    )  # fmt: skip


def _grid(raw: RawFile, column: str, cells: list[str], encoding: str) -> Grid:
    count = len(cells)
    return Grid(
        file=raw.name, header=(column,), width=1, columns={column: cells}, lines=range(1, count + 1), ragged=(),
        n_rows=count, encoding=encoding, separator="", sha256=raw.sha256,
    )  # fmt: skip


def _code_property(found: Sequence[Feature], file: str) -> str:
    """Return the property that holds the codes: the first known name that gives a code for most of the features."""
    names = list(dict.fromkeys(str(name) for one in found for name in one.properties))
    by_name: dict[str, str] = {}
    for name in names:
        by_name.setdefault(fold(name).replace("-", "_").replace(" ", "_"), name)
    for known in (_COMMUNE, _EPCI):
        for wanted in known:
            if wanted in by_name:
                cells = [_cell(one.properties.get(by_name[wanted])) for one in found]
                right = sum(bool(_geo(cell)[0]) for cell in cells)
                if 2 * right > len(cells):
                    return by_name[wanted]
    raise SourceError(
        "Aucune propriété des contours ne donne un code Insee de commune ou le SIREN d’un EPCI.",
        remedy=f"Propriétés trouvées : {', '.join(names[:12]) or 'aucune'}. Ajoutez « code » à chaque contour.",
        file=file,
    )


def _cell(value: Any) -> str:
    if isinstance(value, list) and len(value) == 1:
        # OpenDataSoft writes each code as a list of one.
        value = value[0]
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def _geo(cell: str) -> tuple[str, str]:
    """Return the prefixed code of a cell, or why it is not one."""
    try:
        return (codes.epci(cell) if len(cell.replace(" ", "")) == 9 else codes.commune(cell)), ""
    except TerritoryError as error:
        return "", error.problem.message


def _geography(file: str, options: Options) -> tuple[int, str]:
    if options.geography is not None:
        return options.geography, ""
    told = listing.years_in(file)
    if len(told) != 1:
        raise SourceError(
            "L’année de ces contours ne se trouve pas dans le nom du fichier.",
            remedy="Indiquez-la dans ctg.toml, sous la source : geographie = 2018.",
            file=file,
            key="geographie",
        )
    return told[0], f"Année lue dans le nom du fichier : géographie au 1er janvier {told[0]}."


def _refuse_faults(rejections: Rejections, found: Sequence[Feature], column: str) -> None:
    for place, one in enumerate(found):
        kind = next((fold(str(one.properties[name])) for name in one.properties if fold(str(name)) in _KIND), "")
        if any(part in kind for part in _PARTS):
            rejections.add(place, column, f"{SET_ASIDE} (commune déléguée ou associée : partie d’une autre commune).")
        elif one.fault:
            rejections.add(place, column, f"L’élément n° {one.rank} ne peut pas être dessiné : {one.fault}.")


def _geos(rejections: Rejections, column: str, cells: Sequence[str]) -> Texts:
    read = {cell: _geo(cell) for cell in dict.fromkeys(cells)}
    for place, cell in enumerate(cells):
        if rejections.bad[place]:
            continue
        code, reason = read[cell]
        if reason:
            rejections.add(place, column, reason)
        elif places.arrondissement_parent(code) is not None:
            rejections.add(place, column, f"{SET_ASIDE} (arrondissement municipal : partie d’une commune).")
    geo = np.array([read[cell][0] for cell in cells], dtype=object)
    geo[rejections.bad] = ""
    return geo


def _refuse_repeated(rejections: Rejections, geo: Texts, column: str) -> None:
    first: dict[str, int] = {}
    for place, code in enumerate(geo.tolist()):
        if code and code in first:
            rejections.add(place, column, f"Ce code est déjà celui de l’élément n° {first[code] + 1}.")
        elif code:
            first[code] = place


def _table(found: Sequence[Feature], geo: Texts, rejections: Rejections, geography: int) -> pd.DataFrame:
    kept = [(str(code), one) for code, one, bad in zip(geo, found, rejections.bad, strict=True) if not bad]
    table = Contours.of(geography, {code: one.polygons for code, one in kept}).table()
    ranks = {code: one.rank for code, one in kept}
    return table.assign(origin=[f"{rejections.grid.file}!{ranks[code]}" for code in table["geo"]])


FORMAT = Format(
    name=NAME,
    label="Contours des communes ou des EPCI (GeoJSON ou TopoJSON)",
    producer="IGN, Insee, Etalab",
    licence="Licence Ouverte 2.0",
    periodicity="annuelle",
    lag_years=0,
    coverage={"COM": "Seules les communes du fichier ont un contour ; celles qui manquent sont nommées."},
    minimum_population=None,
    measures=(),
    read=_read,
)
