"""Insee: SDMX-CSV files of Melodi, one row an observation (``insee.melodi``).

A file holds one measure concept (``RP_MEASURE``, ``FILOSOFI_MEASURE``, ``POPREF_MEASURE``, ``EC_MEASURE``), its
dimensions, a territory (``GEO_OBJECT`` and ``GEO``, or one code such as ``2025-COM-86194``), a period, a value and its
statuses. Rows whose measure and dimensions are known become observations (`melodi_codes`); the others are set aside,
with the reason.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval import observations, periods
from ctgeval.errors import PeriodError, SourceError, TerritoryError
from ctgeval.french import number
from ctgeval.sources import places
from ctgeval.sources.cells import Markers
from ctgeval.sources.melodi_codes import BY_AGE, MEASURES, Meaning, meaning
from ctgeval.sources.opening import open_grid
from ctgeval.sources.table import SET_ASIDE, Format, Options, SourceTable
from ctgeval.sources.text import Grid
from ctgeval.sources.tidy import Rejections, Texts, Variable, tidy
from ctgeval.sources.vintages import CENSUS, FILOSOFI

__all__ = ["FORMAT"]

NAME = "insee.melodi"
_MARKERS = Markers(secret=frozenset({"s", "c"}), missing=frozenset({"nd", "n.d.", "ns", "so", "nan"}))
_ATTRIBUTES = frozenset(
    {
        *(
            "GEO",
            "GEO_OBJECT",
            "GEO_REF",
            "TIME_PERIOD",
            "OBS_VALUE",
            "OBS_VALUE_NIVEAU",
            "OBS_STATUS",
            "OBS_STATUS_FR",
            "CONF_STATUS",
        ),
        *("UNIT_MULT", "UNIT_MEASURE", "DECIMALS", "FREQ", "DERIVATION", "EMBARGO_TIME", "PUBLICATION_DATE"),
    }
)
_SECRET = frozenset("CDNS")
_SPLIT = re.compile(r"(?:(?P<year>\d{4})-)?(?:(?P<object>[A-Z]+)-)?(?P<code>[0-9A-Z]*)")
_FILE_GEOGRAPHY = re.compile(r"geo_?(20\d\d)", re.IGNORECASE)
_LEVELS = {"COM": "COM", "ARM": "COM", "EPCI": "EPCI", "DEP": "DEP", "REG": "REG"}
_FRANCE = frozenset({"F", "FR", "FRANCE", ""})
_POWERS = range(-6, 10)


def _read(path: Path, options: Options) -> SourceTable:
    grid = open_grid(path, options)
    value = grid.require("OBS_VALUE", "OBS_VALUE_NIVEAU")
    geo_column = grid.require("GEO")
    period_column = grid.require("TIME_PERIOD")
    concept = _concept(grid)
    rejections = Rejections(grid)
    geo, told = _places(rejections, geo_column)
    period, year = _periods(rejections, period_column)
    meanings, which = _meanings(grid, concept)
    _set_aside(rejections, meanings, which, concept, grid)
    places.refuse_arrondissements(rejections, geo_column, geo)
    geography, hint = _geography(grid, geo, told, rejections, options)
    unknown = places.refuse_unknown(
        rejections, geo_column, geo, np.where(np.isnan(geography), year, geography), options.reference
    )
    rejections.grid, withheld, status = _statuses(rejections, value)
    measure, sexe, age = (np.array([each[rank] for each in meanings], dtype=object)[which] for rank in range(3))
    variables = [
        Variable(value, name, where=measure == name) for name in sorted({str(each) for each in set(measure)} - {""})
    ]
    if BY_AGE in measure:
        variables.append(Variable(value, BY_AGE, where=measure == "population_municipale"))
    table = tidy(
        rejections,
        variables,
        format=NAME,
        options=options,
        geo=geo,
        geo_column=geo_column,
        periods=period,
        geography=geography,
        dimensions={"sexe": sexe, "age": age},
        details=measure + "|" + sexe + "|" + age,
        status=status,
        withheld=withheld,
        markers=_MARKERS,
        notes=[note for note in (unknown, hint, _aside(rejections)) if note],
    )
    return _scaled(table, grid)


def _concept(grid: Grid) -> str:
    """Return the column of the measure."""
    known = {key[0] for key in MEASURES}
    found = [name for name in grid.header if name.upper() in known]
    if len(found) == 1:
        return found[0]
    others = [name for name in grid.header if name.upper().endswith("_MEASURE") and name.upper() != "UNIT_MEASURE"]
    raise SourceError(
        "Ce fichier a plusieurs colonnes de mesure." if found else "Ce fichier ne dit pas de quelle mesure il s’agit.",
        remedy=f"Colonnes attendues : {', '.join(sorted(known))} ; trouvées : {', '.join(others) or 'aucune'}.",
        file=grid.file,
        row=1,
        column=found[0] if found else min(known),
    )


def _places(rejections: Rejections, column: str) -> tuple[Texts, npt.NDArray[np.float64]]:
    """Return the prefixed code of each row, and the year of the geography when the code tells it."""
    grid = rejections.grid
    kinds = grid.find("GEO_OBJECT")
    cells = pd.Series(grid.columns[column], dtype="str").str.strip().str.upper()
    levels = pd.Series(grid.columns[kinds] if kinds else "", index=cells.index, dtype="str").str.strip().str.upper()
    which, pairs = pd.factorize(levels + "|" + cells)
    codes: list[str] = []
    years: list[float] = []
    reasons: list[str] = []
    for pair in pairs:
        level, _, cell = str(pair).partition("|")
        match = _SPLIT.fullmatch(cell)
        code, reason = ("", "Le code du territoire ne se lit pas.") if match is None else _place(match, level)
        codes.append(code)
        reasons.append(reason)
        years.append(float(match["year"]) if match is not None and match["year"] else np.nan)
    told = np.array(reasons, dtype=object)[which]
    rejections.add_all(told != "", column, told)
    year = np.array(years, dtype=np.float64)[which]
    reference = grid.find("GEO_REF")
    if reference is not None:
        stated = pd.to_numeric(pd.Series(grid.columns[reference]), errors="coerce").to_numpy(dtype=np.float64)
        year = np.where(np.isnan(year), stated, year)
    return np.array(codes, dtype=object)[which], year


def _place(match: re.Match[str], level: str) -> tuple[str, str]:
    """Return the prefixed code of a territory, or the reason why it has none here."""
    from ctgeval.territory import codes

    kind = match["object"] or level
    code = match["code"]
    if kind == "FRANCE":
        if code in _FRANCE:
            return "FRANCE", ""
        return "", f"{SET_ASIDE} (champ « {code} », qui n’est pas la France entière)."
    if kind not in _LEVELS:
        return "", f"{SET_ASIDE} (niveau géographique « {kind or 'absent'} » que ce format ne reprend pas)."
    read = {"COM": codes.commune, "EPCI": codes.epci, "DEP": codes.departement, "REG": codes.region}[_LEVELS[kind]]
    try:
        return read(code), ""
    except TerritoryError as error:
        return "", str(error.problem.message)


def _periods(rejections: Rejections, column: str) -> tuple[Texts, npt.NDArray[np.float64]]:
    cells = pd.Series(rejections.grid.columns[column], dtype="str").str.strip()
    which, texts = pd.factorize(cells)
    found: list[tuple[str, float]] = []
    for text in texts:
        try:
            period = periods.parse(str(text))
            found.append((period.text, float(period.end.year)))
        except PeriodError:
            found.append(("", np.nan))
    named = np.array([text for text, _ in found], dtype=object)[which]
    rejections.add_all((named == "") & ~rejections.bad, column, "La période ne se lit pas.")
    return named, np.array([year for _, year in found], dtype=np.float64)[which]


def _meanings(grid: Grid, concept: str) -> tuple[list[Meaning], npt.NDArray[np.intp]]:
    """Return what each combination of codes is, and the combination of each row."""
    dimensions = [name for name in grid.header if name.upper() not in _ATTRIBUTES and name != concept]
    keys = {
        name: pd.factorize(pd.Series(grid.columns[name], dtype="str").str.strip()) for name in (concept, *dimensions)
    }
    combined = np.zeros(len(grid.lines), dtype=np.int64)
    for codes, texts in keys.values():
        combined = pd.factorize(combined * (len(texts) + 1) + codes)[0]
    first = np.unique(combined, return_index=True)[1]
    found: list[Meaning] = []
    for place in first.tolist():
        row = {name.upper(): str(texts[codes[place]]) for name, (codes, texts) in keys.items()}
        found.append(meaning(concept.upper(), row.pop(concept.upper()), row))
    return found, combined


def _set_aside(
    rejections: Rejections, meanings: list[Meaning], which: npt.NDArray[np.intp], concept: str, grid: Grid
) -> None:
    reasons = np.array([f"{SET_ASIDE} ({each.reason})." if each.reason else "" for each in meanings], dtype=object)
    if len(reasons) and (reasons != "").all():
        codes = sorted({str(cell).strip() for cell in grid.columns[concept]})
        known = sorted({key[1] for key in MEASURES if key[0] == concept.upper()})
        raise SourceError(
            f"Aucune ligne de ce fichier n’est reprise : {meanings[0].reason}.",
            remedy=f"Codes trouvés dans {concept} : {', '.join(codes[:8])}. Codes connus : {', '.join(known)}.",
            file=grid.file,
            row=1,
            column=concept,
        )
    told = reasons[which]
    rejections.add_all((told != "") & ~rejections.bad, concept, told)


def _geography(
    grid: Grid, geo: Texts, told: npt.NDArray[np.float64], rejections: Rejections, options: Options
) -> tuple[npt.NDArray[np.float64], str]:
    if options.geography is not None:
        return np.full(len(geo), float(options.geography)), ""
    named = _FILE_GEOGRAPHY.search(grid.file)
    if named is not None:
        told = np.where(np.isnan(told), float(named[1]), told)
    if not np.isnan(told).any():
        return told, ""
    found, hint = places.geography_of(set(geo[~rejections.bad].tolist()))
    return np.where(np.isnan(told), np.nan if found is None else float(found), told), hint


def _statuses(rejections: Rejections, value: str) -> tuple[Grid, npt.NDArray[np.bool_], Texts]:
    """Return the grid without the figures that its statuses keep secret, those rows, and the status of the others."""
    grid = rejections.grid
    size = len(grid.lines)
    confidential, state = grid.find("CONF_STATUS"), grid.find("OBS_STATUS")
    secret = np.zeros(size, dtype=bool)
    if confidential is not None:
        secret = np.array([str(cell).strip().upper() in _SECRET for cell in grid.columns[confidential]], dtype=bool)
    status = np.full(size, "A", dtype=object)
    if state is not None:
        stated = [str(cell).strip().upper() for cell in grid.columns[state]]
        status = np.array([cell if cell in observations.OBS_STATUS else "A" for cell in stated], dtype=object)
    if secret.any():
        cells = ["" if hidden else cell for cell, hidden in zip(grid.columns[value], secret, strict=True)]
        grid = replace(grid, columns={**grid.columns, value: cells})
    return grid, secret, status


def _aside(rejections: Rejections) -> str:
    count = Counter(reason for _, _, _, reason in rejections.found if reason.startswith(SET_ASIDE))
    total = sum(count.values())
    return (
        f"Lignes laissées de côté, faute d’être un total ou une mesure suivie : {number(total)} sur "
        f"{number(rejections.grid.n_rows)}."
        if total
        else ""
    )


def _scaled(table: SourceTable, grid: Grid) -> SourceTable:
    """Multiply the figures by the power of ten that the file states row by row."""
    column = grid.find("UNIT_MULT")
    if column is None or not {str(cell).strip() for cell in grid.columns[column]} - {"", "0"}:
        return table
    power = pd.to_numeric(pd.Series(grid.columns[column]), errors="coerce").fillna(0).to_numpy(dtype=np.float64)
    if not np.isin(power, list(_POWERS)).all():
        raise SourceError(
            "La colonne UNIT_MULT ne dit pas une puissance de dix.",
            remedy="Téléchargez le fichier de nouveau depuis le catalogue de l’Insee.",
            file=grid.file,
            column=column,
        )
    rows = table.observations.copy()
    lines = rows["origin"].str.rpartition("!")[2].astype("int64")
    factor = 10.0 ** lines.map(dict(zip(grid.lines, power.tolist(), strict=True))).to_numpy(dtype=np.float64)
    for name in ("value", "low", "high"):
        rows[name] = rows[name] * factor
    return replace(table, observations=rows)


FORMAT = Format(
    name=NAME,
    label="Fichiers du catalogue Melodi : recensement, revenus, populations de référence, état civil",
    producer="Insee",
    licence="Licence Ouverte 2.0",
    periodicity="annuelle",
    lag_years=3,
    coverage={
        "COM": "Le fichier contient toutes les communes ; les revenus y sont secrets dans les plus petites.",
        "EPCI": "Le fichier contient tous les EPCI à fiscalité propre, dans la géographie qu’il annonce.",
        "DEP": "Le fichier contient tous les départements.",
        "REG": "Le fichier contient toutes les régions.",
    },
    minimum_population=None,
    measures=tuple(sorted({*MEASURES.values(), BY_AGE})),
    read=_read,
    vintages={
        **{measure: CENSUS for key, measure in MEASURES.items() if key[0] == "RP_MEASURE"},
        **{measure: FILOSOFI for key, measure in MEASURES.items() if key[0] == "FILOSOFI_MEASURE"},
        BY_AGE: CENSUS,
    },
)
