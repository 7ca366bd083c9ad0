"""What a figure that lacks some communes or some returns is made from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval.confidentiality.grounds import Grounds
from ctgeval.confidentiality.rules import Mask

__all__ = ["Answered"]

_EPSILON = 1e-6
_PART = "partie de"
_RATE = ("numerator", "denominator")
_SOURCE_SECRET = ("C", "D")


@dataclass(slots=True, eq=False)
class Answered:
    """What a figure that lacks some communes is made from: those that the table gives, when they sum to it."""

    table: pd.DataFrame
    numbers: Mapping[str, npt.NDArray[np.float64]]
    places: list[int]
    times: list[str]
    kinds: list[tuple[str, ...]]
    grounds: Grounds
    names: list[str] = field(init=False)
    geos: list[str] = field(init=False)
    secret: Mask = field(init=False)
    _completeness: npt.NDArray[np.float64] = field(init=False)
    _incomplete: Mask = field(init=False)
    _near: dict[tuple[object, ...], dict[str, int]] | None = None

    def __post_init__(self) -> None:
        self.names, self.geos = self.table["indicator"].astype(str).tolist(), self.table["geo"].astype(str).tolist()
        self.secret = self.table["conf_status"].isin(_SOURCE_SECRET).to_numpy(dtype=bool)
        self._completeness = self.table["completeness"].to_numpy(dtype=float)
        self._incomplete = self._completeness < 1

    def of(self, row: int, *, rate: bool) -> int:
        """Return the number of the ground of what a row is made from.

        It is that of the members that gave a figure: those whose rows show one, and as many of those without a row as
        the completeness of the total says, the first ones, since nothing tells them apart. A return that lacks some
        structures is a ground of its own. So is what no member explains.
        """
        if rate and not self._incomplete[row]:
            return self.places[row]
        geo = self.geos[row]
        near = self._beside(row)
        held: set[str] = set()
        silent, answered, unknown = 0, 0, []
        left = np.array([self.numbers[name][row] for name in (_RATE if rate else ("low",))], dtype=float)
        members = [part for part in self.grounds.margins.get(geo, ()) if part != geo]
        for part in sorted(members):
            told = self._told(near[part], rate=rate) if part in near else None
            if told is None:
                unknown.append(part)
            elif np.isnan(told).all():
                silent += 1
            else:
                answered += 1
                left -= told
                own = self.grounds.communes[self.grounds.of(part)]
                held |= own if math.isfinite(self.numbers["numerator"][near[part]]) else {f"{_PART} {part}"}
        share = self._completeness[row]
        asked = round(share * len(members)) - answered if math.isfinite(share) else len(unknown)
        for part in unknown[: max(0, asked)]:
            held |= self.grounds.communes[self.grounds.of(part)]
        told_all = not unknown[: max(0, asked)] and (np.nan_to_num(left) > _EPSILON).any()
        if not held or (left < -_EPSILON).any():
            held = {f"{_PART} {geo}"}
        elif told_all:
            held.add(f"{_PART} {geo}")
        return self.grounds.number(frozenset(held))

    def _told(self, row: int, *, rate: bool) -> npt.NDArray[np.float64]:
        """Return what a member gives to the total; NaN when nothing."""
        names = _RATE if rate else ("numerator",)
        told = np.array([self.numbers[name][row] for name in names], dtype=float)
        if rate and math.isnan(self.numbers["value"][row]) and told[-1] != 0:
            return np.full(len(names), np.nan)
        if not rate and math.isnan(told[0]) and self.numbers["low"][row] > 0:
            return np.array([self.numbers["low"][row]])
        return told

    def _beside(self, row: int) -> Mapping[str, int]:
        """Return the rows of the same indicator, period and category, by territory."""
        if self._near is None:
            near: dict[tuple[object, ...], dict[str, int]] = {}
            for rank in range(len(self.table)):
                near.setdefault(self._group(rank), {}).setdefault(self.geos[rank], rank)
            self._near = near
        return self._near[self._group(row)]

    def _group(self, row: int) -> tuple[object, ...]:
        return self.names[row], self.times[row], self.kinds[row]
