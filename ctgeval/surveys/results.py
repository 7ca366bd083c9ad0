"""What the answers of a survey say, question by question: counts, shares, means, intervals where chance allows one.

A share is one of those who answered the question, «ne sait pas» included: it always comes with that base. Under
`ENOUGH` answers there is no percentage. Options of a question with several answers are each on its respondents, so that
their shares may exceed 100 % together. Volunteers are no sample and have no interval; a census has one only where it is
known how many were asked, corrected for that (`ctgeval.surveys.design`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from ctgeval.intervals import Floats
from ctgeval.surveys import estimates
from ctgeval.surveys.answers import Answers, Mask
from ctgeval.surveys.declaration import CHOSEN, Question
from ctgeval.surveys.design import Design

__all__ = ["COLUMNS", "CROSSED", "ENOUGH", "FEW", "crossed", "favourable", "shares"]

ENOUGH = 11
"""Answers under which no percentage is given."""
FEW = "moins_de_11"
COLUMNS = (
    "survey", "wave", "position", "question", "text", "type", "option", "label", "opinion", "favourable", "n", "base",
    "asked", "share", "low", "high", "mean", "unit", "reason",
)  # fmt: skip
"""Columns of `shares`."""
CROSSED = (
    "survey",
    "wave",
    "question",
    "by",
    "by_text",
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


def shares(answers: Answers, design: Design, *, level: float = 0.95) -> pd.DataFrame:
    """Tell the answers to every question.

    Parameters
    ----------
    answers : Answers
        Coded answers.
    design : Design
        How the respondents were found and weighted (`ctgeval.surveys.designing.designed`).
    level : float
        Confidence of the intervals.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`: one row per option, and for a number its ``moyenne`` and its ``mediane``. ``n`` counts
        persons and is never weighted; ``share``, ``low`` and ``high`` are percentages. NaN under `ENOUGH` answers,
        with ``reason``.
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
            rows += [common | row for row in _number(answers, question, design, level)]
        elif question.type != "ouverte":
            rows += [common | row for row in _options(answers, question, design, level)]
    return _typed(rows, COLUMNS)


def _options(answers: Answers, question: Question, design: Design, level: float) -> Iterable[dict[str, Any]]:
    ticked, base = answers.ticked(question), answers.base(question)
    values = ticked.to_numpy(dtype=np.float64)
    found = design.ratios(values, np.repeat(base[:, None], values.shape[1], axis=1))
    low, high, _ = estimates.share_bounds(found, design, level=level)
    enough = int(base.sum()) >= ENOUGH
    known = 100.0 if enough else np.nan
    counts = np.nansum(values[base], axis=0)
    for at, (code, label) in enumerate(question.options.items()):
        yield {
            "option": code,
            "label": label,
            "opinion": code not in question.ne_sait_pas,
            "favourable": code in question.favorable,
            "n": int(counts[at]),
            "share": known * found.estimate[at],
            "low": known * low[at],
            "high": known * high[at],
            "reason": "" if enough else FEW,
        }


def _number(answers: Answers, question: Question, design: Design, level: float) -> Iterable[dict[str, Any]]:
    values = answers.frame[question.code]
    n = int(answers.base(question).sum())
    enough = n >= ENOUGH
    for option, label, estimate in (
        ("moyenne", "Moyenne", estimates.means),
        ("mediane", "Médiane", estimates.medians),
    ):
        found = estimate(values, design, level=level).iloc[0]
        told = found[["estimation", "bas", "haut"]].to_numpy(dtype=np.float64) * (1.0 if enough else np.nan)
        yield {
            "option": option, "label": label, "opinion": True, "favourable": False, "n": n, "mean": told[0],
            "low": told[1], "high": told[2], "reason": "" if enough else FEW,
        }  # fmt: skip


def favourable(answers: Answers, question: Question, design: Design) -> tuple[int, int, float]:
    """Return how many gave a favourable answer, how many answered, and the share (0 to 1) of the first, weighted.

    Returns
    -------
    count, base : int
    share : float
        NaN without any answer.
    """
    base = answers.base(question)
    ticked = answers.ticked(question)[list(question.favorable)].max(axis=1).to_numpy(dtype=np.float64)
    found = design.ratios(ticked[:, None], base[:, None])
    return int(ticked[base].sum()), int(base.sum()), float(found.estimate[0])


def crossed(answers: Answers, design: Design) -> pd.DataFrame:
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
        ticked, base = answers.ticked(question).to_numpy(dtype=np.float64), answers.base(question)
        for by in (known[name] for name in question.croiser if name in known and known[name].type in CHOSEN):
            common = {"survey": answers.survey.id, "wave": answers.survey.wave, "question": question.code}
            for group, label in by.options.items():
                inside = base & answers.frame[by.code].eq(group).to_numpy(dtype=np.bool_)
                told = {"by": by.code, "by_text": by.texte, "group": group, "group_label": label}
                rows += [common | told | row for row in _group(question, ticked, inside, design)]
    return _typed(rows, CROSSED)


def _group(question: Question, ticked: Floats, inside: Mask, design: Design) -> Iterable[dict[str, Any]]:
    found = design.ratios(ticked, np.repeat(inside[:, None], ticked.shape[1], axis=1))
    size = int(inside.sum())
    for at, (code, label) in enumerate(question.options.items()):
        yield {
            "option": code,
            "label": label,
            "n": int(np.nansum(ticked[inside, at])),
            "base": size,
            "share": 100 * found.estimate[at] if size >= ENOUGH else np.nan,
            "reason": "" if size >= ENOUGH else FEW,
        }


def _typed(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(columns))
    for name in columns:
        if name in _NUMBERS:
            frame[name] = frame[name].astype("float64")
        elif name in {"favourable", "opinion"}:
            frame[name] = frame[name].fillna(value=False).astype(bool)
        else:
            frame[name] = frame[name].astype("str").where(frame[name].notna(), "")
    return frame
