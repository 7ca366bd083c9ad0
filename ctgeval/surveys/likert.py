"""Distribution of ordered answers: how many gave each, cumulated, and the answer of the middle.

References
----------
Likert, R. (1932), A Technique for the Measurement of Attitudes, Archives of Psychology 140; Jamieson, S. (2004), Likert
Scales: How to (Ab)use Them, Medical Education 38(12) (why the middle is a category, and no mean is computed).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ctgeval.errors import DossierError
from ctgeval.intervals import Floats
from ctgeval.surveys.design import Design
from ctgeval.surveys.margins import text_of

__all__ = ["Distribution", "distribution"]

COLUMNS = ("modalite", "effectif", "part", "part_cumulee")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Distribution:
    """Ordered answers to one question.

    Parameters
    ----------
    table : DataFrame
        One row per answer, in their order: ``modalite``, ``effectif`` (respondents, never weighted), ``part`` and
        ``part_cumulee`` (weighted, 0 to 1, NaN without any answer).
    n : int
        Who answered, «ne sait pas» aside.
    aside : int
        Who gave an answer that has no rank.
    silent : int
        Who did not answer.
    median : tuple of str
        The answer of the middle; two neighbours when half of the weight stops exactly between them; none without any.
    """

    table: pd.DataFrame
    n: int
    aside: int
    silent: int
    median: tuple[str, ...]


def distribution(
    answers: pd.Series, options: Sequence[str], design: Design, *, aside: Sequence[str] = ()
) -> Distribution:
    """Count ordered answers.

    Parameters
    ----------
    answers : Series, shape (n,)
        Codes.
    options : sequence of str
        In their order, those of ``aside`` excepted.
    design : Design
        Of the respondents; who has no weight is counted nowhere.
    aside : sequence of str
        «ne sait pas» and the like: answers without a rank.

    Raises
    ------
    DossierError
        An answer is neither in the options nor aside; an option is given twice.
    """
    texts = text_of(answers.reset_index(drop=True))[design.weights > 0]
    weights = design.weights[design.weights > 0]
    if len(set(options)) < len(options):
        raise DossierError(
            "Une modalité est donnée deux fois.", column=str(answers.name or ""), remedy="En retirer une."
        )
    strange = sorted(set(texts.dropna()) - set(options) - set(aside))
    if strange:
        raise DossierError(
            f"La réponse « {strange[0]} » n’est pas une modalité de la question.",
            column=str(answers.name or ""),
            value=strange[0],
            remedy="Ajouter la modalité au questionnaire, ou corriger la réponse.",
        )
    codes = pd.Index(list(options), dtype=object).get_indexer(pd.Index(texts, dtype=object))
    ranked = codes >= 0
    counts = np.bincount(codes[ranked], minlength=len(options))
    weighted = np.bincount(codes[ranked], weights=weights[ranked], minlength=len(options))
    total = weighted.sum()
    shares = weighted / total if total > 0 else np.full(len(options), np.nan)
    reached = np.cumsum(shares)
    return Distribution(
        table=pd.DataFrame(
            {"modalite": list(options), "effectif": counts, "part": shares, "part_cumulee": np.minimum(reached, 1.0)}
        ),
        n=int(ranked.sum()),
        aside=int(texts.isin(list(aside)).sum()),
        silent=int(texts.isna().sum()),
        median=_middle(list(options), shares, reached),
    )


def _middle(options: Sequence[str], shares: Floats, reached: Floats) -> tuple[str, ...]:
    if not len(shares) or np.isnan(shares).any():
        return ()
    at = int(np.searchsorted(reached, 0.5 - 1e-12))
    following = np.flatnonzero(shares[at + 1 :] > 0)
    if abs(reached[at] - 0.5) < 1e-12 and len(following):
        return options[at], options[at + 1 + int(following[0])]
    return (options[at],)
