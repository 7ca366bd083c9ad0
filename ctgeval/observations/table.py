"""The table of observations: its columns, its types, and what is wrong in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

from ctgeval import periods
from ctgeval.errors import Problem, SourceError, suggestion

__all__ = [
    "COLUMNS",
    "CONF_STATUS",
    "DIMENSIONS",
    "KEY",
    "OBS_STATUS",
    "WITHHELD",
    "check",
    "compact",
    "concat",
    "empty",
    "frame",
]

DIMENSIONS: tuple[str, ...] = ("sexe", "age", "structure", "action", "financeur")
COLUMNS: tuple[str, ...] = (
    "measure",
    "geo",
    "geography",
    "time_period",
    "value",
    "low",
    "high",
    "obs_status",
    "conf_status",
    "source",
    "origin",
    *DIMENSIONS,
)
KEY: tuple[str, ...] = ("measure", "geo", "geography", "time_period", "source", *DIMENSIONS)
REQUIRED: tuple[str, ...] = ("measure", "geo", "time_period")

# SDMX code lists CL_OBS_STATUS 2.2 and CL_CONF_STATUS 1.3.
OBS_STATUS: frozenset[str] = frozenset("ABDEFGHIJKLMNOPQSTUVWX")
CONF_STATUS: frozenset[str] = frozenset("ACDFNST")
WITHHELD: frozenset[str] = frozenset("CDNS")
"""Statuses of figures that are not shown."""

_TEXT = pd.StringDtype(na_value=np.nan)
_NUMBERS = ("value", "low", "high")
_GEO = r"(?:COM|EPCI|DEP|REG|GRP)-[0-9A-Za-z_-]+|FRANCE"


def frame(data: pd.DataFrame | Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return a typed table of observations with all its columns, in order.

    Parameters
    ----------
    data : DataFrame, mapping of columns, or sequence of rows
        Has at least ``measure``, ``geo`` and ``time_period``. Absent bounds are the value where there is one, and
        ``[-inf, inf]`` where there is none: a reader that knows better (counts are not negative) must say so.
        Absent statuses are ``A`` (``M`` without value) and ``F``; absent texts and dimensions are empty.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`: text, except ``geography`` (Int64) and ``value``, ``low``, ``high`` (float64; bounds are
        never NaN). New index 0..n-1.

    Raises
    ------
    SourceError
        When a column is required and absent, is unknown, or holds something that is not a number where one is needed.
    """
    table = pd.DataFrame(data) if isinstance(data, pd.DataFrame) else pd.DataFrame(_columns(data))
    for name in table.columns:
        if name not in COLUMNS:
            raise SourceError(
                "La table d’observations a une colonne inconnue.",
                remedy=suggestion(str(name), COLUMNS) or f"Colonnes possibles : {', '.join(COLUMNS)}.",
                column=str(name),
            )
    for name in REQUIRED:
        if name not in table.columns:
            raise SourceError(
                "Il manque une colonne obligatoire à la table d’observations.",
                remedy=f"Ajoutez la colonne « {name} ».",
                column=name,
            )
    table = table.reset_index(drop=True)
    value = _numbers(table, "value")
    bounds = {name: _numbers(table, name) for name in ("low", "high")}
    typed: dict[str, pd.Series[Any]] = {}
    for name in COLUMNS:
        if name == "geography":
            typed[name] = _years(table)
        elif name == "value":
            typed[name] = value
        elif name in bounds:
            unknown = -np.inf if name == "low" else np.inf
            typed[name] = bounds[name].fillna(value).fillna(unknown)
        elif name == "obs_status":
            default = pd.Series(np.where(value.isna(), "M", "A"), index=table.index)
            typed[name] = _texts(table, name).mask(lambda text: text.eq(""), default.astype(_TEXT))
        elif name == "conf_status":
            typed[name] = _texts(table, name).mask(lambda text: text.eq(""), "F")
        else:
            typed[name] = _texts(table, name)
    return pd.DataFrame(typed, columns=list(COLUMNS))


def empty() -> pd.DataFrame:
    """Return a table of observations without any row."""
    return frame({name: [] for name in COLUMNS})


