"""The ground of each territory, in the finest communes known, and the pieces that several grounds cut it into."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

__all__ = ["Grounds"]


@dataclass(slots=True, eq=False)
class Grounds:
    """Grounds numbered as they come.

    Parameters
    ----------
    margins : mapping of str to iterable of str
        For each territory that is a total, its parts; parts of parts are found by following the mapping. A territory
        that is not there is its own ground.
    finest : mapping of str to iterable of str, optional
        Former communes that each commune is made of (see `ctgeval.territory.pieces`).
    """

    margins: Mapping[str, Iterable[str]]
    finest: Mapping[str, Iterable[str]] = field(default_factory=dict)
    communes: list[frozenset[str]] = field(default_factory=list)
    _numbers: dict[frozenset[str], int] = field(default_factory=dict)
    _of: dict[str, int] = field(default_factory=dict)
    _pieces: dict[frozenset[int], Mapping[int, tuple[int, ...]]] = field(default_factory=dict)

    def of(self, geo: str) -> int:
        """Return the number of the ground of a territory."""
        if geo not in self._of:
            self._of[geo] = self.number(self.leaves(geo))
        return self._of[geo]

    def number(self, ground: frozenset[str]) -> int:
        """Return the number of a ground."""
        if ground not in self._numbers:
            self._numbers[ground] = len(self.communes)
            self.communes.append(ground)
        return self._numbers[ground]

    def pieces(self, grounds: frozenset[int]) -> Mapping[int, tuple[int, ...]]:
        """Cut some grounds so that each is a sum of pieces: communes that the same grounds contain are one piece.

        Parameters
        ----------
        grounds : frozenset of int
            Their numbers.

        Returns
        -------
        mapping of int to tuple of int
            For each ground, its pieces.
        """
        if grounds not in self._pieces:
            over: dict[str, list[int]] = {}
            for number in sorted(grounds):
                for commune in self.communes[number]:
                    over.setdefault(commune, []).append(number)
            by_cover: dict[tuple[int, ...], int] = {}
            for commune in sorted(over):
                by_cover.setdefault(tuple(over[commune]), len(by_cover))
            found: dict[int, list[int]] = {number: [] for number in sorted(grounds)}
            for cover, piece in by_cover.items():
                for number in cover:
                    found[number].append(piece)
            self._pieces[grounds] = {number: tuple(pieces) for number, pieces in found.items()}
        return self._pieces[grounds]

    def leaves(self, geo: str) -> frozenset[str]:
        """Return the finest communes of a territory."""
        found: set[str] = set()
        seen: set[str] = set()
        waiting = [geo]
        while waiting:
            place = waiting.pop()
            if place in seen:
                continue
            seen.add(place)
            parts = [part for part in self.margins.get(place, ()) if part != place]
            if parts:
                waiting.extend(parts)
            else:
                found.update(self.finest.get(place, (place,)))
        return frozenset(found)
