"""The answers of one survey once they are coded: one row per respondent, one column per question or option."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval.errors import Problem
from ctgeval.surveys.declaration import Question, Survey

__all__ = ["Answers", "Mask"]

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answers:
    """Coded answers: one row per respondent.

    Parameters
    ----------
    survey : Survey
        The questionnaire.
    frame : DataFrame
        Index: number of the response. A column per question: code of the option (text), number, or text; for a
        question with several answers, one column ``code/option`` of 1 and 0 each. Missing is NaN.
    asked : mapping of str to ndarray of bool
        For each question, the rows to which it was asked.
    weights : Series or None
        Weights of the export, of mean 1, on the index of ``frame``; None without ``poids``.
    key : Series or None
        What matches a respondent with the previous wave.
    received, incomplete, apart : int
        Responses of the file; of which never sent, and not kept; of which set apart (given twice, weight that can't
        be used).
    unknown : DataFrame
        ``question, value, n``: answers that no code declares.
    themes : mapping of str to Series
        Themes that a column of the file holds, by open question.
    absent : tuple of str
        Questions that the file does not hold.
    problems : tuple of Problem
        With file, line, column and value.
    """

    survey: Survey
    frame: pd.DataFrame
    asked: Mapping[str, Mask]
    weights: pd.Series[float] | None
    key: pd.Series[str] | None
    received: int
    incomplete: int
    apart: int
    unknown: pd.DataFrame
    themes: Mapping[str, pd.Series[str]]
    absent: tuple[str, ...]
    problems: tuple[Problem, ...]

    @property
    def n(self) -> int:
        """Respondents whose answers count."""
        return len(self.frame)

    @property
    def response_rate(self) -> float:
        """Respondents for one person invited; NaN when nobody counted the invitations, or less than came back."""
        invited = self.survey.effectif_invite
        return self.n / invited if invited and invited >= self.n else float("nan")

    @property
    def questions(self) -> tuple[Question, ...]:
        """Questions that the file holds."""
        return tuple(one for one in self.survey.questions if one.code not in self.absent)

    def ticked(self, question: Question) -> pd.DataFrame:
        """Return whether each option was chosen: 1, 0, NaN without answer; one column a code."""
        if question.type == "multiple":
            columns = self.frame[[f"{question.code}/{code}" for code in question.options]]
            return columns.set_axis(list(question.options), axis=1)
        given = self.frame[question.code]
        found = {code: given.eq(code).astype("float64").where(given.notna()) for code in question.options}
        return pd.DataFrame(found, index=self.frame.index)

    def base(self, question: Question) -> Mask:
        """Tell who answered a question."""
        if question.type == "multiple":
            return np.asarray(self.ticked(question).notna().any(axis=1), dtype=np.bool_)
        return np.asarray(self.frame[question.code].notna(), dtype=np.bool_)
