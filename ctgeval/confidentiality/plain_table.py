"""Protect a table that is not one of results: counts or amounts by row and column, with their margins.

References
----------
Institut national de la statistique, *Manuel de protection des tableaux*, chapters 2 (rules) and 3 (amounts); A.
Hundepool and others, *Statistical Disclosure Control*, Wiley 2012, section 4.2 (dominance, p %, sliding protection).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ctgeval.confidentiality import contingency
from ctgeval.confidentiality.attacker import Level
from ctgeval.confidentiality.contingency import Margins
from ctgeval.confidentiality.equations import Mask, System
from ctgeval.confidentiality.forms import Form, Key
from ctgeval.confidentiality.rules import Rule
from ctgeval.confidentiality.suppression import Budget, Chosen, choose
from ctgeval.errors import ConfidentialityError, ProtectionInfeasible

__all__ = ["Protected", "group_disclosures", "protect_plain", "requirements"]

_NEAR = 10.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Protected:
    """A table that was masked, and what it takes to attack it.

    Parameters
    ----------
    frame : DataFrame
        The key columns and ``value``, NaN where it is masked: primary and secondary alike.
    system : System
        Everything that the table says; it holds true values.
    chosen : Chosen
        What was masked and how.
    key_columns : tuple of str
        Columns that name a cell.
    """

    frame: pd.DataFrame
    system: System
    chosen: Chosen
    key_columns: tuple[str, ...]

    @property
    def hidden(self) -> Mask:
        """What is masked, over the unknowns of the system."""
        return self.chosen.hidden


def protect_plain(
    frame: pd.DataFrame,
    rule: Rule,
    *,
    margins: Margins,
    forced: Collection[Key] = (),
    forms: Iterable[Form] = (),
    budget: Budget | None = None,
    level: Level = "L3",
    whole_numbers: bool = True,
) -> Protected:
    """Mask what the rule forbids, and what would give it back, at the least cost.

    Parameters
    ----------
    frame : DataFrame
        See `contingency.system_of`; for amounts, also ``n`` (how many contribute), ``largest`` and ``second`` (the two
        largest contributions).
    rule : Rule
        What is too small, or too near to one contributor.
    margins : mapping
        Totals and their parts, column by column.
    forced : collection of key
        Cells that must be shown.
    forms : iterable of Form
        What the reader knows besides: rates, earlier releases.
    budget : Budget, optional
        How much work to do.
    level : {"L0", "L1", "L2", "L3"}
        The attacker to resist.
    whole_numbers : bool
        Whether the values are counts; otherwise amounts.

    Returns
    -------
    Protected

    Raises
    ------
    ProtectionInfeasible
        When what must be shown gives away what must not, or breaks the rule by itself; when a base that everybody knows
        is itself too small: no mark hides what is in it. It names the cells.
    ConfidentialityError
        When the table contradicts itself, a forced cell is not in it, a value is negative or counts a part of somebody,
        or an amount comes without its contributors.
    """
    names = contingency.key_columns(frame)
    contingency.require_value(frame)
    keys: list[Key] = [tuple(row) for row in frame[names].itertuples(index=False, name=None)]
    whole_numbers = _whole(frame, whole_numbers=whole_numbers)
    needed = requirements(frame, rule, whole_numbers=whole_numbers)
    missing = sorted({tuple(key) for key in forced} - set(keys), key=str)
    if missing:
        raise ConfidentialityError(
            "Une cellule qui doit être montrée n’est pas dans le tableau.",
            value=_named(missing),
            remedy=f"Nommez-la par ses colonnes, dans leur ordre : {', '.join(names)}.",
        )
    _refuse_small_bases(frame, needed, rule)
    system = contingency.system_of(frame, margins, required=needed, forms=forms, whole_numbers=whole_numbers)
    shut = {tuple(key) for key in forced}
    kept = np.array([key in shut for key in system.keys], dtype=bool)
    system = replace(system, forced=(system.forced | kept) & system.shown)
    if rule.zeros == "masked":
        system = replace(system, least=np.minimum(system.least, system.floor))
    small = sorted({key for key in needed if key in shut} | {key[:-1] for key in needed if key[:-1] in shut}, key=str)
    if small:
        raise ProtectionInfeasible(
            "Des cellules qui doivent être montrées enfreignent la règle par elles-mêmes.",
            key=_named(small),
            remedy="Ôtez-les de ce qui doit être montré.",
        )
    chosen = choose(system, primary=_with_small_rests(system, needed), budget=budget, level=level)
    value = frame["value"].to_numpy(dtype=float, copy=True)
    value[chosen.hidden[: len(frame)]] = np.nan
    return Protected(frame=frame[names].assign(value=value), system=system, chosen=chosen, key_columns=tuple(names))


def _whole(frame: pd.DataFrame, *, whole_numbers: bool) -> bool:
    """Tell whether the values are whole; refuse those that count nobody, or a part of somebody."""
    names, told = contingency.key_columns(frame), frame[frame["value"].notna()]
    parts = whole_numbers & (told["value"] % 1 != 0)
    amounts = bool({"n", "largest"}.intersection(frame.columns))
    wrong = told[(told["value"] < 0) | (parts & (not amounts))]
    if len(wrong):
        raise ConfidentialityError(
            "Un effectif est un nombre entier, et ni un effectif ni un montant n’est négatif.",
            key=_named(wrong[names].itertuples(index=False, name=None)),
            remedy="Corrigez ces valeurs ; pour des montants, ajoutez « n », le nombre de contributeurs de chacun.",
        )
    return whole_numbers and not parts.any()


def requirements(frame: pd.DataFrame, rule: Rule, *, whole_numbers: bool = True) -> dict[Key, float]:
    """Return the cells that the rule forbids to show, and the value that nobody must be able to exclude from above.

    Parameters
    ----------
    frame, rule, whole_numbers
        See `protect_plain`. The key of the rest of a base is ``(*key, "rest")``.

    Raises
    ------
    ConfidentialityError
        When the rule needs to know who contributes to an amount, and the table does not tell.
    """
    names = contingency.key_columns(frame)
    amounts = not whole_numbers or bool({"n", "largest"}.intersection(frame.columns))
    told = ["n"] if amounts and rule.threshold > 1 and "largest" not in frame.columns else []
    if amounts and (rule.dominance, rule.dominance_two, rule.p_percent) != (None, None, None):
        told += ["largest"] if (rule.dominance_two, rule.p_percent) == (None, None) else ["largest", "second"]
    lacking = [name for name in told if name not in frame.columns]
    if lacking:
        raise ConfidentialityError(
            "La règle ne peut pas être appliquée à ces montants : le tableau ne dit pas qui y contribue.",
            value=", ".join(lacking),
            remedy="Ajoutez ces colonnes : « n » (nombre de contributeurs), « largest » et « second » (les deux plus "
            "grandes contributions).",
        )
    found: dict[Key, float] = {}
    for *key, row in zip(*(frame[name] for name in names), frame.to_dict("records"), strict=True):
        cell, value = tuple(key), float(row["value"])
        if np.isnan(value):
            continue
        if amounts:
            asked = _of_amount(row, rule)
            if asked is not None:
                found[cell] = asked
        elif 0 < value < rule.threshold:
            found[cell] = float(rule.threshold)
        base = float(row.get("whole", np.nan))
        if rule.complement and value > 0 and 0 <= base - value < rule.threshold:
            found[*cell, "rest"] = float(rule.threshold)
    return found


def _refuse_small_bases(frame: pd.DataFrame, needed: Mapping[Key, float], rule: Rule) -> None:
    """Refuse what no mark can hide: a count of which the base, known to all, leaves no room for another."""
    if "whole" not in frame.columns:
        return
    names = contingency.key_columns(frame)
    bases = {tuple(key): float(base) for *key, base in zip(*(frame[one] for one in [*names, "whole"]), strict=True)}
    mark = 0.0 if rule.zeros == "masked" else 1.0
    shut = [
        key
        for key, base in bases.items()
        if base < needed.get(key, 0.0) or base - mark < needed.get((*key, "rest"), 0.0)
    ]
    if shut:
        raise ProtectionInfeasible(
            "La base de ces cellules, connue de tous, est trop petite : rien ne peut cacher qu’elles le sont aussi.",
            key=_named(shut),
            remedy="Regroupez-les avec d’autres ; ou, si leur base n’est pas publiée, ôtez-la de la colonne « whole ».",
        )


def _named(keys: Iterable[Key]) -> str:
    return " ; ".join(", ".join(map(str, key)) for key in keys)


def _of_amount(row: Mapping[Any, Any], rule: Rule) -> float | None:
    """Return how great an amount must be able to be, None when it may be shown."""
    value = float(row["value"])
    n, largest, second = (float(row.get(name, np.nan)) for name in ("n", "largest", "second"))
    second_known = 0.0 if np.isnan(second) else second
    limits = (rule.dominance, rule.dominance_two, rule.p_percent)
    one, two, near = (np.inf if told is None else told / 100 for told in limits)
    rest = value - largest - second_known
    breaks = (
        0 < n < rule.threshold
        or (value > 0 and largest > one * value)
        or (value > 0 and largest + second_known > two * value)
        or (rule.p_percent is not None and value > 0 and rest < near * largest)
    )
    if not breaks:
        return None
    share = (_NEAR if rule.p_percent is None else rule.p_percent) / 100
    room = share * (value if np.isnan(largest) else largest)
    return value + max(room, (rule.width or 0.0) / 100 * value)


def _with_small_rests(system: System, needed: Mapping[Key, float]) -> Mask:
    """Mask the cells whose base gives a small rest: showing them is showing it."""
    small = {key[:-1] for key in needed if key[-1] == "rest"}
    return np.array([key in small or key in needed for key in system.keys], dtype=bool)


def group_disclosures(frame: pd.DataFrame, margins: Margins, *, sensitive: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
    """Return the totals that fall whole in one sensitive category: they tell it of each one, however many they are.

    Parameters
    ----------
    frame : DataFrame
        The table, totals included.
    margins : mapping
        Totals and their parts.
    sensitive : mapping of str to sequence
        For each column, the categories that tell something of a person.

    Returns
    -------
    DataFrame
        Key columns of the total; ``category``, the part in which all of it falls; ``value``, how many they are.

    Raises
    ------
    ConfidentialityError
        When margins or sensitive categories speak of a column that the table does not have.
    """
    names = contingency.key_columns(frame)
    totals = contingency.by_column(margins, frame)
    values = {tuple(key): float(value) for *key, value in frame[[*names, "value"]].itertuples(index=False, name=None)}
    told = []
    for column, categories in sensitive.items():
        if column not in names:
            raise ConfidentialityError("Le tableau n’a pas la colonne dite sensible.", value=column)
        at = names.index(column)
        for key, value in values.items():
            parts = totals.get(column, {}).get(key[at], ())
            told += [
                (*key, part, value)
                for part in parts
                if part in set(categories) and value > 0 and values.get((*key[:at], part, *key[at + 1 :])) == value
            ]
    return pd.DataFrame(told, columns=[*names, "category", "value"])
