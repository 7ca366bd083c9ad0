"""A table of counts or amounts with its margins, as a system of equations."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ctgeval.confidentiality.equations import Equation, System, assemble
from ctgeval.confidentiality.forms import Form, Key
from ctgeval.errors import ConfidentialityError, suggestion

__all__ = ["VALUE_COLUMNS", "Margins", "by_column", "key_columns", "rate_form", "system_of"]

Margins = Mapping[str, Any]
VALUE_COLUMNS = ("value", "low", "high", "whole", "n", "largest", "second", "forced", "weight")
_TERRITORY = "geo"


def key_columns(frame: pd.DataFrame) -> list[str]:
    """Return the columns that name a cell: all but those of `VALUE_COLUMNS`."""
    return [str(name) for name in frame.columns if name not in VALUE_COLUMNS]


def require_value(frame: pd.DataFrame) -> None:
    """Refuse a table without values.

    Raises
    ------
    ConfidentialityError
        When there is no column ``value``, or something in it is neither a number nor missing.
    """
    if "value" not in frame.columns:
        raise ConfidentialityError("Le tableau à protéger n’a pas de colonne « value ».", remedy="Ajoutez-la.")
    if not pd.api.types.is_numeric_dtype(frame["value"]):
        wrong = frame["value"][pd.to_numeric(frame["value"], errors="coerce").isna() & frame["value"].notna()]
        raise ConfidentialityError(
            "La colonne « value » du tableau n’est pas faite de nombres.",
            value=str(wrong.iloc[0])[:40] if len(wrong) else "",
            remedy="Convertissez-la en nombres ; une valeur qui manque est NaN.",
        )


def by_column(margins: Margins, frame: pd.DataFrame) -> dict[str, dict[Hashable, tuple[Hashable, ...]]]:
    """Return the margins as totals and their parts, column by column.

    Parameters
    ----------
    margins : mapping
        Either ``{column: {total: [parts]}}``, or ``{total: [parts]}`` for the column ``geo``.
    frame : DataFrame
        The table.

    Raises
    ------
    ConfidentialityError
        When a column is not in the table, or a total is one of its own parts.
    """
    nested = all(isinstance(parts, Mapping) for parts in margins.values())
    told: Mapping[str, Any] = margins if nested else {_TERRITORY: margins}
    found = {}
    for column, totals in told.items():
        if column not in frame.columns:
            raise ConfidentialityError(
                "Les marges parlent d’une colonne que le tableau n’a pas.",
                value=str(column),
                remedy=suggestion(str(column), map(str, frame.columns)) or "Donnez {colonne: {total: [parties]}}.",
            )
        found[column] = {whole: tuple(part for part in parts if part != whole) for whole, parts in totals.items()}
        _refuse_cycles(column, found[column])
    return found


def _refuse_cycles(column: str, totals: Mapping[Hashable, Sequence[Hashable]]) -> None:
    def below(whole: Hashable, seen: frozenset[Hashable]) -> None:
        if whole in seen:
            raise ConfidentialityError(
                f"Dans les marges de « {column} », un total se contient lui-même.",
                value=str(whole),
                remedy="Donnez à chaque total ses parties directes seulement.",
            )
        for part in totals.get(whole, ()):
            below(part, seen | {whole})

    for whole in totals:
        below(whole, frozenset())


def system_of(
    frame: pd.DataFrame,
    margins: Margins,
    *,
    required: Mapping[Key, float] | None = None,
    masked: Iterable[Key] = (),
    forms: Iterable[Form] = (),
    whole_numbers: bool = True,
) -> System:
    """Return the system of a table.

    Parameters
    ----------
    frame : DataFrame
        One row for each cell, totals included: columns that name the cell, ``value`` (NaN: masked already, or not
        known), and, if need be, ``low`` and ``high`` (what a rounded value lets one know), ``whole`` (base of which
        the value is a part, known to all), ``forced`` (must be shown), ``weight`` (what masking costs).
    margins : mapping
        See `by_column`. A part without a row is an unknown.
    required : mapping of key to float, optional
        For each cell that needs it, the value that an attacker must not be able to exclude from above; for a rest
        ``whole - value``, the key is ``(*key, "rest")``.
    masked : iterable of key
        Cells to treat as masked already although the table gives their value.
    forms : iterable of Form
        What else is known; terms are keys of cells.
    whole_numbers : bool
        Whether the values are counts.

    Returns
    -------
    System
        One unknown for each row, in their order; then those without a row, the rests, the forms.

    Raises
    ------
    ConfidentialityError
        For two rows of the same cell, a missing value column, or a total that is not the sum of its parts.
    """
    names = key_columns(frame)
    require_value(frame)
    keys: list[Key] = [tuple(row) for row in frame[names].itertuples(index=False, name=None)]
    twice = next((key for key, many in _counted(keys).items() if many > 1), None)
    if twice is not None:
        raise ConfidentialityError("Le tableau donne deux fois la même cellule.", value=" ; ".join(map(str, twice)))
    needed, gone = dict(required or {}), set(masked)
    cells: dict[Key, dict[str, float]] = {}
    for key, row in zip(keys, frame.to_dict("records"), strict=True):
        cells[key] = _fields(row, key, needed, known=key not in gone, whole_numbers=whole_numbers)
    equations = [*_sums(keys, names, by_column(margins, frame)), *_rests(frame, keys, cells, needed)]
    _refuse_gaps(equations, cells)
    defaults = {"integral": float(whole_numbers)}
    return assemble(cells, equations, defaults=defaults).knowing(forms)


def rate_form(numerator: Key, denominator: float, rate: float, *, decimals: int = 1, factor: float = 100.0) -> Form:
    """Return what a rounded rate on a known denominator tells of its numerator.

    Parameters
    ----------
    numerator : tuple
        Key of the cell of which the rate is published.
    denominator : float
        Its base, known to all.
    rate : float
        The rate as printed, ``factor`` times the part.
    decimals : int
        Decimals printed.
    factor : float
        100 for a percentage.
    """
    half = 0.5 * 10.0**-decimals
    low, high = (rate - half) * denominator / factor, (rate + half) * denominator / factor
    return Form(terms=((numerator, 1.0),), low=max(0.0, low), high=high)


def _counted(keys: Iterable[Key]) -> dict[Key, int]:
    found: dict[Key, int] = {}
    for key in keys:
        found[key] = found.get(key, 0) + 1
    return found


def _fields(
    row: Mapping[Hashable, Any], key: Key, needed: Mapping[Key, float], *, known: bool, whole_numbers: bool
) -> dict[str, float]:
    value = float(row["value"])
    fields = {"value": value}
    if np.isnan(value) or not known:
        # Masked by somebody else, or before: unknown whatever is decided here.
        fields |= {"shown": 0.0, "least": 1.0 if whole_numbers else 0.0, "weight": 0.0}
    for name in ("low", "high"):
        told = float(row.get(name, np.nan))
        fields[f"shown_{name}"] = value if np.isnan(told) else told
    for name in ("forced", "weight"):
        told = float(row.get(name, np.nan))
        if not np.isnan(told):
            fields[name] = told
    if key in needed:
        fields["required"] = needed[key]
    if not whole_numbers:
        fields["least"] = 0.0
    return fields


def _sums(
    keys: Sequence[Key], names: Sequence[str], margins: Mapping[str, Mapping[Hashable, Sequence[Hashable]]]
) -> Iterator[Equation]:
    for column, totals in margins.items():
        at = names.index(column)
        for key in keys:
            parts = totals.get(key[at])
            if parts:
                terms = [((*key[:at], part, *key[at + 1 :]), -1.0) for part in parts]
                yield Equation(((key, 1.0), *terms))


def _rests(
    frame: pd.DataFrame, keys: Sequence[Key], cells: dict[Key, dict[str, float]], needed: Mapping[Key, float]
) -> Iterator[Equation]:
    """Give what is left of each base once the value is taken away."""
    if "whole" not in frame.columns:
        return
    for key, base in zip(keys, frame["whole"].to_numpy(dtype=float), strict=True):
        if np.isnan(base):
            continue
        rest = (*key, "rest")
        cells[rest] = {"value": base - cells[key]["value"], "shown": 0.0, "required": needed.get(rest, np.nan)}
        yield Equation(((key, 1.0), (rest, 1.0)), base)


def _refuse_gaps(equations: Iterable[Equation], cells: Mapping[Key, Mapping[str, float]]) -> None:
    for equation in equations:
        if any(key not in cells or np.isnan(cells[key]["value"]) for key, _ in equation.terms):
            continue
        ends = [_ends(cells[key], coefficient) for key, coefficient in equation.terms]
        least, most = sum(end[0] for end in ends), sum(end[1] for end in ends)
        if least > equation.right + 1e-6 or most < equation.right - 1e-6:
            total = equation.terms[0][0]
            raise ConfidentialityError(
                "Un total du tableau n’est pas la somme de ses parties.",
                value=" ; ".join(map(str, total)),
                remedy="Corrigez-le, ou donnez dans « low » et « high » ce que l’arrondi laisse savoir.",
            )


def _ends(cell: Mapping[str, float], coefficient: float) -> tuple[float, float]:
    ends = sorted(coefficient * cell.get(name, cell["value"]) for name in ("shown_low", "shown_high"))
    return ends[0], ends[1]
