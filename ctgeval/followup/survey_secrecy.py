"""What of a survey may leave the evaluator's office: small counts out, and what would give them back.

Those who kept silent are counted by subtraction: asked less answered, invited less answered. Where they are few, how
many persons there are in all is told as a least number that the questions tell already, and nothing else bounds it.
«Few» goes up to twice the threshold there: were it the threshold itself, a number left out would prove that they are
fewer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from ctgeval.surveys import secrecy
from ctgeval.surveys.declaration import CHOSEN, Question
from ctgeval.surveys.results import ENOUGH
from ctgeval.surveys.taken import Taken

__all__ = ["protected", "withheld"]

_ANSWER_FIGURES = ["n", "share", "low", "high", "mean"]


def protected(
    taken: Taken, tables: Mapping[str, pd.DataFrame], threshold: int, sensitive: int, *, before: Taken | None = None
) -> dict[str, pd.DataFrame]:
    """Return the tables of one survey for others than the evaluator.

    Parameters
    ----------
    taken : Taken
        The survey.
    tables : mapping of str to DataFrame
        Its tables of a release.
    threshold, sensitive : int
        Under which a count of persons is small; for questions about health, income or disability.
    before : Taken, optional
        The wave that it is compared with.

    Notes
    -----
    A hidden cell has no figure and ``conf_status`` C, primary and secondary alike. Nothing is told of a question that
    less than `ENOUGH` persons answered. A table by group is whole or absent. A change is told where neither wave hides
    anything of the question. A scale is told when none of its items hides anything. A verbatim
    is told when somebody let it through. A question asked after some answers, that few of those asked left blank, is
    hidden; where few left another blank, ``n`` is the least that the questions tell, and ``received`` is missing.
    """
    least = _thresholds(taken, threshold, sensitive)
    answers = _answers(taken, tables["survey_answers"], least)
    hidden = answers.loc[answers["conf_status"].ne("F"), "question"]
    earlier = answers.iloc[:0]
    if before is not None:
        shown = before.results.assign(conf_status="F")
        earlier = _answers(before, shown, _thresholds(before, threshold, sensitive))
    themes = _themes(tables["survey_themes"], least)
    own = max(threshold, sensitive) if taken.survey.sensible else threshold
    return {
        "surveys": _summary(tables["surveys"], answers, own, quiet=_is_quiet(taken, least)),
        "survey_answers": answers,
        "survey_crosses": _crosses(tables["survey_crosses"], tables["survey_answers"], least, set(hidden)),
        "survey_changes": _changes(tables["survey_changes"], earlier, answers),
        "survey_scales": _scales(taken, tables["survey_scales"], least, set(hidden)),
        "survey_themes": themes,
        "verbatims": _verbatims(tables["verbatims"], themes),
    }


def _thresholds(taken: Taken, threshold: int, sensitive: int) -> dict[str, int]:
    return {
        one.code: max(sensitive if one.sensible or taken.survey.sensible else threshold, 1)
        for one in taken.survey.questions
    }


def _few(silent: float, least: int) -> bool:
    """Tell whether those who kept silent are few enough to be told to nobody; nobody at all is told."""
    return least > 1 and 0 < silent < 2 * least


def _is_quiet(taken: Taken, least: Mapping[str, int]) -> bool:
    """Tell whether a question that was asked to everybody was left blank by few."""
    asked = [question for question in taken.answers.questions if not question.si]
    return any(_few(taken.answers.n - int(taken.answers.base(one).sum()), least[one.code]) for one in asked)


def _summary(summary: pd.DataFrame, answers: pd.DataFrame, least: int, *, quiet: bool) -> pd.DataFrame:
    """Return who answered: nothing when they are few, a least number where the rest would be counted by subtraction."""
    counts = ["received", "incomplete", "apart", "unknown"]
    own = summary.iloc[0]
    if own["n"] < least:
        return summary.assign(**dict.fromkeys([*counts, "n", "response_rate"], np.nan), method="", conf_status="C")
    shown: dict[str, Any] = {}
    if any(0 < own[name] < least for name in counts[1:]) or quiet:
        shown |= dict.fromkeys(counts, np.nan)
    if quiet:
        known = answers["base"].max()
        shown |= {"n": known, "response_rate": 100 * known / own["invited"], "method": _without_numbers(own["method"])}
    if _few(own["invited"] - own["n"], least):
        shown |= dict.fromkeys([*counts, "invited", "response_rate"], np.nan)
    return summary.assign(**shown)


def _without_numbers(method: str) -> str:
    """Return the sentences that count nobody."""
    return " ".join(one for one in re.split(r"(?<=\.)\s+", method) if not re.search(r"\d", one))


def _answers(taken: Taken, table: pd.DataFrame, least: Mapping[str, int]) -> pd.DataFrame:
    parts = []
    quiet = _is_quiet(taken, least)
    for question in taken.answers.questions:
        rows = table[table["question"].eq(question.code)].copy()
        if rows.empty:
            continue
        base = int(rows["base"].iloc[0])
        mask = _hidden(taken, question, rows, base, least[question.code])
        rows.loc[mask, "conf_status"] = "C"
        rows.loc[mask, _ANSWER_FIGURES] = np.nan
        if base < least[question.code]:
            rows[["base", "asked"]] = np.nan
        if question.si and _few(float(rows["asked"].iloc[0]) - base, least[question.code]):
            # How many were asked is the count of an answer, told elsewhere.
            rows[[*_ANSWER_FIGURES, "base", "asked"]] = np.nan
            rows["conf_status"] = "C"
        elif quiet and not question.si:
            rows["asked"] = np.nan
        parts.append(rows)
    return _without_followers(taken, pd.concat(parts, ignore_index=True)) if parts else table


def _without_followers(taken: Taken, table: pd.DataFrame) -> pd.DataFrame:
    """Hide a question asked after an answer that is hidden: how many it was asked to would give that answer back."""
    hidden = set(table.loc[table["conf_status"].ne("F"), "question"])
    after: set[str] = set()
    # A question that follows one that is hidden for that reason tells of the first answer too.
    while more := {one.code for one in taken.survey.questions if (hidden | after) & set(one.si)} - after:
        after |= more
    rows = table["question"].isin(after)
    table.loc[rows, "conf_status"] = "C"
    table.loc[rows, [*_ANSWER_FIGURES, "base", "asked"]] = np.nan
    return table


def withheld(taken: Taken, threshold: int, sensitive: int) -> frozenset[str]:
    """Return the questions whose indicator is for the evaluator alone: it would tell what the survey's own tables hide.

    The rule of the results knows neither that a question is about health, nor that it was asked after a hidden answer,
    nor how many persons stand behind a weighted share; and of a question that is hidden as a whole, the sum of some
    options would tell why.

    Parameters
    ----------
    taken, threshold, sensitive
        See `protected`.
    """
    least = _thresholds(taken, threshold, sensitive)
    answers = _answers(taken, taken.results.assign(conf_status="F"), least)
    told = answers["conf_status"].eq("F") & answers["base"].notna()
    silent = set(answers["question"]) - set(answers.loc[told, "question"])
    found = set()
    for question in taken.answers.questions:
        if question.indicateur and question.favorable:
            count, base, _ = taken.favourable(question.code)
            small = secrecy.options([count, base - count], base, least[question.code]).any()
            if small or base < max(ENOUGH, least[question.code]) or question.code in silent:
                found.add(question.code)
    return frozenset(found)


def _added_up(taken: Taken, question: Question) -> list[tuple[bool, ...]]:
    """Mark the options by the sums that they are in: that of an indicator, those of the questions asked after them."""
    sums = [set(question.favorable)] if question.indicateur else []
    sums += [set(one.si[question.code]) for one in taken.survey.questions if question.code in one.si]
    return [tuple(code in some for some in sums) for code in question.options]


def _hidden(
    taken: Taken, question: Question, rows: pd.DataFrame, base: int, threshold: int
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    everything = np.ones(len(rows), dtype=np.bool_)
    if base < max(ENOUGH, threshold):
        return everything
    if question.type == "numerique":
        return ~everything
    counts = [int(one) for one in rows["n"]]
    if question.type in CHOSEN:
        return secrecy.choices(counts, base, threshold, _added_up(taken, question))
    return secrecy.options(counts, base, threshold)


def _verbatims(table: pd.DataFrame, themes: pd.DataFrame) -> pd.DataFrame:
    """Keep the answers that somebody let through, with the themes whose count is told: quoted, they can be counted."""
    told = themes[themes["conf_status"].eq("F")] if len(themes) else themes
    known = set(zip(told["question"], told["theme"], strict=True)) if len(told) else set()
    rows = table[table["approved"].astype(bool)]
    kept = [
        " | ".join(one for one in str(text).split(" | ") if (question, one) in known)
        for question, text in zip(rows["question"], rows["themes"], strict=True)
    ]
    return rows.assign(themes=pd.Series(kept, index=rows.index, dtype="str"))


def _crosses(table: pd.DataFrame, answers: pd.DataFrame, least: Mapping[str, int], hidden: set[str]) -> pd.DataFrame:
    return table[[keep for _, keep in _allowed(table, answers, least, hidden)]] if len(table) else table


def _allowed(
    table: pd.DataFrame, answers: pd.DataFrame, least: Mapping[str, int], hidden: set[str]
) -> Iterator[tuple[int, bool]]:
    """Tell which rows stay: those of a table by group whose every cell passes."""
    passed: dict[tuple[str, str], bool] = {}
    for (question, by), rows in table.groupby(["question", "by"], sort=False):
        groups = [own for _, own in rows.groupby("group", sort=False)]
        counts = np.array([own["n"].astype(int).tolist() for own in groups])
        bases = [int(own["base"].iloc[0]) for own in groups]
        small = max(least[str(question)], least[str(by)])
        whole = answers[answers["question"].eq(str(question))]
        totals = (whole["n"].astype(int).tolist(), int(whole["base"].iloc[0]))
        passed[str(question), str(by)] = not {question, by} & hidden and secrecy.cross_allowed(
            counts, bases, small, ENOUGH, totals=totals
        )
    for at, key in enumerate(zip(table["question"], table["by"], strict=True)):
        yield at, passed[key]


def _changes(table: pd.DataFrame, *waves: pd.DataFrame) -> pd.DataFrame:
    """Keep the questions of which both waves tell everything; on the same persons, in whole points and nothing else.

    Those who answered both waves are nearly all who answered one: their own shares, beside those of all, would tell of
    the few others.
    """
    if table.empty:
        return table
    known = [_told(wave) for wave in waves]
    kept = [all(question in one for one in known) for question in table["question"]]
    # A test on ranks is for who works on the survey: the share of the upper answers says the same in plain words.
    rows = table[np.asarray(kept) & table["kind"].ne("rang").to_numpy()].copy()
    matched = rows["n_matched"].gt(0)
    rows.loc[matched, ["difference", "low", "high"]] = rows.loc[matched, ["difference", "low", "high"]].round()
    rows.loc[matched, ["n_before", "n_after", "n_matched", "before", "after", "p_value", "p_adjusted"]] = np.nan
    rows.loc[matched, "sentence"] = ""
    return rows


def _told(answers: pd.DataFrame) -> set[str]:
    """Return the questions of which nothing is hidden."""
    hidden = answers.loc[answers["conf_status"].ne("F") | answers["reason"].ne(""), "question"]
    return set(answers["question"]) - set(hidden)


def _scales(taken: Taken, table: pd.DataFrame, least: Mapping[str, int], hidden: set[str]) -> pd.DataFrame:
    if table.empty:
        return table
    items = {name: [one.code for one in taken.survey.questions if one.echelle == name] for name in set(table["scale"])}
    enough = {name: max(ENOUGH, *(least[code] for code in codes)) for name, codes in items.items() if codes}
    return table[
        [
            not hidden & set(items[name]) and n >= enough.get(name, ENOUGH)
            for name, n in zip(table["scale"], table["n"], strict=True)
        ]
    ]


def _themes(table: pd.DataFrame, least: Mapping[str, int]) -> pd.DataFrame:
    if table.empty:
        return table
    rows = table.copy()
    small = [
        n < least[question] or base < max(ENOUGH, least[question]) or 0 <= base - n < least[question]
        for question, n, base in zip(rows["question"], rows["n"], rows["base"], strict=True)
    ]
    rows.loc[small, ["n", "share"]] = np.nan
    rows.loc[small, "conf_status"] = "C"
    few = [
        answers < max(ENOUGH, least[question])
        for question, answers in zip(rows["question"], rows["answers"], strict=True)
    ]
    return rows[~np.array(few, dtype=np.bool_)]
