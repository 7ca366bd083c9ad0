"""The gate of a release: what an audience is given passes here, whole, or nothing of it does.

Every stage masks what it must; the gate trusts none of them. It knows what each column of numbers is (`natures`) and
refuses a small count of persons, its complement, a number in a masked row, one that the results do not show, one that
nobody declared. It corrects nothing: a stage that lets something through is to be mended, and the bilan waits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import pandas as pd

from ctgeval.confidentiality.natures import NATURES, RESULTS, Numbers
from ctgeval.confidentiality.protection import ProtectedTable
from ctgeval.confidentiality.released import TABLES
from ctgeval.confidentiality.table_checks import (
    Shown,
    check_quoted,
    check_results,
    check_sources,
    check_structures,
    check_table,
    refused,
)
from ctgeval.config import AUDIENCES
from ctgeval.errors import ConfidentialityError
from ctgeval.programme import counts

__all__ = ["Cleared", "clear", "require_audience"]

_TOKEN = object()


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


def require_audience(audience: str) -> None:
    """Refuse an audience that does not exist.

    Raises
    ------
    ConfidentialityError
        When it is none of `AUDIENCES`; names those that there are.
    """
    if audience not in AUDIENCES:
        raise ConfidentialityError(
            "Ce public n’existe pas.", value=audience, remedy=f"Choisissez parmi : {', '.join(AUDIENCES)}."
        )


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
    require_audience(audience)
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
        check_structures(frame, audience)
        shown = Shown.of(frame)
        keys = frozenset(map(str, tables["sources"]["cle"])) | {counts.PLAN}
        check_sources("results", frame, RESULTS, keys)
        for name in TABLES:
            check_sources(name, tables[name], NATURES.get(name, Numbers()), keys)
            check_table(name, tables[name], threshold=protected.rule.threshold)
            check_quoted(name, tables[name], shown)
    return Cleared(
        audience=audience,
        results=_bare(frame),
        tables=MappingProxyType({name: _bare(tables[name]) for name in TABLES}),
        audit=MappingProxyType(dict(protected.audit) if protected else {}),
        token=_TOKEN,
    )


def _require_tables(tables: Mapping[str, pd.DataFrame]) -> None:
    for name in sorted({*TABLES, *tables}):
        if name not in TABLES:
            raise refused(name, "", "n’est pas une table d’une version diffusable")
        if not isinstance(tables.get(name), pd.DataFrame):
            raise refused(name, "", "manque")


def _require_columns(name: str, frame: pd.DataFrame) -> None:
    for column in TABLES[name]:
        if column not in frame.columns:
            raise refused(name, column, "manque")
    for column in frame.columns:
        if column not in TABLES[name]:
            raise refused(name, str(column), "n’est pas déclarée")
    if frame.columns.has_duplicates:
        raise refused(name, str(frame.columns[frame.columns.duplicated()][0]), "est là deux fois")


def _bare(frame: pd.DataFrame) -> pd.DataFrame:
    bare = frame.reset_index(drop=True).copy()
    # Pandas would write the attributes of a frame into the file, whatever a stage has left there.
    bare.attrs = {}
    return bare
