"""The gate of a release: what an audience is given passes here, whole, or nothing of it does.

Every stage masks what it must; the gate trusts none of them. It knows what each column of numbers is (`natures`) and
refuses a small count of persons, its complement, a number in a masked row, one that the results do not show, one that
nobody declared. It corrects nothing: a stage that lets something through is to be mended, and the bilan waits.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval.confidentiality.natures import NATURES, RESULTS, Numbers, Part, Quoted
from ctgeval.confidentiality.protection import ProtectedTable
from ctgeval.confidentiality.released import TABLES
from ctgeval.config import AUDIENCES
from ctgeval.errors import ConfidentialityError
from ctgeval.observations import WITHHELD
from ctgeval.programme import communication

__all__ = ["Cleared", "check_results", "check_table", "clear"]

_TOKEN = object()
_EPSILON = 1e-9
_REMEDY = (
    "Rien n’a été écrit. C’est un défaut de ctgeval, pas de vos données : signalez-le avec ce message, qui ne contient "
    "aucun chiffre. La version « interne » peut être produite en attendant."
)
_Mask = npt.NDArray[np.bool_]
_Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cleared:
    """What one audience may be given; only `clear` makes one.

    Parameters
    ----------
    audience : str
        One of `AUDIENCES`.
    results : DataFrame
        Result rows.
    tables : mapping of str to DataFrame
        The tables of `TABLES`, all of them, bare of everything but their columns.
    audit : mapping
        What is said in public of the protection.
    """

    audience: str
    results: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    audit: Mapping[str, Any]
    token: object = None

    def __post_init__(self) -> None:
        if self.token is not _TOKEN:
            raise TypeError("what a release holds is made by ctgeval.confidentiality.clear only")


def clear(audience: str, *, results: pd.DataFrame | ProtectedTable, tables: Mapping[str, pd.DataFrame]) -> Cleared:
    """Let through what an audience may be given, or refuse all of it.

    Parameters
    ----------
    audience : str
        One of `AUDIENCES`; ``interne`` is shown everything, and is checked for the form only.
    results : ProtectedTable, or DataFrame for ``interne``
        The result rows.
    tables : mapping of str to DataFrame
        The tables of `TABLES`, with their columns and no other.

    Returns
    -------
    Cleared
        Copies: what a stage does to its own tables afterwards changes nothing.

    Raises
    ------
    ConfidentialityError
        When the audience is unknown, when results that are not protected are meant for others than ``interne``, when a
        table holds what this audience must not be told; names the table and the column, never the value.
    """
    if audience not in AUDIENCES:
        raise ConfidentialityError(
            "Ce public n’existe pas.", value=audience, remedy=f"Choisissez parmi : {', '.join(AUDIENCES)}."
        )
    public = audience != "interne"
    protected = results if isinstance(results, ProtectedTable) else None
    if public and protected is None:
        raise ConfidentialityError(
            f"Des résultats qui n’ont pas été protégés ne peuvent pas être diffusés (public « {audience} »).",
            remedy="Passez-les par ctgeval.confidentiality.protect.",
        )
    frame = results.frame if isinstance(results, ProtectedTable) else results
    _require_tables(tables)
    for name in TABLES:
        _require_columns(name, tables[name])
    if public and protected is not None:
        check_results(frame)
        shown = _Shown.of(frame)
        for name in TABLES:
            check_table(name, tables[name], threshold=protected.rule.threshold)
            _check_quoted(name, tables[name], shown)
    return Cleared(
        audience=audience,
        results=_bare(frame),
        tables=MappingProxyType({name: _bare(tables[name]) for name in TABLES}),
        audit=MappingProxyType(dict(protected.audit) if protected else {}),
        token=_TOKEN,
    )


def check_results(frame: pd.DataFrame) -> None:
    """Refuse result rows that are masked and tell something all the same.

    Raises
    ------
    ConfidentialityError
    """
    _check_attributes("results", frame)
    _check_masked("results", frame, RESULTS)


def check_table(name: str, frame: pd.DataFrame, *, threshold: int) -> None:
    """Refuse a table that holds what nobody but the team may be told.

    Parameters
    ----------
    name : str
        One of `TABLES`.
    frame : DataFrame
    threshold : int
        A count of persons strictly between 0 and this is not told; 0 or 1 when there is no threshold.

    Raises
    ------
    ConfidentialityError
        Names the table and the column, never the value.
    """
    numbers = NATURES.get(name, Numbers())
    _check_attributes(name, frame)
    for column in frame.columns:
        if column not in numbers.declared and _holds_numbers(frame[column]):
            raise _refused(name, column, "porte des nombres sans qu’on ait déclaré ce qu’ils comptent")
    for column in sorted(numbers.declared):
        _numbers(name, frame, column)
    _check_masked(name, frame, numbers)
    for column in numbers.persons.split():
        counts = _numbers(name, frame, column)
        small = (np.abs(counts) > _EPSILON) & (np.abs(counts) < threshold - _EPSILON) & _about_persons(frame)
        if small.any():
            raise _refused(name, column, "porte un effectif de personnes trop petit pour être diffusé")
    for part in numbers.parts:
        if threshold > 1 and _rest_is_small(name, frame, part, threshold).any():
            raise _refused(
                name, part.count, f"laisse un reste de personnes trop petit quand on l’ôte de « {part.whole} »"
            )


def _require_tables(tables: Mapping[str, pd.DataFrame]) -> None:
    for name in sorted({*TABLES, *tables}):
        if name not in TABLES:
            raise _refused(name, "", "n’est pas une table d’une version diffusable")
        if not isinstance(tables.get(name), pd.DataFrame):
            raise _refused(name, "", "manque")


def _require_columns(name: str, frame: pd.DataFrame) -> None:
    for column in TABLES[name]:
        if column not in frame.columns:
            raise _refused(name, column, "manque")
    for column in frame.columns:
        if column not in TABLES[name]:
            raise _refused(name, str(column), "n’est pas déclarée")
    if frame.columns.has_duplicates:
        raise _refused(name, str(frame.columns[frame.columns.duplicated()][0]), "est là deux fois")


def _check_attributes(name: str, frame: pd.DataFrame) -> None:
    if frame.attrs or frame.columns.name is not None or any(frame[column].attrs for column in frame):
        raise _refused(name, "", "porte des attributs, que le fichier emporterait")


def _check_masked(name: str, frame: pd.DataFrame, numbers: Numbers) -> None:
    if "conf_status" not in frame or numbers.partial:
        return
    masked = frame["conf_status"].isin(WITHHELD).to_numpy(dtype=bool)
    for column in sorted(numbers.hidden):
        cells = frame[column]
        told = cells.notna() & cells.astype("str").ne("") if column in numbers.words.split() else cells.notna()
        if (told.to_numpy(dtype=bool) & masked).any():
            raise _refused(name, column, "porte quelque chose dans une ligne non diffusable")


def _rest_is_small(name: str, frame: pd.DataFrame, part: Part, threshold: int) -> _Mask:
    rest = _numbers(name, frame, part.whole) - _numbers(name, frame, part.count)
    column, values = part.only
    about = frame[column].isin(values).to_numpy(dtype=bool) if column else np.ones(len(frame), dtype=bool)
    nobody = (np.abs(rest) <= _EPSILON) & part.nobody & (_numbers(name, frame, part.whole) > 0)
    found: _Mask = about & (((rest > _EPSILON) & (rest < threshold - _EPSILON)) | nobody)
    return found


def _about_persons(frame: pd.DataFrame) -> _Mask:
    """Tell which rows count persons, where persons, pages and minutes stand in one column."""
    if "mesure" not in frame:
        return np.ones(len(frame), dtype=bool)
    return np.array([communication.of_persons(str(measure)) for measure in frame["mesure"]], dtype=bool)


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the results show, by field: each key with its value, with its territory and without; the masked keys."""

    told: Mapping[str, frozenset[tuple[_Key, float]]]
    masked: frozenset[_Key]

    @classmethod
    def of(cls, results: pd.DataFrame) -> _Shown:
        keys = [
            (str(name), str(geo), str(period))
            for name, geo, period in results[["indicator", "geo", "time_period"]].itertuples(index=False)
        ]
        told = {}
        for field in ("value", "numerator", "denominator"):
            pairs = list(zip(keys, results[field].to_numpy(dtype=float), strict=True))
            placed = {(key, value) for key, value in pairs if not math.isnan(value)}
            told[field] = frozenset(placed | {((key[0], "", key[2]), value) for key, value in placed})
        withheld = results["conf_status"].isin(WITHHELD)
        masked = frozenset(key for key, hidden in zip(keys, withheld, strict=True) if hidden)
        return cls(told, masked)


