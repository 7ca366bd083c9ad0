"""Dated judgements of the qualitative indicators: the table ``jugements``, on the scale that each one declares."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import pandas as pd

from ctgeval.errors import Problem, near, suggestion
from ctgeval.programme.origin import place

__all__ = ["COLUMNS", "level_of", "problems", "read"]

COLUMNS = ("indicator", "geo", "date", "rank", "level", "before", "moved", "by", "reason", "evidence", "last")


def level_of(written: str, scale: Sequence[str]) -> int:
    """Return the rank of a level on its scale, from 1 as it is declared; 0 when the scale has no such level.

    Examples
    --------
    >>> level_of(" installé ", ("Naissant", "Installé"))
    2
    """
    folded = [level.strip().casefold() for level in scale]
    wanted = written.strip().casefold()
    return folded.index(wanted) + 1 if wanted in folded else 0


def read(judged: pd.DataFrame, scales: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Return the judgements that can be told, in order of date, each with the level that it follows.

    Parameters
    ----------
    judged : DataFrame
        Table ``jugements``: ``indicateur, territoire, date, niveau, juge_par, motif, lien_preuve``.
    scales : mapping of str to sequence of str
        Levels of each qualitative indicator, as declared.

    Returns
    -------
    DataFrame
        ``indicator, geo, date`` (ISO text)``, rank`` (of the level, from 1)``, level`` (as the scale writes it)``,
        before`` (level of the judgement before, empty for the first)``, moved`` (steps of the scale from it, 0 for the
        first)``, by, reason, evidence, last`` (whether none is later for that indicator and territory). Lines whose
        indicator, level or date is not known are left out (see `problems`); of two of the same day, the first counts.
    """
    rows = []
    for row in judged.to_dict("records"):
        indicator, day = _text(row["indicateur"]), row["date"]
        rank = level_of(_text(row["niveau"]), scales.get(indicator, ()))
        if rank and not pd.isna(day):
            rows.append(
                {
                    "indicator": indicator,
                    "geo": _text(row["territoire"]),
                    "date": _day(day),
                    "rank": rank,
                    "level": scales[indicator][rank - 1],
                    "by": _text(row["juge_par"]),
                    "reason": _text(row["motif"]),
                    "evidence": _text(row["lien_preuve"]),
                }
            )
    names = [name for name in COLUMNS if name not in {"before", "moved", "last"}]
    made = pd.DataFrame(rows, columns=names).astype({"rank": "int64"})
    made = made.drop_duplicates(["indicator", "geo", "date"])
    made = made.sort_values(["indicator", "geo", "date"], kind="stable", ignore_index=True)
    alike = made.groupby(["indicator", "geo"], sort=False)
    made["before"] = alike["level"].shift(1).fillna("")
    made["moved"] = (made["rank"] - alike["rank"].shift(1)).fillna(0).astype("int64")
    made["last"] = ~made.duplicated(["indicator", "geo"], keep="last")
    return made[list(COLUMNS)]


def problems(
    judged: pd.DataFrame,
    scales: Mapping[str, Sequence[str]],
    *,
    counted: Collection[str],
    knows: Callable[[str], bool],
    unusable: Collection[str] = (),
) -> Iterator[Problem]:
    """Tell the judgements that can't be shown.

    Parameters
    ----------
    judged : DataFrame
        Table ``jugements``, with the ``origin`` of each row.
    scales : mapping of str to sequence of str
        Levels of each qualitative indicator.
    counted : collection of str
        Ids of the indicators that are counted, which no judgement gives.
    knows : callable
        Tells whether a code is a territory of the dossier.
    unusable : collection of str
        Indicators that ``indicateurs.toml`` declares in a way that can't be used: told there.
    """
    for row in judged.to_dict("records"):
        indicator, written, geo = (_text(row[name]) for name in ("indicateur", "niveau", "territoire"))
        if indicator in unusable:
            continue
        if indicator not in scales:
            yield _problem(row, *_unknown(indicator, scales, counted), "indicateur", indicator)
        elif not level_of(written, scales[indicator]):
            levels = " ; ".join(scales[indicator])
            close = near(written, scales[indicator])
            meant = f"Vouliez-vous dire « {close[0]} » ? " if close else ""
            yield _problem(
                row,
                f"Ce niveau n’est pas sur l’échelle de « {indicator} » : ce jugement n’est pas montré.",
                f"{meant}Niveaux possibles : {levels}.",
                "niveau",
                written,
            )
        if geo and not knows(geo):
            mend = "Écrivez le code d’un territoire du dossier, par exemple celui de [territoire]."
            yield _problem(row, "Ce territoire n’existe pas dans la géographie du dossier.", mend, "territoire", geo)


def _unknown(indicator: str, scales: Mapping[str, Sequence[str]], counted: Collection[str]) -> tuple[str, str]:
    if indicator in counted:
        return (
            "Cet indicateur est chiffré : il ne se juge pas sur une échelle.",
            suggestion(indicator, scales) or "Mettez ses valeurs dans la table « observations ».",
        )
    return (
        "Aucun indicateur qualitatif ne porte ce code.",
        suggestion(indicator, scales) or 'Décrivez-le dans indicateurs.toml : nature = "jugement" et echelle = ["…"].',
    )


def _problem(row: Mapping[object, object], message: str, remedy: str, column: str, value: str) -> Problem:
    where = place(row.get("origin"))
    return Problem(message=message, remedy=remedy, column=column, value=value, severity="avertissement", **where)


def _day(value: object) -> str:
    return str(value)[:10]


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
