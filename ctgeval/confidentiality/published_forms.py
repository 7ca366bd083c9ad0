"""What a protected table tells its readers, figure by figure: the forms that the ledger keeps of it."""

from __future__ import annotations

import math
from datetime import date

import numpy as np

from ctgeval.confidentiality.forms import Cell, Form
from ctgeval.confidentiality.protection import ProtectedTable
from ctgeval.confidentiality.row_counts import Count, Key, masked_counts, shown_counts

__all__ = ["forms_of"]


def forms_of(table: ProtectedTable) -> tuple[Form, ...]:
    """Return what each row of a protected table says: its counts, what is known of them, or what its mark says.

    Parameters
    ----------
    table : ProtectedTable
        Nothing else than what its readers may find there is looked at.

    Returns
    -------
    tuple of Form
        One for each count, with the first row that shows it. The base of an older vintage is that of its own year; a
        figure made from some communes is that of these. A count that one row masks and another shows is shown; a masked
        one carries nothing.
    """
    frame = table.frame
    names = frame["indicator"].astype(str).tolist()
    geos, times = frame["geo"].astype(str).tolist(), frame["time_period"].astype(str).tolist()
    # What a contributor is shown of its own figures is published to nobody else: for the ledger, it is masked.
    shown = frame["conf_status"].ne("C").to_numpy(dtype=bool) & ~table.own
    found: dict[tuple[Key, float, float], Form] = {}

    def add(row: int, count: Count, *, masked: bool) -> None:
        place = (count.key, count.low, count.high)
        if place not in found:
            ground = table.grounds.communes[count.key.ground]
            start, end = (date.fromordinal(day) for day in count.key.span)
            terms = tuple(
                (Cell(name, geos[row], ground, start, end, count.key.category), float(sign))
                for sign, name in count.key.formula
            )
            found[place] = Form(
                terms=terms, low=count.low, high=count.high, masked=masked,
                indicator=names[row], geo=geos[row], time_period=times[row],
            )  # fmt: skip

    told = set()
    for row, counts in shown_counts(frame, grounds=table.grounds, catalogue=table.catalogue):
        for count in counts if shown[row] else ():
            told.add(count.key)
            add(row, count, masked=False)
    for row, key in masked_counts(frame, np.flatnonzero(~shown), grounds=table.grounds, catalogue=table.catalogue):
        if key not in told:
            signed = any(sign < 0 for sign, _ in key.formula)
            add(row, Count(key, math.nan, -math.inf if signed else 0.0, math.inf), masked=True)
    return tuple(found.values())
