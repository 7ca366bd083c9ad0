"""Solidity of a method on the Maryland Scientific Methods Scale: of the method, never a mark for the action.

References
----------
Sherman, L. et al. (1997), Preventing Crime: What Works, chapter 2; What Works Centre for Local Economic Growth,
Guide to scoring evidence using the Maryland Scientific Methods Scale (2016).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal

from ctgeval.impact.result import Check

__all__ = ["DESIGNS", "LOWERING", "Design", "grade"]

Design = Literal["before_after", "series", "series_controlled", "comparison", "randomised"]

DESIGNS: Mapping[Design, int] = MappingProxyType(
    {
        "before_after": 1,
        "series": 2,
        "series_controlled": 3,
        "comparison": 3,
        "randomised": 5,
    }
)
"""Highest grade of each design: before/after alone 1; an interrupted series 2, with a control series 3; before/after
with a comparison group 3; a real drawing of lots 5. Grade 4 (instruments, thresholds) has no estimator here."""

LOWERING = frozenset({"pre_trends", "comparators"})
"""Checks whose failure lowers the grade."""


def grade(design: Design, *, checks: Iterable[Check], valid: bool) -> int:
    """Return the grade of a method, 1 to 5.

    Parameters
    ----------
    design : str
        One of `DESIGNS`.
    checks : iterable of Check
        Each check of `LOWERING` that failed takes one level away.
    valid : bool
        Whether a valid test exists; without one, one more level goes.
    """
    lost = sum(check.passed is False for check in checks if check.name in LOWERING) + (not valid)
    return max(1, DESIGNS[design] - lost)
