"""What raking is given: start weights and known margins, each checked, every fault at once with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval import french
from ctgeval.errors import DossierError, Problem, suggestion
from ctgeval.intervals import Floats

__all__ = ["Ints", "Margin", "Missing", "check_margins", "check_weights", "text_of"]

Ints = npt.NDArray[np.intp]
Missing = Literal["neutre", "ecarter", "refuser"]
"""What becomes of a respondent who did not say his age: kept with the share he had, left out, or an error."""

ROUNDING = 0.005
"""Two margins of one population may differ by so much, relatively: published figures are rounded."""
_SHOWN = 10


@dataclass(frozen=True, eq=False)
class Margin:
    """One known margin, and the category of each respondent.

    Parameters
    ----------
    variable : str
    categories : tuple of str
        In the order that was given.
    shares : ndarray of float64, shape (K,)
        Of the population; they sum to 1.
    codes : ndarray of intp, shape (n,)
        Rank of the category of each respondent; -1 for a missing answer.
    """

    variable: str
    categories: tuple[str, ...]
    shares: Floats
    codes: Ints


def text_of(values: pd.Series) -> pd.Series:
    """Write answers as texts, so that 1, 1.0 and «1» are one category; missing and blank answers stay missing."""

    def written(value: Any) -> Any:
        if pd.isna(value):
            return None
        if isinstance(value, float | np.floating) and float(value).is_integer():
            return str(int(value))
        return str(value).strip() or None

    return pd.Series([written(value) for value in values], index=values.index, dtype=object)


def check_weights(
    weights: Any, n: int, *, lines: Sequence[int] | None = None, file: str = "", column: str = "poids"
) -> Floats:
    """Return weights as floats, or refuse those that are none.

    Parameters
    ----------
    weights : array_like, shape (n,), or None
        None gives one to each.
    n : int
        Respondents.
    lines : sequence of int, optional
        Line of each respondent in the file; the second on by default, the first being that of the titles.
    file, column : str
        For the messages.

    Raises
    ------
    DossierError
        A weight is missing, is no number, or is zero, negative or infinite: each line is named; there are not as many
        weights as respondents.
    """
    if weights is None:
        return np.ones(n)
    read = pd.to_numeric(pd.Series(weights).reset_index(drop=True), errors="coerce").to_numpy(
        np.float64, na_value=np.nan
    )
    if len(read) != n:
        raise DossierError(
            f"Il y a {french.plural(len(read), 'poids', 'poids')} pour {french.plural(n, 'réponse')}.",
            file=file,
            column=column,
            remedy="Donner un poids à chaque réponse.",
        )
    wrong = np.flatnonzero(~(np.isfinite(read) & (read > 0)))
    if not len(wrong):
        return np.asarray(read, dtype=np.float64)
    given = pd.Series(weights).reset_index(drop=True)
    problems = [
        Problem(
            message=_fault_of_weight(read[i], missing=bool(pd.isna(given[i]))),
            file=file,
            column=column,
            row=_line(int(i), lines),
            value="" if pd.isna(given[i]) else str(given[i]),
            remedy="Corriger ce poids, ou retirer la réponse si elle ne doit pas compter.",
        )
        for i in wrong[:_SHOWN]
    ]
    more = f" Les {_SHOWN} premiers sont cités." if len(wrong) > _SHOWN else ""
    raise DossierError(
        f"{french.plural(len(wrong), 'poids', 'poids')} sur {n} ne {'peut' if len(wrong) == 1 else 'peuvent'} pas "
        f"servir : un poids est un nombre plus grand que zéro.{more}",
        file=file,
        column=column,
        problems=problems,
    )


def _fault_of_weight(value: float, *, missing: bool) -> str:
    if missing:
        return "Le poids manque."
    if np.isnan(value):
        return "Le poids n’est pas un nombre."
    if np.isinf(value):
        return "Le poids est infini."
    return "Le poids est nul." if value == 0 else "Le poids est négatif."


def _line(position: int, lines: Sequence[int] | None) -> int:
    return position + 2 if lines is None else int(lines[position])


def check_margins(
    frame: pd.DataFrame,
    margins: Mapping[str, Mapping[Any, float]],
    *,
    missing: Missing = "neutre",
    lines: Sequence[int] | None = None,
    file: str = "",
) -> tuple[tuple[Margin, ...], float]:
    """Match known margins with what respondents said.

    Parameters
    ----------
    frame : DataFrame
        One row per respondent, one column per variable of the margins.
    margins : mapping of str to mapping of category to float
        Counts, shares or percentages of the population, all of one unit (shares and percentages may be mixed); totals
        may differ by rounding only.
    missing : {"neutre", "ecarter", "refuser"}
    lines : sequence of int, optional
        Line of each respondent in the file.
    file : str

    Returns
    -------
    margins : tuple of Margin
    total : float
        Of the first margin, when it is made of counts; NaN for shares and percentages.

    Raises
    ------
    DossierError
        Every fault at once: a variable that no column holds, a margin that is zero, negative or no number, a category
        that nobody answered, an answer that the margin lacks, totals that differ, no answer at all, missing answers
        when they are refused.
    """
    problems = list(_faults_of_names(frame, margins, missing, file))
    found: list[Margin] = []
    totals: dict[str, float] = {}
    if not problems:
        for variable, given in margins.items():
            wanted = {_key(category): _number(value) for category, value in given.items()}
            faults = list(_faults_of_values(variable, wanted, file))
            if not faults:
                totals[variable] = sum(wanted.values())
                margin = _matched(frame[variable], variable, wanted)
                faults = list(_faults_of_answers(frame[variable], margin, missing=missing, lines=lines, file=file))
                found.append(margin)
            problems += faults
    problems += _faults_of_totals(totals, file)
    if problems:
        raise DossierError(
            "Le redressement demandé est impossible avec ces marges." if len(problems) > 1 else problems[0].message,
            file=file,
            key=problems[0].key if len(problems) == 1 else "",
            remedy=problems[0].remedy if len(problems) == 1 else "",
            problems=problems,
        )
    total = next(iter(totals.values()))
    return tuple(found), float("nan") if _is_share(total) else total


def _is_share(total: float) -> bool:
    return abs(total - 1) <= ROUNDING or abs(total - 100) <= 100 * ROUNDING


def _key(category: Any) -> str:
    return str(text_of(pd.Series([category], dtype=object)).iloc[0])


def _number(value: Any) -> float:
    return float(pd.to_numeric(pd.Series([value], dtype=object), errors="coerce").astype("float64").iloc[0])


def _matched(answers: pd.Series, variable: str, wanted: Mapping[str, float]) -> Margin:
    categories = tuple(wanted)
    values = np.array(list(wanted.values()))
    codes = pd.Index(categories).get_indexer(pd.Index(text_of(answers)))
    return Margin(variable, categories, values / values.sum(), np.asarray(codes, dtype=np.intp))


def _faults_of_names(
    frame: pd.DataFrame, margins: Mapping[str, Mapping[Any, float]], missing: str, file: str
) -> Iterator[Problem]:
    if missing not in get_args(Missing):
        yield Problem(
            message=f"« {missing} » ne dit pas que faire des réponses manquantes.",
            key="manquants",
            remedy="Écrire neutre, ecarter ou refuser.",
        )
    if not margins:
        yield Problem(message="Aucune marge n’est donnée.", remedy="Donner au moins une marge : âge, sexe, secteur…")
    if frame.empty:
        yield Problem(message="Aucune réponse : il n’y a rien à redresser.", file=file)
    for variable, given in margins.items():
        if variable not in frame.columns:
            yield Problem(
                message=f"La marge « {variable} » ne correspond à aucune colonne des réponses.",
                file=file,
                key=variable,
                remedy=suggestion(variable, map(str, frame.columns)) or "Ajouter cette colonne ou retirer la marge.",
            )
        elif not given:
            yield Problem(
                message=f"La marge « {variable} » n’a aucune modalité.",
                key=variable,
                remedy="Donner l’effectif ou la part de chaque modalité.",
            )


def _faults_of_values(variable: str, wanted: Mapping[str, float], file: str) -> Iterator[Problem]:
    for category, value in wanted.items():
        if np.isfinite(value) and value > 0:
            continue
        what = "nulle" if value == 0 else "négative" if value < 0 else "illisible"
        yield Problem(
            message=f"La marge de « {category} » ({variable}) est {what}.",
            file=file,
            key=variable,
            value=f"{value:g}",
            remedy="Retirer la modalité si personne n’y est, ou corriger la valeur.",
        )


def _faults_of_answers(
    answers: pd.Series, margin: Margin, *, missing: Missing, lines: Sequence[int] | None, file: str
) -> Iterator[Problem]:
    texts = text_of(answers).reset_index(drop=True)
    silent = texts.isna().to_numpy()
    if silent.all():
        yield Problem(
            message=f"Personne n’a répondu à « {margin.variable} » : cette marge ne peut pas servir.",
            file=file,
            column=margin.variable,
            remedy="Retirer cette marge.",
        )
        return
    if missing == "refuser":
        for i in np.flatnonzero(silent)[:_SHOWN]:
            yield Problem(
                message=f"La réponse à « {margin.variable} » manque.",
                file=file,
                column=margin.variable,
                row=_line(int(i), lines),
                remedy="Compléter la réponse, ou choisir manquants = neutre ou ecarter.",
            )
    present = np.bincount(margin.codes[margin.codes >= 0], minlength=len(margin.categories))
    for k in np.flatnonzero(present == 0):
        yield Problem(
            message=f"Personne n’a répondu « {margin.categories[k]} » à « {margin.variable} », "
            f"alors que la marge en attend {french.percent(100 * margin.shares[k])}.",
            file=file,
            key=margin.variable,
            value=margin.categories[k],
            remedy="Regrouper cette modalité avec une voisine, dans les marges et dans les réponses.",
        )
    strange = (margin.codes < 0) & ~silent
    for answer in sorted(set(texts[strange])):
        rows = np.flatnonzero(strange & (texts == answer).to_numpy())
        yield Problem(
            message=f"La modalité « {answer} » de « {margin.variable} » est répondue "
            f"({french.plural(len(rows), 'réponse')}) mais manque dans la marge.",
            file=file,
            column=margin.variable,
            row=_line(int(rows[0]), lines),
            value=str(answer),
            remedy=suggestion(str(answer), margin.categories)
            or "Ajouter cette modalité à la marge, ou la regrouper avec une autre dans les réponses.",
        )


def _faults_of_totals(totals: Mapping[str, float], file: str) -> Iterator[Problem]:
    for variable, total in totals.items():
        if not _is_share(total) and (total < 2 or (total < 200 and not float(total).is_integer())):
            yield Problem(
                message=f"Les parts de « {variable} » totalisent {french.percent(total * (100 if total < 2 else 1))} "
                "au lieu de 100 %.",
                file=file,
                key=variable,
                remedy="Compléter la marge, ou donner des effectifs.",
            )
            return
    totals = {variable: 100 * total if _is_share(total) and total < 2 else total for variable, total in totals.items()}
    first, reference = next(iter(totals.items()), ("", 0.0))
    for variable, total in totals.items():
        if abs(total - reference) > ROUNDING * max(total, reference):
            yield Problem(
                message=f"Les marges « {first} » et « {variable} » n’ont pas le même total "
                f"({french.number(reference)} et {french.number(total)}).",
                file=file,
                key=variable,
                remedy="Prendre les marges d’une même population, à une même date et dans une même unité.",
            )
