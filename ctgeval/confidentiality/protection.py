"""Result tables that may leave the dossier: small counts are masked, and what would give them back.

Versions of the same table meant for other audiences are protected together, with what was published before (see
`deciding`). Masked rows are all alike: no status, limit or bound tells a small count from a total, nor from a secret of
the source.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ctgeval.confidentiality.attacker import LEVELS, Audit, Level
from ctgeval.confidentiality.contingency import Margins
from ctgeval.confidentiality.deciding import decide
from ctgeval.confidentiality.equations import System
from ctgeval.confidentiality.forms import Form, Key
from ctgeval.confidentiality.grounds import Grounds
from ctgeval.confidentiality.plain_table import Protected, protect_plain
from ctgeval.confidentiality.private_audit import table_of
from ctgeval.confidentiality.result_cells import loose
from ctgeval.confidentiality.result_forms import KEY_COLUMNS
from ctgeval.confidentiality.rules import Mask, Rule
from ctgeval.confidentiality.suppression import Budget
from ctgeval.errors import ConfidentialityError
from ctgeval.indicators import definition, limits
from ctgeval.indicators.compute import RESULT_COLUMNS
from ctgeval.indicators.definition import Indicator
from ctgeval.observations import DIMENSIONS

__all__ = ["MASKED_REASON", "ProtectedTable", "protect", "protect_versions"]

_TOKEN = object()
_SUPPRESSED = "Q"
_MASKED_COLUMNS = ("value", "low", "high", "ci_low", "ci_high", "numerator", "denominator", "n")
_LOOSE_COLUMNS = _MASKED_COLUMNS[1:]
MASKED_REASON = "Valeur non diffusable (secret statistique)."
_METHODS = {
    True: "le moins de cases possible, ce qu’un calcul a prouvé",
    False: "aussi peu de cases que le calcul en a trouvé",
}
_NOTHING = "suppression des petits effectifs"
_AND_MORE = "suppression des petits effectifs, et des cases qui permettraient de les retrouver"
"""Told from what is masked, and not from how it was found: a mask that the ledger remembers is not looked for again,
and the same figures must make the same page."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProtectedTable:
    """A result table that may leave the dossier; only `protect` makes one.

    Parameters
    ----------
    frame : DataFrame
        The result columns; masked rows keep their key and carry neither value, bound nor count.
    rule : Rule
        The rule that was applied.
    primary_count, secondary_count : int
        How many rows were masked by themselves, and because they would give one back.
    audit : mapping
        What may be said in public of the protection: counts, method, thresholds; never which row was which.
    system, hidden, key_columns
        What `confidentiality.attack` attacks; it holds true values and is never written with the table.
    attacked : Audit
        What the attacker found.
    grounds, catalogue
        Communes of each territory, and indicators: what the figures count.
    own : ndarray of bool, shape (rows,)
        Rows that only the readers of this version are shown, since they counted them themselves.
    """

    frame: pd.DataFrame
    rule: Rule
    primary_count: int
    secondary_count: int
    audit: Mapping[str, Any]
    system: System = field(repr=False)
    hidden: Mask = field(repr=False)
    key_columns: tuple[str, ...] = field(repr=False)
    attacked: Audit = field(repr=False)
    grounds: Grounds = field(repr=False)
    catalogue: Mapping[str, Indicator] = field(repr=False)
    own: Mask = field(repr=False)
    token: object = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.token is not _TOKEN:
            raise TypeError("a ProtectedTable is made by ctgeval.confidentiality.protect only")

    def private_audit(self) -> pd.DataFrame:
        """Return true values, bounds and statuses; for the evaluator alone (see `private_audit.table_of`)."""
        return table_of(self.system, self.hidden, self.attacked, self.key_columns)


