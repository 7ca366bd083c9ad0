"""Whether the totals of a budget agree to the cent, whatever they are added by, and where a gap comes from."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ctgeval.programme import budget as money

__all__ = ["CONTROLS", "controls"]

CONTROLS = ("control", "exercice", "nature", "statut", "total", "declared", "gap", "rows", "origin")
_AXES = (("par_action", "action"), ("par_financeur", "financeur"), ("par_exercice", "exercice"))


def controls(budget: pd.DataFrame) -> pd.DataFrame:
    """Compare each total of a budget with the sum of its parts, and with the totals that the coordinator wrote.

    Parameters
    ----------
    budget : DataFrame
        Table ``budget``. A line whose ``poste`` or ``action`` is « Total » is a written total: it counts nowhere, and
        is compared with the lines of the same year, nature and status (and of the same action and funder when it
        names them).

    Returns
    -------
    DataFrame
        `CONTROLS`. ``control`` is ``par_action``, ``par_financeur`` (revenues alone: an expense has no funder),
        ``par_exercice``, for each nature and status; and ``total_ecrit``, one row per written total. ``total`` is the
        sum of the lines, ``declared`` the sum of the parts that have a name (or the written total), ``gap`` the second
        less the first, all in euros and exact to the cent; ``rows`` counts the lines that make the gap (those without
        a name), or those that a written total is compared with. ``origin`` is the place of a written total.

    Raises
    ------
    DossierError
        When an amount is not exact to the cent.
    """
    lines = money.lines(budget)
    rows: list[dict[str, Any]] = []
    for (nature, status), group in lines.groupby(["nature", "statut"], sort=True):
        for control, axis in _AXES:
            if axis == "financeur" and nature != "recette":
                continue
            named = group[group[axis].ne("")]
            parts = sum(int(part) for part in named.groupby(axis, sort=True)["cents"].sum())
            rows.append(
                _row(
                    control,
                    nature=nature,
                    statut=status,
                    total=int(group["cents"].sum()),
                    declared=parts,
                    rows=len(group) - len(named),
                )
            )
    for row in money.written_totals(budget).to_dict("records"):
        alike = lines[
            lines["exercice"].eq(row["exercice"])
            & lines["nature"].eq(row["nature"])
            & lines["statut"].eq(row["statut"])
        ]
        for name in ("action", "financeur"):
            if row[name] and not money.is_total(row[name], ""):
                alike = alike[alike[name].eq(row[name])]
        rows.append(
            _row(
                "total_ecrit",
                exercice=row["exercice"],
                nature=row["nature"],
                statut=row["statut"],
                total=int(alike["cents"].sum()),
                declared=int(row["cents"]),
                rows=len(alike),
                origin=row.get("origin", ""),
            )
        )
    return pd.DataFrame(rows, columns=list(CONTROLS))


def _row(control: str, *, total: int, declared: int, **said: Any) -> dict[str, Any]:
    return {
        "control": control,
        "exercice": None,
        "origin": "",
        **said,
        "total": total / 100,
        "declared": declared / 100,
        "gap": (declared - total) / 100,
    }
