"""Several outcomes tested at once: one in twenty looks like an effect by chance alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval import intervals
from ctgeval.errors import DesignError, suggestion
from ctgeval.impact.panel import Floats
from ctgeval.impact.result import ImpactResult

__all__ = ["METHODS", "adjust", "benjamini_hochberg", "holm", "romano_wolf"]

_TIE = 1e-9


def holm(p: npt.ArrayLike) -> Floats:
    """Adjust p-values so that the chance of a single false discovery stays at the level (Holm 1979).

    Parameters
    ----------
    p : array_like of float, shape (S,)
        A NaN is a test that was not made: it does not count, and stays NaN.

    Returns
    -------
    ndarray of float64, shape (S,)

    References
    ----------
    Holm, S. (1979), A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian J. of Statistics 6(2).
    """

    def stepped(ordered: Floats) -> Floats:
        steps = np.arange(len(ordered), 0, -1)
        return np.minimum(np.maximum.accumulate(steps * ordered), 1.0)

    return _on_known(p, stepped)


def benjamini_hochberg(p: npt.ArrayLike) -> Floats:
    """Adjust p-values so that the expected share of false discoveries stays at the level.

    Parameters
    ----------
    p : array_like of float, shape (S,)
        A NaN does not count, and stays NaN.

    Returns
    -------
    ndarray of float64, shape (S,)
    """
    return _on_known(p, intervals.benjamini_hochberg)


def _on_known(p: npt.ArrayLike, stepped: Callable[[Floats], Floats]) -> Floats:
    values = np.asarray(p, dtype=np.float64).ravel()
    if ((values < 0) | (values > 1)).any():
        raise DesignError("Une probabilité est entre 0 et 1.", value=str(values[(values < 0) | (values > 1)][0]))
    found = np.full(len(values), np.nan)
    known = np.flatnonzero(~np.isnan(values))
    order = known[np.argsort(values[known], kind="stable")]
    if len(order):
        found[order] = stepped(values[order])
    return found


def romano_wolf(observed: npt.ArrayLike, reference: npt.ArrayLike) -> Floats:
    """Adjust by the joint law of the statistics: less severe than Holm when outcomes move together.

    Parameters
    ----------
    observed : array_like of float, shape (S,)
        Statistics that can be compared with one another: t rather than coefficients.
    reference : array_like of float, shape (B, S)
        The same statistics under assignments, or draws, that are the same for all outcomes, one row each, the real one
        among them.

    Returns
    -------
    ndarray of float64, shape (S,)
        Two-sided p-values, adjusted step by step.

    Raises
    ------
    DesignError
        When the columns of ``reference`` are not those of ``observed``.

    References
    ----------
    Romano, J. and Wolf, M. (2005), Exact and Approximate Stepdown Methods for Multiple Hypothesis Testing, JASA
    100(469), algorithm 4.1. Westfall, P. and Young, S. (1993), Resampling-Based Multiple Testing (permutations).
    """
    real = np.abs(np.asarray(observed, dtype=np.float64)).ravel()
    law = np.abs(np.asarray(reference, dtype=np.float64))
    if law.ndim != 2 or law.shape[1] != len(real) or not len(law):
        raise DesignError(
            f"{len(real)} statistiques observées, une loi de forme {law.shape}.",
            remedy="Donnez une ligne par tirage et une colonne par résultat.",
        )
    order = np.argsort(-real, kind="stable")
    # Largest statistic among those not yet rejected at each step.
    largest = np.maximum.accumulate(law[:, order[::-1]], axis=1)[:, ::-1]
    shares = (largest >= real[order] * (1 - _TIE)).mean(axis=0)
    found = np.empty(len(real))
    found[order] = np.maximum.accumulate(shares)
    return found


_BY_P = MappingProxyType({"holm": holm, "benjamini_hochberg": benjamini_hochberg})
METHODS = (*_BY_P, "romano_wolf")
"""Corrections, by their name in `adjust`."""


def adjust(results: Sequence[ImpactResult], method: str = "holm") -> pd.DataFrame:
    """Correct the p-values of several outcomes of one action, and the verdicts that they had alone.

    Parameters
    ----------
    results : sequence of ImpactResult
    method : {"holm", "benjamini_hochberg", "romano_wolf"}
        The last one needs results tested by permutation on the same units (``details["reference"]``).

    Returns
    -------
    DataFrame
        ``label, p_value, adjusted, verdict, verdict_adjusted``, one row per result, in the order given. An effect whose
        adjusted p-value is above the level of its result becomes ``non_concluant``.

    Raises
    ------
    DesignError
        When there is no such method, no result, or no joint law for ``romano_wolf``.
    """
    if method not in METHODS:
        raise DesignError(
            f"Il n’y a pas de correction « {method} ».",
            value=method,
            remedy=suggestion(method, METHODS) or f"Choisissez parmi : {', '.join(METHODS)}.",
        )
    if not results:
        raise DesignError("Aucun résultat à corriger.", remedy="Donnez au moins un résultat d’estimation.")
    if not all(hasattr(result, "p_value") for result in results):
        raise DesignError(
            "Ce qui est donné n’est pas une suite de résultats d’estimation.",
            value=type(results).__name__,
            remedy="Donnez par exemple [impact.did(panel), impact.did(autre_panel)].",
        )
    p_values = np.array([result.p_value for result in results], dtype=np.float64)
    if method == "romano_wolf":
        law = _joint(results)
        adjusted = np.maximum(romano_wolf(law[0], law), p_values)
    else:
        adjusted = _BY_P[method](p_values)
    return pd.DataFrame(
        {
            "label": [result.label for result in results],
            "p_value": p_values,
            "adjusted": adjusted,
            "verdict": [result.verdict for result in results],
            "verdict_adjusted": [_after(result, float(value)) for result, value in zip(results, adjusted, strict=True)],
        }
    )


def _after(result: ImpactResult, adjusted: float) -> str:
    found = result.verdict in {"amelioration", "degradation"}
    return "non_concluant" if found and not adjusted <= 1 - result.level + _TIE else result.verdict


def _joint(results: Sequence[ImpactResult]) -> Floats:
    """Law of all statistics under the same assignments, the real one first, shape (B, S)."""
    laws = [np.asarray(result.details.get("reference", ()), dtype=np.float64) for result in results]
    apart = [
        result.label for result, law in zip(results, laws, strict=True) if len(law) != len(laws[0]) or not len(law)
    ]
    if apart:
        raise DesignError(
            f"Pas de loi commune : {', '.join(dict.fromkeys(apart))} n’a pas été testé par les mêmes permutations.",
            remedy='Estimez tous les résultats sur les mêmes territoires avec inference="permutation", ou utilisez '
            'method="holm".',
        )  # fmt: skip
    return np.column_stack(laws)
