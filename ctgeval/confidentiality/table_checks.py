"""What the gate of a release refuses: each check names the table and the column, never the value."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval.confidentiality.natures import NATURES, RESULTS, Numbers, Part, Quoted
from ctgeval.errors import ConfidentialityError
from ctgeval.observations import WITHHELD
from ctgeval.programme import communication

__all__ = ["Shown", "check_quoted", "check_results", "check_sources", "check_structures", "check_table", "refused"]

_EPSILON = 1e-9
_REMEDY = (
    "Rien n’a été écrit. C’est un défaut de ctgeval, pas de vos données : signalez-le avec ce message, qui ne contient "
    "aucun chiffre. La version « interne » peut être produite en attendant."
)
_Mask = npt.NDArray[np.bool_]
_Key = tuple[str, str, str]


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
            raise refused(name, column, "porte des nombres sans qu’on ait déclaré ce qu’ils comptent")
    for column in sorted(numbers.declared - frozenset(numbers.drawn.split())):
        _numbers(name, frame, column)
    _check_masked(name, frame, numbers)
    for column in numbers.persons.split():
        found = np.abs(_numbers(name, frame, column))
        small = (found > _EPSILON) & (found < threshold - _EPSILON) & _about_persons(frame)
        if small.any():
            raise refused(name, column, "porte un effectif de personnes trop petit pour être diffusé")
    for part in numbers.parts:
        if threshold > 1 and _rest_is_small(name, frame, part, threshold).any():
            raise refused(
                name, part.count, f"laisse un reste de personnes trop petit quand on l’ôte de « {part.whole} »"
            )


def _check_attributes(name: str, frame: pd.DataFrame) -> None:
    if frame.attrs or frame.columns.name is not None or any(frame[column].attrs for column in frame):
        raise refused(name, "", "porte des attributs, que le fichier emporterait")


def _check_masked(name: str, frame: pd.DataFrame, numbers: Numbers) -> None:
    if "conf_status" not in frame or numbers.partial:
        return
    masked = frame["conf_status"].isin(WITHHELD).to_numpy(dtype=bool)
    for column in sorted(numbers.hidden):
        cells = frame[column]
        told = cells.notna() & cells.astype("str").ne("") if column in numbers.words.split() else cells.notna()
        if (told.to_numpy(dtype=bool) & masked).any():
            raise refused(name, column, "porte quelque chose dans une ligne non diffusable")


def check_sources(name: str, frame: pd.DataFrame, numbers: Numbers, keys: frozenset[str]) -> None:
    """Refuse what was made from a source that is not among those that this audience may be shown."""
    cells = set(frame[numbers.sources].dropna().astype("str")) if numbers.sources else set[str]()
    if not all(keys.issuperset(told.split()) for told in cells):
        raise refused(name, numbers.sources, "vient d’une source que ce public ne peut pas voir")


def check_structures(results: pd.DataFrame, audience: str) -> None:
    """Refuse the figures of one structure to others than the team and a partner, whose own alone are kept before."""
    named = results["structure"].notna() & results["structure"].astype("str").ne("")
    told = named & ~results["conf_status"].isin(WITHHELD)
    if audience != "partenaire" and told.any():
        raise refused("results", "structure", "donne les chiffres d’une seule structure")


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
class Shown:
    """What the results show, by field: each key with its value, with its territory and without; the masked keys."""

    told: Mapping[str, frozenset[tuple[_Key, float]]]
    masked: frozenset[_Key]

    @classmethod
    def of(cls, results: pd.DataFrame) -> Shown:
        """Read the results of an audience."""
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


def check_quoted(name: str, frame: pd.DataFrame, shown: Shown) -> None:
    """Refuse a number said to come from the results that they do not show at that place."""
    for quoted in NATURES.get(name, Numbers()).quoted:
        if not all(_may_be_quoted(name, frame, quoted, shown)):
            raise refused(name, quoted.column, "porte un nombre que les résultats de ce public ne montrent pas")


def _may_be_quoted(name: str, frame: pd.DataFrame, quoted: Quoted, shown: Shown) -> Iterator[bool]:
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
        raise refused(name, column, "doit porter des nombres et porte autre chose") from None


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


def refused(table: str, column: str, what: str) -> ConfidentialityError:
    """Return the error that refuses a table, or a column of it: ``what`` ends its sentence."""
    told = f"la colonne « {column} » de la table « {table} »" if column else f"la table « {table} »"
    return ConfidentialityError(
        f"Version refusée avant d’être écrite : {told} {what}.", remedy=_REMEDY, column=column, key=table
    )
