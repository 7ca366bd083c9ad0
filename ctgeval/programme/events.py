"""The annual event of the convention: one sheet per edition, and what moved since the one before."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from ctgeval import french
from ctgeval.errors import Problem
from ctgeval.french import fold
from ctgeval.programme.origin import place

__all__ = ["COLUMNS", "counts", "problems", "sheets"]

COLUMNS = (
    "id", "annee", "date", "intitule", "lieu", "objectifs", "presences", "comptage", "repondants", "satisfaits",
    "taux_reponse", "satisfaction", "cout", "cout_par_presence",
    "presences_avant", "evolution_presences", "enseignement", "action", "reason",
)  # fmt: skip


def sheets(evenements: pd.DataFrame) -> pd.DataFrame:
    """Return the sheet of each edition, in order of date.

    Parameters
    ----------
    evenements : DataFrame
        Table ``evenements``.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`: ``taux_reponse`` = respondents / attendances x 100; ``satisfaction`` = satisfied /
        respondents x 100, without an interval, for those who answer are no sample; ``cout`` and
        ``cout_par_presence`` in euros; ``evolution_presences``, the change since the edition before, NaN when the two
        were not counted in the same way. What can't be computed is NaN, and ``reason`` says why in French sentences.
    """
    known = evenements[evenements["date"].notna()].sort_values(["date", "id"], kind="stable")
    rows: list[dict[str, Any]] = []
    before: dict[Any, Any] | None = None
    for row in known.to_dict("records"):
        rows.append(_sheet(row, before))
        before = row
    numbers = {name: "float64" for name in COLUMNS[6:16] if name != "comptage"}
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(numbers)


def _sheet(row: dict[Any, Any], before: dict[Any, Any] | None) -> dict[str, Any]:
    attended, answered, pleased = (_count(row[name]) for name in ("presences", "repondants", "satisfaits"))
    cost = _count(row["cout"])
    sound = pleased <= answered if not math.isnan(pleased) else True
    reasons = [
        *([] if attended > 0 else ["Aucune présence n’est comptée : ni coût par présence, ni taux de réponse."]),
        *([] if answered > 0 else ["Aucune réponse au questionnaire : la satisfaction n’est pas connue."]),
        *([] if sound else ["Plus de satisfaits que de répondants : la satisfaction n’est pas calculée."]),
        *([] if not answered > attended else ["Plus de répondants que de présences : pas de taux de réponse."]),
        *([] if cost >= 0 else ["Le coût n’est pas renseigné."]),
    ]
    previous = _count(before["presences"]) if before else math.nan
    alike = before is not None and fold(_text(before["comptage"])) == fold(_text(row["comptage"])) != ""
    if before is not None and not alike and not math.isnan(previous) and not math.isnan(attended):
        reasons.append("Présences comptées autrement que l’édition précédente : elles ne se comparent pas.")
    return {
        **{
            name: _text(row[name])
            for name in ("id", "intitule", "lieu", "objectifs", "comptage", "enseignement", "action")
        },
        "annee": int(str(row["date"])[:4]),
        "date": str(row["date"])[:10],
        "presences": attended,
        "repondants": answered,
        "satisfaits": pleased,
        "taux_reponse": _percent(answered, attended),
        "satisfaction": _percent(pleased, answered),
        "cout": cost,
        "cout_par_presence": cost / attended if attended > 0 and cost >= 0 else math.nan,
        "presences_avant": previous,
        "evolution_presences": attended - previous if alike else math.nan,
        "reason": " ".join(reasons),
    }


def _percent(part: float, whole: float) -> float:
    return 100 * part / whole if whole > 0 and 0 <= part <= whole else math.nan


def counts(found: pd.DataFrame) -> list[tuple[str, str, float]]:
    """Return what PI10a and PI10b are made of: measure, year, value.

    Attendances add up over the editions of a year; respondents are persons and do not: where a year has two editions,
    satisfaction is given by none.

    Parameters
    ----------
    found : DataFrame
        As `sheets` gives it.
    """
    rows: list[tuple[str, str, float]] = []
    for year, part in found.groupby("annee", sort=True):
        if part["presences"].notna().all():
            rows.append(("presences_evenement", str(year), float(part["presences"].sum())))
        if len(part) == 1 and np.isfinite(part["satisfaction"].iloc[0]):
            rows.append(("repondants_evenement", str(year), float(part["repondants"].iloc[0])))
            rows.append(("satisfaits_evenement", str(year), float(part["satisfaits"].iloc[0])))
    return rows


def problems(evenements: pd.DataFrame) -> list[Problem]:
    """Tell what can't be true: more satisfied than respondents, more respondents than attendances, a negative cost."""
    found = []
    for row in evenements.to_dict("records"):
        attended, answered, pleased = (_count(row[name]) for name in ("presences", "repondants", "satisfaits"))
        if pleased > answered:
            found.append(
                _problem(
                    row,
                    f"Il y a plus de satisfaits ({french.number(pleased)}) que de répondants "
                    f"({french.number(answered)}).",
                    "Comptez les satisfaits parmi les répondants.",
                    "satisfaits",
                )
            )
        if answered > attended:
            found.append(
                _problem(
                    row,
                    f"Il y a plus de répondants ({french.number(answered)}) que de présences "
                    f"({french.number(attended)}).",
                    "Vérifiez les deux nombres.",
                    "repondants",
                )
            )
        if not math.isnan(attended) and not _text(row["comptage"]):
            found.append(
                _problem(
                    row,
                    "On ne sait pas comment les présences sont comptées.",
                    "Dites-le dans la colonne « comptage » : entrées, émargement, estimation.",
                    "comptage",
                )
            )
        if pd.notna(row["cout"]) and float(row["cout"]) < 0:
            found.append(_problem(row, "Un coût ne peut pas être négatif.", "Corrigez le montant.", "cout"))
    by_year: dict[str, list[dict[Any, Any]]] = {}
    for row in evenements.to_dict("records"):
        by_year.setdefault(_text(row["date"])[:4], []).append(row)
    found += [
        _problem(
            rows[1],
            f"L’année {year} a {len(rows)} éditions : leurs répondants ne s’additionnent pas, la satisfaction "
            "de l’année n’est pas calculée.",
            "Gardez ici l’événement annuel seul, ou rattachez les autres au registre de participation.",
            "date",
        )
        for year, rows in sorted(by_year.items())
        if year and len(rows) > 1
    ]
    return found


def _problem(row: dict[Any, Any], message: str, remedy: str, column: str) -> Problem:
    value = row[column]
    return Problem(
        message=message,
        remedy=remedy,
        column=column,
        value="" if pd.isna(value) else f"{value:g}" if isinstance(value, float) else str(value),
        severity="avertissement",
        **place(row.get("origin")),
    )


def _count(value: Any) -> float:
    return math.nan if pd.isna(value) or float(value) < 0 else float(value)


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
