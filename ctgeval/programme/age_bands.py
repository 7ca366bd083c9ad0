"""Age bands: read them as they are written, and put those of a register and those of a census on a common ground."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ctgeval.errors import DossierError
from ctgeval.french import enumeration, fold

__all__ = ["OLDEST", "Band", "Common", "common", "parse", "people"]

OLDEST = 200
"""An age that nobody reaches: the open end of the last band."""
_BETWEEN = re.compile(r"(?:de |entre )?(\d{1,3})\s*(?:-|a|et|/|–|_)\s*(\d{1,3})")
_ABOVE = re.compile(r"(\d{1,3})\s*(?:(?:et |ou )?\+|(?:et|ou) plus|p)|(?:plus|\+) de (\d{1,3})")
_BELOW = re.compile(r"(?:moins de|<)\s*(\d{1,3})")
_ONLY = re.compile(r"\d{1,3}")


@dataclass(frozen=True, slots=True, order=True)
class Band:
    """Ages from ``first`` to ``end``, the latter left out, in completed years."""

    first: int
    end: int

    @property
    def label(self) -> str:
        """The band as a reader says it: « 15 à 29 ans », « 75 ans et plus », « moins de 15 ans »."""
        if self.end >= OLDEST:
            return f"{self.first} ans et plus"
        if self.first == 0:
            return f"moins de {self.end} ans" if self.end > 1 else "moins de 1 an"
        if self.end > self.first + 1:
            return f"{self.first} à {self.end - 1} ans"
        return f"{self.first} ans" if self.first > 1 else "1 an"


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """Two sets of bands on the finest cut that both can be put on.

    Parameters
    ----------
    bands : tuple of Band
        Consecutive; empty when there is no such cut.
    counts, population : tuple of float
        Of each band, in the register and in the census.
    reason : str
        Why there is none, a French sentence.
    """

    bands: tuple[Band, ...] = ()
    counts: tuple[float, ...] = ()
    population: tuple[float, ...] = ()
    reason: str = ""


def parse(text: str) -> Band:
    """Return the band that a text names: ``15-29``, ``15 à 29 ans``, ``75+``, ``75 ans et plus``, ``moins de 15 ans``.

    Raises
    ------
    DossierError
        When it is no band, or when its end is before its start.

    Examples
    --------
    >>> parse("15 à 29 ans"), parse("75+").label
    (Band(first=15, end=30), '75 ans et plus')
    """
    words = re.sub(r"\s+", " ", re.sub(r"\bans?\b", " ", fold(text))).strip()
    band = None
    if match := _BETWEEN.fullmatch(words):
        band = Band(int(match[1]), int(match[2]) + 1)
    elif match := _ABOVE.fullmatch(words):
        band = Band(int(match[1]) if match[1] else int(match[2]) + 1, OLDEST)
    elif match := _BELOW.fullmatch(words):
        band = Band(0, int(match[1]))
    elif _ONLY.fullmatch(words):
        band = Band(int(words), int(words) + 1)
    if band is None or not 0 <= band.first < band.end <= OLDEST:
        raise DossierError(
            f"« {text} » n’est pas une tranche d’âge.",
            remedy="Écrivez par exemple 15-29, 75+ ou « moins de 15 ans ».",
            value=text,
        )
    return band


def common(counts: Mapping[Band, float], population: Mapping[Band, float]) -> Common:
    """Put what a register counts and what a census counts on the finest bands that both allow.

    A band of the register that holds several bands of the census is compared with their sum, and several bands of the
    register that one of the census holds are added together: nothing is split. Ages within the range of the register
    that it does not name count nobody; ages out of that range are left out on both sides.

    Parameters
    ----------
    counts : mapping of Band to float
        Persons or attendances by band of the register.
    population : mapping of Band to float
        Inhabitants by band of the census, which may overlap.
    """
    own = sorted(counts)
    if len(own) < 2:
        return Common(reason="Moins de deux tranches d’âge sont renseignées : il n’y a rien à comparer.")
    for one, other in pairwise(own):
        if other.first < one.end:
            return Common(
                reason=f"Les tranches « {one.label} » et « {other.label} » se recouvrent : "
                "une même personne serait comptée deux fois."
            )
    cuts = sorted({edge for band in own for edge in (band.first, band.end)})
    chain = _longest([cut for cut in cuts if not any(band.first < cut < band.end for band in own)], population)
    if chain is None:
        known = enumeration([band.label for band in sorted(population)])
        return Common(
            reason="Les tranches d’âge ne s’emboîtent pas dans celles du recensement"
            + (f" ({known})." if known else ", qui n’en donne aucune.")
        )
    bands = tuple(Band(first, end) for first, end, _ in chain)
    if len(bands) < 2:
        return Common(reason="Les tranches d’âge n’ont qu’une seule tranche commune avec celles du recensement.")
    held = tuple(sum(count for part, count in counts.items() if band.first <= part.first < band.end) for band in bands)
    return Common(bands=bands, counts=held, population=tuple(count for _, _, count in chain))


def _longest(cuts: Sequence[int], population: Mapping[Band, float]) -> list[tuple[int, int, float]] | None:
    """Return the longest way from the first cut to the last by steps whose population is known."""
    ways: dict[int, list[tuple[int, int, float]]] = {cuts[0]: []}
    for end in cuts[1:]:
        found: list[tuple[int, int, float]] | None = None
        for first, way in ways.items():
            count = people(first, end, population)
            if count is not None and (found is None or len(way) + 1 > len(found)):
                found = [*way, (first, end, count)]
        if found is not None:
            ways[end] = found
    return ways.get(cuts[-1])


def people(first: int, end: int, population: Mapping[Band, float]) -> float | None:
    """Return the population of ages ``first`` to ``end`` as a sum of bands laid end to end, the fewest."""
    reached: dict[int, float] = {first: 0.0}
    while reached and end not in reached:
        reached = _stepped(reached, end, population.items())
    return reached.get(end)


def _stepped(reached: Mapping[int, float], end: int, bands: Iterable[tuple[Band, float]]) -> dict[int, float]:
    ahead: dict[int, float] = {}
    for band, count in sorted(bands):
        if band.first in reached and band.end <= end:
            ahead.setdefault(band.end, reached[band.first] + count)
    return ahead
