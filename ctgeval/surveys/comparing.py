"""What every comparison of two waves asks first: is there anything to test, and do the tests of textbooks hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ctgeval.intervals import Floats
from ctgeval.surveys.change import Reason
from ctgeval.surveys.design import Design

__all__ = ["FEWEST", "answered", "is_plain", "spread", "why_not"]

FEWEST = 11
"""Answers in each wave under which nothing is tested."""


def why_not(first: Design, second: Design, n_before: int, n_after: int, fewest: int) -> Reason:
    """Return why two waves are described and not tested; nothing when they can be."""
    if "volontaire" in (first.recruitment, second.recruitment):
        return "volontaires"
    if not (first.has_intervals and second.has_intervals) or first.fraction == second.fraction == 1:
        return "exhaustif"
    return "trop_peu_de_reponses" if min(n_before, n_after) < max(fewest, 2) else ""


def is_plain(design: Design) -> bool:
    """Whether the tests of textbooks hold: equal weights, persons drawn one by one."""
    kept = design.weights > 0
    return (
        design.replicates is None
        and design.fraction == 0
        and bool((design.weights[kept] == design.weights.max(initial=0.0)).all())
        and len(np.unique(design.units[kept])) == int(kept.sum())
        and len(np.unique(design.strata[kept])) <= 1
    )


def answered(values: Floats, design: Design) -> tuple[Floats, Design]:
    """Only those who answered, where the tests of textbooks hold: nobody else counts in them."""
    if not is_plain(design):
        return values, design
    kept = ~np.isnan(values) & (design.weights > 0)
    return values[kept], replace(
        design, weights=design.weights[kept], strata=design.strata[kept], units=np.arange(int(kept.sum()))
    )


def spread(values: Floats, design: Design) -> float:
    """Weighted standard deviation, with n / (n - 1)."""
    kept = ~np.isnan(values) & (design.weights > 0)
    y, w = values[kept], design.weights[kept]
    if len(y) < 2:
        return float("nan")
    mean = w @ y / w.sum()
    return float(np.sqrt(w @ (y - mean) ** 2 / w.sum() * len(y) / (len(y) - 1)))
