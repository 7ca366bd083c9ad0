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
    if ((found > 0) & (base - found < threshold)).any():
        return everything
    marks: list[Hashable] = [None] * len(found) if sums is None else list(sums)
    hidden = np.zeros(len(found), dtype=np.bool_)
    for one in dict.fromkeys(marks):
        part = np.array([mark == one for mark in marks], dtype=np.bool_)
        own = _of_sum(found, part, threshold)
        if own is None or not _ambiguous(found, base, part, own, threshold):
            return everything
        hidden |= own
    return hidden


def _of_sum(found: npt.NDArray[np.int64], part: Mask, threshold: int) -> Mask | None:
    """Return what is hidden of the options of one known sum; None when nothing less than all protects them."""
    hidden = (found > 0) & (found < threshold) & part
    # Whoever knows the sum of the hidden ones must see room for each to be the threshold, and none of them is 0.
    while (size := int(hidden.sum())) and (size < 2 or int(found[hidden].sum()) - (size - 1) < threshold):
        left = np.flatnonzero(part & ~hidden & (found > 0))
        if not len(left):
            return None
        hidden[left[np.argmin(found[left])]] = True
    return hidden


def _ambiguous(found: npt.NDArray[np.int64], base: int, part: Mask, hidden: Mask, threshold: int) -> bool:
    """Tell whether each hidden option may be the threshold or more for who also knows how options are chosen.

    With 10 shown beside 10 and 4 that are hidden, only 4 and 10 would be hidden so. Other counts of the same sum that
    hide the same options are looked for; the answer depends on what is told alone, so that it tells nothing more.
    """
    inside = [int(at) for at in np.flatnonzero(hidden)]
    total = int(found[hidden].sum())
    for large in inside:
        if not any(
            _same(_shared(found, inside, total, large=large, small=small, few=few, least=least), base, part, hidden,
                  threshold, at=large)
            for small in inside
            if small != large
            for few in range(1, threshold)
            for least in dict.fromkeys((1, threshold - 1, threshold, total // len(inside)))
        ):  # fmt: skip
            return False
    return True


def _shared(
    found: npt.NDArray[np.int64], inside: Sequence[int], total: int, *, large: int, small: int, few: int,
    least: int,
) -> npt.NDArray[np.int64]:  # fmt: skip
    tried = found.copy()
    tried[inside] = least
    tried[small] = few
    tried[large] = total - few - least * (len(inside) - 2)
    return tried


def _same(tried: npt.NDArray[np.int64], base: int, part: Mask, hidden: Mask, threshold: int, *, at: int) -> bool:
    if tried[at] < threshold or ((tried > 0) & (base - tried < threshold)).any():
        return False
    own = _of_sum(tried, part, threshold)
    return own is not None and bool(np.array_equal(own, hidden))


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
