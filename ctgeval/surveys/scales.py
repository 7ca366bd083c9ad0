"""Scales made of several items: scores, and how reliable they are (alpha, omega), with intervals.

Alpha supposes that items measure one thing equally well; omega supposes one thing only. Reliability is of those who
answered every item; a score is given to whoever answered enough of them.

References
----------
Cronbach, L. (1951), Coefficient Alpha and the Internal Structure of Tests, Psychometrika 16(3); Feldt, L. (1965), The
Approximate Sampling Distribution of Kuder-Richardson Reliability Coefficient Twenty, Psychometrika 30(3); McDonald, R.
(1999), Test Theory: A Unified Treatment, chapter 6 (omega); Hayes, A. and Coutts, J. (2020), Use Omega Rather than
Cronbach's Alpha for Estimating Reliability, Communication Methods and Measures 14(1) (bootstrap interval).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, TypedDict

import numpy as np
import pandas as pd
from scipy import special

from ctgeval.errors import DossierError
from ctgeval.intervals import Floats
from ctgeval.surveys.one_factor import one_factor

__all__ = ["Reliability", "cronbach_alpha", "item_statistics", "mcdonald_omega", "omega_of", "scale_scores"]

FEWEST = 10
"""Complete answers under which no reliability is given."""
DRAWS = 500

Reason = Literal["", "moins_de_2_items", "moins_de_3_items", "trop_peu_de_reponses", "sans_variance", "sans_solution"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """A coefficient, its interval, and on how many.

    Parameters
    ----------
    coefficient : {"alpha", "omega"}
    value, low, high : float
        NaN when it could not be computed; ``reason`` says why.
    n : int
        Respondents who answered every item.
    incomplete : int
        Those who answered some of them only, or none: left out.
    items : int
        That vary.
    constant : tuple of str
        Items to which all gave one answer: left out.
    reason : str
        ``moins_de_2_items``, ``moins_de_3_items`` (omega), ``trop_peu_de_reponses``, ``sans_variance`` (of the sum),
        ``sans_solution`` (the factor model does not fit).
    """

    coefficient: Literal["alpha", "omega"]
    value: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    n: int
    incomplete: int
    items: int
    constant: tuple[str, ...]
    reason: Reason = ""


def scale_scores(
    items: pd.DataFrame,
    *,
    inverse: Collection[str] = (),
    least: float | None = None,
    most: float | None = None,
    enough: float = 0.5,
) -> pd.Series:
    """Return the mean of the items of each respondent, on the scale of one item.

    Parameters
    ----------
    items : DataFrame of float
        One column per item, one row per respondent; NaN for a missing answer.
    inverse : collection of str
        Items said the other way round: ``least + most`` less the answer is counted.
    least, most : float, optional
        Ends of the scale of answers; needed for inverse items.
    enough : float
        Share of the items that must be answered, between 0 and 1; otherwise the score is NaN. The mean of the items
        that were answered stands for the others.

    Raises
    ------
    DossierError
        An inverse item that is none of the columns, ends that are missing or in the wrong order, an answer beyond them.
    """
    unknown = sorted(set(inverse) - set(map(str, items.columns)))
    if unknown:
        raise DossierError(
            f"L’item inversé « {unknown[0]} » n’est pas dans l’échelle.",
            key=unknown[0],
            remedy="Écrire le code d’une question de l’échelle.",
        )
    if inverse and (least is None or most is None or not least < most):
        raise DossierError(
            "Les extrémités de l’échelle manquent ou sont dans le désordre : aucun item ne peut être inversé.",
            key="echelle",
            remedy="Donner la plus petite et la plus grande réponse possible, par exemple 1 et 5.",
        )
    values = items.astype("float64").copy()
    if least is not None and most is not None:
        beyond = (values < least) | (values > most)
        if beyond.to_numpy().any():
            row, column = np.argwhere(beyond.to_numpy())[0]
            raise DossierError(
                f"Une réponse est hors de l’échelle, qui va de {least:g} à {most:g}.",
                column=str(items.columns[column]),
                row=int(row) + 2,
                value=f"{float(values.to_numpy()[row, column]):g}",
                remedy="Corriger la réponse, ou les extrémités de l’échelle.",
            )
        turned = [column for column in items.columns if str(column) in set(inverse)]
        values[turned] = least + most - values[turned]
    answered = values.notna().sum(axis=1)
    needed = max(1, int(np.ceil(enough * len(items.columns) - 1e-9)))
    return values.mean(axis=1).where(answered >= needed).rename("score")


def cronbach_alpha(items: pd.DataFrame, *, level: float = 0.95, fewest: int = FEWEST) -> Reliability:
    """Return Cronbach's alpha of items that are all the same way round, with Feldt's interval.

    Parameters
    ----------
    items : DataFrame of float, one column per item
    level : float
    fewest : int
        Complete answers under which none is given.

    Examples
    --------
    >>> answers = pd.DataFrame({"a": [1, 2, 3, 4], "b": [2, 2, 4, 4], "c": [1, 3, 2, 4]})
    >>> round(cronbach_alpha(answers, fewest=4).value, 4)
    0.8824
    """
    x, facts = _complete(items)
    n, k = x.shape
    if k < 2 or n < max(fewest, 2):
        reason: Reason = "moins_de_2_items" if k < 2 and n >= max(fewest, 2) else "trop_peu_de_reponses"
        return Reliability(coefficient="alpha", reason=reason, **facts)
    total = float(x.sum(axis=1).var(ddof=1))
    if not total > 1e-12 * float(x.var(axis=0, ddof=1).sum()):
        return Reliability(coefficient="alpha", reason="sans_variance", **facts)
    alpha = k / (k - 1) * (1 - float(x.var(axis=0, ddof=1).sum()) / total)
    df1, df2 = n - 1, (n - 1) * (k - 1)
    low, high = (1 - (1 - alpha) * float(special.fdtri(df1, df2, p)) for p in ((1 + level) / 2, (1 - level) / 2))
    return Reliability(coefficient="alpha", value=alpha, low=low, high=high, **facts)


def omega_of(loadings: Floats, uniquenesses: Floats) -> Floats:
    """Return McDonald's omega ``(Σλ)² / ((Σλ)² + Σψ)``, over the last axis."""
    common = loadings.sum(axis=-1) ** 2
    total = common + uniquenesses.sum(axis=-1)
    return np.asarray(np.divide(common, total, out=np.full(np.shape(total), np.nan), where=total > 0))


