"""What changed in the answers between two waves of a survey, in the terms of its questionnaire."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ctgeval import french
from ctgeval.errors import DossierError
from ctgeval.surveys.declaration import Question, Survey
from ctgeval.surveys.results import ENOUGH
from ctgeval.surveys.taken import Taken
from ctgeval.surveys.waves import Compared, Wave, compare

__all__ = ["COLUMNS", "changes"]

COLUMNS = (
    "survey", "previous", "wave_before", "wave_after", "question", "text", "option", "label", "kind", "before", "after",
    "n_before", "n_after", "n_matched", "difference", "low", "high", "p_value", "p_adjusted", "verdict", "method",
    "reason", "sentence", "conf_status",
)  # fmt: skip
"""Columns of `changes`."""
_KEPT = ("kind", "n_before", "n_after", "n_matched", "p_value", "p_adjusted", "verdict", "method", "reason", "sentence")
_SCALED = {"before": "before", "after": "after", "change": "difference", "low": "low", "high": "high"}


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question, the option that is compared, its label, and the columns in which both waves hold it."""

    question: Question
    option: str
    label: str
    compared: Compared


def changes(before: Taken, after: Taken, *, without: Iterable[str] = ()) -> pd.DataFrame:
    """Compare two waves: each option of a question, the upper answers and the ranks of a Likert item, a mean.

    Parameters
    ----------
    before, after : Taken
        The two waves; the same persons are compared when both have the column of ``appariement``.
    without : iterable of str
        Questions that can't be compared: their codes changed.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`; shares and their differences in percentage points. ``verdict`` is ``hausse``, ``baisse``,
        ``non_concluant`` or ``non_evaluable``, p-values being adjusted for the number of comparisons.
    """
    left = {*without, *before.answers.absent, *after.answers.absent, *_profile(before.survey), *_profile(after.survey)}
    asked = [
        one
        for question in after.survey.questions
        if question.code not in left and before.survey.question(question.code) is not None
        for one in _asked(question)
    ]
    if not asked or min(before.answers.n, after.answers.n) == 0:
        return pd.DataFrame(columns=list(COLUMNS))
    matched = bool(after.survey.appariement) and before.answers.key is not None and after.answers.key is not None
    first, second = _wave(before, matched=matched), _wave(after, matched=matched)
    try:
        found = compare(first, second, [one.compared for one in asked], fewest=ENOUGH)
    except DossierError:
        # Two exports that hold no answer in common: what is wrong in them has been told with their codes.
        return pd.DataFrame(columns=list(COLUMNS))
    rows: list[dict[str, Any]] = []
    for one, row in zip(asked, found.to_dict("records"), strict=True):
        factor = 100.0 if row["kind"] == "part" else 1.0
        rows.append(
            {
                "survey": after.survey.id,
                "previous": before.survey.id,
                "wave_before": before.survey.wave,
                "wave_after": after.survey.wave,
                "question": one.question.code,
                "text": one.question.texte,
                "option": one.option,
                "label": one.label,
                "conf_status": "F",
                **{name: row[name] for name in _KEPT},
                **{name: factor * float(row[source]) for source, name in _SCALED.items()},
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _profile(survey: Survey) -> set[str]:
    """Return the questions that tell who the respondents are: margins are the same in both waves by construction."""
    raked = survey.redressement.marges if survey.redressement else {}
    return {*raked, *(one.code for one in survey.questions if one.profil)}


def _wave(taken: Taken, *, matched: bool) -> Wave:
    frame = taken.answers.frame.copy()
    for name in frame.columns:
        if "/" in str(name):
            frame[name] = frame[name].map({1.0: "1", 0.0: "0"})
    return Wave(
        answers=frame,
        design=taken.designed.design,
        key=taken.answers.key.mask(taken.answers.key.eq("")) if matched and taken.answers.key is not None else None,
        name=taken.survey.wave,
    )


def _asked(question: Question) -> list[_Asked]:
    code, options = question.code, tuple(question.options)
    if question.type == "numerique":
        return [_Asked(question, "moyenne", "Moyenne", Compared(question=code, kind="moyenne"))]
    if question.type == "multiple":
        return [
            _Asked(
                question,
                option,
                question.options[option],
                Compared(question=f"{code}/{option}", kind="part", options=("0", "1"), counted=("1",)),
            )
            for option in options
        ]
    if question.type == "likert":
        chosen = question.favorable or _upper(question)
        return [_part(question, chosen, options), _ranks(question)]
    if question.type == "unique":
        # Of two options, one tells the other.
        told = (question.favorable or options)[:1] if len(options) == 2 else options
        return [_part(question, (option,), options) for option in told]
    return []


def _part(question: Question, chosen: tuple[str, ...], options: tuple[str, ...]) -> _Asked:
    label = french.enumeration([f"« {question.options[code]} »" for code in chosen], "ou")
    return _Asked(
        question,
        "+".join(chosen),
        label,
        Compared(question=question.code, kind="part", options=options, counted=chosen),
    )


def _ranks(question: Question) -> _Asked:
    """Compare the order of the answers of a Likert item: no distance between two of them is supposed."""
    codes = tuple(code for code in question.modalites if code not in question.ne_sait_pas)
    ends = " à ".join(f"« {question.modalites[code]} »" for code in (codes[0], codes[-1]))
    aside = tuple(code for code in question.options if code not in codes)
    ranked = Compared(question=question.code, kind="rang", options=codes, aside=aside)
    return _Asked(question, "rang", f"Rang de la réponse, de {ends}", ranked)


def _upper(question: Question) -> tuple[str, ...]:
    """Return the upper half of the options of a Likert item, turned round when it is; the middle one left out."""
    codes = [code for code in question.modalites if code not in question.ne_sait_pas]
    half = len(codes) // 2
    return tuple(codes[:half] if question.inverse else codes[len(codes) - half :])
