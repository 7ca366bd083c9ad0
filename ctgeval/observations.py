"""The table of observations: its columns, its validation, and the arithmetic of values that are known within bounds.

One row is one fact (SDMX concepts, lower case). A value that its source rounds, withholds or masks keeps the interval in
which the truth lies, and every operation on it keeps that interval true: a masked value is never taken for 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval import periods
from ctgeval.errors import MeasureError, Problem, SourceError, suggestion

__all__ = [
    "COLUMNS",
    "CONF_STATUS",
    "DIMENSIONS",
    "KEY",
    "OBS_STATUS",
    "Bounded",
    "add",
    "change",
    "check",
    "concat",
    "empty",
    "frame",
    "per_thousand",
    "percentage",
    "ratio",
    "relative_change",
    "share",
    "subtract",
    "total",
]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

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


def concat(frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of several tables of observations, in the order given, with a new index."""
    filled = [table for table in frames if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else empty()


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


@dataclass(frozen=True, slots=True, eq=False)
class Bounded:
    """Values of which the source only lets one know that the truth is between two bounds.

    Parameters
    ----------
    value : ndarray of float64
        The value as published; NaN when there is none.
    low, high : ndarray of float64
        The truth is between them; infinite when nothing is known on that side. Never NaN.

    Raises
    ------
    MeasureError
        When a bound is NaN, when ``low`` is above ``high``, or when a value is out of its bounds.
    """

    value: Floats
    low: Floats
    high: Floats

    def __post_init__(self) -> None:
        arrays = np.broadcast_arrays(*(np.asarray(array, dtype=np.float64) for array in self._arrays()))
        for name, array in zip(_NUMBERS, arrays, strict=True):
            object.__setattr__(self, name, array)
        wrong = ~(self.low <= self.high) | (self.value < self.low) | (self.value > self.high)
        if wrong.any():
            value, low, high = (array[wrong].flat[0] for array in self._arrays())
            raise MeasureError(
                "Une valeur et ses bornes se contredisent.",
                value=f"valeur {value:g}, bornes {low:g} et {high:g}",
                remedy="La borne basse doit être au plus égale à la borne haute, et la valeur entre les deux.",
            )

    def _arrays(self) -> tuple[Floats, Floats, Floats]:
        return self.value, self.low, self.high

    def __len__(self) -> int:
        return len(self.value)

    def __getitem__(self, rows: Any) -> Bounded:
        return Bounded(self.value[rows], self.low[rows], self.high[rows])

    def columns(self) -> dict[str, Floats]:
        """Return ``value``, ``low`` and ``high`` by name, to assign to a table."""
        return {"value": self.value, "low": self.low, "high": self.high}

    @classmethod
    def exact(cls, value: npt.ArrayLike) -> Bounded:
        """Return values known exactly; NaN becomes a value of which nothing is known."""
        known = np.asarray(value, dtype=np.float64)
        missing = np.isnan(known)
        return cls(known, np.where(missing, -np.inf, known), np.where(missing, np.inf, known))

    @classmethod
    def rounded(cls, value: npt.ArrayLike, base: int = 5) -> Bounded:
        """Return counts that their source rounds to a multiple of a base, to the nearest or downwards, it doesn't say.

        Parameters
        ----------
        value : array_like
            Published counts ``r``; the truth is in ``[max(0, r - base // 2), r + base - 1]``. NaN: ``[0, inf)``.
        base : int
            The multiple.

        Raises
        ------
        MeasureError
            When a count is negative.
        """
        published = np.asarray(value, dtype=np.float64)
        missing = np.isnan(published)
        low = np.where(missing, 0.0, np.maximum(published - base // 2, 0.0))
        return cls(published, low, np.where(missing, np.inf, published + (base - 1)))

    @classmethod
    def withheld(cls, n: int, low: float = 1, high: float = 4) -> Bounded:
        """Return ``n`` values withheld by a rule that says between which bounds they are («<5»: 1 to 4)."""
        return cls(np.full(n, np.nan), np.full(n, float(low)), np.full(n, float(high)))

    @classmethod
    def secret(cls, n: int) -> Bounded:
        """Return ``n`` values of which nothing is known but that they are not negative."""
        return cls.withheld(n, 0.0, np.inf)

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Bounded:
        """Return the values and bounds of a table of observations or results, row by row; NaN bounds are infinite."""
        value, low, high = (frame[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in _NUMBERS)
        low = np.where(np.isnan(low), np.where(np.isnan(value), -np.inf, value), low)
        high = np.where(np.isnan(high), np.where(np.isnan(value), np.inf, value), high)
        return cls(value, low, high)


def total(values: Bounded, groups: npt.ArrayLike | None = None, *, size: int | None = None) -> Bounded:
    """Return the sum of values, or their sums by group.

    Parameters
    ----------
    values : Bounded, shape (n,)
        What is summed.
    groups : array_like of int, shape (n,), optional
        Group of each value, 0..k-1; a negative code leaves the value out. Without it, one sum.
    size : int, optional
        Number k of groups, when the last ones may be empty.

    Returns
    -------
    Bounded, shape (k,)
        The value is NaN as soon as one is missing in the group; bounds are the sums of bounds. Of an empty group
        nothing is known (it is not 0).
    """
    codes = np.zeros(len(values), dtype=np.intp) if groups is None else np.asarray(groups, dtype=np.intp)
    kept = codes >= 0
    codes, inside = codes[kept], values[kept]
    k = (1 if groups is None else 0) if size is None else size
    sums = [np.bincount(codes, weights=array, minlength=k) for array in (inside.value, inside.low, inside.high)]
    vacant = np.bincount(codes, minlength=k) == 0
    return _bounded(*(np.where(vacant, blank, s) for s, blank in zip(sums, (np.nan, -np.inf, np.inf), strict=True)))


def add(a: Bounded, b: Bounded) -> Bounded:
    """Return ``a + b``, element by element."""
    return _bounded(a.value + b.value, a.low + b.low, a.high + b.high)


def subtract(a: Bounded, b: Bounded, *, rounded_together: bool | npt.ArrayLike | None = None) -> Bounded:
    """Return ``a - b``, element by element.

    Parameters
    ----------
    a, b : Bounded
        Same shape, or shapes that broadcast.
    rounded_together : bool or array of bool, optional
        Where true, both come from one source: if both are counts rounded to 5, one unknown rule (nearest or
        downwards) rounded both, and their difference is off by at most 4.
    """
    return _together(_subtract, a, b, rounded_together)


def ratio(
    a: Bounded, b: Bounded, *, factor: float = 1.0, rounded_together: bool | npt.ArrayLike | None = None
) -> Bounded:
    """Return ``factor * a / b``, element by element, where ``a`` is not a part of ``b`` (see `share`).

    Parameters
    ----------
    a, b : Bounded
        Numerator and denominator.
    factor : float
        Positive: 100 for a percentage, 1000 for a rate per thousand.
    rounded_together : bool or array of bool, optional
        See `subtract`.

    Returns
    -------
    Bounded
        Over a denominator of 0, NaN; over one that may be 0, a bound is infinite where the quotient has no limit.
    """

    def quotient(x: Bounded, y: Bounded) -> Bounded:
        return _scale(_divide(x, y), factor)

    return _together(quotient, a, b, rounded_together)


def percentage(a: Bounded, b: Bounded, *, rounded_together: bool | npt.ArrayLike | None = None) -> Bounded:
    """Return ``100 * a / b``: places for 100 children, for example (see `ratio`; `share` when ``a`` is part of ``b``)."""
    return ratio(a, b, factor=100.0, rounded_together=rounded_together)


def per_thousand(a: Bounded, b: Bounded, *, rounded_together: bool | npt.ArrayLike | None = None) -> Bounded:
    """Return ``1000 * a / b`` (see `ratio`)."""
    return ratio(a, b, factor=1000.0, rounded_together=rounded_together)


def share(
    part: Bounded,
    *,
    rest: Bounded | None = None,
    whole: Bounded | None = None,
    factor: float = 100.0,
    rounded_together: bool | npt.ArrayLike | None = None,
) -> Bounded:
    """Return the percentage that a part makes of a whole, between 0 and 100.

    Parameters
    ----------
    part : Bounded
        Numerator, counted in the whole.
    rest, whole : Bounded
        Either of them: the rest gives tighter bounds, for ``n / (n + r)`` grows with n and falls with r.
    factor : float
        100 for a percentage.
    rounded_together : bool or array of bool, optional
        See `subtract`.

    Raises
    ------
    MeasureError
        When neither or both of rest and whole are given, or when a quantity may be negative.
    """
    if (rest is None) == (whole is None):
        raise MeasureError(
            "Une part se calcule avec le reste ou avec l’ensemble.", remedy="Donnez l’un des deux, et un seul."
        )
    other = rest if rest is not None else whole
    assert other is not None
    if (part.low < 0).any() or (other.low < 0).any():
        raise MeasureError(
            "Une part ne se calcule que sur des quantités positives ou nulles.",
            remedy="Utilisez un rapport, ou corrigez la quantité négative.",
        )

    def portion(x: Bounded, y: Bounded) -> Bounded:
        return _scale(_share_of_rest(x, y) if whole is None else _share_of_whole(x, y), factor)

    return _together(portion, part, other, rounded_together)


def change(before: Bounded, after: Bounded, *, rounded_together: bool | npt.ArrayLike | None = None) -> Bounded:
    """Return ``after - before`` (see `subtract`)."""
    return subtract(after, before, rounded_together=rounded_together)


def relative_change(
    before: Bounded, after: Bounded, *, rounded_together: bool | npt.ArrayLike | None = None
) -> Bounded:
    """Return ``100 * (after - before) / before``, in percent; NaN from a value of 0 (see `ratio`)."""
    quotient = ratio(after, before, factor=100.0, rounded_together=rounded_together)
    return _bounded(quotient.value - 100.0, quotient.low - 100.0, quotient.high - 100.0)


def _bounded(value: Floats, low: Floats, high: Floats) -> Bounded:
    # Value and bounds may part in the last bit when their formulas differ: widening keeps the truth inside.
    return Bounded(value, np.fmin(low, value), np.fmax(high, value))


def _scale(values: Bounded, factor: float) -> Bounded:
    return _bounded(values.value * factor, values.low * factor, values.high * factor)


def _subtract(a: Bounded, b: Bounded) -> Bounded:
    return _bounded(a.value - b.value, a.low - b.high, a.high - b.low)


def _divide(a: Bounded, b: Bounded) -> Bounded:
    flip = b.high < 0
    sign = np.where(flip, -1.0, 1.0)
    top_low, top_high = np.where(flip, -a.high, a.low), np.where(flip, -a.low, a.high)
    base_low, base_high = np.where(flip, -b.high, b.low), np.where(flip, -b.low, b.high)
    with np.errstate(divide="ignore", invalid="ignore"):
        low = top_low / np.where(top_low >= 0, base_high, base_low)
        high = top_high / np.where(top_high >= 0, base_low, base_high)
        value = (sign * a.value) / (sign * b.value)
    # The numerator 0 gives 0 whatever the denominator; one that is not 0 over one that may be 0 has no limit.
    low = np.where(top_low == 0, 0.0, low)
    high = np.where(top_high == 0, 0.0, high)
    none = base_high == 0
    low = np.where(none, np.where(top_low >= 0, 0.0, -np.inf), low)
    high = np.where(none, np.where(top_high <= 0, 0.0, np.inf), high)
    high = np.where(none & (top_low == 0) & (top_high == 0), np.inf, high)
    both = base_low < 0
    low, high = np.where(both, -np.inf, low), np.where(both, np.inf, high)
    return _bounded(np.where(b.value == 0, np.nan, value), low, high)


def _share_of_rest(part: Bounded, rest: Bounded) -> Bounded:
    with np.errstate(divide="ignore", invalid="ignore"):
        low = part.low / (part.low + rest.high)
        high = part.high / (part.high + rest.low)
        value = part.value / (part.value + rest.value)
    low = np.where(rest.high == 0, np.where(part.high > 0, 1.0, 0.0), np.where(part.low == 0, 0.0, low))
    high = np.where(part.high == 0, np.where(rest.high > 0, 0.0, 1.0), np.where(np.isinf(part.high), 1.0, high))
    return _bounded(value, low, high)


def _share_of_whole(part: Bounded, whole: Bounded) -> Bounded:
    quotient = _divide(part, whole)
    value = quotient.value
    high = np.where(quotient.high > 1.0, 1.0, quotient.high)
    low = np.minimum(quotient.low, high)
    # A part above its whole is a fault of the source: it stays visible, and no bound is put under it.
    return _bounded(value, low, high)


def _together(
    form: Callable[[Bounded, Bounded], Bounded], a: Bounded, b: Bounded, mask: bool | npt.ArrayLike | None
) -> Bounded:
    plain = form(a, b)
    if mask is None or mask is False:
        return plain
    same = np.asarray(mask, dtype=bool) & _is_rounded(a) & _is_rounded(b)
    if not same.any():
        return plain
    rules = [form(rule(a), rule(b)) for rule in (_to_nearest, _downwards)]
    low, high = np.minimum(rules[0].low, rules[1].low), np.maximum(rules[0].high, rules[1].high)
    return _bounded(plain.value, np.where(same, low, plain.low), np.where(same, high, plain.high))


def _is_rounded(values: Bounded) -> Bools:
    published = values.value
    wide = (values.low == np.maximum(published - 2, 0)) & (values.high == published + 4)
    return np.asarray(wide & (np.mod(published, 5) == 0), dtype=np.bool_)


def _to_nearest(values: Bounded) -> Bounded:
    rounded = _is_rounded(values)
    return Bounded(values.value, values.low, np.where(rounded, values.value + 2, values.high))


def _downwards(values: Bounded) -> Bounded:
    rounded = _is_rounded(values)
    return Bounded(values.value, np.where(rounded, values.value, values.low), values.high)


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
