"""Two waves of one survey, question by question: what changed, what did not, what can't be told.

Several questions are compared at once: p-values are adjusted (Benjamini and Hochberg), and a change is told only when
its adjusted test and its interval agree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import pandas as pd

from ctgeval import french, intervals
from ctgeval.errors import DossierError, Problem, suggestion
from ctgeval.intervals import Floats
from ctgeval.surveys import changes, paired_changes
from ctgeval.surveys.change import Change, Kind
from ctgeval.surveys.comparing import FEWEST
from ctgeval.surveys.design import Design, design
from ctgeval.surveys.margins import text_of

__all__ = ["COLUMNS", "Compared", "Wave", "adjusted", "common_codes", "compare", "corrected"]

_DECLARED = tuple(one.name for one in fields(Change))
COLUMNS = ("question", "option", *_DECLARED, "sentence")
"""Columns of `compare`: those of `ctgeval.surveys.change.Change`, with what is compared and the sentence."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Wave:
    """Answers of one wave.

    Parameters
    ----------
    answers : DataFrame
        One row per respondent, one column per question.
    design : Design
    key : Series, optional
        Who each respondent is (an opaque code), when the same persons answered both waves.
    name : str
        For the messages.
    """

    answers: pd.DataFrame
    design: Design
    key: pd.Series | None = None
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One thing to compare.

    Parameters
    ----------
    question : str
        Column of both waves.
    kind : {"part", "rang", "moyenne"}
        A share of answers, ordered answers, or a number.
    options : tuple of str
        Codes that the questionnaire knows, in their order for «rang»; needed but for «moyenne».
    counted : tuple of str
        Answers whose share is compared, for «part».
    aside : tuple of str
        Codes that the questionnaire knows too, and that are no answer here («ne sait pas»).
    mapping : mapping of str to str
        What a code of the first wave has become in the second one.
    label : str
        What is counted, in French.
    """

    question: str
    kind: Kind
    options: tuple[str, ...] = ()
    counted: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()
    mapping: Mapping[str, str] = field(default_factory=dict)
    label: str = ""


def compare(
    before: Wave, after: Wave, questions: Sequence[Compared], *, level: float = 0.95, fewest: int = FEWEST
) -> pd.DataFrame:
    """Compare two waves.

    Parameters
    ----------
    before, after : Wave
        When both have keys, only the persons who have answered both are compared, with the weights of the second wave.
    questions : sequence of Compared
    level : float
        Confidence of intervals, and 1 less the rate of false changes among those that are told.
    fewest : int
        Answers in each wave under which nothing is tested.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`, one row per question, in their order.

    Raises
    ------
    DossierError
        A question that a wave lacks; codes that changed between the waves (each question, with the codes); a key met
        twice in a wave.
    """
    _check_questions(before, after, questions)
    pairs = _pairs(before, after)
    found = [_one(before, after, one, pairs, level=level, fewest=fewest) for one in questions]
    judged = adjusted(found, level=level)
    rows = [
        {"question": one.question, "option": one.label or ", ".join(one.counted)}
        | {name: getattr(change, name) for name in _DECLARED}
        | {"sentence": change.said()}
        for one, change in zip(questions, judged, strict=True)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def adjusted(found: Sequence[Change], *, level: float = 0.95) -> list[Change]:
    """Return changes with their verdicts, p-values adjusted for their number."""
    p = intervals.benjamini_hochberg([change.p_value for change in found])
    return [change.judged(float(value), level=level) for change, value in zip(found, p, strict=True)]


def corrected(table: pd.DataFrame, *, level: float = 0.95) -> str:
    """Say in French that several questions were compared at once; nothing when one was, or none."""
    count = int(table["p_value"].notna().sum())
    if count < 2:
        return ""
    return french.typography(
        f"{french.number(count)} comparaisons sont faites en même temps : les tests sont corrigés (Benjamini et "
        f"Hochberg) pour que, parmi les changements annoncés, {french.percent(100 * (1 - level), 0)} au plus en "
        "moyenne soient dus au hasard."
    )


def common_codes(
    answers: pd.Series, options: Sequence[str], *, mapping: Mapping[str, str] | None = None
) -> tuple[pd.Series, tuple[str, ...]]:
    """Return answers in the codes of a questionnaire, and the codes that it does not know.

    Parameters
    ----------
    answers : Series
    options : sequence of str
        Codes that are known.
    mapping : mapping of str to str, optional
        What other codes have become.
    """
    texts = text_of(answers)
    changed = texts.map(lambda code: (mapping or {}).get(code, code), na_action="ignore")
    return changed, tuple(sorted(set(changed.dropna()) - set(options)))


def _check_questions(before: Wave, after: Wave, questions: Sequence[Compared]) -> None:
    problems: list[Problem] = []
    for one in questions:
        lacking = [wave for wave in (before, after) if one.question not in wave.answers.columns]
        problems += [
            Problem(
                message=f"La question « {one.question} » manque dans la vague {wave.name or 'comparée'}.",
                key=one.question,
                remedy=suggestion(one.question, map(str, wave.answers.columns))
                or "Retirer cette comparaison : la question n’a été posée qu’une fois.",
            )
            for wave in lacking
        ]
        if not lacking and one.kind != "moyenne":
            problems += _code_problems(before, after, one)
    if problems:
        raise DossierError(
            "Les deux vagues ne se comparent pas telles quelles." if len(problems) > 1 else problems[0].message,
            key=problems[0].key if len(problems) == 1 else "",
            remedy=problems[0].remedy if len(problems) == 1 else "",
            problems=problems,
        )


def _code_problems(before: Wave, after: Wave, one: Compared) -> list[Problem]:
    strange = {
        wave.name or rank: common_codes(wave.answers[one.question], (*one.options, *one.aside), mapping=mapping)[1]
        for rank, wave, mapping in (("première", before, one.mapping), ("seconde", after, {}))
    }
    lost = [code for code in one.counted if code not in one.options]
    problems = [
        Problem(
            message=f"La question « {one.question} » n’a pas les mêmes codes aux deux vagues : "
            f"{french.enumeration([f'« {code} »' for code in codes])} dans la vague {name}, "
            f"que le questionnaire ne connaît pas (il connaît {', '.join(one.options)}).",
            key=one.question,
            value=codes[0],
            remedy="Dire à quel code d’aujourd’hui correspond chaque ancien code (correspondance), ou ne pas comparer.",
        )
        for name, codes in strange.items()
        if codes
    ]
    if lost:
        problems.append(
            Problem(
                message=f"Le code « {lost[0]} » compté dans « {one.question} » n’est pas une de ses modalités.",
                key=one.question,
                value=lost[0],
                remedy=suggestion(lost[0], one.options) or f"Écrire un de ces codes : {', '.join(one.options)}.",
            )
        )
    return problems


def _pairs(before: Wave, after: Wave) -> tuple[Any, Any] | None:
    """Positions of the same persons in both waves; None when they are other persons."""
    if before.key is None or after.key is None:
        return None
    keys = []
    for wave in (before, after):
        assert wave.key is not None
        texts = text_of(wave.key).reset_index(drop=True)
        twice = texts[texts.notna() & texts.duplicated()]
        if len(twice):
            raise DossierError(
                f"Un même répondant est présent deux fois dans la vague {wave.name or 'comparée'}.",
                row=int(twice.index[0]) + 2,
                remedy="Ne garder qu’une réponse par personne, ou comparer sans apparier.",
            )
        keys.append(pd.Index(texts))
    here = keys[0].get_indexer(keys[1].where(keys[1].notna(), "\0"))
    there = np.flatnonzero(here >= 0)
    return here[there], there


def _values(wave: Wave, one: Compared, mapping: Mapping[str, str]) -> Floats:
    answers = wave.answers[one.question].reset_index(drop=True)
    if one.kind == "moyenne":
        numbers = pd.to_numeric(answers, errors="coerce").to_numpy(np.float64, na_value=np.nan)
        return np.asarray(np.where(np.isfinite(numbers), numbers, np.nan), dtype=np.float64)
    codes = common_codes(answers, one.options, mapping=mapping)[0]
    scores = {code: float(rank) for rank, code in enumerate(one.options, start=1)}
    if one.kind == "part":
        scores = {code: float(code in one.counted) for code in one.options}
    return np.asarray(codes.map(scores), dtype=np.float64)


def _one(before: Wave, after: Wave, one: Compared, pairs: Any, *, level: float, fewest: int) -> Change:
    y0, y1 = _values(before, one, one.mapping), _values(after, one, {})
    if pairs is None:
        apart = {"part": changes.share_change, "rang": changes.rank_change, "moyenne": changes.mean_change}[one.kind]
        return apart(y0, y1, before.design, after.design, level=level, fewest=fewest)
    drawn = _matched(before.design, after.design, pairs[1])
    if one.kind == "rang":
        return paired_changes.paired_rank_change(y0[pairs[0]], y1[pairs[1]], drawn, level=level, fewest=fewest)
    paired = paired_changes.paired_share_change if one.kind == "part" else paired_changes.paired_mean_change
    return paired(y0[pairs[0]], y1[pairs[1]], drawn, level=level, fewest=fewest)


def _matched(first: Design, second: Design, rows: Any) -> Design:
    """Design of the persons of the second wave who are in both; volunteers once are volunteers."""
    recruitment = first.recruitment if first.recruitment == "volontaire" else second.recruitment
    kept = design(len(rows), recruitment=recruitment)
    return Design(
        weights=second.weights[rows],
        strata=np.unique(second.strata[rows], return_inverse=True)[1].astype(np.intp).reshape(-1),
        units=np.unique(second.units[rows], return_inverse=True)[1].astype(np.intp).reshape(-1),
        recruitment=kept.recruitment,
        population=second.population,
        raked=None,
        replicates=None if second.replicates is None else second.replicates[rows],
        scales=second.scales,
        lost=second.lost,
    )
