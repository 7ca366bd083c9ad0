"""The design that a declared survey has: its weights or its raking, and what may be said of chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from ctgeval.errors import DossierError, Problem
from ctgeval.surveys.answers import Answers
from ctgeval.surveys.declaration import FILE_NAME
from ctgeval.surveys.design import Design, design, design_of
from ctgeval.surveys.place import place
from ctgeval.surveys.weighting import Raked, rake

__all__ = ["Designed", "designed"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Designed:
    """The design of a survey, and how its weights were made.

    Parameters
    ----------
    design : Design
    raked : Raked or None
        When the answers were raked to known margins.
    said : tuple of str
        What is printed with the weights, in French sentences.
    problems : tuple of Problem
        Why the declared margins could not serve: answers then count alike.
    """

    design: Design
    raked: Raked | None = None
    said: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def designed(answers: Answers) -> Designed:
    """Describe how the respondents of a survey were found and weighted.

    Parameters
    ----------
    answers : Answers
        Coded answers.

    Returns
    -------
    Designed
        Never raises: margins that can't be met are told, and answers count alike then.
    """
    survey = answers.survey
    # Only of a census is the number of invitations that of the population.
    census = survey.recrutement == "exhaustif" and answers.response_rate == answers.response_rate
    population = float(survey.effectif_invite or 0) if census else None
    problems: tuple[Problem, ...] = ()
    if survey.redressement is not None and answers.n:
        margins = {name: one for name, one in survey.redressement.marges.items() if name in answers.frame}
        known = {one.code: one.modalites for one in answers.questions}
        # «Ne sait pas» tells nothing of a margin: it is a missing answer there.
        frame = pd.DataFrame(
            {name: answers.frame[name].where(answers.frame[name].isin(known[name])) for name in margins}
        )
        try:
            raked = rake(frame, margins, recruitment=survey.recrutement, bounds=BOUNDS, lines=_lines(answers))
            if not raked.converged:
                problems = (_refused(answers, raked.said()[1]),)
            else:
                return Designed(design=design_of(raked, population=population), raked=raked, said=raked.said())
        except DossierError as error:
            problems = tuple(
                replace(
                    one,
                    severity="avertissement",
                    file=one.file or FILE_NAME,
                    key=one.key or f"{survey.id}.redressement",
                )
                for one in error.problems
            )
    own = design(answers.n, recruitment=survey.recrutement, weights=answers.weights, population=population)
    said = (f"Réponses pondérées par la colonne « {survey.poids} » du fichier.",) if answers.weights is not None else ()
    return Designed(design=own, said=said, problems=problems)


BOUNDS = (0.2, 5.0)
"""Least and most that a weight may be, over their mean: one respondent never speaks for a whole group."""


def _lines(answers: Answers) -> Sequence[int] | None:
    rows = [place(origin)["row"] for origin in answers.frame["origin"]]
    return [row for row in rows if row is not None] if all(row is not None for row in rows) else None


def _refused(answers: Answers, sentence: str) -> Problem:
    return Problem(
        message=f"Le redressement de l’enquête « {answers.survey.id} » n’a pas abouti : {sentence}",
        remedy="Regroupez des modalités ou retirez une marge ; d’ici là, les réponses comptent toutes autant.",
        file=FILE_NAME,
        key=f"{answers.survey.id}.redressement",
        severity="avertissement",
    )
