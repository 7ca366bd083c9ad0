"""Weighted shares, means and medians, of all respondents or by group, each with its size and its interval.

The interval of a share is Wilson's, on the size that the variance is worth: respondents over the design effect, never
more than respondents, corrected for few units as Korn and Graubard do. It is that of `ctgeval.intervals.wilson` when
weights are equal, and it holds at 0 and 100 %. That of the logit is at hand, as in most survey software. The interval
of a median is Woodruff's.

References
----------
Korn, E. and Graubard, B. (1998), Confidence Intervals for Proportions with Small Expected Number of Positive Counts
Estimated from Survey Data, Survey Methodology 24(2); Dean, N. and Pagano, M. (2015), Evaluating Confidence Interval
Methods for Binomial Proportions in Clustered Surveys, Journal of Survey Statistics and Methodology 3(4); Woodruff, R.
(1952), Confidence Intervals for Medians and Other Position Measures, JASA 47(260).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import special

from ctgeval import intervals
from ctgeval.errors import DossierError
from ctgeval.intervals import Bounds, Floats
from ctgeval.surveys.design import Design, Ratios
from ctgeval.surveys.margins import text_of
from ctgeval.surveys.raking import Booleans

__all__ = ["COLUMNS", "ShareInterval", "means", "medians", "share_bounds", "shares", "weighted_median"]

ShareInterval = Literal["wilson", "logit"]
COLUMNS = (
    "groupe", "modalite", "n", "effectif", "estimation", "erreur_type", "bas", "haut", "n_efficace", "effet_plan",
    "raison",
)  # fmt: skip
"""Columns of every table of this module: ``n`` is the base, ``effectif`` who gave the answer (NaN for a mean)."""
EVERYBODY = ""
"""Group of a table that is not by group."""


def shares(
    answers: pd.Series,
    design: Design,
    *,
    options: Sequence[Any] | None = None,
    by: pd.Series | None = None,
    level: float = 0.95,
    method: ShareInterval = "wilson",
) -> pd.DataFrame:
    """Estimate the share of each answer among those who answered.

    Parameters
    ----------
    answers : Series, shape (n,)
        One answer per respondent; missing ones are out of the base.
    design : Design
    options : sequence, optional
        Answers that were possible, in their order; those that were given, sorted, by default.
    by : Series, shape (n,), optional
        Groups; nobody is in a missing one.
    level : float
        Confidence.
    method : {"wilson", "logit"}

    Returns
    -------
    DataFrame
        Columns `COLUMNS`, shares between 0 and 1; without an interval, ``raison`` says why: ``volontaires``,
        ``exhaustif``, ``aucune_reponse``, ``une_seule_reponse``, ``strate_seule``.

    Raises
    ------
    DossierError
        There are not as many answers as respondents, or an answer is none of the options.
    """
    texts = _texts(answers, design)
    given = sorted(set(texts.dropna()))
    wanted = given if options is None else list(text_of(pd.Series(list(options), dtype=object)))
    _check_options(given, wanted, str(answers.name or ""))
    base = texts.notna().to_numpy()
    ticked = (
        np.column_stack([(texts == option).to_numpy() for option in wanted]) if wanted else np.zeros((len(base), 0))
    )
    names, groups = _groups(by, design)
    values = np.tile(ticked.astype(np.float64), len(names))
    domains = np.repeat(groups & base[:, None], len(wanted), axis=1)
    found = design.ratios(values, domains)
    low, high, size = share_bounds(found, design, level=level, method=method)
    effective = np.where(np.isnan(low), np.nan, size)
    return _table(
        found,
        design,
        groupe=np.repeat(names, len(wanted)),
        modalite=np.tile(np.array(wanted, dtype=object), len(names)),
        effectif=(values * domains * (design.weights > 0)[:, None]).sum(axis=0),
        bounds=(low, high),
        size=effective,
    )


def means(values: pd.Series, design: Design, *, by: pd.Series | None = None, level: float = 0.95) -> pd.DataFrame:
    """Estimate the mean of a number among those who gave one, with a Student interval.

    Parameters
    ----------
    values : Series of float, shape (n,)
    design : Design
    by : Series, shape (n,), optional
    level : float

    Returns
    -------
    DataFrame
        Columns `COLUMNS`.
    """
    numbers = _numbers(values, design)
    names, groups = _groups(by, design)
    domains = groups & ~np.isnan(numbers)[:, None]
    found = design.ratios(np.repeat(numbers[:, None], len(names), axis=1), domains)
    half = _critical(found.df, level) * found.std_error
    own = np.where(domains, design.weights[:, None], 0.0)
    total = own.sum(axis=0)
    centred = np.where(domains, numbers[:, None] - np.nan_to_num(found.estimate), 0.0)
    spread = np.divide((own * centred**2).sum(axis=0), total, out=np.zeros(len(total)), where=total > 0)
    simple = np.divide(spread, found.n - 1.0, out=np.zeros(len(total)), where=found.n > 1)
    effect = _effect(found, simple)
    return _table(
        found,
        design,
        groupe=np.array(names, dtype=object),
        modalite=np.full(len(names), "moyenne", dtype=object),
        effectif=np.full(len(names), np.nan),
        bounds=(found.estimate - half, found.estimate + half),
        size=np.where(np.isnan(half), np.nan, found.n / effect),
    )


def medians(values: pd.Series, design: Design, *, by: pd.Series | None = None, level: float = 0.95) -> pd.DataFrame:
    """Estimate the weighted median of a number, with Woodruff's interval.

    Parameters
    ----------
    values, design, by, level
        See `means`.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`; no standard error: the interval is that of the share under the median, read on the values.
    """
    numbers = _numbers(values, design)
    names, groups = _groups(by, design)
    domains = groups & ~np.isnan(numbers)[:, None] & (design.weights > 0)[:, None]
    centre = np.array([weighted_median(numbers[inside], design.weights[inside]) for inside in domains.T])
    below = (numbers[:, None] <= np.where(np.isnan(centre), -np.inf, centre)).astype(np.float64)
    found = design.ratios(below, domains)
    half = _critical(found.df, level) * found.std_error
    ends = [
        (np.nan, np.nan)
        if np.isnan(gap)
        else (
            weighted_quantile(numbers[inside], design.weights[inside], share - gap),
            weighted_quantile(numbers[inside], design.weights[inside], share + gap),
        )
        for inside, share, gap in zip(domains.T, found.estimate, half, strict=True)
    ]
    low, high = np.array(ends).reshape(-1, 2).T
    table = _table(
        found,
        design,
        groupe=np.array(names, dtype=object),
        modalite=np.full(len(names), "mediane", dtype=object),
        effectif=np.full(len(names), np.nan),
        bounds=(low, high),
        size=np.where(np.isnan(low), np.nan, found.kish),
    )
    return table.assign(estimation=centre, erreur_type=np.nan)


def weighted_median(values: Floats, weights: Floats) -> float:
    """Least value that half of the weight does not exceed; the mean of two where half falls between; NaN for none."""
    if not len(values):
        return float("nan")
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order]) / weights.sum()
    at = min(int(np.searchsorted(reached, 0.5 - 1e-12)), len(values) - 1)
    if at + 1 < len(values) and abs(reached[at] - 0.5) < 1e-12:
        return float(values[order][at] / 2 + values[order][at + 1] / 2)
    return float(values[order][at])


def weighted_quantile(values: Floats, weights: Floats, share: float) -> float:
    """Least value under or at which that share of the weight is; the ends beyond 0 and 1."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order]) / weights.sum()
    at = int(np.searchsorted(reached, share - 1e-12))
    return float(values[order][min(at, len(values) - 1)])


def share_bounds(
    found: Ratios, design: Design, *, level: float = 0.95, method: ShareInterval = "wilson"
) -> tuple[Floats, Floats, Floats]:
    """Return the interval of shares, and the effective sizes on which it rests.

    Parameters
    ----------
    found : Ratios
        Of values that are 0 or 1.
    design : Design
    level : float
    method : {"wilson", "logit"}
        «logit» falls back on Wilson at 0 and 1, where it has no variance.

    Raises
    ------
    DossierError
        The method is neither.
    """
    if method not in ("wilson", "logit"):
        raise DossierError(
            f"L’intervalle « {method} » est inconnu.", key="intervalle", remedy="Écrire wilson ou logit."
        )
    share, n = found.estimate, found.n
    known = design.has_intervals & (n > 0) & ~found.lonely
    product = np.where(known, share * (1 - share), 0.0)
    left = 1 - design.fraction
    simple = np.divide(product * left, n - 1.0, out=np.zeros(len(n)), where=n > 1)
    # Without any variance (0 and 100 %, or a single respondent) only the weights tell how much the answers are worth.
    kish = np.where(found.kish > 0, n / np.where(found.kish > 0, found.kish, 1.0), np.nan)
    effect = np.where(simple > 0, _effect(found, simple), kish)
    size = np.minimum(n, n / np.where(effect > 0, effect, 1.0)) * _few_units(n, found.df, level)
    counted = np.where(known, size / left if left > 0 else np.inf, 0.0)
    if left > 0:
        low, high = intervals.wilson(np.where(known, share, 0.0) * counted, counted, level=level)
    else:
        low, high = (np.where(known, share, np.nan),) * 2
    if method == "logit":
        low, high = _logit(found, known & (found.std_error > 0) & (product > 0), (low, high), level)
    return low, high, np.where(known, size, np.nan)


def _logit(found: Ratios, usable: Booleans, otherwise: Bounds, level: float) -> Bounds:
    share = np.where(usable, found.estimate, 0.5)
    half = _critical(found.df, level) * np.where(usable, found.std_error, 0.0) / (share * (1 - share))
    centre = special.logit(share)
    half = np.nan_to_num(half)
    return (
        np.where(usable, special.expit(centre - half), otherwise[0]),
        np.where(usable, special.expit(centre + half), otherwise[1]),
    )


def _few_units(n: Any, df: Floats, level: float) -> Floats:
    """Squared ratio of Student's quantiles: what is lost when a variance is known from few units."""
    usable = (df > 0) & (n > 1)
    own = special.stdtrit(np.where(usable, n - 1.0, 1.0), (1 + level) / 2)
    few = special.stdtrit(np.where(usable, df, 1.0), (1 + level) / 2)
    return np.where(usable, (own / few) ** 2, 1.0)


def _critical(df: Floats, level: float) -> Floats:
    usable = df > 0
    return np.where(usable, special.stdtrit(np.where(usable, df, 1.0), (1 + level) / 2), np.nan)


def _effect(found: Ratios, simple: Floats) -> Floats:
    """Design effect: the variance over that of as many respondents drawn simply; Kish's where there is no variance."""
    kish = np.divide(found.n, found.kish, out=np.ones(len(simple)), where=found.kish > 0)
    variance = np.nan_to_num(found.std_error) ** 2
    usable = (simple > 0) & (variance > 0)
    return np.where(usable, variance / np.where(usable, simple, 1.0), kish)


def _texts(answers: pd.Series, design: Design) -> pd.Series:
    _check_length(len(answers), design)
    return text_of(answers.reset_index(drop=True))


def _numbers(values: pd.Series, design: Design) -> Floats:
    _check_length(len(values), design)
    numbers = pd.to_numeric(values.reset_index(drop=True), errors="coerce").to_numpy(np.float64, na_value=np.nan)
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _groups(by: pd.Series | None, design: Design) -> tuple[list[str], Booleans]:
    if by is None:
        return [EVERYBODY], np.ones((design.n, 1), dtype=bool)
    texts = _texts(by, design)
    names = sorted(set(texts.dropna()))
    inside = [(texts == name).to_numpy() for name in names]
    return names, np.column_stack(inside) if inside else np.zeros((design.n, 0), dtype=bool)


def _check_length(count: int, design: Design) -> None:
    if count != design.n:
        raise DossierError(
            f"Il y a {count} réponses pour {design.n} répondants décrits.",
            remedy="Donner une valeur par répondant, vide s’il n’a pas répondu.",
        )


def _check_options(given: Sequence[str], wanted: Sequence[str], question: str) -> None:
    strange = [answer for answer in given if answer not in set(wanted)]
    if strange:
        raise DossierError(
            f"La réponse « {strange[0]} » n’est pas une modalité de la question.",
            column=question,
            value=strange[0],
            remedy="Ajouter la modalité au questionnaire, ou corriger la réponse.",
        )


def _table(
    found: Ratios, design: Design, *, groupe: Any, modalite: Any, effectif: Any, bounds: Bounds, size: Floats
) -> pd.DataFrame:
    reason = np.select(
        [found.n == 0, np.full(len(found.n), not design.has_intervals), found.lonely, found.n == 1],
        ["aucune_reponse", {"volontaire": "volontaires"}.get(design.recruitment, "exhaustif"), "strate_seule",
         "une_seule_reponse"],
        "",
    )  # fmt: skip
    return pd.DataFrame(
        {
            "groupe": groupe,
            "modalite": modalite,
            "n": found.n,
            "effectif": effectif,
            "estimation": found.estimate,
            "erreur_type": found.std_error,
            "bas": bounds[0],
            "haut": bounds[1],
            "n_efficace": size,
            "effet_plan": np.divide(found.n, size, out=np.full(len(found.n), np.nan), where=size > 0),
            "raison": reason,
        }
    )[list(COLUMNS)]
