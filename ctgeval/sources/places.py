"""Codes of territories in a producer's file: their form, the year they belong to, and those that exist nowhere."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval.errors import TerritoryError
from ctgeval.sources.table import SET_ASIDE
from ctgeval.sources.text import Grid
from ctgeval.sources.tidy import Rejections, Texts
from ctgeval.territory.codes import ARRONDISSEMENTS, arrondissement_parent

if TYPE_CHECKING:
    from ctgeval.territory.reference import Reference

__all__ = [
    "arrondissement_parent",
    "arrondissements_note",
    "communes",
    "departement_of",
    "departements",
    "epcis",
    "geography_of",
    "level_of",
    "of_level",
    "refuse_arrondissements",
    "refuse_merged",
    "refuse_unknown",
    "regions",
]

# Collectivités d'outre-mer have no départements, and are absent from the reference of communes.
_OVERSEAS = ("COM-975", "COM-977", "COM-978", "COM-98")
_APART = frozenset((*ARRONDISSEMENTS, *ARRONDISSEMENTS.values()))
_NATIONAL = 30_000
_DEPARTEMENT = 3
_FILE_LEVEL = re.compile(r"_(COM|EPCI|DEP|REG)(?![A-Z])", re.IGNORECASE)
_EVENT_CODES = ("code_before", "code_after")
# 25: the syndicats that levied their own taxes until 2015.
_EPCI = re.compile(r"2[045]\d{7}")


def level_of(grid: Grid, column: str) -> str:
    """Return the level of a column of codes: COM, EPCI, DEP or REG.

    Their length tells, and the name of the file where a code of 2 digits could be either.
    """
    # « 86194.0 »: a code that a spreadsheet made a number is still one of a commune, and is refused as such.
    sizes = Counter(len(str(cell).strip().removesuffix(".0")) for cell in grid.columns[column])
    size = sizes.most_common(1)[0][0] if sizes else 5
    if size == 9:
        return "EPCI"
    if size > _DEPARTEMENT:
        return "COM"
    named = _FILE_LEVEL.search(grid.file)
    return "REG" if named is not None and named[1].upper() == "REG" else "DEP"


def of_level(rejections: Rejections, column: str, level: str) -> Texts:
    """Return the prefixed codes of a column of territories of one level: COM, EPCI, DEP or REG."""
    return {"COM": communes, "EPCI": epcis, "DEP": departements, "REG": regions}[level](rejections, column)


def communes(rejections: Rejections, column: str, *, cells: Iterable[str] | None = None) -> Texts:
    """Return the prefixed codes of a column of communes; rows whose code is not one are rejected.

    Parameters
    ----------
    rejections : Rejections
        The grid.
    column : str
        Column of the codes.
    cells : iterable of str, optional
        The codes, when they are only a part of that column's cells.
    """
    from ctgeval.territory import codes

    texts = pd.Series(list(rejections.grid.columns[column] if cells is None else cells), dtype="str").str.strip()
    geo = codes.communes(texts)
    wrong = geo.isna().to_numpy(dtype=bool) & ~rejections.bad
    for place in np.flatnonzero(wrong).tolist():
        try:
            codes.commune(texts.iloc[place])
            reason = "Le code n’est pas un code Insee de commune."
        except TerritoryError as error:
            reason = str(error.problem.message)
        rejections.add(place, column, reason)
    return np.asarray(geo.fillna("").to_numpy(dtype=object))


def epcis(rejections: Rejections, column: str) -> Texts:
    """Return the prefixed codes of a column of EPCIs; rows whose code is not a SIREN of one are rejected."""
    cells = [str(cell).strip() for cell in rejections.grid.columns[column]]
    right = np.array([_EPCI.fullmatch(cell) is not None for cell in cells], dtype=bool)
    rejections.add_all(
        ~right, column, "Le code n’est pas le SIREN d’un EPCI (9 chiffres, commençant par 20, 24 ou 25)."
    )
    return np.array([f"EPCI-{cell}" if good else "" for cell, good in zip(cells, right, strict=True)], dtype=object)


def departements(rejections: Rejections, column: str) -> Texts:
    """Return the prefixed codes of a column of départements; rows whose code is not one are rejected."""
    from ctgeval.territory import codes

    found: list[str] = []
    for place, cell in enumerate(rejections.grid.columns[column]):
        try:
            found.append(codes.departement(str(cell).strip()))
        except TerritoryError as error:
            found.append("")
            rejections.add(place, column, error.problem.message)
    return np.array(found, dtype=object)


def regions(rejections: Rejections, column: str) -> Texts:
    """Return the prefixed codes of a column of régions; rows whose code is not one are rejected."""
    cells = [str(cell).strip().zfill(2) for cell in rejections.grid.columns[column]]
    right = np.array([re.fullmatch(r"\d\d", cell) is not None for cell in cells], dtype=bool)
    rejections.add_all(~right, column, "Le code n’est pas un code de région (2 chiffres).")
    return np.array([f"REG-{cell}" if good else "" for cell, good in zip(cells, right, strict=True)], dtype=object)


def refuse_arrondissements(rejections: Rejections, column: str, geo: Texts) -> None:
    """Leave out the arrondissements of a city that has its own row: they would be counted twice."""
    cities = set(geo.tolist())
    inside = {code: parent for code in cities if (parent := arrondissement_parent(code)) in cities}
    if not inside:
        return
    reasons = [
        f"{SET_ASIDE} (arrondissement municipal : ses chiffres font partie de ceux de sa commune, {inside[code]}, "
        "qui a sa propre ligne)."
        if code in inside
        else ""
        for code in geo.tolist()
    ]
    texts = np.array(reasons, dtype=object)
    rejections.add_all((texts != "") & ~rejections.bad, column, texts)


def arrondissements_note(geo: Texts) -> str:
    """Tell in French that a file gives arrondissements municipaux in the place of their cities; empty if not."""
    found = {code for code in geo if arrondissement_parent(code)}
    if not found:
        return ""
    cities = "de Paris, de Lyon ou de Marseille"
    if len(found) == 1:
        return (
            f"1 code est celui d’un arrondissement {cities} : il garde son propre code, et ne donne pas la valeur de "
            "sa commune."
        )
    return (
        f"{len(found)} codes sont des arrondissements {cities} : ils gardent leur propre code, et ne donnent pas la "
        "valeur de leur commune."
    )


def refuse_merged(rejections: Rejections, column: str, geo: Texts, year: int) -> None:
    """Leave out the communes that had left the geography at 1 January of a year, and were not restored since.

    In a file whose figures are of that year or later they are *communes déléguées*, with figures of their commune.

    Parameters
    ----------
    rejections : Rejections
        The grid.
    column : str
        Column of the codes.
    geo : ndarray of str, shape (n,)
        Prefixed codes; empty for rows already rejected.
    year : int
        Latest year of the figures.
    """
    from ctgeval.territory import reference

    known = reference.load()
    events = known.events
    moved = events["code_before"].ne(events["code_after"])
    gone = events[moved & (pd.to_datetime(events["effective"]).dt.year <= year)]
    left = gone.groupby("code_before")["effective"].max()
    back = events.groupby("code_after")["effective"].max()
    present = back.reindex(left.index)
    lost = left[~(present >= left).fillna(value=False)]
    alive = set(known.places.loc[known.places["last"] >= year, "geo"])
    heirs = gone.drop_duplicates("code_before", keep="last").set_index("code_before")["code_after"]
    told = {
        code: f"{SET_ASIDE} (commune qui n’existe plus depuis {pd.Timestamp(lost[code]).year} : ses chiffres sont dans "
        f"ceux de {heirs[code]})."
        for code in set(geo.tolist()) & set(lost.index) - alive
    }
    reasons = np.array([told.get(code, "") for code in geo.tolist()], dtype=object)
    rejections.add_all((reasons != "") & ~rejections.bad, column, reasons)


def geography_of(geo: Iterable[str]) -> tuple[int | None, str]:
    """Return the only year whose communes are exactly those of a national file, or None with a hint in French.

    Parameters
    ----------
    geo : iterable of str
        Codes of the file. Arrondissements municipaux, the three cities they make and collectivités d'outre-mer are left
        aside, and only the départements that the file holds are compared. A year that has the same communes as another
        is not told apart from it.
    """
    from ctgeval.territory import reference

    found = {code for code in geo if code.startswith("COM-") and _is_compared(code)}
    if len(found) < _NATIONAL:
        return None, ""
    held = {departement_of(code) for code in found}
    known = reference.load()
    names, first, last = (known.places[name].to_numpy() for name in ("geo", "first", "last"))
    codes = names.astype(object)
    # A code of the file is compared for sure: the slow test is for the others, which are few.
    compared = np.array(
        [c in found or (c.startswith("COM-") and _is_compared(c) and departement_of(c) in held) for c in codes.tolist()]
    )
    holding: dict[int, set[str]] = {}
    for year in known.years:
        alive = set(codes[compared & (first <= year) & (last >= year)].tolist())
        if found <= alive:
            holding[int(year)] = alive - found
    same = [year for year, absent in holding.items() if not absent]
    if len(same) == 1:
        return same[0], ""
    if same or len(holding) != 1:
        return None, ""
    ((year, absent),) = holding.items()
    some = ", ".join(sorted(absent)[:3]) + ("…" if len(absent) > 3 else "")
    return None, (
        f"Tous les codes existent dans la seule géographie {year} ; communes de {year} absentes du fichier : "
        f"{len(absent)} ({some}). Si le fichier est bien dans cette géographie, indiquez « geographie = {year} » "
        "sous la source, dans ctg.toml."
    )


def refuse_unknown(
    rejections: Rejections,
    column: str,
    geo: Texts,
    years: npt.NDArray[np.float64],
    reference: Reference | None,
) -> str:
    """Reject the rows whose code exists in no year of the reference; return a note on those that it can't judge.

    Parameters
    ----------
    rejections : Rejections
        The grid.
    column : str
        Column of the codes.
    geo : ndarray of str, shape (n,)
        Prefixed codes; empty for rows already rejected.
    years : ndarray of float64, shape (n,)
        Year of the codes when known, else of the figures. Before the first year of the reference a code that it does
        not have may be that of a territory merged since: it is kept.
    reference : Reference or None
        Known territories; None checks nothing.
    """
    if reference is None:
        return ""
    events = reference.events
    known = {str(code) for name in _EVENT_CODES for code in events[name]}
    known |= {"", "FRANCE", *reference.places["geo"]}
    absent = {
        code
        for code in set(geo)
        if code not in known and arrondissement_parent(code) is None and not code.startswith(_OVERSEAS)
    }
    first = min(reference.years)
    dates = pd.to_datetime(events["effective"])
    oldest = min(first, int(dates.min().year)) if len(dates) else first
    since = np.array([oldest if code.startswith("COM-") else first for code in geo])
    judged = np.array([code in absent for code in geo], dtype=bool) & ~rejections.bad
    refused = judged & (years >= since)
    for place in np.flatnonzero(refused).tolist():
        near = ", ".join(reference.near(geo[place])[:2])
        hint = f" Codes proches : {near}." if near else ""
        rejections.add(place, column, f"Ce code n’existe dans aucune géographie connue.{hint}")
    former = sorted({geo[place] for place in np.flatnonzero(judged & ~refused).tolist()})
    if not former:
        return ""
    some = ", ".join(former[:3]) + ("…" if len(former) > 3 else "")
    return f"Codes trop anciens pour être vérifiés, gardés tels quels : {len(former)} ({some})."


def _is_compared(code: str) -> bool:
    """Whether every national file has the commune in the same way."""
    return code not in _APART and not code.startswith(_OVERSEAS)


def departement_of(code: str) -> str:
    """Return the département of a commune (``COM-97411`` is in ``974``)."""
    raw = code.removeprefix("COM-")
    return raw[:3] if raw.startswith("97") else raw[:2]
