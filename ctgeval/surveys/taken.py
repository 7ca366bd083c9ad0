"""One survey of a dossier with its answers: what an evaluator holds of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from ctgeval import french
from ctgeval.errors import DossierError, Problem, suggestion
from ctgeval.sources.workbook import Table
from ctgeval.surveys import item_scales, open_answers, proposing, results
from ctgeval.surveys.answers import Answers
from ctgeval.surveys.declaration import FILE_NAME, Survey
from ctgeval.surveys.designing import Designed, designed

__all__ = ["Taken", "changed_codes"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Taken:
    """A survey, its answers and what they say; tables are computed on first use.

    Parameters
    ----------
    answers : Answers
        Coded answers.
    coding : Table
        Themes coded by hand (`ctgeval.surveys.open_answers.coding`).
    places : tuple of str
        Places too small to be named in a verbatim.
    """

    answers: Answers
    coding: Table
    places: tuple[str, ...] = ()

    @property
    def survey(self) -> Survey:
        """The declared questionnaire."""
        return self.answers.survey

    @cached_property
    def designed(self) -> Designed:
        """How the respondents were found and weighted."""
        return designed(self.answers)

    @cached_property
    def results(self) -> pd.DataFrame:
        """Counts, shares and intervals: see `ctgeval.surveys.results.shares`."""
        return results.shares(self.answers, self.designed.design)

    @cached_property
    def crosses(self) -> pd.DataFrame:
        """The same by group: see `ctgeval.surveys.results.crossed`."""
        return results.crossed(self.answers, self.designed.design)

    @cached_property
    def scales(self) -> pd.DataFrame:
        """Scores and reliability of the declared scales: see `ctgeval.surveys.item_scales.scales`."""
        return item_scales.scales(self.answers, self.designed.design)

    @cached_property
    def verbatims(self) -> pd.DataFrame:
        """Open answers, scrubbed: see `ctgeval.surveys.open_answers.verbatims`."""
        return open_answers.verbatims(self.answers, self.coding.frame, places=self.places)

    @cached_property
    def themes(self) -> pd.DataFrame:
        """Themes coded by hand: see `ctgeval.surveys.open_answers.themes`."""
        return open_answers.themes(self.answers, self.verbatims)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What could not be used, in the answers, the weights and the themes."""
        return (*self.answers.problems, *self.designed.problems, *self.coding.problems)

    def favourable(self, question: str) -> tuple[int, int, float]:
        """Return how many answered favourably, how many answered, and the weighted share: what feeds an indicator.

        Raises
        ------
        DossierError
            When the file holds no such question.
        """
        found = next((one for one in self.answers.questions if one.code == question), None)
        if found is None or not found.favorable:
            raise self._unknown(question, [one.code for one in self.answers.questions if one.favorable])
        return results.favourable(self.answers, found, self.designed.design)

    def propose_themes(self, question: str, *, number: int = 6, seed: int = 0) -> proposing.Proposal:
        """Propose groups of answers to an open question, to be named and corrected by hand.

        Parameters
        ----------
        question : str
            Code of the question.
        number, seed : int
            See `ctgeval.surveys.proposing.propose`.

        Raises
        ------
        DossierError
            When the question is not an open one, when answers are too few, or without the extra ``texte``.
        """
        rows = self.verbatims[self.verbatims["question"].eq(question)]
        if rows.empty:
            raise self._unknown(question, sorted(set(self.verbatims["question"])))
        return proposing.propose(rows["verbatim"].tolist(), number=number, seed=seed)

    def themes_to_code(self) -> pd.DataFrame:
        """Return what to write in ``enquetes/<id>_themes.csv`` to code and to let verbatims through."""
        rows = self.verbatims
        done = {(str(one["reponse_id"]), str(one["question"])): one["valide"] for one in _records(self.coding.frame)}
        valid = [
            done.get(key) if isinstance(done.get(key), str) else "non"
            for key in zip(rows["response"], rows["question"], strict=True)
        ]
        return pd.DataFrame(
            {
                "reponse_id": rows["response"],
                "question": rows["question"],
                "texte": rows["verbatim"],
                "themes": rows["themes"].str.replace(" | ", "|", regex=False),
                "valide": valid,
            }
        )

    def _unknown(self, question: str, known: list[str]) -> DossierError:
        return DossierError(
            f"L’enquête « {self.survey.id} » n’a pas de réponse utilisable à cette question.",
            remedy=suggestion(question, known) or f"Questions possibles : {', '.join(known) or 'aucune'}.",
            file=FILE_NAME,
            value=question,
        )


def _records(frame: pd.DataFrame) -> Iterator[Mapping[str, object]]:
    for row in frame.to_dict("records"):
        yield {str(name): value for name, value in row.items()}


def changed_codes(before: Survey, after: Survey) -> tuple[tuple[Problem, ...], frozenset[str]]:
    """Compare the codes of the questions that two waves share.

    Returns
    -------
    problems : tuple of Problem
        One for each question whose codes, labels, type or conditions changed, which is named with them.
    changed : frozenset of str
        Their codes: these questions can't be compared.
    """
    problems = []
    changed = set()
    for question in after.questions:
        old = before.question(question.code)
        if old is None:
            continue
        gone = [code for code in old.options if code not in question.options]
        new = [code for code in question.options if code not in old.options]
        renamed = [
            code
            for code in question.options
            if code in old.options and french.fold(old.options[code]) != french.fold(question.options[code])
        ]
        told = [
            f"{label} {', '.join(codes)}"
            for label, codes in (("disparus :", gone), ("nouveaux :", new), ("de libellé changé :", renamed))
            if codes
        ]
        if old.type != question.type:
            told = [f"le type passe de « {old.type} » à « {question.type} »"]
        if not told:
            continue
        changed.add(question.code)
        problems.append(
            Problem(
                message=f"Les codes de la question « {question.code} » ont changé entre les vagues « {before.id} » et "
                f"« {after.id} » ({' ; '.join(told)}) : elle n’est pas comparée.",
                remedy="Reprenez les mêmes codes dans les deux vagues, ou donnez un autre code à la question.",
                file=FILE_NAME,
                key=f"{after.id}.{question.code}.modalites",
                value=", ".join([*gone, *new, *renamed]),
                severity="avertissement",
            )
        )
    return tuple(problems), frozenset(changed)
