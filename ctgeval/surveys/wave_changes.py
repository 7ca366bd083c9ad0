"""What changed in the answers between two waves of a survey, option by option."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from ctgeval import intervals
from ctgeval.intervals import Floats
from ctgeval.surveys.declaration import Question
from ctgeval.surveys.results import ENOUGH, FEW
from ctgeval.surveys.taken import Taken

__all__ = ["COLUMNS", "changes"]

COLUMNS = (
    "survey", "previous", "wave_before", "wave_after", "question", "text", "option", "label", "favourable", "before",
    "after", "n_before", "n_after", "n_matched", "difference", "low", "high", "p_value", "p_adjusted", "verdict",
    "method", "reason", "conf_status",
)  # fmt: skip
"""Columns of `changes`."""
_TEXTS = ("survey", "previous", "wave_before", "wave_after", "question", "text", "option", "label", "verdict", "method",
          "reason", "conf_status")  # fmt: skip


def changes(before: Taken, after: Taken, *, without: Iterable[str] = (), level: float = 0.95) -> pd.DataFrame:
    """Compare the share of each option between two waves.

    Parameters
    ----------
    before, after : Taken
        The two waves.
    without : iterable of str
        Questions that can't be compared: their codes changed.
    level : float
        Confidence; a change is told when its p-value, adjusted for the number of options compared, is under the rest.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`; shares and differences in percentage points. ``verdict`` is ``hausse``, ``baisse``,
        ``non_concluant`` or, where nothing links respondents with a population, ``non_evaluable``.
    """
    left = set(without)
    rows: list[dict[str, Any]] = []
    for question in after.answers.questions:
        old = before.survey.question(question.code)
        comparable = old is not None and old.code not in before.answers.absent and question.code not in left
        if comparable and question.type not in {"numerique", "ouverte"}:
            rows += _question(before, after, question, level)
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    if frame.empty:
        return frame
    frame["p_adjusted"] = intervals.benjamini_hochberg(frame["p_value"].to_numpy(dtype=np.float64))
    tested = frame["p_value"].notna()
    sure = tested & frame["p_adjusted"].lt(1 - level)
    told = np.where(frame["difference"].gt(0), "hausse", "baisse")
    frame["verdict"] = np.where(sure, told, np.where(tested, "non_concluant", "non_evaluable"))
    return frame.astype(dict.fromkeys(_TEXTS, "str"))


def _question(before: Taken, after: Taken, question: Question, level: float) -> list[dict[str, Any]]:
    first, second = before.answers.ticked(question), after.answers.ticked(question)
    matched = before.answers.key is not None and after.answers.key is not None and bool(after.survey.appariement)
    common: dict[str, Any] = {
        "survey": after.survey.id,
        "previous": before.survey.id,
        "wave_before": before.survey.wave,
        "wave_after": after.survey.wave,
        "question": question.code,
        "text": question.texte,
        "n_before": int(first.notna().any(axis=1).sum()),
        "n_after": int(second.notna().any(axis=1).sum()),
        "conf_status": "F",
    }
    if min(common["n_before"], common["n_after"]) < ENOUGH:
        return []
    if matched:
        first, second = _paired(before, after, first, second)
        common["n_matched"] = len(first)
        if len(first) < ENOUGH:
            return [
                common | _labels(question, code) | {"reason": FEW, "method": "apparie"} for code in question.options
            ]
    rows = []
    for code in question.options:
        old, new = _told(before, first, code), _told(after, second, code)
        difference = new[0] - old[0]
        error = float("nan")
        if matched:
            gaps = (second[code] - first[code]).to_numpy(dtype=np.float64)
            error = float(np.std(gaps, ddof=1) / np.sqrt(len(gaps)))
        elif after.designed.design.has_intervals and before.designed.design.has_intervals:
            error = float(np.hypot(old[1], new[1]))
        half = float(special.ndtri((1 + level) / 2)) * error
        p_value = 2 * float(special.ndtr(-abs(difference) / error)) if error > 0 else float("nan")
        rows.append(
            common
            | _labels(question, code)
            | {
                "before": 100 * old[0],
                "after": 100 * new[0],
                "difference": 100 * difference,
                "low": 100 * (difference - half),
                "high": 100 * (difference + half),
                "p_value": p_value,
                "method": "apparie" if matched else "independant",
                "reason": "" if np.isfinite(p_value) else "volontaires" if after.survey.volunteers else "exhaustif",
            }
        )
    return rows


def _labels(question: Question, code: str) -> dict[str, Any]:
    return {"option": code, "label": question.options[code], "favourable": code in question.favorable}


def _paired(
    before: Taken, after: Taken, first: pd.DataFrame, second: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Keep those who answered the question in both waves, in one order."""
    assert before.answers.key is not None
    assert after.answers.key is not None
    one = first.set_axis(pd.Index(before.answers.key), axis=0).dropna(how="all")
    two = second.set_axis(pd.Index(after.answers.key), axis=0).dropna(how="all")
    both = [key for key in two.index if key and key in set(one.index)]
    return one.loc[both], two.loc[both]


def _told(taken: Taken, ticked: pd.DataFrame, code: str) -> tuple[float, float]:
    """Return the share of an option and its standard error, weighted where all the respondents are there."""
    values: Floats = ticked[code].to_numpy(dtype=np.float64)
    if len(values) != taken.answers.n:
        return float(np.nanmean(values)) if len(values) else float("nan"), float("nan")
    found = taken.designed.design.ratios(values[:, None], ~np.isnan(values)[:, None])
    return float(found.estimate[0]), float(found.std_error[0])
