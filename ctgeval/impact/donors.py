"""Treated territories and their donors: the synthetic path of each, their average gap, and its size before and after.

What the synthetic control and its ridge-augmented form share. With several treated territories each has its own weights
and the gaps are averaged by time since the action.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import pandas as pd

from ctgeval.errors import DesignError, NotIdentified, TooFewUnits
from ctgeval.impact.panel import Floats, Ints, Panel
from ctgeval.impact.reading import some
from ctgeval.impact.simplex import simplex_least_squares

__all__ = [
    "Donors",
    "OutcomeWeights",
    "Path",
    "Sizes",
    "Weigher",
    "complete",
    "dispersion",
    "event_times",
    "gap",
    "gaps_table",
    "magnitude",
    "path",
]

_PERFECT = 1e-9


class Weigher(Protocol):
    """Gives the weights of some donors for one target, from what precedes a date.

    Parameters
    ----------
    sparse : bool
        Whether taking away a donor of weight zero changes nothing.
    """

    sparse: bool

    def __call__(self, target: int, donors: Ints, n_pre: int) -> Floats:
        """Return weights, shape (number of donors,)."""


class OutcomeWeights:
    """Weights on the simplex by least squares on the outcomes before the action."""

    sparse = True

    def __init__(self, outcome: Floats) -> None:
        self.outcome = outcome
        self.unique = True

    def __call__(self, target: int, donors: Ints, n_pre: int) -> Floats:
        """Return the weights; ``unique`` remembers whether every optimum met so far was the only one."""
        found = simplex_least_squares(self.outcome[donors, :n_pre].T, self.outcome[target, :n_pre])
        self.unique = self.unique and found.unique
        return found.weights


@dataclass(frozen=True, eq=False, kw_only=True)
class Donors:
    """A panel without gaps, its treated rows and its donors' rows.

    Parameters
    ----------
    panel : Panel
        Without the donors that were left out on demand.
    treated, donors : ndarray of intp
        Rows of ``panel``.
    left_out : tuple of str
        Names of the donors that were left out because a cell was missing.
    """

    panel: Panel
    treated: Ints
    donors: Ints
    left_out: tuple[str, ...]

    @property
    def starts(self) -> Ints:
        """First treated column of each treated unit."""
        return self.panel.start[self.treated]

    @property
    def limits(self) -> tuple[str, ...]:
        """What must be said of the data that were used, in French."""
        told = []
        if self.left_out:
            told.append(
                f"Donneurs écartés à votre demande, faute de données complètes : {some(self.left_out)} "
                f"({len(self.left_out)} en tout)."
            )
        if not self.panel.binary:
            told.append(
                "Un territoire concerné en partie est compté comme concerné dès la première période où il l’est."
            )
        if self.panel.weights is not None:
            told.append("Les poids des lignes du panel ne servent pas à cette méthode.")
        return tuple(told)


def complete(panel: Panel, *, donors: Literal["all", "complete"], method: str, pre: int = 2) -> Donors:
    """Check that a panel can be given to a synthetic method.

    Parameters
    ----------
    panel : Panel
    donors : {"all", "complete"}
        Refuse a panel with missing cells, or leave out the donors that have some (and say which).
    method : str
        French name, for sentences.
    pre : int
        Periods needed before the action.

    Raises
    ------
    NotIdentified
        When nobody is treated, nobody is left to compare with, or fewer than ``pre`` periods precede the action.
    TooFewUnits
        With a single donor.
    DesignError
        When a cell is missing: with the territories and the remedy.
    """
    if donors not in ("all", "complete"):
        raise DesignError(
            "Le choix des donneurs n’est pas compris.", value=str(donors), remedy='donors="all" ou donors="complete".'
        )
    panel.require(pre=pre, method=method)
    gaps = ~panel.observed.all(axis=1)
    own = np.flatnonzero(gaps & panel.treated)
    if len(own):
        raise DesignError(
            f"Des valeurs manquent pour des territoires concernés : {_cells(panel, own)}.",
            remedy="Complétez-les, ou étudiez une période où tout est connu (panel.window).",
        )
    others = np.flatnonzero(gaps)
    left_out: tuple[str, ...] = ()
    if len(others) and donors == "all":
        more = ", ..." if len(others) > 5 else ""
        codes = ", ".join(f'"{panel.units[i]}"' for i in others[:5])
        raise DesignError(
            f"Des valeurs manquent pour des territoires de comparaison : {_cells(panel, others)}. "
            f"{method.capitalize()} demande des séries complètes.",
            remedy=f"Complétez-les, ou écartez ces territoires : panel.drop({codes}{more}), "
            'ou donors="complete" pour n’utiliser que ceux dont la série est complète.',
        )
    if len(others):
        left_out = tuple(panel.name(int(i)) for i in others)
        panel = panel.take(~gaps)
    if not np.ptp(panel.outcome) > 0:
        raise NotIdentified(
            "L’indicateur a la même valeur partout et à toutes les périodes : il ne peut rien montrer.",
            remedy="Vérifiez la colonne de l’indicateur.",
        )
    if panel.n_controls < 2:
        raise TooFewUnits(
            f"{method.capitalize()} demande au moins deux territoires de comparaison complets ; ce panel en a "
            f"{panel.n_controls}.",
            remedy="Ajoutez des territoires de comparaison, ou utilisez impact.did.",
        )
    return Donors(
        panel=panel,
        treated=np.flatnonzero(panel.treated),
        donors=np.flatnonzero(~panel.treated),
        left_out=left_out,
    )


def _cells(panel: Panel, rows: Ints) -> str:
    told = []
    for i in rows:
        missing = [panel.periods[t] for t in np.flatnonzero(~panel.observed[i])]
        told.append(f"{panel.name(int(i))} ({some(missing, 3)})")
    return some(told)


def gap(outcome: Floats, target: int, donors: Ints, weights: Floats) -> Floats:
    """Outcome of a unit less the weighted mean of its donors, shape (T,)."""
    return np.asarray(outcome[target] - weights @ outcome[donors])


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Path:
    """Average gap by time since the action, of one or of many sets of treated units.

    Parameters
    ----------
    event_time : ndarray of intp, shape (E,)
        0 for the first treated period.
    count : ndarray of intp, shape (E,)
        Treated units of which the gap is known.
    gap : ndarray of float64, shape (E,) or (B, E)
    """

    event_time: Ints
    count: Ints
    gap: Floats

    def averages(self, scale: float) -> Sizes:
        """Measure the gaps before and after; each period counts as many times as it has treated units.

        Parameters
        ----------
        scale : float
            Dispersion of the outcome: a gap of less than a billionth of it is nil.
        """
        before = self.event_time < 0
        share = self.count / np.where(before, self.count[before].sum(), self.count[~before].sum())
        pre = np.sqrt(self.gap[..., before] ** 2 @ share[before])
        effect = self.gap[..., ~before] @ share[~before]
        spread = np.sqrt((self.gap[..., ~before] - effect[..., None]) ** 2 @ share[~before])
        nil = _PERFECT * scale
        pre, post = np.where(pre > nil, pre, 0.0), np.hypot(effect, spread)
        ratio = np.divide(post, pre, out=np.where(post > nil, np.inf, 0.0), where=pre > 0)
        return Sizes(pre_rmspe=pre, post_rmspe=post, ratio=ratio, effect=effect, spread=spread)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Sizes:
    """Sizes of average gaps: numbers, or arrays of shape (B,).

    Parameters
    ----------
    pre_rmspe, post_rmspe : float or ndarray
        Root mean squares before and after; 0 for a perfect fit.
    ratio : float or ndarray
        After over before: infinite when the fit before is perfect, 0 when nothing differs after either.
    effect, spread : float or ndarray
        Mean after, and root mean squared deviation from it.
    """

    pre_rmspe: Any
    post_rmspe: Any
    ratio: Any
    effect: Any
    spread: Any


def event_times(n_periods: int, starts: Ints) -> tuple[Ints, Ints]:
    """Return the times since the action that some unit knows, and how many units know each."""
    event = np.arange(-int(starts.max()), n_periods - int(starts.min()))
    known = (event >= -starts[:, None]) & (event < n_periods - starts[:, None])
    return event, known.sum(axis=0)


def path(gaps: Sequence[Floats], starts: Ints) -> Path:
    """Average gaps, each of shape (T,) or (B, T), by time since each unit's own start."""
    n_periods = gaps[0].shape[-1]
    event, count = event_times(n_periods, starts)
    total = np.zeros((*gaps[0].shape[:-1], len(event)))
    for values, start in zip(gaps, starts, strict=True):
        first = -int(start) - int(event[0])
        total[..., first : first + n_periods] += values
    return Path(event_time=event, count=count, gap=total / count)


def dispersion(outcome: Floats) -> float:
    """Root mean squared deviation of outcomes from the mean of their period."""
    return float(np.sqrt(((outcome - outcome.mean(axis=0)) ** 2).mean()))


def magnitude(outcome: Floats) -> float:
    """Size of the differences that matter: the dispersion, or a thousandth of the whole spread when units are equal."""
    return max(dispersion(outcome), 1e-3 * float(outcome.std()))


def gaps_table(panel: Panel, rows: Ints, gaps: Sequence[Floats]) -> pd.DataFrame:
    """Gaps of some units, one row per period and one column per unit."""
    table = pd.DataFrame(np.array(gaps).reshape(len(rows), panel.n_periods).T, columns=[panel.units[i] for i in rows])
    table.insert(0, "time_period", list(panel.periods))
    return table
