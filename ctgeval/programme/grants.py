"""Published grants (SCDL) beside the budget: what the collectivité awarded, what it received, and the gaps.

A gap is told, never mended: a grant may be published another year than the one it pays for, or cover other things than
the actions of the convention.

References
----------
Schéma SCDL « subventions », 2.1 (OpenDataFrance), read by `ctgeval.sources.scdl_subventions`.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

import pandas as pd

from ctgeval.french import fold
from ctgeval.programme import budget as money

__all__ = ["GRANTS", "grants"]

GRANTS = ("sens", "exercice", "tiers", "nombre", "montant", "budget", "ecart", "source")


def grants(
    published: pd.DataFrame, budget: pd.DataFrame, *, geo: str, names: Collection[str] = (), source: str = ""
) -> pd.DataFrame:
    """Sum the grants that a collectivité awarded and received, and hold the latter against its budget.

    Parameters
    ----------
    published : DataFrame
        Table ``subventions`` of a source: ``attribuant, geo, date, beneficiaire, beneficiaire_id, montant, nature``.
    budget : DataFrame
        Table ``budget`` of the dossier.
    geo : str
        Code of the collectivité; that of an EPCI holds its SIREN.
    names : collection of str
        Its names, to know it as a beneficiary when its number is not given.
    source : str
        Key of the source, kept in the rows.

    Returns
    -------
    DataFrame
        `GRANTS`, by year: ``sens`` is ``recues`` (one row per authority that awarded) or ``attribuees`` (one row in
        all, ``tiers`` empty: to whom is in the source). ``nombre`` and ``montant`` count the grants in money alone. For
        those received, ``budget`` is what the lines of revenue of the same funder and year tell (granted, paid or
        carried out, each line once; NaN when there is none) and ``ecart`` is the published amount less it.
    """
    lines = money.lines(budget)
    usable = published[published["nature"].eq("numeraire") & published["montant"].notna()]
    rows: list[dict[str, Any]] = []
    ours = [_is_ours(row, geo, names) for row in usable.to_dict("records")]
    received = usable[pd.Series(ours, index=usable.index, dtype=bool)]
    # One authority may be spelled in several ways in its own file.
    for (year, funder), group in received.groupby([received["date"].str[:4], received["attribuant"].map(_key)]):
        told, total = _told(lines, int(str(year)), str(funder)), _cents(group)
        rows.append(
            {
                "sens": "recues",
                "exercice": int(str(year)),
                "tiers": str(group["attribuant"].iloc[0]),
                "nombre": len(group),
                "montant": total / 100,
                "budget": float("nan") if told is None else told / 100,
                "ecart": float("nan") if told is None else (total - told) / 100,
                "source": source,
            }
        )
    awarded = usable[usable["geo"].eq(geo)]
    for year, group in awarded.groupby(awarded["date"].str[:4], sort=True):
        rows.append(
            {
                "sens": "attribuees",
                "exercice": int(str(year)),
                "tiers": "",
                "nombre": len(group),
                "montant": _cents(group) / 100,
                "budget": float("nan"),
                "ecart": float("nan"),
                "source": source,
            }
        )
    return pd.DataFrame(rows, columns=list(GRANTS))


def _is_ours(row: dict[Any, Any], geo: str, names: Collection[str]) -> bool:
    number = str(row["beneficiaire_id"] or "")
    siren = geo.partition("-")[2]
    if geo.startswith("EPCI-") and number.isdigit() and len(number) in {9, 14}:
        return number.startswith(siren)
    return _key(row["beneficiaire"]) in {_key(name) for name in names if name}


def _told(lines: pd.DataFrame, year: int, funder: str) -> int | None:
    own = lines[lines["nature"].eq("recette") & lines["exercice"].eq(year)]
    own = own[own["financeur"].map(_key).eq(funder)]
    own = own[own["statut"].isin(["acquis", "verse", "realise"])]
    if own.empty:
        return None
    ranks = {"acquis": 0, "realise": 1, "verse": 2}
    key = ["action", "poste"]
    summed = own.groupby([*key, "statut"], sort=True)["cents"].sum().reset_index()
    staged = summed.assign(rank=summed["statut"].map(ranks)).sort_values("rank", kind="stable").drop_duplicates(key)
    return int(staged["cents"].sum())


def _cents(rows: pd.DataFrame) -> int:
    return sum(money.cents(amount) for amount in rows["montant"])


def _key(text: object) -> str:
    return re.sub(r"[^a-z0-9]+", " ", fold(str(text))).strip()