def _check_quoted(name: str, frame: pd.DataFrame, shown: _Shown) -> None:
    for quoted in NATURES.get(name, Numbers()).quoted:
        if not all(_may_be_quoted(name, frame, quoted, shown)):
            raise _refused(name, quoted.column, "porte un nombre que les résultats de ce public ne montrent pas")


def _may_be_quoted(name: str, frame: pd.DataFrame, quoted: Quoted, shown: _Shown) -> Iterator[bool]:
    places = frame[quoted.geo] if quoted.geo else [""] * len(frame)
    cells = zip(
        frame[quoted.indicator], places, frame[quoted.period], _numbers(name, frame, quoted.column), strict=True
    )
    for indicator, geo, period, value in cells:
        if not math.isnan(value):
            key = (str(indicator), str(geo), str(period))
            yield key not in shown.masked if quoted.typed else (key, float(value)) in shown.told[quoted.field]


def _numbers(name: str, frame: pd.DataFrame, column: str) -> npt.NDArray[np.float64]:
    try:
        return np.asarray(frame[column].astype("Float64").to_numpy(dtype=float, na_value=np.nan), dtype=np.float64)
    except (TypeError, ValueError):
        raise _refused(name, column, "doit porter des nombres et porte autre chose") from None


def _holds_numbers(cells: pd.Series[Any]) -> bool:
    if pd.api.types.is_bool_dtype(cells.dtype) or isinstance(cells.dtype, pd.StringDtype):
        return False
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return bool(cells.notna().any())
    return any(not _is_word(cell) for cell in cells)


def _is_word(cell: Any) -> bool:
    if isinstance(cell, list | tuple | np.ndarray):
        return all(isinstance(one, str) for one in cell)
    return isinstance(cell, str | bool | np.bool_) or bool(pd.isna(cell))


def _bare(frame: pd.DataFrame) -> pd.DataFrame:
    bare = frame.reset_index(drop=True).copy()
    # Pandas would write the attributes of a frame into the file, whatever a stage has left there.
    bare.attrs = {}
    return bare


def _refused(table: str, column: str, what: str) -> ConfidentialityError:
    told = f"la colonne « {column} » de la table « {table} »" if column else f"la table « {table} »"
    return ConfidentialityError(
        f"Version refusée avant d’être écrite : {told} {what}.", remedy=_REMEDY, column=column, key=table
    )
