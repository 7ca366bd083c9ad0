"""The scales that a questionnaire declares: the score of each respondent, items turned round, and its reliability."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ctgeval.surveys import estimates
from ctgeval.surveys.answers import Answers
from ctgeval.surveys.declaration import Question
from ctgeval.surveys.design import Design
from ctgeval.surveys.results import ENOUGH, FEW
from ctgeval.surveys.scales import cronbach_alpha, mcdonald_omega

__all__ = ["COLUMNS", "items", "scales"]

COLUMNS = (
    "survey", "wave", "scale", "label", "items", "n", "mean", "low", "high", "least", "most", "alpha", "alpha_low",
    "alpha_high", "omega", "omega_low", "omega_high", "reason",
)  # fmt: skip
"""Columns of `scales`."""
_TEXTS = ("survey", "wave", "scale", "label", "reason")


def items(answers: Answers, scale: str) -> pd.DataFrame:
    """Return the items of a scale as numbers, all the same way round.

    Parameters
    ----------
    answers : Answers
        Coded answers.
    scale : str
        Name of the scale.

    Returns
    -------
    DataFrame
        One column per question: 1 for the first option of a Likert item, 2 for the next one...; «ne sait pas» and
        non-response are NaN. An ``inverse`` item is counted from the other end.
    """
    chosen = [one for one in answers.questions if one.echelle == scale]
    return pd.DataFrame({one.code: _scored(answers, one) for one in chosen}, index=answers.frame.index)


def _scored(answers: Answers, question: Question) -> pd.Series[float]:
    given = answers.frame[question.code]
    if question.type == "numerique":
        low, high = question.minimum, question.maximum
        values = given.astype("float64")
        return low + high - values if question.inverse and low is not None and high is not None else values
    codes = [code for code in question.modalites if code not in question.ne_sait_pas]
    ranks = {code: float(rank) for rank, code in enumerate(reversed(codes) if question.inverse else codes, start=1)}
    return given.map(ranks).astype("float64")


def scales(answers: Answers, design: Design) -> pd.DataFrame:
    """Tell the mean score of each scale of a survey.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`: a score is the mean of the items of a respondent who answered them all, between ``least`` and
        ``most``.
    """
    names = dict.fromkeys(one.echelle for one in answers.questions if one.echelle)
    rows = [_scale(answers, design, name) for name in names]
    frame = pd.DataFrame([row for row in rows if row], columns=list(COLUMNS))
    return frame.astype({name: "str" if name in _TEXTS else "float64" for name in COLUMNS})


def _scale(answers: Answers, design: Design, name: str) -> dict[str, Any]:
    found = items(answers, name)
    if found.shape[1] < 2:
        return {}
    score = found.mean(axis=1, skipna=False)
    n = int(score.notna().sum())
    told = estimates.means(score, design).iloc[0]
    enough = n >= ENOUGH
    alpha, omega = cronbach_alpha(found, fewest=ENOUGH), mcdonald_omega(found, fewest=ENOUGH)
    sizes = [len(one.modalites) - len(set(one.ne_sait_pas) & set(one.modalites)) for one in answers.questions
             if one.echelle == name and one.type == "likert"]  # fmt: skip
    return {
        "survey": answers.survey.id,
        "wave": answers.survey.wave,
        "scale": name,
        "label": answers.survey.echelles.get(name, name),
        "items": float(found.shape[1]),
        "n": float(n),
        "mean": float(told["estimation"]) if enough else np.nan,
        "low": float(told["bas"]) if enough else np.nan,
        "high": float(told["haut"]) if enough else np.nan,
        "least": 1.0 if sizes else np.nan,
        "most": float(np.mean(sizes)) if sizes and len(set(sizes)) == 1 else np.nan,
        "alpha": alpha.value,
        "alpha_low": alpha.low,
        "alpha_high": alpha.high,
        "omega": omega.value,
        "omega_low": omega.low,
        "omega_high": omega.high,
        "reason": "" if enough else FEW,
    }
