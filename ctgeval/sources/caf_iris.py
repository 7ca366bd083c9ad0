"""Caf: beneficiaries by Iris, summed by commune (``caf.iris``).

An Iris is no territory of a dossier: the observations are those of communes, sums of their Iris, and the Iris
themselves stand in the table ``iris``. The file is taken to hold all the Iris of its communes, as Insee's does; one
that was cut to some neighbourhoods can't be told from a whole one, and a note says so.

Columns change every year (30, 31, 29, then 23 without the commune's code, which is the first five characters of the
Iris). An empty cell is a figure that the source withholds. It is not only 1 to 4: no published figure is below 5, and
none is ever withheld alone beside its total, so that others are withheld to protect it, some above 100. What is known
is what the row says: at least 0, at most what its total leaves.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval import observations
from ctgeval.errors import SourceError
from ctgeval.observations import Bounded, total
from ctgeval.sources import places
from ctgeval.sources.listing import lines, years_in
from ctgeval.sources.opening import open_grid
from ctgeval.sources.table import Format, Options, SourceTable
from ctgeval.sources.text import Grid
from ctgeval.sources.tidy import Rejections, Texts, Variable, tidy, year_of
from ctgeval.sources.vintages import CAF

__all__ = ["FORMAT"]

NAME = "caf.iris"
_ALL = "foyers_allocataires"
_COVERED = "personnes_couvertes_caf"
_CHILDREN = "enfants_couverts_caf"
_HOUSING = "foyers_aide_logement"
_COLUMNS = {
    "A": _ALL,
    "PERCOU": _COVERED,
    "AI": "foyers_allocataires_isoles",
    "AM": "foyers_allocataires_monoparents",
    "ACSSENF": "foyers_allocataires_couples_sans_enfant",
    "ACAVENF": "foyers_allocataires_couples_enfants",
    "AC3ENF": "foyers_allocataires_couples_3_enfants",
    "ENF": _CHILDREN,
    "ENF_2": "enfants_couverts_caf_0_2",
    "ENF_3_5": "enfants_couverts_caf_3_5",
    "ENF_6_10": "enfants_couverts_caf_6_10",
    "ENF_11_14": "enfants_couverts_caf_11_14",
    "ENF_15_17": "enfants_couverts_caf_15_17",
    "ENF_18_24": "enfants_couverts_caf_18_24",
    "A_ETUD": "foyers_allocataires_etudiants",
    "A_NETUD_24": "foyers_allocataires_jeunes",
    "AAL": _HOUSING,
    "AAPL": "foyers_apl",
    "AAAH": "foyers_aah",
    "APPA": "foyers_prime_activite",
    "ARSAS": "foyers_rsa_socle",
    "APRES50": "foyers_dependants_prestations",
    "APRES100": "foyers_dependants_100",
}
# Categories that make a partition of a total: what is withheld is at most what the others leave of it.
_PARTITIONS = {
    _ALL: [_COLUMNS[name] for name in ("AI", "AM", "ACSSENF", "ACAVENF")],
    _CHILDREN: [_COLUMNS[name] for name in ("ENF_2", "ENF_3_5", "ENF_6_10", "ENF_11_14", "ENF_15_17", "ENF_18_24")],
}
# The least of these totals that is known bounds a figure that is a part of them.
_WITHIN = {
    "foyers_allocataires_couples_3_enfants": ("foyers_allocataires_couples_enfants", _ALL),
    "foyers_apl": (_HOUSING, _ALL),
    "foyers_dependants_100": ("foyers_dependants_prestations", _ALL),
    _CHILDREN: (_COVERED,),
    **{_COLUMNS[name]: (_ALL,) for name in ("A_ETUD", "A_NETUD_24", "AAL", "AAAH", "APPA", "ARSAS", "APRES50")},
}
_CODES = ("CODGEO", "IRIS", "CODE_IRIS")
_IDENTITY = (
    *_CODES,
    "LIBGEO",
    "LIBIRIS",
    "DEPCOM",
    "COM",
    "LIBCOM",
    "EPCI",
    "UU",
    "UU2020",
    "REG",
    "DEP",
    "AN",
    "ANNEE",
)
# What the column NOTE says is not in the file: only that the row has no figure when it is not 0.
_NOTE = "NOTE"
_OLD_GEOGRAPHY = 2016
_IRIS = re.compile(r"(?:\d\d|2[AB])\d{7}")


def _read(path: Path, options: Options) -> SourceTable:
    grid = open_grid(path, options)
    column = grid.require(*_CODES)
    found = {measure: header for name, measure in _COLUMNS.items() if (header := grid.find(name))}
    if _ALL not in found:
        grid.require("A")
    year = _year(grid)
    rejections = Rejections(grid)
    iris = _iris(rejections, column)
    communes = places.communes(rejections, column, cells=[code[:5] for code in iris])
    commune_column = _checked(rejections, communes) or column
    geography, doubt = _geography(set(communes[~rejections.bad].tolist()), year, options)
    years = np.full(len(iris), float(geography or year))
    unknown = places.refuse_unknown(rejections, commune_column, communes, years, options.reference)
    variables = [Variable(name, measure, period=str(year), secret=True) for measure, name in found.items()]
    table = tidy(
        rejections,
        variables,
        format=NAME,
        options=options,
        geo=iris,
        geo_column=column,
        geography=geography,
        notes=[
            *(one for one in (unknown, doubt) if one),
            *([note] if (note := grid.unread(*_IDENTITY, _NOTE, *found.values())) else []),
            *(f"Colonne absente de cette année : « {name} »." for name in _COLUMNS if grid.find(name) is None),
            "Les Iris sont additionnés par commune : le fichier doit contenir tous les Iris de chacune.",
        ],
    )
    return _by_commune(table, pd.Series(communes, index=iris), _unsure(rejections, communes))


def _year(grid: Grid) -> int:
    """Return the year of the figures: that of the name of the file, or of its column."""
    column = grid.find("AN", "ANNEE")
    told = {year_of(str(cell)) for cell in grid.columns[column]} if column else set()
    years = told or set(years_in(grid.file))
    if len(years) == 1 and (year := next(iter(years))) is not None:
        return year
    raise SourceError(
        "L’année des droits ne se lit ni dans une colonne, ni dans le nom du fichier.",
        remedy="Renommez le fichier comme l’Insee, avec une seule année : data_CAF_2018_IRIS.csv.",
        file=grid.file,
        row=1,
    )


def _geography(communes: set[str], year: int, options: Options) -> tuple[int | None, str]:
    """Return the year of the codes, or None with a note when the codes contradict it.

    The national files are in the geography of January 2015 for 2016 (Équeurdreville is still there, Annecy is not yet
    merged), then in that of the January that follows.
    """
    if options.geography is not None:
        return options.geography, ""
    supposed = year - 1 if year <= _OLD_GEOGRAPHY else year + 1
    from ctgeval.territory import reference

    events = reference.load().events
    when = pd.to_datetime(events["effective"]).dt.year
    gone = events["code_before"].ne(events["code_after"]) & when.between(supposed - 2, supposed)
    # A commune that is restored (Bois-Guillaume in 2014) keeps its code beside those that leave it.
    kept = set(events.loc[events["code_before"].eq(events["code_after"]) & when.ge(supposed - 2), "code_before"])
    left = sorted((set(events.loc[gone, "code_before"]) & communes) - kept)
    if not left:
        return supposed, ""
    return None, (
        f"Des communes du fichier n’existent plus dans la géographie {supposed} ({', '.join(left[:3])}) : indiquez la "
        "sienne par « geographie = … » sous la source, dans ctg.toml."
    )


def _iris(rejections: Rejections, column: str) -> Texts:
    """Return the codes of the Iris, with the leading zero that a spreadsheet takes away."""
    codes = [str(cell).strip().upper() for cell in rejections.grid.columns[column]]
    if not any(len(code) == 9 and code.startswith("0") for code in codes):
        codes = [code.zfill(9) if len(code) == 8 else code for code in codes]
    right = np.array([_IRIS.fullmatch(code) is not None for code in codes], dtype=bool)
    rejections.add_all(
        ~right, column, "Le code n’est pas celui d’un Iris (9 caractères : la commune, puis 4 chiffres)."
    )
    return np.array([code if good else "" for code, good in zip(codes, right, strict=True)], dtype=object)


def _checked(rejections: Rejections, communes: Texts) -> str | None:
    """Reject the rows whose code of commune is not that of their Iris."""
    column = rejections.grid.find("DEPCOM", "COM")
    if column is None:
        return None
    cells = [str(cell).strip().upper() for cell in rejections.grid.columns[column]]
    told = np.array([f"COM-{cell.zfill(5)}" for cell in cells], dtype=object)
    rejections.add_all((told != communes) & ~rejections.bad, column, "Le code de la commune n’est pas celui de l’Iris.")
    return column


def _unsure(rejections: Rejections, communes: Texts) -> set[str]:
    """Return the communes of which an Iris was rejected, or may have been: their sums are not whole."""
    found = set(communes[rejections.bad].tolist())
    if rejections.grid.ragged:
        # A row without the right cells is of one of the communes that it stands between.
        starts = np.asarray(rejections.grid.lines)
        for line, _, _ in rejections.grid.ragged:
            after = int(np.searchsorted(starts, line))
            found |= set(communes[max(after - 1, 0) : after + 1].tolist())
    return found - {""}


def _by_commune(table: SourceTable, communes: pd.Series, unsure: set[str]) -> SourceTable:
    """Return the same file with its Iris added up by commune."""
    rows = table.observations
    if rows.empty:
        return table
    # Rows are stacked measure by measure, each with the same Iris in the same order.
    names_of = rows["measure"].unique().tolist()
    count = len(rows) // len(names_of)
    iris = rows["geo"].iloc[:count].to_numpy()
    value = pd.DataFrame(rows["value"].to_numpy().reshape(-1, count).T, columns=names_of)
    high = _most(value)
    commune = communes[~communes.index.duplicated()].reindex(iris)
    codes, names = pd.factorize(commune, sort=True)
    read = rows["origin"].iloc[:count].str.rpartition("!")[2].astype("int64").reset_index(drop=True)
    origin = [f"{table.file}!{lines(found)}" for found in read.groupby(codes).agg(list)]
    open_ended = np.isin(names, sorted(unsure))
    parts = []
    for measure in names_of:
        known = value[measure].to_numpy()
        low = np.where(np.isnan(known), 0.0, known)
        summed = total(Bounded(known, low, high[measure].to_numpy()), codes, size=len(names))
        hidden = np.isnan(summed.value)
        parts.append(
            pd.DataFrame(
                {
                    "measure": measure,
                    "geo": names,
                    "value": np.where(open_ended, np.nan, summed.value),
                    "low": summed.low,
                    "high": np.where(open_ended, np.inf, summed.high),
                    "obs_status": np.where(hidden, "Q", np.where(open_ended, "M", "A")),
                    "conf_status": np.where(hidden, "C", "F"),
                    "origin": origin,
                }
            )
        )
    summed_rows = pd.concat(parts, ignore_index=True)
    first = rows.iloc[0]
    for name in ("geography", "time_period", "source"):
        summed_rows[name] = first[name]
    detail = rows.rename(columns={"geo": "iris"})[["iris", "measure", "time_period", "value", "conf_status", "origin"]]
    detail["high"] = high.to_numpy().T.ravel()
    detail.insert(1, "commune", np.tile(commune.to_numpy(), len(names_of)))
    some = ", ".join(sorted(unsure)[:3]) + ("…" if len(unsure) > 3 else "")
    note = f"Communes dont un Iris a été rejeté : {len(unsure)} ({some}) ; leurs sommes ne sont pas données."
    return replace(
        table,
        observations=observations.frame(summed_rows),
        tables={"iris": detail},
        notes=(*table.notes, *([note] if unsure else [])),
    )


def _most(value: pd.DataFrame) -> pd.DataFrame:
    """Return the most that each figure of an Iris can be."""
    high = value.fillna(np.inf)
    known = value.fillna(0.0)
    for whole, parts in _PARTITIONS.items():
        if whole not in value or not set(parts) <= set(value.columns):
            continue
        left = value[whole] - known[parts].sum(axis=1)
        for part in parts:
            # A total below its parts is a mistake of the file: it bounds nothing.
            bound: npt.NDArray[np.float64] = left.where(left >= 0, np.inf).fillna(np.inf).to_numpy()
            high[part] = np.where(value[part].isna(), bound, high[part])
    for part, wholes in _WITHIN.items():
        for whole in wholes:
            if part in value and whole in value:
                high[part] = np.where(value[part].isna(), np.minimum(high[part], high[whole]), high[part])
    return high


FORMAT = Format(
    name=NAME,
    label="Allocataires de la Caf par Iris, additionnés par commune",
    producer="Cnaf",
    licence="Licence Ouverte 2.0",
    periodicity="annuelle",
    lag_years=2,
    coverage={"COM": "Le fichier ne contient que les communes découpées en Iris, celles d’au moins 5 000 habitants."},
    minimum_population=5_000,
    measures=tuple(_COLUMNS.values()),
    read=_read,
    vintages={"": CAF},
)
