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

    When whole clusters of unequal sizes, or units of unequal weights, are exchanged, the weight of a cohort changes:
    its contributions are scaled back to the real weight, so that means are compared.

    Parameters
    ----------
    contrast : Contrast
    drawn : Assignments
    variance : bool

    Returns
    -------
    Moments
    """
    work = (
        _Whole(contrast, drawn, variance=variance) if _whole(contrast, drawn) else _Partial(contrast, variance=variance)
    )
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
        self.response, self.variance = contrast.response, variance
        self.mass = np.bincount(group, weights=contrast.mass).astype(np.float64)
        self.total = np.bincount(contrast.rows, weights=contrast.mass, minlength=width)
        # Units alike: what an effect adds to a contribution is known of each path, whoever has it.
        self.equal = contrast.exact and bool((self.mass == self.mass[0]).all())
        self.rho = _rho(contrast.response, self.total / self.total.sum())
        scores, shifts, own = (
            _group_sums(values, group, n) for values in (contrast.scores, contrast.shifts, contrast.own)
        )
        self.features = [self._features(scores[:, k], shifts[:, k], own[:, k]) for k in range(width)]
        self.step = max(1, _CELLS // max(n, 16 * len(drawn.kinds)))

    def _features(self, s: Floats, c: Floats, o: Floats) -> Floats:
        columns = [s, c]
        if self.variance:
            columns += [s * s, s * c, c * c]
        if self.variance and not self.equal:
            columns += [o * o, o * s, o * c]
        if not self.equal:
            columns += [self.mass]
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
        scale, ratio = self._scales(sums)
        a, c = (np.asarray(sum(scale[kind] * total[:, j] for kind, total in sums.items())) for j in range(2))
        if not self.variance:
            return Moments(a, c, np.empty(0), np.empty(0), np.empty(0))
        p, q, r = np.zeros(len(a)), np.zeros(len(a)), np.zeros(len(a))
        for kind, total in sums.items():
            oo, os, oc = self._explained(kind, total)
            ra, rc = a * ratio[kind], c * ratio[kind]
            f = scale[kind] ** 2
            p += f * (total[:, 2] - 2 * ra * os + ra * ra * oo)
            q += f * (total[:, 3] - ra * oc - rc * os + ra * rc * oo)
            r += f * (total[:, 4] - 2 * rc * oc + rc * rc * oo)
        return Moments(a, c, p, q, r)

    def _scales(self, sums: dict[int, Floats]) -> tuple[dict[int, Floats | float], dict[int, Floats | float]]:
        """Factor that brings each cohort back to its real weight, and that of what an effect adds to its units."""
        if self.equal:
            return dict.fromkeys(sums, 1.0), dict.fromkeys(sums, 1.0)
        scale: dict[int, Floats | float] = {}
        shares = np.zeros((len(next(iter(sums.values()))), len(self.total)))
        for kind, total in sums.items():
            mass = total[:, -1]
            shares[:, kind] = mass / self.total.sum()
            scale[kind] = np.where(mass > 0, self.total[kind] / np.where(mass > 0, mass, 1.0), 0.0)
        here = _rho(self.response, shares)
        ratio = {kind: here[:, kind] / self.rho[kind] if self.rho[kind] != 0 else 1.0 for kind in sums}
        return scale, ratio

    def _explained(self, kind: int, total: Floats) -> tuple[Floats | float, Floats, Floats]:
        """Give sums over groups of what an effect of 1 adds: squared, times the score, times the shift."""
        if self.equal:
            own = self.mass[0] * self.rho[kind]
            return own * self.rho[kind] * self.total[kind], own * total[:, 0], own * total[:, 1]
        return total[:, 5], total[:, 6], total[:, 7]


class _Partial:
    """Direct sums, for clusters of which only a part is treated."""

    def __init__(self, contrast: Contrast, *, variance: bool) -> None:
        self.contrast, self.variance = contrast, variance
        self.step = max(1, _CELLS // contrast.n_units)
        codes = np.unique(contrast.clusters, return_inverse=True)[1]
        self.order = np.argsort(codes, kind="stable")
        self.heads = np.unique(codes[self.order], return_index=True)[1]
        self.total = np.bincount(contrast.rows, weights=contrast.mass, minlength=contrast.n_cohorts + 1)

    def block(self, places: Ints, drawn: Assignments) -> Moments:
        contrast = self.contrast
        n = contrast.n_units
        rows = np.full((len(places), n), drawn.base, dtype=np.intp)
        np.put_along_axis(rows, places, np.broadcast_to(drawn.kinds, places.shape), axis=1)
        unit = np.arange(n)
        scale = self._scale(rows)
        x, y = contrast.scores[unit, rows] * scale, contrast.shifts[unit, rows] * scale
        a, c = x.sum(axis=1), y.sum(axis=1)
        if not self.variance:
            return Moments(a, c, np.empty(0), np.empty(0), np.empty(0))
        own = contrast.own[unit, rows] * scale
        e, d = (
            np.add.reduceat((values - total[:, None] * own)[:, self.order], self.heads, axis=1)
            for values, total in ((x, a), (y, c))
        )
        return Moments(a, c, (e * e).sum(axis=1), (e * d).sum(axis=1), (d * d).sum(axis=1))

    def _scale(self, rows: Ints) -> Floats:
        scale = np.ones(rows.shape)
        for kind, total in enumerate(self.total):
            chosen = rows == kind
            mass = chosen @ self.contrast.mass
            scale *= np.where(chosen, (total / np.where(mass > 0, mass, 1.0))[:, None], 1.0)
        return scale


def _rho(response: Floats, shares: Floats) -> Floats:
    """Give what an effect of 1 adds to the contribution of a unit of each path, from the shares of the paths."""
    return np.asarray(np.diagonal(response) - shares @ response.T)


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
