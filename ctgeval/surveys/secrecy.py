"""Which answers would say something about somebody: small counts, and what would give them back.

A reader knows the base of a question. One hidden option is then the base less the others, and several hidden ones are
known together: what is hidden must leave each small count possibly as large as the threshold. Where an indicator tells
how many answered favourably, or another question how many were asked it after some answers, the options are split in
sums that are known, and each must hide its own small counts.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

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


def choices(counts: Sequence[int], base: int, threshold: int, sums: Sequence[Hashable] | None = None) -> Mask:
    """Tell which options of a question with one answer are not told, those that would give back a small one included.

    Parameters
    ----------
    counts, base, threshold
        See `options`; the counts add up to the base.
    sums : sequence of hashable, optional
        What tells options apart for who knows sums of some of them: two options with one mark are always added up
        together, by an indicator (True and False) or by several things at once (tuples of them).

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
    marks: list[Hashable] = [None] * len(found) if sums is None else list(sums)
    hidden = small.copy()
    for one in dict.fromkeys(marks):
        part = np.array([mark == one for mark in marks], dtype=np.bool_)
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


def cross_allowed(
    counts: npt.NDArray[np.int64],
    bases: Sequence[int],
    threshold: int,
    enough: int,
    *,
    totals: tuple[Sequence[int], int] | None = None,
) -> bool:
    """Tell whether a table of answers by group may be told: every cell and what it leaves of its group are not small.

    Those who gave no group are one more, that a subtraction shows: theirs must not be small either.

    Parameters
    ----------
    counts : ndarray of int, shape (groups, options)
        Persons.
    bases : sequence of int, shape (groups,)
        Persons who answered, by group; an empty group is no obstacle.
    threshold, enough : int
        Under which a cell, and a group, are small.
    totals : tuple of sequence of int and int, optional
        Persons by option, and those who answered, whatever their group.
    """
    for row, base in zip(np.asarray(counts, dtype=np.int64), bases, strict=True):
        if base and (base < enough or options(row.tolist(), base, threshold).any()):
            return False
    if totals is None:
        return True
    rest = np.asarray(totals[0], dtype=np.int64) - np.asarray(counts, dtype=np.int64).sum(axis=0)
    return not options(rest.tolist(), totals[1] - sum(bases), threshold).any()