def mcdonald_omega(
    items: pd.DataFrame, *, level: float = 0.95, draws: int = DRAWS, seed: int = 0, fewest: int = FEWEST
) -> Reliability:
    """Return McDonald's omega of the sum of the items, by one factor (maximum likelihood), with a bootstrap interval.

    Parameters
    ----------
    items : DataFrame of float, one column per item
        At least three that vary: with two, one factor can't be told from another.
    level : float
    draws : int
        Of respondents, with replacement; the interval is that of percentiles. 0 gives none.
    seed : int
    fewest : int
    """
    x, facts = _complete(items)
    n, k = x.shape
    if k < 3 or n < max(fewest, 3):
        reason: Reason = "moins_de_3_items" if k < 3 and n >= max(fewest, 3) else "trop_peu_de_reponses"
        return Reliability(coefficient="omega", reason=reason, **facts)
    value = float(_omegas(x, np.ones((1, n)))[0])
    if np.isnan(value):
        return Reliability(coefficient="omega", reason="sans_solution", **facts)
    low = high = float("nan")
    if draws:
        counts = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=draws)
        again = _omegas(x, counts.astype(np.float64))
        again = again[~np.isnan(again)]
        if 2 * len(again) > draws:
            low, high = (float(end) for end in np.quantile(again, [(1 - level) / 2, (1 + level) / 2]))
    return Reliability(coefficient="omega", value=value, low=low, high=high, **facts)


