"""What inhabitants proposed, and what became of it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd

from ctgeval.errors import Problem
from ctgeval.french import date as french_date
from ctgeval.programme.origin import place

__all__ = ["COLUMNS", "PENDING", "YEARS", "follow_up", "problems", "years"]

PENDING = "en cours"
COLUMNS = ("id", "annee", "date", "origine", "texte", "suite", "reponse_le", "delai", "motif", "action")
YEARS = (
    "annee", "cumul", "total", "retenues", "refusees", "en_attente", "repondues", "delai_median", "attente_depuis",
    "refus_sans_motif", "devenues_actions",
)  # fmt: skip


def follow_up(propositions: pd.DataFrame) -> pd.DataFrame:
    """Return one row per proposal, in order of date.

    Parameters
    ----------
    propositions : DataFrame
        Table ``propositions``.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`. A proposal without a sequel is pending (``en cours``); ``delai`` is the number of days to
        the reply, NaN when there is none yet or when it is dated before the proposal.
    """
    rows = []
    for row in propositions.to_dict("records"):
        asked, told = _day(row["date"]), _day(row["reponse_le"])
        if asked is None:
            continue
        delay = (told - asked).days if told is not None else None
        rows.append(
            {
                "id": _text(row["id"]),
                "annee": asked.year,
                "date": asked.isoformat(),
                "origine": _text(row["origine"]),
                "texte": _text(row["texte"]),
                "suite": _text(row["suite"]) or PENDING,
                "reponse_le": told.isoformat() if told else "",
                "delai": float(delay) if delay is not None and delay >= 0 else float("nan"),
                "motif": _text(row["motif"]),
                "action": _text(row["action"]),
            }
        )
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"delai": "float64"})
    return table.sort_values(["date", "id"], kind="stable").reset_index(drop=True)


def years(found: pd.DataFrame) -> pd.DataFrame:
    """Count the proposals of each year, and of all years up to it.

    Parameters
    ----------
    found : DataFrame
        As `follow_up` gives it.

    Returns
    -------
    DataFrame
        Columns `YEARS`: two rows per year, its own and (``cumul``) that of the proposals made up to its end; what
        became of them is what the register says today. ``delai_median`` in days, over those that had a reply;
        ``attente_depuis``: date of the oldest one that still waits for its sequel.
    """
    rows = []
    for year in sorted(set(found["annee"])):
        for together in (False, True):
            part = found[found["annee"].le(year) if together else found["annee"].eq(year)]
            waiting, refused = part[part["suite"].eq(PENDING)], part[part["suite"].eq("refusee")]
            kept = part["suite"].eq("retenue")
            rows.append(
                {
                    "annee": int(year),
                    "cumul": together,
                    "total": len(part),
                    "retenues": int(kept.sum()),
                    "refusees": len(refused),
                    "en_attente": len(waiting),
                    "repondues": int(part["reponse_le"].ne("").sum()),
                    "delai_median": float(part["delai"].median()) if part["delai"].notna().any() else float("nan"),
                    "attente_depuis": min(waiting["date"], default=""),
                    "refus_sans_motif": int(refused["motif"].eq("").sum()),
                    "devenues_actions": int((kept & part["action"].ne("")).sum()),
                }
            )
    return pd.DataFrame(rows, columns=list(YEARS))


def problems(propositions: pd.DataFrame) -> list[Problem]:
    """Tell the replies dated before their proposal, the refusals without a reason, the sequels never told."""
    found = []
    for row in propositions.to_dict("records"):
        asked, told = _day(row["date"]), _day(row["reponse_le"])
        name, sequel, where = _text(row["id"]), _text(row["suite"]), place(row.get("origin"))
        if asked and told and told < asked:
            found.append(
                Problem(
                    message=f"La réponse à la proposition {name} ({french_date(told)}) est datée d’avant la "
                    f"proposition ({french_date(asked)}) : elle n’entre pas dans le délai de réponse.",
                    remedy="Corrigez l’une des deux dates.",
                    column="reponse_le",
                    value=told.isoformat(),
                    severity="avertissement",
                    **where,
                )
            )
        if sequel == "refusee" and not _text(row["motif"]):
            found.append(
                Problem(
                    message=f"La proposition {name} est refusée sans motif.",
                    remedy="Dites pourquoi dans la colonne « motif » : le bilan le dit aux habitants.",
                    column="motif",
                    severity="avertissement",
                    **where,
                )
            )
        if sequel in {"retenue", "refusee"} and told is None:
            found.append(
                Problem(
                    message=f"La proposition {name} est {sequel.replace('ee', 'ée')}, mais aucune réponse n’est datée.",
                    remedy="Donnez la date à laquelle les habitants l’ont su, ou répondez-leur.",
                    column="reponse_le",
                    severity="avertissement",
                    **where,
                )
            )
    return found


def _day(value: Any) -> date | None:
    return date.fromisoformat(value[:10]) if isinstance(value, str) and value else None


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