def protect(
    frame: pd.DataFrame,
    rule: Rule,
    *,
    margins: Margins,
    finest: Mapping[str, Iterable[str]] | None = None,
    catalogue: Mapping[str, Indicator] | None = None,
    elsewhere: Sequence[pd.DataFrame] = (),
    earlier: Iterable[Any] = (),
    knowing: Iterable[Form] = (),
    forced: Collection[Key] = (),
    insiders: Sequence[pd.DataFrame] = (),
    level: Level = "L3",
    budget: Budget | None = None,
    whole_numbers: bool = True,
) -> ProtectedTable:
    """Mask what the rule forbids, and as little as may be of what would give it back.

    Parameters
    ----------
    frame : DataFrame
        Result table, one row per indicator, territory, period and category. Or any table of counts or amounts with its
        totals (no column ``indicator``): columns that name a cell and ``value``; see `plain_table.protect_plain` for
        the others. For such a table, only ``rule``, ``margins``, ``knowing``, ``forced``, ``level``, ``budget`` and
        ``whole_numbers`` have a meaning.
    rule : Rule
        Thresholds and their founding text.
    margins : mapping of str to iterable of str
        For each territory that is a total, its parts (``{"EPCI-200070035": ["COM-86001", ...]}``); parts of parts
        are found by following the mapping. For another table, ``{column: {total: [parts]}}``, or the same for ``geo``.
    finest : mapping of str to iterable of str, optional
        Former communes that each commune is made of, in which earlier releases may speak.
    catalogue : mapping of str to Indicator, optional
        The indicators of the table; the package's own by default.
    elsewhere : sequence of DataFrame
        The same table as other audiences get it, from more or fewer sources: one who reads both may subtract, so
        that all are protected together.
    earlier : iterable of Form, or of records of the ledger
        Everything that was published before.
    knowing : iterable of Form
        What else is published with the table (estimates).
    forced : collection of tuple
        Indicator, territory and period of rows that must be shown; for another table, keys of its cells.
    insiders : sequence of DataFrame
        For each reader who counted some of it, the same table made from its figures alone: it knows them, and must not
        find what the others counted.
    level : {"L0", "L1", "L2", "L3"}
        The attacker to resist (see `attack`).
    budget : Budget, optional
        How much work to do on another table, counted in steps: the same mask on a slow machine.
    whole_numbers : bool
        For another table, whether its values are counts; otherwise amounts.

    Returns
    -------
    ProtectedTable
        The same rows in the same order; masked ones have ``conf_status`` C for all alike, so that no reader can
        tell a small count from a total that was left out.

    Raises
    ------
    ProtectionInfeasible
        When rows that must be shown give away what must not be, whatever else is masked.
    ConfidentialityError
        When earlier releases and this one would give something away together, whatever is masked; when the attacker
        finds something: it names where, never a value.
    """
    if "indicator" not in frame.columns:
        _refuse_results_only(finest, catalogue, elsewhere, earlier, insiders)
        protected = protect_plain(
            frame, rule, margins=margins, forced=forced, forms=knowing, budget=budget, level=level,
            whole_numbers=whole_numbers,
        )  # fmt: skip
        return _of_plain(protected, rule, level)
    return protect_versions(
        [frame, *elsewhere], rule, margins=margins, finest=finest, catalogue=catalogue, earlier=earlier,
        knowing=knowing, forced=forced, insiders=insiders, level=level,
    )[0]  # fmt: skip


def protect_versions(
    versions: Sequence[pd.DataFrame],
    rule: Rule,
    *,
    margins: Mapping[str, Iterable[str]],
    finest: Mapping[str, Iterable[str]] | None = None,
    catalogue: Mapping[str, Indicator] | None = None,
    earlier: Iterable[Any] = (),
    knowing: Iterable[Form] = (),
    forced: Collection[Key] = (),
    insiders: Sequence[pd.DataFrame] = (),
    own: Mapping[int, Mask] | None = None,
    level: Level = "L3",
) -> tuple[ProtectedTable, ...]:
    """Protect the versions of one result table together, and return them in the same order.

    Parameters
    ----------
    versions : sequence of DataFrame
        The table as each group of readers would get it.
    rule, margins, finest, catalogue, earlier, knowing, forced, insiders, level
        See `protect`.
    own : mapping of int to ndarray of bool, optional
        For a version (by its place), the rows that its readers counted alone: they are shown their own figures.

    Raises
    ------
    ProtectionInfeasible, ConfidentialityError
        See `protect`.
    """
    known = definition.catalogue() if catalogue is None else catalogue
    grounds = Grounds(margins, finest or {})
    tables = [version[list(RESULT_COLUMNS)].reset_index(drop=True) for version in versions]
    decision = decide(
        tables,
        rule,
        grounds=grounds,
        catalogue=known,
        earlier=earlier,
        knowing=knowing,
        forced=forced,
        insiders=insiders,
        level=level,
    )
    made, start = [], 0
    for number, table in enumerate(tables):
        rows = slice(start, start + len(table))
        start += len(table)
        theirs = decision.masked[rows] & (own or {}).get(number, np.zeros(len(table), dtype=bool))
        masked = decision.masked[rows] & ~theirs
        by_rule = int((decision.primary[rows] & masked).sum())
        shown = _masked(table, masked, known)
        made.append(
            ProtectedTable(
                frame=shown,
                rule=rule,
                primary_count=by_rule,
                secondary_count=int(masked.sum()) - by_rule,
                audit=_audit(
                    shown[["indicator", "geo", "time_period", *DIMENSIONS]],
                    rule,
                    masked,
                    level,
                    narrowest=decision.audit.narrowest,
                    method=_AND_MORE if int(masked.sum()) > by_rule else _NOTHING,
                )
                | {"revisees": decision.revised, "deja_publiees": decision.already}
                | {"retenues_d_avant": int(decision.kept[rows].sum())},
                system=decision.system,
                hidden=decision.hidden,
                key_columns=KEY_COLUMNS,
                attacked=decision.audit,
                grounds=grounds,
                catalogue=known,
                own=theirs,
                token=_TOKEN,
            )
        )
    return tuple(made)