def _omegas(x: Floats, counts: Floats) -> Floats:
    """Omega of each of several draws of the rows, shape (R,); NaN where an item does not vary or nothing fits."""
    n, k = x.shape
    x = x - x.mean(axis=0)
    total = counts.sum(axis=1)
    means = counts @ x / total[:, None]
    products = (counts @ (x[:, :, None] * x[:, None, :]).reshape(n, k * k)).reshape(-1, k, k)
    covariances = products / total[:, None, None] - means[:, :, None] * means[:, None, :]
    spread = np.sqrt(np.maximum(np.einsum("rii->ri", covariances), 0.0))
    found = np.full(len(counts), np.nan)
    usable = (spread > 1e-9 * np.abs(x).max(axis=0)).all(axis=1)
    if usable.any():
        spread = spread[usable]
        correlations = covariances[usable] / (spread[:, :, None] * spread[:, None, :])
        loadings, uniquenesses = one_factor(correlations)
        found[usable] = omega_of(loadings * spread, uniquenesses * spread**2)
    return found


def item_statistics(items: pd.DataFrame) -> pd.DataFrame:
    """Tell what each item brings to the sum.

    Parameters
    ----------
    items : DataFrame of float, one column per item

    Returns
    -------
    DataFrame
        Indexed by item: ``n`` (complete answers), ``moyenne``, ``ecart_type``, ``item_reste`` (correlation with the sum
        of the others; a negative one is often an item to be turned round), ``alpha_sans`` (alpha of the others), and
        ``raison``: ``constant``, ``trop_peu_de_reponses``, ``moins_de_2_items``.
    """
    complete = items.astype("float64").dropna()
    x = complete.to_numpy(np.float64)
    n, k = x.shape
    rows = []
    for j, item in enumerate(items.columns):
        others = np.delete(x, j, axis=1)
        spread = float(x[:, j].std(ddof=1)) if n > 1 else float("nan")
        constant = n > 1 and not np.ptp(x[:, j]) > 0
        reason = "trop_peu_de_reponses" if n < 2 else "moins_de_2_items" if k < 2 else "constant" if constant else ""
        without = cronbach_alpha(complete.drop(columns=item), fewest=2).value if k > 2 and n > 1 else float("nan")
        rows.append(
            {
                "item": str(item),
                "n": n,
                "moyenne": float(x[:, j].mean()) if n else float("nan"),
                "ecart_type": spread,
                "item_reste": float("nan") if reason else _correlation(x[:, j], others.sum(axis=1)),
                "alpha_sans": without,
                "raison": reason,
            }
        )
    columns = ["item", "n", "moyenne", "ecart_type", "item_reste", "alpha_sans", "raison"]
    return pd.DataFrame(rows, columns=columns).set_index("item")


def _correlation(one: Floats, other: Floats) -> float:
    first, second = one - one.mean(), other - other.mean()
    norm = float(np.sqrt(first @ first) * np.sqrt(second @ second))
    return float(first @ second / norm) if norm > 0 else float("nan")


class _Facts(TypedDict):
    n: int
    incomplete: int
    items: int
    constant: tuple[str, ...]


def _complete(items: pd.DataFrame) -> tuple[Floats, _Facts]:
    """Complete answers to the items that vary, and the facts to be told with them."""
    complete = items.astype("float64").dropna()
    x = complete.to_numpy(np.float64)
    varies = np.ptp(x, axis=0) > 0 if len(x) else np.zeros(x.shape[1], dtype=bool)
    constant = tuple(str(name) for name, moves in zip(items.columns, varies, strict=True) if not moves and len(x))
    facts = _Facts(n=len(x), incomplete=len(items) - len(x), items=int(varies.sum()), constant=constant)
    return x[:, varies], facts