def compact(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of observations with its texts as categories: a quarter of the memory, for a whole country.

    Parameters
    ----------
    table : DataFrame
        A table made by `frame`.

    Returns
    -------
    DataFrame
        The same rows; categories are in order of first appearance. ``origin`` stays a text.
    """
    texts = [name for name in COLUMNS if name not in {*_NUMBERS, "geography", "origin"}]
    coded = {}
    for name in texts:
        codes, uniques = pd.factorize(table[name])
        coded[name] = pd.Categorical.from_codes(codes, pd.Index(uniques))
    return table.assign(**coded)


def concat(frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of several tables of observations, in the order given, with a new index.

    Texts that are categories in all of them (see `compact`) stay so.
    """
    filled = [table for table in frames if len(table)]
    if not filled:
        return empty()
    coded = [name for name in COLUMNS if all(isinstance(table[name].dtype, pd.CategoricalDtype) for table in filled)]
    plain = [name for name in COLUMNS if name not in coded]
    joined = pd.concat([table[plain] for table in filled], ignore_index=True)
    unions = {name: union_categoricals([table[name] for table in filled]) for name in coded}
    return joined.assign(**unions)[list(COLUMNS)] if coded else joined


def check(frame: pd.DataFrame) -> list[Problem]:
    """Return what is wrong in a table of observations, one problem a kind of fault, with its first example.

    Parameters
    ----------
    frame : DataFrame
        A table made by `frame`.
    """
    absent = [name for name in COLUMNS if name not in frame.columns]
    if absent:
        return [
            Problem(
                message=f"Il manque des colonnes à la table d’observations : {', '.join(absent)}.",
                remedy="Construisez la table avec « observations.frame ».",
            )
        ]
    value, low, high = (frame[name] for name in _NUMBERS)
    period_ok = {text: periods.is_period(text) for text in frame["time_period"].unique()}
    found = [
        _fault(frame, frame["measure"].eq(""), "measure", "n’ont pas de mesure", "Renseignez la mesure."),
        _fault(
            frame,
            ~frame["geo"].str.fullmatch(_GEO),
            "geo",
            "ont un code de territoire sans préfixe connu",
            "Écrivez par exemple COM-86082, EPCI-200070035, DEP-86, REG-75, FRANCE ou GRP-nom.",
        ),
        _fault(
            frame,
            ~frame["time_period"].map(period_ok).astype(bool),
            "time_period",
            "ont une période illisible",
            "Écrivez 2021, 2021-S1, 2021-Q3, 2021-09 ou, pour une année scolaire, 2021-2022.",
        ),
        _fault(frame, np.isinf(value), "value", "ont une valeur infinie", "Corrigez la valeur ou laissez-la vide."),
        _fault(frame, ~(low <= high), "low", "ont une borne basse au-dessus de la borne haute", "Corrigez les bornes."),
        _fault(
            frame,
            np.isfinite(value) & (low <= high) & ((value < low) | (value > high)),
            "value",
            "ont une valeur hors de leurs bornes",
            "Corrigez la valeur ou ses bornes.",
        ),
        _fault(
            frame,
            ~frame["obs_status"].isin(sorted(OBS_STATUS)),
            "obs_status",
            "ont un statut d’observation inconnu",
            "Utilisez un code de la liste SDMX CL_OBS_STATUS (A, P, E, M…).",
        ),
        _fault(
            frame,
            ~frame["conf_status"].isin(sorted(CONF_STATUS)),
            "conf_status",
            "ont un statut de confidentialité inconnu",
            "Utilisez un code de la liste SDMX CL_CONF_STATUS (F, C, D, N…).",
        ),
        _fault(
            frame,
            frame.duplicated(list(KEY), keep="first"),
            "measure",
            "répètent un fait déjà donné (même mesure, territoire, période, source et dimensions)",
            "Gardez une seule ligne par fait.",
        ),
    ]
    return [problem for problem in found if problem is not None]


def _columns(data: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    if isinstance(data, Mapping):
        return data
    names = sorted({name for row in data for name in row}) or list(COLUMNS)
    return {name: [row.get(name) for row in data] for name in names}


def _numbers(table: pd.DataFrame, name: str) -> pd.Series[float]:
    if name not in table.columns:
        return pd.Series(np.nan, index=table.index, dtype=np.float64)
    try:
        return pd.to_numeric(table[name]).astype("Float64").astype(np.float64)
    except (ValueError, TypeError) as error:
        raise SourceError(
            "La table d’observations contient un texte là où il faut un nombre.",
            remedy="Convertissez la colonne en nombres, vide là où il n’y a pas de valeur.",
            column=name,
        ) from error


def _years(table: pd.DataFrame) -> pd.Series[Any]:
    if "geography" not in table.columns:
        return pd.Series(pd.NA, index=table.index, dtype="Int64")
    try:
        return pd.to_numeric(table["geography"]).astype("Int64")
    except (ValueError, TypeError) as error:
        raise SourceError(
            "L’année de la géographie doit être un nombre entier.",
            remedy="Écrivez l’année du code officiel géographique, par exemple 2024, ou laissez vide.",
            column="geography",
        ) from error


def _texts(table: pd.DataFrame, name: str) -> pd.Series[Any]:
    if name not in table.columns:
        return pd.Series("", index=table.index, dtype=_TEXT)
    return table[name].astype(_TEXT).fillna("")


def _fault(frame: pd.DataFrame, wrong: pd.Series[bool], column: str, what: str, remedy: str) -> Problem | None:
    count = int(wrong.sum())
    if not count:
        return None
    first = frame.loc[wrong].iloc[0]
    verb = what if count > 1 else _singular(what)
    lines = f"{count} observations {verb}" if count > 1 else f"1 observation {verb}"
    where = f"{first['measure']}, {first['geo']}, {first['time_period']}"
    return Problem(
        message=f"{lines} (la première : {where}).",
        remedy=remedy,
        file=first["source"],
        column=column,
        key=first["origin"],
        value=str(first[column]),
    )


def _singular(what: str) -> str:
    for plural, singular in (("n’ont", "n’a"), ("ont", "a"), ("répètent", "répète")):
        if what.startswith(f"{plural} "):
            return singular + what.removeprefix(plural)
    return what