def _refuse_results_only(*given: object) -> None:
    if any(given):
        raise ConfidentialityError(
            "Ces réglages ne valent que pour un tableau de résultats (avec une colonne « indicator »).",
            remedy="Donnez à un autre tableau ce qui est déjà connu par « knowing ».",
        )


def _of_plain(protected: Protected, rule: Rule, level: Level) -> ProtectedTable:
    """Return a table of counts or amounts that was masked as what may leave the dossier."""
    chosen, frame, names = protected.chosen, protected.frame, list(protected.key_columns)
    masked = chosen.hidden[: len(frame)]
    primary = int((chosen.primary[: len(frame)] & masked).sum())
    return ProtectedTable(
        frame=frame,
        rule=rule,
        primary_count=primary,
        secondary_count=int(masked.sum()) - primary,
        audit=_audit(
            frame[names], rule, masked, level, narrowest=chosen.audit.narrowest,
            method=_NOTHING if chosen.method == "rien" else _METHODS[chosen.optimal],
        ),
        system=protected.system,
        hidden=chosen.hidden,
        key_columns=protected.key_columns,
        attacked=chosen.audit,
        grounds=Grounds({}),
        catalogue={},
        own=np.zeros(len(frame), dtype=bool),
        token=_TOKEN,
    )  # fmt: skip


def _masked(table: pd.DataFrame, masked: Mask, catalogue: Mapping[str, Indicator]) -> pd.DataFrame:
    """Return the table without what must not be told."""
    shown = table.copy()
    shown.loc[loose(table, catalogue) & ~masked, list(_LOOSE_COLUMNS)] = np.nan
    shown.loc[masked, list(_MASKED_COLUMNS)] = np.nan
    lasting = shown["indicator"].map(lambda name: limits.join(catalogue[name].limits))
    for name, text in (
        ("conf_status", "C"), ("obs_status", _SUPPRESSED), ("reason", MASKED_REASON), ("limits", lasting),
    ):  # fmt: skip
        shown[name] = shown[name].astype(object).where(~masked, text).astype("str")
    return shown


def _audit(
    keys: pd.DataFrame, rule: Rule, masked: Mask, level: Level, *, narrowest: float, method: str
) -> dict[str, Any]:
    digest = hashlib.sha256()
    for key, gone in zip(keys.astype("str").itertuples(index=False, name=None), masked.tolist(), strict=True):
        digest.update(ascii((*key, bool(gone))).encode("ascii") + b"\n")
    return {
        "cellules": len(keys),
        "masquees": int(masked.sum()),
        "seuil": rule.threshold,
        "seuil_sensible": rule.sensitive_threshold,
        "regle": rule.sentence,
        "fondement": rule.source,
        "methode": method,
        "niveaux": list(LEVELS[1 : LEVELS.index(level) + 1] or LEVELS[:1]),
        "intervalle_le_plus_etroit": round(narrowest, 2) if math.isfinite(narrowest) else None,
        "empreinte": digest.hexdigest(),
    }
