"""What is true of the unknowns of a block that no table gives, as far as the equations tell.

A total that its parts do not sum to (two sources, a rounding, a revision) leaves a gap: it is put on the right-hand
side, as if the reader knew it, so that what is true always satisfies what is published.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize, sparse

from ctgeval.confidentiality.equations import Equation
from ctgeval.confidentiality.forms import Key

__all__ = ["Bounds", "Completed", "complete"]

_EPSILON = 1e-6

Bounds = Mapping[Key, tuple[float, float]]


@dataclass(frozen=True, slots=True, eq=False)
class Completed:
    """Values and equations that agree.

    Parameters
    ----------
    equations : tuple of Equation
        The same, with their gaps on the right.
    value : mapping of key to float
        Of the unknowns that can be nothing else.
    likely : mapping of key to float
        Of all unknowns: values that satisfy the equations together.
    loose : frozenset of key
        Unknowns that can be several things.
    forced : frozenset of key
        Unknowns that were kept within their bounds at the price of a gap: nothing is known of them.
    """

    equations: tuple[Equation, ...]
    value: Mapping[Key, float]
    likely: Mapping[Key, float]
    loose: frozenset[Key]
    forced: frozenset[Key]


def complete(equations: Sequence[Equation], bounds: Bounds) -> Completed:
    """Find every unknown that the equations determine, and the least gaps with which all of them hold.

    Parameters
    ----------
    equations : sequence of Equation
        What binds the unknowns.
    bounds : mapping of key to (float, float)
        What each may be; equal where it is given, 0 to infinity where it is not there.
    """
    value = {key: low for key, (low, high) in bounds.items() if low == high}
    using: dict[Key, list[int]] = {}
    missing = []
    for number, equation in enumerate(equations):
        absent = {key for key, _ in equation.terms if key not in value}
        missing.append(absent)
        for key in absent:
            using.setdefault(key, []).append(number)
    forced: set[Key] = set()
    waiting = [number for number, absent in enumerate(missing) if len(absent) == 1]
    while waiting:
        number = waiting.pop()
        if len(missing[number]) != 1:
            continue
        key = next(iter(missing[number]))
        least, most = bounds.get(key, (0.0, np.inf))
        coefficient = dict(equations[number].terms)[key]
        rest = sum(factor * value[one] for one, factor in equations[number].terms if one != key)
        found = (equations[number].right - rest) / coefficient
        value[key] = min(max(found, least), most)
        if abs(value[key] - found) > _EPSILON:
            forced.add(key)
        for other in using[key]:
            missing[other].discard(key)
            if len(missing[other]) == 1:
                waiting.append(other)
    loose = sorted({key for absent in missing for key in absent}, key=repr)
    chosen = dict(zip(loose, _closest(equations, missing, value, loose, bounds), strict=True)) if loose else {}
    known = value | chosen
    adjusted = tuple(
        Equation(equation.terms, _right(equation, sum(factor * known[key] for key, factor in equation.terms)))
        for equation in equations
    )
    return Completed(adjusted, value, known, frozenset(loose), frozenset(forced))


def _right(equation: Equation, left: float) -> float:
    return equation.right if abs(left - equation.right) <= _EPSILON else float(left)


def _closest(
    equations: Sequence[Equation],
    missing: Sequence[set[Key]],
    value: Mapping[Key, float],
    loose: Sequence[Key],
    bounds: Bounds,
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Choose values of what is not determined, so that the gaps are as small as can be."""
    place = {key: at for at, key in enumerate(loose)}
    rows = [number for number, absent in enumerate(missing) if absent]
    data, across, right = [], [], []
    for rank, number in enumerate(rows):
        left = equations[number].right
        for key, factor in equations[number].terms:
            if key in place:
                data.append(factor)
                across.append((rank, place[key]))
            else:
                left -= factor * value[key]
        right.append(left)
    matrix = sparse.csr_array((data, tuple(np.array(across).T)), shape=(len(rows), len(loose)))
    gap = sparse.eye_array(len(rows), format="csr")
    ends = [bounds.get(key, (0.0, np.inf)) for key in loose] + [(0.0, np.inf)] * (2 * len(rows))
    solved = optimize.linprog(
        np.concatenate([np.zeros(len(loose)), np.ones(2 * len(rows))]),
        A_eq=sparse.hstack([matrix, gap, -gap], format="csr"),
        b_eq=np.array(right),
        bounds=ends,
        method="highs",
    )
    # With a gap on either side of each equation, there is always an answer.
    assert solved.x is not None
    return np.asarray(solved.x[: len(loose)], dtype=float)
