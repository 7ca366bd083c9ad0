"""An estimate and its cluster-robust variance under every assignment, as polynomials of a constant effect.

Under an effect tau, the estimate that an assignment gives is ``a - tau c`` and its variance ``p - 2 tau q + tau² r``:
five numbers per assignment, after which any p-value costs one pass over them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ctgeval.impact.assignments import Assignments
from ctgeval.impact.contrast import Contrast
from ctgeval.impact.panel import Floats, Ints

__all__ = ["Moments", "moments"]

_CELLS = 2_000_000


class Moments(NamedTuple):
    """Numbers per assignment, each of shape (B,); the last three are empty when no variance was asked."""

    a: Floats
    c: Floats
    p: Floats
    q: Floats
    r: Floats


def moments(contrast: Contrast, drawn: Assignments, *, variance: bool = True) -> Moments:
    """Compute the estimate and its variance under every assignment.

    The variance is the sum over clusters of the squared sum of residual contributions: contribution less what the
    estimate of that assignment explains of it. For a single date this is the contribution less the mean of the treated,
    or of the comparators; a cohort is never compared with its own mean only, which would make the variance of a cohort
    of one nil.

    When whole clusters of unequal sizes are exchanged, the number of units of a cohort changes: the contributions of
    each cohort are scaled back to the real number, so that means are compared.

    Parameters
    ----------
    contrast : Contrast
    drawn : Assignments
    variance : bool

    Returns
    -------
    Moments
    """
    work = _Whole(contrast, drawn, variance=variance) if _whole(contrast, drawn) else _Partial(contrast, variance)
    found = [work.block(places, drawn) for places in drawn.blocks(work.step)]
    if len(found) == 1:
        return found[0]
    return Moments(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


def _whole(contrast: Contrast, drawn: Assignments) -> bool:
    """Whether what moves is what errors are correlated in: units on their own, or whole clusters."""
    return not contrast.clustered or int(drawn.group.max()) + 1 < contrast.n_units


class _Whole:
    """Sums over groups that move as one."""

    def __init__(self, contrast: Contrast, drawn: Assignments, *, variance: bool) -> None:
        group = drawn.group
        n = int(group.max()) + 1
        width = contrast.n_cohorts + 1
        self.response, self.n_units, self.variance = contrast.response, contrast.n_units, variance
        self.sizes = np.bincount(group).astype(np.float64)
        self.equal = bool((self.sizes == self.sizes[0]).all())
        self.counts = np.bincount(contrast.rows, minlength=width).astype(np.float64)
        if n == contrast.n_units:
            scores, shifts = np.empty_like(contrast.scores), np.empty_like(contrast.shifts)
            scores[group], shifts[group] = contrast.scores, contrast.shifts
        else:
            scores, shifts = (_group_sums(values, group, n) for values in (contrast.scores, contrast.shifts))
        self.features = [self._features(scores[:, k], shifts[:, k]) for k in range(width)]
        self.step = max(1, _CELLS // max(n, 16 * len(drawn.kinds)))

    def _features(self, s: Floats, c: Floats) -> Floats:
        columns = [s, c]
        if self.variance:
            columns += [s * s, s * c, c * c]
        if not self.equal:
            n = self.sizes
            columns += [n, n * n, n * s, n * c]
        return np.column_stack(columns)

    def block(self, places: Ints, drawn: Assignments) -> Moments:
        base = drawn.base
        width = self.features[0].shape[1]
        sums = {base: np.broadcast_to(self.features[base].sum(axis=0), (len(places), width))}
        for kind in np.unique(drawn.kinds):
            columns = np.flatnonzero(drawn.kinds == kind)
            both = _sums(np.column_stack([self.features[kind], self.features[base]]), places[:, columns])
            sums[int(kind)] = both[:, :width]
            sums[base] = sums[base] - both[:, width:]
        return self._combine(sums)

    def _combine(self, sums: dict[int, Floats]) -> Moments:
        scale = {kind: self._scale(kind, total) for kind, total in sums.items()}
        a, c = (sum(scale[kind] * total[:, j] for kind, total in sums.items()) for j in range(2))
        a, c = np.asarray(a), np.asarray(c)
        if not self.variance:
            return Moments(a, c, np.empty(0), np.empty(0), np.empty(0))
        rho = self._rho(sums)
        p, q, r = np.zeros(len(a)), np.zeros(len(a)), np.zeros(len(a))
        for kind, total in sums.items():
            ns, nc, nn = self._sizes_sums(kind, total)
            f, own = scale[kind] ** 2, rho[kind]
            ra, rc = a * own, c * own
            p += f * (total[:, 2] - 2 * ra * ns + ra * ra * nn)
            q += f * (total[:, 3] - ra * nc - rc * ns + ra * rc * nn)
            r += f * (total[:, 4] - 2 * rc * nc + rc * rc * nn)
        return Moments(a, c, p, q, r)

    def _scale(self, kind: int, total: Floats) -> Floats | float:
        if self.equal:
            return 1.0
        n = total[:, -4]
        return np.asarray(np.where(n > 0, self.counts[kind] / np.maximum(n, 1), 0.0))

    def _sizes_sums(self, kind: int, total: Floats) -> tuple[Floats, Floats, Floats | float]:
        if self.equal:
            size = self.sizes[0]
            return size * total[:, 0], size * total[:, 1], size * self.counts[kind]
        return total[:, -2], total[:, -1], total[:, -3]

    def _rho(self, sums: dict[int, Floats]) -> dict[int, Floats]:
        """Give what an effect of 1 on the treated of the assignment adds to the contribution of a unit of each path."""
        shares = np.zeros((len(next(iter(sums.values()))), len(self.counts)))
        for kind, total in sums.items():
            shares[:, kind] = (self.counts[kind] if self.equal else total[:, -4]) / self.n_units
        return {kind: self.response[kind, kind] - shares @ self.response[kind] for kind in sums}


class _Partial:
    """Direct sums, for clusters of which only a part is treated."""

    def __init__(self, contrast: Contrast, variance: bool) -> None:  # noqa: FBT001
        self.contrast, self.variance = contrast, variance
        self.step = max(1, _CELLS // contrast.n_units)
        codes = np.unique(contrast.clusters, return_inverse=True)[1]
        self.order = np.argsort(codes, kind="stable")
        self.heads = np.unique(codes[self.order], return_index=True)[1]
        shares = np.bincount(contrast.rows, minlength=contrast.n_cohorts + 1) / contrast.n_units
        self.rho = np.diag(contrast.response) - contrast.response @ shares

    def block(self, places: Ints, drawn: Assignments) -> Moments:
        n = self.contrast.n_units
        rows = np.full((len(places), n), drawn.base, dtype=np.intp)
        np.put_along_axis(rows, places, np.broadcast_to(drawn.kinds, places.shape), axis=1)
        unit = np.arange(n)
        x, y = self.contrast.scores[unit, rows], self.contrast.shifts[unit, rows]
        a, c = x.sum(axis=1), y.sum(axis=1)
        if not self.variance:
            return Moments(a, c, np.empty(0), np.empty(0), np.empty(0))
        own = self.rho[rows]
        left = [
            np.add.reduceat((values - total[:, None] * own)[:, self.order], self.heads, axis=1)
            for values, total in ((x, a), (y, c))
        ]
        e, d = left
        return Moments(a, c, (e * e).sum(axis=1), (e * d).sum(axis=1), (d * d).sum(axis=1))


def _group_sums(values: Floats, group: Ints, n: int) -> Floats:
    return np.column_stack([np.bincount(group, weights=column, minlength=n) for column in values.T])


def _sums(features: Floats, places: Ints) -> Floats:
    """Sum of the features of the places of each assignment."""
    n = len(features)
    if n > 16 * places.shape[1]:
        return np.asarray(features[places].sum(axis=1))
    mask = np.zeros((len(places), n))
    np.put_along_axis(mask, places, 1.0, axis=1)
    return np.asarray(mask @ features)
