"""What one test says of one estimate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ctgeval.impact.panel import Floats
from ctgeval.impact.result import Interval

__all__ = ["Tested", "empty_reference"]


def empty_reference() -> Floats:
    """Return the law of a statistic that no draw gave."""
    return np.empty(0)


@dataclass(frozen=True, eq=False, kw_only=True)
class Tested:
    """A test: its p-value, the interval of the effects that it does not reject, and what it could ever show.

    Parameters
    ----------
    code : str
        Name of the test: ``permutation``, ``collapsed``, ``conley_taber``, ``ferman_pinto``, ``wild``, ...
    p_value : float
        Of no effect; NaN when the test can't be made.
    std_error : float
        In the unit of the outcome; for a permutation, the spread of the estimate over the assignments.
    interval : Interval
        Effects that are not rejected at the level asked; infinite ends where nothing can be rejected.
    minimum_p : float
        Smallest p-value that the test could give in this design, whatever the figures.
    p_at : callable
        P-values of an array of effects, of the same shape.
    reference : ndarray of float64
        The statistic under every assignment or draw; empty for a test by formula.
    note : str
        What the test does, one French sentence.
    """

    code: str
    p_value: float
    std_error: float
    interval: Interval
    minimum_p: float
    p_at: Callable[[Floats], Floats]
    reference: Floats = field(default_factory=empty_reference)
    note: str = ""
