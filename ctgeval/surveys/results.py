"""What the answers of a survey say, question by question: counts, shares, means, intervals where chance allows one.

A share is one of those who answered the question, «ne sait pas» included: it always comes with that base. Under
`ENOUGH` answers there is no percentage. Options of a question with several answers are each on its respondents, so that
their shares may exceed 100 % together. Only a survey whose respondents were drawn has intervals: with a census nothing
was drawn, and volunteers are no sample.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from ctgeval import intervals
from ctgeval.surveys.answers import Answers, Mask
from ctgeval.surveys.declaration import CHOSEN, Question

__all__ = ["COLUMNS", "CROSSED", "ENOUGH", "FEW", "crossed", "effective", "favourable", "shares"]

ENOUGH = 11
"""Answers under which no percentage is given."""
FEW = "moins_de_11"
COLUMNS = (
    "survey", "wave", "position", "question", "text", "type", "option", "label", "favourable", "n", "base", "asked",
    "share", "low", "high", "mean", "unit", "reason",
)  # fmt: skip
"""Columns of `shares`."""
CROSSED = (
    "survey",
    "wave",
    "question",
    "by",
    "group",
    "group_label",
    "option",
    "label",
    "n",
    "base",
    "share",
    "reason",
)
"""Columns of `crossed`."""
_NUMBERS = ("n", "base", "asked", "share", "low", "high", "mean", "position")
Floats = npt.NDArray[np.float64]


def shares(answers: Answers, weights: pd.Series[float] | None = None, *, level: float = 0.95) -> pd.DataFrame:
    """Tell the answers to every question.

    Parameters
    ----------
    answers : Answers
        Coded answers.
    weights : Series, optional
        Weights on the index of the answers; none when all count alike.
    level : float
        Confidence of the intervals.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`: one row per option, and for a number its ``moyenne`` and its ``mediane``. ``n`` counts
        persons and is never weighted; ``share``, ``low`` and ``high`` are percentages. NaN under `ENOUGH` answers,
        with ``reason``.

    References
    ----------
    Kish, L. (1965), Survey Sampling, 11.2 (effective size); Korn, E. and Graubard, B. (1998), Confidence Intervals for
    Proportions with Small Expected Number of Positive Counts, Survey Methodology 24 (interval on the effective size).
    """
    rows: list[dict[str, Any]] = []
    for position, question in enumerate(answers.questions, start=1):
        common = {
            "survey": answers.survey.id,
            "wave": answers.survey.wave,
            "position": position,
            "question": question.code,
            "text": question.texte,
            "type": question.type,
            "unit": question.unite,
            "asked": int(answers.asked[question.code].sum()),
            "base": int(answers.base(question).sum()),
        }
        if question.type == "numerique":
            rows += [common | row for row in _number(answers, question, weights, level)]
        elif question.type != "ouverte":
            rows += [common | row for row in _options(answers, question, weights, level)]
    return _typed(rows, COLUMNS)


def _options(
    answers: Answers, question: Question, weights: pd.Series[float] | None, level: float
) -> Iterable[dict[str, Any]]:
    ticked, base = answers.ticked(question), answers.base(question)
    own = _weights(answers, weights)[base]
    size = effective(own) if answers.survey.recrutement == "aleatoire" else np.nan
    enough = int(base.sum()) >= ENOUGH
    for code, label in question.options.items():
        chosen = ticked[code].to_numpy(dtype=np.float64)[base]
        share = float(own @ chosen / own.sum()) if enough else np.nan
        low, high = intervals.wilson(share * size, size, level=level)
        yield {
            "option": code,
            "label": label,
            "favourable": code in question.favorable,
            "n": int(chosen.sum()),
            "share": 100 * share,
            "low": 100 * float(low),
            "high": 100 * float(high),
            "reason": "" if enough else FEW,
        }


def _number(
    answers: Answers, question: Question, weights: pd.Series[float] | None, level: float
) -> Iterable[dict[str, Any]]:
    base = answers.base(question)
    values = answers.frame[question.code].to_numpy(dtype=np.float64)[base]
    own = _weights(answers, weights)[base]
    n = len(values)
    enough = n >= ENOUGH
    mean = float(own @ values / own.sum()) if enough else np.nan
    half = np.nan
    if enough and answers.survey.recrutement == "aleatoire":
        # Linearised variance of a weighted mean, respondents drawn independently (Taylor).
        gaps = own * (values - mean) / own.sum()
        half = float(special.stdtrit(n - 1, (1 + level) / 2) * np.sqrt(n / (n - 1) * (gaps @ gaps)))
    common = {"n": n, "reason": "" if enough else FEW, "favourable": False}
    yield common | {"option": "moyenne", "label": "Moyenne", "mean": mean, "low": mean - half, "high": mean + half}
    yield common | {"option": "mediane", "label": "Médiane", "mean": _median(values, own) if enough else np.nan}


def _median(values: Floats, weights: Floats) -> float:
    """Return the least value that half of the weight does not exceed; the mean of two where half falls between."""
    order = np.argsort(values, kind="stable")
    below = np.cumsum(weights[order]) / weights.sum()
    at = min(int(np.searchsorted(below, 0.5 - 1e-12)), len(values) - 1)
    if at + 1 < len(values) and abs(below[at] - 0.5) < 1e-12:
        return float((values[order][at] + values[order][at + 1]) / 2)
    return float(values[order][at])


def effective(weights: Floats) -> float:
    """Return how many respondents of equal weight would say as much (Kish): ``sum(w)^2 / sum(w^2)``, 0 for none."""
    squares = float(weights @ weights)
    return float(weights.sum()) ** 2 / squares if squares > 0 else 0.0


def favourable(answers: Answers, question: Question, weights: pd.Series[float] | None = None) -> tuple[int, int, float]:
    """Return how many gave a favourable answer, how many answered, and the share (0 to 1) of the first, weighted.

    Returns
    -------
    count, base : int
    share : float
        NaN without any answer.
    """
    base = answers.base(question)
    ticked = answers.ticked(question)[list(question.favorable)].max(axis=1).to_numpy(dtype=np.float64)[base]
    own = _weights(answers, weights)[base]
    count, size = int(ticked.sum()), int(base.sum())
    return count, size, float(own @ ticked / own.sum()) if size else float("nan")


def crossed(answers: Answers, weights: pd.Series[float] | None = None) -> pd.DataFrame:
    """Tell the answers to each question by the groups of those that it declares (``croiser``).

    Returns
    -------
    DataFrame
        Columns `CROSSED`; no percentage in a group of less than `ENOUGH` answers.
    """
    rows: list[dict[str, Any]] = []
    known = {one.code: one for one in answers.questions}
    for question in answers.questions:
        if question.type in {"numerique", "ouverte"}:
            continue
        ticked, base = answers.ticked(question), answers.base(question)
        for by in (known[name] for name in question.croiser if name in known and known[name].type in CHOSEN):
            for group, label in by.options.items():
                inside = base & answers.frame[by.code].eq(group).to_numpy(dtype=np.bool_)
                rows += [
                    {"survey": answers.survey.id, "wave": answers.survey.wave, "question": question.code,
                     "by": by.code, "group": group, "group_label": label, **row}
                    for row in _group(question, ticked, inside, _weights(answers, weights))
                ]  # fmt: skip
    return _typed(rows, CROSSED)


def _group(question: Question, ticked: pd.DataFrame, inside: Mask, weights: Floats) -> Iterable[dict[str, Any]]:
    own, size = weights[inside], int(inside.sum())
    for code, label in question.options.items():
        chosen = ticked[code].to_numpy(dtype=np.float64)[inside]
        yield {
            "option": code,
            "label": label,
            "n": int(chosen.sum()),
            "base": size,
            "share": 100 * float(own @ chosen / own.sum()) if size >= ENOUGH else np.nan,
            "reason": "" if size >= ENOUGH else FEW,
        }


def _weights(answers: Answers, weights: pd.Series[float] | None) -> Floats:
    if weights is None:
        return np.ones(answers.n)
    return np.asarray(weights.reindex(answers.frame.index), dtype=np.float64)


def _typed(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(columns))
    for name in columns:
        if name in _NUMBERS:
            frame[name] = frame[name].astype("float64")
        elif name == "favourable":
            frame[name] = frame[name].fillna(value=False).astype(bool)
        else:
            frame[name] = frame[name].astype("str").where(frame[name].notna(), "")
    return frame
