"""Which answers would say something about somebody: small counts, and what would give them back.

A reader knows the base of a question. One hidden option is then the base less the others, and several hidden ones are
known together: what is hidden must leave each small count possibly as large as the threshold. Where an indicator tells
how many answered favourably, it splits the options in two sums, and each must hide its own small counts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["choices", "cross_allowed", "options"]

Mask = npt.NDArray[np.bool_]


def options(counts: Sequence[int], base: int, threshold: int) -> Mask:
    """Tell which options of a question with several answers are not told: few ticked them, or nearly all did.

    Parameters
    ----------
    counts : sequence of int
        Persons who chose each option.
    base : int
        Persons who answered the question.
    threshold : int
        A count strictly between 0 and it is small; so is what is left of the base, 0 included.
    """
    found = np.asarray(counts, dtype=np.int64)
    return (found > 0) & ((found < threshold) | (base - found < threshold))


def choices(counts: Sequence[int], base: int, threshold: int, favourable: Sequence[bool] | None = None) -> Mask:
    """Tell which options of a question with one answer are not told, those that would give back a small one included.

    Parameters
    ----------
    counts, base, threshold
        See `options`; the counts add up to the base.
    favourable : sequence of bool, optional
        Options that an indicator adds up.

    Returns
    -------
    ndarray of bool, shape (options,)
        All of them, the empty ones included, when nothing less protects the small counts.

    Examples
    --------
    >>> choices([40, 30, 12, 2], 84, 5).tolist()
    [False, False, True, True]
    """
    found = np.asarray(counts, dtype=np.int64)
    everything = np.ones(len(found), dtype=np.bool_)
    small = (found > 0) & (found < threshold)
    if ((found > 0) & (base - found < threshold)).any():
        return everything
    chosen = np.zeros(len(found), dtype=np.bool_) if favourable is None else np.asarray(favourable, dtype=np.bool_)
    hidden = small.copy()
    for part in (chosen, ~chosen):
        while (small & part).any() and not _safe(found, hidden & part, threshold):
            left = np.flatnonzero(part & ~hidden & (found > 0))
            if not len(left):
                return everything
            hidden[left[np.argmin(found[left])]] = True
    return hidden


def _safe(counts: npt.NDArray[np.int64], hidden: Mask, threshold: int) -> bool:
    """Whether each hidden count may be the threshold or more for who knows their sum, and that none of them is 0."""
    size = int(hidden.sum())
    return size >= 2 and int(counts[hidden].sum()) - (size - 1) >= threshold


def cross_allowed(counts: npt.NDArray[np.int64], bases: Sequence[int], threshold: int, enough: int) -> bool:
    """Tell whether a table of answers by group may be told: every cell and what it leaves of its group are not small.

    Parameters
    ----------
    counts : ndarray of int, shape (groups, options)
        Persons.
    bases : sequence of int, shape (groups,)
        Persons who answered, by group; an empty group is no obstacle.
    threshold, enough : int
        Under which a cell, and a group, are small.
    """
    for row, base in zip(np.asarray(counts, dtype=np.int64), bases, strict=True):
        if base and (base < enough or options(row.tolist(), base, threshold).any()):
            return False
    return True
